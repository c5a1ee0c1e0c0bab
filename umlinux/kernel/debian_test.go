package kernel

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// fakeApt puts an apt-get and an apt-cache into PATH whose suites hold one
// package, made of a test tree. state/damage makes the next download come out
// short; state/calls has a line for each call that would use the network.
const fakeApt = `#!/bin/sh
state=STATE
case "$*" in
*indextargets*) echo "Packages http://mirror.invalid/debian/ bookworm" ;;
*--print-uris*download*linux-source-6.12*) cat $state/uri ;;
*--print-uris*download*) echo "E: Unable to locate package linux-source-9.9" >&2; exit 100 ;;
*download*linux-source-6.12=*)
	echo download >> $state/calls
	if test -e $state/damage; then
		rm $state/damage
		head -c 1000 $state/linux-source-6.12_6.12.95-1_all.deb > linux-source-6.12_6.12.95-1_all.deb
	else
		cp $state/linux-source-6.12_6.12.95-1_all.deb .
	fi ;;
*update*) echo update >> $state/calls ;;
*search*) printf 'linux-source-6.1 - x\nlinux-source-6.12 - x\nlinux-source-6.12-rt - x\n' ;;
*) echo "unexpected: $*" >&2; exit 1 ;;
esac
`

func useFakeApt(t *testing.T) (state, hold string) {
	t.Helper()
	tree, hold := newTree(t)
	state, root, bin := t.TempDir(), t.TempDir(), t.TempDir()
	write(t, filepath.Join(root, "DEBIAN", "control"), "Package: linux-source-6.12\nVersion: 6.12.95-1\nArchitecture: all\nMaintainer: nobody <nobody@invalid>\nDescription: test\n")
	tar := filepath.Join(root, "usr", "src", "linux-source-6.12.tar.xz")
	deb := filepath.Join(state, "linux-source-6.12_6.12.95-1_all.deb")
	if err := os.MkdirAll(filepath.Dir(tar), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, c := range []*exec.Cmd{
		exec.Command("tar", "-cJf", tar, "-C", filepath.Dir(tree), "tree"),
		exec.Command("dpkg-deb", "--root-owner-group", "-b", root, deb),
	} {
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v", out, err)
		}
	}
	sum, err := fileHash(deb)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(state, "uri"), "'http://mirror.invalid/x.deb' "+filepath.Base(deb)+" 4000 SHA256:"+sum+"\n")
	for _, name := range []string{"apt-get", "apt-cache"} {
		path := filepath.Join(bin, name)
		write(t, path, strings.ReplaceAll(fakeApt, "STATE", state))
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	before := installedSources
	installedSources = t.TempDir()
	t.Cleanup(func() { installedSources = before })
	return state, hold
}

