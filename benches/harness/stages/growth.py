"""How the time of `dml` grows with rows, batch, embedding size and threads."""
import csv
import json
import statistics
import time

from ..compare import exponent, number, say
from ..inputs import ENGINES
from ..process import available_cores
from . import tsne

NAME = "growth"
TITLE = "How time grows"
ABOUT = """`dml` alone with the contrastive loss, except for steps, which use cross-entropy. Of N rows, 95 % are trained
on. Seconds are medians over the rounds, or over fewer repetitions if they take long. The exponent is the slope of log
time over log size, between the ends of the range and for its last step: 0 is constant, 1 linear, 2 quadratic."""

ROWS = (1_000, 3_000, 10_000, 30_000, 60_000)
BATCHES = (16, 32, 64, 128, 256, 512)
EMBEDDINGS = (2, 8, 32, 128, 512)
# Rows of the runs that vary something else.
MIDDLE = 10_000
# Measurements are repeated until they have taken this many seconds.
ENOUGH = 10.0

EXPLANATIONS = {
    "rows": """- **CSV** grows linearly; below 10,000 rows, starting the parser's threads shows.
- **Epoch** grows linearly: every batch is the same work, and a partner is drawn in constant time. The first steps of a
  process allocate its memory, which matters with 1,000 rows (8 steps) but not with 10,000.
- **Embedding** grows linearly in batches of 500 images; with 950 images, two batches, reading the model and writing the
  arrays still matter.
- **Neighbours** are those of all training embeddings among each other: queries and references grow together, so
  comparing every pair would be quadratic. Points that are provably too far away are skipped, so the exponent stays
  below 2, though above 1 for many rows.
- **t-SNE** takes a fixed number of steps, each about linear in the points. The exact neighbours before them grow as
  above, and for small sets constant costs matter.""",
    "batch": """A step has a constant part (with libtorch, the overhead of about a hundred calls; with every engine,
Adam over all parameters and the loss) and a part linear in the batch. Small batches pay for the constant part more
often, so an epoch is shorter with large ones. If time grows faster than the batch, the activations no longer fit into
the cache.""",
    "embedding": """Only the last linear layer (49·E weights) and the loss grow with the embedding's size E; the
convolutions before it do not, and dominate up to large E. A distance takes E products, and in many dimensions fewer
points can be skipped, so neighbours grow faster than an epoch.""",
    "threads": """The two branches of a pair, the batches of an embedding, the queries of a search and the lines of a
CSV run in parallel. On one core: the loss and Adam, and with libtorch a whole step under cross-entropy, which has a
single branch: results must not depend on the number of threads, so a branch is not split there.""",
}


def measure(bench):
    return dict(rows=[], tables=[by_rows(bench), by_batch(bench), by_embedding(bench), by_threads(bench)])


def by_rows(bench):
    names = ["CSV, s", "epoch, s", "embedding, s", "neighbours N × N, k = 10, s", LAID_OUT]
    points = [stages(bench, f"rows {rows}", bench.rows(rows) if rows < ROWS[-1] else bench.settings.data, rows)
              for rows in ROWS]
    return growth_table("By rows", "rows", "rows", ROWS, names, points)


