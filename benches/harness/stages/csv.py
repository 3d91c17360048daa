"""CSV to float tensors: pandas and `dml`."""
import re

from ..compare import OURS, Sample, in_turn, row

NAME = "csv"
TITLE = "CSV to tensors"
ABOUT = """From a CSV of 60,000 images of 28 × 28 to float32 in 0..1. pandas: `read_csv`, `reshape`, `astype`, `/ 255`;
the tutorial's script also calls `train_test_split` first. `dml` checks every field, keeps bytes and converts a batch to
floats when it gathers it; times are given for both. Start-up is not included. Memory is that of the whole process."""

BYTES, FLOATS = "to bytes", "to floats"


def measure(bench):
    data = bench.settings.data
    samples = in_turn(NAME, {
        OURS: lambda: figures(bench.bench("load_csv", data), ("bytes ready", BYTES), ("floats ready", FLOATS)),
        "pandas": lambda: figures(bench.peer("load_csv.py", data), ("floats ready", FLOATS)),
        "tutorial's script": lambda: figures(bench.peer("load_csv.py", data, "--split"), ("floats ready", FLOATS)),
    }, bench.settings.rounds)
    lines = []
    for peer in ("pandas", "tutorial's script"):
        lines.append(row("60,000 images, floats", "s", FLOATS, samples, OURS, peer))
        lines.append(row("60,000 images, bytes against floats", "s", BYTES, samples, OURS, peer, peer_figure=FLOATS))
    return dict(rows=lines)


def figures(finished, *wanted):
    """Seconds from the lines `NAME  0.123 s` of the output."""
    seconds = dict(re.findall(r"^(\w+ \w+) +([\d.]+) s", finished.stdout, re.MULTILINE))
    return Sample({figure: float(seconds[name]) for name, figure in wanted}, finished.peak_mb)