func TestBuildFromDebian(t *testing.T) {
	needTools(t)
	useRecipes(t, testRecipes)
	state, hold := useFakeApt(t)
	img, err := Build(context.Background(), BuildOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if img.Name != "6.12" || img.Source != "linux-source-6.12 6.12.95-1" {
		t.Errorf("%+v", img)
	}
	cache, _ := CacheDir()
	list := read(t, filepath.Join(cache, "apt", "sources.list"))
	for _, suite := range debianSuites {
		if !strings.Contains(list, "http://mirror.invalid/debian "+suite+" main\n") {
			t.Errorf("%s is not looked through:\n%s", suite, list)
		}
	}
	// Nothing has changed: no network, no compiler.
	if again, err := Build(context.Background(), BuildOptions{}); err != nil || again != img {
		t.Errorf("%+v, %v", again, err)
	}
	if newest, err := Build(context.Background(), BuildOptions{Series: Newest}); err != nil || newest != img {
		t.Errorf("%+v, %v", newest, err)
	}
	if calls := read(t, filepath.Join(state, "calls")); calls != "update\ndownload\n" || compiled(t, hold) != 3 {
		t.Errorf("%d files compiled; calls:\n%s", compiled(t, hold), calls)
	}
	if forced, err := Build(context.Background(), BuildOptions{Force: true}); err != nil || forced.Key != img.Key || compiled(t, hold) != 6 {
		t.Errorf("%+v, %v", forced, err)
	}
}

// A package that came in part is an error that says so; the next build fetches
// it again. One that was damaged after it came is fetched again at once.
func TestDamagedDownload(t *testing.T) {
	needTools(t)
	useRecipes(t, testRecipes)
	state, hold := useFakeApt(t)
	write(t, filepath.Join(state, "damage"), "")
	_, err := Build(context.Background(), BuildOptions{})
	wantError(t, err, "linux-source-6.12_6.12.95-1_all.deb is damaged")

	// Killed after the download, while unpacking.
	write(t, hold, "")
	ctx, cancel := context.WithCancel(context.Background())
	_, err = Build(ctx, BuildOptions{Progress: func(s Step) {
		if s.Name == "unpack" {
			cancel()
		}
	}})
	wantError(t, err, "canceled")
	cache, _ := CacheDir()
	tar := filepath.Join(cache, "work", "6.12", "download", "source.tar.xz")
	text := []byte(read(t, tar))
	for i := len(text) / 2; i < len(text)/2+40; i++ {
		text[i] ^= 0xff
	}
	write(t, tar, string(text))
	if err := os.Remove(hold); err != nil {
		t.Fatal(err)
	}
	var notes string
	_, err = Build(context.Background(), BuildOptions{Progress: func(s Step) { notes += s.Note }})
	if err != nil || !strings.Contains(notes, "damaged; fetching it again") {
		t.Errorf("%v; told %q", err, notes)
	}
	if calls := read(t, filepath.Join(state, "calls")); strings.Count(calls, "download") != 3 {
		t.Errorf("calls:\n%s", calls)
	}
}

func TestSeriesIsGone(t *testing.T) {
	needTools(t)
	useRecipes(t, testRecipes)
	useFakeApt(t)
	var notes string
	_, err := Build(context.Background(), BuildOptions{Series: "9.9", Progress: func(s Step) { notes += s.Note }})
	wantError(t, err, "linux-source-9.9 is in none of Debian's suites bookworm, ", "experimental; they have 6.1, 6.12", "--source")
	if !strings.Contains(notes, "no patches for 9.9; using those of 6.12") {
		t.Errorf("told %q", notes)
	}
}

// An installed package's tarball needs no network.
func TestInstalledSource(t *testing.T) {
	needTools(t)
	useRecipes(t, testRecipes)
	state, _ := useFakeApt(t)
	tree, _ := newTree(t)
	tar := filepath.Join(installedSources, "linux-source-6.12.tar.xz")
	if out, err := exec.Command("tar", "-cJf", tar, "-C", filepath.Dir(tree), "tree").CombinedOutput(); err != nil {
		t.Fatalf("%s: %v", out, err)
	}
	if img, err := Build(context.Background(), BuildOptions{Series: "6.12"}); err != nil || !strings.HasPrefix(img.Source, "linux-source-6.12") {
		t.Errorf("%+v, %v", img, err)
	}
	if _, err := os.Stat(filepath.Join(state, "calls")); err == nil {
		t.Error("the network was used")
	}
}

func TestRepositories(t *testing.T) {
	want := []repository{{"http://mirror.invalid/debian", "bookworm"}, {"http://mirror.invalid/debian", "bookworm-updates"}}
	got := parseIndexTargets("Packages http://mirror.invalid/debian/ bookworm\nDEP-11 http://mirror.invalid/debian/ bookworm\n" +
		"Packages http://mirror.invalid/debian/ bookworm-updates\nPackages cdrom:[x]/ bookworm\n")
	if !slices.Equal(got, want) {
		t.Errorf("index targets: %v", got)
	}
	got = parseUpdateURIs("'http://mirror.invalid/debian/dists/bookworm/InRelease' a 0 \n" +
		"'http://mirror.invalid/debian/dists/bookworm-updates/InRelease' b 0 \n" +
		"'http://mirror.invalid/debian/dists/bookworm/main/binary-amd64/Packages.xz' c 0 \n" +
		"'http://other.invalid/linux/debian/dists/bookworm/InRelease' d 0 \n")
	if !slices.Equal(got, want[:1]) {
		t.Errorf("update URIs: %v", got)
	}
	_, err := sourcesList(nil)
	wantError(t, err, "no Debian mirror", "--source")
}

func TestParseDownload(t *testing.T) {
	p, err := parseDownload("'http://mirror.invalid/a%7ebpo.deb' linux-source-7.3_7.3.4-1~bpo13+1_all.deb 166780612 SHA256:703e\n")
	if err != nil || p.name != "linux-source-7.3" || p.version != "7.3.4-1~bpo13+1" || p.size != 166780612 || p.sha256 != "703e" {
		t.Errorf("%+v, %v", p, err)
	}
	for _, line := range []string{"", "'x' linux.deb 1 SHA256:0", "'x' linux-source-7.3_7_all.deb 1 MD5Sum:0", "'x' ../a_b_c.deb 1 SHA256:0"} {
		if _, err := parseDownload(line); err == nil {
			t.Errorf("%q is taken", line)
		}
	}
}
