package diag

// Diagnostic is one finding: what failed, why, what to do about it.
type Diagnostic struct {
	Code     string   `json:"code"` // BPFnnnn
	Name     string   `json:"name"` // kebab-case
	Severity Severity `json:"severity"`
	Class    Class    `json:"class"`
	// Message is the headline: one line that stands alone, in lower case,
	// without a full stop, code in backticks, no advice.
	Message string `json:"message"`
	// KernelMessage is every line of the kernel's complaint, joined by newlines.
	KernelMessage string `json:"kernel_message"`
	Insn          *int   `json:"insn,omitempty"`      // instruction that the verifier refused
	Function      string `json:"function,omitempty"`  // that the instruction belongs to
	LogLines      []int  `json:"log_lines,omitempty"` // first and last line of the complaint, from 1

	Labels   []Label    `json:"labels,omitempty"` // in path order; one of them is primary
	Notes    []string   `json:"notes,omitempty"`  // facts
	Helps    []Help     `json:"helps,omitempty"`  // advice
	Evidence []Evidence `json:"evidence,omitempty"`

	// AlsoIn names the other programs of the object that fail for the same
	// reason. Theirs is a diagnostic too, whose SameAs names this one's program.
	// MergeCauses sets both.
	AlsoIn []string `json:"also_in,omitempty"`
	SameAs string   `json:"same_as,omitempty"`

	Rendered string `json:"rendered,omitempty"` // the text form, without colour
}

// Severity is how bad a finding is.
type Severity string

// The severities.
const (
	SeverityError   Severity = "error"
	SeverityWarning Severity = "warning"
)

// Class says whose fault a finding is.
type Class string

// The classes.
const (
	ClassSource      Class = "source"      // the program is wrong
	ClassCompiler    Class = "compiler"    // the source has the check, the object lost it
	ClassLimit       Class = "limit"       // the program is right, but too much for the verifier
	ClassEnvironment Class = "environment" // the program is fine, this kernel lacks something
	ClassVerifier    Class = "verifier"    // the verifier's own, or not known
)

// Label marks a place in the source and says what happened there. Lines and
// columns count from 1, columns in bytes; the end is exclusive. Zero means
// unknown: without a column the whole line is marked, without an end one
// character is.
type Label struct {
	Primary   bool   `json:"primary"`
	File      string `json:"file"` // as the compiler saw it, until Sources.Locate
	Line      int    `json:"line"`
	Column    int    `json:"column,omitempty"`
	EndLine   int    `json:"end_line,omitempty"`
	EndColumn int    `json:"end_column,omitempty"`
	Text      string `json:"text,omitempty"` // a few words; empty only marks
	Insn      *int   `json:"insn,omitempty"`
	Function  string `json:"function,omitempty"` // that the place belongs to
	// InlinedFrom tells how the place came into the program, the call nearest
	// to it first.
	InlinedFrom []Call `json:"inlined_from,omitempty"`
	// Source is the text of the line as the object carries it, with its
	// indentation. It is printed when there is no file, and is what a file is
	// compared with.
	Source string `json:"source,omitempty"`
}

// Call is a call that the compiler replaced by the callee's body.
type Call struct {
	Function string `json:"function"` // the caller
	File     string `json:"file"`     // of the call
	Line     int    `json:"line"`
	Column   int    `json:"column,omitempty"`
}

// Help is advice: an edit of the source wherever one can be made, otherwise a
// sentence.
type Help struct {
	Text          string        `json:"text"` // lower case, no full stop
	Applicability Applicability `json:"applicability,omitempty"`
	Verified      bool          `json:"verified"` // bpfdiag made the edits, and the verifier accepted what came of it
	Edits         []Edit        `json:"edits,omitempty"`
}

// Applicability says how far a help's edits can be trusted.
type Applicability string

// The applicabilities. They are the rule's claim; whether the verifier was asked is
// Help.Verified. A test makes all of them on the pages' programs and the examples.
const (
	// Safe: the edits keep what the program does for every input that it could
	// have dealt with, in the way that a maintainer would write, and the verifier
	// accepts them. A program may make them without asking.
	Safe Applicability = "safe"
	// Likely: they compile, the verifier takes them, and they do what was meant as far
	// as is known; a person decides.
	Likely Applicability = "likely"
	// Placeholder: a person has to complete or adapt them.
	Placeholder Applicability = "placeholder"
)

// Edit replaces a range of a file. Start and end are equal for an insertion.
// The edits of one help do not overlap.
type Edit struct {
	File        string   `json:"file"`
	Start       Position `json:"start"`
	End         Position `json:"end"` // exclusive
	Replacement string   `json:"replacement"`
}

// Position is a place between two bytes of a file, both numbers from 1.
type Position struct {
	Line   int `json:"line"`
	Column int `json:"column"`
}

// Evidence is one step of the failing path: what happened there, and what a
// value was behind it, in the verifier's words. Steps are in path order.
type Evidence struct {
	Insn     int    `json:"insn"`
	Code     string `json:"code,omitempty"` // r0 = *(u64 *)(r1 +8)
	Event    Event  `json:"event,omitempty"`
	File     string `json:"file,omitempty"`
	Line     int    `json:"line,omitempty"`
	Column   int    `json:"column,omitempty"`
	Source   string `json:"source,omitempty"`   // the expression or line
	Register string `json:"register,omitempty"` // r0, or fp-8 for a stack slot
	Variable string `json:"variable,omitempty"`
	State    string `json:"state,omitempty"` // map_value_or_null(id=1)
}

// Event is what happened at a step of the path.
type Event string

// The events. A step without one is where a value was looked at.
const (
	Made     Event = "made"             // a constant, the result of a call, what was loaded from memory
	Moved    Event = "moved"            // from another register; as an argument, or returned by a function
	Computed Event = "computed"         // from other values
	Spilled  Event = "spilled"          // to the stack
	Filled   Event = "filled"           // from the stack
	Lost     Event = "lost"             // a call took the value away, or made it unusable
	Taken    Event = "branch-taken"     // the path jumps; the value is what was compared
	NotTaken Event = "branch-not-taken" // the path does not jump
	Acquired Event = "acquired"         // a reference, lock or section, which State names
	Released Event = "released"
)

// primary returns the primary label, the first one if none is marked, nil if
// there is none.
func (d *Diagnostic) primary() *Label {
	for i := range d.Labels {
		if d.Labels[i].Primary {
			return &d.Labels[i]
		}
	}
	if len(d.Labels) > 0 {
		return &d.Labels[0]
	}
	return nil
}

// Page is what is known of a code beyond one diagnostic.
type Page struct {
	URL      string // of the page as a website
	Summary  string // one sentence
	Markdown string // the whole page
}

// Pages finds the page of a code; ok is false when there is none.
type Pages func(code string) (page Page, ok bool)

func (p Pages) page(code string) (Page, bool) {
	if p == nil {
		return Page{}, false
	}
	return p(code)
}
