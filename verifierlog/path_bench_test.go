package verifierlog

import (
	"bytes"
	"testing"
)

// BenchmarkReadPath finds the path of the measured log once, BenchmarkPathValues
// puts its values together too.
func BenchmarkReadPath(b *testing.B) {
	text := benchLog(b)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if p, err := ReadPath(bytes.NewReader(text)); err != nil || p.Len() == 0 {
			b.Fatal(p, err)
		}
	}
}

func BenchmarkPathValues(b *testing.B) {
	text := benchLog(b)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		p, err := ReadPath(bytes.NewReader(text))
		if err != nil {
			b.Fatal(err)
		}
		last := p.Len() - 1
		p.Checks(last, Reg(p.Step(last).Frame, 9))
	}
}
