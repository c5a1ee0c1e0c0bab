/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guest's init: makes the bpf(2) calls that the host has prepared, in
 * order, and sends back what the kernel says. It knows nothing of objects,
 * programs or logs; umlinux/call.go is the other end of the wire.
 *
 * It is C without a library because in a guest every page that is touched for
 * the first time costs 17 µs (43 with ptrace) and every byte of the root file
 * system is copied: a Go program as init took longer to start than the kernel.
 *
 * Frames come from the host, which is trusted here; their offsets have been
 * checked there (Call.check) and only their lengths are checked again.
 */
typedef unsigned char u8;
typedef unsigned int u32;
typedef int s32;
typedef unsigned long u64; /* also addresses */
typedef long s64;

/* System calls of x86-64 (arch/x86/entry/syscalls/syscall_64.tbl). */
enum { SYS_read = 0, SYS_write = 1, SYS_open = 2, SYS_close = 3, SYS_mmap = 9, SYS_munmap = 11, SYS_madvise = 28,
       SYS_uname = 63, SYS_mount = 165, SYS_reboot = 169, SYS_bpf = 321 };

static s64 sys(s64 n, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f)
{
	s64 result;
	register u64 r10 __asm__("r10") = d;
	register u64 r8 __asm__("r8") = e;
	register u64 r9 __asm__("r9") = f;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

#define sys1(n, a) sys(n, (u64)(a), 0, 0, 0, 0, 0)
#define sys2(n, a, b) sys(n, (u64)(a), (u64)(b), 0, 0, 0, 0)
#define sys3(n, a, b, c) sys(n, (u64)(a), (u64)(b), (u64)(c), 0, 0, 0)

enum { EINTR = 4, ENOMEM = 12, EBUSY = 16, ENOSYS = 38 };

/* The operations and the headers of umlinux/call.go, packed as they are sent. */
enum { OP_BPF = 1, OP_MMAP = 2, OP_RESET = 3 };
enum { PROTOCOL_VERSION = 2 };

struct call {
	u32 length; /* of the frame, with this word */
	u8 op, pad[3];
	u32 cmd, attr_len;
	s32 slot;
	u32 give_back;
	u32 log_size, log_addr_at, log_size_at;
	u32 pointers, fds;
	u64 size;
	/* then pointers × {at, to}, fds × {at, slot}, and the data */
} __attribute__((packed));

struct reply {
	u32 length;
	u32 error;
	s64 value;
	u32 log_length;
	u32 pad;
	/* then the log and the data */
} __attribute__((packed));

enum { CALL_HEADER = 52, REPLY_HEADER = 24 };
_Static_assert(sizeof(struct call) == CALL_HEADER, "call.go's callHeader");
_Static_assert(sizeof(struct reply) == REPLY_HEADER, "call.go's replyHeader");

enum {
	MAX_FRAME = 256 << 20,
	MAX_LOG = 128 << 20,
	MAX_SLOTS = 1 << 16,
	MAX_MAPPINGS = 1 << 12,
	CHUNK = 64 << 10, /* of input */
	/* Memory that one call touched is kept up to this much. */
	KEEP = 1 << 20,
};

/*
 * Address space is free, only pages that are touched cost memory. A reply is
 * built where the kernel writes the log: header, log, data.
 */
static u8 *in;
static u64 in_start, in_end, in_used;
static u8 *out;
static u64 out_used;
static int channel;
static s32 fds[MAX_SLOTS]; /* descriptor + 1, so that untouched pages say "none" */
static s32 slots_used;
static struct { u64 addr, size; } mappings[MAX_MAPPINGS];
static u32 mappings_used;

static u64 length(const char *s)
{
	u64 n = 0;

	while (s[n])
		n++;
	return n;
}

static void copy(u8 *to, const u8 *from, u64 n)
{
	__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(n) : : "memory");
}

static u32 load32(const u8 *p) { return *(const u32 *)p; }
static void store32(u8 *p, u32 v) { *(u32 *)p = v; }
static void store64(u8 *p, u64 v) { *(u64 *)p = v; }

