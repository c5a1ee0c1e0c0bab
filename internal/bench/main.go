//go:build linux

// Bench measures bpfdiag as whole processes against other whole processes, in
// one run, and prints ratios: `make bench`.
//
//	bench -bpfdiag FILE -kernel NAME,... [-n RUNS] [-veristat FILE -selftests DIR] [-object FILE] [-rejected DIR] [-many FILE]
//	      [-tree DIR -compile COMMAND] [-only-served]
//
// First what a check takes that asks a server; with -tree, what cc adds to a build of
// the sources in a folder.
// With -rejected, what diagnostics cost: a check against the same with --raw.
// With -many, one run over a thousand copies of an object, and another one.
// Each pair of commands is run in turn, A B A B, and the median of the ratios
// of neighbours is what counts: machines are noisy. With -veristat (a static
// build of the kernel's own) and -selftests (a folder of compiled kernel
// self-tests), the verifier's self-tests are measured against veristat in the
// same kernel: stat with one guest and with two against one veristat, check
// against as many veristats as it has guests.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/bpfdiag/bpfdiag/umlinux"
	"github.com/bpfdiag/bpfdiag/umlinux/kernel"
	"golang.org/x/sys/unix"
)

var (
	bin       = flag.String("bpfdiag", "", "bpfdiag to measure")
	guestrun  = flag.String("guestrun", "", "guestrun, to run veristat in a guest")
	kernels   = flag.String("kernels", kernel.Default, "kernels, separated by commas")
	runs      = flag.Int("n", 9, "runs of each pair")
	veristat  = flag.String("veristat", "", "static veristat")
	selftests = flag.String("selftests", "", "folder of compiled kernel self-tests; SERIES in it is replaced by the kernel's")
	object    = flag.String("object", "", "small accepted object")
	many      = flag.String("many", "", "object with a loop whose turns are the first word of .rodata")
	copied    = flag.Int("copies", 1000, "copies of -many")
	broken    = flag.String("rejected", "", "folder of small objects that are rejected")
	sources   = flag.String("tree", "", "folder of sources that are accepted")
	compiles  = flag.String("compile", "", "command that compiles one of them, with {source} and {output}")
	only      = flag.Bool("only-served", false, "measure only what a server saves, and what cc adds to a build")
)

