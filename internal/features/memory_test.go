package features

import (
	"errors"
	"reflect"
	"testing"
)

type memory map[string][]byte

func (m memory) Get(question string) ([]byte, bool) { b, ok := m[question]; return b, ok }
func (m memory) Put(question string, answer []byte) { m[question] = answer }

// TestRecall: what is remembered is what was answered, and no answer that may be
// another one the next time is.
func TestRecall(t *testing.T) {
	said := &Kernel{
		Release: "6.12.1", Helpers: []Function{{Name: "bpf_loop", Kind: Helper, ID: 181, Flags: []string{"gpl"}}},
		Maps: []Map{{Name: "hash"}, {Name: "arena", Error: "none"}}, Limits: []Limit{{"stack", 512, "bytes"}},
		Programs: []Program{
			{Sections: []string{"xdp"}, Type: "xdp", Helpers: []string{"bpf_loop"}, Context: &Context{Name: "struct xdp_md", Fields: []Field{{Name: "data", Size: 4, Read: "pkt"}}}},
			{Sections: []string{"tc"}, Type: "sched_cls", Error: "no such program"},
		},
	}
	m, asked := memory{}, 0
	ask := func(keep bool, err error) func() (*Kernel, bool, error) {
		return func() (*Kernel, bool, error) { asked++; return said, keep, err }
	}
	broken := errors.New("broken")
	for i, c := range []struct {
		question string
		keep     bool
		err      error
		asked    int
	}{
		{"a", false, nil, 1}, // a guest died of it
		{"a", true, broken, 2},
		{"a", true, nil, 3},
		{"a", true, nil, 3},
		{"b", true, nil, 4},
	} {
		got, err := recall(m, c.question, ask(c.keep, c.err))
		if !errors.Is(err, c.err) || asked != c.asked || err == nil && !reflect.DeepEqual(got, said) {
			t.Errorf("%d: asked %d times: %+v, %v", i, asked, got, err)
		}
	}
	m["a"] = []byte("damaged")
	if got, err := recall(m, "a", ask(true, nil)); err != nil || asked != 5 || !reflect.DeepEqual(got, said) {
		t.Errorf("damaged: asked %d times: %+v, %v", asked, got, err)
	}
	if got, err := recall(nil, "a", ask(true, nil)); err != nil || asked != 6 || !reflect.DeepEqual(got, said) {
		t.Errorf("without memory: asked %d times: %+v, %v", asked, got, err)
	}
}
