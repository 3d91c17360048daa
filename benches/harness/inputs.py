"""The programs to measure, and the inputs of the stages, which are created once and kept in target/bench/."""
import json
import os
import subprocess

from . import BenchError
from .compare import Sample, say
from .process import run
from .settings import BENCHES, ROOT


class Bench:
    """`dml`, its peers and their common inputs."""

    def __init__(self, settings, python):
        self.settings = settings
        self.python = python
        require_all_images(settings.data)
        self.benches = built_benches()
        settings.scratch.mkdir(parents=True, exist_ok=True)

    # Programs: each call runs one process to its end.

    def dml(self, *arguments, cores=None):
        return run([self.settings.dml, *arguments], cores)

    def bench(self, name, *arguments, cores=None):
        """Runs one of this project's benches as `cargo bench --bench NAME` would."""
        return run([self.benches[name], *arguments], cores)

    def peer(self, script, *arguments, cores=None):
        """Runs a Python script of benches/, or any other by its absolute path."""
        return run([self.python, BENCHES / script, *arguments], cores)

    # Inputs

    def file(self, name):
        """A path in the scratch folder."""
        return self.settings.scratch / name

    def images(self):
        """Pixels [N, 784] u8 and labels [N] i64 of all images as .npy."""
        images, labels = self.file("images.npy"), self.file("labels.npy")
        data = self.settings.data
        if not labels.exists() or labels.stat().st_mtime < data.stat().st_mtime:
            say("writing the images as .npy")
            self.peer("images_npy.py", data, images, labels)
        return images, labels

    def initial_weights(self, embedding):
        """PyTorch's initial weights for an embedding size, as safetensors."""
        weights = self.file(f"initial-{embedding}.safetensors")
        if not weights.exists():
            self.peer("network.py", embedding, weights)
        return weights

    def rows(self, count):
        """A CSV with this many images, stratified by class."""
        path = self.file(f"rows-{count}.csv")
        if not path.exists():
            self.dml("data", "sample", self.settings.data, "--total", count, "--out", path)
        return path

    def runs(self):
        return ["--runs", self.file("runs")]

    def run_folder(self, name):
        return self.file("runs") / name

    def reference_run(self):
        """The folder of a trained and evaluated cross-entropy run with default settings."""
        folder = self.run_folder("reference")
        if not (folder / "times.json").exists():
            say("training and evaluating the run whose model and embeddings the stages use")
            self.train("reference", "--loss", "cross-entropy", "--data", self.settings.data)
            self.dml("eval", "--run", folder)
        return folder

    def train(self, name, *arguments, cores=None):
        """Runs `dml train` under a name, replacing an earlier run."""
        return self.dml("train", "--name", name, "--force", *self.runs(), *arguments, cores=cores)


# Number of training images in Fashion-MNIST.
IMAGES = 60_000

# Engines of the network, for `--engine` of benches/stages.
ENGINES = ("libtorch", "fused")


def require_all_images(path):
    """The texts of the stages state the number of images, so other files are refused."""
    with open(path, "rb") as file:
        lines = sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))
    if lines not in (IMAGES, IMAGES + 1):
        raise BenchError(f"{path} has {lines:,} lines: make bench needs the {IMAGES:,} training images of "
                         "Fashion-MNIST, one per line")


def built_benches():
    """Builds the benches and returns the paths of their programs by name."""
    cargo = os.environ.get("CARGO", "cargo")
    command = [cargo, "bench", "--locked", "--no-run", "--bench", "stages", "--bench", "load_csv",
               "--message-format", "json"]
    say("building the benches")
    done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        raise BenchError(f"exit code {done.returncode}: {' '.join(command)}\n{done.stderr[-2000:]}")
    messages = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return {message["target"]["name"]: message["executable"] for message in messages
            if message.get("executable") and message["target"]["kind"] == ["bench"]}


def sample(finished, *figures):
    """A Sample with these figures from the last line of JSON that a process printed."""
    printed = finished.last_json
    return Sample({figure: printed[figure] for figure in figures}, finished.peak_mb)
