# Set-up, tests and the main job. Every target does what it needs; `make` alone lists them.

TORCH_VERSION := 2.13.0
# libtorch_cpu.so needs these two NVIDIA libraries on Linux x86-64, whether or not there is a GPU.
WHEELS := torch==$(TORCH_VERSION)
ifeq ($(shell uname -sm),Linux x86_64)
WHEELS += nvidia-cuda-cupti==13.0.85 nvidia-cuda-runtime==13.0.96
endif

PYTHON ?= python3
CARGO ?= cargo
DML := target/release/dml
DIST := target/dist/dml
FULL := data/fashion-mnist_train.csv
SAMPLE := data/fashion-mnist_sample.csv.gz
# More for `make compare`, as in `make compare ARGS="--seeds 2022 --epochs 1"`.
ARGS ?=
# For `make quick`: the tests whose names hold this.
T ?=
# A folder of the four IDX files, as in `make data FROM=DIR`.
FROM ?=
# For `make bench`: stages by name, rounds, the tutorial's Python script, training images, configuration.
ONLY ?=
ROUNDS ?= 5
SCRIPT ?=
DATA ?= $(FULL)
CONFIG ?=
FROM_IDX = $(if $(FROM),--from '$(FROM)')

# For `make fuzz`: seconds a target and the targets; for `make kills`: how many.
TIME ?= 600
TARGETS ?= csv idx source npy embeddings toml safetensors run_folder
KILLS ?= 50

.PHONY: help compare show test quick check memcheck kills fuzz smoke browser slurm python bench data libtorch build dist clean

help:
	@echo 'make compare    set up, get the data, build, compare both losses over three seeds'
	@echo 'make show       the newest report in a browser'
	@echo 'make test       set up, build, run the tests'
	@echo 'make quick      after an edit, within seconds: unit tests by name, as in T=loss::; the program itself unoptimised'
	@echo 'make check      formatting, clippy, documentation, harness; warnings are errors'
	@echo 'make memcheck   the fused engine under Valgrind, which has to be installed'
	@echo 'make kills      a comparison killed KILLS=50 times at random moments, to the same bytes'
	@echo 'make fuzz       every reader of files under cargo-fuzz, TIME=600 seconds a target'
	@echo 'make smoke      the whole chain on a small sample, in seconds'
	@echo 'make browser    reports and vector pictures in a headless Chromium, which has to be installed'
	@echo 'make python     commands and Python of docs/pytorch.md, run beside PyTorch, which it sets up'
	@echo 'make slurm      comparison, sweep and search by a Slurm that is started for it; as root, with slurm-wlm and munge'
	@echo 'make bench      set the peers up, measure dml beside them, write benches/RESULTS.md;'
	@echo '                ONLY=csv,step picks stages, ROUNDS=5, SCRIPT=the tutorial as a Python script'
	@echo 'make data       Fashion-MNIST as CSV into data/; FROM=DIR names a folder of IDX files'
	@echo 'make libtorch   libtorch $(TORCH_VERSION) into .libtorch/, unless LIBTORCH names another'
	@echo 'make build      $(DML)'
	@echo 'make dist       $(DIST): the program with its libraries, for machines without Rust or Python'
	@echo 'make clean      remove what the build made; runs, data, libtorch and peers stay'

compare: build
	@$(DML) data fetch $(FROM_IDX) || { test -f $(FULL) && echo 'make: going on with $(FULL) as it is' || \
	  echo 'make: going on with the shipped sample of 6,000 images'; } >&2
	$(DML) compare $(if $(findstring --data,$(ARGS)),,$$(test -f $(FULL) || echo --data $(SAMPLE))) $(ARGS)

