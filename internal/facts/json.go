package facts

// JSON is a fact as plain data.
type JSON struct {
	Name   string `json:"name"`
	Type   string `json:"type,omitempty"`
	Text   string `json:"text"`
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
	Visits int    `json:"visits"`
	Likely bool   `json:"likely,omitempty"` // the name is not proven
	Memory bool   `json:"memory,omitempty"` // read from, or written to, memory
}

// JSON is the fact as plain data.
func (f *Fact) JSON() JSON {
	return JSON{Name: f.Name, Type: f.Type.String(), Text: f.Text(), Before: f.Before.Text(f.Type), After: f.After.Text(f.Type),
		Visits: f.Visits, Likely: f.Likely, Memory: f.Memory}
}

// Text is the fact in one sentence's part: "0 to 9; then 1 to 10".
func (f *Fact) Text() string {
	before, after := f.Before.Text(f.Type), f.After.Text(f.Type)
	switch {
	case f.Memory && after == "":
		return before + " is read"
	case f.Memory && before == "":
		return after + " is written"
	case f.Memory:
		return before + " is read; " + after + " is written"
	case before == "" || before == after:
		return after
	case after == "":
		return before
	}
	return before + "; after this line " + after
}
