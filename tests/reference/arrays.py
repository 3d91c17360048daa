"""Writes labelled images as NumPy arrays and archives, for the tests of src/data/source/arrays: under the keys of
MedMNIST (`train_images`, `train_labels`, …) and of Keras (`x_train`, `y_train`, …), in the types, orders and shapes of
NumPy.

Run:  python tests/reference/arrays.py tests/reference/arrays
Written with Python 3.11.7 and numpy 2.4.6.
"""
import json
import pathlib
import sys

import numpy as np

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
rng = np.random.default_rng(2022)
HEIGHT, WIDTH, COUNT = 4, 5, 6
grey = rng.integers(0, 256, (COUNT, HEIGHT, WIDTH), dtype=np.uint8)
colour = rng.integers(0, 256, (COUNT, HEIGHT, WIDTH, 3), dtype=np.uint8)
classes = np.arange(COUNT) % 3
names = np.array(["cat", "Ørsted", "gnu"])[classes]


def save(name, **arrays):
    np.savez(folder / name, **arrays)


def save_compressed(name, **arrays):
    np.savez_compressed(folder / name, **arrays)


# MedMNIST: u8, labels [N, 1]; colours as in PathMNIST, 64 pixels a side in its larger editions.
split = dict(train=slice(0, 3), val=slice(3, 4), test=slice(4, 6))


def medmnist(images, labels):
    parts = {f"{part}_images": images[rows] for part, rows in split.items()}
    return parts | {f"{part}_labels": labels[rows] for part, rows in split.items()}


column = classes.astype(np.uint8)[:, None]
save_compressed("medmnist.npz", **medmnist(grey, column))
save_compressed("medmnist_colour.npz", **medmnist(colour, column))
save_compressed("medmnist_64.npz", **medmnist(np.kron(grey[:, :1, :1], np.ones((64, 64), np.uint8)), column))
save("medmnist_grey_as_colour.npz", **medmnist(np.repeat(grey[..., None], 3, axis=3), column))
save("chestmnist.npz", **medmnist(grey, rng.integers(0, 2, (COUNT, 14), dtype=np.uint8) | (np.arange(14) < 2)))

# Keras: mnist.npz has x_train, y_train, x_test and y_test; cifar labels are [N, 1].
train, test = slice(0, 4), slice(4, 6)
save("keras.npz", x_test=grey[test], x_train=grey[train], y_train=classes[train], y_test=classes[test])
save("keras_validation.npz", x_train=colour[:3], y_train=column[:3], x_val=colour[3:4], y_val=column[3:4],
     x_test=colour[4:], y_test=column[4:])
save("one_hot.npz", x_train=grey, y_train=np.eye(3, dtype=np.float32)[classes])
save("unlabelled_test.npz", x_train=grey[train], y_train=classes[train], x_test=grey[test])

# Other pairs.
np.savez(folder / "nameless.npz", grey, names)
save("others.npz", pictures=grey, species=names, weights=np.ones(3), paths=np.array(["a", "b"]))
save("two.npz", left=grey, right=grey, labels=classes)
save("flat.npz", x=grey.reshape(COUNT, -1), y=classes)

# Every type, and Fortran order; the values are those of `grey` or given beside it.
for kind in ["u1", "u2", "u4", "u8", "i2", "i4", "i8", "f4", "f8", ">i2", ">f4"]:
    save(f"type_{kind.replace('>', 'big_')}.npz", images=grey.astype(kind), labels=classes.astype(kind))
save("type_i1.npz", images=(grey // 2).astype("i1"), labels=(classes - 1).astype("i1"))
save("type_f2.npz", images=(grey // 128).astype("f2") / 2, labels=classes.astype("f2"))
save("type_bool.npz", images=grey > 127, labels=classes == 1)
save("type_text.npz", images=grey, labels=names)
save("type_bytes.npz", images=grey, labels=np.array([b"cat", b"dog", b"gnu"])[classes])
save("fortran.npz", images=np.asfortranarray(grey), labels=np.asfortranarray(column))
save("fortran_colour.npz", images=np.asfortranarray(colour), labels=classes)
save("channels_first.npz", images=np.ascontiguousarray(colour.transpose(0, 3, 1, 2)), labels=classes)
save("one_channel.npz", images=grey[..., None], labels=classes)

# Values that are refused.
save("fractions.npz", images=grey, labels=classes + 0.5)
save("no_label.npz", images=grey, labels=np.array(["cat", "", "gnu"])[classes])
save("nan.npz", images=np.where(np.arange(COUNT)[:, None, None] == 4, np.nan, grey), labels=classes)
save("objects.npz", images=np.array([grey[0], None], dtype=object), labels=classes[:2])
save("alpha.npz", images=np.concatenate([colour, grey[..., None]], axis=3), labels=classes)
save("unequal.npz", images=grey, labels=classes[:-1])

# An array in a file of its own.
np.save(folder / "pair_images.npy", grey)
np.save(folder / "pair_labels.npy", names)
np.save(folder / "alone.npy", grey)

expected = dict(grey=grey.reshape(COUNT, -1).tolist(), colour=colour.transpose(0, 3, 1, 2).reshape(COUNT, -1).tolist())
(folder / "expected.json").write_text(json.dumps(expected) + "\n")
