package rules

import (
	"fmt"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/debuginfo"
	"github.com/bpfdiag/bpfdiag/internal/object"
	"github.com/bpfdiag/bpfdiag/internal/sourcetext"
	"github.com/bpfdiag/bpfdiag/rules/messages"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

// Case is a rejected program as rules see it.
type Case struct {
	Program Program
	// Kernel is the release of the kernel that judged, "6.12.117"; "" where only a
	// log is known.
	Kernel string
	// Log is the verifier's log, of level 1 or 2.
	Log string
	// LogPlace tells where a line of Log is, for logs that are in a file: labels
	// of what has no place in a source stand there. nil otherwise.
	LogPlace func(line int) (file string, fileLine int)
	// Cut says that the log is not whole, as a sentence for a note; "" if it is.
	Cut string
	// Locate finds the function that an instruction belongs to and its index
	// in it. It is nil when there is no object, for a log alone.
	Locate func(insn int) (fn *object.Function, i int, ok bool)
	Object *object.Object
	// Sources finds source files, below Dirs too; nil has none.
	Sources *diag.Sources
	Dirs    []string
	// Summary and Path are read from Log where the caller has not done it.
	Summary *verifierlog.Summary
	Path    *verifierlog.Path

	// Cache is shared by the cases of one object, one after the other; nil is
	// one of the case's own.
	*Cache

	// last is the step that the verifier gave up at, -1 without a path.
	last     int
	logLines []string // of Log, once somebody has asked
	// match is how the complaint was recognised; its Code is empty if it was not.
	match messages.Match
	// found are the steps of the evidence.
	found []found
}

// Cache keeps what was read of an object. The zero Cache is ready.
type Cache struct {
	info  *debuginfo.Info
	files map[string]sourceFile // what was compiled, by the object's name
}

// sourceFile is a whole source file.
type sourceFile struct {
	*sourcetext.File
	text string
}

// Program is what is known of a program beside its instructions.
type Program struct {
	Name    string
	Section string // "" for a log alone
	Type    string // "xdp", as libbpf names types; "" when unknown
	Attach  string
}

// Diagnose explains a rejection.
func Diagnose(c Case) diag.Diagnostic {
	c.prepare()
	var known bool
	if c.match, known = messages.Find(c.Summary.Message); !known {
		c.match.Code = c.silence()
	}

	d := c.plain()
	recode(&d, c.match.Code)
	if f := registered[c.match.Code]; f != nil {
		c.ask(f, &d)
	}
	c.ask((*Case).collect, &d)
	keepRust(&d, c.rust())
	return d
}

// recode makes a diagnostic one of another code, for codes that a path and not
// a message tells apart.
func recode(d *diag.Diagnostic, id string) {
	if code, ok := messages.CodeOf(id); ok {
		d.Code, d.Name, d.Class = code.ID, code.Name, diag.Class(code.Class)
	}
}

// prepare reads what the caller has not read.
func (c *Case) prepare() {
	if c.Summary == nil {
		c.Summary = new(verifierlog.Summarize(c.Log))
	}
	if c.Path == nil {
		// A reader of a string does not fail; a log that has no path has an empty one.
		c.Path, _ = verifierlog.ReadPath(strings.NewReader(c.Log))
	}
	c.last = c.Path.Len() - 1
	c.Cache = c.Cache.ready()
}

// ready makes a cache that can be used, out of none too.
func (k *Cache) ready() *Cache {
	if k == nil {
		k = new(Cache)
	}
	if k.files == nil {
		k.files = map[string]sourceFile{}
	}
	return k
}

// ask lets a rule complete a diagnostic. Logs and objects are whatever somebody
// feeds us: a rule that fails on one says so and costs its own words only.
func (c *Case) ask(f func(*Case, *diag.Diagnostic), d *diag.Diagnostic) {
	plain := *d
	plain.Labels = append([]diag.Label(nil), d.Labels...)
	plain.Notes = append([]string(nil), d.Notes...)
	defer func() {
		if r := recover(); r != nil {
			*d = plain
			d.Notes = append(d.Notes, fmt.Sprintf("%s%s on this log (%v); please report it", Failed, d.Code, r))
		}
	}()
	f(c, d)
}

// Failed begins the note of a rule that panicked.
const Failed = "bpfdiag failed in the rule for "

// plain is the diagnostic before a rule has looked at the case: code, kernel's
// words, the instruction's place. A complaint that no rule claims stays so.
func (c *Case) plain() diag.Diagnostic {
	d := diag.Diagnostic{
		Code: "BPF0000", Name: "unrecognised-message", Severity: diag.SeverityError, Class: diag.ClassVerifier,
		Message: "the verifier rejected `" + c.Program.Name + "`", KernelMessage: c.kernelMessage(),
	}
	if c.Summary.First > 0 {
		d.LogLines = []int{c.Summary.First, c.Summary.Last}
	}
	if c.Cut != "" {
		d.Notes = append(d.Notes, c.Cut)
	}
	if c.Summary.Insn >= 0 {
		d.Insn = new(c.Summary.Insn)
		l, ok := c.label(c.Summary.Insn, "")
		d.Function = l.Function
		if ok {
			l.Primary = true
			d.Labels = []diag.Label{l}
		} else if text := c.sourceText(c.Summary.Insn); text != "" {
			d.Notes = append(d.Notes, "at "+quote(text))
		}
	}
	return d
}

// registered are the rules by code.
var registered = map[string]func(*Case, *diag.Diagnostic){}

// byPath are the codes of messages that stand for several causes: the path tells
// which, and the function of the code makes the diagnostic one of another code.
var byPath = map[string]bool{}

// ruleByPath is rule for such a code.
func ruleByPath(code string, f func(*Case, *diag.Diagnostic)) struct{} {
	byPath[code] = true
	return rule(code, f)
}

// CodeOf is the code of the diagnostic of a complaint. ok is false if that takes
// the path, or more than the complaint.
func CodeOf(message string) (c messages.Code, ok bool) {
	m, known := messages.Find(message)
	if !known || byPath[m.Code] {
		return c, false
	}
	return messages.CodeOf(m.Code)
}

// rule registers the function of a code, which completes a plain diagnostic.
func rule(code string, f func(*Case, *diag.Diagnostic)) struct{} {
	registered[code] = f
	return struct{}{}
}
