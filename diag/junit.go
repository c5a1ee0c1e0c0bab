package diag

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
)

type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Skipped  int          `xml:"skipped,attr"`
	Time     string       `xml:"time,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name       string           `xml:"name,attr"`
	Tests      int              `xml:"tests,attr"`
	Failures   int              `xml:"failures,attr"`
	Errors     int              `xml:"errors,attr"`
	Skipped    int              `xml:"skipped,attr"`
	Time       string           `xml:"time,attr"`
	Properties *junitProperties `xml:"properties"`
	Cases      []junitCase      `xml:"testcase"`
}

type junitProperties struct {
	All []junitProperty `xml:"property"`
}

type junitProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type junitCase struct {
	Name      string         `xml:"name,attr"`
	ClassName string         `xml:"classname,attr"`
	File      string         `xml:"file,attr,omitempty"`
	Line      int            `xml:"line,attr,omitempty"`
	Time      string         `xml:"time,attr"`
	Failure   *junitProblem  `xml:"failure"`
	Error     *junitProblem  `xml:"error"`
	Skipped   *junitProblem  `xml:"skipped"`
	Out       *junitTextNode `xml:"system-out"`
}

type junitProblem struct {
	Message string `xml:"message,attr,omitempty"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",cdata"`
}

type junitTextNode struct {
	Text string `xml:",cdata"`
}

// WriteJUnit prints a test suite for each object and in it a test case for
// each program: rejected is a failure, not verified is an error. Times are the
// verifier's.
func WriteJUnit(w io.Writer, doc Document, r Report) error {
	all := junitSuites{Name: doc.Tool.Name}
	if doc.Kernel.Release != "" {
		all.Name += ", Linux " + doc.Kernel.Release
	}
	total := 0
	for i := range doc.Objects {
		s, micros := r.junitSuite(&doc.Objects[i], doc.Kernel)
		all.Suites = append(all.Suites, s)
		all.Tests += s.Tests
		all.Failures += s.Failures
		all.Errors += s.Errors
		all.Skipped += s.Skipped
		total += micros
	}
	all.Time = seconds(total)
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func (r Report) junitSuite(o *Object, k Kernel) (s junitSuite, micros int) {
	s = junitSuite{Name: visible(r.path(o.Path))}
	if k != (Kernel{}) {
		s.Properties = &junitProperties{[]junitProperty{{"kernel", k.Release}, {"jit", k.JIT}}}
	}
	if o.Error != "" {
		s.Errors++
		s.Cases = append(s.Cases, junitCase{
			Name: "object", ClassName: s.Name, Time: seconds(0),
			Error: &junitProblem{Message: visible(o.Error), Type: "unreadable"},
		})
	}
	for i := range o.Programs {
		p := &o.Programs[i]
		c := junitCase{Name: visible(p.Name), ClassName: s.Name, Time: seconds(0)}
		if p.Stats != nil {
			c.Time = seconds(p.Stats.DurationUS)
			micros += p.Stats.DurationUS
		}
		switch p.Verdict {
		case Rejected:
			s.Failures++
			c.Failure = r.junitProblem(p, &c, "rejected")
		case Error:
			s.Errors++
			c.Error = r.junitProblem(p, &c, "not verified")
		case Skipped:
			s.Skipped++
			c.Skipped = &junitProblem{}
		}
		if len(p.Notes) > 0 {
			c.Out = &junitTextNode{visibleLines(strings.Join(p.Notes, "\n"))}
		}
		s.Cases = append(s.Cases, c)
	}
	s.Tests, s.Time = len(s.Cases), seconds(micros)
	return s, micros
}

// junitProblem takes its type and message from the first diagnostic, if there
// is one; the text has them all.
func (r Report) junitProblem(p *Program, c *junitCase, what string) *junitProblem {
	f := &junitProblem{Message: visible(cmp.Or(p.Error, what)), Type: what}
	for i := range p.Diagnostics {
		d := &p.Diagnostics[i]
		if i == 0 {
			f.Message, f.Type = visible(d.Message), visible(d.Code)
			if l := d.primary(); l != nil {
				c.File, c.Line = visible(r.path(l.File)), l.Line
			}
		} else {
			f.Text += "\n"
		}
		f.Text += Text{Sources: r.Sources, Pages: r.Pages}.Render(*d)
	}
	return f
}

func visibleLines(s string) string {
	var b strings.Builder
	for l := range strings.Lines(s) {
		b.WriteString(visible(strings.TrimRight(l, "\r\n")) + "\n")
	}
	return b.String()
}

// seconds is a duration in microseconds as JUnit wants it.
func seconds(micros int) string { return fmt.Sprintf("%d.%06d", micros/1e6, micros%1e6) }
