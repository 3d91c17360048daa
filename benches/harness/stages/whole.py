"""The whole experiment of the tutorial, one seed: its script and `dml compare`."""
import json

from ..compare import OURS, Sample, in_turn, row

NAME = "whole"
TITLE = "The whole experiment"
ABOUT = """One seed, both losses, five epochs, embeddings, 1-NN, t-SNE and pictures, from start to end of the process, on all
cores: `dml compare --seeds 2022` and the tutorial's Python script (PyTorch, pandas, scikit-learn), which is given by
`make bench SCRIPT=FILE` and takes `TRAIN_CSV OUT_DIR SEED EPOCHS`. The script runs once, `dml` before and after it."""

SEED, EPOCHS = 2022, 5
GOAL, GOAL_MB = 1 / 6, 800
SCRIPT = "script"


def measure(bench):
    compared = {}

    def ours():
        finished = bench.dml("compare", "--seeds", SEED, "--force", "--json", "--data", bench.settings.data, *bench.runs())
        compared[OURS] = json.loads(finished.stdout)
        return Sample(dict(seconds=finished.seconds), finished.peak_mb)

    def theirs():
        finished = bench.peer(bench.settings.script, bench.settings.data, bench.file("script"), SEED, EPOCHS)
        compared[SCRIPT] = finished.last_json
        return Sample(dict(seconds=finished.seconds), finished.peak_mb)

    if bench.settings.script is None:
        samples = in_turn(NAME, {OURS: ours}, bench.settings.few_rounds)
        note = "The script's side was not measured: no SCRIPT was given."
        return dict(rows=[], tables=[alone(samples[OURS])], notes=[note, memory(samples[OURS])])
    samples = in_turn(NAME, {OURS: ours, SCRIPT: theirs}, bench.settings.one_round)
    samples[OURS] += in_turn(f"{NAME}, once more", {OURS: ours}, 1)[OURS]
    line = row("two networks, one seed", "s", "seconds", samples, OURS, SCRIPT, GOAL)
    stages = compared[SCRIPT]["stages"]
    told = ", ".join(f"{name.replace('_', ' ')} {seconds:.1f}" for name, seconds in stages.items())
    return dict(rows=[line], notes=[f"The script's stages, s: {told}.", accuracies(compared), memory(samples[OURS])])


def alone(samples):
    seconds = sorted(sample.figures["seconds"] for sample in samples)
    return dict(title=None, header=["what", "`dml`, s"], rows=[["two networks, one seed", ", ".join(f"{s:.1f}" for s in seconds)]])


def memory(samples):
    peak = max(sample.peak_mb for sample in samples)
    return f"Peak memory of `dml`: {peak:.0f} MB; aimed at: under {GOAL_MB} MB."


def accuracies(compared):
    theirs = {name: figures["accuracy"] for name, figures in compared[SCRIPT]["metrics"].items()}
    ours = compared[OURS]
    return f"{ours}{theirs}"
