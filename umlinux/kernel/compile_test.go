package kernel

import (
	"os"
	"strings"
	"testing"
)

// testdata/make.log is what make said about a kernel 6.12, cut to every
// fortieth line before the link.
func TestMakeProgress(t *testing.T) {
	log, err := os.ReadFile("testdata/make.log")
	if err != nil {
		t.Fatal(err)
	}
	var p makeProgress
	linkedAt := 0
	for line := range strings.Lines(string(log)) {
		line = strings.TrimSuffix(line, "\n")
		p.line(line)
		if p.linking && linkedAt == 0 {
			linkedAt = p.objects
		}
	}
	want := strings.Count(string(log), "  CC      ") + strings.Count(string(log), "  AS      ")
	if linkedAt == 0 || linkedAt != p.objects || p.objects >= want {
		t.Errorf("%d objects, linking from %d on; %d lines say CC or AS, some of them while linking", p.objects, linkedAt, want)
	}
	if p.file != "linux" {
		t.Errorf("ended with %s", p.file)
	}
}

func TestMakeProgressLines(t *testing.T) {
	for line, want := range map[string]makeProgress{
		"  CC      kernel/bpf/core.o":             {objects: 1, file: "kernel/bpf/core.o"},
		"  CC [M]  fs/fuse/dev.o":                 {objects: 1, file: "fs/fuse/dev.o"},
		"  AS      arch/x86/um/setjmp_64.o":       {objects: 1, file: "arch/x86/um/setjmp_64.o"},
		"  HOSTCC  scripts/kconfig/conf.o":        {file: "scripts/kconfig/conf.o"},
		"  AR      vmlinux.a":                     {file: "vmlinux.a", linking: true},
		"  LD      vmlinux.o":                     {file: "vmlinux.o", linking: true},
		"kernel/bpf/core.c:1:2: warning: x":       {},
		"  from include/linux/bpf.h:3:":           {},
		"make[1]: Entering directory '/tmp/tree'": {},
		"": {},
	} {
		var p makeProgress
		if moved := p.line(line); p != want || moved != (want != makeProgress{}) {
			t.Errorf("%q: %+v, %v", line, p, moved)
		}
	}
}
