"""Measures `dml` beside its peers and writes benches/RESULTS.md.

Run:  make bench [ONLY=csv,step] [ROUNDS=5] [SCRIPT=tutorial.py] [DATA=train.csv] [CONFIG=configs/contrastive.toml]
Needs Python 3.11 or newer with venv; installs everything else in `.peers/`. The figures of each stage are saved as JSON
in target/bench/results/, so stages can be measured one at a time; after each, RESULTS.md is rewritten from all of them.
`python3 benches/run.py --help` lists the stages.
"""
import datetime
import json
import sys

from harness import BenchError, machine, peers, results
from harness.compare import say
from harness.inputs import Bench
from harness.settings import RESULTS, parse, shown
from harness.stages import STAGES

# Above this load, figures should not be quoted.
BUSY = 0.8


def main():
    settings = parse(list(STAGES))
    chosen = [name for name in STAGES if name in settings.only]
    if chosen:
        python = peers.python(settings)
        bench = Bench(settings, python)
        setup = dict(machine=machine.machine(), versions=machine.versions(settings, python))
        if machine.load() > BUSY:
            say(f"the machine is busy (load {machine.load():.1f}): peers whose threads spin will look slow")
    for name in chosen:
        measure(bench, name, setup)
    results.write(settings)
    say(f"written to {shown(RESULTS)}")


def measure(bench, name, setup):
    """Measures one stage, saves its JSON and rewrites RESULTS.md."""
    settings = bench.settings
    when = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
    stage = dict(when=when, rounds=settings.rounds, load=machine.load(), **setup)
    stage.update(STAGES[name].measure(bench))
    settings.results.mkdir(parents=True, exist_ok=True)
    (settings.results / f"{name}.json").write_text(json.dumps(stage, indent=1, ensure_ascii=False))
    results.write(settings)


if __name__ == "__main__":
    try:
        main()
    except BenchError as error:
        sys.exit(f"bench: {error}")
    except KeyboardInterrupt:
        sys.exit("bench: interrupted; earlier measurements are kept")
