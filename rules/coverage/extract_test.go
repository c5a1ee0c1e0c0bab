package main

import (
	"slices"
	"testing"
)

// The source is made up, but every shape in it is one that the kernel has.
const source = `
#define WHEN "on exit"
#define complain(env, t, ...) \
	verbose(env, "type " t " is bad\n")
/* verbose(env, "in a comment\n"); */
static int simple(struct env *env, int regno)
{
	verbose(env, "R%d is wrong"
		" for %s at %lld, 100%%\n", regno, type_str(regno), (s64)1);
	// verbose(env, "in another\n");
	verbose(env, "%s is wrong for %s\n", reg_arg_name(env, regno), "it");
	return '"' == regno;
}
static int alternatives(struct env *env, const char *msg)
{
	const char *err = "not %s here\n";

	if (env->x)
		err = "neither " WHEN "\n";
	verbose(env, err, env->name);
	verbose(env, "%s\n", env->x ? "is lost" : "is found");
	verbose(env, "%s found\n", msg);
}
static void callers(struct env *env)
{
	alternatives(env, "tree");
	alternatives(env, env->y ? "bush" : "hedge");
}
static int pieces(struct env *env)
{
	verbose(env, "R%d type=%s expected=", 1, "x");
	for (i = 0; i < n; i++)
		verbose(env, "%s, ", str(i));
	verbose(env, "%s\n", str(n));
	verbose(env, "one %d ", 1);
	verbose(env, "two %#llx\n", 2);
	verbose(env, "first line\nsecond line\n");
	if (env->a) {
		verbose(env, "without its end");
		return 1;
	}
	verbose(env, "state at %d:", 1);
	print_verifier_state(env);
	verbose(env, "%zu of %-4s left\n", n, s);
	verifier_bug_if(env->a && f(b, c), env, "bad %d", a);
	btf_verifier_log_type(env, t, "Invalid size");
	unresolved(env);
	verbose(env, env->fmt);
}
`

func TestReadSource(t *testing.T) {
	var got []string
	for _, s := range readSource("1.0", "kernel/bpf/x.c", source) {
		got = append(got, s.Function+": "+s.Message)
	}
	want := []string{
		"simple: %R is wrong for %s at %d, 100%%",
		"simple: %R is wrong for it",
		"alternatives: not %s here",
		"alternatives: neither on exit",
		"alternatives: is lost",
		"alternatives: is found",
		"alternatives: tree found",
		"alternatives: bush found",
		"alternatives: hedge found",
		"pieces: %R type=%s expected=%s",
		"pieces: one %d two 0x%x",
		"pieces: first line",
		"pieces: second line",
		"pieces: without its end",
		"pieces: state at %d:%s",
		"pieces: %d of %s left",
		"pieces: verifier bug: bad %d (%s)",
		"pieces: [%d] %s Invalid size",
		"pieces: %s",
		"complain: type %s is bad",
	}
	for _, w := range want {
		if !slices.Contains(got, w) {
			t.Errorf("lacks %q", w)
		}
	}
	for _, g := range got {
		if !slices.Contains(want, g) {
			t.Errorf("has %q", g)
		}
	}
}

func FuzzReadSource(f *testing.F) {
	f.Add(source)
	f.Add("f(){verbose(")
	f.Add(`f(){verbose(env,"%`)
	f.Fuzz(func(t *testing.T, text string) { readSource("1.0", "x.c", text) })
}
