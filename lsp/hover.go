package lsp

import (
	"context"
	"slices"
	"strings"
)

// hover says what the verifier knows of a variable.
func (s *Server) hover(ctx context.Context, p HoverParams) (any, error) {
	s.mu.Lock()
	in := s.openFile(p.TextDocument.URI)
	var units []*unit
	if in != nil {
		units = s.unitsOf(in)
	}
	s.mu.Unlock()
	var said []string
	var where Range
	for _, u := range units {
		f, err := s.factsOf(ctx, u)
		if ctx.Err() != nil {
			return nil, err
		}
		if f == nil || err != nil {
			continue // it is of no use to be told so at each place
		}
		s.mu.Lock()
		offset := in.text.offset(p.Position, s.encoding)
		x := expressionAt(in.text.content, offset)
		for _, l := range f.lines {
			if l.at.gone || l.at.file != in || offset < l.at.start || offset > l.at.end || x.text == "" {
				continue
			}
			where = in.text.rangeOf(x.start, x.end, s.encoding)
			for _, fact := range l.Facts {
				if x.means(fact.Name) {
					if t := u.factText(&l, fact); !slices.Contains(said, t) {
						said = append(said, t)
					}
				}
			}
		}
		s.mu.Unlock()
	}
	if len(said) == 0 {
		return nil, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	text := strings.Join(said, "\n\n---\n\n")
	if !slices.Contains(s.client.TextDocument.Hover.ContentFormat, "markdown") {
		plain := strings.NewReplacer("`", "", "\n\n---\n\n", "\n\n", "*", "")
		return Hover{Contents: MarkupContent{"plaintext", plain.Replace(text)}, Range: &where}, nil
	}
	return Hover{Contents: MarkupContent{"markdown", text}, Range: &where}, nil
}

// factText is a fact as markdown.
func (u *unit) factText(l *factLine, f Fact) string {
	head := "`" + f.Name + "`"
	if f.Type != "" {
		head += ": `" + f.Type + "`"
	}
	text := head + "\n\n" + f.Text + "\n\n*what the verifier knows in* `" + l.Program + "`"
	if len(l.Limits) == 0 {
		return text + "*, on all paths*"
	}
	return text + "*; " + strings.Join(l.Limits, "; ") + "*"
}

// expression is a variable, or a member of one, and where it is.
type expression struct {
	text       string // without spaces
	index      string // [...] behind it
	start, end int
}

// means says whether a fact's name is the expression, an element of it, or what it points to.
func (x *expression) means(name string) bool {
	name = strings.ReplaceAll(name, " ", "")
	return name == x.text || name == "*"+x.text || x.index != "" && name == x.text+x.index
}

// expressionAt is the variable at an offset, with that which it is a member of:
// ctx->data for the offset of data, ctx for that of ctx.
func expressionAt(s string, at int) expression {
	start, end := at, at
	for start > 0 && isWord(s[start-1]) {
		start--
	}
	for end < len(s) && isWord(s[end]) {
		end++
	}
	if start == end || s[start] >= '0' && s[start] <= '9' {
		return expression{}
	}
	x := expression{start: start, end: end}
	for { // to the left, through members and elements
		i := start
		switch {
		case i >= 2 && s[i-2:i] == "->":
			i -= 2
		case i >= 1 && s[i-1] == '.':
			i--
		default:
			x.text = strings.ReplaceAll(s[start:end], " ", "")
			x.index = indexAt(s, end)
			return x
		}
		for i > 0 && s[i-1] == ']' {
			open := strings.LastIndexByte(s[:i], '[')
			if open < 0 || strings.ContainsAny(s[open:i], "\n") {
				break
			}
			i = open
		}
		word := i
		for word > 0 && isWord(s[word-1]) {
			word--
		}
		if word == i {
			x.text = strings.ReplaceAll(s[start:end], " ", "")
			return x
		}
		start = word
	}
}

// indexAt is the index that follows an array's name, empty if none does.
func indexAt(s string, at int) string {
	if at >= len(s) || s[at] != '[' {
		return ""
	}
	n := strings.IndexAny(s[at:], "]\n")
	if n < 0 || s[at+n] == '\n' {
		return ""
	}
	return strings.ReplaceAll(s[at:at+n+1], " ", "")
}
