"""Writes network.safetensors and losses.json: what PyTorch computes for the tutorial's network and losses.

Run:   python tests/reference/network.py
Needs: torch 2.13, numpy, safetensors (CPU builds will do). Takes seconds and overwrites the two files in this folder.

Every input (weights, images, embeddings) is a float32 number. Every result is computed in float64 from those float32
inputs; tensors are then rounded to float32 and scalars kept in float64, so a comparison shows the error of the code
under test and not PyTorch's. The error of PyTorch's own float32 results is printed and stored in the metadata of the
file (`about`, JSON: the largest absolute difference of each group), as a yardstick for tolerances. A case that needs
float32 (a distance of exactly zero) says so.

Gradients jump where a ReLU's input crosses zero or a pooling window changes its maximum. With this seed, all stay at
least CLEARANCE away from such a jump, so float32 and float64 take the same branches.

network.safetensors (P = 6 pairs, 10 outputs)
  w.NAME                               initial weights and running statistics; some BatchNorm weights are negative
  images_a, images_b                   [6, 1, 28, 28] in 0..1
  labels_a, labels_b                   [6] i64
  different                            [6] f32, 1 where the labels differ
  train.embeddings_a, ..._b            training mode, a then b, each with its own batch's statistics
  after_ab.NAME                        running statistics after these two passes
  eval.embeddings_a, ..._b             evaluation mode with the statistics in w.*
  eval_after.embeddings_a, ..._b       evaluation mode with the statistics in after_ab.*
  contrastive.distances                [6] f64, norm of a - b + 1e-6 over the training-mode embeddings
  contrastive.{tutorial,hadsell}.{loss,grad_a,grad_b}    margin 2.5; gradients with respect to the embeddings
  grad.contrastive.NAME                gradient of the tutorial form with respect to every parameter (that of
                                       linear2.bias is zero: it cancels in a - b)
  cross_entropy.{loss,grad_a}          on the training-mode embeddings of a
  grad.cross_entropy.NAME              its gradient with respect to every parameter
  adam.NAME, adam.losses               after (and the loss before each of) 3 steps of Adam, lr 1e-3, on cross-entropy of a;
                                       running statistics included
"""
import copy, json, pathlib, platform, sys
import numpy as np
import torch
from torch import nn
import torch.nn.functional as F
import safetensors
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).resolve().parent
MARGIN = 2.5
CLEARANCE = 1e-6
SEED = 147  # the smallest `acceptable` one
STEPS = 3
VERSIONS = dict(torch=torch.__version__, numpy=np.__version__, safetensors=safetensors.__version__,
                python=platform.python_version())


