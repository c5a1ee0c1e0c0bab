package editors

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestEmacs has Emacs with eglot show an error and make its fix.
func TestEmacs(t *testing.T) {
	needs(t, "emacs", "tmux")
	if exec.Command("emacs", "--batch", "--eval", "(require 'eglot)").Run() != nil {
		missing(t, "this Emacs has no eglot; `make test` installs elpa-eglot")
	}
	p := newProject(t)
	p.put(t, "emacs/bpfdiag.el", filepath.Join(p.home, ".emacs.d", "init.el"))
	// A new user's Emacs begins by compiling its libraries, beside the test. And it draws the line
	// below the text only when something changes, which answers of the server need not do.
	early := "(setq native-comp-deferred-compilation nil native-comp-jit-compilation nil inhibit-startup-screen t)\n" +
		"(run-with-timer 1 1 #'force-mode-line-update t)\n"
	if err := os.WriteFile(filepath.Join(p.home, ".emacs.d", "early-init.el"), []byte(early), 0o666); err != nil {
		t.Fatal(err)
	}
	s := startTerminal(t, p.folder, p.env, "emacs", "-nw", example)
	s.wait(`Flymake\[1 0`)
	if m := s.marked(); !slices.Contains(m, "*count += 1") {
		t.Errorf("marked is %q, without the place of the error", m)
	}
	s.press("M-g", "M-g")
	s.wait("Goto line")
	s.write("20")
	s.press("Enter", "M-m")
	emacsPicture(t, p, "emacs-message", s.wait("used here without a check", `\[eglot:counter\]`))
	emacsPicture(t, p, "emacs-fix", s.fixes(func() {
		s.press("C-c", "v", "f")
		s.wait("Pick an action")
		s.press("Tab")
		s.wait("Completions", `\[eglot:counter\]`)
	}, "C-g"))
	s.press("Enter")
	s.wait(`if \(!count\)`)
	s.press("C-x", "C-s")
	emacsPicture(t, p, "emacs-accepted", s.wait(`Flymake\[0 0`, "Wrote ", `\[eglot:counter\]`))
	p.accepted(t)
}

func emacsPicture(t *testing.T, p *project, name, screen string) {
	t.Helper()
	version, _ := exec.Command("emacs", "--version").Output()
	p.picture(t, name, screen, strings.HasPrefix(string(version), "GNU Emacs 28."))
}
