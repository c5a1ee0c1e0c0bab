package main

import (
	"strings"
	"testing"
	"time"

	"github.com/bpfdiag/bpfdiag/umlinux/kernel"
)

func TestProgressOnTerminal(t *testing.T) {
	var out strings.Builder
	p := newProgressLine(&out)
	p.width = func() int { return 12 }
	p.Update("compile 1")
	p.Plain("only in logs")
	p.Update("compile 2 of many")
	p.Print("a note")
	p.Clear()
	want := "\rcompile 1\x1b[K" + "\rcompile 2 …\x1b[K" + "\r\x1b[K" + "a note\n"
	if out.String() != want {
		t.Errorf("got  %q\nwant %q", out.String(), want)
	}
}

func TestProgressInLog(t *testing.T) {
	var out strings.Builder
	p := newProgressLine(&out)
	p.interval = 50 * time.Millisecond
	p.Update("too soon")
	p.Plain("step 1")
	p.Update("too soon")
	time.Sleep(60 * time.Millisecond)
	p.Update("step 1, half")
	p.Update("too soon")
	p.Clear()
	if want := "step 1\nstep 1, half\n"; out.String() != want {
		t.Errorf("got  %q\nwant %q", out.String(), want)
	}
}

func TestBuildProgressText(t *testing.T) {
	b := buildProgress{name: "6.12"}
	for want, step := range map[string]kernel.Step{
		"kernel 6.12 [1/7] fetch 45 of 153 MB (29 %), 3s, linux-source-6.12 6.12.95-1": {Name: "fetch", Index: 1, Total: 7,
			Done: 45e6, Of: 153e6, Elapsed: 3200 * time.Millisecond, Detail: "linux-source-6.12 6.12.95-1"},
		"kernel 6.12 [5/7] compile 812 of 1600 (50 %), 2m3s, kernel/bpf/core.o": {Name: "compile", Index: 5, Total: 7,
			Done: 812, Of: 1600, Elapsed: 123 * time.Second, Detail: "kernel/bpf/core.o"},
		"kernel 6.12 [6/7] link, 5m0s": {Name: "link", Index: 6, Total: 7, Elapsed: 5 * time.Minute},
		"kernel 6.12, 1s":              {Total: 7, Elapsed: time.Second},
	} {
		if got := b.text(step); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}
