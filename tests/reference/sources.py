"""Writes a few images as tables in every compression and encoding, as IDX files and as a list of image files, and files
of other formats, for the tests of src/data/source.

Run:  python tests/reference/sources.py tests/cases/sources
Written with Python 3.11.7, numpy 2.4.6, pandas 3.1.1, pyarrow 26.0.1, openpyxl 3.1.5, scipy 1.17.1, zstandard 0.25.0 and
Pillow 13.0.0.
"""
import bz2
import gzip
import io
import json
import lzma
import pathlib
import pickle
import sqlite3
import sys
import zipfile

import numpy as np
import pandas as pd
import scipy.io
import zstandard
from PIL import Image

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
SIDE, COUNT = 4, 9
rng = np.random.default_rng(2022)
images = rng.integers(0, 256, (COUNT, SIDE, SIDE), dtype=np.uint8)
names = ["Tür", "Haus", "Bäume"]
classes = np.arange(COUNT) % 3


def write(name, content):
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(content)


def table(labels, pixels=images):
    header = "label," + ",".join(f"pixel{i}" for i in range(1, SIDE * SIDE + 1))
    rows = [f"{label}," + ",".join(map(str, image.ravel())) for label, image in zip(labels, pixels)]
    return "\n".join([header, *rows]) + "\n"


# Compressed, in one stream and in two.
text = table([names[c] for c in classes])
plain = text.encode()
half = len(plain) // 2
write("table.csv", plain)
write("table.csv.gz", gzip.compress(plain, mtime=0))
write("table.csv.bz2", bz2.compress(plain))
write("table.csv.xz", lzma.compress(plain))
write("table.csv.zst", zstandard.ZstdCompressor(write_checksum=True).compress(plain))
write("two_streams.csv.bz2", bz2.compress(plain[:half]) + bz2.compress(plain[half:]))
write("two_streams.csv.xz", lzma.compress(plain[:half]) + lzma.compress(plain[half:], check=lzma.CHECK_SHA256))
write("two_streams.csv.zst", zstandard.compress(plain[:half]) + zstandard.compress(plain[half:]))


def zipped(members, method=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name, (2022, 1, 1, 0, 0, 0)), content, method)
    return out.getvalue()


write("table.csv.zip", zipped([("data/table.csv", plain)]))
for name, method in [("stored", zipfile.ZIP_STORED), ("bzip2", zipfile.ZIP_BZIP2), ("lzma", zipfile.ZIP_LZMA)]:
    write(f"{name}.zip", zipped([("table.csv", plain)], method))
write("two_files.zip", zipped([("train.csv", plain), ("test.csv", plain)]))

# Encodings.
for name, encoding in [
    ("utf8_bom", "utf-8-sig"), ("utf16_bom", "utf-16"), ("utf16le", "utf-16-le"), ("utf16be", "utf-16-be"),
    ("utf32_bom", "utf-32"), ("utf32be", "utf-32-be"), ("cp1252", "cp1252"), ("latin1", "latin-1"), ("mac", "mac-roman"),
]:
    write(f"{name}.csv", text.encode(encoding))
write("cp1251.csv", table([["кошка", "собака", "лошадь"][c] for c in classes]).encode("cp1251"))
write("shift_jis.csv", table([["ネコ", "イヌ", "日本語"][c] for c in classes]).encode("shift_jis"))
write("gbk.csv", table([["猫", "小狗", "蝴蝶"][c] for c in classes]).encode("gbk"))


# IDX: a header of two zeros, the type and the sizes; all numbers are big-endian.
def idx(array):
    kinds = {"u1": 8, "i1": 9, "i2": 11, "i4": 12, "f4": 13, "f8": 14}
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    return bytes([0, 0, kinds[array.dtype.str[1:]], array.ndim]) + sizes + array.astype(array.dtype.newbyteorder(">")).tobytes()


write("idx/train-images-idx3-ubyte", idx(images))
write("idx/train-labels-idx1-ubyte.gz", gzip.compress(idx(classes.astype("u1")), mtime=0))
write("idx/i16-images.idx3-short", idx(images.astype("i2") * 100))
write("idx/i16-labels.idx1-int", idx(classes.astype("i4") - 1))
write("idx/f32-images-idx3-float.xz", lzma.compress(idx((images / 255).astype("f4"))))
write("idx/f32-labels-idx1-double", idx(classes.astype("f8")))
write("idx/i8-images-idx3-byte", idx((images // 2).astype("i1")))
write("idx/qmnist-images-idx3-ubyte", idx(images))
write("idx/qmnist-labels-idx2-int", idx(np.stack([classes, classes + 7], axis=1).astype("i4")))
write("idx/wide-images-idx3-ubyte", idx(np.zeros((2, 4, 6), "u1")))
write("idx/few-images-idx3-ubyte", idx(images))
write("idx/few-labels-idx1-ubyte", idx(classes[:-1].astype("u1")))

# Lists of image files; the expected grey values are those of Pillow's `convert("L")`.
colours = rng.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
smooth = np.add.outer(np.arange(8), np.arange(8)).astype(np.uint8) * 16
pictures = {
    "grey.png": Image.fromarray(images[0]),
    "colour.png": Image.fromarray(colours),
    "palette.png": Image.fromarray(colours).quantize(5),
    "opacity.png": Image.fromarray(np.dstack([colours, images[1]])),
    "bilevel.png": Image.fromarray(images[2]).convert("1"),
}
(folder / "list/img").mkdir(parents=True, exist_ok=True)
expected = {}
for name, picture in pictures.items():
    picture.save(folder / "list/img" / name)
    expected[name] = np.asarray(Image.open(folder / "list/img" / name).convert("RGB").convert("L")).ravel().tolist()
Image.fromarray(smooth).save(folder / "list/img/smooth.jpg", quality=95)
Image.fromarray(smooth).convert("RGB").save(folder / "list/img/smooth_rgb.jpg", quality=95)
for name in ["smooth.jpg", "smooth_rgb.jpg"]:
    expected[name] = np.asarray(Image.open(folder / "list/img" / name).convert("L")).ravel().tolist()
expected["table"] = images.reshape(COUNT, -1).tolist()
rows = [f"img/{name},{'ab'[i % 2]}" for i, name in enumerate(pictures)]
write("list/list.csv", ("\n".join(["path,label", *rows]) + "\n").encode())
(folder / "expected.json").write_text(json.dumps(expected, indent=None, ensure_ascii=False) + "\n")

# Files of other formats.
frame = pd.DataFrame(images.reshape(COUNT, -1)).assign(label=classes)
frame.columns = frame.columns.map(str)
frame.to_parquet(folder / "other.parquet")
frame.to_feather(folder / "other.feather")
frame.to_excel(folder / "other.xlsx", index=False)
frame.to_json(folder / "other.json", orient="records")
scipy.io.savemat(folder / "other.mat", {"X": images.reshape(COUNT, -1), "y": classes})
write("other.pkl", pickle.dumps(frame, protocol=4))
(folder / "other.sqlite").unlink(missing_ok=True)
with sqlite3.connect(folder / "other.sqlite") as database:
    frame[["label", "0"]].to_sql("images", database, index=False)
pictures["grey.png"].save(folder / "other.png")
