# Set-up, tests and the main comparison. Every target builds what it needs; `make` alone lists them.

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
# Extra arguments of `make compare`, as in `make compare ARGS="--seeds 2022 --epochs 1"`.
ARGS ?=
# For `make quick`: run tests whose names contain this.
T ?=
# For `make reference`: the loss whose cases to write; all losses if empty.
LOSS ?=
# A folder with the four IDX files, as in `make data FROM=DIR`.
FROM ?=
# For `make bench`: stages, rounds, the tutorial's Python script, training images, configuration.
ONLY ?=
ROUNDS ?= 5
SCRIPT ?=
DATA ?= $(FULL)
CONFIG ?=
FROM_IDX = $(if $(FROM),--from '$(FROM)')

# For `make fuzz`: seconds per target, and the targets; for `make kills`: the number of kills.
TIME ?= 600
TARGETS ?= csv idx source arrays npy embeddings toml safetensors run_folder
KILLS ?= 50

.PHONY: help compare show test quick configs check memcheck kills fuzz smoke browser slurm python reference peers bench data libtorch build dist clean

help:
	@echo 'make compare    set up, download the data, build, compare both losses over three seeds'
	@echo 'make show       open the newest report in a browser'
	@echo 'make test       set up, build, run the tests'
	@echo 'make quick      unit tests by name, as in T=loss::, within seconds after an edit; compiled without optimisation'
	@echo 'make configs    write the defaults of the code into configs/all-settings.toml and configs/losses/'
	@echo 'make check      formatting, clippy, documentation, tests of the bench harness; warnings are errors'
	@echo 'make memcheck   run the fused engine under Valgrind, which must be installed'
	@echo 'make kills      kill a comparison KILLS=50 times at random moments; it has to end with the same bytes'
	@echo 'make fuzz       fuzz all readers of files with cargo-fuzz, TIME=600 seconds per target'
	@echo 'make smoke      run the whole chain on a small sample, in seconds'
	@echo 'make browser    test reports and SVG pictures in a headless Chromium, which must be installed'
	@echo 'make python     run the commands and Python of docs/pytorch.md; installs PyTorch for it'
	@echo 'make slurm      run a comparison, a sweep and a search by a temporary Slurm; as root, with slurm-wlm and munge'
	@echo 'make reference  compute the reference values of losses; LOSS=NAME for one loss; installs PyTorch for it'
	@echo 'make peers      set up the peers, PyTorch among them, in .peers/ for the scripts in tests/reference/'
	@echo 'make bench      set up the peers, measure dml and them, write benches/RESULTS.md;'
	@echo '                ONLY=csv,step selects stages, ROUNDS=5, SCRIPT=the tutorial as a Python script'
	@echo 'make data       download Fashion-MNIST as CSV into data/; FROM=DIR reads IDX files from a folder'
	@echo 'make libtorch   install libtorch $(TORCH_VERSION) in .libtorch/, unless LIBTORCH names another'
	@echo 'make build      build $(DML)'
	@echo 'make dist       copy the program and its libraries to $(DIST), for machines without Rust or Python'
	@echo 'make clean      remove build outputs; runs, data, libtorch and peers stay'

compare: build
ifeq ($(findstring --data,$(ARGS)),)
	@$(DML) data fetch $(FROM_IDX) || { test -f $(FULL) && echo 'make: using the existing $(FULL)' || \
	  echo 'make: using the shipped sample of 6,000 images'; } >&2
	$(DML) compare $$(test -f $(FULL) || echo --data $(SAMPLE)) $(ARGS)
else
	$(DML) compare $(ARGS)
endif

