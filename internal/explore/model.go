package explore

// Model is what is searched. Its methods are called by one goroutine at a time.
type Model interface {
	// Width is the number of words of a state, from 1.
	Width() int
	// Stepper returns a stepper; each worker has its own. Equal words mean equal states for all steppers of a model.
	Stepper() Stepper
}

// Renewer is a model that gives numbers to what it meets, in the order in which it does. With several workers that order is not always the same, so before
// one of them looks for a path once more, the numbers begin anew.
type Renewer interface{ Renew() }

// Stepper lists what a state leads to. It is used by one goroutine.
type Stepper interface {
	// Start adds the start states.
	Start(out *Steps)
	// Next adds the successors of a state, which it must not keep nor change, in an order that depends on the state only.
	Next(state []uint32, out *Steps)
}

// Steps collects the successors of one state.
type Steps struct {
	width  int
	words  []uint32
	prompt []bool
	wrong  []wrong

	// OnlyPrompt says that only prompt steps are wanted: a stepper may leave out the others, and what is wrong.
	OnlyPrompt bool
	// Labelled says that labels are wanted: a path is being written down.
	Labelled bool
	labels   []string
}

// wrong is what is wrong with the state that is expanded, or with its step number step.
type wrong struct {
	step int // -1: the state
	text string
}

// Add adds a successor, which begins as a copy of from and is to be changed in place before the next call of a method.
func (s *Steps) Add(from []uint32) []uint32 {
	n := len(s.words)
	s.words = append(s.words, from...)
	s.prompt = append(s.prompt, false)
	if s.Labelled {
		s.labels = append(s.labels, "")
	}
	return s.words[n : n+s.width : n+s.width]
}

// Prompt says that the step added last is one that the system makes by itself and in time. Steps of the environment, and timers that fire while
// something is still under way, are not prompt.
func (s *Steps) Prompt() { s.prompt[len(s.prompt)-1] = true }

// Label names the step added last; it is called only if Labelled.
func (s *Steps) Label(text string) { s.labels[len(s.labels)-1] = text }

// Drop takes back the step added last.
func (s *Steps) Drop() {
	s.words = s.words[:len(s.words)-s.width]
	s.prompt = s.prompt[:len(s.prompt)-1]
	if s.Labelled {
		s.labels = s.labels[:len(s.labels)-1]
	}
}

// Wrong says what is wrong with the state that is expanded.
func (s *Steps) Wrong(text string) { s.wrong = append(s.wrong, wrong{-1, text}) }

// WrongStep says what is wrong with the step added last.
func (s *Steps) WrongStep(text string) { s.wrong = append(s.wrong, wrong{s.Len() - 1, text}) }

// Len returns how many successors were added.
func (s *Steps) Len() int { return len(s.prompt) }

// At returns the i-th successor.
func (s *Steps) At(i int) []uint32 { return s.words[i*s.width : (i+1)*s.width] }

func (s *Steps) reset() {
	s.words, s.prompt, s.wrong, s.labels = s.words[:0], s.prompt[:0], s.wrong[:0], s.labels[:0]
}

// NewSteps empties s for states of so many words, and returns it: for models that step themselves.
func NewSteps(width int, s *Steps) *Steps {
	s.reset()
	s.width = width
	return s
}

// LabelAt returns the label of the i-th successor.
func (s *Steps) LabelAt(i int) string { return s.labels[i] }
