"""Runs the commands and the Python of docs/pytorch.md, extracted from the page, and compares their results.

Run:  make python
"""
import contextlib
import csv
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import numpy
import pandas
import pyarrow
import pyarrow.parquet
import torch
from google.protobuf import text_format
from PIL import Image
from safetensors.torch import load_file
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.projector.projector_config_pb2 import ProjectorConfig

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benches"))
from network import Siamese  # noqa: E402

DML = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release" / "dml"
PAGE = "docs/pytorch.md"
SAMPLE = ROOT / "data" / "fashion-mnist_sample.csv.gz"
SETTINGS = '[data]\npath = "new.csv"\n[train]\nepochs = 2\nbatch = 64\n[tsne]\nperplexity = 8.0\niterations = 60\n'
# Largest difference between embeddings by libtorch and by the fused engine, whose values are around 1.
TOLERANCE = 1e-5


def section(title):
    """The text of the page under a heading."""
    return (ROOT / PAGE).read_text().split(f"## {title}\n")[1].split("\n## ")[0]


def blocks(text, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.S | re.M)


class PytorchPage(unittest.TestCase):
    """Tests on a run of SupCon, which normalises embeddings, exported as the page says."""

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.enterClassContext(contextlib.chdir(cls.folder))
        pathlib.Path("small.toml").write_text(SETTINGS)
        dml("data", "sample", SAMPLE, "--per-class", 60, "--out", "new.csv")
        dml("train", "--config", "small.toml", "--loss", "supcon", "--name", "mine")
        dml("eval", "--run", "runs/mine")
        text = section("Exporting and importing")
        cls.init_command = None
        for line in blocks(text, "")[0].splitlines():
            command = re.split("[#|]", line)[0].replace("RUN", "runs/mine").replace("NAME", "mine").split()[1:]
            if "--init" in command:
                cls.init_command = command
            else:
                dml(*command)
        dml("export", "runs/mine", "--format", "safetensors", "--out", "network.safetensors")
        cls.example, cls.conversion = blocks(text, "python")
        cls.model = Siamese().eval()
        cls.names = dict(model=cls.model)
        with torch.no_grad():
            exec(compile(cls.example, PAGE, "exec"), cls.names)

    def assert_near(self, a, b, tolerance=TOLERANCE):
        self.assertEqual(tuple(a.shape), tuple(b.shape))
        self.assertLessEqual(float((torch.as_tensor(a) - torch.as_tensor(b)).abs().max()), tolerance)

    def test_the_example_embeds_as_dml_does(self):
        self.assertEqual(tuple(self.names["z"].shape), (600, 10))
        self.assert_near(self.names["z"], numpy.load("new.npy"))

    def test_a_loss_without_normalisation_exports_unnormalised_embeddings(self):
        dml("train", "--config", "small.toml", "--loss", "contrastive", "--name", "lengths")
        dml("export", "runs/lengths", "--format", "torchscript", "--out", "lengths.pt")
        dml("embed", "new.csv", "--run", "runs/lengths", "--out", "lengths.npy")
        with torch.no_grad():
            self.assert_near(torch.jit.load("lengths.pt")(self.names["images"]), numpy.load("lengths.npy"))

    def test_weights_load_strictly_into_the_tutorials_class(self):
        with torch.no_grad():
            z = self.model(self.names["images"])
            self.assert_near(z, self.names["network"](self.names["images"]))
        self.assert_near(z / z.norm(dim=1, keepdim=True), numpy.load("new.npy"))
        exported, own = load_file("network.safetensors"), load_file("runs/mine/model.safetensors")
        self.assertEqual(exported.keys(), own.keys())
        self.assertTrue(all(torch.equal(tensor, own[name]) for name, tensor in exported.items()))
        Siamese().load_state_dict(own, strict=True)

    def test_training_starts_from_weights_saved_by_torch(self):
        """With a learning rate too small to change weights, a run ends with its initial ones."""
        torch.manual_seed(7)
        saved = Siamese().state_dict()
        torch.save(saved, "siamese_ct.pth")
        exec(compile(self.conversion, PAGE, "exec"), {"torch": torch})
        frozen = ["--config", "small.toml", "--loss", "cross-entropy", "--set", "train.learning_rate=1e-30"]
        dml(*self.init_command, *frozen, "--name", "initialised")
        initialised = load_file("runs/initialised/model.safetensors")
        statistics = ("running_mean", "running_var", "num_batches_tracked")
        weights = [name for name in saved if not name.endswith(statistics)]
        self.assertEqual(len(weights), 22)
        for name in weights:
            self.assert_near(saved[name], initialised[name], 1e-25)
        dml("train", *frozen, "--name", "random")
        random = load_file("runs/random/model.safetensors")
        self.assertGreater(float((random["linear1.weight"] - initialised["linear1.weight"]).abs().max()), 0.01)

    def test_pyarrow_reads_the_table(self):
        table = pyarrow.parquet.read_table("embeddings.parquet")
        expected = [("part", pyarrow.string()), ("label", pyarrow.int64()), ("class", pyarrow.string())]
        expected += [(f"e{i}", pyarrow.float32()) for i in range(10)]
        self.assertEqual([(field.name, field.type) for field in table.schema], expected)
        found = numpy.stack([table[f"e{i}"].to_numpy() for i in range(10)], axis=1)
        arrays = [numpy.load(f"runs/mine/embeddings_{part}.npy") for part in ("train", "val")]
        self.assertEqual(found.tobytes(), numpy.concatenate(arrays).tobytes())
        labels = [numpy.load(f"runs/mine/labels_{part}.npy") for part in ("train", "val")]
        self.assertEqual(table["label"].to_pylist(), numpy.concatenate(labels).tolist())
        self.assertEqual(table["part"].to_pylist(), ["train"] * len(arrays[0]) + ["val"] * len(arrays[1]))
        self.assertEqual(self.names["table"].shape, (600, 13))

    def test_tensorboard_reads_curves_metrics_and_distances(self):
        events = EventAccumulator("logs/mine", size_guidance=dict(scalars=0, histograms=0))
        events.Reload()
        value = lambda tag: [(point.step, point.value) for point in events.Scalars(tag)]
        for tag, column in [("loss/train", "train_loss"), ("loss/validation", "validation_loss")]:
            history = [(int(row["epoch"]), float(row[column])) for row in rows("runs/mine/history.csv")]
            self.assertEqual(len(history), 2)
            self.assertEqual(value(tag), [(epoch, float(numpy.float32(loss))) for epoch, loss in history])
        metrics = json.loads(pathlib.Path("runs/mine/metrics.json").read_text())
        accuracy = float(numpy.float32(metrics["knn"]["accuracy"]))
        self.assertEqual(value("evaluation/1-NN accuracy"), [(2, accuracy)])
        for tag, key in [("same class", "same_class_pairs"), ("different classes", "other_class_pairs")]:
            [point] = events.Histograms(f"distances/{tag}")
            self.assertEqual((point.step, point.histogram_value.num), (2, sum(metrics["distances"][key])))

    def test_tensorboards_projector_reads_points_classes_and_images(self):
        logs = pathlib.Path("logs/mine")
        config = text_format.Parse((logs / "projector_config.pbtxt").read_text(), ProjectorConfig())
        [points] = config.embeddings
        found = numpy.loadtxt(logs / points.tensor_path, delimiter="\t", dtype="float32")
        self.assertEqual(found.tobytes(), numpy.load("runs/mine/embeddings_val.npy").tobytes())
        shown = rows("runs/mine/tsne.csv")
        classes = (logs / points.metadata_path).read_text().splitlines()
        self.assertEqual(classes, [row["class"] for row in shown])
        self.assertEqual(list(points.sprite.single_image_dim), [28, 28])
        sprite = numpy.asarray(Image.open(logs / points.sprite.image_path))
        columns = sprite.shape[1] // 28
        images = pandas.read_csv("new.csv").drop(columns="label").to_numpy("uint8").reshape(-1, 28, 28)
        for index, row in enumerate(shown):
            y, x = 28 * (index // columns), 28 * (index % columns)
            self.assertTrue((sprite[y:y + 28, x:x + 28] == images[int(row["row"])]).all(), index)


def dml(*arguments):
    """Runs the program, which must succeed."""
    done = subprocess.run([str(DML), "--quiet", *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(f"dml {' '.join(map(str, arguments))}\n{done.stderr}")
    return done.stdout


def rows(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


if __name__ == "__main__":
    unittest.main()
