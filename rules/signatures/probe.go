//go:build ignore

// The generator of sections.txt:
//
//	go run probe.go BPFDIAG > sections.txt
//
// It asks kernels: for each section a program for each helper, which does
// nothing but call it, and BPFDIAG's check says whether the call is refused as such.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// sections to try, with a target where a program needs one to be loaded.
var sections = strings.Fields(`socket sk_reuseport kprobe kprobe.multi uprobe uprobe.s tracepoint raw_tp raw_tp.w
	tp_btf/sched_switch fentry/do_nanosleep fexit/do_nanosleep lsm/file_open lsm.s/file_open lsm_cgroup/socket_bind
	iter/task syscall xdp tc action perf_event lwt_in lwt_out lwt_xmit lwt_seg6local sockops sk_skb/stream_parser
	sk_skb/stream_verdict sk_msg lirc_mode2 flow_dissector cgroup_skb/ingress cgroup_skb/egress cgroup/sock_create
	cgroup/sock_release cgroup/post_bind4 cgroup/bind4 cgroup/connect4 cgroup/sendmsg4 cgroup/recvmsg4
	cgroup/getpeername4 cgroup/getsockname4 cgroup/sysctl cgroup/getsockopt cgroup/setsockopt cgroup/dev sk_lookup
	netfilter`)

// targets are cut off in the list.
var target = regexp.MustCompile(`^(tp_btf|fentry|fexit|lsm|lsm\.s|lsm_cgroup|iter)/.*`)

var kernels = []string{"6.1", "6.12", "7.2", "7.3"}

// helpers are the names by number (include/uapi/linux/bpf.h), as bpf_helpers.h has them.
func helpers() map[int]string {
	names := map[int]string{}
	text, err := os.ReadFile("/usr/include/bpf/bpf_helper_defs.h")
	if err != nil {
		log.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`\(\*\s*(?:const )?(bpf_\w+)\)\(.*\) = \(void \*\) (\d+);`).FindAllSubmatch(text, -1) {
		var n int
		fmt.Sscan(string(m[2]), &n)
		names[n] = string(m[1])
	}
	return names
}

var refused = regexp.MustCompile(`^(unknown func|program of this type cannot use helper|invalid func|helper call is not allowed|` +
	`func .* supported|.*sleep)`)

type document struct {
	Objects []struct {
		Programs []struct {
			Name, Verdict string
			Diagnostics   []struct {
				KernelMessage string `json:"kernel_message"`
			}
		}
	}
}

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: go run probe.go BPFDIAG > sections.txt")
	}
	folder, err := os.MkdirTemp("", "probe")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(folder)
	names := helpers()
	allowed := map[string][]string{} // by helper: its sections, "xdp@6.12" where not before
	for i, s := range sections {
		source, object := filepath.Join(folder, "probe.c"), filepath.Join(folder, fmt.Sprintf("probe%d.bpf.o", i))
		var b strings.Builder
		b.WriteString("#define SEC(n) __attribute__((section(n), used))\nchar licence[] SEC(\"license\") = \"GPL\";\n")
		for n := range names {
			fmt.Fprintf(&b, "SEC(\"%s\") long f%d(void *c) { return ((long (*)(void))%d)(); }\n", s, n, n)
		}
		if err := os.WriteFile(source, []byte(b.String()), 0o644); err != nil {
			log.Fatal(err)
		}
		if out, err := exec.Command("clang", "-O2", "-g", "-w", "--target=bpf", "-c", source, "-o", object).CombinedOutput(); err != nil {
			log.Fatalf("%s%v", out, err)
		}
		s = target.ReplaceAllString(s, "$1")
		answers := map[string]map[int]bool{}
		for _, k := range kernels {
			answers[k] = ask(k, object)
		}
		for n, name := range names {
			since := len(kernels)
			for since > 0 && answers[kernels[since-1]][n] {
				since--
			}
			switch {
			case since == 0:
				allowed[name] = append(allowed[name], s)
			case since < len(kernels):
				allowed[name] = append(allowed[name], s+"@"+kernels[since])
			}
		}
	}
	rows := map[string][]string{}
	for _, n := range names {
		row := strings.Join(allowed[n], " ")
		rows[row] = append(rows[row], n)
	}
	fmt.Println("# Sections whose programs may call helpers, and the helpers. Made by probe.go, from the")
	fmt.Println("# kernels " + strings.Join(kernels, ", ") + ": @6.12 means since a Linux later than 6.1, at the latest 6.12.")
	for _, row := range slices.Sorted(maps.Keys(rows)) {
		slices.Sort(rows[row])
		fmt.Println(row + ": " + strings.Join(rows[row], " "))
	}
}

// ask has a kernel judge the programs, and says by helper's number whether its call is allowed.
func ask(kernel, object string) map[int]bool {
	out, err := exec.Command(os.Args[1], "check", "--kernel", kernel, "--format", "json", "--max-bytes", "0", object).Output()
	var doc document
	if json.Unmarshal(out, &doc) != nil || len(doc.Objects) == 0 {
		log.Fatalf("%s: %v\n%s", object, err, out)
	}
	answers := map[int]bool{}
	for _, p := range doc.Objects[0].Programs {
		var n int
		fmt.Sscanf(p.Name, "f%d", &n)
		switch {
		case p.Verdict == "accepted":
			answers[n] = true
		case len(p.Diagnostics) > 0:
			answers[n] = !refused.MatchString(p.Diagnostics[0].KernelMessage)
		default:
			answers[n] = false
		}
	}
	return answers
}
