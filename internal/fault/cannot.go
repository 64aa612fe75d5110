package fault

import "errors"

// ErrCannot is what a world's method wraps when the world cannot do what is asked, such as cutting a link where no relay is.
var ErrCannot = errors.New("this world cannot do that")

// ErrBroken is what a world's method wraps when the world itself broke, such as a process that could not be started: nothing can be told then.
var ErrBroken = errors.New("the world broke")
