"""The whole experiment of the tutorial with one seed: its script and `dml compare`."""
import json

from ..compare import OURS, Sample, in_turn, row

NAME = "whole"
TITLE = "The whole experiment"
ABOUT = """One seed, both losses, five epochs, embeddings, 1-NN, t-SNE and pictures, from start to end of the process,
on all cores: `dml compare --seeds 2022` and the tutorial's Python script (PyTorch, pandas, scikit-learn), which `make
bench SCRIPT=FILE` names and which takes `TRAIN_CSV OUT_DIR SEED EPOCHS`. The script runs once, `dml` before and after
it."""

SEED, EPOCHS = 2022, 5
GOAL, GOAL_MB = 1 / 6, 800
SCRIPT = "script"
LOSSES = {"contrastive": "ct", "cross-entropy": "ce"}


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
        note = "The script was not measured: SCRIPT was not given."
        return dict(rows=[], tables=[alone(samples[OURS])], notes=[note, memory(samples[OURS])])
    samples = in_turn(NAME, {OURS: ours, SCRIPT: theirs}, bench.settings.one_round)
    samples[OURS] += in_turn(f"{NAME}, once more", {OURS: ours}, 1)[OURS]
    line = row("two networks, one seed", "s", "seconds", samples, OURS, SCRIPT, GOAL)
    stages = compared[SCRIPT]["stages"]
    times = ", ".join(f"{name.replace('_', ' ')} {seconds:.1f}" for name, seconds in stages.items())
    return dict(rows=[line], notes=[f"The script's stages, s: {times}.", accuracies(compared), memory(samples[OURS])])


def alone(samples):
    seconds = sorted(sample.figures["seconds"] for sample in samples)
    shown = ", ".join(f"{value:.1f}" for value in seconds)
    return dict(title=None, header=["work", "`dml`, s"], rows=[["two networks, one seed", shown]])


def memory(samples):
    peak = max(sample.peak_mb for sample in samples)
    return f"Peak memory of `dml`: {peak:.0f} MB; goal: under {GOAL_MB} MB."


def accuracies(compared):
    """1-NN accuracies of both; the script calls its losses ct and ce."""
    summary = compared[OURS]["summary"]
    values = next(row["values"] for row in summary["metrics"] if row["metric"].startswith("1-NN"))
    ours = {loss: runs[0] for loss, runs in zip(summary["losses"], values)}
    theirs = {loss: compared[SCRIPT]["metrics"][name]["accuracy"] for loss, name in LOSSES.items()}
    texts = [f"{loss} {ours[loss]:.3f} (`dml`) and {theirs[loss]:.3f} (script)" for loss in LOSSES]
    return f"1-NN accuracy: {', '.join(texts)}; the spread over seeds is about 0.01."
