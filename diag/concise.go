package diag

import (
	"fmt"
	"io"
)

// WriteConcise prints one line for each cause, as compilers do, for quickfix
// lists:
//
//	prog.bpf.c:31:5: error[BPF0101]: `stats` may be NULL here
//
// The column counts bytes. Where there is no source position, the object
// stands for it. Accepted programs have no line.
func WriteConcise(w io.Writer, o Object) error {
	for _, f := range o.findings() {
		where, head, text := o.Path, "error", ""
		if f.d == nil {
			text = f.failure()
		} else {
			if l := f.d.primary(); l != nil && l.File != "" {
				where = place(l.File, l.Line, l.Column)
			}
			head = string(f.d.Severity)
			if f.d.Code != "" {
				head += "[" + f.d.Code + "]"
			}
			text = f.d.Message
		}
		if _, err := fmt.Fprintf(w, "%s: %s: %s\n", visible(where), visible(head), visible(text)); err != nil {
			return err
		}
	}
	return nil
}
