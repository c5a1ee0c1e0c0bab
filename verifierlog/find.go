package verifierlog

import "io"

// A Finder finds the logs in a text that has other things too: what a loader
// printed, a terminal, a journal, the output of a build, a question that
// somebody asked on the web.
//
//	f := verifierlog.NewFinder(r)
//	for f.Next() {
//		log := f.Log()
//		sc := verifierlog.NewScanner(log)
//		…
//	}
//
// It reads the text once and holds a window of 256 KiB of it, never a log.
//
// A log is known by what its loader puts around it, or by the shape of its
// lines: instructions, states, statistics, and complaints that nobody else
// makes. A line that stands near those, and could be the kernel's or somebody
// else's, is the log's if a sure line of it follows, or if no empty line is
// before it. Lines that a terminal or a mail program broke stay broken, and
// strings that were escaped twice are not read.
type Finder struct {
	src  findReader
	log  *Found
	back []findText // the last lines before the one that is looked at
	seen int        // how many lines were looked at
}

// Found is one log. It is an io.Reader of the log as the kernel wrote it:
// without anything in front of its lines, without colours, quotes and escapes,
// with line feeds alone as line ends. A log that stands in its file alone is
// given byte for byte.
//
// What it says of itself is complete when Read has returned io.EOF, because
// loaders say some of it after the log.
type Found struct {
	// Loader is who printed it: "libbpf" (which is in bpftool, bpftrace and
	// most others), "cilium/ebpf", "aya", "iproute2" (tc and ip), "bcc",
	// "bpftrace", "veristat", "bpf_load.c"; empty when nothing tells.
	Loader string
	// Program is its name as the loader gives it (for iproute2 the section's),
	// empty if it does not.
	Program string
	// Errno is the error of bpf(BPF_PROG_LOAD) as a positive number of Linux,
	// 0 if nothing tells.
	Errno int
	// HeadMissing: the log begins in its midst. A full log buffer keeps the
	// end (Linux 6.4 and later), tc prints the last 4 KiB, people cut.
	HeadMissing bool
	// TailMissing: the line of statistics that ends a log is not there. The
	// log was cut, or is of a kernel before 5.2, which printed it for accepted
	// programs alone.
	TailMissing bool
	// Summary: one or two last lines of the log, all that cilium/ebpf's %v
	// prints.
	Summary bool
	// Start is where the first line is.
	Start Origin

	findBody
}

// NewFinder returns a Finder of the logs in what r gives.
func NewFinder(r io.Reader) *Finder {
	return &Finder{src: findReader{in: findInput{r: r, line: 1}}}
}

// Next goes to the next log and says whether there is one. What was not read
// of the last one is passed over. A text without a log has none: that is no
// error.
func (f *Finder) Next() bool {
	if f.log != nil {
		io.Copy(io.Discard, f.log)
		f.log = nil
	}
	for {
		l := f.begin()
		if l == nil {
			return false
		}
		for l.ready == 0 && !l.done {
			l.step()
		}
		if l.ready > 0 {
			f.log = l
			return true
		}
	}
}

// Log returns the log that Next went to. It can be read until the next Next.
func (f *Finder) Log() *Found { return f.log }

// Err is the reader's error, nil at the end of the input.
func (f *Finder) Err() error {
	if err := f.src.in.err; err != io.EOF {
		return err
	}
	return nil
}

// Read gives the text of the log.
func (l *Found) Read(p []byte) (int, error) {
	for l.gone == l.ready {
		if l.done {
			return 0, io.EOF
		}
		l.step()
	}
	n := copy(p, l.out[l.gone:l.ready])
	l.gone += n
	return n, nil
}

// Origin returns where a line of the log is in the text that it was found in:
// the line with this number, from 1, that begins at this byte of the log, from
// 0. Nodes have both. It is false for lines not read yet.
//
// The index takes nothing for lines that follow each other regularly, and at
// most 6 MiB: of a log in which every line is another's length away from the
// one before (colours, entities), only the first 131,072 lines have an origin.
func (l *Found) Origin(line int, offset int64) (Origin, bool) { return l.places.find(line, offset) }
