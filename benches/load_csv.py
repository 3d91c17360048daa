"""Times loading a CSV of images into float32 arrays in 0..1 with pandas.

Either with pandas alone, or with --split as in the tutorial's script, which splits the table with scikit-learn's
train_test_split before it extracts the pixels.

Run by hand, one load per process:  python benches/load_csv.py FILE.csv [--split]
Needs pandas and numpy, and scikit-learn for --split.
"""
import sys
import time

import pandas as pd

split = "--split" in sys.argv
if split:
    from sklearn.model_selection import train_test_split

start = time.perf_counter()
table = pd.read_csv(sys.argv[1])
pixels, labels = table.iloc[:, 1:], table.iloc[:, 0]
parts = train_test_split(pixels, labels, test_size=0.05)[:2] if split else [pixels]
images = [part.values.reshape(-1, 1, 28, 28).astype("float32") / 255.0 for part in parts]
print(f"floats ready     {time.perf_counter() - start:.3f} s, {sum(map(len, images))} images")
