"""Loads a run's model into the tutorial's class in PyTorch and compares the embeddings.

Run by hand:  python benches/load_model.py RUN_FOLDER IMAGES.csv
Needs torch, numpy, pandas and safetensors. Ends with an error where a name is missing or unknown
(strict=True) or an embedding differs by more than 1e-5, absolute or relative.
"""
import json
import pathlib
import sys

import numpy as np
import pandas as pd
import torch
from safetensors.torch import load_file
from torch import nn

run, images = pathlib.Path(sys.argv[1]), sys.argv[2]


class Siamese(nn.Module):
    def __init__(self):
        super().__init__()
        block = lambda i, o: [nn.Conv2d(i, o, 3, padding=1), nn.ReLU(inplace=True), nn.BatchNorm2d(o)]
        self.feature_net = nn.Sequential(
            *block(1, 8), *block(8, 8), nn.MaxPool2d(2), *block(8, 16), *block(16, 16), nn.MaxPool2d(2),
            nn.Conv2d(16, 1, 3, padding=1), nn.ReLU(inplace=True))
        self.linear1, self.linear2 = nn.Linear(49, 49), nn.Linear(49, 10)

    def forward(self, x):
        return self.linear2(self.linear1(self.feature_net(x).flatten(1)))


network = Siamese()
network.load_state_dict(load_file(run / "model.safetensors"), strict=True)
network.eval()

# The rows of the validation images stand in tsne.csv, in the order of their embeddings.
rows = pd.read_csv(run / "tsne.csv")["row"].values
pixels = pd.read_csv(images).iloc[rows, 1:].values.reshape(-1, 1, 28, 28).astype("float32") / 255.0
with torch.no_grad():
    embeddings = network(torch.from_numpy(pixels)).numpy()
reference = np.load(run / "embeddings_val.npy")
difference = np.abs(embeddings - reference).max()
print(json.dumps(dict(torch=torch.__version__, images=len(rows), largest_difference=float(difference))))
assert np.allclose(embeddings, reference, rtol=1e-5, atol=1e-5), "the embeddings differ"
