"""Times a training step of the tutorial's network in PyTorch, as `benches/stages/step.rs` does for dml.

The fastest that PyTorch does without compiling: channels_last weights and images, fused Adam. A step gathers a batch
from bytes, rows in order, then runs forward, cross-entropy, backward and Adam. Prints one line of JSON: the mean
milliseconds and the mean loss of the timed steps.

Run:  python benches/step_torch.py --images IMAGES.npy --labels LABELS.npy --weights W.safetensors --threads 1
Needs torch, numpy and safetensors. IMAGES [N, 784] u8, LABELS [N] i64.
"""
import argparse
import json
import time

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from network import read, select

arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
arguments.add_argument("--images", required=True)
arguments.add_argument("--labels", required=True)
arguments.add_argument("--weights", required=True)
arguments.add_argument("--batch", type=int, default=128)
arguments.add_argument("--threads", type=int, default=1)
arguments.add_argument("--warmup", type=int, default=20)
arguments.add_argument("--steps", type=int, default=200)
given = arguments.parse_args()

torch.set_num_threads(given.threads)
pixels = torch.from_numpy(np.load(given.images))
labels = torch.from_numpy(np.load(given.labels))
network = read(given.weights).to(memory_format=torch.channels_last).train()
adam = torch.optim.Adam(network.parameters(), lr=1e-3, fused=True)


def step(number):
    rows = torch.arange(number * given.batch, (number + 1) * given.batch) % len(pixels)
    loss = cross_entropy(network(select(pixels, rows)), labels.index_select(0, rows))
    adam.zero_grad()
    loss.backward()
    adam.step()
    return loss.detach()


for number in range(given.warmup):
    step(number)
start = time.perf_counter()
losses = [step(number) for number in range(given.warmup, given.warmup + given.steps)]
milliseconds = 1e3 * (time.perf_counter() - start) / given.steps
print(json.dumps(dict(milliseconds=milliseconds, loss=torch.stack(losses).mean().item())))
