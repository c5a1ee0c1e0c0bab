package verifierlog

import (
	"fmt"
	"testing"
)

// TestReadReport shows what is read of a report: what is told of each place,
// which the kernel wraps, and the instruction there.
func TestReadReport(t *testing.T) {
	const message = `R0 invalid mem access 'map_value_or_null'

Verification failed: Register Type Safety: Invalid dereference

Reason:
  R0 may be NULL here (a nullable map value pointer). The program could dereference NULL on this
  path, so the verifier cannot prove this access is safe.

At:
  count @ a.bpf.c:17:5
  Source context:
      16 | ...
  >>> 17 |         *n += 1;
         |         ^-- error: invalid dereference of R0 (a nullable map value pointer)
      18 |         return XDP_PASS;
  Instruction context:
       6 | (85) call bpf_map_lookup_elem#1
  >>>  7 | (79) r1 = *(u64 *)(r0 +0)

Causal path:
  count @ a.bpf.c:15:13
  Source context:
  >>> 15 |         __u64 *n = bpf_map_lookup_elem(&packets, &port);
         |         ^-- update: R0 changed from uninitialized value to nullable map value from
         |             packets at offset 0
      16 | ...
  Instruction context:
  >>>  6 | (85) call bpf_map_lookup_elem#1

  insn 9
          | ^-- branch: took the true branch of this conditional, goto followed
  Instruction context:
  >>>  9 | (15) if r0 == 0x0 goto pc+1

Suggestion:
  Add a NULL check.

BPF_EXIT instruction in main prog would lead to reference leak`
	r := ReadReport(message)
	const want = `&{Title:Register Type Safety: Invalid dereference ` +
		`Reason:R0 may be NULL here (a nullable map value pointer). The program could dereference NULL on this path, so the verifier cannot prove this access is safe. ` +
		`At:{Function:count File:a.bpf.c Line:17 Source:*n += 1; Insn:7 Code:(79) r1 = *(u64 *)(r0 +0) Kind:error Text:invalid dereference of R0 (a nullable map value pointer)} ` +
		`Path:[{Function:count File:a.bpf.c Line:15 Source:__u64 *n = bpf_map_lookup_elem(&packets, &port); Insn:6 Code:(85) call bpf_map_lookup_elem#1 Kind:update Text:R0 changed from uninitialized value to nullable map value from packets at offset 0} ` +
		`{Function: File: Line:0 Source: Insn:9 Code:(15) if r0 == 0x0 goto pc+1 Kind:branch Text:took the true branch of this conditional, goto followed}] ` +
		`Suggestion:Add a NULL check. Lines:34}`
	if got := fmt.Sprintf("%+v", r); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if r := ReadReport("R0 invalid mem access 'scalar'"); r != nil {
		t.Errorf("%+v", r)
	}
}
