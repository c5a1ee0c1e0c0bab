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
	var card card
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
					card.add(&l, fact)
				}
			}
		}
		s.mu.Unlock()
	}
	if len(card.heads) == 0 {
		return nil, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Contains(s.client.TextDocument.Hover.ContentFormat, "markdown") {
		return Hover{Contents: MarkupContent{"plaintext", card.text(false)}, Range: &where}, nil
	}
	return Hover{Contents: MarkupContent{"markdown", card.text(true)}, Range: &where}, nil
}

// card is what a hover shows: declarations, and what the verifier knows of each in
// which programs.
type card struct {
	heads  []string
	said   map[string][]saying
	limits []string
}

type saying struct {
	text     string
	programs []string
}

func (c *card) add(l *factLine, f Fact) {
	if c.said == nil {
		c.said = map[string][]saying{}
	}
	head := declare(f.Type, f.Name)
	if !slices.Contains(c.heads, head) {
		c.heads = append(c.heads, head)
	}
	text := f.Text
	if f.After != "" && f.After != f.Text {
		text += " → " + f.After + " after this line"
	}
	i := slices.IndexFunc(c.said[head], func(s saying) bool { return s.text == text })
	if i < 0 {
		i = len(c.said[head])
		c.said[head] = append(c.said[head], saying{text: text})
	}
	if s := &c.said[head][i]; !slices.Contains(s.programs, l.Program) {
		s.programs = append(s.programs, l.Program)
	}
	for _, limit := range l.Limits {
		if !slices.Contains(c.limits, limit) {
			c.limits = append(c.limits, limit)
		}
	}
}

// text is the card as markdown, or as plain text. Programs are named where they differ.
func (c *card) text(markdown bool) string {
	var parts []string
	for _, head := range c.heads {
		said := c.said[head]
		if markdown {
			head = "```c\n" + head + "\n```"
		}
		parts = append(parts, head)
		var lines []string
		for _, s := range said {
			line := "verifier: " + s.text
			if len(said) > 1 {
				line = "verifier, in " + quoted(s.programs) + ": " + s.text
			}
			lines = append(lines, line)
		}
		if markdown {
			parts = append(parts, strings.Join(lines, "  \n")) // a line break
			continue
		}
		parts = append(parts, strings.ReplaceAll(strings.Join(lines, "\n"), "`", ""))
	}
	for _, l := range c.limits {
		if markdown {
			l = "*" + l + "*"
		}
		parts = append(parts, l)
	}
	if markdown {
		return strings.Join(parts, "\n\n")
	}
	return strings.Join(parts, "\n")
}

// declare is a declaration in C: char name[16], int (*name)(void).
func declare(typ, name string) string {
	if typ == "" {
		return name
	}
	if before, after, ok := strings.Cut(typ, "(*)"); ok {
		return before + "(*" + name + ")" + after
	}
	elements := ""
	if i := strings.IndexByte(typ, '['); i > 0 {
		typ, elements = strings.TrimRight(typ[:i], " "), typ[i:]
	}
	if !strings.HasSuffix(typ, "*") {
		typ += " "
	}
	return typ + name + elements
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
