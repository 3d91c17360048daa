"""Contrastive training to the accuracy of the tutorial's script, with a documented configuration."""
import csv
import json
import statistics

from ..compare import OURS, Sample, in_turn
from ..settings import shown

NAME = "accuracy"
TITLE = "Time to the script's accuracy"
ABOUT = """The tutorial's script reaches a 1-NN accuracy of 0.79 with the contrastive loss. Here: `dml train --loss
contrastive` with a configuration of `configs/`, then `dml eval --knn 1`. Training time is the sum over the epochs in
`history.csv`; the whole process also reads the CSV, draws the sample pairs and writes the models."""

GOAL_ACCURACY, GOAL_SECONDS = 0.79, 15


def measure(bench):
    config = bench.settings.config
    evaluations = []

    def train():
        finished = bench.train("accuracy", "--loss", "contrastive", "--config", config, "--data", bench.settings.data)
        folder = bench.run_folder("accuracy")
        with open(folder / "history.csv", newline="") as file:
            training = sum(float(epoch["seconds"]) for epoch in csv.DictReader(file))
        evaluations.append(json.loads(bench.dml("eval", "--run", folder, "--knn", 1, "--json").stdout))
        return Sample(dict(training=training, process=finished.seconds), finished.peak_mb)

    samples = in_turn(NAME, {OURS: train}, bench.settings.few_rounds)[OURS]
    seconds = lambda figure: statistics.median(sample.figures[figure] for sample in samples)
    accuracy = evaluations[-1]["knn"]["accuracy"]
    table = dict(
        title=None,
        header=["configuration", "1-NN accuracy", "training, s", "whole process, s", "peak memory, MB"],
        rows=[[f"`{shown(config)}`", f"{accuracy:.4f}", f"{seconds('training'):.1f}", f"{seconds('process'):.1f}",
               f"{max(sample.peak_mb for sample in samples):.0f}"]],
    )
    reached = accuracy >= GOAL_ACCURACY and seconds("training") <= GOAL_SECONDS
    note = f"Goal: {GOAL_ACCURACY} within {GOAL_SECONDS} s of training; {'reached' if reached else 'not reached'}."
    return dict(rows=[], tables=[table], notes=[note])
