"""The tutorial's network in PyTorch, for the scripts in this folder.

Run by hand to write PyTorch's initial weights under seed 0, which `dml` reads, too:
    python benches/network.py EMBEDDING_SIZE OUT.safetensors
Needs torch and safetensors.
"""
import sys

import torch
from safetensors.torch import load_file, save_file
from torch import nn


class Siamese(nn.Module):
    """Images [B, 1, 28, 28] f32 in 0..1 → embeddings [B, E] f32."""

    def __init__(self, embedding=10):
        super().__init__()
        block = lambda i, o: [nn.Conv2d(i, o, 3, padding=1), nn.ReLU(inplace=True), nn.BatchNorm2d(o)]
        self.feature_net = nn.Sequential(
            *block(1, 8), *block(8, 8), nn.MaxPool2d(2), *block(8, 16), *block(16, 16), nn.MaxPool2d(2),
            nn.Conv2d(16, 1, 3, padding=1), nn.ReLU(inplace=True))
        self.linear1, self.linear2 = nn.Linear(49, 49), nn.Linear(49, embedding)

    def forward(self, x):
        return self.linear2(self.linear1(self.feature_net(x).flatten(1)))


def read(path):
    """The network with the weights of a safetensors file."""
    weights = load_file(path)
    network = Siamese(len(weights["linear2.bias"]))
    network.load_state_dict(weights, strict=True)
    return network


def select(pixels, rows):
    """The images in these rows of pixels [N, 784] u8, scaled by 1/255: [B, 1, 28, 28] f32, channels last."""
    images = pixels.index_select(0, rows).float().div_(255.0).view(-1, 1, 28, 28)
    return images.contiguous(memory_format=torch.channels_last)


def main():
    torch.manual_seed(0)
    state = Siamese(int(sys.argv[1])).state_dict()
    save_file({name: tensor for name, tensor in state.items() if "num_batches" not in name}, sys.argv[2])


if __name__ == "__main__":
    main()
