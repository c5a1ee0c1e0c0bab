package rules

import "testing"

func TestAllowedRange(t *testing.T) {
	for complaint, want := range map[string]string{
		"At program exit the register R0 has smin=2 smax=2 should have been in [0, 1]":                    "only 0 or 1",
		"At program exit the register R0 has value (0x2; 0x0) should have been in (0x0; 0x1)":             "only 0 or 1",
		"At program exit the register R0 has value (0x0; 0x0) should have been in (0x1; 0x0)":             "only 1",
		"At program exit the register R0 has unknown scalar value should have been in (0x0; 0x3)":         "only 0 to 3",
		"At bpf_set_retval the register R1 has smin=1 smax=1 should have been in [-4095, 0]":              "only 0 or a negative error number (-1 to -4095)",
		"At program exit the register R0 has smin=-5 smax=7 should have been in [-5, 0] and nothing else": "only -5 to 0",
	} {
		lo, hi, ok := allowedRange(complaint)
		if got := allowedText(lo, hi); !ok || got != want {
			t.Errorf("%s: %s, %v; want %s", complaint, got, ok, want)
		}
	}
	for _, complaint := range []string{"", "should have been in ", "should have been in [1]", "should have been in (1; 2)"} {
		if lo, hi, ok := allowedRange(complaint); ok {
			t.Errorf("%q is a range: %d, %d", complaint, lo, hi)
		}
	}
}

func TestGivenText(t *testing.T) {
	for complaint, want := range map[string]string{
		"At program exit the register R0 has smin=2 smax=2 should have been in [0, 1]":            "2",
		"At program exit the register R0 has smin=-1 smax=7 should have been in [0, 1]":           "anything from -1 to 7",
		"At program exit the register R0 has value (0x2; 0x0) should have been in (0x0; 0x1)":     "2",
		"At program exit the register R0 has value (0x0; 0xff) should have been in (0x0; 0x1)":    "another value",
		"At program exit the register R0 has unknown scalar value should have been in (0x0; 0x3)": "any number",
		"At program exit the register R0 has smin=1001 should have been in [0, 1]":                "another value",
	} {
		if got := givenText(complaint); got != want {
			t.Errorf("%s: %s, want %s", complaint, got, want)
		}
	}
}
