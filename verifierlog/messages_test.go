package verifierlog

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var (
	printCall = regexp.MustCompile(`\b(?:verbose|bpf_log|verifier_bug|bpf_verifier_log_write)\(\s*[\w>.&-]+,\s*((?:"(?:[^"\\]|\\.)*"\s*)+)`)
	literal   = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
	verb      = regexp.MustCompile(`%[-+#0-9.*]*(?:ll|l|h|z)?([a-zA-Z])`)
)

// TestKernelMessages takes every sentence that a kernel's verifier can print
// from its source (BPFDIAG_KERNEL_SOURCES names folders of Linux sources,
// separated as in PATH) and reads it as a line of a log: none is Unknown, and
// what is not a Message is one of the forms that say where the verifier is.
func TestKernelMessages(t *testing.T) {
	dirs := filepath.SplitList(os.Getenv("BPFDIAG_KERNEL_SOURCES"))
	if len(dirs) == 0 {
		t.Skip("BPFDIAG_KERNEL_SOURCES is not set")
	}
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			files, _ := filepath.Glob(filepath.Join(dir, "kernel/bpf/*.c"))
			files = append(files, filepath.Join(dir, "net/core/filter.c"))
			sentences := 0
			for _, f := range files {
				text, err := os.ReadFile(f)
				if err != nil {
					t.Log(err)
					continue
				}
				for _, m := range printCall.FindAllSubmatch(text, -1) {
					line := sample(m[1])
					if !strings.HasSuffix(line, "\n") || line[0] == ' ' || line[0] == '(' {
						continue // a part of a line, an instruction
					}
					sentences++
					checkMessage(t, filepath.Base(f), "0: (b7) r0 = 0\n"+line)
					checkMessage(t, filepath.Base(f), line) // a log without a path
					if cut := strings.TrimSpace(line); !strings.HasPrefix(cut, "from ") && !strings.HasPrefix(cut, "frame 7: ") {
						checkMessage(t, filepath.Base(f), cut) // a log whose last line end is lost
					}
				}
			}
			t.Logf("%d sentences", sentences)
		})
	}
}

// sample joins a C string and puts something in for each of its verbs.
func sample(c []byte) string {
	var b strings.Builder
	for _, part := range literal.FindAll(c, -1) {
		s, err := strconv.Unquote(string(part))
		if err != nil {
			continue
		}
		b.WriteString(s)
	}
	return verb.ReplaceAllStringFunc(b.String(), func(v string) string {
		switch v[len(v)-1] {
		case 's':
			return "name"
		case 'c':
			return "r"
		case 'x':
			return "1f"
		}
		return "7"
	})
}

func checkMessage(t *testing.T, file, text string) {
	sc := NewScanner(strings.NewReader(text))
	for sc.Scan() {
		switch n := sc.Node(); n.Kind {
		case KindUnknown:
			t.Errorf("%s: unknown: %q", file, n.Raw)
		case KindMessage, KindReport, KindInsn, KindBlank:
		default:
			t.Logf("%s: %s %s: %q", file, n.Kind, n.Form, n.Raw)
		}
	}
}
