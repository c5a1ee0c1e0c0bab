package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/bpfdiag/bpfdiag/rules/messages"
)

// Site is a call in the kernel's source that prints to the verifier's log.
type Site struct {
	Series, File, Function string
	Line                   int
	Printer                string
	// Message is the line that is printed, with wildcards as package messages
	// has them, without the line end.
	Message string

	Role   messages.Role
	Code   string // empty if no code claims it
	Reason string // why none does; empty for messages that should be claimed
}

// judge says what a site's message is.
func (s *Site) judge() {
	for _, k := range known {
		if whole(k.file).MatchString(s.File) && (k.function == "" || whole(k.function).MatchString(s.Function)) {
			s.Role, s.Reason = k.role, k.reason
			return
		}
	}
	if s.Message == "%s" && strings.HasPrefix(s.Printer, "btf_verifier_log_") {
		s.Role, s.Reason = messages.Trace, "lists the types of the object's BTF"
		return
	}
	if p, _ := messages.Line(messages.Sample(s.Message)); p != nil {
		s.Role, s.Code, s.Reason = p.Role, p.Code, p.Reason
	}
}

func whole(expression string) *regexp.Regexp { return regexp.MustCompile("^(" + expression + ")$") }

// Claimed says whether somebody answers for the message.
func (s *Site) Claimed() bool { return s.Code != "" || s.Reason != "" }

// printers are the functions that print to the log, and which of their
// arguments is the format.
var printers = map[string]int{
	"verbose": 1, "bpf_log": 1, "bpf_verifier_log_write": 1, "verbose_linfo": 2, "verbose_a": 0,
	"verifier_bug": 1, "verifier_bug_if": 2,
	"btf_verifier_log": 1, "__btf_verifier_log": 1, "btf_verifier_log_basic": 2,
	"btf_verifier_log_type": 2, "btf_verifier_log_member": 3, "btf_verifier_log_vsi": 3,
	// See libbpfs.
	"pr_warn": 0, "pr_info": 0, "pr_debug": 0, "libbpf_print": 1,
	// Offload drivers.
	"pr_vlog": 1,
	// Linux 7.3's report.
	"diag_write": 1,
}

// stateful functions print a state or an instruction, and the line's end.
var stateful = map[string]bool{
	"print_verifier_state": true, "print_insn_state": true, "print_bpf_insn": true,
	"bpf_verbose_insn": true, "verbose_insn": true,
}

// known says what a file prints, or one of its functions, where that is no
// message: pieces of lines, which are not worth a pattern.
var known = []struct {
	file, function string // regular expressions
	role           messages.Role
	reason         string
}{
	{`kernel/bpf/log\.c`, ``, messages.Trace, "prints states and source lines"},
	{`kernel/bpf/disasm\.c`, ``, messages.Trace, "prints instructions"},
	{`kernel/bpf/verifier\.c`, `print_(verifier_state|insn_state|liveness|scc.*)|verbose_a`, messages.Trace, "prints states"},
	{`kernel/bpf/liveness\.c`, `arg_track_(log|join)|print_.*|verbose_arg_track|bpf_compute_live_registers|compute_subprog_args`,
		messages.Trace, "prints the tables of an analysis at log level 2"},
	{`kernel/bpf/btf\.c`, `(btf|__btf|btf_verifier)_\w*log\w*|__print_cand_cache|print_cand_cache`, messages.Trace,
		"describes the type in question beside a complaint on BTF"},
	{`kernel/bpf/diagnostics\.c`, ``, messages.Report, "Linux 7.3's report, which follows a complaint"},
	{`drivers/net/ethernet/netronome/.*`, ``, messages.Unreachable, "only for programs bound to a Netronome card"},
	{`drivers/net/netdevsim/.*`, ``, messages.Unreachable, "only for programs bound to a netdevsim device"},
}

// folders hold all sources that print to the log: a search of whole trees finds
// no others.
var folders = []string{
	"kernel/bpf", "kernel/trace", "kernel/sched", "security", "net/bpf", "net/core", "net/ipv4", "net/netfilter", "net/sched",
	"drivers/hid/bpf", "drivers/net/netdevsim", "drivers/net/ethernet/netronome/nfp/bpf", "tools/lib/bpf/relo_core.c",
}

// libbpfs are libbpf's functions, which relo_core.c, the file that the kernel
// shares with it, turns into bpf_log. Elsewhere they write to the kernel's log.
var libbpfs = map[string]bool{"pr_warn": true, "pr_info": true, "pr_debug": true, "libbpf_print": true}

// printing tells the sources that print to the verifier's log. Others have
// functions called verbose as well.
var printing = regexp.MustCompile(`\b(bpf_log|bpf_verifier_log_write|bpf_verifier_vlog|verifier_bug(_if)?|btf_verifier_log(_\w+)?)\(|\bverbose\((env|(cbs->)?private_data), `)

// readTree finds the messages of a kernel tree.
func readTree(tree string) ([]Site, error) {
	series, err := treeSeries(tree)
	if err != nil {
		return nil, err
	}
	var sites []Site
	for _, folder := range folders {
		err := filepath.WalkDir(filepath.Join(tree, folder), func(path string, d os.DirEntry, err error) error {
			if os.IsNotExist(err) {
				return nil
			}
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".c") {
				return err
			}
			text, err := os.ReadFile(path)
			if err != nil || !printing.Match(text) {
				return err
			}
			name, err := filepath.Rel(tree, path)
			if err != nil {
				return err
			}
			for _, site := range readSource(series, name, string(text)) {
				site.judge()
				sites = append(sites, site)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return sites, nil
}

var makeVersion = regexp.MustCompile(`(?m)^(VERSION|PATCHLEVEL) = (\d+)`)

// treeSeries reads the series off a tree's Makefile, "6.12".
func treeSeries(tree string) (string, error) {
	text, err := os.ReadFile(filepath.Join(tree, "Makefile"))
	if err != nil {
		return "", err
	}
	m := makeVersion.FindAllSubmatch(text, 2)
	if len(m) != 2 {
		return "", fmt.Errorf("%s: Makefile names no version", tree)
	}
	return string(m[0][2]) + "." + string(m[1][2]), nil
}