class Siamese(nn.Module):
    """The tutorial's network, with the tutorial's names; for images of any shape."""

    def __init__(self, channels=1, height=28, width=28):
        super().__init__()
        block = lambda i, o: [nn.Conv2d(i, o, 3, padding=1), nn.ReLU(), nn.BatchNorm2d(o)]
        self.feature_net = nn.Sequential(*block(channels, 8), *block(8, 8), nn.MaxPool2d(2), *block(8, 16), *block(16, 16),
                                         nn.MaxPool2d(2), nn.Conv2d(16, 1, 3, padding=1), nn.ReLU())
        features = (height // 4) * (width // 4)
        self.linear1, self.linear2 = nn.Linear(features, features), nn.Linear(features, 10)

    def forward(self, x):
        return self.linear2(self.linear1(self.feature_net(x).flatten(1)))


def contrastive(a, b, different, form):
    distance = F.pairwise_distance(a, b)
    loss = (1 - different) * distance ** 2 + different * torch.clamp(MARGIN - distance, 0, MARGIN) ** 2
    return loss.mean() * (0.5 if form == 'hadsell' else 1.0)


def inputs(seed):
    """Weights and images, all float32, from NumPy's PCG64."""
    draw = np.random.default_rng(seed)
    net, weights = Siamese(), {}
    for name, old in net.state_dict().items():
        if name.endswith('num_batches_tracked'):
            continue
        layer = net.get_submodule(name.rsplit('.', 1)[0])
        if isinstance(layer, nn.BatchNorm2d):
            # Running statistics are factors here; they are multiplied by those of a batch below.
            low, high = {'weight': (0.5, 1.5), 'bias': (-0.3, 0.3), 'running_mean': (0.7, 1.3),
                         'running_var': (0.7, 1.3)}[name.rsplit('.', 1)[1]]
            new = draw.uniform(low, high, old.shape)
            if name.endswith('weight'):
                new[::3] *= -1
        else:
            bound = layer.weight[0].numel() ** -0.5
            new = draw.uniform(-bound, bound, old.shape)
        # Without this factor all embeddings would be closer together than the margin.
        weights[name] = torch.tensor(new * (6.0 if name.startswith('linear2') else 1.0), dtype=torch.float32)
    # Smooth blobs with noise, so that images differ in more than noise.
    y, x = np.mgrid[0:28, 0:28] / 27.0
    def images():
        cx, cy, w = draw.uniform(0.2, 0.8, 6), draw.uniform(0.2, 0.8, 6), draw.uniform(0.1, 0.4, 6)
        blob = np.stack([np.exp(-((x - cx[i]) ** 2 + (y - cy[i]) ** 2) / w[i] ** 2) for i in range(6)])
        return torch.tensor(np.clip(0.8 * blob + draw.uniform(0, 0.3, blob.shape), 0, 1)[:, None], dtype=torch.float32)
    a, b = images(), images()
    weights['feature_net.14.bias'] += 0.2  # keeps the last ReLU open for most inputs
    for layer in net.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.momentum = 1.0
    net.load_state_dict({n: w for n, w in weights.items() if 'running_' not in n}, strict=False)
    with torch.no_grad():
        net.train()(images())
    for name, value in net.state_dict().items():
        if 'running_' in name:
            weights[name] *= value
    labels_a, labels_b = torch.tensor([3, 0, 9, 4, 7, 1]), torch.tensor([3, 5, 9, 2, 0, 8])
    return weights, a, b, labels_a, labels_b


def build(weights, dtype):
    net = Siamese()
    net.load_state_dict(weights, strict=False)
    return net.to(dtype)


def clearance(net, images):
    """How close the pass comes to a jump of the gradient: ReLU inputs to 0, pooling maxima to their runners-up."""
    closest = [np.inf]
    def relu(_, args):
        closest.append(args[0].detach().abs().min().item())
    def pool(_, args):
        windows = F.unfold(args[0].detach().flatten(0, 1)[:, None], 2, stride=2).sort(dim=1, descending=True).values
        gap = windows[:, 0] - windows[:, 1]
        # Equal inputs are zeros of the ReLU; which of them is the maximum changes no gradient before it.
        closest.append(gap[gap > 1e-12].min().item())
    hooks = [m.register_forward_pre_hook(relu if isinstance(m, nn.ReLU) else pool)
             for m in net.modules() if isinstance(m, (nn.ReLU, nn.MaxPool2d))]
    net(images)
    for hook in hooks:
        hook.remove()
    return min(closest)


def statistics(net):
    return {n: t.clone() for n, t in net.state_dict().items() if 'running_' in n}


def parameters(net, part):
    return {n: part(p).detach().clone() for n, p in net.named_parameters()}


def compute(seed, dtype):
    """Everything the file holds, in one floating-point type."""
    weights, a, b, labels_a, labels_b = inputs(seed)
    a, b, out = a.to(dtype), b.to(dtype), {}
    different = (labels_a != labels_b).to(dtype)

    net = build(weights, dtype).eval()
    out['eval.embeddings_a'], out['eval.embeddings_b'] = net(a), net(b)

    net = build(weights, dtype).train()
    ea, eb = net(a), net(b)
    out |= {'train.embeddings_a': ea, 'train.embeddings_b': eb, 'contrastive.distances': F.pairwise_distance(ea, eb)}
    out |= {f'after_ab.{n}': t for n, t in statistics(net).items()}
    for form in 'hadsell', 'tutorial':
        loss = contrastive(ea, eb, different, form)
        grad_a, grad_b = torch.autograd.grad(loss, (ea, eb), retain_graph=True)
        out |= {f'contrastive.{form}.loss': loss, f'contrastive.{form}.grad_a': grad_a, f'contrastive.{form}.grad_b': grad_b}
    loss.backward()
    out |= {f'grad.contrastive.{n}': t for n, t in parameters(net, lambda p: p.grad).items()}
    net.eval()
    out['eval_after.embeddings_a'], out['eval_after.embeddings_b'] = net(a), net(b)

    net = build(weights, dtype).train()
    ea = net(a)
    loss = F.cross_entropy(ea, labels_a)
    out |= {'cross_entropy.loss': loss, 'cross_entropy.grad_a': torch.autograd.grad(loss, ea, retain_graph=True)[0]}
    loss.backward()
    out |= {f'grad.cross_entropy.{n}': t for n, t in parameters(net, lambda p: p.grad).items()}

    net = build(weights, dtype).train()
    optimiser, losses = torch.optim.Adam(net.parameters(), lr=1e-3), []
    for _ in range(STEPS):
        loss = F.cross_entropy(net(a), labels_a)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.detach())
    out |= {f'adam.{n}': t for n, t in (parameters(net, lambda p: p) | statistics(net)).items()}
    out['adam.losses'] = torch.stack(losses)
    return {n: t.detach() for n, t in out.items()}


