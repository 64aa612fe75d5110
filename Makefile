# hotpair. Go and make are all that is needed for the first two targets; the modules are downloaded by Go.

# Without cgo no C compiler is needed. The race detector needs one, and switches it on for itself.
export CGO_ENABLED = 0

GO       ?= go
LINT     := $(GO) tool -modfile=tools/go.mod golangci-lint
GOFUMPT  := $(GO) tool -modfile=tools/go.mod gofumpt
BENCHCMP := $(GO) tool -modfile=tools/go.mod benchstat

SOAK_RUNS ?= 20
# How many seeds of faults are run in virtual time.
SEEDS ?= 2000
# A number of inputs, and not a time: go test may call the end of the time a failure ("context deadline exceeded").
FUZZ_TIME ?= 50000x
PEERS_KILLS ?= 15
SPIN_RMS ?= 9
# Whether soak takes a failover at every step of every call flow as processes, or draws one for each flow (empty).
FLOWS_ALL ?= 1
# Which tests of scenarios the race detector sees: all of them. Those in virtual time have one goroutine, and take long under it.
RACE_SCENARIOS ?= .
# How many cases of the fault matrix run as processes; all of them if empty.
MATRIX_CASES ?=

.PHONY: clientfailover help demo test test-extra race lint fmt tidy soak matrix validation bench bench-pair bench-short bench-peers bench-spin explore continuity fuzz cover build seeds mutants flood js-client

help: ## Show the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## The hot-standby scenarios as real processes on NATS, with a verdict for each (under 3 minutes)
	@$(GO) run ./cmd/hotpair demo

test: ## All tests that need nothing but Go
	$(GO) test -p 3 ./...
	@echo
	@echo 'Passed. Not covered here: race detector, linters, formatting, tidy go.mod, fuzzing, 2,000 seeds of faults, all mutants, soak (20 process runs, also on one busy core), the'
	@echo 'whole fault matrix and all scenarios of client failover as processes, a failover at every step of every call flow as processes, the flood at full size, a JavaScript client.'
	@echo 'make test-extra covers those. make explore visits every state of larger configurations.'

test-extra: lint fmt tidy race fuzz soak matrix clientfailover continuity bench-short bench-peers seeds mutants flood js-client ## The rest: linters, formatting, tidy go.mod, race detector, fuzzing, seeds of faults, mutants, soak, fault matrix, continuity
	@echo 'test-extra passed: linters, formatting, go.mod, race detector, fuzzing, soak, fault matrix, client failover, continuity, seeds of faults, mutants, flood, a JavaScript client; benchmarks were printed, those of other products too.'

race: ## The tests with the race detector (needs gcc)
	@command -v gcc >/dev/null || { echo 'race: gcc is missing; trying to install it'; \
		{ apt-get update -qq && apt-get install -y -qq gcc libc6-dev; } || { echo 'race: cannot install gcc; install it and try again'; exit 1; }; }
	CGO_ENABLED=1 $(GO) test -race -timeout 20m $$($(GO) list ./... | grep -v '/scenarios$$')
	CGO_ENABLED=1 $(GO) test -race -timeout 20m -run '$(RACE_SCENARIOS)' ./scenarios

lint: ## golangci-lint, which holds the architecture's rules too
	$(LINT) run ./...

fmt: ## Check the formatting (gofumpt)
	@out=$$($(GOFUMPT) -l callmodel cmd hasync internal scenarios switchsim tserver); \
	if [ -n "$$out" ]; then echo "not formatted by gofumpt:"; echo "$$out"; exit 1; fi

tidy: ## Check that go.mod and go.sum are tidy
	$(GO) mod tidy -diff

soak: build ## SOAK_RUNS (20) runs of all scenarios as processes, then as many on one core with four busy loops beside; a failover at every step of every call flow
	./tools/soak.sh bin/hotpair $(SOAK_RUNS)
	HOTPAIR_FLOW_ALL=$(FLOWS_ALL) $(GO) test -count 1 -timeout 1h -run TestFlowsInRealWorlds ./scenarios

clientfailover: ## All scenarios of client failover in all three worlds, with equal verdicts (a minute)
	HOTPAIR_CLIENTFAILOVER=all $(GO) test -count 1 -run TestEqualVerdictsOfClientFailover ./scenarios

matrix: ## The fault matrix as processes: each fault at each step of the synchronization, and pairs of them (about 20 minutes; MATRIX_CASES=100 draws some)
	HOTPAIR_MATRIX=processes HOTPAIR_MATRIX_CASES=$(MATRIX_CASES) $(GO) test -v -count 1 -timeout 2h -run InRealWorlds ./scenarios/matrix

validation: build ## docs/validation.md: what theory says, beside what comes out of the real nodes in virtual time (half a minute)
	bin/hotpair validate --quiet > docs/validation.md

