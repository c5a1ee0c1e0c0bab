package sourcetext

import (
	"strings"
	"testing"
)

// cut takes the marks out of a text: the position that the compiler gives
// stands at `¦`, what it means between « and ».
func cut(marked string) (text string, at int, want string) {
	var b strings.Builder
	start, end := -1, -1
	for _, r := range marked {
		switch r {
		case '¦':
			at = b.Len()
		case '«':
			start = b.Len()
		case '»':
			end = b.Len()
		default:
			b.WriteRune(r)
		}
	}
	text = b.String()
	if start >= 0 {
		want = text[start:end]
	}
	return text, at, want
}

func TestExpressionC(t *testing.T) {
	for _, body := range []string{
		// As clang points: a member's name, a call's beginning, an operator.
		"x = «ctx->¦ingress_ifindex»;",
		"«stats->packets¦++»;",
		"«¦++stats->packets»;",
		"«tmp.bytes ¦= stats->bytes»;",
		"«v->ia[vol & 3].x ¦+= 4»;",
		"«¦bpf_map_update_elem(&m, &key, &tmp, 0)»;",
		"struct stats *s = «¦bpf_map_lookup_elem(&m, &key)»;",
		"struct stats *«¦s = bpf_map_lookup_elem(&m, &key)»;",
		"u64 t = now(), «¦buf[4] = { t, 1 }», *p;",
		"u64 t = now(), buf[4] = «¦{ t, 1 }»;",
		"__u32 «¦key = 0»;",
		"const volatile struct { int a; } *«¦p = q»;",
		"x *«¦y = z»;",
		"«a ¦* b» + c;",
		"return «¦s->in.b[n & 3]»;",
		"return s->in.b[«n ¦& 3»];",
		"«¦gv[i & 15]» += i;",
		"«s->¦in».b[n] = 1;",
		"x = «¦v->fn((void *)(long)ctx->data)»;",
		"x = v->fn((void *)(long)«ctx->¦data»);",
		"x = «¦(void *)(long)ctx->data»;",
		"x = (void *)«¦(long)ctx->data»;",
		"x = «¦*(u32 *)data» == 4 ? a : b;",
		"x = «*(u32 *)data ¦== 4» ? a : b;",
		"return «¦-(int)v->in.q[3]»;",
		"if («¦!v» && vol) return 1;",
		"if («!v ¦&& vol») return 1;",
		"if («data + 14 ¦> end») return 2;",
		"«¦if (data + 14 > end)» return 2;",
		"if («¦ctx->sk») return 1;",
		"if («ctx->¦sk») return 1;",
		"if («¦f(x)->y») return 1;",
		"«¦asm volatile (\"r0 = 1\")»;",
		"«¦while (vol < 10)» { }",
		"«¦for (i = 0; i < vol; i++)» x();",
		"for (i = 0; «i ¦< vol»; i++) x();",
		"for (int «¦i = 0»; i < vol; i++) x();",
		"for (i = 0; i < vol; «i¦++») x();",
		"do { «x ¦+= 1»; } while (x < 3);",
		"do { x += 1; } while («x ¦< 3»);",
		"switch («¦f(x)») { case 1: return 2; }",
		"switch (x) { case 1: case 2: «y ¦= 2»; break; default: return 2; }",
		"switch (x) { case A ... B: «¦return 2»; }",
		"«¦return x + 1»;",
		"«¦return»;",
		"«¦goto out»; out: return 1;",
		"out: «x ¦= 1»;",
		"if (a) b(); else if («c ¦== 1») d(); else «¦e()»;",
		"if (a) b(); else «¦e()»;",
		"bpf_for(i, 0, 10) { «sum ¦+= i»; }",
		"«¦bpf_for(i, 0, 10)» { sum += i; }",
		"bpf_repeat(10) { «¦f(x)»; }",
		// Macros: the invocation is meant, whatever is in it.
		"«¦bpf_printk(\"%d, )\", a,\n\t\tvol)»;",
		"«¦GET(v, a)» = 5;",
		"«GET(v, a) ¦= 5»;",
		"«¦INC(v->in.x)»;",
		"«¦BPF_CORE_READ(task, mm, exe_file)»;",
		"«¦__sync_fetch_and_add(&v->a, 1)»;",
		"x = «¦__builtin_offsetof(struct s, in.x)»;",
		"x = «sizeof(struct s) ¦+ 1»;",
		"x = «¦sizeof(*hdr)»;",
		"x = «¦({ int y = f(); y + 1; })»;",
		"x = ({ int «¦y = f()»; y + 1; });",
		"x = ({ int y = «¦f()»; y + 1; });",
		"p = «¦&(struct s){ .a = 1 }»;",
		"p = &(struct s){ .a = «x ¦+ 1» };",
		"p = &«¦(struct s){ .a = x + 1 }»;",
		"asm volatile (\"r0 = 1\" : : \"r\"(«x ¦+ 1») : \"r0\");",
		"«a¦, b»;",
		"«¦a», b;",
		"(«¦x»);",
		"x = «'\\''¦ + '\"'» + \"/*\";",
		"x = /* ( */ «a ¦+ b»; // )",
		"x = «a ¦+\n#ifdef X\n\tb»;\n#endif",
		"\\\n x = «a \\\n ¦+ b»;",
		"x = «a ¦<< 2» | 1;",
		"x = a ? b : «c ¦- 1»;",
		"x = «¦a» ? b : c;",
		"((struct s *)«¦p»)->x = 1;",
		"«((struct s *)p)->¦x» = 1;",
		"x = (u8)«¦-1»;",
		"\u00e4\u00f6 = «x\u00fc ¦+ 1»;",
	} {
		text, at, want := cut("#define X {\nSEC(\"xdp\")\nint prog(struct xdp_md *ctx)\n{\n\t" + body + "\n}\n")
		check(t, text, at, want, false)
	}
}

