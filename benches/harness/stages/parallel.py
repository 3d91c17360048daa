"""Two runs of a comparison in parallel, and one after the other."""
from ..compare import Sample, in_turn, row

NAME = "parallel"
TITLE = "Two runs in parallel"
ABOUT = """`dml compare --losses cross-entropy --seeds 1,2`, from start to end of the process: both runs in parallel on
one core each, and one after the other, each on one core or on all of them, as for a single run. There is no other peer:
the tutorial's script trains one network at a time."""

GOAL = 0.6
TOGETHER = "in parallel"
ONE_CORE = "in turn, on one core"
ALL_CORES = "in turn, on all cores"


def measure(bench):
    def run(*flags):
        def once():
            what = ("--losses", "cross-entropy", "--seeds", "1,2", "--force", "--data", bench.settings.data)
            finished = bench.dml("compare", *what, *flags, *bench.runs())
            return Sample(dict(seconds=finished.seconds), finished.peak_mb)

        return once

    contestants = {
        TOGETHER: run("--jobs", 2),
        ONE_CORE: run("--jobs", 1, "--cores", 1),
        ALL_CORES: run("--jobs", 1),
    }
    samples = in_turn(NAME, contestants, bench.settings.few_rounds)
    line = lambda peer, goal: row("two runs", "s", "seconds", samples, TOGETHER, peer, goal)
    return dict(rows=[line(ONE_CORE, GOAL), line(ALL_CORES, None)])
