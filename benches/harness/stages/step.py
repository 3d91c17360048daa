"""One training step: PyTorch and `dml`."""
import statistics

from .. import BenchError
from ..compare import in_turn, row
from ..inputs import ENGINES, sample
from ..process import available_cores

NAME = "step"
TITLE = "Training step"
ABOUT = """One step of the tutorial's network with cross-entropy, batch 128: gather from bytes, forward, loss, backward
and Adam, in milliseconds, mean over 200 steps after 20 warm-up steps. PyTorch is as fast as it gets without compiling:
channels_last weights and images, fused Adam. Both sides start from the same weights and use the same batches; the stage
fails if the mean losses of the timed steps differ by more than 1 %."""

GOALS = {1: 0.5, 2: 0.4}
LARGEST_DIFFERENCE = 0.01


def measure(bench):
    images, labels = bench.images()
    weights = bench.initial_weights(10)
    lines, losses = [], []
    for threads in [t for t in (1, 2) if t <= len(available_cores())]:
        peer = lambda: sample(
            bench.peer("step_torch.py", "--images", images, "--labels", labels, "--weights", weights,
                       "--threads", threads), "milliseconds", "loss")
        contestants = {f"dml {engine}": ours(bench, weights, threads, engine) for engine in ENGINES}
        samples = in_turn(f"{NAME}, {threads} threads", {**contestants, "PyTorch": peer}, bench.settings.rounds)
        losses += [same_loss(samples, name) for name in contestants]
        lines += [row(f"batch 128, {threads} thread{'s' * (threads > 1)}", "ms", "milliseconds", samples, name, "PyTorch",
                      GOALS[threads]) for name in contestants]
    return dict(rows=lines, notes=[f"Largest relative difference of the mean losses: {max(losses):.1e}."])


def ours(bench, weights, threads, engine):
    return lambda: sample(
        bench.bench("stages", "step", "--images", bench.settings.data, "--weights", weights, "--threads", threads,
                    "--engine", engine), "milliseconds", "loss")


def same_loss(samples, name):
    """The relative difference of the mean losses; an error if it is too large for the same work."""
    here, there = (statistics.median(s.figures["loss"] for s in samples[side]) for side in (name, "PyTorch"))
    difference = abs(here - there) / there
    if not difference <= LARGEST_DIFFERENCE:
        raise BenchError(f"the losses differ: {name} {here:.5f}, PyTorch {there:.5f}")
    return difference
