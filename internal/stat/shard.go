package stat

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// Shard is one machine's share of a list of objects; Part counts from 1.
type Shard struct {
	Part  int `json:"part"`
	Parts int `json:"parts"`
	// Objects is how long the whole list was, and List tells it from others: by
	// them Merge knows whether shards are of one list.
	Objects int    `json:"objects"`
	List    string `json:"list"`
}

// maxShards is more than anybody has machines for one job.
const maxShards = 10000

// ParseShard reads "2/5": the second of five.
func ParseShard(s string) (Shard, error) {
	var sh Shard
	var rest string
	n, _ := fmt.Sscanf(s+" .", "%d/%d%s", &sh.Part, &sh.Parts, &rest)
	if n != 3 || rest != "." || !sh.valid() {
		return sh, fmt.Errorf("%q is no part of a whole; 2/5 is the second of five", s)
	}
	return sh, nil
}

func (s *Shard) valid() bool { return 1 <= s.Part && s.Part <= s.Parts && s.Parts <= maxShards }

// Of returns the paths of a shard, in their order: of all, sorted by name, every
// Parts-th. So objects with names that are alike, which often take a like time, are
// spread, no two shards differ by more than one object, and neither the order of
// paths nor the folder that a machine has them in matters. It notes the list.
func (s *Shard) Of(paths []string) []string {
	type named struct {
		at   int      // in paths
		name []string // from the file's name up
	}
	all := make([]named, len(paths))
	for i, p := range paths {
		parts := strings.Split(filepath.ToSlash(filepath.Clean(p)), "/")
		slices.Reverse(parts)
		all[i] = named{i, parts}
	}
	slices.SortFunc(all, func(a, b named) int {
		return cmp.Or(slices.Compare(a.name, b.name), cmp.Compare(a.at, b.at))
	})
	list := sha256.New()
	var mine []int
	for i, n := range all {
		fmt.Fprintf(list, "%q", n.name[0])
		if i%s.Parts == s.Part-1 {
			mine = append(mine, n.at)
		}
	}
	s.Objects, s.List = len(paths), hex.EncodeToString(list.Sum(nil))[:16]
	slices.Sort(mine)
	out := make([]string, len(mine))
	for i, at := range mine {
		out[i] = paths[at]
	}
	return out
}

func (s *Shard) String() string { return fmt.Sprintf("%d/%d", s.Part, s.Parts) }