def acceptable(seed):
    """Whether a seed covers all cases and stays clear of jumps of the gradient, also during the steps of Adam."""
    weights, a, b, labels_a, labels_b = inputs(seed)
    a, b = a.double(), b.double()
    net = build(weights, torch.float64).train()
    with torch.no_grad():
        distance = F.pairwise_distance(net(a), net(b))[labels_a != labels_b]
        active = (net.feature_net(a) > 0).double().mean()
        spread = min(net.eval()(images).std(0).mean() for net in (net, build(weights, torch.float64)) for images in (a, b))
    inside = (distance < MARGIN).sum()
    if not 2 <= inside <= len(distance) - 2 or not 0.3 < active < 0.9 or (distance - MARGIN).abs().min() < 0.05:
        return False
    # If the last ReLU is closed in evaluation mode, every image has the same embedding.
    if spread < 0.1:
        return False
    net = build(weights, torch.float64).train()
    if min(clearance(net, a), clearance(net, b)) < CLEARANCE:
        return False
    net = build(weights, torch.float64).train()
    optimiser = torch.optim.Adam(net.parameters(), lr=1e-3)
    for _ in range(STEPS):
        if clearance(copy.deepcopy(net), a) < CLEARANCE:
            return False
        loss = F.cross_entropy(net(a), labels_a)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        # Adam's step is g / (|g| + 1e-8): a gradient near 1e-8 would turn rounding into a different step.
        if any(((p.grad != 0) & (p.grad.abs() < 1e-6)).any() for p in net.parameters()):
            return False
    return True


def write_network():
    if not acceptable(SEED):
        sys.exit(f'seed {SEED} is too close to a jump of the gradient on this machine; use the next `acceptable` one')
    exact, single = compute(SEED, torch.float64), compute(SEED, torch.float32)
    groups = {}
    for name, value in exact.items():
        group = '.'.join(name.split('.')[:2]) if name.split('.')[0] in ('grad', 'contrastive', 'cross_entropy') \
            else name.split('.')[0]
        groups[group] = max(groups.get(group, 0.0), (value - single[name]).abs().max().item())
    about = dict(versions=VERSIONS, seed=SEED, computed_in='float64', float32_error={g: f'{e:.1e}' for g, e in groups.items()})
    weights, a, b, labels_a, labels_b = inputs(SEED)
    tensors = {f'w.{n}': t for n, t in weights.items()}
    tensors |= {'images_a': a, 'images_b': b, 'labels_a': labels_a, 'labels_b': labels_b,
                'different': (labels_a != labels_b).float()}
    keep_double = lambda n: n.endswith('loss') or n.endswith('losses') or n.endswith('distances')
    tensors |= {n: (t if keep_double(n) else t.float()).contiguous() for n, t in exact.items()}
    # A single key: safetensors writes several in random order, and the bytes should be reproducible.
    save_file(tensors, HERE / 'network.safetensors', metadata={'about': json.dumps(about)})
    (HERE / 'network.safetensors').chmod(0o644)
    print(json.dumps(about, indent=1))
    print('distances', exact['contrastive.distances'].tolist())


