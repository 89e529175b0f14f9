# Everything a user or a developer does here. `make demo` and `make test` set up what they need.
SWIFT_BUILD = swift build -c release --static-swift-stdlib --product weir
WEIR = .build/release/weir
# Tests run what is shipped, as optimised: a minute instead of the fifteen of a debug build, which `swift test --filter` makes.
TESTS = -c release -Xswiftc -enable-testing --scratch-path .build-test

.PHONY: demo test build setup lint study check-pages check-terminal bench bench-peers bench-latency bench-micro \
	bench-trees soak clean

demo: build
	@mkdir -p .build-demo
	@echo "--- two years of bike rentals, learned hour by hour"
	@$(WEIR) replay bikes | $(WEIR) learn --config Datasets/bikes/recipe.json \
	  --journal .build-demo/bikes.jsonl --report .build-demo/bikes.html
	@echo
	@echo "--- the same, fitted on 2011 and refitted only when ADWIN says the world has shifted"
	@$(WEIR) replay bikes | $(WEIR) learn --config Datasets/bikes/triggered.json \
	  --journal .build-demo/refitted.jsonl --report .build-demo/refitted.html
	@echo
	@echo "--- payments by card, some of them fraud"
	@$(WEIR) replay fraud | $(WEIR) learn --config Datasets/fraud/recipe.json -q \
	  --journal .build-demo/fraud.jsonl --report .build-demo/fraud.html
	@echo
	@echo "pictures of all three: .build-demo/bikes.html, refitted.html and fraud.html"

test: setup
	swift test $(TESTS)

build: setup
	@$(SWIFT_BUILD)

setup:
	@scripts/setup

# The demo's pages and those of studies in a real browser, and the live view in a real terminal. Both install what they need; `make test` needs
# neither.
check-pages: demo
	@$(WEIR) study reactions bikes --config Datasets/bikes/sgd.json --report .build-demo/study-reactions.html > /dev/null
	@$(WEIR) study alarms --events 100000 --report .build-demo/study-alarms.html > /dev/null
	@$(WEIR) study promotions --runs 40 --report .build-demo/study-promotions.html > /dev/null
	@$(WEIR) study delays --match 1000 --match 10000 --detect adwin --detect cusum --detect bcs \
	  --stream errors:rate=.227,correlation=.49 --to errors:rate=.35,correlation=.49 \
	  --report .build-demo/study-delays.html > /dev/null
	@scripts/check-report --shots .build-demo/shots .build-demo/*.html

check-terminal: build
	@scripts/check-terminal

lint:
	swift format lint --strict -r Sources Tests Benchmarks Package.swift

# Bikes, fitted on 2011: never updated, triggered, scheduled and continuous, side by side.
study: build
	@scripts/study

# Beside what is installed of the peers; `Benchmarks/run --help` has the options.
bench:
	@Benchmarks/run

bench-peers: .build-peers/installed
	@Benchmarks/run

.build-peers/installed: Benchmarks/Peers/requirements.txt Benchmarks/Peers/requirements-alone.txt
	python3 -m venv .build-peers
	.build-peers/bin/pip install --quiet -r Benchmarks/Peers/requirements.txt
	.build-peers/bin/pip install --quiet --no-deps -r Benchmarks/Peers/requirements-alone.txt
	@touch $@

bench-latency:
	@Benchmarks/run --only '^latency/'

bench-trees: build
	@Benchmarks/trees

bench-micro: setup
	@swift run -c release micro

# What takes too long for every test: contributions of every event, recourse of declined rows, every fault of `weir inject`; a
# thousand runs that are killed and go on; a minute of processes on one registry, and of one that promotes while another
# predicts.
soak: build
	@scripts/check-contributions
	@scripts/check-recourse 40
	@scripts/check-faults
	@scripts/registry-soak --seconds 60
	@scripts/resume-soak --cuts 1000
	swift build $(TESTS) --build-tests
	WEIR_SECONDS=60 swift test $(TESTS) --skip-build --filter ServingTests

clean:
	swift package clean
