"""Exact nearest neighbours: FAISS, scikit-learn and `dml`."""
from .. import BenchError
from ..compare import OURS, Sample, in_turn, row

NAME = "neighbours"
TITLE = "Exact nearest neighbours"
ABOUT = """Embeddings of a cross-entropy run in 10 dimensions, all cores, including building the index. FAISS:
`IndexFlatL2`. scikit-learn: `NearestNeighbors(n_jobs=-1)`, which chooses its algorithm. Vote top-k accuracy needs k =
10, a t-SNE of perplexity 30 needs 92. The stage fails if the distances of `dml` and scikit-learn differ by more than
1e-4 of the largest."""

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
        difference = {peer: bench.peer("same_arrays.py", ours, out(peer)).last_json["relative"] for peer in PEERS}
        if not difference["scikit-learn"] <= LARGEST_DIFFERENCE:
            raise BenchError("the distances of dml and scikit-learn differ by "
                             f"{difference['scikit-learn']:.1e} of the largest")
        notes.append(f"{counts}: the distances differ from scikit-learn's by at most {difference['scikit-learn']:.1e}, "
                     f"from FAISS's by {difference['faiss']:.1e} of the largest.")
    return dict(rows=lines, notes=notes)


def sample(finished):
    return Sample(finished.last_json["seconds"], finished.peak_mb)


def size(bench, path):
    """Rows of an .npy file, from its header."""
    header = path.read_bytes()[:200].split(b"'shape': (")[1]
    return int(header.split(b",")[0])
