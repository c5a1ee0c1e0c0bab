# Two commands are all that most people need, on a Debian machine with nothing
# installed by hand: `make demo` and `make test`. `make help` lists the rest.

SHELL := /bin/bash
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:

# KERNELS are the series that `make kernels` builds and `make test` tests.
KERNELS ?= 6.12
# VERSION is what `bpfdiag --version` says; main.go has it where git does not.
VERSION ?= $(patsubst v%,%,$(shell git describe --tags --match 'v*' --dirty 2>/dev/null))
export VERSION

GO = scripts/go
STATICCHECK = $(GO) tool -modfile=scripts/tools.mod staticcheck

help: ## list the targets
	@echo "make TARGET [KERNELS=\"6.12 7.2\"]"
	@sed -n 's/^\([a-z]*\):.*## /  \1\t/p' $(MAKEFILE_LIST) | expand -t 14

demo: ## set up this machine, then check the examples
	@scripts/demo

test: ## set up this machine, then run every test with KERNELS, as an ordinary user
	@scripts/setup --tests scripts/as-user
	@scripts/as-user scripts/test $(KERNELS)

setup: ## install what is missing, through apt
	@scripts/setup

build: build/bpfdiag ## build/bpfdiag, static

# Go knows best whether anything has changed. Static, so that it runs with every libc.
build/bpfdiag: FORCE
	@CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false \
		-ldflags "-s -w$(if $(VERSION), -X main.version=$(VERSION))" -o $@ ./cmd/bpfdiag

kernels: build ## build KERNELS into the user's cache, unless they are there
	@scripts/kernels $(KERNELS) >/dev/null

comma := ,
space := $() $()
examples: build ## compile examples/, with the default kernel's types, to build/examples
	@scripts/compile-examples

lint: ## gofmt, go vet (also for systems that only build), staticcheck
	@bad=$$("$$($(GO) env GOROOT)/bin/gofmt" -l .) && [ -z "$$bad" ] || { echo "gofmt: $$bad"; exit 1; }
	@$(GO) vet ./...
	@for system in linux/arm64 darwin/arm64 windows/amd64; do \
		GOOS=$${system%/*} GOARCH=$${system#*/} $(GO) vet ./... || exit; done
	@$(STATICCHECK) ./...

bench: examples ## time check against a bare boot and --raw, with a server, cc in a build, stat on many objects (KERNELS, BENCH=flags)
	@CGO_ENABLED=0 $(GO) build -buildvcs=false -o build/ ./internal/bench ./internal/guestrun
	@scripts/compile-examples internal/bench/testdata/turns.bpf.c build/turns.bpf.o
	@build/bench -bpfdiag build/bpfdiag -guestrun build/guestrun -kernels "$(subst $(space),$(comma),$(strip $(KERNELS)))" \
		-object build/examples/fixed/xdp_check_without_size.bpf.o -rejected build/examples/broken \
		-many build/turns.bpf.o -tree examples/fixed -compile "$$(scripts/compile-examples --command)" $(BENCH)
	@$(GO) test ./cmd/bpfdiag -run '^$$' -bench BigLog

clean: ## remove build/; kernels stay in the user's cache (bpfdiag kernel remove)
	@rm -rf build

FORCE:
.PHONY: help demo test setup build kernels examples lint bench clean FORCE
