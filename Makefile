# What the README's two commands do not cover. Everything needs Go and git only,
# unless a line says otherwise.
export CGO_ENABLED := 0
GO ?= go
LEFT_OUT := $(CURDIR)/.left-out

.PHONY: build test race lint bench peer generate fuzz crash load

build: ## bin/dc-release, static
	$(GO) build -trimpath -o bin/dc-release ./cmd/dc-release

test: ## the README's test command; says what this machine left out
	@rm -f $(LEFT_OUT)
	DC_RELEASE_TEST_LEFT_OUT=$(LEFT_OUT) $(GO) test ./...
	@if [ -s $(LEFT_OUT) ]; then echo "LEFT OUT on this machine: $$(wc -l < $(LEFT_OUT)) tests"; sort $(LEFT_OUT); rm -f $(LEFT_OUT); fi

race: ## needs a C compiler: the race detector uses cgo
	CGO_ENABLED=1 $(GO) test -race ./...

lint:
	./.ci/lint

bench: ## ratios against a peer or the physical limit, in the same run
	$(GO) test -run '^$$' -bench . -benchtime 1s ./...
	$(GO) run -C peer ./bench

peer: ## our expressions beside act's, the sandbox driven by Databricks' SDK; their modules are not the product's
	$(GO) vet -C peer ./...
	$(GO) test -C peer ./...
	$(GO) vet -C peer/databricks ./...
	$(GO) test -C peer/databricks ./...

generate: ## pages, docs/where.md, docs/workflows.md, docs/checks.md, docs/gxp.md and .github/workflows from what is in the code
	$(GO) tool -modfile=tools/go.mod templ generate -path internal
	$(GO) test ./internal/archtest -count=1 -update
	$(GO) test ./internal/core/event -count=1 -update
	$(GO) test ./internal/wire -run TestANewDatabase -count=1 -update

FUZZTIME ?= 20s
fuzz: ## every fuzz target for FUZZTIME
	@for dir in $$(grep -rl --include='*_test.go' '^func Fuzz' internal | xargs -n1 dirname | sort -u); do \
	  for f in $$(grep -h '^func Fuzz' $$dir/*_test.go | sed 's/^func \(Fuzz[A-Za-z0-9_]*\).*/\1/'); do \
	    echo "$$dir $$f"; $(GO) test ./$$dir -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) || exit 1; \
	  done; \
	done

crash: ## kill -9 at every ledger sequence number of a release; takes long
	@grep -rq --include='*_test.go' '^func TestGXP065_Attack48_Crash' acceptance || { echo "there is no TestGXP065_Attack48_Crash in acceptance"; exit 1; }
	DC_RELEASE_TEST_CRASH=all $(GO) test ./acceptance/... -run TestGXP065_Attack48_Crash -count=1 -timeout 6h -v

load: ## a log of 200 MB, 10,000 outputs, files of 1 GB: server and worker stay below 200 MB; needs 10 GB of disk
	DC_RELEASE_TEST_LOAD=full $(GO) test ./acceptance -run '^TestLoad' -count=1 -timeout 2h -v
