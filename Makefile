# Everything that is done often has a target; `make` lists them.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
NPM     := npm --prefix frontend run --silent
BUILD   := go build -trimpath -ldflags '-s -w -X main.version=$(VERSION)'

# What tests and the demos need of Debian, without recommended packages: a
# browser, curl, LaTeX for the slides, pdftotext, bwrap to measure against, entr
# for make dev, ip for networks of tests, python3 to attack sandboxes. A compiler for SQLite.
TOOLS    := gcc libc6-dev
PACKAGES := $(TOOLS) bubblewrap chromium curl entr iproute2 latexmk poppler-utils python3 texlive-latex-recommended texlive-pictures
# What make test-vm needs; the kernel itself is only unpacked into a cache.
VM_PACKAGES := e2fsprogs qemu-system-x86 xfsprogs
# What bench measures against, beside what is there; without it the row says so.
PEERS    := runc
SUDO     := $(if $(filter 0,$(shell id -u)),,sudo)

# Programs that the executable carries.
CARRIED  := embed/agent/lyceum-agent embed/network/lyceum-network
GO_FILES := $(shell git ls-files -co --exclude-standard '*.go' '*.sql') go.mod go.sum
PAGES    := $(shell git ls-files -co --exclude-standard frontend ':!frontend/e2e')

# install-missing PACKAGES: does nothing, and needs no right, when all are there.
define install-missing
@missing=$$(for p in $(1); do dpkg-query -W -f '$${db:Status-Status}' $$p 2>/dev/null | grep -qx installed || echo $$p; done); \
if [ -n "$$missing" ]; then \
  $(SUDO) apt-get update -q; \
  $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends $$missing; \
fi
endef

# check-rethinkdb PROGRAM: fails unless it is there and says that it is RethinkDB.
check-rethinkdb = test -n "$(1)" || { echo 'name a RethinkDB: make $@ RETHINKDB=/usr/bin/rethinkdb'; exit 1; }; \
  "$(abspath $(1))" --version 2>/dev/null | grep -q '^rethinkdb ' || { echo '$(1) does not say that it is RethinkDB'; exit 1; }

.PHONY: help run build bundle dev deps tools quick test tidy lint race attack-sandbox pages e2e test-rethinkdb test-vm gen fmt bench bench-large clean

help: ## this list
	@sed -n 's/^\([a-z0-9-]*\):.*## /\1\t/p' Makefile | expand -t 16

run: build ## builds and serves on http://127.0.0.1:8000; settings as in make run ARGS='--listen 127.0.0.1:9000'
	@exec bin/lyceum serve $(ARGS)

build: bin/lyceum ## the one executable, pages and agent inside

bundle: build ## bin/lyceum-rethinkdb, with a database inside: make bundle RETHINKDB=<the program>
	@$(call check-rethinkdb,$(RETHINKDB)); \
	trap 'rm -f embed/rethinkdb/rethinkdb.gz embed/rethinkdb/rethinkdb.sha256' EXIT; \
	gzip -9 -n -c -- "$(RETHINKDB)" >embed/rethinkdb/rethinkdb.gz; \
	sha256sum <"$(RETHINKDB)" >embed/rethinkdb/rethinkdb.sha256; \
	$(BUILD) -o bin/lyceum-rethinkdb .

dev: tools frontend/node_modules $(CARRIED) ## server and pages on http://127.0.0.1:8080; both reload when a file is saved
	$(call install-missing,entr)
	@trap 'trap - EXIT; kill 0' EXIT; trap 'exit 130' INT TERM; $(NPM) dev -- --port 5173 --strictPort & \
	while sleep 0.2; do \
	  git ls-files -co --exclude-standard '*.go' '*.sql' | entr -dnr go run -tags dev . --data .dev --listen 127.0.0.1:8080 || true; \
	done

deps: ## installs what tests and demos need (Debian packages, npm packages); quick when all is there
	$(call install-missing,$(PACKAGES))
	@$(MAKE) --no-print-directory frontend/node_modules

tools: # what a build needs beside Go, Node and npm
	$(call install-missing,$(TOOLS))

quick: frontend/node_modules $(CARRIED) ## the tests that need no root and no browser; under a minute
	go test -short ./...
	$(NPM) test

test: deps build tidy lint race pages e2e ## everything; what is missing is a failure, as is a file that gen or fmt would change

tidy: ## fails where gen or fmt changes a file
	@before=$$(git status --porcelain; git diff); \
	$(MAKE) --no-print-directory gen fmt; \
	after=$$(git status --porcelain; git diff); \
	if [ "$$before" != "$$after" ]; then \
	  git --no-pager diff --stat; echo 'gen or fmt has changed files; look at them and commit'; exit 1; \
	fi

