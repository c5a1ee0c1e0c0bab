//go:build ignore

// The generator of functions.txt:
//
//	go run generate.go KERNEL_TREE > functions.txt
//
// It takes what C declares: helpers from the comments of
// include/uapi/linux/bpf.h, kfuncs from their definitions (__bpf_kfunc), and
// of their BTF_ID_FLAGS whether they sleep and the program types
// that register_btf_kfunc_id_set is called with. Names and types only, no prose.
package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

var (
	helper = regexp.MustCompile(`(?m)^ \* ([a-z][\w ]*?[ *]+)(bpf_\w+)\(([^)]*)\)$`)
	kfunc  = regexp.MustCompile(`(?m)^(?:notrace )?__bpf_kfunc (?:notrace )?([\w ]*?[ *]+)(\w+)\(((?:[^()]|\([^()]*\))*)\)`)
	begin  = regexp.MustCompile(`(?s)BTF_KFUNCS_START\((\w+)\)(.*?)BTF_KFUNCS_END`)
	set    = regexp.MustCompile(`(?s)struct btf_kfunc_id_set (\w+) = \{[^}]*\.set\s*=\s*&(\w+)`)
	use    = regexp.MustCompile(`register_btf_kfunc_id_set\(BPF_PROG_TYPE_(\w+),\s*&(\w+)\)`)
	flags  = regexp.MustCompile(`BTF_ID_FLAGS\(func, (\w+)(?:,([\w |\n\t]*))?\)`)
)

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: go run generate.go KERNEL_TREE > functions.txt")
	}
	tree := os.Args[1]
	lines := map[string]string{}
	text, err := os.ReadFile(filepath.Join(tree, "include/uapi/linux/bpf.h"))
	if err != nil {
		log.Fatal(err)
	}
	for _, m := range helper.FindAllSubmatch(text, -1) {
		lines[string(m[2])] = signature(m)
	}
	sleeps := map[string]bool{}
	types := map[string][]string{}
	for _, folder := range []string{"kernel", "net", "fs", "mm", "drivers", "crypto"} {
		err := filepath.WalkDir(filepath.Join(tree, folder), func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() || !strings.HasSuffix(path, ".c") {
				return err
			}
			text, err := os.ReadFile(path)
			if err != nil || !bytes.Contains(text, []byte("__bpf_kfunc")) && !bytes.Contains(text, []byte("BTF_ID_FLAGS")) {
				return err
			}
			for _, m := range kfunc.FindAllSubmatch(text, -1) {
				if name := string(m[2]); lines[name] == "" {
					lines[name] = signature(m)
				}
			}
			registered(text, types)
			for _, m := range flags.FindAllSubmatch(text, -1) {
				if bytes.Contains(m[2], []byte("KF_SLEEPABLE")) {
					sleeps[string(m[1])] = true
				}
			}
			return nil
		})
		if err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println("# Helpers and kfuncs as the kernel declares them. Made by generate.go from Linux 7.3;")
	fmt.Println("# \"sleeps\" in front of a kfunc means that programs that cannot sleep must not call it; in")
	fmt.Println("# brackets are the program types that it is registered for, \"unspec\" is all.")
	var names []string
	for n := range lines {
		names = append(names, n)
	}
	slices.Sort(names)
	for _, n := range names {
		if sleeps[n] {
			fmt.Print("sleeps ")
		}
		if t := types[n]; len(t) > 0 {
			slices.Sort(t)
			fmt.Printf("[%s] ", strings.Join(slices.Compact(t), " "))
		}
		fmt.Println(lines[n])
	}
}

// registered adds the program types that the kfuncs of a file are registered for.
func registered(text []byte, types map[string][]string) {
	lists, sets := map[string][]string{}, map[string]string{}
	for _, m := range begin.FindAllSubmatch(text, -1) {
		for _, f := range flags.FindAllSubmatch(m[2], -1) {
			lists[string(m[1])] = append(lists[string(m[1])], string(f[1]))
		}
	}
	for _, m := range set.FindAllSubmatch(text, -1) {
		sets[string(m[1])] = string(m[2])
	}
	for _, m := range use.FindAllSubmatch(text, -1) {
		for _, f := range lists[sets[string(m[2])]] {
			types[f] = append(types[f], strings.ToLower(string(m[1])))
		}
	}
}

// signature is a declaration on one line.
func signature(m [][]byte) string {
	return strings.Join(strings.Fields(string(m[1])), " ") + " " + string(m[2]) + "(" +
		strings.Join(strings.Fields(string(m[3])), " ") + ")"
}
