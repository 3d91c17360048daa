"""The difference of two arrays, to check that two programs computed the same.

Run:  python benches/same_arrays.py A.npy B.npy
Needs numpy. Prints one line of JSON: the largest difference, absolute, and relative to the largest value.
"""
import json
import sys

import numpy as np

a, b = (np.load(path).astype("float64") for path in sys.argv[1:3])
if a.shape != b.shape:
    sys.exit(f"{sys.argv[1]} is {a.shape}, {sys.argv[2]} is {b.shape}")
difference = float(np.abs(a - b).max())
print(json.dumps(dict(absolute=difference, relative=difference / float(np.abs(b).max()))))
