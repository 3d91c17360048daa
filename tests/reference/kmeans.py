"""Prints kmeans.json: what scikit-learn's KMeans finds on points that the tests of `src/eval/kmeans/` generate, too.

Both sides generate centres and noise with SplitMix64, so the points have the same bits and need no file. Two kinds of
cases:

rounds    with given rows as initial centres (init=…, n_init=1): the final labels and sum of squared distances of Lloyd's
          algorithm. If two of these rows are equal points, clusters become empty on the way.
quality   with k-means++: mean and standard deviation over ten seeds of NMI and of the sum of squared distances.

Run:  python tests/reference/kmeans.py > tests/reference/kmeans.json
Needs numpy and scikit-learn.
"""
import json
import platform

import numpy as np
import sklearn
from sklearn.cluster import KMeans
from sklearn.metrics import normalized_mutual_info_score

VERSIONS = dict(scikit_learn=sklearn.__version__, numpy=np.__version__, python=platform.python_version())


def uniform(seed, count):
    """Numbers in 0..1, multiples of 2⁻²⁴, by SplitMix64."""
    with np.errstate(over='ignore'):
        z = np.uint64(seed) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ z >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ z >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    return (z >> np.uint64(40)).astype(np.float64) / 2**24


def points(seed, rows, dimensions, classes, noise, uneven=False):
    """Points [rows, dimensions] f32 around one centre per class, and their classes."""
    row = np.arange(rows)
    labels = row * row * classes // (rows * rows) if uneven else row % classes
    values = uniform(seed, (classes + rows) * dimensions)
    centres = values[:classes * dimensions].reshape(classes, dimensions)
    offsets = values[classes * dimensions:].reshape(rows, dimensions) - 0.5
    return (centres[labels] + noise * offsets).astype(np.float32), labels


def rounds(name, first, **made):
    x, _ = points(**made)
    found = KMeans(len(first), init=x[first], n_init=1).fit(x)
    return dict(name=name, made=made, first=first, labels=found.labels_.tolist(), inertia=float(found.inertia_))


def quality(name, starts, **made):
    x, labels = points(**made)
    fits = [KMeans(made['classes'], n_init=starts, random_state=seed).fit(x) for seed in range(10)]
    nmi = [normalized_mutual_info_score(labels, fit.labels_) for fit in fits]
    inertia = [fit.inertia_ for fit in fits]
    return dict(name=name, made=made, starts=starts,
                nmi=[float(np.mean(nmi)), float(np.std(nmi, ddof=1))],
                inertia=[float(np.mean(inertia)), float(np.std(inertia, ddof=1))])


def main():
    heaps = dict(seed=1, rows=120, dimensions=3, classes=6, noise=0.9)
    wide = dict(seed=2, rows=300, dimensions=21, classes=9, noise=2.0)
    content = dict(
        about='written by kmeans.py', versions=VERSIONS,
        rounds=[
            rounds('one of each heap', [0, 1, 2, 3, 4, 5], **heaps),
            rounds('all of one heap', [0, 6, 12, 18, 24, 30], **heaps),
            rounds('many dimensions', [5, 6, 7, 50, 51, 99, 170, 171], **wide),
            rounds('one cluster', [17], **wide),
            rounds('each point its own', list(range(30)), seed=3, rows=30, dimensions=2, classes=5, noise=1.0),
            rounds('two first centres are one point', [0, 0, 2, 3, 4, 5], **heaps),
        ],
        quality=[
            quality('few classes', 10, seed=4, rows=1200, dimensions=8, classes=30, noise=1.2, uneven=True),
            quality('three of each class', 1, seed=5, rows=2850, dimensions=16, classes=950, noise=0.8),
            quality('hundreds of classes', 1, seed=6, rows=3000, dimensions=32, classes=200, noise=1.4),
        ])
    # Check the inertia by its definition, so that a change in the library is noticed.
    for case in content['rounds']:
        x, _ = points(**case['made'])
        labels = np.array(case['labels'])
        means = np.array([x[labels == label].mean(axis=0) for label in labels])
        assert np.isclose(((x - means)**2).sum(), case['inertia'], rtol=1e-4), case['name']
    print(json.dumps(content))


if __name__ == '__main__':
    main()