# Prints the path of the report, in case no browser can be started.
show:
	@report=$$(ls -t runs/*/report.html 2>/dev/null | head -n 1); \
	  test -n "$$report" || { echo 'make: no report yet: run `make compare`' >&2; exit 1; }; \
	  echo "$$report"; { command -v xdg-open >/dev/null && xdg-open "$$report" || open "$$report"; } 2>/dev/null || true

test: libtorch
	$(CARGO) test --release --locked

# Uses the dependencies of the release build; only this package is compiled incrementally and without
# optimisation, which takes seconds, not minutes.
quick: libtorch
	$(CARGO) test --release --locked --lib --config 'profile.release.incremental=true' \
	  --config 'profile.release.package.dml.opt-level=0' --config 'profile.release.package.dml.debug=false' -- $(T)

# The defaults stand in the code; a test tells where these files differ.
configs: export DML_WRITE_CONFIGS = 1
configs: T = configuration_file
configs: quick

check: libtorch
	$(CARGO) fmt --check
	$(CARGO) clippy --release --locked --all-targets -- -D warnings
	RUSTDOCFLAGS='-D warnings' $(CARGO) doc --release --locked --no-deps --document-private-items
	cd benches && $(PYTHON) -m unittest --quiet harness.test_harness

# Covers both builds of the kernels, AVX2 and portable, and their threads.
memcheck: libtorch
	@command -v valgrind >/dev/null || { echo 'make: Valgrind is missing: install the package valgrind' >&2; exit 1; }
	CARGO_TARGET_$(shell rustc -vV | sed -n 's/^host: //p' | tr 'a-z-' 'A-Z_')_RUNNER='valgrind --quiet --error-exitcode=1' \
	  $(CARGO) test --release --locked --lib model::fused

kills: libtorch
	DML_KILLS=$(KILLS) $(CARGO) test --release --locked --test suite killed_at_any_moment -- --nocapture

# cargo-fuzz needs a nightly compiler; RUSTC_BOOTSTRAP makes a stable one accept its flags. The corpus
# grows in tests/fuzz/corpus, failing inputs go to tests/fuzz/artifacts; neither is committed.
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

# Screenshots of every page go to target/browser.
browser: build
	@command -v chromium >/dev/null && command -v chromedriver >/dev/null || \
	  { echo 'make: Chromium or its driver is missing: install both, on Debian by apt-get install chromium chromium-driver' >&2; exit 1; }
	cd tests/browser && DML='$(CURDIR)/$(DML)' SHOTS='$(CURDIR)/target/browser' $(PYTHON) -m unittest test_report

# Not part of `make test`, because it installs the peers, as `make bench` does.
python: build
	$(PYTHON) tests/python/run.py

# Installs the peers, too.
reference: libtorch
	$(PYTHON) tests/reference/run.py $(LOSS)

# Minutes the first time; nothing if they are there in the versions wanted.
peers: libtorch
	$(PYTHON) benches/set_up.py

# Checks for root first: the PATH of other users lacks /usr/sbin, where Slurm's daemons are.
slurm:
	@test "$$(id -u)" = 0 || { echo 'make: run make slurm as root, which starting Slurm needs' >&2; exit 1; }
	@command -v slurmctld >/dev/null && command -v munged >/dev/null || \
	  { echo 'make: Slurm or munge is missing: install both, on Debian by apt-get install slurm-wlm munge' >&2; exit 1; }
	$(MAKE) build
	tests/slurm/run.sh $(DML)

# Downloads missing data, as `make compare` does; the measurements need the full set.
bench: build
	@test -f '$(DATA)' || $(DML) data fetch $(FROM_IDX)
	CARGO='$(CARGO)' $(PYTHON) benches/run.py --only '$(ONLY)' --rounds $(ROUNDS) --data '$(DATA)' \
	  --script '$(SCRIPT)' --config '$(CONFIG)'

data: build
	$(DML) data fetch $(FROM_IDX)

# Cargo's own line counts the crates; what it does not say is how long all of them take.
build: libtorch
	@test -e $(DML) || echo "make: compiling dml and the crates it uses: about 5 minutes of four cores, 10 of two; later builds, 2 to 3" >&2
	$(CARGO) build --release --locked

# All libraries except the system's own, such as the C++ runtime.
dist: build
	@command -v ldd >/dev/null || { echo 'make: dist needs ldd, which exists only on Linux' >&2; exit 1; }
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
	  { echo 'make: LIBTORCH=$(LIBTORCH) has no libtorch: unset it and run `make libtorch`, or set it to the folder of libtorch $(TORCH_VERSION)' >&2; exit 1; }
else
# An empty LIBTORCH would override the one in .cargo/config.toml.
unexport LIBTORCH
libtorch: .libtorch/$(TORCH_VERSION)
endif

# Downloaded wheels are kept until all are there, so an interrupted set-up continues where it stopped.
.libtorch/$(TORCH_VERSION):
	@$(PYTHON) -m pip --version >/dev/null 2>&1 || \
	  { echo 'make: libtorch is missing, and so is pip to install it: install Python 3 with pip, or set LIBTORCH to the folder of libtorch $(TORCH_VERSION)' >&2; exit 1; }
	@echo 'make: downloading libtorch $(TORCH_VERSION) (0.5 GB to download, 1.2 GB on disk)'
	@mkdir -p .libtorch/wheels
	@for wheel in $(WHEELS); do \
	  $(PYTHON) -m pip download --quiet --disable-pip-version-check --no-deps --exists-action i \
	    --dest .libtorch/wheels $$wheel || \
	    { echo "make: downloading $$wheel failed; run \`make libtorch\` again to continue" >&2; exit 1; }; \
	done
	@rm -rf .libtorch/torch .libtorch/nvidia
	@PIP_ROOT_USER_ACTION=ignore $(PYTHON) -m pip install --quiet --disable-pip-version-check \
	  --no-deps --no-index --find-links .libtorch/wheels --target .libtorch --upgrade $(WHEELS)
	@rm -rf .libtorch/wheels
	@touch $@

clean:
	$(CARGO) clean
