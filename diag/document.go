package diag

// Schema is the version of the JSON document. Fields may be added to it, never
// renamed or reused.
const Schema = 1

// Document is the result of one run, as `--format json` prints it.
type Document struct {
	Schema  int      `json:"schema"`
	Tool    Tool     `json:"tool"`
	Kernel  Kernel   `json:"kernel,omitzero"` // unknown for a log that somebody had
	Objects []Object `json:"objects"`
	LeftOut *LeftOut `json:"left_out,omitempty"` // nil if all is there; Bound
}

// Tool names the program that made a document.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// Kernel names the kernel whose verifier judged.
type Kernel struct {
	Series  string `json:"series"`
	Release string `json:"release"`
	JIT     string `json:"jit"`
}

// Object is an object file and what became of its programs.
type Object struct {
	Path     string    `json:"path"`
	Error    string    `json:"error,omitempty"` // only when the object itself could not be read
	Programs []Program `json:"programs"`
	// LeftOut is how many programs a filter has left out; documents never hold it.
	LeftOut int `json:"-"`
}

// Verdict is what became of a program.
type Verdict string

// The verdicts. Rejected is the verifier's word alone.
const (
	Accepted Verdict = "accepted"
	Rejected Verdict = "rejected"
	Error    Verdict = "error"   // it never reached the verifier
	Skipped  Verdict = "skipped" // a filter left it out
)

// Program is one program of an object.
type Program struct {
	Name        string       `json:"name"`
	Section     string       `json:"section"`
	Type        string       `json:"type"`
	AttachType  string       `json:"attach_type,omitempty"`
	Member      int          `json:"member,omitempty"` // of the kernel's structure that a struct_ops program is for, by its index
	Verdict     Verdict      `json:"verdict"`
	Error       string       `json:"error,omitempty"` // why it never reached the verifier
	Stats       *Stats       `json:"stats,omitempty"`
	ProgSize    int          `json:"prog_size,omitempty"` // in instructions, of a program without Stats
	Notes       []string     `json:"notes,omitempty"`
	Diagnostics []Diagnostic `json:"diagnostics,omitempty"`
	// Work is where the verifier's instructions went, for who asked for it.
	Work *Work `json:"work,omitempty"`
	// Accident says that the machine is to blame for a verdict or a log that could
	// not be had: another time it may be. Log is the verifier's log. Documents never
	// hold them.
	Accident bool   `json:"-"`
	Log      string `json:"-"`
}

// Stats are the verifier's numbers, named as veristat names them. Sizes are in
// instructions, depths in bytes per function.
type Stats struct {
	Insns            int    `json:"insns"`
	TotalStates      int    `json:"total_states"`
	PeakStates       int    `json:"peak_states"`
	MaxStatesPerInsn int    `json:"max_states_per_insn"`
	MarkRead         int    `json:"mark_read"`
	StackDepth       string `json:"stack_depth,omitempty"`
	StackMax         int    `json:"stack_max,omitempty"` // of the deepest chain of calls; Linux 7.2 and later
	ProgSize         int    `json:"prog_size"`
	DurationUS       int    `json:"duration_us"`
	LogBytes         int    `json:"log_bytes"`
}

// Counts sums up a document.
type Counts struct{ Accepted, Rejected, Errors, Skipped, BadObjects int }

// Count counts programs by verdict, and objects that could not be read.
func (d *Document) Count() Counts {
	var c Counts
	for _, o := range d.Objects {
		if o.Error != "" {
			c.BadObjects++
		}
		for _, p := range o.Programs {
			switch p.Verdict {
			case Accepted:
				c.Accepted++
			case Rejected:
				c.Rejected++
			case Error:
				c.Errors++
			case Skipped:
				c.Skipped++
			}
		}
	}
	return c
}
