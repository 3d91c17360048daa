"""Exact KL(P||Q) in nats of several maps of the same points, with the same P.

P is scikit-learn's, perplexity 30; Q runs over all pairs. Prints one line of JSON: the KL of each map.

Run:  python benches/tsne_kl.py EMBEDDINGS.npy MAP...      each a MAP.npy [N, 2] or a CSV with columns x and y
Needs numpy and scikit-learn.
"""
import csv
import json
import sys

import numpy as np

from tsne_sklearn import affinities, divergence

PERPLEXITY = 30.0


def read(path):
    if path.endswith(".npy"):
        return np.load(path)
    with open(path, newline="") as file:
        return np.array([[float(row["x"]), float(row["y"])] for row in csv.DictReader(file)])


points = np.load(sys.argv[1])
maps = {path: read(path) for path in sys.argv[2:]}
for path, found in maps.items():
    if len(found) != len(points):
        sys.exit(f"{path} has {len(found)} points, {sys.argv[1]} has {len(points)}")
p = affinities(points, PERPLEXITY)
print(json.dumps({path: divergence(p, found) for path, found in maps.items()}))