bench: bench-pair ## Benchmarks, as ratios to something that runs beside them
	$(GO) test -run '^$$' -bench . -benchtime 2s -count 3 -cpu 1 ./internal/simworld ./internal/link ./tserver ./scenarios | tee bench.out
	@$(BENCHCMP) bench.out || true

bench-pair: build ## Outage and throughput of a pair of processes, beside bare NATS programs (3 minutes; docs/benchmarks.md)
	bin/hotpair bench outage --quiet
	bin/hotpair bench throughput --quiet

bench-peers: build ## keepalived and Redis Sentinel doing the like (2 minutes; root, Debian; installs what is missing)
	@for p in keepalived:keepalived redis-server:redis-server redis-sentinel:redis-sentinel iproute2:ip; do \
		command -v "$${p#*:}" >/dev/null || { echo "bench-peers: installing $${p%:*}"; \
			{ apt-get update -qq && RUNLEVEL=1 apt-get install -y -qq --no-install-recommends "$${p%:*}" >/dev/null; } || echo "bench-peers: cannot install $${p%:*}"; }; \
	done
	bin/hotpair bench peers --kills $(PEERS_KILLS) --quiet

bench-spin: build ## The search beside the model checker Spin (a minute or two; Debian: installs what is missing)
	@for p in spin gcc; do \
		command -v "$$p" >/dev/null || { echo "bench-spin: installing $$p"; \
			{ apt-get update -qq && apt-get install -y -qq --no-install-recommends "$$p" libc6-dev >/dev/null; } || echo "bench-spin: cannot install $$p"; }; \
	done
	bin/hotpair bench spin --rms $(SPIN_RMS) --quiet

explore: build ## Every state of every configuration of docs/explore.md (an hour; at most 8 GB)
	bin/hotpair explore --all --quiet
	bin/hotpair explore --all --quiet --model client-failover

bench-short: build ## The same, shorter: to see that it runs
	bin/hotpair bench outage --kills 5 --stops 1 --holes 1 --quiet
	bin/hotpair bench throughput --time 1s --rounds 2 --quiet

seeds: build ## SEEDS (2000) seeds of faults in virtual time, with all monitors live (2 minutes at most on two cores); scenarios on a busy machine
	bin/hotpair fuzz --seeds 1-$(SEEDS) --out store
	bin/hotpair fuzz --arbitration peer --seeds 1-$$(( $(SEEDS) / 4 )) --out store
	HOTPAIR_BUSY_SEEDS=$$(( $(SEEDS) / 50 )) $(GO) test -count 1 -run TestScenariosHoldOnABusyMachine ./scenarios

mutants: build ## Each rule and guard of the protocol switched off in turn: a monitor must notice (3 minutes at most on two cores)
	bin/hotpair mutants

flood: ## A client's 10,000 messages without sense and 10,000 too great ones, five gigabytes, while 1,000 calls are in progress
	HOTPAIR_FLOOD=10000 $(GO) test -v -count 1 -run TestAClientThatFloodsThePair ./internal/natsworld

js-client: build ## A JavaScript client, written from docs/asyncapi.yaml alone, follows a call through a failover (needs Node 18 and npm; on Debian, root gets them installed)
	@command -v npm >/dev/null || { echo 'js-client: node and npm are missing; trying to install them'; \
		{ apt-get update -qq && apt-get install -y -qq --no-install-recommends nodejs npm >/dev/null; } || { echo 'js-client: cannot install them; install Node 18 or later with npm, and try again'; exit 1; }; }
	@node -e 'if (parseInt(process.versions.node) < 18) { console.error("js-client: Node 18 or later is needed, this is " + process.version); process.exit(1) }'
	cd tools/jsclient && npm ci --no-audit --no-fund --silent && node check.mjs && node follow.mjs

continuity: build ## 20 kills of the primary with 1,000 calls in progress: nothing lost, nothing twice (under a minute)
	bin/hotpair bench continuity --quiet

fuzz: ## Each fuzz target for FUZZ_TIME (50000x: that many inputs)
	@for p in $$($(GO) list ./...); do \
		for f in $$($(GO) test -list '^Fuzz' $$p | grep '^Fuzz'); do \
			echo "$$p $$f"; $(GO) test -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZ_TIME) -fuzzminimizetime 5x $$p || exit 1; \
		done; \
	done

cover: ## Coverage of the tests, as cover.html
	$(GO) test -coverpkg=./... -coverprofile=cover.out ./...
	$(GO) tool cover -html=cover.out -o cover.html
	@$(GO) tool cover -func=cover.out | tail -1

build: ## bin/hotpair
	$(GO) build -trimpath -o bin/hotpair ./cmd/hotpair
