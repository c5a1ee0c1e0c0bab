package rules

import "strings"

// hook is what the program's section says it attaches to: "file_open" of
// "lsm/file_open"; "" if it says nothing.
func (c *Case) hook() string {
	_, target, _ := strings.Cut(c.Program.Section, "/")
	return target
}