# Where no browser can be started, where the page is.
show:
	@report=$$(ls -t runs/*/report.html 2>/dev/null | head -n 1); \
	  test -n "$$report" || { echo 'make: there is no report yet: run `make compare`' >&2; exit 1; }; \
	  echo "$$report"; { command -v xdg-open >/dev/null && xdg-open "$$report" || open "$$report"; } 2>/dev/null || true

test: libtorch
	$(CARGO) test --release --locked

# The dependencies are those of the release build; only this package is compiled without
# optimisation and incrementally, which takes seconds where the release build takes minutes.
quick: libtorch
	$(CARGO) test --release --locked --lib --config 'profile.release.incremental=true' \
	  --config 'profile.release.package.dml.opt-level=0' --config 'profile.release.package.dml.debug=false' -- $(T)

check: libtorch
	$(CARGO) fmt --check
	$(CARGO) clippy --release --locked --all-targets -- -D warnings
	RUSTDOCFLAGS='-D warnings' $(CARGO) doc --release --locked --no-deps --document-private-items
	cd benches && $(PYTHON) -m unittest --quiet harness.test_harness

# Both builds of the kernels, AVX2's and the portable one, and the threads between them.
memcheck: libtorch
	@command -v valgrind >/dev/null || { echo 'make: Valgrind is missing: install the package valgrind' >&2; exit 1; }
	CARGO_TARGET_$(shell rustc -vV | sed -n 's/^host: //p' | tr 'a-z-' 'A-Z_')_RUNNER='valgrind --quiet --error-exitcode=1' \
	  $(CARGO) test --release --locked --lib model::fused

kills: libtorch
	DML_KILLS=$(KILLS) $(CARGO) test --release --locked --test suite killed_at_any_moment -- --nocapture

# cargo-fuzz asks for a nightly compiler; the variable lets a stable one take its flags. What grows
# stays in tests/fuzz/corpus, what fails in tests/fuzz/artifacts; neither is committed.
fuzz: build
	@command -v cargo-fuzz >/dev/null || { echo 'make: cargo-fuzz is missing: cargo install cargo-fuzz' >&2; exit 1; }
	tests/fuzz/seed.sh $(DML)
	for target in $(TARGETS); do \
	  RUSTC_BOOTSTRAP=1 $(CARGO) fuzz run --fuzz-dir tests/fuzz --sanitizer none $$target -- \
	    -max_total_time=$(TIME) -timeout=10 -rss_limit_mb=2048 || exit 1; \
	done

smoke: build
	rm -rf target/smoke
	$(DML) data check $(SAMPLE)
	$(DML) compare --config configs/smoke.toml --seeds 2022 --runs target/smoke
	$(DML) eval --knn 1 --runs target/smoke
	test -s target/smoke/compare-*/plots/tsne.png

# Pictures of every page go to target/browser, to be looked at.
browser: build
	@command -v chromium >/dev/null && command -v chromedriver >/dev/null || \
	  { echo 'make: Chromium or its driver is missing: install both, on Debian by apt-get install chromium chromium-driver' >&2; exit 1; }
	cd tests/browser && DML='$(CURDIR)/$(DML)' SHOTS='$(CURDIR)/target/browser' $(PYTHON) -m unittest test_report

# Sets the peers up as `make bench` does, so it is no part of `make test`.
python: build
	$(PYTHON) tests/python/run.py

# Root first: to others /usr/sbin, where Slurm's daemons are, is not in PATH.
slurm:
	@test "$$(id -u)" = 0 || { echo 'make: slurm has to be run by root, who alone can start a Slurm' >&2; exit 1; }
	@command -v slurmctld >/dev/null && command -v munged >/dev/null || \
	  { echo 'make: Slurm or munge is missing: install both, on Debian by apt-get install slurm-wlm munge' >&2; exit 1; }
	$(MAKE) build
	tests/slurm/run.sh $(DML)

# What a fresh clone lacks is fetched, as for `make compare`; the figures need the whole set.
bench: build
	@test -f '$(DATA)' || $(DML) data fetch $(FROM_IDX)
	CARGO='$(CARGO)' $(PYTHON) benches/run.py --only '$(ONLY)' --rounds $(ROUNDS) --data '$(DATA)' \
	  --script '$(SCRIPT)' --config '$(CONFIG)'

data: build
	$(DML) data fetch $(FROM_IDX)

build: libtorch
	$(CARGO) build --release --locked

# All libraries but the system's own; the C++ runtime is one that every Linux of the kind has.
dist: build
	@command -v ldd >/dev/null || { echo 'make: dist needs ldd, which Linux has' >&2; exit 1; }
	rm -rf $(DIST)
	mkdir -p $(DIST)/bin $(DIST)/lib $(DIST)/data
	cp $(DML) $(DIST)/bin/dml
	strip $(DIST)/bin/dml
	ldd $(DML) | awk '/=> \//{print $$3}' | grep -vE '^/(usr/)?lib' | xargs -I LIBRARY cp -L LIBRARY $(DIST)/lib/
	cp -r configs docs README.md CHANGELOG.md LICENSE $(DIST)
	cp $(SAMPLE) data/README.md $(DIST)/data
	@du -sh $(DIST)

ifdef LIBTORCH
libtorch:
	@test -f '$(LIBTORCH)/lib/libtorch_cpu.so' || test -f '$(LIBTORCH)/lib/libtorch_cpu.dylib' || \
	  { echo 'make: LIBTORCH=$(LIBTORCH) holds no libtorch: unset it and run `make libtorch`, or let it name the folder of libtorch $(TORCH_VERSION)' >&2; exit 1; }
else
# An empty LIBTORCH would hide the one that .cargo/config.toml names.
unexport LIBTORCH
libtorch: .libtorch/$(TORCH_VERSION)
endif

# A finished wheel is kept until all are there, so an interrupted set-up goes on where it was.
.libtorch/$(TORCH_VERSION):
	@$(PYTHON) -m pip --version >/dev/null 2>&1 || \
	  { echo 'make: libtorch is missing and pip, which gets it, too: install Python 3 with pip, or set LIBTORCH to the folder of libtorch $(TORCH_VERSION)' >&2; exit 1; }
	@echo 'make: getting libtorch $(TORCH_VERSION) (0.5 GB to download, 1.2 GB on disk)'
	@mkdir -p .libtorch/wheels
	@for wheel in $(WHEELS); do \
	  $(PYTHON) -m pip download --quiet --disable-pip-version-check --no-deps --exists-action i \
	    --dest .libtorch/wheels $$wheel || \
	    { echo "make: $$wheel did not come; run \`make libtorch\` again to go on" >&2; exit 1; }; \
	done
	@rm -rf .libtorch/torch .libtorch/nvidia
	@PIP_ROOT_USER_ACTION=ignore $(PYTHON) -m pip install --quiet --disable-pip-version-check \
	  --no-deps --no-index --find-links .libtorch/wheels --target .libtorch --upgrade $(WHEELS)
	@rm -rf .libtorch/wheels
	@touch $@

clean:
	$(CARGO) clean
