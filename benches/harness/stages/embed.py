"""Embedding of all images: PyTorch and `dml`."""
from .. import BenchError
from ..compare import in_turn, row
from ..inputs import ENGINES, sample
from ..process import available_cores

NAME = "embed"
TITLE = "Embedding"
ABOUT = """60,000 images through one trained model in evaluation mode, in batches of 500, from bytes in memory to
embeddings in memory. PyTorch: channels_last, no gradients. The stage fails if embeddings differ by more than 1e-4 of
the largest value."""

LARGEST_DIFFERENCE = 1e-4


def measure(bench):
    weights = bench.reference_run() / "model.safetensors"
    images, _ = bench.images()
    theirs = bench.file("embeddings-torch.npy")
    lines, differences = [], []
    for threads in [t for t in (1, 2) if t <= len(available_cores())]:
        peer = lambda: sample(bench.peer("embed_torch.py", "--images", images, "--weights", weights,
                                         "--threads", threads, "--out", theirs), "seconds")
        contestants = {f"dml {engine}": ours(bench, weights, threads, engine) for engine in ENGINES}
        samples = in_turn(f"{NAME}, {threads} threads", {**contestants, "PyTorch": peer}, bench.settings.rounds)
        for engine in ENGINES:
            differences.append(difference(bench, out(bench, engine), theirs))
            lines.append(row(f"60,000 images, {threads} thread{'s' * (threads > 1)}", "s", "seconds", samples,
                             f"dml {engine}", "PyTorch"))
    return dict(rows=lines, notes=[f"Largest difference of an embedding, relative to the largest value: "
                                   f"{max(differences):.1e}."])


def out(bench, engine):
    return bench.file(f"embeddings-{engine}.npy")


def ours(bench, weights, threads, engine):
    return lambda: sample(
        bench.bench("stages", "embed", "--images", bench.settings.data, "--weights", weights, "--threads", threads,
                    "--engine", engine, "--out", out(bench, engine)), "seconds")


def difference(bench, ours, theirs):
    found = bench.peer("same_arrays.py", ours, theirs).last_json["relative"]
    if not found <= LARGEST_DIFFERENCE:
        raise BenchError(f"the embeddings in {ours.name} and {theirs.name} differ by {found:.1e} of the largest")
    return found
