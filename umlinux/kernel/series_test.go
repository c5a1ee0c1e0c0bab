package kernel

import (
	"slices"
	"strings"
	"testing"
)

func TestNearestPatchSet(t *testing.T) {
	sets := []string{"7.2", "6.1", "6.12", "7.3"}
	for tree, want := range map[string]string{
		"6.12": "6.12", // its own
		"6.2":  "6.1",  // 2 is less than 12
		"6.18": "6.12",
		"7.0":  "6.12",
		"7.10": "7.3", // newer than all
		"5.15": "6.1", // older than all
	} {
		if got := nearestPatchSet(tree, sets); got != want {
			t.Errorf("a tree of %s gets the patches of %s, want %s", tree, got, want)
		}
	}
}

func TestIsSeries(t *testing.T) {
	for s, want := range map[string]bool{
		"6.12": true, "7.2": true, "10.0": true,
		"6": false, "6.12.1": false, "6.012": false, "6.x": false, "": false, "newest": false, "-6.1": false,
	} {
		if isSeries(s) != want {
			t.Errorf("isSeries(%q) = %v", s, !want)
		}
	}
}

// The table and the folder of patches name the same series, and each patch
// says why it is there.
func TestAllSeriesHavePatches(t *testing.T) {
	sets, err := patchSets()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range AllSeries() {
		names = append(names, s.Name)
		if s.Package != "linux-source-"+s.Name || s.Objects == 0 {
			t.Errorf("incomplete: %+v", s)
		}
	}
	if !slices.Equal(names, sets) {
		t.Errorf("the table has %v, the patches %v", names, sets)
	}
	if !slices.Contains(names, Default) {
		t.Errorf("the default %s is not in the table", Default)
	}
	for _, name := range sets {
		r, err := recipeFor(name)
		if err != nil {
			t.Fatal(err)
		}
		if len(r.patches) == 0 {
			t.Errorf("%s has no patches", name)
		}
		for _, p := range r.patches {
			header, _, isPatch := strings.Cut(string(p.text), "\n+++ ")
			if !isPatch || strings.Count(header, "\n") < 2 {
				t.Errorf("%s/%s has no header that says why", name, p.name)
			}
		}
		if _, err := r.fragment(nil); err != nil {
			t.Error(err)
		}
	}
}
