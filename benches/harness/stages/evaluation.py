"""All figures of embeddings from elsewhere: pytorch-metric-learning and `dml`."""
from ..compare import OURS, Sample, in_turn, row

NAME = "evaluation"
TITLE = "Evaluating embeddings"
ABOUT = """20,000 points around random centres, each against all others. `dml eval --embeddings` with all its figures: the
vote of neighbours, vote top-k accuracy, Recall@k, R-precision, MAP@R, NMI and AMI of k-means, distances. pytorch-metric-learning:
`AccuracyCalculator` with NMI, AMI, precision at 1, R-precision and MAP@R, as many neighbours as the largest class needs,
search and k-means by FAISS. Of `dml` the whole process is counted, with start, reading and writing JSON; of the peer the
computation alone. NMI is also that of scikit-learn's `KMeans` with as many starts as `dml` takes."""

PEER = "pytorch-metric-learning"
# Name, points, dimensions, classes, noise, starts of k-means, goal.
SETS = (
    ("20,000 × 512, 1,000 classes", "512", (20_000, 512, 1000, 3.0), 1, 1.0),
    ("20,000 × 64, 100 classes", "64", (20_000, 64, 100, 1.5), 10, 0.7),
)
# The peer's figures that `dml` computes alike, and where they stand in its JSON.
SAME = {"precision_at_1": ("recall_at", 0, "recall"), "r_precision": ("r_precision",),
        "mean_average_precision_at_r": ("map_at_r",)}


def measure(bench):
    lines, nmi, notes = [], [], []
    for title, name, made, starts, goal in SETS:
        files = points(bench, name, made)
        told = {}
        samples = in_turn(f"{NAME}, {title}", {
            OURS: lambda: ours(bench, files, told),
            PEER: lambda: theirs(bench, files, told),
        }, bench.settings.few_rounds)
        lines.append(row(title, "s", "seconds", samples, OURS, PEER, goal))
        known = bench.peer("evaluation_peers.py", "scikit-learn", *files, starts, 1).last_json
        ratios = (told[OURS]["clusters"]["nmi"], told[PEER]["NMI"], known["nmi"][0])
        nmi.append([title, *(f"{value:.4f}" for value in ratios)])
        apart = max(abs(at(told[OURS]["retrieval"], path) - told[PEER][figure]) for figure, path in SAME.items())
        notes.append(f"{title}: precision at 1 (Recall@1), R-precision and MAP@R differ by at most {apart:.1e}.")
    table = dict(title="NMI of the clusters", header=["points", "`dml`", PEER, "scikit-learn"], rows=nmi)
    return dict(rows=lines, tables=[table], notes=notes)


def points(bench, name, made):
    """Embeddings and labels of a set, made once."""
    files = [bench.file(f"evaluation-{name}.npy"), bench.file(f"evaluation-{name}-labels.npy")]
    if not files[1].exists():
        bench.peer("evaluation_peers.py", "make", *files, *made)
    return files


def ours(bench, files, told):
    finished = bench.dml("eval", "--embeddings", files[0], "--labels", files[1], "--json")
    told[OURS] = finished.json
    return Sample(dict(seconds=finished.seconds), finished.peak_mb)


def theirs(bench, files, told):
    finished = bench.peer("evaluation_peers.py", PEER, *files)
    told[PEER] = finished.last_json
    return Sample(dict(seconds=told[PEER]["seconds"]), finished.peak_mb)


def at(value, path):
    """What stands in nested JSON under these keys and places."""
    for step in path:
        value = value[step]
    return value