def contrastive_case(name, a, b, different, dtype=torch.float64):
    single = lambda v: torch.tensor(v, dtype=torch.float32).to(dtype)
    case = dict(name=name, margin=MARGIN, computed_in=str(dtype).removeprefix('torch.'),
                a=single(a).tolist(), b=single(b).tolist(), different=different)
    case['distances'] = F.pairwise_distance(single(a), single(b)).tolist()
    for form in 'tutorial', 'hadsell':
        x, y = single(a).requires_grad_(), single(b).requires_grad_()
        loss = contrastive(x, y, single(different), form)
        loss.backward()
        case[form] = dict(loss=loss.item(), grad_a=x.grad.tolist(), grad_b=y.grad.tolist())
    return case


def cross_entropy_case(name, logits, labels):
    x = torch.tensor(logits, dtype=torch.float32).double().requires_grad_()
    loss = F.cross_entropy(x, torch.tensor(labels))
    loss.backward()
    return dict(name=name, logits=x.tolist(), labels=labels, loss=loss.item(), grad=x.grad.tolist())


def write_losses():
    draw = np.random.default_rng(0)
    rows = lambda p, d, scale=1.0: (draw.normal(size=(p, d)) * scale).tolist()
    same = rows(3, 10)
    # 2.5 apart, up to the 1e-6 that pairwise_distance adds: just beyond, at and just within the margin.
    around = [[2.5 + 1e-3, 0.0], [2.5, 0.0], [2.5 - 1e-3, 0.0], [0.0, -2.5]]
    contrastive_cases = [
        contrastive_case('mixed pairs inside and beyond the margin', rows(8, 10, 0.6), rows(8, 10, 0.6), [0, 1] * 4),
        contrastive_case('two dimensions', rows(5, 2, 1.5), rows(5, 2, 1.5), [1, 1, 0, 1, 0]),
        contrastive_case('identical embeddings', same, same, [0, 1, 1]),
        contrastive_case('distances around the margin', around, [[0.0, 0.0]] * 4, [1, 1, 1, 1]),
        contrastive_case('one pair of the same class', rows(1, 10), rows(1, 10), [0]),
        contrastive_case('one pair of different classes', rows(1, 10, 0.3), rows(1, 10, 0.3), [1]),
        contrastive_case('all far beyond the margin', rows(3, 4, 100.0), rows(3, 4, 100.0), [1, 1, 1]),
        # a - b + 1e-6 is exactly zero in float32: the norm has no gradient there and PyTorch gives 0.
        contrastive_case('a distance of exactly zero', [[0.0, 0.0]] * 2, [[1e-6, 1e-6]] * 2, [0, 1], torch.float32),
    ]
    cross_entropy_cases = [
        cross_entropy_case('ten classes', rows(8, 10), [0, 1, 2, 3, 4, 9, 9, 7]),
        cross_entropy_case('two classes', rows(4, 2, 2.0), [0, 1, 1, 0]),
        cross_entropy_case('one row', rows(1, 10), [6]),
        cross_entropy_case('equal logits', [[0.5] * 4] * 2, [1, 3]),
        cross_entropy_case('huge logits', [[1000.0, 0.0, -1000.0], [1000.0, 0.0, -1000.0]], [0, 2]),
    ]
    about = 'written by network.py: float32 inputs, results computed in computed_in (cross-entropy: float64)'
    content = dict(about=about, versions=VERSIONS, contrastive=contrastive_cases, cross_entropy=cross_entropy_cases)
    (HERE / 'losses.json').write_text(json.dumps(content) + '\n')


if __name__ == '__main__':
    print(VERSIONS)
    torch.set_num_threads(1)
    write_network()
    write_losses()
