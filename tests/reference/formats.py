"""Writes ../cases/formats: one set of embeddings as NumPy, pandas, polars and pyarrow write it; and
formats.json: the values in these files.

Run as: python formats.py. Written with NumPy 2.4.6, pandas 3.1.1, polars 2.1.0, pyarrow 26.0.1.
"""

import gzip
import json
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

OUT = Path(__file__).parent.parent / "cases" / "formats"
OUT.mkdir(parents=True, exist_ok=True)
N, D = 12, 3
random = np.random.default_rng(19)
y = np.arange(N) % 3
# Multiples of a quarter, which every float type represents exactly.
z = (np.round(random.normal(size=(N, D)) * 4) / 4 + np.eye(3)[y]).astype(np.float32)
whole = np.round(z * 4).astype(np.int64)
names = np.array(["cat", "dog", "gnu"])[y]
doubles = random.normal(size=(N, D)) + np.eye(3)[y]


def one_nn(points, labels):
    """1-NN accuracy of each against all others, in float64; of equal distances the first."""
    points = np.asarray(points, np.float64)
    squared = ((points[:, None] - points[None]) ** 2).sum(-1)
    np.fill_diagonal(squared, np.inf)
    return float((labels[squared.argmin(1)] == labels).mean())


def save(name, array):
    np.save(OUT / name, array)


# Embeddings, all of z (4 z for integer types).
for kind in ["<f2", "<f4", "<f8", ">f2", ">f4", ">f8"]:
    save(f"z_{'big' if kind[0] == '>' else 'little'}_{kind[1:]}.npy", z.astype(kind))
for kind in ["i1", ">i2", "<i4", ">i8"]:
    save(f"whole_{kind.strip('<>')}.npy", whole.astype(kind))
save("whole_u1.npy", (whole - whole.min()).astype(np.uint8))
save("z_fortran.npy", np.asfortranarray(z))
save("z_fortran_f8_big.npy", np.asfortranarray(z.astype(">f8")))
save("z_3d.npy", z[:, None, :])
save("z_4d.npy", z[:, :, None, None])
bits = z.view(np.uint32)
save("z_bf16.npy", (bits >> 16).astype(np.uint16).view("V2"))
np.savetxt(OUT / "z_savetxt.txt", z)
np.savetxt(OUT / "z_savetxt.csv", z, delimiter=",", header="a,b,c")
save("doubles.npy", doubles)

# Labels, all of y or names.
for kind in ["i1", "u1", ">i2", "u2", "<i4", ">u4", "i8", "u8", "f2", ">f4", "f8"]:
    save(f"y_{kind.strip('<>')}.npy", y.astype(kind))
save("y_column.npy", y[:, None])
save("y_text.npy", names)
save("y_text_big.npy", names.astype(">U5"))
save("y_bytes.npy", names.astype("S"))
save("y_bool.npy", y == 1)
save("y_numbers_as_text.npy", np.array(["0", "1.0", "02"])[y])
save("y_one_hot.npy", np.eye(3)[y])
save("y_half.npy", y + 0.5)
np.save(OUT / "y_object.npy", names.astype(object), allow_pickle=True)
(OUT / "y.txt").write_text("\n".join(names) + "\n")

# Archives.
np.savez(OUT / "stored.npz", embeddings=z, labels=y)
np.savez_compressed(OUT / "deflated.npz", features=z.astype("f8"), targets=names, epoch=np.array(3))
np.savez(OUT / "nameless.npz", z, y)
np.savez(OUT / "keras.npz", x_train=z, y_train=y, x_test=z[:6], y_test=y[:6])

# Tables.
columns = {f"e{i}": z[:, i] for i in range(D)}
frame = pd.DataFrame({"label": names, **columns})
frame.to_csv(OUT / "pandas.csv", index=False)
frame.to_csv(OUT / "pandas_index.csv")
frame.to_csv(OUT / "pandas_german.csv", sep=";", decimal=",", index=False)
frame.to_csv(OUT / "pandas_tabs_utf16.tsv", sep="\t", encoding="utf-16", index=False)
pd.DataFrame(z).assign(species=names).to_csv(OUT / "pandas_counted.csv", index=False)
with gzip.GzipFile(OUT / "pandas.csv.gz", "wb", mtime=0) as file:
    file.write((OUT / "pandas.csv").read_bytes())
pd.DataFrame({"embedding": [row.tolist() for row in z], "class": names}).to_csv(OUT / "pandas_lists.csv", index=False)
pl.DataFrame({**columns, "Target": y}).write_csv(OUT / "polars.csv")
pd.DataFrame(z).assign(y=y).to_csv(OUT / "no_header.csv", index=False, header=False)
frame.to_parquet(OUT / "pandas_snappy.parquet", index=False)
frame.set_index(pd.Index(np.arange(100, 100 + N))).to_parquet(OUT / "pandas_index_gzip.parquet", compression="gzip")
lists = pl.DataFrame({"id": np.arange(N), "emb": [row.tolist() for row in z], "label": y}, schema_overrides={"emb": pl.List(pl.Float32)})
lists.write_parquet(OUT / "polars_lists_zstd.parquet")
fixed = pl.DataFrame({"vector": z, "category": names})
fixed.write_parquet(OUT / "polars_array_lz4.parquet", compression="lz4")
halves = pa.array(z.ravel().astype(np.float16))
table = pa.table({"x": pa.FixedSizeListArray.from_arrays(halves, D), "y": pa.array(names).dictionary_encode()})
pq.write_table(table, OUT / "pyarrow_half.parquet", row_group_size=5)
missing = pa.table({"emb": pa.array([row.tolist() if i != 4 else None for i, row in enumerate(z)]), "size": np.arange(N), "label": y})
pq.write_table(missing, OUT / "missing_list.parquet", compression="none")

# Points far from the origin, and their metrics without the offset.
far = {}
for offset in [1e6, 1e8]:
    points = offset + 1e-3 * random.integers(-8, 9, size=(40, 4)) + 1e-4 * random.normal(size=(40, 4))
    labels = (points[:, 0] > offset).astype(np.int64)
    name = f"far_{offset:.0e}.npz".replace("+", "")
    np.savez(OUT / name, z=points, y=labels)
    distances = np.sqrt(((points[:, None] - points[None]) ** 2).sum(-1))
    same = labels[:, None] == labels[None]
    upper = np.triu(np.ones((40, 40), bool), 1)
    far[name] = {
        "accuracy": one_nn(points - points.mean(0), labels),
        "same_class": float(distances[same & upper].mean()),
        "other_class": float(distances[~same & upper].mean()),
    }

values = {
    "z": z.tolist(),
    "whole": whole.tolist(),
    "y": y.tolist(),
    "names": names.tolist(),
    "doubles": doubles.tolist(),
    "accuracy": {"z": one_nn(z, y), "doubles": one_nn(doubles, y)},
    "far": far,
}
(Path(__file__).parent / "formats.json").write_text(json.dumps(values) + "\n")
