package debuginfo

// vn names a value: registers and stack slots with the same number hold the
// same value.
type vn int32

type valueOp uint8

// What a value is made of.
const (
	opUnknown valueOp = iota // defined by instruction at, in a way that is not followed
	opParam                  // register k when the function began
	opFrame                  // r10 + k
	opConst                  // k
	opMap                    // the map that relocation at refers to
	opData                   // the address of byte k of the data map of relocation at
	opLoad                   // size bytes at a + k, loaded by instruction at
	opCall                   // what the call at returned
	opAdd                    // a + b, or a + k where b is noValue
	opArith                  // a <code> b, or a <code> k
	opLow32                  // the low half of a, zero-extended
	opSext                   // the low size bytes of a, sign-extended
	opPhi                    // block at begins with different values in location k
)

const noValue vn = 0

type value struct {
	op   valueOp
	code uint8 // ALU operation, BPF_OP(code)
	size uint8 // of loads
	a, b vn
	k    int64
	at   int32
}

// values hands out numbers.
type values struct {
	list []value
	nums map[value]vn
}

func newValues() *values {
	return &values{list: make([]value, 1, 64), nums: map[value]vn{}}
}

func (vs *values) number(v value) vn {
	if n, ok := vs.nums[v]; ok {
		return n
	}
	vs.list = append(vs.list, v)
	n := vn(len(vs.list) - 1)
	vs.nums[v] = n
	return n
}

func (vs *values) of(n vn) value { return vs.list[n] }

// add is a + k.
func (vs *values) add(a vn, k int64) vn {
	switch v := vs.of(a); {
	case k == 0:
		return a
	case v.op == opFrame || v.op == opConst || v.op == opData:
		v.k += k
		return vs.number(v)
	case v.op == opAdd && v.b == noValue:
		if v.k += k; v.k == 0 {
			return v.a
		}
		return vs.number(v)
	}
	return vs.number(value{op: opAdd, a: a, k: k})
}

// sum is a + b.
func (vs *values) sum(a, b vn) vn {
	va, vb := vs.of(a), vs.of(b)
	switch {
	case vb.op == opConst:
		return vs.add(a, vb.k)
	case va.op == opConst:
		return vs.add(b, va.k)
	case va.op == opAdd && va.b == noValue: // (x + k) + b is (x + b) + k
		return vs.add(vs.number(value{op: opAdd, a: va.a, b: b}), va.k)
	}
	return vs.number(value{op: opAdd, a: a, b: b})
}

// low32 is the low half of a value, zero-extended.
func (vs *values) low32(a vn) vn {
	switch v := vs.of(a); {
	case v.op == opConst:
		return vs.number(value{op: opConst, k: int64(uint32(v.k))})
	case v.op == opLow32, v.op == opLoad && v.size <= 4:
		return a
	}
	return vs.number(value{op: opLow32, a: a})
}

// BPF_OP values of ALU instructions.
const (
	aluAdd  = 0x00
	aluSub  = 0x10
	aluLsh  = 0x60
	aluRsh  = 0x70
	aluMov  = 0xb0
	aluArsh = 0xc0
	aluEnd  = 0xd0
)

// arith is a <op> k or, with b, a <op> b. Shifts by 32 there and back, with which
// older instruction sets extend, are seen as such.
func (vs *values) arith(op uint8, a, b vn, k int64) vn {
	if b != noValue {
		if v := vs.of(b); v.op == opConst {
			b, k = noValue, v.k
		}
	}
	if b == noValue && (op == aluRsh || op == aluArsh) {
		if v := vs.of(a); v.op == opArith && v.code == aluLsh && v.b == noValue && v.k == k {
			switch {
			case op == aluRsh && k == 32:
				return vs.low32(v.a)
			case op == aluArsh && (k == 32 || k == 48 || k == 56):
				return vs.number(value{op: opSext, a: v.a, size: uint8((64 - k) / 8)})
			}
		}
	}
	return vs.number(value{op: opArith, code: op, a: a, b: b, k: k})
}
