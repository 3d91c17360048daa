"""Writes the images and labels of a CSV as .npy, for peers that do not read CSV.

Run:  python benches/images_npy.py FILE.csv IMAGES.npy LABELS.npy
Needs pandas and numpy. IMAGES [N, 784] u8, LABELS [N] i64.
"""
import sys

import numpy as np
import pandas as pd

table = pd.read_csv(sys.argv[1], dtype="uint8").values
np.save(sys.argv[2], np.ascontiguousarray(table[:, 1:]))
np.save(sys.argv[3], table[:, 0].astype("int64"))
