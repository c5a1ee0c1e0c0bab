package check

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/umlinux/kernel"
)

// TestPoolOfOther: a question has no program run that is not a kernel of the user's.
func TestPoolOfOther(t *testing.T) {
	cache := t.TempDir()
	t.Setenv("BPFDIAG_CACHE", cache)
	folder := filepath.Join(cache, "kernels", "9.9")
	err := errors.Join(os.MkdirAll(folder, 0o777), os.WriteFile(filepath.Join(folder, "linux"), []byte("\x7fELF"), 0o777),
		os.WriteFile(filepath.Join(folder, "image.json"), []byte(`{"name": "9.9", "size": 4, "key": "k"}`), 0o666))
	if err != nil {
		t.Fatal(err)
	}
	img, err := kernel.Find("9.9")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := PoolOf(t.Context(), &Question{Image: img}); err == nil || errors.Is(err, errOtherKernel) { // there is no init
		t.Errorf("the kernel: %v", err)
	}
	other := filepath.Join(t.TempDir(), "linux")
	if err := os.WriteFile(other, []byte("\x7fELF"), 0o777); err != nil {
		t.Fatal(err)
	}
	path, key, own := img, img, img
	path.Path, key.Key, own.Name, own.Path = other, "other", other, other
	for _, img := range []kernel.Image{path, key, own, {}} {
		if _, err := PoolOf(t.Context(), &Question{Image: img}); err == nil || img.Name != "" && !errors.Is(err, errOtherKernel) {
			t.Errorf("%+v: %v", img, err)
		}
	}
}

// TestAnswerWritesNothing: a question has no log written where the server is.
func TestAnswerWritesNothing(t *testing.T) {
	data, err := os.ReadFile("../../cmd/bpfdiag/testdata/objects/BPF0101.rejected.bpf.o")
	if err != nil {
		t.Fatal(err)
	}
	p := NewPool(t.Context(), For(nil, Options{}, diag.NewSources()))
	for _, o := range []Options{{SaveLogs: t.TempDir()}, {KeepLogs: true}, {Memory: 4096}} {
		if _, err := p.Answer(t.Context(), &Question{Options: o, Path: "a.o", Folders: []string{"/"}}, data); !errors.Is(err, errNoAnswer) {
			t.Errorf("%+v: %v", o, err)
		}
	}
}