static void power_off(void)
{
	sys3(SYS_reboot, 0xfee1dead, 672274793, 0x4321fedc);
	for (;;)
		;
}

/* What goes wrong here belongs to the host's standard error. */
static void die(const char *why)
{
	s64 fd = sys2(SYS_open, "/dev/hoststderr", 1 /* O_WRONLY */);

	if (fd >= 0) {
		sys3(SYS_write, fd, "bpfdiag guest: ", 15);
		sys3(SYS_write, fd, why, length(why));
		sys3(SYS_write, fd, "\n", 1);
	}
	power_off();
}

static void *reserve(u64 size)
{
	/* PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE */
	s64 p = sys(SYS_mmap, 0, size, 3, 0x4022, (u64)-1, 0);

	if (p < 0 && p > -4096)
		die("no address space");
	return (void *)p;
}

/* Gives pages back to the guest's kernel. */
static void forget(u8 *p, u64 used)
{
	sys3(SYS_madvise, p, (used + 4095) & ~4095UL, 4 /* MADV_DONTNEED */);
}

static void send(const u8 *p, u64 n)
{
	while (n) {
		s64 sent = sys3(SYS_write, channel, p, n);

		if (sent == -EINTR)
			continue;
		if (sent <= 0)
			power_off();
		p += sent;
		n -= sent;
	}
}

/* Sends the log and the data that are behind the header already. */
static void answer(s64 value, u32 log_length, u32 data_length)
{
	struct reply *r = (struct reply *)out;

	r->length = sizeof(*r) + log_length + data_length;
	r->error = value < 0 ? -value : 0;
	r->value = value < 0 ? -1 : value;
	r->log_length = log_length;
	r->pad = 0;
	send(out, r->length);
	if (r->length > out_used)
		out_used = r->length;
}

/* Returns n bytes of input, without consuming them. */
static u8 *peek(u64 n)
{
	while (in_end - in_start < n) {
		s64 got;

		if (in_start) {
			copy(in, in + in_start, in_end - in_start);
			in_end -= in_start;
			in_start = 0;
		}
		got = sys3(SYS_read, channel, in + in_end, n - in_end > CHUNK ? n - in_end : CHUNK);
		if (got == -EINTR)
			continue;
		if (got <= 0)
			power_off();
		in_end += got;
		if (in_end > in_used)
			in_used = in_end;
	}
	return in + in_start;
}

/* Keeps a descriptor for later calls to name. */
static void keep(s32 slot, s64 fd)
{
	if (slot >= MAX_SLOTS)
		die("more objects than there are slots");
	if (fds[slot])
		sys1(SYS_close, fds[slot] - 1);
	fds[slot] = fd + 1;
	if (slot >= slots_used)
		slots_used = slot + 1;
}

static s32 descriptor(s32 slot)
{
	return slot >= 0 && slot < MAX_SLOTS ? fds[slot] - 1 : -1;
}

/* Commands of bpf(2) that return a new descriptor (enum bpf_cmd). */
static int returns_descriptor(u32 cmd)
{
	switch (cmd) {
	case 0: case 5: case 7: case 18: /* MAP_CREATE PROG_LOAD OBJ_GET BTF_LOAD */
	case 13: case 14: case 19: case 30: /* *_GET_FD_BY_ID */
	case 17: case 28: case 32: case 33: /* RAW_TRACEPOINT_OPEN LINK_CREATE ENABLE_STATS ITER_CREATE */
		return 1;
	}
	return 0;
}

