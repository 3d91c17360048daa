"""Exact nearest neighbours: FAISS, scikit-learn and `dml`."""
from .. import BenchError
from ..compare import OURS, Sample, in_turn, row

NAME = "neighbours"
TITLE = "Exact nearest neighbours"
ABOUT = """Embeddings in 10 dimensions of a cross-entropy run, all cores, building the index included. FAISS: `IndexFlatL2`.
scikit-learn: `NearestNeighbors(n_jobs=-1)` as it chooses itself. k = 10 is what vote top-k accuracy needs, 92 what a t-SNE of
perplexity 30 needs. Where the distances of `dml` and scikit-learn differ by more than 1e-4 of the largest, the stage
fails."""

KS = (1, 10, 92)
PEERS = ("faiss", "scikit-learn")
LARGEST_DIFFERENCE = 1e-4


def measure(bench):
    run = bench.reference_run()
    references = run / "embeddings_train.npy"
    lines, notes = [], []
    for name, rounds in (("val", bench.settings.rounds), ("train", bench.settings.few_rounds)):
        queries = run / f"embeddings_{name}.npy"
        counts = f"{size(bench, queries):,} × {size(bench, references):,}"
        ours, out = bench.file("distances-dml.npy"), lambda peer: bench.file(f"distances-{peer}.npy")
        ks = ",".join(map(str, KS))
        contestants = {OURS: lambda: sample(bench.bench("stages", "neighbours", "--references", references,
                                                        "--queries", queries, "--k", ks, "--out", ours))}
        for peer in PEERS:
            contestants[peer] = lambda peer=peer: sample(
                bench.peer("neighbours_peers.py", peer, references, queries, ks, out(peer)))
        samples = in_turn(f"{NAME}, {counts}", contestants, rounds)
        lines += [row(f"{counts}, k = {k}", "s", str(k), samples, OURS, peer) for k in KS for peer in PEERS]
        apart = {peer: bench.peer("same_arrays.py", ours, out(peer)).last_json["relative"] for peer in PEERS}
        if not apart["scikit-learn"] <= LARGEST_DIFFERENCE:
            raise BenchError(f"the distances of dml and scikit-learn differ by {apart['scikit-learn']:.1e} of the largest")
        notes.append(f"{counts}: the distances differ from scikit-learn's by at most {apart['scikit-learn']:.1e}, from "
                     f"FAISS's by {apart['faiss']:.1e} of the largest.")
    return dict(rows=lines, notes=notes)


def sample(finished):
    return Sample(finished.last_json["seconds"], finished.peak_mb)


def size(bench, path):
    """Rows of an .npy file, from its header."""
    header = path.read_bytes()[:200].split(b"'shape': (")[1]
    return int(header.split(b",")[0])
