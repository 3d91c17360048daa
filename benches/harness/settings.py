"""Command-line options and paths."""
import argparse
import os
import pathlib
from dataclasses import dataclass

from . import BenchError

ROOT = pathlib.Path(__file__).resolve().parents[2]
BENCHES = ROOT / "benches"
RESULTS = BENCHES / "RESULTS.md"


@dataclass(frozen=True)
class Settings:
    """How to measure; every path is absolute."""

    only: tuple  # names of stages
    rounds: int  # rounds of a short stage; longer stages take fewer
    data: pathlib.Path  # Fashion-MNIST's training images as CSV
    script: pathlib.Path  # the tutorial's Python script, or None
    config: pathlib.Path  # configuration of the stage "accuracy"
    scratch: pathlib.Path  # inputs, runs and results
    peers: pathlib.Path  # folder of the peers' Python
    dml: pathlib.Path  # the program

    @property
    def few_rounds(self):
        """Rounds of a stage that takes tens of seconds per round."""
        return max(1, self.rounds // 2)

    @property
    def one_round(self):
        """Rounds of a stage that takes minutes per round."""
        return max(1, self.rounds // 5)

    @property
    def results(self):
        """The folder of the stages' JSON."""
        return self.scratch / "results"


def parse(names, arguments=None):
    """Settings from the command line; `names` are all stages."""
    parser = argparse.ArgumentParser(prog="benches/run.py", description="Measures dml beside its peers.")
    parser.add_argument("--only", default="", metavar="A,B",
                        help="stages: " + ", ".join(names) + "; report only rewrites RESULTS.md [default: all]")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="rounds of a short stage [default: 5]")
    parser.add_argument("--data", default="data/fashion-mnist_train.csv", metavar="CSV",
                        help="the 60,000 training images of Fashion-MNIST [default: data/fashion-mnist_train.csv]")
    parser.add_argument("--script", default="", metavar="FILE", help="the tutorial's Python script")
    parser.add_argument("--config", default="", metavar="TOML",
                        help="configuration of the stage accuracy [default: configs/fast.toml, "
                             "or configs/contrastive.toml if that is missing]")
    given = parser.parse_args(arguments)
    only = tuple(name for name in given.only.split(",") if name) or tuple(names)
    for name in only:
        if name not in names and name != "report":
            raise BenchError(f"ONLY={name}: unknown stage; use {', '.join(names)} or report")
    if given.rounds < 1:
        raise BenchError(f"ROUNDS={given.rounds}: must be at least 1")
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    return Settings(
        only=only,
        rounds=given.rounds,
        data=existing(given.data, "get it with `make data`, or name another with DATA=FILE"),
        script=existing(given.script, "SCRIPT must name the tutorial's script") if given.script else None,
        config=existing(given.config or default_config(), "CONFIG must name a TOML configuration"),
        scratch=target / "bench",
        peers=ROOT / ".peers",
        dml=existing(target / "release" / "dml", "build it with `make build`"),
    )


def default_config():
    fast = ROOT / "configs" / "fast.toml"
    return fast if fast.exists() else ROOT / "configs" / "contrastive.toml"


def existing(path, remedy):
    path = (ROOT / path).resolve()
    if not path.is_file():
        raise BenchError(f"{path} is missing: {remedy}")
    return path


def shown(path):
    """A path for output: relative to the project's root, or the file name if outside."""
    path = pathlib.Path(path)
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else path.name
