package editors

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestNeovim has Debian 12's Neovim show an error and make its fix, with
// neovim/plugin.
func TestNeovim(t *testing.T) {
	needs(t, "nvim", "tmux")
	p := newProject(t)
	p.put(t, "neovim/plugin/bpfdiag.lua", filepath.Join(p.home, ".config", "nvim", "plugin", "bpfdiag.lua"))
	s := startTerminal(t, p.folder, p.env, "nvim", example)
	s.wait("■ `count` may be NULL here$", "rejected .BPF0101.", "■ returns NULL when there is no element")
	if m := s.marked(); !slices.Contains(m, "*count += 1") {
		t.Errorf("marked is %q, without the place of the error", m)
	}
	s.write(":20")
	s.press("Enter")
	s.write(":BpfdiagMessage")
	s.press("Enter")
	neovimPicture(t, p, "neovim-0.7-message", s.wait("used here without a check", "verifier: R0 invalid mem access"))
	s.write(":BpfdiagFix")
	s.press("Enter")
	neovimPicture(t, p, "neovim-0.7-fix", s.wait("1: Check `count` first", "Show the verifier's log"))
	s.write("1")
	s.press("Enter")
	s.wait(`if \(!count\)`)
	s.write(":w")
	s.press("Enter")
	neovimPicture(t, p, "neovim-0.7-accepted", s.wait(`accepted · \d+ insns · \d+ states? · stack \d+`, "written"))
	if !strings.Contains(p.source(t), "if (!count)") {
		t.Errorf("the fix is not saved:\n%s", p.source(t))
	}
}

func neovimPicture(t *testing.T, p *project, name, screen string) {
	t.Helper()
	version, _ := exec.Command("nvim", "--version").Output()
	p.picture(t, name, screen, strings.HasPrefix(string(version), "NVIM v0.7."))
}
