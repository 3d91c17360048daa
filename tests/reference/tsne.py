"""Writes tsne.json: the steps of scikit-learn's t-SNE of 60 points.

Run:   python tests/reference/tsne.py
Needs: numpy, scipy, scikit-learn (the file names the versions). Takes seconds.

  points       [60, 5] float32 numbers, three clusters; the last point repeats the first
  perplexity   10, so 31 neighbours per point
  affinities   the first three rows of P [3, 60], from float64 distances, with widths solved to 1e-12
  start        [60, 2] the first two principal components, the first scaled to standard deviation 1
  maps         two maps [60, 2]: scikit-learn's and a random one
  kl           the exact KL(P||Q) of each in nats, by scikit-learn's own objective on that P

scikit-learn's own P (float32 distances, entropies to 1e-5) must be close to the P stored here.
"""
import json, pathlib, platform
import numpy as np, scipy, sklearn
from scipy.optimize import brentq
from scipy.spatial.distance import cdist, squareform
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from sklearn.manifold._t_sne import _joint_probabilities_nn, _kl_divergence
from sklearn.neighbors import NearestNeighbors

N, D, PERPLEXITY = 60, 5, 10.0
NEIGHBORS = int(3 * PERPLEXITY + 1)


def points(random):
    centres = random.normal(size=(3, D)) * 4
    x = centres[np.arange(N) % 3] + random.normal(size=(N, D)) * [1.0, 0.8, 0.6, 0.4, 0.2]
    x[-1] = x[0]
    return np.round(x, 3).astype(np.float32)


def conditional(squares):
    """Gaussian probabilities of one point's neighbours, at exactly the given perplexity."""
    def weights(log_beta):
        w = np.exp(-np.exp(log_beta) * (squares - squares.min()))
        return w / w.sum()

    def excess(log_beta):
        p = weights(log_beta)
        p = p[p > 0]
        return -(p * np.log(p)).sum() - np.log(PERPLEXITY)

    return weights(brentq(excess, -20, 20, xtol=1e-12))


def affinities(x):
    squares = cdist(x.astype(np.float64), x.astype(np.float64), "sqeuclidean")
    np.fill_diagonal(squares, np.inf)
    p = np.zeros((N, N))
    for i, row in enumerate(squares):
        nearest = np.argsort(row, kind="stable")[:NEIGHBORS]
        p[i, nearest] = conditional(row[nearest])
    p = p + p.T
    return p / p.sum()


def main():
    random = np.random.default_rng(7)
    x = points(random)
    p = affinities(x)
    graph = NearestNeighbors(n_neighbors=NEIGHBORS).fit(x).kneighbors_graph(mode="distance")
    graph.data **= 2
    theirs = _joint_probabilities_nn(graph, PERPLEXITY, 0).toarray()
    print("largest difference from scikit-learn's P:", abs(theirs - p).max())
    assert abs(theirs - p).max() < 1e-7
    maps = [TSNE(perplexity=PERPLEXITY, random_state=0).fit_transform(x), random.normal(size=(N, 2)) * 3]
    maps = [np.round(y, 4).astype(np.float64) for y in maps]
    kl = [float(_kl_divergence(y.ravel(), squareform(p, checks=False), 1, N, 2)[0]) for y in maps]
    start = PCA(2, svd_solver="full").fit_transform(x.astype(np.float64))
    reference = dict(
        versions=dict(python=platform.python_version(), numpy=np.__version__, scipy=scipy.__version__,
                      sklearn=sklearn.__version__),
        perplexity=PERPLEXITY,
        points=[[round(float(v), 3) for v in row] for row in x],
        affinities=[[float(f"{v:.10g}") for v in row] for row in p[:3]],
        start=[[round(float(v), 9) for v in row] for row in start / start[:, 0].std()],
        maps=[y.tolist() for y in maps],
        kl=kl,
    )
    lines = ",\n".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in reference.items())
    pathlib.Path(__file__).with_suffix(".json").write_text("{\n" + lines + "\n}\n")


main()
