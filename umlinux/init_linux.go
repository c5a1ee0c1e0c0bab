package umlinux

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// InGuest says whether this process is a guest's init; main then calls Init
// before anything else.
func InGuest() bool { return os.Getpid() == 1 && os.Getenv(guestEnv) != "" }

// Init serves calls until the host hangs up, then powers the guest off. It
// does not return.
func Init() {
	err := serve()
	if err != nil && !errors.Is(err, io.EOF) {
		fmt.Fprintf(os.Stderr, "bpfdiag guest: %v\n", err)
	}
	unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)
	select {}
}

func serve() error {
	// Everything is slow here that touches memory or switches threads
	// (docs/kernel.md), so: one thread, no garbage collection but between
	// objects, and system calls that the scheduler does not see.
	runtime.LockOSThread()
	debug.SetGCPercent(-1)

	if err := unix.Mount("devtmpfs", "/dev", "devtmpfs", 0, ""); err != nil && err != unix.EBUSY {
		return fmt.Errorf("mount /dev: %w", err)
	}
	// What the runtime says when it dies belongs to the host's standard error;
	// the console swallows it.
	if fd, err := unix.Open("/dev/hoststderr", unix.O_WRONLY, 0); err == nil {
		unix.Dup3(fd, 1, 0)
		unix.Dup3(fd, 2, 0)
	}
	fd, err := unix.Open("/dev/hostchan", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open the channel to the host: %w", err)
	}
	var uts unix.Utsname
	if err := unix.Uname(&uts); err != nil {
		return err
	}
	s := server{fd: fd}
	hello := Reply{Value: protocolVersion, Log: bytes.TrimRight(uts.Release[:], "\x00")}
	if err := s.reply(&hello); err != nil {
		return err
	}
	for {
		c, err := s.next()
		if err != nil {
			return err
		}
		r := s.do(&c)
		if err := s.reply(&r); err != nil {
			return err
		}
	}
}

// server is the guest's end of the channel and what the calls left open.
type server struct {
	fd    int
	in    []byte // unread input is in[pos:]
	pos   int
	out   []byte
	slots []int // descriptors, -1 where there is none
	maps  [][2]uintptr
	log   []byte // buffer for logs, mapped on demand
	// logUsed is how much of log was filled since it was last given back.
	logUsed int
}

// maxLog is the size of the buffer for logs; only what a log fills costs memory.
const maxLog = 128 << 20

// fill reads until at least n unread bytes are in the buffer.
func (s *server) fill(n int) error {
	for len(s.in)-s.pos < n {
		if s.pos > 0 {
			s.in = s.in[:copy(s.in, s.in[s.pos:])]
			s.pos = 0
		}
		if cap(s.in)-len(s.in) < max(n-len(s.in), 4096) {
			s.in = append(make([]byte, 0, max(2*cap(s.in), n+4096, 64<<10)), s.in...)
		}
		free := s.in[len(s.in):cap(s.in)]
		got, _, errno := unix.RawSyscall(unix.SYS_READ, uintptr(s.fd), uintptr(unsafe.Pointer(&free[0])), uintptr(len(free)))
		switch {
		case errno == unix.EINTR:
		case errno != 0:
			return errno
		case got == 0:
			return io.EOF
		default:
			s.in = s.in[:len(s.in)+int(got)]
		}
	}
	return nil
}

// next reads one call. Its memory is valid until the next call of next.
func (s *server) next() (Call, error) {
	if err := s.fill(4); err != nil {
		return Call{}, err
	}
	n := int(le.Uint32(s.in[s.pos:]))
	if n < callHeader || n > maxFrame {
		return Call{}, fmt.Errorf("malformed call of %d bytes", n)
	}
	if err := s.fill(n); err != nil {
		return Call{}, err
	}
	frame := s.in[s.pos+4 : s.pos+n]
	s.pos += n
	return parseCall(frame)
}

func (s *server) reply(r *Reply) error {
	s.out = appendReply(s.out[:0], &Reply{Value: r.Value, Errno: r.Errno, Duration: r.Duration})
	le.PutUint32(s.out, uint32(replyHeader+len(r.Log)+len(r.Data)))
	le.PutUint32(s.out[24:], uint32(len(r.Log)))
	if len(r.Log) < 64<<10 {
		s.out = append(append(s.out, r.Log...), r.Data...)
		return s.write(s.out)
	}
	for _, p := range [][]byte{s.out, r.Log, r.Data} {
		if err := s.write(p); err != nil {
			return err
		}
	}
	return nil
}

func (s *server) write(p []byte) error {
	for len(p) > 0 {
		n, _, errno := unix.RawSyscall(unix.SYS_WRITE, uintptr(s.fd), uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)))
		if errno == unix.EINTR {
			continue
		}
		if errno != 0 {
			return errno
		}
		p = p[n:]
	}
	return nil
}

func (s *server) do(c *Call) Reply {
	switch c.Op {
	case OpBPF:
		return s.bpf(c)
	case OpMmap:
		return s.mmap(c)
	case OpReset:
		s.reset()
		return Reply{}
	}
	return Reply{Value: -1, Errno: unix.ENOSYS}
}

func (s *server) slot(i int32) int {
	if i < 0 || int(i) >= len(s.slots) {
		return -1
	}
	return s.slots[i]
}

