package check

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// Memory keeps what a kernel has answered, beside the results of objects.
type Memory struct {
	cache  *Cache
	kernel string
}

// Memory returns the checker's; nil if nothing is to be kept, or its kernel is not
// known well enough.
func (ck *Checker) Memory() *Memory {
	if ck.Cache == nil || ck.kernelID == "" {
		return nil
	}
	return &Memory{ck.Cache, fmt.Sprintf("%q %q %d", ck.kernelID, ck.Options.JIT, ck.Options.Memory)}
}

// Get returns what is kept of a question.
func (m *Memory) Get(question string) ([]byte, bool) { return m.cache.get(m.name(question)) }

// Put keeps an answer.
func (m *Memory) Put(question string, answer []byte) { m.cache.put(m.name(question), answer) }

func (m *Memory) name(question string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "answer %q %q %q", m.cache.program, m.kernel, question))
	return hex.EncodeToString(sum[:])
}
