"""Seconds from a CSV of images to float32 arrays in 0..1 with pandas.

Two ways: with pandas' own functions alone, and as the tutorial's script does it, which splits the table with
scikit-learn's train_test_split before it takes the pixels out.

Run by hand, one load a process:  python benches/load_csv.py FILE.csv [--split]
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
