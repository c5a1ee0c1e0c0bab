package object

import (
	"encoding/binary"
	"path/filepath"
	"strings"
)

// SetText gives the line information the text of files, by path, that was
// compiled. Clang takes the lines from the disk (BTFDebug::populateFileContent in
// LLVM), also where it has compiled something that stands in for the file. It is
// called before anything else is asked of the object.
func (o *Object) SetText(texts map[string]string) {
	if o.ext == nil || len(texts) == 0 {
		return
	}
	files := map[uint32][]string{} // lines by the name's offset; nil for other files
	added := map[string]uint32{}
	for _, r := range o.ext.lines {
		for i := range r.len() {
			rec := r.at(i)
			name := binary.LittleEndian.Uint32(rec[4:])
			lines, known := files[name]
			if !known {
				if text, ok := texts[filepath.Clean(o.BTF.String(name))]; ok {
					lines = strings.Split(text, "\n")
				}
				files[name] = lines
			}
			n := int(binary.LittleEndian.Uint32(rec[12:]) >> 10)
			if n < 1 || n > len(lines) {
				continue
			}
			line := strings.TrimSuffix(lines[n-1], "\r")
			if line == o.BTF.String(binary.LittleEndian.Uint32(rec[8:])) || strings.IndexByte(line, 0) >= 0 {
				continue
			}
			off, ok := added[line]
			if !ok {
				off = o.BTF.addString(line)
				added[line] = off
			}
			binary.LittleEndian.PutUint32(rec[8:], off)
		}
	}
}
