package main

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bpfdiag/bpfdiag/diag"
	kernelpkg "github.com/bpfdiag/bpfdiag/umlinux/kernel"
)

// featuresJSON is what `bpfdiag features --format json` prints, as far as tests look at it.
type featuresJSON struct {
	Kernels []struct {
		Series string
		Limits []struct {
			Name, Unit string
			Value      int
		}
		Maps      []string
		Common    struct{ Helpers, Kfuncs, Maps []string }
		Flags     map[string][]string
		Functions []struct {
			Name, Kind, Declaration, Error string
			Allowed, Denied                []string
		}
		Programs []struct {
			Sections      []string
			Type, Returns string
			Error         string
			Helpers, Maps []string
			Context       struct {
				Name   string
				Fields []struct {
					Name, Read string
					Write      bool
				}
			}
		}
	}
}

// askFeatures runs `bpfdiag features` and returns its document and its exit status.
func askFeatures(t *testing.T, kernel string, args ...string) (featuresJSON, int) {
	t.Helper()
	cmd := exec.Command(bpfdiagBin(t), append([]string{"features", "--format", "json", "--kernel", kernel}, args...)...)
	out, err := cmd.Output()
	var doc featuresJSON
	if jsonErr := json.Unmarshal(out, &doc); jsonErr != nil {
		t.Fatalf("%v: %v\n%s", args, err, out)
	}
	return doc, cmd.ProcessState.ExitCode()
}

// TestFeaturesAreVerdicts: what is said of a function or map is what becomes of
// a program that uses it.
func TestFeaturesAreVerdicts(t *testing.T) {
	object := objectOf(t, "features")
	for _, kernel := range testKernels(t) {
		programs := checkJSON(t, "--kernel", kernel, object).Objects[0].Programs
		var args []string
		for _, p := range programs {
			args = append(args, "--type", p.Section)
		}
		for _, p := range programs {
			_, name, _ := strings.Cut(p.Name, "_")
			args = append(args, name)
		}
		doc, status := askFeatures(t, kernel, args...)
		if status != 0 {
			t.Errorf("%s: status %d", kernel, status)
		}
		for i, p := range programs {
			answer, name, _ := strings.Cut(p.Name, "_")
			f := doc.Kernels[0].Functions[i]
			may, mayNot := hasSection(f.Allowed, p.Section), hasSection(f.Denied, p.Section)
			if f.Name != name || may == mayNot || may != (answer == "yes") {
				t.Errorf("%s: %s in %s: %+v", kernel, name, p.Section, f)
			}
			if (p.Verdict == diag.Accepted) != may {
				t.Errorf("%s: %s is %s", kernel, p.Name, p.Verdict)
			}
		}
	}
}

// hasSection says whether a section is in a list that leaves out targets of
// bpfdiag's own choice.
func hasSection(list []string, section string) bool {
	base, _, _ := strings.Cut(section, "/")
	return slices.Contains(list, section) || slices.Contains(list, base)
}

// TestFeaturesRemembered: a second run says the same, and keeps nothing new; a
// damaged answer is asked for again.
func TestFeaturesRemembered(t *testing.T) {
	kernel := testKernels(t)[0]
	cache := t.TempDir()
	user, err := kernelpkg.CacheDir()
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(user)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries { // kernels, and the guest's init
		if e.Name() != "results" {
			if err := os.Symlink(filepath.Join(user, e.Name()), filepath.Join(cache, e.Name())); err != nil {
				t.Fatal(err)
			}
		}
	}
	ask := func() string {
		cmd := exec.Command(bpfdiagBin(t), "features", "--kernel", kernel, "--type", "xdp", "bpf_loop", "bpf_xdp_adjust_head")
		cmd.Env = append(os.Environ(), "BPFDIAG_CACHE="+cache, "BPFDIAG_NO_CACHE=")
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	kept := func() map[string]int64 {
		files, err := filepath.Glob(filepath.Join(cache, "results", "*"))
		if err != nil {
			t.Fatal(err)
		}
		sizes := map[string]int64{}
		for _, f := range files {
			info, err := os.Stat(f)
			if err != nil {
				t.Fatal(err)
			}
			sizes[f] = info.Size()
		}
		return sizes
	}
	first := ask()
	files := kept()
	if len(files) != 2 { // the kernel's words and the answer
		t.Errorf("kept: %v", files)
	}
	if again := ask(); again != first || !maps.Equal(kept(), files) {
		t.Errorf("%s\nthen\n%s", first, again)
	}
	for f := range files {
		if err := os.WriteFile(f, []byte("damaged"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if again := ask(); again != first || !maps.Equal(kept(), files) {
		t.Errorf("%s\nthen, after damage,\n%s", first, again)
	}
}

// TestFeaturesOfPrograms: what is known of XDP and cgroup programs in every kernel.
func TestFeaturesOfPrograms(t *testing.T) {
	for _, kernel := range testKernels(t) {
		doc, _ := askFeatures(t, kernel, "xdp", "cgroup_skb/egress")
		k := doc.Kernels[0]
		for _, name := range []string{"bpf_map_lookup_elem", "bpf_ktime_get_ns", "bpf_loop"} {
			if !slices.Contains(k.Common.Helpers, name) {
				t.Errorf("%s: not both may call %s", kernel, name)
			}
		}
		if !slices.Contains(k.Flags["gpl"], "bpf_trace_printk") || slices.Contains(k.Flags["gpl"], "bpf_map_lookup_elem") {
			t.Errorf("%s: for the GPL: %v", kernel, k.Flags["gpl"])
		}
		seen := map[string]bool{}
		for _, p := range k.Programs {
			for _, s := range p.Sections {
				seen[s] = true
			}
			switch p.Sections[0] {
			case "xdp":
				if p.Returns != "" || !slices.Contains(p.Helpers, "bpf_xdp_adjust_tail") || p.Context.Name != "struct xdp_md" ||
					len(p.Context.Fields) < 5 || p.Context.Fields[0].Read != "pkt" || p.Context.Fields[0].Write {
					t.Errorf("%s: %+v", kernel, p)
				}
			case "cgroup_skb/egress":
				if p.Returns != "0..3" || slices.Contains(p.Helpers, "bpf_xdp_adjust_tail") {
					t.Errorf("%s: %+v", kernel, p)
				}
			}
		}
		for _, s := range []string{"xdp", "xdp.frags", "xdp/devmap", "cgroup_skb/egress"} {
			if !seen[s] {
				t.Errorf("%s: nothing of %s", kernel, s)
			}
		}
	}
}

// TestFeaturesOverview: limits and maps, as measured.
func TestFeaturesOverview(t *testing.T) {
	for _, kernel := range testKernels(t) {
		doc, _ := askFeatures(t, kernel)
		k := doc.Kernels[0]
		limits := map[string]int{}
		for _, l := range k.Limits {
			limits[l.Unit] = l.Value
		}
		if limits["instructions"] != 1000000 || limits["bytes"] != 512 || limits["functions"] < 8 || limits["branches"] != 8192 {
			t.Errorf("%s: %v", kernel, k.Limits)
		}
		for _, m := range []string{"hash", "array_of_maps", "ringbuf", "sk_storage", "cgroup_storage", "bpf_spin_lock"} {
			if !slices.Contains(k.Maps, m) {
				t.Errorf("%s: no map of type %s", kernel, m)
			}
		}
		if len(k.Programs) < 30 {
			t.Errorf("%s: %d kinds of programs", kernel, len(k.Programs))
		}
	}
}
