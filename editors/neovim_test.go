package editors

import (
	"os"
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
	neovimPicture(t, p, "neovim-0.7-fix", s.fixes(func() {
		s.write(":BpfdiagFix")
		s.press("Enter")
	}, "Escape"))
	s.write("1")
	s.press("Enter")
	s.wait(`if \(!count\)`)
	s.write(":w")
	s.press("Enter")
	neovimPicture(t, p, "neovim-0.7-accepted", s.wait(`accepted · \d+ insns · \d+ states? · stack \d+`, "written"))
	p.accepted(t)
}

func neovimPicture(t *testing.T, p *project, name, screen string) {
	t.Helper()
	version, _ := exec.Command("nvim", "--version").Output()
	p.picture(t, name, screen, strings.HasPrefix(string(version), "NVIM v0.7."))
}

// TestNewerNeovim has the newest Neovim show an error and make its fix, with
// neovim/lsp and the keys that Neovim has for that itself.
func TestNewerNeovim(t *testing.T) {
	needs(t, "tmux")
	nvim := built(t, "newer-editors/bin/nvim", "scripts/newer-editors")
	p := newProject(t)
	config := filepath.Join(p.home, ".config", "nvim")
	p.put(t, "neovim/lsp/bpfdiag.lua", filepath.Join(config, "lsp", "bpfdiag.lua"))
	if err := os.WriteFile(filepath.Join(config, "init.lua"), []byte("vim.lsp.enable('bpfdiag')\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	s := startTerminal(t, p.folder, p.env, nvim, example)
	s.wait("■ `count` may be NULL here$", "rejected .BPF0101.", "■ returns NULL when there is no element")
	s.write(":20")
	s.press("Enter", "C-w")
	s.write("d")
	picture := func(name, screen string) {
		t.Helper()
		version, _ := exec.Command(nvim, "--version").Output()
		p.picture(t, name, screen, strings.HasPrefix(string(version), "NVIM v0.12."))
	}
	picture("neovim-0.12-message", s.wait("used here without a check", "verifier: R0 invalid mem access"))
	picture("neovim-0.12-fix", s.fixes(func() { s.write("gra") }, "Escape"))
	s.write("1")
	s.press("Enter")
	s.wait(`if \(!count\)`)
	s.write(":w")
	s.press("Enter")
	picture("neovim-0.12-accepted", s.wait(`accepted · \d+ insns · \d+ states? · stack \d+`, "written"))
	p.accepted(t)
}
