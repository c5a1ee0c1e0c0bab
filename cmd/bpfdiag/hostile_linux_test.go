package main

import (
	"flag"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

var (
	hostileTime = flag.Duration("hostile", 0, "how long TestHostile goes on")
	hostileSeed = flag.Uint64("hostile-seed", 0, "the first input of TestHostile")
)

// TestHostile asks about random damage, as the fuzz targets do, many times as
// fast and without learning from what it sees. The first inputs are always the same.
func TestHostile(t *testing.T) {
	all, logs, dir := hostiles(t), recordedLogs(t), t.TempDir()
	until := time.Now().Add(*hostileTime)
	seed := *hostileSeed
	for ; seed < *hostileSeed+200 || time.Now().Before(until); seed++ {
		r := rand.New(rand.NewPCG(seed, 8))
		h := all[r.IntN(len(all))]
		edits := make([]byte, 5*r.IntN(24))
		for i := range edits {
			edits[i] = byte(r.Uint32())
		}
		log, source := logs[r.IntN(len(logs))], h.source // of any program
		if len(h.logs) > 0 && r.IntN(2) == 0 {
			log = h.logs[r.IntN(len(h.logs))]
		}
		for range r.IntN(6) {
			log = spoil(r, log)
		}
		for range r.IntN(4) {
			source = spoil(r, source)
		}
		explainHostile(t, dir, h.damage(edits), h.name, source, log, r.IntN(2) == 0)
		if t.Failed() {
			t.Fatalf("-hostile-seed %d: %s with edits %v, the source\n%s\nand the log\n%s", seed, h.name, edits, source, log)
		}
	}
	t.Logf("%d inputs", seed-*hostileSeed)
}

// spoil changes a text at one place: lines are left out, come again or change
// places, words come from elsewhere, numbers grow.
func spoil(r *rand.Rand, text string) string {
	if text == "" {
		return string(rune(r.IntN(300)))
	}
	lines := strings.SplitAfter(text, "\n")
	i, j := r.IntN(len(lines)), r.IntN(len(lines))
	switch r.IntN(9) {
	case 0:
		lines[i] = ""
	case 1:
		lines[i] = lines[j]
	case 2:
		lines[i], lines[j] = lines[j], lines[i]
	case 3:
		lines = lines[:i]
	case 4:
		lines = append(lines[i:], lines[:i]...)
	case 5: // a number
		lines[i] = strings.Replace(lines[i], string(rune('0'+r.IntN(10))), []string{"-1", "4294967295", "9223372036854775808", "", "511"}[r.IntN(5)], 1+r.IntN(2))
	case 6: // a word
		words, others := strings.Fields(lines[i]), strings.Fields(lines[j])
		if len(words) > 0 && len(others) > 0 {
			lines[i] = strings.Replace(lines[i], words[r.IntN(len(words))], others[r.IntN(len(others))], 1)
		}
	case 7: // a byte
		k := r.IntN(len(text))
		return text[:k] + string([]byte{byte(r.Uint32())}) + text[k+r.IntN(2):]
	case 8: // punctuation
		k := r.IntN(len(text))
		return text[:k] + string("(){}[];,:=*&\"'#\\/\n\t"[r.IntN(19)]) + text[k:]
	}
	return strings.Join(lines, "")
}