func main() {
	flag.Parse()
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run() error {
	os.Setenv("BPFDIAG_SERVE", "0") // but where it is about the server
	fmt.Printf("%d processors, uid %d, medians of %d pairs (lowest to highest)\n", runtime.NumCPU(), os.Getuid(), *runs)
	for _, name := range strings.Split(*kernels, ",") {
		img, err := kernel.Find(name)
		if err != nil {
			return err
		}
		fmt.Printf("Linux %s\n", img.Release)
		if err := served(name, *object, 3**runs); err != nil {
			return err
		}
		if *sources != "" {
			if err := builds(name, *sources, *compiles, min(*runs, 5)); err != nil {
				return err
			}
		}
		if *only {
			continue
		}
		boot := func() error { return bareBoot(img) }
		check := func() error { return command(*bin, "check", "--no-cache", "--kernel", name, *object) }
		if err := compare("check of one small object / bare boot and power off", check, boot, *runs); err != nil {
			return err
		}
		if *broken != "" {
			if err := rejected(name, *broken, min(*runs, 5)); err != nil {
				return err
			}
		}
		if *many != "" {
			if err := manyObjects(name, *many, *copied); err != nil {
				return err
			}
		}
		if *veristat == "" || *selftests == "" {
			fmt.Println("  no -veristat and -selftests: no comparison with veristat")
			continue
		}
		dir := strings.ReplaceAll(*selftests, "SERIES", img.Series)
		set, err := filepath.Glob(filepath.Join(dir, "verifier_*.bpf.o"))
		if err != nil || len(set) == 0 {
			fmt.Printf("  no verifier_*.bpf.o in %s\n", dir)
			continue
		}
		if err := statAgainstVeristat(img, set, min(*runs, 5)); err != nil {
			return err
		}
		for _, jobs := range []int{1, runtime.NumCPU()} {
			ours := func() error {
				return command(*bin, slices.Concat([]string{"check", "--no-cache", "--kernel", name, "--quiet", "--format", "json", "--max-bytes", "0", "--jobs", fmt.Sprint(jobs)}, set)...)
			}
			theirs := func() error { return veristats(img, jobs, set) }
			what := fmt.Sprintf("%d verifier_* objects / veristat in the same kernel, %d guests each", len(set), jobs)
			if err := compare(what, ours, theirs, min(*runs, 5)); err != nil {
				return err
			}
		}
	}
	return nil
}

// compare runs both in turn and prints their times and ratios.
func compare(what string, a, b func() error, n int) error {
	var as, bs, ratios []float64
	measure := func(f func() error) (float64, error) {
		start := time.Now()
		err := f()
		return time.Since(start).Seconds(), err
	}
	for i := range n + 1 {
		ta, err := measure(a)
		if err != nil {
			return err
		}
		tb, err := measure(b)
		if err != nil {
			return err
		}
		if i == 0 { // warm-up
			continue
		}
		as, bs, ratios = append(as, ta), append(bs, tb), append(ratios, ta/tb)
	}
	fmt.Printf("  %s: %s (%s s / %s s)\n", what, spread(ratios), spread(as), spread(bs))
	return nil
}

func spread(v []float64) string {
	slices.Sort(v)
	return fmt.Sprintf("%.3g (%.3g to %.3g)", v[len(v)/2], v[0], v[len(v)-1])
}

// command runs a program; that it rejects something is no failure.
func command(name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Stderr = os.Stderr
	err := cmd.Run()
	if _, ok := err.(*exec.ExitError); ok {
		return nil
	}
	return err
}

// veristats runs veristat on an equal share of the objects in each of n guests.
func veristats(img kernel.Image, n int, set []string) error {
	args := []string{"-kernel", img.Path}
	args = append(args, *veristat, "-q", "-o", "csv", "@", "--")
	var wg sync.WaitGroup
	errs := make(chan error, n)
	for i := range n {
		var share []string
		for j := i; j < len(set); j += n {
			share = append(share, set[j])
		}
		wg.Go(func() {
			out, err := exec.Command(*guestrun, append(slices.Clone(args), share...)...).CombinedOutput()
			if err != nil {
				err = fmt.Errorf("veristat in a guest: %w\n%.500s", err, out)
			}
			errs <- err
		})
	}
	wg.Wait()
	for range n {
		if err := <-errs; err != nil {
			return err
		}
	}
	return nil
}

// powerOff is a static x86-64 executable of one instruction sequence:
// reboot(LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_POWER_OFF).
func powerOff() []byte {
	code := []byte{
		0xb8, 0xa9, 0, 0, 0, // mov eax, 169
		0xbf, 0xad, 0xde, 0xe1, 0xfe, // mov edi, 0xfee1dead
		0xbe, 0x69, 0x19, 0x12, 0x28, // mov esi, 672274793
		0xba, 0xdc, 0xfe, 0x21, 0x43, // mov edx, 0x4321fedc
		0x0f, 0x05, // syscall
	}
	b := make([]byte, 120)
	copy(b, "\x7fELF\x02\x01\x01")
	put := func(off int, size int, v uint64) {
		for i := range size {
			b[off+i] = byte(v >> (8 * i))
		}
	}
	const base = 0x400000
	put(16, 2, 2)        // executable
	put(18, 2, 62)       // x86-64
	put(20, 4, 1)        // version
	put(24, 8, base+120) // entry
	put(32, 8, 64)       // program headers
	put(52, 2, 64)       // header size
	put(54, 2, 56)       // program header size
	put(56, 2, 1)        // one
	put(64, 4, 1)        // PT_LOAD
	put(68, 4, 5)        // readable, executable
	put(80, 8, base)     // virtual address
	put(88, 8, base)     // physical address
	put(96, 8, uint64(120+len(code)))
	put(104, 8, uint64(120+len(code)))
	put(112, 8, 4096)
	return append(b, code...)
}

// bareBoot boots a kernel with an init that powers it off again.
func bareBoot(img kernel.Image) error {
	fd, err := unix.MemfdCreate("bench", 0)
	if err != nil {
		return err
	}
	root := os.NewFile(uintptr(fd), "root")
	defer root.Close()
	if _, err := root.Write(umlinux.Archive(umlinux.File{Name: "init", Data: powerOff(), Exec: true})); err != nil {
		return err
	}
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fds[0])
	theirs := os.NewFile(uintptr(fds[1]), "guest")
	defer theirs.Close()
	c := umlinux.Config{Kernel: img.Path}
	cmd := exec.Command(img.Path)
	cmd.Args = c.CommandLine(3, 4)
	cmd.Env = []string{}
	cmd.ExtraFiles = []*os.File{theirs, root}
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd.Run()
}
