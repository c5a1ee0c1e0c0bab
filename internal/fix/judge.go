package fix

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/lazyregexp"
)

// Outcome is what the verifier says of a help's edits.
type Outcome int

// The outcomes, worst first.
const (
	// Refused: it does not compile, the same complaint stays, a program that was
	// accepted is so no more, or what was complained about is gone from the object.
	Refused Outcome = iota
	// Further: the complaint is gone, and there is another one.
	Further
	// Accepted: the program is accepted.
	Accepted
)

func (o Outcome) String() string { return [...]string{"refused", "further", "accepted"}[o] }

// Trial is a help whose edits were made.
type Trial struct {
	Help    int // in Diagnostic.Helps
	Outcome Outcome
	Why     string   // it is refused, for people; empty for the other outcomes
	Version *Version // nil where the edits could not be made
}

// Try makes edits in a version, for a diagnostic of one of its programs.
func (p *Prover) Try(ctx context.Context, v *Version, program string, d *diag.Diagnostic, edits []diag.Edit) (Trial, error) {
	texts, err := p.edited(v, edits)
	if err != nil {
		return Trial{Why: err.Error()}, nil
	}
	after, err := p.Version(ctx, texts)
	if err != nil {
		return Trial{}, err
	}
	t := Trial{Version: after}
	t.Outcome, t.Why = judge(v, after, program, d, edits)
	return t, nil
}

// tryAll tries the edits of those helps that want says, side by side, at most n of
// them. The trials are in the order of the helps. With an error, those that were not
// made have no Version.
func (p *Prover) tryAll(ctx context.Context, v *Version, program string, d *diag.Diagnostic, n int, want func(*diag.Help) bool) ([]Trial, error) {
	var helps []int
	for i := range d.Helps {
		if len(d.Helps[i].Edits) > 0 && want(&d.Helps[i]) && len(helps) < n {
			helps = append(helps, i)
		}
	}
	trials := make([]Trial, len(helps))
	errs := make([]error, len(helps))
	var wg sync.WaitGroup
	slots := make(chan bool, runtime.NumCPU())
	for i, h := range helps {
		slots <- true
		wg.Go(func() {
			defer func() { <-slots }()
			trials[i], errs[i] = p.Try(ctx, v, program, d, d.Helps[h].Edits)
			trials[i].Help = h
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return trials, err
		}
	}
	return trials, nil
}

// failure is what keeps a program from being accepted; nil if nothing does, or
// nothing is known.
func failure(p *diag.Program) *diag.Diagnostic {
	if p == nil || p.Verdict == diag.Accepted || len(p.Diagnostics) == 0 {
		return nil
	}
	return &p.Diagnostics[0]
}

// judge compares what is said of a program before and after some edits.
func judge(before, after *Version, program string, d *diag.Diagnostic, edits []diag.Edit) (Outcome, string) {
	if after.Said != "" {
		return Refused, "it does not compile: " + firstError(after.Said)
	}
	now := after.Program(program)
	if now == nil {
		return Refused, fmt.Sprintf("the object has no `%s` any more; %s", program, after.Object.Error)
	}
	for _, was := range before.Object.Programs {
		is := after.Program(was.Name)
		if was.Verdict == diag.Accepted && (is == nil || is.Verdict != diag.Accepted) {
			return Refused, fmt.Sprintf("`%s` is not accepted any more", was.Name)
		}
	}
	// What was refused has to be in the object still, or the edits have only
	// silenced the verifier.
	l := primary(d)
	if l != nil && !doesNothing(l) && before.code[placeOf(l.File, l.Line)] {
		if line, touched := moved(edits, l.File, l.Line); !touched && !after.code[placeOf(l.File, line)] {
			return Refused, fmt.Sprintf("the compiler has left out what line %d does", l.Line)
		}
	}
	if now.Verdict == diag.Accepted {
		return Accepted, ""
	}
	if is := failure(now); is == nil || sameFailure(d, is, edits) {
		return Refused, "the verifier says the same"
	}
	return Further, ""
}

var (
	leaving = lazyregexp.New(`^(?:return\b[^()]*;|break;|continue;|goto\b[^;]*;|\})`)
	head    = lazyregexp.New(`^(?:[A-Za-z_]\w*[\s*]+)+[A-Za-z_]\w*\s*\([^;]*$`)
	noHead  = lazyregexp.New(`^(?:return|else|case|do)\b`)
)

// doesNothing says that a label is where a function or a block is left, a place that the
// compiler may share with others, or at a function's head, whose body it may put elsewhere:
// nothing is done there that could be lost.
func doesNothing(l *diag.Label) bool {
	s := strings.TrimSpace(l.Source)
	return leaving.MatchString(s) || head.MatchString(s) && !noHead.MatchString(s)
}

// sameFailure says whether a diagnostic is still the one from before the edits.
func sameFailure(was, is *diag.Diagnostic, edits []diag.Edit) bool {
	if was.Code != is.Code || was.Message != is.Message {
		return false
	}
	a, b := primary(was), primary(is)
	if a == nil || b == nil {
		return true
	}
	line, _ := moved(edits, a.File, a.Line)
	return a.File == b.File && (line == b.Line || slices.Contains([]string{"", strings.TrimSpace(b.Source)}, strings.TrimSpace(a.Source)))
}

// firstError is the compiler's first error, in one line.
func firstError(said string) string {
	for line := range strings.Lines(said) {
		if strings.Contains(line, "error: ") {
			return strings.TrimSpace(line)
		}
	}
	first, _, _ := strings.Cut(strings.TrimSpace(said), "\n")
	return first
}
