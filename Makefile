# Everything a user or a developer does here. `make demo` and `make test` set up what they need.
SWIFT_BUILD = swift build -c release --static-swift-stdlib --product weir
WEIR = .build/release/weir

.PHONY: demo test build setup lint study bench bench-peers bench-latency bench-micro \
	bench-trees soak clean

demo: build
	@echo "--- two years of bike rentals, learned hour by hour"
	@$(WEIR) replay bikes | $(WEIR) learn --config Datasets/bikes/recipe.json
	@echo
	@echo "--- the same, fitted on 2011 and refitted only when ADWIN says the world has shifted"
	@$(WEIR) replay bikes | $(WEIR) learn --config Datasets/bikes/triggered.json

test: setup
	swift test

build: setup
	@$(SWIFT_BUILD)

setup:
	@scripts/setup

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

# What takes too long for every test: a registry that several processes use for a minute.
# A thousand runs that are killed and go on; a minute of processes on one registry, and of one that promotes while another
# predicts.
soak: build
	@scripts/registry-soak --seconds 60
	@scripts/resume-soak --cuts 1000
	swift build --build-tests
	WEIR_SECONDS=60 swift test --skip-build --filter ServingTests

clean:
	swift package clean
