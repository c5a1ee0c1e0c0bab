package stat

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bpfdiag/bpfdiag/umlinux/loader"
)

// Column is what a column of a table shows.
type Column int

// The columns, in the order in which an alias is looked up. Those before
// FileName are numbers.
const (
	Verdict Column = iota // 1 for success, 0 for failure
	Duration
	TotalInsns
	TotalStates
	PeakStates
	MaxStatesPerInsn
	MarkRead
	ProgSize
	JitedSize
	StackDepth
	MaxStackDepth
	ProgType
	AttachType
	MemPeak

	FileName
	ProgName
	Code // of the diagnostic, "" for success; not one of veristat's
	numColumns

	numbers = FileName
)

// columns say how each is called: over a table, and in specs and CSV (the first
// of the names). Numbers are sorted downwards unless asc, and stand at the right.
var columns = [numColumns]struct {
	header string
	names  []string
	asc    bool
	left   bool
}{
	Verdict:          {"Verdict", []string{"verdict"}, true, true},
	Duration:         {"Duration (us)", []string{"duration", "dur"}, false, false},
	TotalInsns:       {"Insns", []string{"total_insns", "insns"}, false, false},
	TotalStates:      {"States", []string{"total_states", "states"}, false, false},
	PeakStates:       {"Peak states", []string{"peak_states"}, false, false},
	MaxStatesPerInsn: {"Max states per insn", []string{"max_states_per_insn"}, false, false},
	MarkRead:         {"Max mark read length", []string{"max_mark_read_len", "mark_read"}, false, false},
	ProgSize:         {"Program size", []string{"prog_size"}, false, false},
	JitedSize:        {"Jited size", []string{"prog_size_jited"}, false, false},
	StackDepth:       {"Stack depth", []string{"stack_depth", "stack"}, false, false},
	MaxStackDepth:    {"Max stack depth", []string{"max_stack_depth"}, false, false},
	ProgType:         {"Program type", []string{"prog_type"}, false, false},
	AttachType:       {"Attach type", []string{"attach_type"}, false, false},
	MemPeak:          {"Peak memory (MiB)", []string{"mem_peak"}, false, false},
	FileName:         {"File", []string{"file_name", "filename", "file"}, true, true},
	ProgName:         {"Program", []string{"prog_name", "progname", "prog"}, true, true},
	Code:             {"Code", []string{"code"}, true, true},
}

// key says that a column names the row: it is the same in both tables that are compared.
func (c Column) key() bool { return c == FileName || c == ProgName }

// Variant says what of two compared tables a column is about; without
// comparison it means nothing.
type Variant int

// The variants, and what a column's name ends in: "insns_a".
const (
	VariantA    Variant = iota // the first table's
	VariantB                   // the second's, which is meant when nothing is said
	VariantDiff                // second minus first
	VariantPct                 // that in per cent of the first
)

var variantSuffixes = [...]string{VariantA: "_a", VariantB: "_b", VariantDiff: "_diff", VariantPct: "_pct"}

// Field is a column as a spec names it.
type Field struct {
	Column  Column
	Variant Variant
	Asc     bool // sort upwards
	Abs     bool // "|insns_diff|"
}

// Spec says which columns are shown, or what rows are sorted by.
type Spec []Field

// ParseSpec reads "file,prog,insns_diff^": names separated by commas, "^" behind
// one sorts upwards, any of "v", "V", ".", "!", "_" downwards.
func ParseSpec(s string) (Spec, error) {
	var spec Spec
	for _, name := range strings.FieldsFunc(s, func(r rune) bool { return r == ',' }) {
		field, err := parseField(name)
		if err != nil {
			return nil, err
		}
		if spec = append(spec, field); len(spec) > int(numColumns)-1 {
			return nil, fmt.Errorf("more than %d columns: %s", int(numColumns)-1, s)
		}
	}
	return spec, nil
}

func parseField(name string) (Field, error) {
	bare, asc, ordered := name, false, false
	if n := len(name) - 1; n > 0 && strings.IndexByte("^vV.!_", name[n]) >= 0 {
		bare, asc, ordered = name[:n], name[n] == '^', true
	}
	field, ok := findField(bare)
	if !ok {
		return Field{}, unknownColumn(name, bare)
	}
	field.Asc = columns[field.Column].asc
	if ordered {
		field.Asc = asc
	}
	return field, nil
}

// unknownColumn is the error for a name that no column has.
func unknownColumn(name, bare string) error {
	var all []string
	for _, c := range columns {
		all = append(all, c.names...)
	}
	if near := loader.Similar(bare, all); len(near) > 0 {
		return fmt.Errorf("no column is called %q; did you mean %s?", name, strings.Join(near, " or "))
	}
	return fmt.Errorf("no column is called %q; there are %s", name, strings.Join(Names(), ", "))
}

// findField finds a column by one of its names, with the suffix of a variant or
// without (parse_stat_id_var).
func findField(name string) (f Field, ok bool) {
	if n := len(name); n > 2 && name[0] == '|' && name[n-1] == '|' {
		f.Abs = true
		name = name[1 : n-1]
	}
	for c := range numColumns {
		for _, alias := range columns[c].names {
			rest, found := strings.CutPrefix(name, alias)
			if !found {
				continue
			}
			if f.Column, f.Variant = c, VariantB; rest == "" {
				return f, true
			}
			for v, suffix := range variantSuffixes {
				if rest == suffix {
					f.Variant = Variant(v)
					return f, true
				}
			}
		}
	}
	return Field{}, false
}

// Names lists the columns as CSV has them.
func Names() []string {
	var names []string
	for _, c := range columns {
		names = append(names, c.names[0])
	}
	return names
}

func specOf(cols ...Column) Spec {
	var s Spec
	for _, c := range cols {
		s = append(s, Field{Column: c, Variant: VariantB, Asc: columns[c].asc})
	}
	return s
}

// TableColumns are the columns of a table when nothing is asked for.
func TableColumns() Spec {
	return specOf(FileName, ProgName, Verdict, Duration, TotalInsns, TotalStates, ProgSize, JitedSize)
}

// WithCode is s and, behind it, the column that says why programs failed.
func (s Spec) WithCode() Spec { return append(slices.Clip(s), specOf(Code)...) }

// CSVColumns are those of a CSV file: what the veristat of Linux 7.3 writes. Older ones know
// fewer; -e says which.
func CSVColumns() Spec {
	return specOf(FileName, ProgName, Verdict, Duration, TotalInsns, TotalStates, PeakStates, MaxStatesPerInsn, MarkRead,
		ProgSize, JitedSize, ProgType, AttachType, StackDepth, MaxStackDepth, MemPeak)
}

// Common are the fields of s whose columns others have, too.
func (s Spec) Common(others ...Spec) Spec {
	var common Spec
	for _, f := range s {
		if !slices.ContainsFunc(others, func(o Spec) bool {
			return !slices.ContainsFunc(o, func(g Field) bool { return g.Column == f.Column })
		}) {
			common = append(common, f)
		}
	}
	return common
}

// DefaultSort sorts by file, then program.
func DefaultSort() Spec { return specOf(FileName, ProgName) }

// Name is what CSV calls a column.
func (c Column) Name() string { return columns[c].names[0] }
