"""Writes far.json: float64 embeddings a million away from the origin, and their metrics in float64.

NumPy 2.4.6, scikit-learn 1.9.1. Run as: python far.py

Neighbours are scikit-learn's (KDTree, which squares differences, in float64); each embedding is compared
with all others.
"""

import json
import pathlib

import numpy
from sklearn.neighbors import KDTree

random = numpy.random.default_rng(7)
labels = numpy.arange(60) % 5
centres = random.normal(size=(5, 6))
points = 1e6 + 1e-3 * (centres[labels] + 0.9 * random.normal(size=(60, 6)))
points[:, 5] -= 1e6  # one dimension around the origin


def accuracy(points):
    # The two nearest: usually itself and its nearest neighbour.
    _, rows = KDTree(points).query(points, k=2)
    other = numpy.where(rows[:, 0] == numpy.arange(60), rows[:, 1], rows[:, 0])
    return float((labels[other] == labels).mean())


def mean_distance(same):
    first, second = numpy.triu_indices(60, 1)
    distances = numpy.sqrt(((points[first] - points[second]) ** 2).sum(axis=1))
    return float(distances[(labels[first] == labels[second]) == same].mean())


variance = ((points - points.mean(axis=0)) ** 2).sum(axis=1).mean()
lengths = (points**2).sum(axis=1)
directions = points / numpy.sqrt(lengths)[:, None]
content = {
    "points": points.tolist(),
    "labels": labels.tolist(),
    "accuracy": accuracy(points),
    "accuracy_float32": accuracy(points.astype(numpy.float32)),
    "accuracy_normalised": accuracy(directions),
    "same_class": mean_distance(True),
    "other_class": mean_distance(False),
    "relative_spread": float(variance / lengths.mean()),
}
out = pathlib.Path(__file__).with_name("far.json")
out.write_text(json.dumps(content) + "\n")
