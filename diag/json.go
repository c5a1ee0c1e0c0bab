package diag

import (
	"encoding/json"
	"io"
)

// WriteJSON prints a document as one line-broken JSON value.
func WriteJSON(w io.Writer, d Document) error {
	if d.Objects == nil {
		d.Objects = []Object{}
	}
	return writeIndented(w, d)
}

func writeIndented(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
