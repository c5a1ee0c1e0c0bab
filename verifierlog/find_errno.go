package verifierlog

import (
	"bytes"
	"strings"
)

// findErrnos are Linux's error numbers that bpf(BPF_PROG_LOAD) returns, with
// the C library's words (Go's are the same in lower case). The host's own
// table will not do: a log may be read on another system.
var findErrnos = []struct {
	number     int
	name, text string
}{
	{1, "EPERM", "operation not permitted"},
	{2, "ENOENT", "no such file or directory"},
	{3, "ESRCH", "no such process"},
	{4, "EINTR", "interrupted system call"},
	{7, "E2BIG", "argument list too long"},
	{9, "EBADF", "bad file descriptor"},
	{11, "EAGAIN", "resource temporarily unavailable"},
	{12, "ENOMEM", "cannot allocate memory"},
	{13, "EACCES", "permission denied"},
	{14, "EFAULT", "bad address"},
	{16, "EBUSY", "device or resource busy"},
	{17, "EEXIST", "file exists"},
	{19, "ENODEV", "no such device"},
	{22, "EINVAL", "invalid argument"},
	{28, "ENOSPC", "no space left on device"},
	{34, "ERANGE", "numerical result out of range"},
	{38, "ENOSYS", "function not implemented"},
	{75, "EOVERFLOW", "value too large for defined data type"},
	{90, "EMSGSIZE", "message too long"},
	{95, "EOPNOTSUPP", "operation not supported"},
	{110, "ETIMEDOUT", "connection timed out"},
	{524, "ENOTSUPP", "unknown error 524"},
}

// findErrno reads an error at the beginning of what a loader printed, in any
// of the ways that they print it: "-13", "(13)", "-EACCES", "Permission
// denied". It returns the number and how many bytes it read, 0 for none.
func findErrno(b []byte) (number, n int) {
	text := strings.ToLower(string(b[:min(len(b), 48)]))
	for _, e := range findErrnos {
		if strings.HasPrefix(text, e.text) {
			return e.number, len(e.text)
		}
		if name, ok := strings.CutPrefix(text, "-"); ok && strings.HasPrefix(name, strings.ToLower(e.name)) {
			return e.number, 1 + len(e.name)
		}
	}
	digits := bytes.TrimLeft(b, "(-")
	i := 0
	for i < len(digits) && i < 4 && digits[i] >= '0' && digits[i] <= '9' {
		number = number*10 + int(digits[i]-'0')
		i++
	}
	if i == 0 || len(digits) == len(b) {
		return 0, 0
	}
	return number, len(b) - len(digits) + i
}

// findBetween returns what is between two texts, "" if they are not there.
func findBetween(line []byte, before, after string) string {
	_, rest, ok := bytes.Cut(line, []byte(before))
	if !ok {
		return ""
	}
	name, _, ok := bytes.Cut(rest, []byte(after))
	if !ok || len(name) > 256 {
		return ""
	}
	return string(name)
}
