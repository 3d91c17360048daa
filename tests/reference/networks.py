"""Writes networks/NAME.SHAPE.safetensors for every network and shape of images: what PyTorch computes for it.

Run:   python tests/reference/networks.py [NAME ...]    all networks, or those named
Needs: torch 2.13, numpy, safetensors (a CPU build will do)

A network is a class here under the names of its tensors in dml, whose arguments are channels, height and width of the
images, and a line in NETWORKS. Inputs (weights, images, gradients
of the embeddings) are float32 numbers; results are computed from them in float64 and then rounded to float32. The seed is
the first under which every parameter has a gradient.

networks/NAME.CxHxW.safetensors
  w.TENSOR                             weights and running statistics; half of the BatchNorm weights are negative
  images_a, images_b                   [N, C, H, W] in 0..1
  eval.embeddings_a                    [N, E], evaluation mode
  train.embeddings_a, ..._b            [N, E], training mode, a then b, each with its own batch's statistics
  after.TENSOR                         running statistics after these two passes
  gradient_a, gradient_b               [N, E], gradient of some loss with respect to the training-mode embeddings
  grad.TENSOR                          gradient of that loss with respect to each parameter
"""
import pathlib, sys
import numpy as np
import torch
from torch import nn
from safetensors.torch import save_file

from network import Siamese

FOLDER = pathlib.Path(__file__).resolve().parent / 'networks'
IMAGES = 4

# A class, and the shapes of images to compute it for: channels, height and width.
NETWORKS = {
    'tutorial': (Siamese, [(1, 28, 28), (3, 20, 12)]),
}


def draw_weights(net, draw, images):
    """PyTorch's initialisation, but BatchNorms that are not the identity and have seen a batch."""
    norms = [m for m in net.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
    with torch.no_grad():
        for norm in norms:
            sign = draw.choice([-1, 1], norm.weight.shape)
            norm.weight.copy_(torch.tensor(sign * draw.uniform(0.5, 1.5, norm.weight.shape)))
            norm.bias.copy_(torch.tensor(draw.uniform(-0.3, 0.3, norm.bias.shape)))
            norm.momentum = 1.0
        net.train()(images)
    for norm in norms:
        norm.momentum = 0.1
    return {n: t.clone() for n, t in net.state_dict().items() if not n.endswith('num_batches_tracked')}


def compute(network, shape, seed):
    torch.manual_seed(seed)
    draw = np.random.default_rng(seed)
    images = lambda: torch.tensor(draw.uniform(0, 1, (IMAGES, *shape)), dtype=torch.float32)
    net = network(*shape)
    weights = draw_weights(net, draw, images())
    a, b = images(), images()
    net.double()
    with torch.no_grad():
        evaluated = net.eval()(a.double())
    embedded = [net.train()(x.double()) for x in (a, b)]
    gradients = [torch.tensor(draw.normal(size=e.shape), dtype=torch.float32) for e in embedded]
    sum((e * g).sum() for e, g in zip(embedded, gradients)).backward()
    found = {f'w.{n}': t for n, t in weights.items()}
    found |= {'images_a': a, 'images_b': b, 'gradient_a': gradients[0], 'gradient_b': gradients[1]}
    found |= {'eval.embeddings_a': evaluated, 'train.embeddings_a': embedded[0], 'train.embeddings_b': embedded[1]}
    found |= {f'after.{n}': t for n, t in net.state_dict().items() if 'running_' in n}
    found |= {f'grad.{n}': p.grad for n, p in net.named_parameters()}
    if any(p.grad.abs().max() < 1e-3 for p in net.parameters()):
        return None
    return {n: t.detach().float().contiguous() for n, t in found.items()}


def write(name):
    network, shapes = NETWORKS[name]
    FOLDER.mkdir(exist_ok=True)
    for shape in shapes:
        found = next(filter(None, (compute(network, shape, seed) for seed in range(100))))
        path = FOLDER / f'{name}.{"x".join(map(str, shape))}.safetensors'
        save_file(found, path)
        path.chmod(0o644)
        print(path.name, len(found), 'tensors')


if __name__ == '__main__':
    torch.set_num_threads(1)
    for name in sys.argv[1:] or NETWORKS:
        write(name)
