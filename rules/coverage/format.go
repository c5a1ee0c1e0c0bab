package main

import (
	"strings"
)

// expand puts an argument's text into the format where it is known: the
// strings of a conditional if the format says next to nothing by itself, and
// the register that reg_arg_name prints.
func (r *reader) expand(f function, format string, args [][]token) []string {
	vague := letters(format) < 12
	out := []string{""}
	rest := format
	for n := 0; ; n++ {
		before, spec, verb, after, ok := nextVerb(rest)
		if !ok {
			for i := range out {
				out[i] += rest
			}
			return out
		}
		rest = after
		stars := strings.Count(spec, "*")
		n += stars
		texts := []string{spec}
		if verb == 's' && n < len(args) && len(args[n]) > 0 {
			switch arg := args[n]; {
			case arg[0].text == "reg_arg_name":
				texts = []string{"R%d"}
			case vague:
				if known := r.text(f, arg, 0); len(known) > 0 && len(known) < 12 {
					texts = known
				}
			}
		}
		if verb == '%' {
			n--
		}
		var next []string
		for _, o := range out {
			for _, t := range texts {
				next = append(next, o+before+t)
			}
		}
		out = next
	}
}

func letters(format string) int {
	n := 0
	for {
		before, _, _, after, ok := nextVerb(format)
		for _, c := range before {
			if c|0x20 >= 'a' && c|0x20 <= 'z' {
				n++
			}
		}
		if !ok {
			for _, c := range format {
				if c|0x20 >= 'a' && c|0x20 <= 'z' {
					n++
				}
			}
			return n
		}
		format = after
	}
}

// nextVerb finds the next conversion of a printf format.
func nextVerb(format string) (before, spec string, verb byte, after string, ok bool) {
	at := strings.IndexByte(format, '%')
	if at < 0 {
		return "", "", 0, "", false
	}
	end := at + 1
	for end < len(format) && strings.IndexByte("-+ #0123456789.*hlzjtL", format[end]) >= 0 {
		end++
	}
	if end >= len(format) {
		return "", "", 0, "", false
	}
	return format[:at], format[at : end+1], format[end], format[end+1:], true
}

// normalise makes a message's text the same for all series: conversions become
// the wildcards of package messages, and every way to name a register or an
// argument one of them.
func normalise(format string) string {
	var text strings.Builder
	for {
		before, spec, verb, after, ok := nextVerb(format)
		if !ok {
			text.WriteString(format)
			break
		}
		text.WriteString(before)
		switch verb {
		case 'd', 'i', 'u':
			text.WriteString("%d")
		case 'x', 'X', 'p':
			if strings.Contains(spec, "#") {
				text.WriteString("0x")
			}
			text.WriteString("%x")
		case '%':
			text.WriteString("%%")
		default:
			text.WriteString("%s")
		}
		format = after
	}
	s := text.String()
	for _, name := range []string{"R%d", "args#%d", "arg#%d", "arg %d"} {
		s = strings.ReplaceAll(s, name, "%R")
	}
	for strings.Contains(s, "%s%s") {
		s = strings.ReplaceAll(s, "%s%s", "%s")
	}
	return strings.TrimSpace(s)
}
