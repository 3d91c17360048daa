"""Writes outliers.json: float64 embeddings far from the origin that subtracting one centre does not bring
near it, and their 1-NN accuracy in float64.

NumPy 2.4.6, scikit-learn 1.9.1. Run as: python outliers.py

Neighbours are scikit-learn's (KDTree, which squares differences, in float64); each embedding is compared
with all others.
"""

import json
import pathlib

import numpy
from sklearn.neighbors import KDTree

random = numpy.random.default_rng(5)


def accuracy(points, labels):
    # The two nearest: usually itself and its nearest neighbour.
    _, rows = KDTree(points).query(points, k=2)
    own = numpy.arange(len(points))
    other = numpy.where(rows[:, 0] == own, rows[:, 1], rows[:, 0])
    return float((labels[other] == labels).mean())


def case(points, labels):
    return {
        "points": points.tolist(),
        "labels": labels.tolist(),
        "accuracy": accuracy(points, labels),
        "accuracy_float32": accuracy(points.astype(numpy.float32), labels),
    }


# All at 1e8 except one at the origin, such as that of an unreadable image.
labels = numpy.arange(90) % 3
points = random.normal(size=(90, 8)) * 1e-3 + 1e8
points[numpy.arange(90), labels] += 0.05
points[7] = 0
one_elsewhere = case(points, labels)

# Half at 1e8, half at -1e8.
labels = numpy.arange(120) // 2 % 3
points = numpy.where(numpy.arange(120)[:, None] % 2 == 0, 1e8, -1e8) * numpy.ones((120, 4))
points[numpy.arange(120), labels] += 0.1
points += random.normal(size=points.shape) * 1e-3
two_groups = case(points, labels)

out = pathlib.Path(__file__).with_name("outliers.json")
out.write_text(json.dumps({"one_elsewhere": one_elsewhere, "two_groups": two_groups}) + "\n")
