package umlinux

import (
	"fmt"
	"runtime"
)

// Supported says why no guest can run on this platform, nil if one can. The
// kernel is User Mode Linux, which exists for x86 alone, and bpfdiag's patches
// are for its 64-bit form.
func Supported() error {
	if runtime.GOOS == "linux" && runtime.GOARCH == "amd64" {
		return nil
	}
	return fmt.Errorf("verifying needs Linux on x86-64; this is %s on %s", runtime.GOOS, runtime.GOARCH)
}
