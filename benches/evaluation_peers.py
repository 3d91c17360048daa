"""Peers of `dml eval --embeddings`: pytorch-metric-learning with FAISS, and scikit-learn's k-means.

make: writes points around random centres, EMBEDDINGS [N, D] f32 and LABELS [N] i64.
pytorch-metric-learning: AccuracyCalculator's NMI, AMI (clusters by FAISS), precision at 1, R-precision and MAP@R, each
embedding against all others, with as many neighbours as the largest class needs (k="max_bin_count").
scikit-learn: NMI of KMeans with as many starts as `dml` uses, one value per seed.
Prints one line of JSON; seconds are of the computation alone, without start-up and reading.

Run:  python benches/evaluation_peers.py make EMBEDDINGS.npy LABELS.npy N D CLASSES NOISE
      python benches/evaluation_peers.py pytorch-metric-learning EMBEDDINGS.npy LABELS.npy
      python benches/evaluation_peers.py scikit-learn EMBEDDINGS.npy LABELS.npy STARTS SEEDS
Needs numpy and pytorch-metric-learning with faiss-cpu, or scikit-learn.
"""
import json
import sys
import time

import numpy as np

FIGURES = ("NMI", "AMI", "precision_at_1", "r_precision", "mean_average_precision_at_r")


def make(embeddings, labels, rows, dimensions, classes, noise):
    random = np.random.default_rng(2022)
    centres = random.standard_normal((int(classes), int(dimensions)))
    found = np.arange(int(rows)) % int(classes)
    random.shuffle(found)
    points = centres[found] + float(noise) * random.standard_normal((int(rows), int(dimensions)))
    np.save(embeddings, points.astype(np.float32))
    np.save(labels, found.astype(np.int64))
    return {}


def metric_learning(embeddings, labels):
    import torch
    from pytorch_metric_learning.utils.accuracy_calculator import AccuracyCalculator

    points, truth = torch.from_numpy(np.load(embeddings)), torch.from_numpy(np.load(labels))
    start = time.perf_counter()
    calculator = AccuracyCalculator(include=FIGURES, k="max_bin_count", device=torch.device("cpu"))
    figures = calculator.get_accuracy(points, truth)
    return dict(seconds=time.perf_counter() - start) | {name: float(value) for name, value in figures.items()}


def scikit_learn(embeddings, labels, starts, seeds):
    from sklearn.cluster import KMeans
    from sklearn.metrics import normalized_mutual_info_score

    points, truth = np.load(embeddings), np.load(labels)
    start = time.perf_counter()
    clusters = len(np.unique(truth))
    found = [KMeans(clusters, n_init=int(starts), random_state=seed).fit(points).labels_ for seed in range(int(seeds))]
    seconds = (time.perf_counter() - start) / int(seeds)
    return dict(seconds=seconds, nmi=[normalized_mutual_info_score(truth, labels) for labels in found])


MODES = {"make": make, "pytorch-metric-learning": metric_learning, "scikit-learn": scikit_learn}
if sys.argv[1:2] and sys.argv[1] in MODES:
    print(json.dumps(MODES[sys.argv[1]](*sys.argv[2:])))
else:
    sys.exit(f"the first argument must be one of {', '.join(MODES)}")
