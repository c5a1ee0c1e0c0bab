//go:build linux

package main

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bpfdiag/bpfdiag/umlinux/kernel"
)

// TestIsolation: root of a guest can neither read nor write anything of its
// host's files, nor reach its network.
func TestIsolation(t *testing.T) {
	img, err := kernel.Find("")
	var not kernel.NotBuiltError
	if errors.As(err, &not) && os.Getenv("CI") == "" {
		t.Skip(not.Error())
	} else if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	secret := filepath.Join(dir, "secret")
	if err := os.WriteFile(secret, []byte("the host's"), 0o666); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	build := func(out, pkg string) string {
		out = filepath.Join(dir, out)
		cmd := exec.Command("go", "build", "-o", out, pkg)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if msg, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, msg)
		}
		return out
	}
	run, escape := build("guestrun", "."), build("escape", "./testdata/escape")
	out, err := exec.Command(run, "-kernel", img.Path, escape, secret, l.Addr().String(), "--").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if !strings.Contains(string(out), "tried everything") {
		t.Fatalf("the guest did not finish:\n%s", out)
	}
	if strings.Contains(string(out), "escaped") {
		t.Errorf("a guest reached its host:\n%s", out)
	}
	if data, err := os.ReadFile(secret); err != nil || string(data) != "the host's" {
		t.Errorf("the host's file is now %q, %v", data, err)
	}
}
