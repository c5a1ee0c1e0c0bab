package verifierlog

// Run is a stretch of the path: steps that follow one another, or a loop.
type Run struct {
	// First to Last are the steps of the stretch; of a loop those of its last
	// pass.
	First, Last int
	// Times is 1 for a stretch without repetition. For a loop it is how often
	// the same instructions were run in a row: the steps From to Last.
	Times int
	From  int
	// Body is what a loop's last pass consists of, when there are loops in it.
	Body []Run
}

// Folded gives the path with its loops folded: "203 times these 4 lines".
// Passes that take another way through the loop are runs of their own; how
// often an inner loop was run may differ from pass to pass.
//
//	for _, r := range p.Folded() {
//		fmt.Println(r.Times, "times the steps", r.First, "to", r.Last)
//	}
func (p *Path) Folded() []Run {
	f := folder{last: make(map[uint64]int32)}
	for i := range p.recs {
		f.add(foldItem{
			hash: mix(uint64(p.recs[i].insn)<<8 | uint64(p.recs[i].frame)),
			from: int32(i), first: int32(i), last: int32(i), times: 1,
		})
		for f.fold() {
		}
	}
	return runs(f.items)
}

// folder folds as it goes: whenever the items at its end are the same as those
// in front of them, both become one.
type folder struct {
	items []foldItem
	last  map[uint64]int32 // hash → the last item that has it
}

// foldItem is a step, or a loop. Loops with the same body have the same hash.
type foldItem struct {
	hash              uint64
	prefix            uint64 // of all hashes up to here
	prev              int32  // item before with the same hash, -1
	loop              int32  // last loop up to here, -1
	from, first, last int32
	times             int32
	body              []foldItem // of a loop
}

const foldBase = 0x9e3779b97f4a7c15

// foldTries is how many periods are tried behind each step.
const foldTries = 4

func mix(x uint64) uint64 {
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	return x ^ x>>29
}

func (f *folder) add(it foldItem) {
	it.prev = -1
	if k, ok := f.last[it.hash]; ok {
		it.prev = k
	}
	it.prefix, it.loop = it.hash, -1
	if n := len(f.items); n > 0 {
		it.prefix += f.items[n-1].prefix * foldBase
		it.loop = f.items[n-1].loop
	}
	if it.times > 1 {
		it.loop = int32(len(f.items))
	}
	f.last[it.hash] = int32(len(f.items))
	f.items = append(f.items, it)
}

// cut drops the items from n on.
func (f *folder) cut(n int) {
	for k := len(f.items) - 1; k >= n; k-- {
		if it := &f.items[k]; it.prev >= 0 {
			f.last[it.hash] = it.prev
		} else {
			delete(f.last, it.hash)
		}
	}
	f.items = f.items[:n]
}

// fold folds the end of the items, if it can.
func (f *folder) fold() bool {
	n := len(f.items)
	if n == 0 {
		return false
	}
	k := f.items[n-1].loop
	if k == int32(n-1) && k > 0 {
		k = f.items[k-1].loop
	}
	for range foldTries { // one more pass of a loop in front
		if k < 0 {
			break
		}
		if loop := &f.items[k]; len(loop.body) == n-1-int(k) && sameItems(loop.body, f.items[k+1:]) {
			f.pass(int(k))
			return true
		}
		if k == 0 {
			break
		}
		k = f.items[k-1].loop
	}
	for prev, tries := f.items[n-1].prev, 0; prev >= 0 && tries < foldTries; tries++ { // a second pass
		period := n - 1 - int(prev)
		if n >= 2*period && f.sum(n-period, n) == f.sum(n-2*period, n-period) &&
			sameItems(f.items[n-period:], f.items[n-2*period:n-period]) {
			f.merge(period)
			return true
		}
		prev = f.items[prev].prev
	}
	return false
}

// pass adds the items behind the loop at k to it.
func (f *folder) pass(k int) {
	loop := f.items[k]
	loop.body = append(loop.body[:0], f.items[k+1:]...)
	loop.first, loop.last = loop.body[0].from, loop.body[len(loop.body)-1].last
	loop.times++
	f.cut(k)
	f.add(loop)
}

// merge makes a loop of the last two times period items.
func (f *folder) merge(period int) {
	n := len(f.items)
	body := append([]foldItem(nil), f.items[n-period:]...)
	loop := foldItem{
		from: f.items[n-2*period].from, first: body[0].from, last: body[period-1].last,
		times: 2, body: body, hash: mix(f.sum(n-period, n) + foldBase),
	}
	f.cut(n - 2*period)
	f.add(loop)
}

// sum is a hash of the items i to j-1.
func (f *folder) sum(i, j int) uint64 {
	s := f.items[j-1].prefix
	if i == 0 {
		return s
	}
	pow, base := uint64(1), uint64(foldBase)
	for n := j - i; n > 0; n >>= 1 {
		if n&1 != 0 {
			pow *= base
		}
		base *= base
	}
	return s - f.items[i-1].prefix*pow
}

func sameItems(a, b []foldItem) bool {
	for i := range a {
		if a[i].hash != b[i].hash {
			return false
		}
	}
	return true
}

// runs joins the steps that follow one another.
func runs(items []foldItem) []Run {
	var rs []Run
	for i := range items {
		it := &items[i]
		if it.times == 1 && len(it.body) == 0 {
			if k := len(rs) - 1; k >= 0 && rs[k].Times == 1 {
				rs[k].Last = int(it.last)
				continue
			}
			rs = append(rs, Run{First: int(it.first), Last: int(it.last), Times: 1, From: int(it.first)})
			continue
		}
		r := Run{First: int(it.first), Last: int(it.last), Times: int(it.times), From: int(it.from)}
		if inner := runs(it.body); len(inner) > 1 || inner[0].Times > 1 {
			r.Body = inner
		}
		rs = append(rs, r)
	}
	return rs
}
