package kernel

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Default is the series that is used when none is named.
const Default = "6.12"

// Newest names the newest series: the newest one in Debian's suites for
// [Build], the newest one that is built for [Find].
const Newest = "newest"

// SeriesInfo describes a kernel series that bpfdiag has patches for.
type SeriesInfo struct {
	Name    string `json:"name"`    // "6.12"
	Package string `json:"package"` // Debian's source package, "linux-source-6.12"
	// Objects is about how many files a build compiles. It only feeds the
	// progress display; the count of a build that has succeeded replaces it.
	Objects int `json:"-"`
}

var series = []SeriesInfo{
	{Name: "6.1", Objects: 1250},
	{Name: "6.12", Objects: 1280},
	{Name: "7.2", Objects: 1330},
	{Name: "7.3", Objects: 1330},
}

// debianSuites are all looked through, on the mirror that the system's own
// apt configuration names. Which series sid, experimental and the backports
// carry moves on, so that no series is tied to a suite here.
var debianSuites = []string{"bookworm", "bookworm-backports", "trixie", "trixie-backports", "sid", "experimental"}

// AllSeries returns the series that have patches of their own, oldest first.
func AllSeries() []SeriesInfo {
	all := slices.Clone(series)
	for i := range all {
		all[i].Package = packageOf(all[i].Name)
	}
	return all
}

func packageOf(series string) string { return "linux-source-" + series }

// expectedObjects is the table's figure for a series or, for one that has no
// patches of its own, the newest one's.
func expectedObjects(name string) int {
	for _, s := range series {
		if s.Name == name {
			return s.Objects
		}
	}
	return series[len(series)-1].Objects
}

// parseSeries splits "6.12" into 6 and 12.
func parseSeries(s string) (major, minor int, ok bool) {
	a, b, ok := strings.Cut(s, ".")
	if !ok {
		return 0, 0, false
	}
	major, err1 := strconv.Atoi(a)
	minor, err2 := strconv.Atoi(b)
	if err1 != nil || err2 != nil || major < 0 || fmt.Sprintf("%d.%d", major, minor) != s {
		return 0, 0, false
	}
	return major, minor, true
}

func isSeries(s string) bool {
	_, _, ok := parseSeries(s)
	return ok
}

// compareSeries orders by number: 6.2 < 6.12 < 7.0.
func compareSeries(a, b string) int {
	aMajor, aMinor, _ := parseSeries(a)
	bMajor, bMinor, _ := parseSeries(b)
	if aMajor != bMajor {
		return aMajor - bMajor
	}
	return aMinor - bMinor
}

// nearestPatchSet picks the patches for a tree: those of its own series, else
// of the nearest older one, else of the oldest. sets must not be empty.
func nearestPatchSet(name string, sets []string) string {
	sorted := slices.SortedFunc(slices.Values(sets), compareSeries)
	nearest := sorted[0]
	for _, s := range sorted {
		if compareSeries(s, name) <= 0 {
			nearest = s
		}
	}
	return nearest
}
