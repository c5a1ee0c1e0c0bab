package features

import (
	"bytes"
	"encoding/gob"
	"fmt"
)

// Memory keeps what one kernel has answered for another time.
type Memory interface {
	Get(question string) ([]byte, bool)
	Put(question string, answer []byte)
}

// recall returns what is remembered of a question, or asks it. An answer is
// remembered if ask says that it would be the same another time.
func recall[T any](m Memory, question string, ask func() (answer T, keep bool, err error)) (T, error) {
	if m == nil {
		answer, _, err := ask()
		return answer, err
	}
	if data, ok := m.Get(question); ok {
		var answer T
		if gob.NewDecoder(bytes.NewReader(data)).Decode(&answer) == nil {
			return answer, nil
		}
	}
	answer, keep, err := ask()
	if err != nil || !keep {
		return answer, err
	}
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(answer); err != nil {
		return answer, fmt.Errorf("remember what the kernel said: %w", err)
	}
	m.Put(question, b.Bytes())
	return answer, nil
}

// key is all that an answer depends on beside the kernel.
func (q *Question) key() string {
	return fmt.Sprintf("%q %q %t %t %t", q.Sections, q.Names, q.All, q.Context, q.Limits)
}
