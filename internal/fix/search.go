package fix

import (
	"context"
	"crypto/sha256"
	"errors"
	"slices"

	"github.com/bpfdiag/bpfdiag/diag"
)

// Bounds of the search for one program's way to acceptance.
const (
	DefaultSteps = 8  // edits on the way
	maxTrials    = 40 // edits that are tried, on it and beside it
	perDiag      = 6  // helps of one diagnostic
)

// Choice is what a person is asked: which of the helps of a diagnostic is made.
type Choice struct {
	Path       string // the target's, as it was given
	Version    *Version
	Program    string
	Diagnostic *diag.Diagnostic
	Trials     []Trial // those that are not refused, best first; maybe none
}

// ErrQuit is returned by a Choose that wants no further question.
var ErrQuit = errors.New("quit")

// Choose returns which of a choice's trials is made, -1 for none: then the program
// is left as it is.
type Choose func(ctx context.Context, c Choice) (int, error)

// Step is one help that was made.
type Step struct {
	Program string    `json:"program"`
	Code    string    `json:"code"`
	Message string    `json:"message"`
	File    string    `json:"file,omitempty"` // of what was refused, as the steps before have left it
	Line    int       `json:"line,omitempty"`
	Help    diag.Help `json:"help"`              // verified where the program is accepted with it
	Outcome string    `json:"outcome"`           // "accepted", or "further": another complaint has come
	Refused []Refusal `json:"refused,omitempty"` // helps that were tried and did not help
	version *Version
}

// Refusal is a help that does not help.
type Refusal struct {
	Help string `json:"help"`
	Why  string `json:"why"`
}

// search looks for edits that make a program accepted.
type search struct {
	path   string // the target's
	prover *Prover
	steps  int    // at most
	choose Choose // nil: the best is made
	left   int    // trials
	seen   map[[sha256.Size]byte]bool
}

// path is a way that was gone.
type path struct {
	steps []Step
	end   *Version
	ok    bool // the program is accepted
}

// program goes from version to version until a program is accepted or nothing
// helps. Without a way to acceptance it returns the safe edits that got it further:
// what is only likely has to be proven.
func (s *search) program(ctx context.Context, v *Version, name string) (path, error) {
	s.left, s.seen = maxTrials, map[[sha256.Size]byte]bool{sumOf(v.Texts): true}
	if s.choose != nil {
		return s.ask(ctx, v, name)
	}
	return s.from(ctx, v, name, s.steps)
}

func (s *search) from(ctx context.Context, v *Version, name string, depth int) (path, error) {
	here := path{end: v}
	d := failure(v.Program(name))
	if d == nil || depth == 0 || s.left <= 0 {
		return here, nil
	}
	trials, err := s.prover.tryAll(ctx, v, name, d, min(perDiag, s.left), automatic)
	if err != nil {
		return here, err
	}
	s.left -= len(trials)
	refused := refusals(d, trials)
	best := here
	for _, t := range ranked(d, trials) {
		step := stepOf(name, d, t)
		step.Refused = refused
		if t.Outcome == Accepted {
			return path{[]Step{step}, t.Version, true}, nil
		}
		key := sumOf(t.Version.Texts)
		if s.seen[key] {
			continue
		}
		s.seen[key] = true
		on, err := s.from(ctx, t.Version, name, depth-1)
		if err != nil {
			return here, err
		}
		on.steps = append([]Step{step}, on.steps...)
		if on.ok {
			return on, nil
		}
		if step.Help.Applicability == diag.Safe && len(on.steps) > len(best.steps) {
			best = on
		}
	}
	return best, nil
}

// automatic says that a help may be made without asking: a person has to complete
// placeholders.
func automatic(h *diag.Help) bool {
	return h.Applicability == diag.Safe || h.Applicability == diag.Likely
}

// ranked are the trials that help, best first: accepted before further, safe
// before likely before what is to be adapted, the rule's own order last.
func ranked(d *diag.Diagnostic, trials []Trial) []Trial {
	var good []Trial
	for _, t := range trials {
		if t.Outcome != Refused {
			good = append(good, t)
		}
	}
	slices.SortStableFunc(good, func(a, b Trial) int {
		if a.Outcome != b.Outcome {
			return int(b.Outcome) - int(a.Outcome)
		}
		return trust[d.Helps[b.Help].Applicability] - trust[d.Helps[a.Help].Applicability]
	})
	return good
}

func refusals(d *diag.Diagnostic, trials []Trial) (all []Refusal) {
	for _, t := range trials {
		if t.Outcome == Refused {
			all = append(all, Refusal{d.Helps[t.Help].Text, t.Why})
		}
	}
	return all
}

func stepOf(name string, d *diag.Diagnostic, t Trial) Step {
	s := Step{Program: name, Code: d.Code, Message: d.Message, Help: d.Helps[t.Help], Outcome: t.Outcome.String(), version: t.Version}
	s.Help.Verified = t.Outcome == Accepted
	if l := primary(d); l != nil {
		s.File, s.Line = l.File, l.Line
	}
	return s
}

// ask has a person choose at every step. Placeholders are offered, too.
func (s *search) ask(ctx context.Context, v *Version, name string) (path, error) {
	way := path{end: v}
	for len(way.steps) < s.steps {
		p := way.end.Program(name)
		d := failure(p)
		if d == nil {
			way.ok = p != nil && p.Verdict == diag.Accepted
			return way, nil
		}
		trials, err := s.prover.tryAll(ctx, way.end, name, d, perDiag, func(*diag.Help) bool { return true })
		if err != nil {
			return way, err
		}
		good := ranked(d, trials)
		i, err := s.choose(ctx, Choice{s.path, way.end, name, d, good})
		if err != nil || i < 0 {
			return way, err
		}
		step := stepOf(name, d, good[i])
		step.Refused = refusals(d, trials)
		way.steps = append(way.steps, step)
		way.end = good[i].Version
	}
	return way, nil
}
