package main

import (
	"os"
	"strings"
	"testing"

	"github.com/bpfdiag/bpfdiag/umlinux/kernel"
)

// TestHostChecks: what doctor tries works where the tests themselves run,
// since check does.
func TestHostChecks(t *testing.T) {
	testKernels(t)
	for name, try := range map[string]func() error{
		"ptrace":      tryPtrace,
		"seccomp":     trySeccomp,
		"memory file": func() error { return tryMemoryFile(64 << 20) },
	} {
		if err := try(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestDoctorNoPtrace: where ptrace is forbidden, doctor says so and names the
// way out, and does not claim that the kernel boots.
func TestDoctorNoPtrace(t *testing.T) {
	testKernels(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	points, status := doctorSays(t, []string{"BPFDIAG_TEST_FORBID_PTRACE=1"}, self)
	if p := points["ptrace"]; p.State != stateFail || !strings.Contains(p.Advice, "--kernel 7.2") || status != exitError {
		t.Errorf("status %d, %+v", status, p)
	}
	if p, tried := points["boot "+kernel.Default]; tried && p.State == stateOK {
		t.Errorf("%+v", p)
	}
}
