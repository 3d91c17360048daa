"""Loads a run's model into the tutorial's class in PyTorch and compares the embeddings.

Run by hand:  python benches/load_model.py RUN_FOLDER IMAGES.csv
Needs torch, numpy, pandas and safetensors. Fails if a name is missing or unknown (strict=True) or an embedding differs
by more than 1e-5, absolute or relative.
"""
import json
import pathlib
import sys

import numpy as np
import pandas as pd
import torch

from network import read

run, images = pathlib.Path(sys.argv[1]), sys.argv[2]
network = read(run / "model.safetensors").eval()

# tsne.csv has the rows of the validation images, in the order of their embeddings.
rows = pd.read_csv(run / "tsne.csv")["row"].values
pixels = pd.read_csv(images).iloc[rows, 1:].values.reshape(-1, 1, 28, 28).astype("float32") / 255.0
with torch.no_grad():
    embeddings = network(torch.from_numpy(pixels)).numpy()
reference = np.load(run / "embeddings_val.npy")
difference = np.abs(embeddings - reference).max()
print(json.dumps(dict(torch=torch.__version__, images=len(rows), largest_difference=float(difference))))
assert np.allclose(embeddings, reference, rtol=1e-5, atol=1e-5), "the embeddings differ"
