package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"

	"github.com/bpfdiag/bpfdiag/umlinux"
	"github.com/bpfdiag/bpfdiag/umlinux/kernel"
	"github.com/bpfdiag/bpfdiag/umlinux/loader"
	"golang.org/x/sys/unix"
)

// host looks at what a guest needs of this machine, and then boots some.
func (d *diagnosis) host(ctx context.Context, images []kernel.Image) {
	traces := d.ptrace()
	d.seccomp()
	d.memory()
	d.memoryFile()
	d.cacheFolder()
	if len(images) > 0 && !d.guestInit() {
		return
	}
	for _, img := range images {
		if !traces && !usesSeccomp(img) {
			continue // it would wait in vain, and all has been said
		}
		d.boot(ctx, img)
	}
}

// ptrace tries what kernels before 6.16 need, and says whether it works.
func (d *diagnosis) ptrace() bool {
	const name = "ptrace"
	if err := tryPtrace(); err != nil {
		advice := "a container needs CAP_SYS_PTRACE or a seccomp profile that allows ptrace; " +
			"kernels from 6.16 on do without: `bpfdiag kernel build 7.2`, `bpfdiag check --kernel 7.2`"
		if scope, err := os.ReadFile("/proc/sys/kernel/yama/ptrace_scope"); err == nil && strings.TrimSpace(string(scope)) >= "2" {
			advice = "sysctl kernel.yama.ptrace_scope=1, as root; or " + advice[strings.Index(advice, "kernels"):]
		}
		d.fail(name, "forbidden: "+err.Error(), advice)
		return false
	}
	d.ok(name, "allowed (kernels before 6.16 need it)")
	return true
}

// tryPtrace starts this program as a traced child, which stops at once, reads
// its registers and ends it.
func tryPtrace() error {
	runtime.LockOSThread() // the tracer is a thread
	defer runtime.UnlockOSThread()
	pid, err := syscall.ForkExec("/proc/self/exe", []string{"bpfdiag", "--version"}, &syscall.ProcAttr{Sys: &syscall.SysProcAttr{Ptrace: true}})
	if err != nil {
		return err
	}
	defer func() {
		_ = unix.Kill(pid, unix.SIGKILL)
		_, _ = unix.Wait4(pid, nil, 0, nil)
	}()
	var status unix.WaitStatus
	if _, err := unix.Wait4(pid, &status, 0, nil); err != nil {
		return err
	}
	if !status.Stopped() {
		return fmt.Errorf("a traced child ended with status %d", status)
	}
	var regs unix.PtraceRegs
	return unix.PtraceGetRegs(pid, &regs)
}

// seccomp tries what makes kernels from 6.16 on fast.
func (d *diagnosis) seccomp() {
	const name = "seccomp"
	if err := trySeccomp(); err != nil {
		d.warn(name, "filters are forbidden: "+err.Error(), "kernels from 6.16 on use ptrace instead, which is slower")
		return
	}
	d.ok(name, "filters allowed (kernels from 6.16 on use them)")
}

// trySeccomp installs a filter that allows everything on a thread that ends
// with it.
func trySeccomp() error {
	result := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread goes when this function does
		if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
			result <- err
			return
		}
		allow := unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW}
		filter := unix.SockFprog{Len: 1, Filter: &allow}
		result <- unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&filter)), 0, 0)
	}()
	return <-result
}

// guestRoom is about what one guest and its host process take for small
// objects.
const guestRoom = 100 << 20

// memory looks for limits that a guest, or a few of them, would meet.
func (d *diagnosis) memory() {
	const name = "memory"
	room, what := availableMemory()
	if limit, ok := cgroupRoom(); ok && limit < room {
		room, what = limit, "left of this control group's limit"
	}
	found := fmt.Sprintf("%d MiB %s; a guest takes up to %d MiB, and up to %d for huge programs", room>>20, what, umlinux.DefaultMemory, umlinux.MaxMemory)
	switch {
	case room < guestRoom:
		d.fail(name, found, "end other programs, or raise the limit; one guest needs about 100 MiB for small programs")
	case room < umlinux.DefaultMemory<<20:
		d.warn(name, found, "big programs may not fit, nor guests side by side; `bpfdiag check --jobs 1` runs only one")
	default:
		d.ok(name, found)
	}
	var as unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_AS, &as); err == nil && as.Max != unix.RLIM_INFINITY && as.Cur < 2<<30 {
		d.warn("address space", fmt.Sprintf("limited to %d MiB", as.Cur>>20), "ulimit -v unlimited")
	}
}

// availableMemory reads what the host can still give.
func availableMemory() (bytes uint64, what string) {
	text, _ := os.ReadFile("/proc/meminfo")
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == "MemAvailable:" {
			kib, _ := strconv.ParseUint(f[1], 10, 64)
			return kib << 10, "available"
		}
	}
	return 1 << 62, "(unknown)"
}