static void bpf(const struct call *c, u8 *lists, u8 *data)
{
	u8 *log = out + sizeof(struct reply);
	u32 log_size = c->log_size < MAX_LOG ? c->log_size : MAX_LOG, n = 0, i;
	s64 value;

	for (i = 0; i < c->pointers; i++, lists += 8)
		store64(data + load32(lists), (u64)data + load32(lists + 4));
	for (i = 0; i < c->fds; i++, lists += 8)
		store32(data + load32(lists), descriptor(load32(lists + 4)));
	if (log_size) {
		*log = 0;
		store64(data + c->log_addr_at, (u64)log);
		store32(data + c->log_size_at, log_size);
	}
	value = sys3(SYS_bpf, c->cmd, data, c->attr_len);
	while (n < log_size && log[n])
		n++;
	copy(log + n, data, c->give_back);
	if (value >= 0) {
		if (c->slot >= 0)
			keep(c->slot, value);
		else if (returns_descriptor(c->cmd))
			sys1(SYS_close, value);
	}
	answer(value, n, c->give_back);
}

/* Maps what slot cmd holds where the data says. */
static s64 map(const struct call *c, const u8 *data)
{
	u64 addr = *(const u64 *)data;
	/* MAP_SHARED, with an address MAP_FIXED_NOREPLACE */
	s64 at = sys(SYS_mmap, addr, c->size, 3, addr ? 0x100001 : 1, descriptor(c->cmd), 0);

	if (at < 0 && at > -4096)
		return at;
	if (mappings_used == MAX_MAPPINGS) {
		sys2(SYS_munmap, at, c->size);
		return -ENOMEM;
	}
	mappings[mappings_used].addr = at;
	mappings[mappings_used++].size = c->size;
	return at;
}

/* Makes everything as it was after boot, ready for the next object. */
static void reset(void)
{
	while (mappings_used) {
		mappings_used--;
		sys2(SYS_munmap, mappings[mappings_used].addr, mappings[mappings_used].size);
	}
	while (slots_used) {
		slots_used--;
		if (fds[slots_used])
			sys1(SYS_close, fds[slots_used] - 1);
		fds[slots_used] = 0;
	}
	/* Input that has been read ahead stays. */
	if (in_used > KEEP && in_start == in_end) {
		forget(in, in_used);
		in_start = in_end = in_used = 0;
	}
}

static void hello(void)
{
	static struct { char system[65], node[65], release[65], version[65], machine[65], domain[65]; } name;
	u64 n;

	sys1(SYS_uname, &name);
	n = length(name.release);
	copy(out + sizeof(struct reply), (u8 *)name.release, n);
	answer(PROTOCOL_VERSION, n, 0);
}

__attribute__((noreturn, used)) void serve(void)
{
	s64 err = sys(SYS_mount, (u64)"devtmpfs", (u64)"/dev", (u64)"devtmpfs", 0, 0, 0);

	if (err < 0 && err != -EBUSY)
		die("/dev cannot be mounted");
	channel = sys2(SYS_open, "/dev/hostchan", 02000002 /* O_RDWR|O_CLOEXEC */);
	if (channel < 0)
		die("there is no channel to the host");
	in = reserve(MAX_FRAME + CHUNK);
	out = reserve(sizeof(struct reply) + MAX_LOG + (u64)MAX_FRAME);
	hello();
	for (;;) {
		u32 n = load32(peek(4));
		const struct call *c;
		u8 *lists, *data;
		u64 before;

		if (n < sizeof(*c) || n > MAX_FRAME)
			die("a call is malformed");
		c = (const struct call *)peek(n);
		in_start += n;
		before = sizeof(*c) + 8 * ((u64)c->pointers + c->fds);
		if (before > n)
			die("a call is truncated");
		lists = (u8 *)c + sizeof(*c);
		data = (u8 *)c + before;
		switch (c->op) {
		case OP_BPF:
			bpf(c, lists, data);
			break;
		case OP_MMAP:
			answer(map(c, data), 0, 0);
			break;
		case OP_RESET:
			reset();
			answer(0, 0, 0);
			break;
		default:
			answer(-ENOSYS, 0, 0);
		}
		if (out_used > KEEP) {
			forget(out, out_used);
			out_used = 0;
		}
		if (in_start == in_end)
			in_start = in_end = 0;
	}
}

/* The kernel leaves the stack aligned to 16 bytes; a function expects 8 more. */
__asm__(".globl _start\n_start:\n\txor %ebp, %ebp\n\tcall serve\n");