func TestExpressionRust(t *testing.T) {
	for _, body := range []string{
		"let x = «¦foo(a)?»;",
		"let «¦x = foo(a)?»;",
		"let mut «¦x: u32 = 0»;",
		"let ethhdr: *const EthHdr = «¦ptr_at(&ctx, 0)?»;",
		"let y = «¦unsafe { (*eth).ether_type }»;",
		"let y = unsafe { «¦(*eth).ether_type» };",
		"match «¦unsafe { *p }» { EtherType::Ipv4 => {} _ => return Ok(1), }",
		"match x { A::B(c) => «¦f(c)», _ => 1, }",
		"match x { A => { «¦g(1)»; } _ => {} }",
		"if «¦start + offset + len > end» { return Err(()); }",
		"if let Some(x) = «¦map.get(&k)» { }",
		"if a { «¦f::<u32>(b)» } else { c }",
		"«¦*counter += 1»;",
		"for i in «¦0..n» { }",
		"for i in 0..n { «¦a[i] = b'\\''» }",
		"«¦info!(&ctx, \"r#{}\", x)»;",
		"let c = |x: u32| «¦x + 1»;",
		"let s = r#\"\"x\"#; let y = «¦z»;",
		"let l: &'a str = «¦w»;",
		"/* /* */ x */ let q = «¦w as *const u8»;",
		"«¦a as u8»",
		"return «¦Err(())»;",
	} {
		text, at, want := cut("#[xdp]\npub fn prog<'a>(ctx: XdpContext) -> u32 {\n    " + body + "\n}\n")
		check(t, text, at, want, true)
	}
}

func check(t *testing.T, text string, at int, want string, rust bool) {
	t.Helper()
	f := Parse([]byte(text), rust)
	line, col := f.Position(at)
	p, ok := f.At(line, col)
	got := ""
	if ok {
		got = f.Text(p.Span)
	}
	if got != want {
		t.Errorf("%q at %d:%d: got %q, want %q", text, line, col, got, want)
	}
}

// TestArguments: each argument is one operand, also those that are no expressions.
func TestArguments(t *testing.T) {
	for call, want := range map[string]string{
		"f()":                               "f",
		"f(a, b + 1)":                       "f|a|b + 1",
		"cast(struct task_struct *, p, 0)":  "cast|struct task_struct *|p|0",
		"f(struct s, sizeof(struct s), &x)": "f|struct s|sizeof(struct s)|&x",
		"f(const char *, ({ g(1, 2); }))":   "f|const char *|({ g(1, 2); })",
		"f(;, a)":                           "f|;|a",
		"f(a, , b)":                         "f|a||b",
	} {
		file := Parse([]byte("void h(void) {\n"+call+";\n}\n"), false)
		at, ok := file.At(2, 1)
		if !ok || at.Expr == nil || at.Expr.Kind != Call {
			t.Errorf("%s: no call", call)
			continue
		}
		var got []string
		for _, o := range at.Expr.Operands {
			got = append(got, file.Text(o.Span))
		}
		if s := strings.Join(got, "|"); s != want {
			t.Errorf("%s: %s, want %s", call, s, want)
		}
	}
}

// TestParseFrom: places in a part of a file are those of the file.
func TestParseFrom(t *testing.T) {
	file := ParseFrom(1<<30, []byte("void h(void) {\n\tf(a);\n}\n"), false)
	at, ok := file.At(1<<30+1, 2)
	if !ok || file.Text(at.Span) != "f(a)" || file.Indent(at.Span.Start) != "\t" {
		t.Errorf("%+v", at)
	}
	if line, column := file.Position(at.Span.End); line != 1<<30+1 || column != 6 {
		t.Errorf("it ends at %d:%d", line, column)
	}
	for _, line := range []int{0, 1, 1<<30 - 1, 1<<30 + 4} {
		if _, ok := file.At(line, 1); ok {
			t.Errorf("line %d is in it", line)
		}
	}
}
