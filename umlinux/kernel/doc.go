// Package kernel finds, builds and caches the kernels whose verifier bpfdiag
// runs: Linux built as an ordinary program (User Mode Linux, ARCH=um).
//
// A kernel is made from a source tree (Debian's linux-source packages, or
// anybody's own), the patches of a series (patches/SERIES/*.patch) and a
// configuration fragment (config/base.config plus config/SERIES.config). All
// three are content: the same source, patches, fragment and tools are built
// once, and anything else is another kernel.
//
// Everything lives below [CacheDir]:
//
//	kernels/NAME/linux       the executable, an ELF file with symbols and .BTF
//	kernels/NAME/config      the configuration that it was built with
//	kernels/NAME/image.json  what it was made from
//	work/NAME/               a build under way; gone when it has succeeded
//	apt/                     apt's private state, shared by all builds
//	locks/                   one lock per kernel name
//
// kernels/NAME appears and changes by one rename, so that whoever looks there
// sees a whole kernel or none.
package kernel
