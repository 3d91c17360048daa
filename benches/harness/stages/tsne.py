"""t-SNE: scikit-learn, openTSNE and `dml`."""
import json

from ..compare import OURS, Sample, in_turn, row

NAME = "tsne"
TITLE = "t-SNE"
ABOUT = """Embeddings of a cross-entropy run in 10 dimensions, perplexity 30; the peers with their defaults, openTSNE on
all cores. Seconds are of the t-SNE alone, including neighbours and affinities. KL(P‖Q) is computed by the same function
for all maps: P from scikit-learn, Q over all pairs. Lower is better; values for different points cannot be compared."""

# Flags of `dml eval` for a t-SNE of the training embeddings, and where its results are in the run's folder.
TRAIN_FLAGS = ("--tsne-of", "both")
TRAIN_MAP, TRAIN_SECONDS = "tsne_train.csv", "tsne_train_seconds"


def measure(bench):
    settings = bench.settings
    run = bench.reference_run()
    validation = run / "embeddings_val.npy"
    lines, maps = [], []

    def add(points, samples, peer, embeddings, our_map, goal=None):
        lines.append(row(points, "s", "seconds", samples, OURS, peer, goal))
        maps.extend(divergences(bench, points, peer, embeddings, our_map, their_map(bench, peer)))

    samples = in_turn(f"{NAME}, validation", {
        OURS: lambda: ours(bench, run, "tsne_seconds"),
        "scikit-learn": lambda: theirs(bench, "scikit-learn", validation),
    }, settings.few_rounds)
    add("validation embeddings", samples, "scikit-learn", validation, run / "tsne.csv")
    training = run / "embeddings_train.npy"
    samples = in_turn(f"{NAME}, training", {
        OURS: lambda: ours(bench, run, TRAIN_SECONDS, *TRAIN_FLAGS),
        "opentsne": lambda: theirs(bench, "opentsne", training),
    }, settings.one_round)
    add("training embeddings", samples, "opentsne", training, run / TRAIN_MAP, goal=0.5)
    header = ["points", "KL of `dml`", "peer", "KL of peer", "difference"]
    table = dict(title="How faithful the maps are", header=header, rows=maps)
    return dict(rows=lines, tables=[table])


def ours(bench, run, figure, *flags):
    finished = bench.dml("eval", "--run", run, *flags)
    times = json.loads((run / "times.json").read_text())
    return Sample(dict(seconds=times[figure]), finished.peak_mb)


def theirs(bench, peer, embeddings):
    finished = bench.peer("tsne_peers.py", peer, embeddings, their_map(bench, peer))
    return Sample(dict(seconds=finished.last_json["seconds"]), finished.peak_mb)


def their_map(bench, peer):
    return bench.file(f"map-{peer}.npy")


def divergences(bench, points, peer, embeddings, our_map, peer_map):
    kls = bench.peer("tsne_kl.py", embeddings, our_map, peer_map).last_json
    here, there = kls[str(our_map)], kls[str(peer_map)]
    return [[points, f"{here:.4f}", peer, f"{there:.4f}", f"{100 * (here / there - 1):+.1f} %"]]
