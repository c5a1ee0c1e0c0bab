package verifierlog

import "io"

// MaxLine is how much of one line a Scanner holds. A longer line comes in
// pieces of that size, marked Partial.
const MaxLine = 64 << 10

// A Scanner reads a log and gives its nodes, one after the other:
//
//	sc := verifierlog.NewScanner(r)
//	for sc.Scan() {
//		n := sc.Node()
//		…
//	}
//
// A log is never an error; only the reader can fail.
type Scanner struct {
	r    io.Reader
	node Node
	err  error
}

// NewScanner returns a Scanner that reads from r.
func NewScanner(r io.Reader) *Scanner { return &Scanner{r: r} }

// Scan goes to the next node and says whether there is one.
func (s *Scanner) Scan() bool { return false }

// Node is the node that Scan went to. It, and the bytes that it points to, are
// valid until the next Scan.
func (s *Scanner) Node() *Node { return &s.node }

// Err is the reader's error, nil at the end of the input.
func (s *Scanner) Err() error { return s.err }