lint: frontend/node_modules ## vet, staticcheck, oxlint, types, format of the pages
	go vet ./... ./testdata/bench ./testdata/rethinkdb ./testdata/screens ./testdata/vm/...
	go vet -tags dev ./...
	go vet -tags vm ./projects/...
	go tool staticcheck ./... ./testdata/bench ./testdata/rethinkdb ./testdata/screens ./testdata/vm/...
	$(NPM) lint
	$(NPM) typecheck
	$(NPM) format:check

race: $(CARRIED) ## all Go tests with the race detector, in random order; four at a time, since many wait for processes
	go test -race -shuffle=on -parallel 4 ./...

pages: frontend/node_modules ## all tests of the pages, in a browser too
	$(NPM) test
	$(NPM) test:browser

attack-sandbox: ## tries to get out of projects in every mode that runs here; prints mode × escape, fails on any that opens
	@table=$$(mktemp); trap 'rm -f "$$table"' EXIT; failed=0; \
	go test -count=1 -run 'Hello|Hostile|Silent|Streams' ./projects/agent || failed=1; \
	go test -count=1 ./projects/sandbox -args -table="$$table" || failed=1; \
	cat "$$table"; exit $$failed

e2e: build bin/rethinkdb-for-tests frontend/node_modules ## the executable in real browsers, a server for each test
	LYCEUM=$(CURDIR)/bin/lyceum LYCEUM_TEST_DATABASE=$(CURDIR)/bin/rethinkdb-for-tests $(NPM) e2e

test-rethinkdb: $(CARRIED) ## what only a real RethinkDB can prove: make test-rethinkdb RETHINKDB=<the program, or rethinkdb://user@host> [PASSWORD=<file>]
	@case "$(RETHINKDB)" in \
	rethinkdb://*) \
	  go test -count=1 -timeout 30m -run 'Contract|Copied' ./app/rethinkdb -args -rethinkdb="$(RETHINKDB)" -rethinkdb-password="$(abspath $(PASSWORD))";; \
	*) \
	  $(call check-rethinkdb,$(RETHINKDB)); \
	  if "$(abspath $(RETHINKDB))" --version | grep -q standin; then echo '$(RETHINKDB) is the stand-in of the tests'; exit 1; fi; \
	  go test -count=1 -timeout 30m ./app/rethinkdb -args -rethinkdb="$(abspath $(RETHINKDB))"; \
	  LYCEUM_TEST_RETHINKDB="$(abspath $(RETHINKDB))" go test -count=1 -run 'TestScripts/rethinkdb' .;; \
	esac

test-vm: embed/agent/lyceum-agent ## cgroup v2, disk quotas and each way to forbid namespaces, in Debian's kernel under qemu; twenty minutes where it is emulated, on demand
	$(call install-missing,$(VM_PACKAGES))
	@go run ./testdata/vm $(ARGS)

gen: frontend/node_modules ## what is generated: types of the wire, the tables (TABLES.md), third-party notices
	go generate ./...

fmt: frontend/node_modules ## formats Go and TypeScript
	@gofmt -w $(filter %.go,$(GO_FILES))
	$(NPM) format

bench: build bin/rethinkdb-for-tests ## measures start, memory, keys, terminals, a class, two servers on RethinkDB, sizes; prints a table
	$(call install-missing,$(PEERS))
	@go run ./testdata/bench bin/lyceum

bench-large: build ## compares a site of five million rows with one of fifty thousand; some minutes
	@go run ./testdata/bench bin/lyceum large

clean: ## removes what was built
	rm -rf bin frontend/dist .dev
	git clean -fdXq embed

bin/lyceum: embed/dist/index.html.gz $(CARRIED) $(GO_FILES) | tools
	$(BUILD) -o $@ .

bin/rethinkdb-for-tests: $(GO_FILES)
	go build -o $@ ./testdata/rethinkdb

# Built first, since the executable carries it; static, since the sandbox may
# lack every library.
embed/agent/lyceum-agent: $(GO_FILES)
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o $@ ./projects/agent/lyceum-agent

embed/network/lyceum-network: $(GO_FILES)
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o $@ ./projects/network/lyceum-network

embed/dist/index.html.gz: frontend/node_modules $(PAGES)
	$(NPM) build -- --outDir dist --emptyOutDir
	go run ./embed/pack frontend/dist embed/dist

frontend/node_modules: frontend/package-lock.json
	npm --prefix frontend ci --ignore-scripts --no-audit --no-fund
	@touch $@
