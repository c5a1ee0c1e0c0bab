package check

import (
	"bytes"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/rules"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

// profile is what is kept of the log of a program's every path.
type profile struct {
	*verifierlog.Profile
	cut uint64 // bytes of the log that are missing
}

func readProfile(log []byte, cut uint64) profile {
	p, _ := verifierlog.ReadProfile(bytes.NewReader(log)) // which does not fail
	return profile{p, cut}
}

// work says where the instructions of a profile went, nil without one.
func (p *profile) work(c rules.Case) *diag.Work {
	if p.Profile == nil || p.Visits == 0 {
		return nil
	}
	w := rules.Work(c, p.Profile)
	if p.cut > 0 {
		w.CutMB = max(float64(p.cut/1e5)/10, 0.1)
	}
	return w
}
