package editors

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// terminal is a terminal with one program in it, which is typed at and looked
// at as by a person. tmux is the terminal.
type terminal struct {
	t      *testing.T
	socket string
}

// patience is how long something may take to appear on a machine that is busy
// with other things.
const patience = 3 * time.Minute

// startTerminal runs a program in a folder, with env beside a bare
// environment.
func startTerminal(t *testing.T, folder string, env []string, args ...string) *terminal {
	t.Helper()
	s := &terminal{t: t, socket: filepath.Join(tempDir(t), "tmux")}
	config := filepath.Join(tempDir(t), "tmux.conf")
	// Nothing is waited for after Escape, and colours are those of a usual terminal.
	text := "set -g default-shell /bin/sh\nset -g escape-time 0\nset -g default-terminal tmux-256color\nset -g status off\nset -g remain-on-exit on\n"
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := s.tmux(append([]string{"-f", config, "new-session", "-d", "-x", "110", "-y", "32"}, args...)...)
	cmd.Dir, cmd.Env = folder, env
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("tmux: %v\n%s", err, out)
	}
	t.Cleanup(s.end)
	return s
}

// end ends the program, and waits until it has left: Neovim writes its history then.
func (s *terminal) end() {
	pid, err := s.tmux("display-message", "-p", "#{pane_pid}").Output()
	_ = s.tmux("kill-server").Run()
	if err != nil {
		return // there is no program any more
	}
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if command, err := os.ReadFile("/proc/" + strings.TrimSpace(string(pid)) + "/cmdline"); err != nil || len(command) == 0 {
			return
		}
	}
	s.t.Errorf("the program, process %s, does not end with its terminal", pid)
}

func (s *terminal) tmux(args ...string) *exec.Cmd {
	return exec.Command("tmux", append([]string{"-u", "-S", s.socket}, args...)...)
}

// write types a text as it is.
func (s *terminal) write(text string) { s.send("-l", text) }

// press presses keys by tmux's names of them: Enter, Escape, C-x.
func (s *terminal) press(keys ...string) { s.send(keys...) }

func (s *terminal) send(args ...string) {
	s.t.Helper()
	if out, err := s.tmux(append([]string{"send-keys"}, args...)...).CombinedOutput(); err != nil {
		s.t.Fatalf("tmux send-keys %q: %v\n%s", args, err, out)
	}
}

// capture is what the screen shows, without the space at ends.
func (s *terminal) capture(flags ...string) string {
	out, err := s.tmux(append([]string{"capture-pane", "-p"}, flags...)...).Output()
	if err != nil {
		return fmt.Sprintf("(tmux: %v)", err)
	}
	lines := strings.Split(string(out), "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " ")
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n") + "\n"
}

// wait waits until the screen shows all of what, regular expressions, and
// returns it.
func (s *terminal) wait(what ...string) string {
	s.t.Helper()
	return s.until(fmt.Sprintf("shows %q", what), func(screen string) bool {
		return !slices.ContainsFunc(what, func(w string) bool { return !regexp.MustCompile("(?m)" + w).MatchString(screen) })
	})
}

// fixes is the screen with the list of fixes, which ask opens and the keys of cancel
// close. It is asked for until the first one is called verified: a fix is tried
// in the background, once the error is shown.
func (s *terminal) fixes(ask func(), cancel ...string) string {
	s.t.Helper()
	for start := time.Now(); ; {
		ask()
		screen := s.wait("Check `count` first", "Show the verifier's log")
		if strings.Contains(screen, "first (verified)") {
			return screen
		}
		if time.Since(start) > patience {
			s.t.Fatalf("the fix is never verified:\n%s", screen)
		}
		s.press(cancel...)
		time.Sleep(200 * time.Millisecond)
	}
}

func (s *terminal) until(what string, holds func(screen string) bool) string {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	for {
		screen := s.capture()
		if holds(screen) {
			return screen
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			s.t.Fatalf("the screen never %s:\n%s", what, screen)
		}
	}
}

var attributes = regexp.MustCompile(`\x1b\[([0-9:;]*)m`)

// marked are the parts of the screen with a line below or in bold letters,
// whatever their colours: editors mark errors so, the latter where they think that a
// terminal has no lines.
func (s *terminal) marked() []string {
	screen := s.capture("-e")
	var all []string
	on, from := false, 0
	for _, m := range attributes.FindAllStringSubmatchIndex(screen, -1) {
		if text := screen[from:m[0]]; on && text != "" {
			all[len(all)-1] += text
		}
		from = m[1]
		codes := strings.Split(screen[m[2]:m[3]], ";")
		for i := 0; i < len(codes); i++ {
			switch c := codes[i]; {
			case c == "38" || c == "48" || c == "58": // a colour: 2;R;G;B or 5;N
				if i+1 < len(codes) && codes[i+1] == "2" {
					i += 2
				}
				i += 2
			case c == "1" || c == "4" || strings.HasPrefix(c, "4:") && c != "4:0":
				if !on {
					all = append(all, "")
				}
				on = true
			case c == "" || c == "0" || c == "22" || c == "24" || c == "4:0":
				on = false
			}
		}
	}
	return all
}
