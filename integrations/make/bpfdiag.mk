# Verifies what the build compiles for BPF. Include this after CLANG is set:
#
#   -include bpfdiag.mk
#
# Without bpfdiag on this machine the build is as it was. BPFDIAG_CC_FLAGS has
# flags: `make BPFDIAG_CC_FLAGS=--warn` reports and goes on.
ifneq ($(shell command -v bpfdiag 2>/dev/null),)
CLANG := bpfdiag cc -- $(if $(CLANG),$(CLANG),clang)
export BPFDIAG_CC_FLAGS
endif
