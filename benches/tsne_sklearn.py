"""Compares a run's t-SNE with scikit-learn's default TSNE on the same embeddings.

Run:   python benches/tsne_sklearn.py RUN/embeddings_val.npy RUN/tsne.csv [--seconds S] [--perplexity 30]
Needs: numpy, scikit-learn. --seconds is the time of our t-SNE (times.json of the run), to print beside
scikit-learn's; measure both on an idle machine, one right after the other.

Both maps are scored by the same function: exact KL(P||Q) in nats, P from scikit-learn, Q over all pairs.
(scikit-learn's kl_divergence_ approximates Q, so it is a little lower.)
"""
import argparse, csv, time
import numpy as np
import sklearn
from sklearn.manifold import TSNE, trustworthiness
from sklearn.manifold._t_sne import _joint_probabilities_nn
from sklearn.neighbors import NearestNeighbors


def affinities(x, perplexity):
    """P as scikit-learn's TSNE builds it, as (row, column, value) of a sparse matrix."""
    neighbors = min(len(x) - 1, int(3 * perplexity + 1))
    graph = NearestNeighbors(n_neighbors=neighbors).fit(x).kneighbors_graph(mode="distance")
    graph.data **= 2
    p = _joint_probabilities_nn(graph, perplexity, 0).tocoo()
    values = p.data.astype(np.float64)
    return p.row, p.col, values / values.sum()


def divergence(p, y):
    """Exact KL(P||Q) in nats of the map y [N, 2]."""
    row, column, value = p
    y = y.astype(np.float64)
    a, b = np.ascontiguousarray(y.T)
    total = sum((1 / (1 + (a - x) ** 2 + (b - z) ** 2)).sum() - 1 for x, z in y)
    q = 1 / (1 + ((y[row] - y[column]) ** 2).sum(1)) / total
    positive = value > 0
    return float((value[positive] * np.log(value[positive] / q[positive])).sum())


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("embeddings", help="embeddings_val.npy of a run, [N, D]")
    arguments.add_argument("map", help="tsne.csv of the same run, with columns x and y")
    arguments.add_argument("--seconds", type=float, help="time our t-SNE took")
    arguments.add_argument("--perplexity", type=float, default=30.0)
    given = arguments.parse_args()

    x = np.load(given.embeddings)
    with open(given.map, newline="") as file:
        ours = np.array([[float(row["x"]), float(row["y"])] for row in csv.DictReader(file)])
    if len(ours) != len(x):
        arguments.error(f"{given.map} has {len(ours)} points, {given.embeddings} has {len(x)}")

    start = time.perf_counter()
    theirs = TSNE(perplexity=given.perplexity).fit_transform(x)
    seconds = time.perf_counter() - start

    p = affinities(x, given.perplexity)
    print(f"{len(x)} points, {x.shape[1]} dimensions, perplexity {given.perplexity:g}, "
          f"scikit-learn {sklearn.__version__}")
    print(f"{'':14}{'KL':>8}{'trust@10':>10}{'seconds':>9}")
    rows = [("dml", ours, given.seconds), ("scikit-learn", theirs, seconds)]
    kls = []
    for name, y, took in rows:
        kls.append(divergence(p, y))
        trust = trustworthiness(x, y, n_neighbors=10)
        print(f"{name:14}{kls[-1]:8.4f}{trust:10.4f}" + (f"{took:9.2f}" if took else f"{'-':>9}"))
    print(f"KL {100 * (kls[0] / kls[1] - 1):+.2f} % against scikit-learn"
          + (f", time × {given.seconds / seconds:.2f}" if given.seconds else ""))


if __name__ == "__main__":
    main()
