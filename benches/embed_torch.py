"""Times the embedding of all images by a trained model in PyTorch, as `benches/stages/embed.rs` does for dml.

Evaluation mode, no gradients, channels_last, batches of 500, from bytes in memory to embeddings in memory. Prints one
line of JSON and writes the embeddings.

Run:  python benches/embed_torch.py --images IMAGES.npy --weights RUN/model.safetensors --threads 2 --out OUT.npy
Needs torch, numpy and safetensors. IMAGES [N, 784] u8, OUT [N, E] f32.
"""
import argparse
import json
import time

import numpy as np
import torch

from network import read, select

BATCH = 500

arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
arguments.add_argument("--images", required=True)
arguments.add_argument("--weights", required=True)
arguments.add_argument("--threads", type=int, default=1)
arguments.add_argument("--out", required=True)
given = arguments.parse_args()

torch.set_num_threads(given.threads)
pixels = torch.from_numpy(np.load(given.images))
network = read(given.weights).to(memory_format=torch.channels_last).eval()
with torch.no_grad():
    start = time.perf_counter()
    rows = torch.arange(len(pixels)).split(BATCH)
    embeddings = torch.cat([network(select(pixels, part)) for part in rows])
    seconds = time.perf_counter() - start
np.save(given.out, embeddings.numpy())
print(json.dumps(dict(seconds=seconds, images=len(pixels))))
