//go:build linux

// Guestrun runs a static program inside a guest kernel, with copies of some
// files, and prints what it prints: the way to run the kernel's own veristat
// in the same kernel, to compare with.
//
//	guestrun -kernel IMAGE [-memory MIB] [-transparent] PROGRAM ARG... -- FILE...
//
// The files are in the guest's current folder under their base names, and
// replace "@" among the arguments. The last line of standard error tells the
// seconds that the program took inside, without boot. With -transparent it is as
// if the program had been run here: its standard output alone is printed, and
// its exit status is guestrun's.
package main

import (
	"bufio"
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/bpfdiag/bpfdiag/umlinux"
	"golang.org/x/sys/unix"
)

func main() {
	if os.Getpid() == 1 {
		err := inside()
		fmt.Fprintln(os.Stderr, "guestrun:", err)
		unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)
	}
	if err := outside(); err != nil {
		fmt.Fprintln(os.Stderr, "guestrun:", err)
		os.Exit(1)
	}
}

const endMark = "\x00guestrun end "

func outside() error {
	image := flag.String("kernel", "", "kernel image")
	transparent := flag.Bool("transparent", false, "print the program's standard output alone, and exit with its status")
	memory := flag.Int("memory", 2048, "memory of the guest in MiB")
	flag.Parse()
	args := flag.Args()
	split := len(args) - 1
	for split > 0 && args[split] != "--" { // the last one: the program may have others
		split--
	}
	if split < 1 || *image == "" {
		return errors.New("usage: guestrun -kernel IMAGE PROGRAM [ARG...] -- [FILE...]")
	}
	var files []umlinux.File
	add := func(name, path string, exec bool) error {
		data, err := os.ReadFile(path)
		files = append(files, umlinux.File{Name: name, Data: data, Exec: exec})
		return err
	}
	if err := add("init", "/proc/self/exe", true); err != nil {
		return err
	}
	if err := add("program", args[0], true); err != nil {
		return err
	}
	var names []string
	for _, f := range args[split+1:] {
		if err := add(filepath.Base(f), f, false); err != nil {
			return err
		}
		names = append(names, filepath.Base(f))
	}
	var command []string
	for _, a := range args[1:split] {
		if a == "@" {
			command = append(command, names...)
		} else {
			command = append(command, a)
		}
	}
	if *transparent {
		files = append(files, umlinux.File{Name: quietFile})
	}
	files = append(files, umlinux.File{Name: "args", Data: []byte(strings.Join(command, "\x00"))})

	fd, err := unix.MemfdCreate("guestrun", 0)
	if err != nil {
		return err
	}
	root := os.NewFile(uintptr(fd), "root")
	if _, err := root.Write(umlinux.Archive(files...)); err != nil {
		return err
	}
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	conn, err := net.FileConn(os.NewFile(uintptr(fds[0]), "host"))
	if err != nil {
		return err
	}
	c := umlinux.Config{Kernel: *image, Memory: *memory}
	cmd := exec.Command(*image)
	cmd.Args = c.CommandLine(3, 4)
	cmd.Env = []string{}
	cmd.ExtraFiles = []*os.File{os.NewFile(uintptr(fds[1]), "guest"), root}
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return err
	}
	cmd.ExtraFiles[0].Close()
	out := bufio.NewReaderSize(conn, 1<<20)
	for {
		line, err := out.ReadBytes('\n')
		text, end, found := bytes.Cut(line, []byte(endMark))
		os.Stdout.Write(text)
		if found {
			_ = cmd.Wait() // a kernel that fails to power off has done its work
			return ended(string(end), *transparent)
		}
		if err == io.EOF {
			cmd.Wait()
			return errors.New("the guest ended early")
		} else if err != nil {
			return err
		}
	}
}

// quietFile in the guest says that standard error is not wanted.
const quietFile = "quiet"

// ended tells how the program ended: "0.012 s, exit status 3" or "0.012 s, <nil>".
func ended(how string, transparent bool) error {
	if !transparent {
		fmt.Fprint(os.Stderr, how)
		return nil
	}
	_, how, _ = strings.Cut(strings.TrimSpace(how), " s, ")
	if status := 0; how == "<nil>" {
		return nil
	} else if _, err := fmt.Sscanf(how, "exit status %d", &status); err == nil {
		os.Exit(status)
	}
	return errors.New(how)
}

// inside is process 1 of the guest.
func inside() error {
	for _, m := range [][2]string{{"devtmpfs", "/dev"}, {"proc", "/proc"}, {"sysfs", "/sys"}, {"bpf", "/sys/fs/bpf"}, {"debugfs", "/sys/kernel/debug"}} {
		os.MkdirAll(m[1], 0o755)
		if err := unix.Mount(m[0], m[1], m[0], 0, ""); err != nil && err != unix.EBUSY {
			fmt.Fprintf(os.Stderr, "mount %s: %v\n", m[1], err)
		}
	}
	host, err := os.OpenFile("/dev/hostchan", os.O_RDWR, 0)
	if err != nil {
		return err
	}
	args, err := os.ReadFile("/args")
	if err != nil {
		return err
	}
	cmd := exec.Command("/program", strings.Split(string(args), "\x00")...)
	cmd.Stdout, cmd.Stderr = host, host
	if _, err := os.Stat("/" + quietFile); err == nil {
		cmd.Stderr = nil
	}
	start := time.Now()
	err = cmd.Run()
	fmt.Fprintf(host, "%s%.3f s, %v\n", endMark, time.Since(start).Seconds(), err)
	return nil
}
