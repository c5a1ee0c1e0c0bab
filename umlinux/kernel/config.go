package kernel

import (
	"bufio"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// A fragment is a list of configuration options that are asked for. In its
// files, later lines win over earlier ones:
//
//	CONFIG_NET=y            the value that the option must have
//	# CONFIG_NET is not set the option must be off
//	# CONFIG_NET is absent  this series does not have it: whatever was asked
//	                        before is neither set nor checked
type fragment struct {
	order []string
	asked map[string]asked
}

// asked is one option's line: its value ("y", "256", `"bpf"`; "n" for off)
// and the line that asks for it ("config/base.config:12").
type asked struct{ value, where string }

// add merges the lines of one file.
func (f *fragment) add(file, text string) error {
	if f.asked == nil {
		f.asked = map[string]asked{}
	}
	for i, line := range strings.Split(text, "\n") {
		where := fmt.Sprintf("%s:%d", file, i+1)
		line = strings.TrimSpace(line)
		name, value, isOption := parseOption(line)
		switch {
		case isOption:
			if _, known := f.asked[name]; !known {
				f.order = append(f.order, name)
			}
			f.asked[name] = asked{value, where}
		case line != "" && !strings.HasPrefix(line, "#"):
			return fmt.Errorf("%s: %q is not a configuration option", where, line)
		}
	}
	return nil
}

// absent is the value of an option that a series is exempt from.
const absent = "absent"

// parseOption reads one line of a fragment or of a .config.
func parseOption(line string) (name, value string, ok bool) {
	if rest, comment := strings.CutPrefix(line, "# "); comment {
		if name, off := strings.CutSuffix(rest, " is not set"); off {
			value, rest = "n", name
		} else if name, exempt := strings.CutSuffix(rest, " is absent"); exempt {
			value, rest = absent, name
		} else {
			return "", "", false
		}
		return rest, value, isOptionName(rest)
	}
	name, value, ok = strings.Cut(line, "=")
	return name, value, ok && isOptionName(name)
}

func isOptionName(s string) bool {
	name, ok := strings.CutPrefix(s, "CONFIG_")
	return ok && name != "" && strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") == ""
}

// text is the fragment in the form that KCONFIG_ALLCONFIG takes.
func (f *fragment) text() string {
	var b strings.Builder
	for _, name := range f.order {
		switch value := f.asked[name].value; value {
		case absent:
		case "n":
			fmt.Fprintf(&b, "# %s is not set\n", name)
		default:
			fmt.Fprintf(&b, "%s=%s\n", name, value)
		}
	}
	return b.String()
}

// An UnmetOption is an option that the finished configuration does not have
// as it was asked for.
type UnmetOption struct {
	Name  string // "CONFIG_NET"
	Want  string // "y", "n" or another value
	Got   string // the value, "n" for off
	Where string // the line that asks for it, "config/base.config:12"
	// Declared is where the tree's Kconfig files declare the option,
	// "net/Kconfig:6", or "" when they do not.
	Declared string
}

func (u UnmetOption) String() string {
	why := "this kernel has no such option"
	if u.Declared != "" {
		why = fmt.Sprintf("it is %s, see what it depends on in %s", u.Got, u.Declared)
	}
	return fmt.Sprintf("%s=%s (%s): %s", u.Name, u.Want, u.Where, why)
}

// A ConfigError lists the options that were asked for and are not so.
type ConfigError struct{ Unmet []UnmetOption }

func (e *ConfigError) Error() string {
	return "the configuration does not have what was asked for:" + listUnmet(e.Unmet)
}

func listUnmet(unmet []UnmetOption) string {
	var b strings.Builder
	for _, u := range unmet {
		b.WriteString("\n  " + u.String())
	}
	return b.String()
}

// unmet compares the fragment with a finished .config.
func (f *fragment) unmet(config string) []UnmetOption {
	got := map[string]string{}
	for lines := bufio.NewScanner(strings.NewReader(config)); lines.Scan(); {
		if name, value, ok := parseOption(lines.Text()); ok {
			got[name] = value
		}
	}
	var unmet []UnmetOption
	for _, name := range f.order {
		want := f.asked[name]
		have, ok := got[name]
		if !ok {
			have = "n"
		}
		if want.value != absent && want.value != have {
			unmet = append(unmet, UnmetOption{Name: name, Want: want.value, Got: have, Where: want.where})
		}
	}
	return unmet
}

// locate fills in where the tree declares the options.
func locate(tree string, unmet []UnmetOption) {
	if len(unmet) == 0 {
		return
	}
	_ = filepath.WalkDir(tree, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasPrefix(d.Name(), "Kconfig") {
			return nil
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return nil
		}
		rel, _ := filepath.Rel(tree, file)
		for i, line := range strings.Split(string(text), "\n") {
			words := strings.Fields(line)
			if len(words) != 2 || words[0] != "config" && words[0] != "menuconfig" {
				continue
			}
			for j := range unmet {
				if unmet[j].Name == "CONFIG_"+words[1] && unmet[j].Declared == "" {
					unmet[j].Declared = fmt.Sprintf("%s:%d", rel, i+1)
				}
			}
		}
		return nil
	})
}