def by_batch(bench):
    weights = bench.initial_weights(10)
    points = []
    for batch in BATCHES:
        steps = max(20, 12_800 // batch)
        found = step(bench, f"batch {batch}", weights, "--batch", batch, "--steps", steps)
        points.append(found + [57_000 / batch * milliseconds / 1e3 for milliseconds in found])
    names = [f"{name}, ms" for name in engine_steps()] + [f"{name}: 57,000 images, s" for name in engine_steps()]
    return growth_table("By batch size", "batch", "batch", BATCHES, names, points)


def by_embedding(bench):
    points = []
    for size in EMBEDDINGS:
        config = bench.file(f"embedding-{size}.toml")
        config.write_text(f"[model]\nembedding = {size}\n")
        found = stages(bench, f"embedding size {size}", bench.rows(MIDDLE), MIDDLE, "--config", config)
        epoch, embedding, neighbours = found[1:4]
        points.append([epoch, embedding, neighbours])
    names = ["epoch, s", "embedding, s", "neighbours N × N, k = 10, s"]
    return growth_table(f"By embedding size, {MIDDLE:,} rows", "embedding size", "embedding", EMBEDDINGS, names, points)


def by_threads(bench):
    counts = range(1, len(available_cores()) + 1)
    weights = bench.initial_weights(10)
    points = []
    for cores in counts:
        found = stages(bench, f"{cores} cores", bench.rows(MIDDLE), MIDDLE, cores=cores)
        points.append(step(bench, f"{cores} threads", weights, "--threads", cores) + found)
    names = [f"{name}, batch 128, ms" for name in engine_steps()]
    names += ["CSV, s", "epoch, s", "embedding, s", "neighbours, s", LAID_OUT]
    return growth_table(f"By threads, {MIDDLE:,} rows", "threads", "threads", counts, names, points)


LAID_OUT = "t-SNE of the training embeddings, s"


def engine_steps():
    return [f"step {engine}" for engine in ENGINES]


def stages(bench, what, data, rows, *flags, cores=None):
    """Seconds of CSV, epoch, embedding, neighbours and t-SNE on one file; None where there is no such figure."""
    run = bench.run_folder("growth")

    def once():
        loaded = bench.bench("load_csv", data, cores=cores).stdout
        bench.train("growth", "--epochs", 1, "--data", data, *flags, cores=cores)
        with open(run / "history.csv", newline="") as file:
            epoch = float(next(csv.DictReader(file))["seconds"])
        bench.dml("eval", "--run", run, *tsne.TRAIN_FLAGS, cores=cores)
        times = json.loads((run / "times.json").read_text())
        found = bench.bench("stages", "neighbours", "--references", run / "embeddings_train.npy",
                            "--queries", run / "embeddings_train.npy", "--k", 10, cores=cores)
        return [seconds_of(loaded), epoch, times["embed_seconds"], found.last_json["seconds"]["10"],
                times[tsne.TRAIN_SECONDS] or None]

    return repeated(bench, what, once)


def seconds_of(output):
    """The seconds in the line `bytes ready  0.123 s`."""
    return float(output.split("bytes ready")[1].split()[0])


def step(bench, what, weights, *flags):
    """Milliseconds of a step on each engine."""
    once = lambda: [
        bench.bench("stages", "step", "--images", bench.rows(MIDDLE), "--weights", weights, "--engine", engine,
                    *flags).last_json["milliseconds"] for engine in ENGINES]
    return repeated(bench, what, once)


def repeated(bench, what, once):
    """Medians of lists of figures, over `rounds` repetitions or as many as fit into ENOUGH seconds."""
    start, found = time.perf_counter(), []
    while len(found) < bench.settings.rounds and (not found or time.perf_counter() - start < ENOUGH):
        found.append(once())
    middle = [None if None in figures else statistics.median(figures) for figures in zip(*found)]
    say(f"{NAME}, {what}: " + ", ".join("–" if figure is None else f"{figure:.4g}" for figure in middle))
    return middle


def growth_table(title, size, explained, sizes, names, points):
    """A table of figures by size, with the exponents of each column in the last two rows."""
    shown = lambda value: "–" if value is None else number(value)
    rows = [[f"{at:,}", *map(shown, point)] for at, point in zip(sizes, points)]
    columns = list(zip(*points))
    slope = lambda value: "–" if value is None else f"**{value:.2f}**"
    rows.append(["exponent", *(slope(exponent(sizes, column)) for column in columns)])
    if len(sizes) > 2:
        last = [slope(exponent(sizes[-2:], column[-2:])) for column in columns]
        rows.append(["exponent of the last step", *last])
    return dict(title=title, header=[size, *names], rows=rows, explained=explained)
