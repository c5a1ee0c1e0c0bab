package messages

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"
)

//go:embed codes.txt
var codesText string

//go:embed messages.txt
var messagesText string

//go:embed compiler.txt
var compilerText string

// Code is an entry of codes.txt.
type Code struct {
	ID, Name string
	// Class is source, compiler, limit, environment or verifier: that of most
	// cases. A rule may find that a case is of another.
	Class string
	// Family is the row of diagnostics.md, in a word or two.
	Family string
	// Headline in the programmer's terms. {value} and the like are names that
	// the rule fills in.
	Headline string
	// PointsAt says which labels the diagnostic needs beside the failing line.
	PointsAt string
	// Unclaimed says where a code without messages comes from.
	Unclaimed string
}

// table is all that the two files say.
type table struct {
	codes    []Code
	patterns []*Pattern
	index    index
}

var load = sync.OnceValue(func() *table {
	t, err := parse(codesText, messagesText)
	if err != nil {
		panic(err) // the files are part of the program, and a test reads them
	}
	return t
})

// compiler is what compilers say, apart from what kernels say.
var compiler = sync.OnceValue(func() *table {
	t, err := parse(codesText, compilerText)
	if err != nil {
		panic(err)
	}
	return t
})

// Compiler recognises the text of a compiler's error; p is nil for what is not its
// BPF back end's.
func Compiler(text string) (p *Pattern, fields []string) { return compiler().index.find(text) }

// CompilerPatterns lists the patterns in the order of compiler.txt. The slice is
// the caller's, what it points to is not.
func CompilerPatterns() []*Pattern { return slices.Clone(compiler().patterns) }

// Codes lists the codes in order. The slice is the caller's.
func Codes() []Code { return slices.Clone(load().codes) }

// CodeOf finds a code by its ID or name, in any case.
func CodeOf(name string) (Code, bool) {
	for _, c := range load().codes {
		if strings.EqualFold(c.ID, name) || strings.EqualFold(c.Name, name) {
			return c, true
		}
	}
	return Code{}, false
}

// Patterns lists the patterns in the order of messages.txt. The slice is the
// caller's, what it points to is not.
func Patterns() []*Pattern { return slices.Clone(load().patterns) }

func parse(codesText, messagesText string) (*table, error) {
	t := &table{codes: make([]Code, 0, strings.Count(codesText, "\n\n")+1), patterns: make([]*Pattern, 0, strings.Count(messagesText, "\n"))}
	known := make(map[string]bool, 2*cap(t.codes))
	err := lines("codes.txt", codesText, func(line string, indented bool) error {
		if !indented {
			id, name, _ := strings.Cut(line, " ")
			if !isID(id) || name == "" || strings.ContainsAny(name, " ") {
				return fmt.Errorf("want BPFnnnn and a name")
			}
			if known[id] || known[name] {
				return fmt.Errorf("said twice")
			}
			if n := len(t.codes); n > 0 && t.codes[n-1].ID >= id {
				return fmt.Errorf("out of order")
			}
			known[id], known[name] = true, true
			t.codes = append(t.codes, Code{ID: id, Name: name})
			return nil
		}
		key, value, ok := strings.Cut(line, ": ")
		if !ok || len(t.codes) == 0 {
			return fmt.Errorf("want a key and a value")
		}
		c := &t.codes[len(t.codes)-1]
		var field *string
		switch key {
		case "class":
			field = &c.Class
		case "family":
			field = &c.Family
		case "headline":
			field = &c.Headline
		case "points at":
			field = &c.PointsAt
		case "no messages":
			field = &c.Unclaimed
		}
		if field == nil || *field != "" {
			return fmt.Errorf("%q is unknown or said twice", key)
		}
		*field = value
		return nil
	})
	if err != nil {
		return nil, err
	}
	seen := make(map[string]bool, cap(t.patterns))
	var section Pattern
	err = lines("messages.txt", messagesText, func(line string, indented bool) error {
		if !indented {
			section = Pattern{Code: line}
			for role := Trace; role < numRoles; role++ {
				if reason, ok := strings.CutPrefix(line, role.String()+": "); ok {
					section = Pattern{Role: role, Reason: reason}
				}
			}
			if section.Role == Complaint && (!isID(line) || !known[line]) {
				return fmt.Errorf("want a code that codes.txt has, or a role and a reason")
			}
			return nil
		}
		role := section.Role
		for _, r := range [...]Role{Preface, Detail} {
			if text, ok := strings.CutPrefix(line, r.String()+": "); ok && section.Code != "" {
				line, role = text, r
			}
		}
		p := NewPattern(line)
		p.Code, p.Role, p.Reason = section.Code, role, section.Reason
		if seen[p.Text] {
			return fmt.Errorf("%q is claimed twice", p.Text)
		}
		seen[p.Text] = true
		t.patterns = append(t.patterns, p)
		return nil
	})
	if err != nil {
		return nil, err
	}
	t.index.build(t.patterns)
	return t, nil
}

// lines calls f for each line that is neither empty nor a comment.
func lines(file, text string, f func(line string, indented bool) error) error {
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimRight(line, "\n")
		bare, indented := strings.CutPrefix(line, "\t")
		if strings.TrimSpace(line) == "" || strings.HasPrefix(line, "# ") {
			continue
		}
		if err := f(bare, indented); err != nil {
			return fmt.Errorf("%s:%d: %w", file, number, err)
		}
	}
	return nil
}

func isID(s string) bool {
	number, ok := strings.CutPrefix(s, "BPF")
	return ok && len(number) == 4 && digits(number) == 4
}
