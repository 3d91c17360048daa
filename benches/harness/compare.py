"""Alternating rounds, and their medians, ranges and ratios."""
import math
import statistics
import sys
from dataclasses import dataclass

OURS = "dml"


@dataclass(frozen=True)
class Sample:
    """One measurement: named figures (mostly seconds) and the peak memory of the process."""

    figures: dict
    peak_mb: float


def in_turn(stage, contestants, rounds):
    """Measures each contestant once per round, in order: A B A B …

    contestants: name → function without arguments that returns a Sample. Returns name → list of Samples.
    """
    samples = {name: [] for name in contestants}
    for number in range(1, rounds + 1):
        for name, measure in contestants.items():
            sample = measure()
            samples[name].append(sample)
            text = ", ".join(f"{figure} {value:.4g}" for figure, value in sample.figures.items())
            say(f"{stage} {number}/{rounds}  {name}: {text}, {sample.peak_mb:.0f} MB")
    return samples


def row(what, unit, figure, samples, ours, peer, goal=None, peer_figure=None):
    """One line of a table as JSON: `figure` of two contestants in `samples`.

    goal: the largest acceptable ratio. peer_figure: the peer's figure, if it has another name.
    """
    side = lambda name, figure: dict(
        name=name,
        values=[sample.figures[figure] for sample in samples[name]],
        peak_mb=max(sample.peak_mb for sample in samples[name]),
    )
    return dict(what=what, unit=unit, ours=side(ours, figure), peer=side(peer, peer_figure or figure), goal=goal)


def ratio(line):
    """Ratio of the medians, ours over the peer's."""
    return statistics.median(line["ours"]["values"]) / statistics.median(line["peer"]["values"])


def pairwise(line):
    """The ratio in each round, whose two measurements had about the same load."""
    return [a / b for a, b in zip(line["ours"]["values"], line["peer"]["values"])]


def exponent(sizes, values):
    """Slope of log(value) over log(size) between the two ends: 1 is linear, 2 quadratic, 0 constant.

    Sizes without a value (None) are left out; None if fewer than two remain.
    """
    points = [(size, value) for size, value in zip(sizes, values) if value is not None]
    if len(points) < 2:
        return None
    (first, low), (last, high) = points[0], points[-1]
    return math.log(high / low) / math.log(last / first)


def number(value):
    """A positive number with three significant digits, never in scientific notation."""
    decimals = 0 if value >= 100 else 1 if value >= 10 else 2 if value >= 1 else 3 if value >= 0.1 else 4
    return f"{value:,.{decimals}f}"


def say(message):
    """Progress, to stderr."""
    print(f"bench: {message}", file=sys.stderr, flush=True)
