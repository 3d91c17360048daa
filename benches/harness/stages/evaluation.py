"""All metrics of embeddings from a file: pytorch-metric-learning and `dml`."""
from ..compare import OURS, Sample, in_turn, row

NAME = "evaluation"
TITLE = "Evaluating embeddings"
ABOUT = """20,000 points around random centres, each against all others. `dml eval --embeddings` with all its metrics:
k-NN accuracy, vote top-k accuracy, Recall@k, R-precision, MAP@R, NMI and AMI of k-means, distances.
pytorch-metric-learning: `AccuracyCalculator` with NMI, AMI, precision at 1, R-precision and MAP@R, as many neighbours
as the largest class needs, search and k-means by FAISS. For `dml` the time is that of the whole process, including
start-up, reading and writing JSON; for the peer, of the computation alone. NMI is also given for scikit-learn's
`KMeans` with as many starts as `dml` uses."""

PEER = "pytorch-metric-learning"
# Name, points, dimensions, classes, noise, starts of k-means, goal.
SETS = (
    ("20,000 × 512, 1,000 classes", "512", (20_000, 512, 1000, 3.0), 1, 1.0),
    ("20,000 × 64, 100 classes", "64", (20_000, 64, 100, 1.5), 10, 0.7),
)
# The peer's metrics that `dml` computes as well, and their keys in its JSON.
SAME = {"precision_at_1": ("recall_at", 0, "recall"), "r_precision": ("r_precision",),
        "mean_average_precision_at_r": ("map_at_r",)}


def measure(bench):
    lines, nmi, notes = [], [], []
    for title, name, made, starts, goal in SETS:
        files = points(bench, name, made)
        results = {}
        samples = in_turn(f"{NAME}, {title}", {
            OURS: lambda: ours(bench, files, results),
            PEER: lambda: theirs(bench, files, results),
        }, bench.settings.few_rounds)
        lines.append(row(title, "s", "seconds", samples, OURS, PEER, goal))
        sklearn = bench.peer("evaluation_peers.py", "scikit-learn", *files, starts, 1).last_json
        found = (results[OURS]["clusters"]["nmi"], results[PEER]["NMI"], sklearn["nmi"][0])
        nmi.append([title, *(f"{value:.4f}" for value in found)])
        ours_of = lambda path: at(results[OURS]["retrieval"], path)
        difference = max(abs(ours_of(path) - results[PEER][figure]) for figure, path in SAME.items())
        notes.append(f"{title}: precision at 1 (Recall@1), R-precision and MAP@R differ by at most {difference:.1e}.")
    table = dict(title="NMI of the clusters", header=["points", "`dml`", PEER, "scikit-learn"], rows=nmi)
    return dict(rows=lines, tables=[table], notes=notes)


def points(bench, name, made):
    """Embeddings and labels of a set, created once."""
    files = [bench.file(f"evaluation-{name}.npy"), bench.file(f"evaluation-{name}-labels.npy")]
    if not files[1].exists():
        bench.peer("evaluation_peers.py", "make", *files, *made)
    return files


def ours(bench, files, results):
    finished = bench.dml("eval", "--embeddings", files[0], "--labels", files[1], "--json")
    results[OURS] = finished.json
    return Sample(dict(seconds=finished.seconds), finished.peak_mb)


def theirs(bench, files, results):
    finished = bench.peer("evaluation_peers.py", PEER, *files)
    results[PEER] = finished.last_json
    return Sample(dict(seconds=results[PEER]["seconds"]), finished.peak_mb)


def at(value, path):
    """The value in nested JSON under these keys and indices."""
    for step in path:
        value = value[step]
    return value
