package compile

import (
	"reflect"
	"testing"
)

func TestMessages(t *testing.T) {
	for text, want := range map[string]Message{
		"src/x.c:12:5: error: Looks like the BPF stack limit is exceeded. Please move": {File: "/d/src/x.c", Line: 12, Column: 5, Severity: "error", Text: "Looks like the BPF stack limit is exceeded. Please move"},
		"/x.c:3:1: warning: unused variable 'a' [-Wunused-variable]":                   {File: "/x.c", Line: 3, Column: 1, Severity: "warning", Text: "unused variable 'a'", Option: "-Wunused-variable"},
		"./h.h:1:10: fatal error: 'vmlinux.h' file not found":                          {File: "/d/h.h", Line: 1, Column: 10, Severity: "error", Text: "'vmlinux.h' file not found"},
		"error: <unknown>:0:0: in function f i32 (ptr): too many args":                 {Severity: "error", Function: "f", Text: "too many args"},
		"x.c:0:0: error: in function f i32 (ptr): too many args":                       {Severity: "error", Function: "f", Text: "too many args"},
		"fatal error: error in backend: Cannot select":                                 {Severity: "error", Text: "error in backend: Cannot select"},
		"clang-22: error: no such file or directory: 'x.c'":                            {Severity: "error", Text: "no such file or directory: 'x.c'"},
		"cc1: note: in x": {Severity: "note", Text: "in x"},
	} {
		want.Raw = text
		got := Messages("In file included from x:\n"+text+"\n   12 | code\n", "/d")
		if !reflect.DeepEqual(got, []Message{want}) {
			t.Errorf("%s:\n%+v", text, got)
		}
	}
}
