"""Compares a run's t-SNE with openTSNE's default TSNE on the same embeddings, all training embeddings if wished.

Run:   dml eval --run RUN --tsne-of both
       python benches/tsne_opentsne.py RUN/embeddings_train.npy RUN/tsne_train.csv [--seconds S] [--jobs 2] [--perplexity 30]
Needs: numpy, scikit-learn, openTSNE. --seconds is the time of our t-SNE (times.json of the run), to be told beside
openTSNE's; take both on an idle machine, in the same minutes. --jobs is openTSNE's n_jobs, whose default is 1.

Both maps are judged by one function, that of tsne_sklearn.py: exact KL(P||Q) in nats, P from scikit-learn, Q over all
pairs. At 57,000 points it takes a minute.
"""
import argparse, csv, time
import numpy as np
import openTSNE
from tsne_sklearn import affinities, divergence


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("embeddings", help="embeddings_train.npy or embeddings_val.npy of a run, [N, D]")
    arguments.add_argument("map", help="tsne_train.csv or tsne.csv of the same run, with columns x and y")
    arguments.add_argument("--seconds", type=float, help="time our t-SNE took")
    arguments.add_argument("--jobs", type=int, default=1, help="openTSNE's n_jobs")
    arguments.add_argument("--perplexity", type=float, default=30.0)
    given = arguments.parse_args()

    x = np.load(given.embeddings)
    with open(given.map, newline="") as file:
        ours = np.array([[float(row["x"]), float(row["y"])] for row in csv.DictReader(file)])
    if len(ours) != len(x):
        arguments.error(f"{given.map} has {len(ours)} points, {given.embeddings} has {len(x)}")

    start = time.perf_counter()
    theirs = openTSNE.TSNE(perplexity=given.perplexity, n_jobs=given.jobs, random_state=0).fit(x)
    seconds = time.perf_counter() - start

    p = affinities(x, given.perplexity)
    print(f"{len(x)} points, {x.shape[1]} dimensions, perplexity {given.perplexity:g}, "
          f"openTSNE {openTSNE.__version__}, n_jobs {given.jobs}")
    print(f"{'':14}{'KL':>8}{'seconds':>9}")
    kls = [divergence(p, np.asarray(y)) for y in (ours, theirs)]
    for name, kl, took in zip(("dml", "openTSNE"), kls, (given.seconds, seconds)):
        print(f"{name:14}{kl:8.4f}" + (f"{took:9.2f}" if took else f"{'-':>9}"))
    print(f"KL {100 * (kls[0] / kls[1] - 1):+.2f} % against openTSNE"
          + (f", time × {given.seconds / seconds:.2f}" if given.seconds else ""))


if __name__ == "__main__":
    main()
