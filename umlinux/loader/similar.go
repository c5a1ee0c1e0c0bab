package loader

import (
	"slices"
	"strings"
)

// maxSimilar bounds how many names are proposed.
const maxSimilar = 3

// similar returns the names that somebody may have meant by one that does not
// exist, best first: with few letters changed, or the same but for underscores
// around it.
func similar(name string, names []string) []string {
	type candidate struct {
		name string
		cost int
	}
	var found []candidate
	limit := len(name)/4 + 1
	for _, n := range names {
		switch {
		case n == "" || n == name:
		case strings.Trim(n, "_") == strings.Trim(name, "_"):
			found = append(found, candidate{n, 0})
		default:
			if d := distance(name, n, limit); d <= limit && d < len(name) {
				found = append(found, candidate{n, d})
			}
		}
	}
	slices.SortStableFunc(found, func(a, b candidate) int { return a.cost - b.cost })
	var out []string
	for _, c := range found {
		// Next to a name that only lacks underscores others are far-fetched.
		if !slices.Contains(out, c.name) && len(out) < maxSimilar && (c.cost == 0 || found[0].cost > 0) {
			out = append(out, c.name)
		}
	}
	return out
}

// Similar proposes names that somebody may have meant by one that does not exist.
func Similar(name string, names []string) []string { return similar(name, names) }

// distance is how many letters have to be changed, added or left out to make b
// of a (Levenshtein), or more than limit.
func distance(a, b string, limit int) int {
	if d := len(a) - len(b); d > limit || -d > limit || len(a) > 256 {
		return limit + 1
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// similarSections proposes names of libbpf's table for a section that is not in it.
func similarSections(section string) []string {
	var names []string
	for _, d := range sectionDefs {
		names = append(names, strings.TrimSuffix(d.name, "+"))
	}
	if out := similar(section, names); out != nil {
		return out
	}
	first, rest, _ := strings.Cut(section, "/")
	if _, known := findSection(first); known { // "xdp/name": xdp takes nothing behind it
		return []string{first}
	}
	out := similar(first, names)
	for i := range out {
		if rest != "" {
			out[i] += "/" + rest
		}
	}
	return out
}

// similarTargets proposes names of the kernel's for something that it lacks.
func (k *Kernel) similarTargets(what, name string) []string {
	t, known := inBTF[what]
	if !known {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	spec, err := k.load()
	if err != nil {
		return nil
	}
	var names []string
	for typ, err := range spec.All() {
		if err != nil {
			return nil
		}
		n := typ.TypeName()
		if len(n) > len(t.prefix) && strings.HasPrefix(n, t.prefix) && t.match(typ) {
			names = append(names, n[len(t.prefix):])
		}
	}
	return similar(name, names)
}
