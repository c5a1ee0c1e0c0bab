package kernel

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
)

// repository is one line of a sources.list.
type repository struct{ uri, suite string }

func parseIndexTargets(out string) []repository {
	var found []repository
	for line := range strings.Lines(out) {
		f := strings.Fields(line)
		if len(f) == 3 && f[0] == "Packages" && !strings.HasPrefix(f[1], "cdrom:") {
			found = appendNew(found, repository{strings.TrimSuffix(f[1], "/"), f[2]})
		}
	}
	return found
}

// parseUpdateURIs reads lines like 'URI/dists/bookworm/InRelease' NAME 0, and
// keeps what looks like Debian's: others have a distribution of their own in
// the path's end or no -updates beside it.
func parseUpdateURIs(out string) []repository {
	var all []repository
	for line := range strings.Lines(out) {
		uri, _, _ := strings.Cut(strings.TrimPrefix(line, "'"), "'")
		base, rest, ok := strings.Cut(uri, "/dists/")
		suite, isRelease := strings.CutSuffix(rest, "/InRelease")
		if ok && isRelease {
			all = appendNew(all, repository{base, suite})
		}
	}
	isDebian := func(r repository) bool {
		return slices.Contains(debianSuites, r.suite) && slices.Contains(all, repository{r.uri, r.suite + "-updates"})
	}
	var found []repository
	for _, r := range all {
		if isDebian(r) {
			found = append(found, r)
		}
	}
	return found
}

func appendNew(all []repository, r repository) []repository {
	if slices.Contains(all, r) {
		return all
	}
	return append(all, r)
}

// sourcesList names all suites on the system's mirror, and what else the
// system has from Debian (updates, security).
func sourcesList(system []repository) (string, error) {
	mirror := ""
	for _, r := range system {
		if !strings.Contains(r.suite, "-") { // the archive itself, not -security
			mirror = r.uri
			break
		}
	}
	if mirror == "" {
		return "", errors.New("this system's apt configuration names no Debian mirror to fetch the kernel's source from; " +
			"install a linux-source package, or give a tree with --source")
	}
	var all []repository
	for _, suite := range debianSuites {
		all = append(all, repository{mirror, suite})
	}
	for _, r := range system {
		if r.suite != "stable" && r.suite != "oldstable" && r.suite != "testing" && r.suite != "unstable" {
			all = appendNew(all, r)
		}
	}
	options := ""
	if _, err := os.Stat(debianKeyring); err == nil {
		options = "[signed-by=" + debianKeyring + "] "
	}
	var b strings.Builder
	for _, r := range all {
		fmt.Fprintf(&b, "deb %s%s %s main\n", options, r.uri, r.suite)
	}
	return b.String(), nil
}

const debianKeyring = "/usr/share/keyrings/debian-archive-keyring.gpg"

// aptConfig is read after the system's. It clears the hooks, which may clean
// the system's own cache, and the pins, which may forbid other suites.
func aptConfig(dir string) string {
	return fmt.Sprintf(`#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
Dir::Etc::SourceList "%[1]s/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
Dir::State::Lists "%[1]s/lists";
Dir::Cache "%[1]s/cache";
APT::Default-Release "";
APT::Architecture "amd64";
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled "false";
Acquire::Retries "3";
`, dir)
}
