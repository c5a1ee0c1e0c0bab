package verifierlog

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// complained finds the register and its type in complaints that name them.
var complained = []*regexp.Regexp{
	regexp.MustCompile(`(?m)^R(\d+) invalid mem access '(\w+)'`),
	regexp.MustCompile(`(?m)^R(\d+) type=(\w+) expected`),
	regexp.MustCompile(`(?m)^R(\d+) (!read_ok)`),
}

// TestPathComplaints holds what a path says of a register in front of its last
// step against the complaint: the kernel names the type there that nothing
// before it printed, so that a pointer that was made unusable without a word
// is found out. The logs are those of BPFDIAG_LOGS.
func TestPathComplaints(t *testing.T) {
	checked, wrong, lost := 0, 0, 0
	for _, dir := range filepath.SplitList(os.Getenv("BPFDIAG_LOGS")) {
		err := filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(file, ".log") {
				return err
			}
			if info, err := d.Info(); err != nil || info.Size() > 4<<20 {
				return err
			}
			text, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			reg, word := complaintOf(string(text))
			p, err := ReadPath(strings.NewReader(string(text)))
			if err != nil || reg < 0 || p.Len() == 0 || p.Truncated {
				return err
			}
			last := p.Len() - 1
			l := Reg(p.Step(last).Frame, reg)
			v, known := p.Before(last, l)
			want := parseType([]byte(word))
			loss, isLost := p.Lost(last, l)
			checked++
			if isLost && !loss.Likely {
				lost++
			}
			likely := isLost && loss.Likely && want.base == Scalar
			if !likely && (!known || v.Base != want.base || (v.Flags^want.flags)&MaybeNull != 0) {
				wrong++
				t.Logf("%s: r%d is %v (known %v), the kernel says %s", file, reg, v.Base, known, word)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if checked == 0 {
		t.Skip("no complaints")
	}
	t.Logf("%d complaints name a register's type, %d of them differ; %d were lost on the way", checked, wrong, lost)
	if wrong*50 > checked {
		t.Error("more than 2 % differ")
	}
}

func complaintOf(log string) (reg int, word string) {
	message := Summarize(log).Message
	for _, re := range complained {
		if m := re.FindStringSubmatch(message); m != nil {
			reg, _ = strconv.Atoi(m[1])
			return reg, strings.Replace(m[2], "!read_ok", "?", 1)
		}
	}
	return -1, ""
}