// cgroupRoom returns what the nearest memory limit of this process's control
// groups (version 2) leaves.
func cgroupRoom() (bytes uint64, limited bool) {
	text, _ := os.ReadFile("/proc/self/cgroup")
	_, path, ok := strings.Cut(strings.TrimSpace(string(text)), "0::")
	if !ok {
		return 0, false
	}
	bytes = 1 << 62
	for path = filepath.Clean(path); ; path = filepath.Dir(path) {
		folder := filepath.Join("/sys/fs/cgroup", path)
		limit, err1 := readNumber(filepath.Join(folder, "memory.max"))
		used, err2 := readNumber(filepath.Join(folder, "memory.current"))
		if err1 == nil && err2 == nil {
			bytes, limited = min(bytes, limit-min(used, limit)), true
		}
		if path == "/" || path == "." {
			return bytes, limited
		}
	}
}

// readNumber fails for "max", too.
func readNumber(path string) (uint64, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	return strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64)
}

// memoryFile tries what a guest's memory is: a file without a name, mapped
// executable.
func (d *diagnosis) memoryFile() {
	const name = "memory file"
	if err := tryMemoryFile(umlinux.DefaultMemory << 20); err != nil {
		advice := "allow memfd_create (sysctl vm.memfd_noexec below 2, a container's seccomp profile)"
		if errors.Is(err, unix.ENOMEM) {
			advice = "ulimit -v unlimited"
		}
		d.fail(name, "can't be made or mapped executable: "+err.Error(), advice)
		return
	}
	d.ok(name, fmt.Sprintf("memfd of %d MiB, mapped executable", umlinux.DefaultMemory))
}

func tryMemoryFile(size int) error {
	// As the kernels do: patches/*/*-um-guest-memory-in-a-memfd.patch.
	fd, err := unix.MemfdCreate("bpfdiag-doctor", unix.MFD_CLOEXEC|unix.MFD_NOEXEC_SEAL)
	if errors.Is(err, unix.EINVAL) { // before Linux 6.3
		fd, err = unix.MemfdCreate("bpfdiag-doctor", unix.MFD_CLOEXEC)
	}
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if err := unix.Ftruncate(fd, int64(size)); err != nil {
		return err
	}
	m, err := unix.Mmap(fd, 0, size, unix.PROT_READ|unix.PROT_WRITE|unix.PROT_EXEC, unix.MAP_SHARED)
	if err != nil {
		return err
	}
	m[size-1] = 1
	return unix.Munmap(m)
}

// buildRoom is what a kernel's build needs in the cache folder, about.
const buildRoom = 4 << 30

// cacheFolder looks at the place for kernels.
func (d *diagnosis) cacheFolder() {
	const name, another = "cache folder", "set BPFDIAG_CACHE to another folder"
	dir, err := kernel.CacheDir()
	if err != nil {
		d.fail(name, err.Error(), another)
		return
	}
	found, existing := dir, dir
	for { // it is made with the first build
		if _, err := os.Stat(existing); !errors.Is(err, fs.ErrNotExist) || existing == "/" {
			break
		}
		existing = filepath.Dir(existing)
	}
	if existing != dir {
		found += " (does not exist yet)"
	}
	var s unix.Statfs_t
	if err := unix.Statfs(existing, &s); err != nil {
		d.fail(name, found+": "+err.Error(), another)
		return
	}
	free := s.Bavail * uint64(s.Bsize)
	found += fmt.Sprintf(", %.1f GB free", float64(free)/1e9)
	switch {
	case s.Flags&unix.ST_NOEXEC != 0:
		d.fail(name, found+", mounted noexec: no kernel can run there", another)
	case unix.Access(existing, unix.W_OK|unix.X_OK) != nil:
		d.warn(name, found+", not writable: no kernel can be built", another)
	case free < buildRoom:
		d.warn(name, found, fmt.Sprintf("building a kernel needs about %d GB; make room or %s", buildRoom>>30, another))
	default:
		d.ok(name, found)
	}
}

// usesSeccomp says whether a kernel can do without ptrace (seccomp=auto).
func usesSeccomp(img kernel.Image) bool {
	return (&loader.Kernel{Release: img.Release}).AtLeast(6, 16)
}

// guestInit looks for the program that every guest starts.
func (d *diagnosis) guestInit() bool {
	path, err := kernel.GuestInit()
	if err != nil {
		d.fail("guest's init", err.Error(), "bpfdiag kernel build")
		return false
	}
	d.ok("guest's init", path)
	return true
}

// boot is the real test.
func (d *diagnosis) boot(ctx context.Context, img kernel.Image) {
	name := "boot " + img.Name
	config, err := guestConfig(img)
	if err != nil {
		d.fail(name, err.Error(), "bpfdiag kernel build")
		return
	}
	config.BootTimeout = 30 * time.Second
	began := time.Now()
	g, err := umlinux.Boot(ctx, config)
	took := time.Since(began)
	if err == nil {
		g.Close()
		d.ok(name, fmt.Sprintf("Linux %s in %.2f s", g.Release, took.Seconds()))
		return
	}
	var boot *umlinux.BootError
	advice := "bpfdiag kernel build --force " + img.Name
	if errors.As(err, &boot) {
		if boot.Advice != "" {
			advice = boot.Advice
		}
		err = boot.Err
		if boot.Console != "" {
			err = fmt.Errorf("%w\n%s", err, boot.Console)
		}
	}
	if img.Name == kernel.Default {
		d.fail(name, err.Error(), advice)
		return
	}
	d.warn(name, err.Error(), advice)
}
