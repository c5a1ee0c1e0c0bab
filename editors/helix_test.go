package editors

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestHelix has Helix show an error and make its fix.
func TestHelix(t *testing.T) {
	needs(t, "tmux")
	hx := built(t, "newer-editors/bin/hx", "scripts/newer-editors")
	p := newProject(t)
	for _, name := range []string{"languages.toml", "config.toml"} {
		p.put(t, filepath.Join("helix", name), filepath.Join(p.home, ".config", "helix", name))
	}
	s := startTerminal(t, p.folder, p.env, hx, example)
	s.wait(`^● +20 .*may be NULL here`, "returns NULL when there is no element")
	s.write(":20")
	s.press("Enter")
	helixPicture(t, p, hx, "helix-message", s.wait("└─`count` may be NULL here", "verifier: R0 invalid mem access", idleHelix))
	helixPicture(t, p, hx, "helix-fix", s.fixes(func() { s.write(" a") }, "Escape"))
	s.press("Enter")
	s.wait(`if \(!count\)`)
	s.write(":w")
	s.press("Enter")
	s.wait(idleHelix + `\.bpf\.c +1 sel`) // no more [+], and no errors
	p.accepted(t)
}

// idleHelix is the line below the text while nothing is being verified.
const idleHelix = ` NOR   kprobe_no_null_check`

func helixPicture(t *testing.T, p *project, hx, name, screen string) {
	t.Helper()
	version, _ := exec.Command(hx, "--version").Output()
	p.picture(t, name, screen, strings.HasPrefix(string(version), "helix 25.07"))
}