func (s *server) bpf(c *Call) Reply {
	var attr unsafe.Pointer
	if len(c.Data) > 0 {
		attr = unsafe.Pointer(&c.Data[0])
	}
	for _, p := range c.Pointers {
		le.PutUint64(c.Data[p.At:], uint64(uintptr(attr)+uintptr(p.To)))
	}
	for _, f := range c.FDs {
		le.PutUint32(c.Data[f.At:], uint32(s.slot(f.Slot)))
	}
	var log []byte
	if c.Log != nil {
		var errno error
		if log, errno = s.logBuffer(c.Log.Size); errno != nil {
			return Reply{Value: -1, Errno: unix.ENOMEM}
		}
		log[0] = 0
		le.PutUint64(c.Data[c.Log.AddrAt:], uint64(uintptr(unsafe.Pointer(&log[0]))))
		le.PutUint32(c.Data[c.Log.SizeAt:], uint32(len(log)))
	}
	start := time.Now()
	v, _, errno := unix.RawSyscall(unix.SYS_BPF, uintptr(c.Cmd), uintptr(attr), uintptr(c.AttrLen))
	// A signal of the Go runtime makes the verifier give up (bpf_check).
	for range 5 {
		if errno != unix.EAGAIN {
			break
		}
		start = time.Now()
		v, _, errno = unix.RawSyscall(unix.SYS_BPF, uintptr(c.Cmd), uintptr(attr), uintptr(c.AttrLen))
	}
	r := Reply{Value: int64(v), Errno: errno, Duration: time.Since(start), Data: c.Data[:c.Return]}
	if errno != 0 {
		r.Value = -1
	}
	if log != nil {
		n := bytes.IndexByte(log, 0)
		if n < 0 {
			n = len(log)
		}
		r.Log = log[:n]
		s.logUsed = max(s.logUsed, n)
	}
	switch {
	case errno != 0:
	case c.Slot >= 0:
		s.keep(c.Slot, int(v))
	case returnsFD(c.Cmd):
		unix.RawSyscall(unix.SYS_CLOSE, v, 0, 0)
	}
	return r
}

// returnsFD says whether a bpf(2) command returns a new descriptor, which the
// guest closes when nobody wants to keep it.
func returnsFD(cmd uint32) bool {
	switch cmd {
	case unix.BPF_MAP_CREATE, unix.BPF_PROG_LOAD, unix.BPF_BTF_LOAD, unix.BPF_OBJ_GET,
		unix.BPF_PROG_GET_FD_BY_ID, unix.BPF_MAP_GET_FD_BY_ID, unix.BPF_BTF_GET_FD_BY_ID,
		unix.BPF_RAW_TRACEPOINT_OPEN, unix.BPF_LINK_CREATE, unix.BPF_LINK_GET_FD_BY_ID,
		unix.BPF_ENABLE_STATS, unix.BPF_ITER_CREATE:
		return true
	}
	return false
}

const maxSlots = 1 << 20

func (s *server) keep(slot int32, fd int) {
	for int(slot) >= len(s.slots) && len(s.slots) < maxSlots {
		s.slots = append(s.slots, -1)
	}
	if int(slot) >= len(s.slots) {
		syscall.Close(fd)
		return
	}
	if old := s.slots[slot]; old >= 0 {
		syscall.Close(old)
	}
	s.slots[slot] = fd
}

func (s *server) mmap(c *Call) Reply {
	var addr uintptr
	flags := unix.MAP_SHARED
	if len(c.Data) >= 8 {
		if addr = uintptr(le.Uint64(c.Data)); addr != 0 {
			flags |= unix.MAP_FIXED_NOREPLACE
		}
	}
	at, _, errno := unix.RawSyscall6(unix.SYS_MMAP, addr, uintptr(c.Size), unix.PROT_READ|unix.PROT_WRITE, uintptr(flags), uintptr(s.slot(int32(c.Cmd))), 0)
	if errno != 0 {
		return Reply{Value: -1, Errno: errno}
	}
	s.maps = append(s.maps, [2]uintptr{at, uintptr(c.Size)})
	return Reply{Value: int64(at)}
}

// reset makes the guest as it was after boot, ready for the next object.
func (s *server) reset() {
	for _, m := range s.maps {
		unix.RawSyscall(unix.SYS_MUNMAP, m[0], m[1], 0)
	}
	for _, fd := range s.slots {
		if fd >= 0 {
			syscall.Close(fd)
		}
	}
	s.maps, s.slots = s.maps[:0], s.slots[:0]
	if cap(s.in) > 4<<20 || cap(s.out) > 4<<20 {
		s.in, s.out, s.pos = append([]byte(nil), s.in[s.pos:]...), nil, 0
		debug.FreeOSMemory()
	}
}

// logBuffer returns n bytes of the log buffer. What an earlier log left there
// is given back to the kernel when it was much.
func (s *server) logBuffer(n uint32) ([]byte, error) {
	n = min(n, maxLog)
	if s.log == nil {
		log, err := unix.Mmap(-1, 0, maxLog, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_NORESERVE)
		if err != nil {
			return nil, err
		}
		s.log = log
	}
	if s.logUsed > 1<<20 {
		if err := unix.Madvise(s.log, unix.MADV_DONTNEED); err != nil {
			return nil, err
		}
		s.logUsed = 0
	}
	return s.log[:n], nil
}
