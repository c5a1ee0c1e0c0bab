package rules

import (
	"strings"
	"testing"
)

// TestLostPointers: what is a number to the verifier, was it a pointer before? The
// logs alone decide between the codes that have no message of their own.
func TestLostPointers(t *testing.T) {
	tests := []struct {
		name, typ, log string
		code, message  string
		labels         []string
	}{
		{
			name: "a helper may move the packet", typ: "xdp",
			log: `0: R1=ctx() R10=fp0
; void *data = (void *)(long)ctx->data; @ p.c:5
0: (61) r6 = *(u32 *)(r1 +0)          ; R1=ctx() R6=pkt(r=0)
; if (bpf_xdp_adjust_head(ctx, 4)) @ p.c:6
1: (b7) r2 = 4                        ; R2=4
2: (85) call bpf_xdp_adjust_head#44   ; R0=scalar()
; return *(__u8 *)data; @ p.c:8
3: (71) r0 = *(u8 *)(r6 +0)
R6 invalid mem access 'scalar'
`,
			code: "BPF0132", message: "the pointer points into the packet as it was before `bpf_xdp_adjust_head`",
			labels: []string{"points into the packet", "may move the packet: pointers into it, and checks of them, end here", "used after the call"},
		},
		{
			name: "a reference is released", typ: "sched_cls",
			log: `0: R1=ctx() R10=fp0
; sk = bpf_sk_lookup_tcp(skb, &tuple, sizeof(tuple), -1, 0); @ p.c:5
0: (85) call bpf_sk_lookup_tcp#84     ; R0=sock_or_null(id=2,ref_obj_id=2) refs=2
1: (bf) r6 = r0                       ; R0=sock_or_null(id=2,ref_obj_id=2) R6=sock_or_null(id=2,ref_obj_id=2) refs=2
; if (!sk) @ p.c:6
2: (15) if r0 == 0x0 goto pc+4        ; R0=sock(ref_obj_id=2) refs=2
; bpf_sk_release(sk); @ p.c:8
3: (bf) r1 = r6                       ; R1=sock(ref_obj_id=2) R6=sock(ref_obj_id=2) refs=2
4: (85) call bpf_sk_release#86        ;
; return sk->family; @ p.c:9
5: (61) r0 = *(u32 *)(r6 +4)
R6 invalid mem access 'scalar'
`,
			code: "BPF0133", message: "the pointer is used after it was released",
			labels: []string{"acquired here", "released here", "used after that"},
		},
		{
			name: "the task's address is a number", typ: "kprobe",
			log: `0: R1=ctx() R10=fp0
; task = (void *)bpf_get_current_task(); @ p.c:5
0: (85) call bpf_get_current_task#35  ; R0=scalar()
; return task->pid; @ p.c:6
1: (61) r0 = *(u32 *)(r0 +1232)
R0 invalid mem access 'scalar'
`,
			code: "BPF0134", message: "this is an address in the kernel, which cannot be read directly",
			labels: []string{"returns the address as a number", "read directly here"},
		},
		{
			name: "loaded from a map", typ: "xdp",
			log: `0: R1=ctx() R6=map_value(map=cursors,ks=4,vs=16) R10=fp0
; eth = c->pos; @ p.c:5
0: (79) r1 = *(u64 *)(r6 +0)          ; R1=scalar() R6=map_value(map=cursors,ks=4,vs=16)
; return eth->h_proto; @ p.c:6
1: (69) r0 = *(u16 *)(r1 +12)
R1 invalid mem access 'scalar'
`,
			code: "BPF0130", message: "a number is used as a pointer here",
			labels: []string{"loaded from a value of map `cursors` (16 bytes)", "used as a pointer here"},
		},
		{
			name: "NULL on this path", typ: "xdp",
			log: `0: R1=ctx() R10=fp0
; n = bpf_map_lookup_elem(&counts, &key); @ p.c:5
0: (85) call bpf_map_lookup_elem#1    ; R0=map_value_or_null(id=1,map=counts,ks=4,vs=8)
; if (n) @ p.c:6
1: (55) if r0 != 0x0 goto pc+2        ; R0=0
; *n = 1; @ p.c:8
2: (b7) r1 = 1                        ; R1=1
3: (7b) *(u64 *)(r0 +0) = r1
R0 invalid mem access 'scalar'
`,
			code: "BPF0130", message: "the pointer is NULL on this path",
			labels: []string{"returned by `bpf_map_lookup_elem`", "this path goes on where it is NULL", "accessed here"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := Diagnose(Case{Program: Program{Name: "p", Type: test.typ}, Log: test.log})
			if d.Code != test.code || d.Message != test.message {
				t.Errorf("got %s: %s", d.Code, d.Message)
			}
			var labels []string
			for _, l := range d.Labels {
				labels = append(labels, l.Text)
			}
			if got, want := strings.Join(labels, "\n"), strings.Join(test.labels, "\n"); got != want {
				t.Errorf("labels:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}
