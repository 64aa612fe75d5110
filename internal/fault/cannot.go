package fault

import "errors"

// ErrCannot is what a world's method wraps when the world cannot do what is asked, such as cutting a link where no relay is.
var ErrCannot = errors.New("this world cannot do that")
