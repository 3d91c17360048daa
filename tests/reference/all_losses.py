"""Writes all_losses.json: every loss as computed by pytorch-metric-learning, PyTorch and plain loops.

Run:   make reference LOSS=my-loss
       writes the cases of that loss into all_losses.json in this folder and leaves those of the others as they are;
       without LOSS it writes all cases anew, in seconds.
Needs: pip install pytorch-metric-learning==2.9.0 torch==2.13.0 numpy==2.4.6 scipy==1.17.1 tqdm scikit-learn
       (CPU builds will do), which `make reference` does; with them, python tests/reference/all_losses.py my-loss.

Every input is a float32 number and every result is computed in float64 from those inputs. Each loss is computed twice:
by a loop over its formula, in which an empty term is zero and never NaN, and by a library or in matrix form. The two
must agree, except where DEVIATIONS says why they don't; there the loop's result is kept. A case's `source` says whose
numbers it holds. Gradients jump where a hinge closes or a mined triplet changes, so every case is computed again with
its embeddings perturbed by about a float32 rounding error, and its gradient has to stay the same (`steady`).

versions          of every library used
float32_error     per loss, the error of its stored source in float32 in the batch `near`, relative to the largest number
                  of the result or to 1 if that is more: a yardstick for tolerances
batches           NAME: z [B][E], labels [B], classes C (some without an image), parameters [C][E]: proxies, centres
                  or weights
cases             loss (name and settings), batch; value, gradient [B][E] with respect to z, source, and where they apply
    triplets      [[anchor, positive, negative]] passed to the loss
    parameters    [C][1] replaces the batch's parameters: a beta per class
    parameter_gradient  with respect to the parameters
    note          what differs from the library, and ties
distance_weights  per batch, for each anchor (row) the probabilities with which distance weighting draws its negatives;
                  a row of zeros if it can draw none
"""
import itertools, json, math, pathlib, platform, sys
import numpy as np
import torch
import torch.nn.functional as F
import pytorch_metric_learning
from pytorch_metric_learning import distances, losses, miners
from pytorch_metric_learning.utils import loss_and_miner_utils

FILE = pathlib.Path(__file__).resolve().parent / 'all_losses.json'
PML = f'pytorch-metric-learning {pytorch_metric_learning.__version__}'
VERSIONS = {'pytorch-metric-learning': pytorch_metric_learning.__version__, 'torch': torch.__version__,
            'numpy': np.__version__, 'python': platform.python_version()}
AGREEMENT = 1e-8  # PyTorch's softplus(x) is x for x > 20, up to 2e-9 off
JITTER, STEADINESS = 1e-7, 1e-2  # relative; tiny differences of the batch "near" make the second this large
CUTOFF, NONZERO_LOSS_CUTOFF = 0.5, 1.4


# Batches

def batch(seed, labels, classes, width=6, scale=1.0, change=lambda z, params: None):
    draw = np.random.default_rng(seed)
    z, params = draw.normal(size=(len(labels), width)) * scale, draw.normal(size=(classes, width))
    beta = 1.2 + 0.1 * draw.normal(size=(classes, 1))
    change(z, params)
    single = lambda a: a.astype(np.float32).astype(np.float64)
    return dict(z=single(z), labels=labels, classes=classes, parameters=single(params), beta=single(beta),
                triplets=random_triplets(draw, labels))


def relations(labels, i):
    """The positives of i, and its negatives."""
    others = [j for j in range(len(labels)) if j != i]
    return [j for j in others if labels[j] == labels[i]], [j for j in others if labels[j] != labels[i]]


def random_triplets(draw, labels):
    """Two triplets for each image that has a positive and a negative."""
    out = []
    for a in range(len(labels)):
        positives, negatives = relations(labels, a)
        if positives and negatives:
            out += [[a, int(draw.choice(positives)), int(draw.choice(negatives))] for _ in range(2)]
    return out


def repeat(z, params):
    """Duplicates one image within its class and one across classes."""
    z[1], z[3] = z[0], z[2]


def crowd(z, params):
    """All points within 1e-3 of each other, around a point of norm 2."""
    middle = 2 * z[0] / np.linalg.norm(z[0])
    z *= 5e-4 / np.linalg.norm(z, axis=1).max()
    z += middle


def oppose(z, params):
    """Opposite images within a class and across classes; class 0's vector has cosines 1 and -1 to the first two."""
    z[0], z[1], params[0] = np.eye(6)[0] * 2, np.eye(6)[0] * -2, np.eye(6)[0] * 1.5
    z[3] = -z[2]


UNEVEN = [3, 0, 1, 0, 4, 0, 2, 1, 0, 3, 1, 0]
BATCHES = {
    'classes': batch(0, [i % 4 for i in range(16)], 4),
    'uneven': batch(1, UNEVEN, 5),
    'one class': batch(2, [1] * 6, 3),
    'all distinct': batch(3, [4, 1, 0, 5, 2, 3], 7, width=8),
    'duplicates': batch(4, [0, 0, 0, 1, 1, 1, 2, 2], 3, change=repeat),
    'single': batch(5, [1], 2),
    'few': batch(27, [0, 0, 1, 2], 3),
    'near': batch(7, [0, 1, 2, 0, 1, 2, 0, 1], 3, change=crowd),
    'wide': batch(6, [0, 1, 2, 0, 1, 2, 0, 1, 2, 0], 3, scale=5.0),
    'opposite': batch(8, [0, 0, 1, 2, 1, 2, 0, 1], 3, change=oppose),
}


# Building blocks of the loops

def unit(row):
    return row / row.norm().clamp(min=1e-12)


def rows(z, normalise=True):
    return [unit(row) if normalise else row for row in z]


def distance(a, b):
    """Euclidean distance, with gradient 0 at distance 0."""
    squared = ((a - b) ** 2).sum()
    return squared.sqrt() if squared > 0 else squared


def hinge(x):
    return x if x > 0 else 0 * x


def mean(terms):
    return sum(terms) / len(terms) if terms else 0.0


def lse(terms):
    return torch.logsumexp(torch.stack(terms), 0) if terms else 0.0


def lse_and_one(terms):
    return lse([*terms, 0 * terms[0]]) if terms else 0.0


def cross_entropies(logits, labels):
    return mean([lse(list(row)) - row[y] for row, y in zip(logits, labels)])


# The loops: (z, params, batch, loss) -> value

def partners(labels):
    """The pairs of a batch of pairs: each image with the next one, the last with the first; whether of one class."""
    return [(i, j, labels[i] == labels[j]) for i, j in ((i, (i + 1) % len(labels)) for i in range(len(labels)))]


def sampled_contrastive_loop(x, b, loss):
    terms = [(distance(x[i] + 1e-6, x[j]), same) for i, j, same in partners(b['labels'])]
    return mean([d ** 2 if same else hinge(loss['margin'] - d) ** 2 for d, same in terms])


def contrastive_loop(z, params, b, loss):
    x, same, different = rows(z, loss['normalise']), [], []
    if loss['pairs'] == 'sampled':
        return sampled_contrastive_loop(x, b, loss) * {'tutorial': 1.0, 'hadsell': 0.5}[loss['form']]
    for i, j in itertools.combinations(range(len(x)), 2):
        d = distance(x[i], x[j])
        if b['labels'][i] == b['labels'][j]:
            same.append(d ** 2)
        else:
            different.append(hinge(loss['margin'] - d) ** 2)
    return (mean(same) / 2 + mean(different) / 2) * {'tutorial': 1.0, 'hadsell': 0.5}[loss['form']]


def cross_entropy_loop(z, params, b, loss):
    e = loss['label_smoothing']
    return mean([lse(list(row)) - (1 - e) * row[y] - e * mean(list(row)) for row, y in zip(z, b['labels'])])


def triplets_loop(d, b, loss):
    """The mined triplets, from the distances d[i][j]."""
    if loss['triplets'] == 'random':
        return b['triplets']
    out = []
    for a in range(len(d)):
        positives, negatives = relations(b['labels'], a)
        if loss['triplets'] == 'batch-hard' and positives and negatives:  # max and min break ties by the first
            out.append((a, max(positives, key=lambda p: d[a][p]), min(negatives, key=lambda n: d[a][n])))
        if loss['triplets'] == 'all':
            out += [(a, p, n) for p in positives for n in negatives]
        if loss['triplets'] == 'semi-hard':
            out += [(a, p, n) for p in positives for n in negatives if 0 < d[a][n] - d[a][p] <= loss['margin']]
    return out


def triplet_loop(z, params, b, loss):
    x = rows(z, loss['normalise'])
    d = [[distance(p, q) for q in x] for p in x]
    bend = hinge if loss['form'] == 'hinge' else lambda x: lse([x, 0 * x])
    terms = [bend(d[a][p] - d[a][n] + loss['margin']) for a, p, n in triplets_loop(d, b, loss)]
    return mean([t for t in terms if t > 0])


def tuples(labels):
    """N-pair: the anchors and positives of each tuple, class by class."""
    images = [[i for i, y in enumerate(labels) if y == c] for c in sorted(set(labels))]
    return [[(c[2 * t], c[2 * t + 1]) for c in images if len(c) >= 2 * t + 2]
            for t in range(max(map(len, images)) // 2)]


def n_pair_loop(z, params, b, loss):
    x, terms, used = rows(z, loss['normalise']), [], []
    for pairs in tuples(b['labels']):
        for i, matching in pairs:
            terms.append(lse([x[i] @ x[j] - x[i] @ x[matching] for _, j in pairs]))
            used += [i, matching]
    return mean(terms) + loss['l2'] * mean([z[i] @ z[i] for i in used])


def lifted_loop(z, params, b, loss):
    x, terms = rows(z, loss['normalise']), []
    for i in range(len(x)):
        positives, negatives = relations(b['labels'], i)
        terms.append(hinge(lse([distance(x[i], x[p]) for p in positives]) +
                           lse([loss['margin'] - distance(x[i], x[n]) for n in negatives])))
    return mean(terms)


def multi_similarity_loop(z, params, b, loss):
    x, terms = rows(z), []
    for i in range(len(x)):
        positives, negatives = ([x[i] @ x[j] for j in side] for side in relations(b['labels'], i))
        if loss['mining']:
            hardest, closest = min(positives, default=math.inf), max(negatives, default=-math.inf)
            positives = [s for s in positives if s - loss['epsilon'] < closest]
            negatives = [s for s in negatives if s + loss['epsilon'] > hardest]
        terms.append(lse_and_one([-loss['alpha'] * (s - loss['base']) for s in positives]) / loss['alpha'] +
                     lse_and_one([loss['beta'] * (s - loss['base']) for s in negatives]) / loss['beta'])
    return mean(terms)


def margin_loop(z, params, b, loss):
    x, terms = rows(z), []
    for a, p, n in b['triplets']:
        beta = params[b['labels'][a], 0] if loss['learn_beta'] else loss['beta']
        terms += [hinge(distance(x[a], x[p]) - beta + loss['margin']), hinge(beta - distance(x[a], x[n]) + loss['margin'])]
    return mean([t for t in terms if t > 0])


def supcon_loop(z, params, b, loss):
    x, terms = rows(z), []
    for i in range(len(x)):
        positives, negatives = relations(b['labels'], i)
        s = {j: x[i] @ x[j] / loss['temperature'] for j in positives + negatives}
        if positives:
            terms.append(lse(list(s.values())) - mean([s[p] for p in positives]))
    return mean([t for t in terms if t > 0])


def nt_xent_loop(z, params, b, loss):
    x, terms = rows(z), []
    for i in range(len(x)):
        positives, negatives = ([x[i] @ x[j] / loss['temperature'] for j in side] for side in relations(b['labels'], i))
        terms += [lse([s, *negatives]) - s for s in positives]
    return mean(terms)


def proxy_nca_loop(z, params, b, loss):
    return cross_entropies([torch.stack([-loss['scale'] * distance(x, c) ** 2 for c in rows(params)]) for x in rows(z)],
                           b['labels'])


def proxy_anchor_loop(z, params, b, loss):
    x, pull, push = rows(z), [], []
    for c, proxy in enumerate(rows(params)):
        s = [v @ proxy for v in x]
        same = [-loss['alpha'] * (v - loss['margin']) for v, y in zip(s, b['labels']) if y == c]
        different = [loss['alpha'] * (v + loss['margin']) for v, y in zip(s, b['labels']) if y != c]
        pull += [lse_and_one(same)] if same else []
        push.append(lse_and_one(different))
    return mean(pull) + mean(push)


def cosine_logits(z, params, b, change):
    """Cosines with every class, with `change` applied to that of the true class."""
    return [torch.stack([change(x @ c) if k == y else x @ c for k, c in enumerate(rows(params))])
            for x, y in zip(rows(z), b['labels'])]


def normface_loop(z, params, b, loss):
    return cross_entropies([s / loss['temperature'] for s in cosine_logits(z, params, b, lambda s: s)], b['labels'])


def cosface_loop(z, params, b, loss):
    return cross_entropies([s * loss['scale'] for s in cosine_logits(z, params, b, lambda s: s - loss['margin'])], b['labels'])


def arcface_loop(z, params, b, loss):
    m = loss['margin']
    def change(s):
        if s < math.cos(math.pi - m):
            return s - m * math.sin(m)
        sine = (1 - s * s).sqrt() if 1 - s * s > 0 else 0.0  # the angle has no gradient at 0 and π: use 0
        return s * math.cos(m) - sine * math.sin(m)
    return cross_entropies([s * loss['scale'] for s in cosine_logits(z, params, b, change)], b['labels'])


def center_loop(z, params, b, loss):
    squares = [((row - params[y]) ** 2).sum() for row, y in zip(z, b['labels'])]
    return cross_entropies(z, b['labels']) + loss['weight'] / 2 * mean(squares)


def tightness(z, labels):
    return sum(z[i] @ z[j] for i in range(len(z)) for j in range(len(z)) if labels[i] == labels[j])


def spce_loop(z, params, b, loss):
    n, y = len(z), b['labels']
    logit = lambda i, k: sum((z[i] @ z[j] for j in range(n) if y[j] == k), 0 * z[0, 0]) / n
    return -tightness(z, y) / n ** 2 + mean([lse([logit(i, k) for k in range(b['classes'])]) for i in range(n)])


def pce_loop(z, params, b, loss):
    """p is the softmax of a bias-free classifier trained by cross-entropy; no gradient flows between it and z."""
    n, scale, classes = len(z), loss['lambda'], range(b['classes'])
    logits = [[row.detach() @ params[k] for k in classes] for row in z]
    p = [[(row[k] - lse(row)).exp().detach() for k in classes] for row in logits]
    learning = mean([lse(row) - row[y] for row, y in zip(logits, b['labels'])])
    logit = lambda i, k: sum(p[j][k] * (z[i] @ z[j]) for j in range(n)) / (scale * n)
    centres = [sum(p[i][k] * z[i] for i in range(n)) / n for k in classes]
    return (-tightness(z, b['labels']) / (2 * scale * n ** 2) + mean([lse([logit(i, k) for k in classes]) for i in range(n)])
            - sum(c @ c for c in centres) / (2 * scale) + learning - learning.detach())


# The same by a library, or in matrix form where no library has the loss: (z, params, batch, loss) -> value

def labels_of(b):
    return torch.tensor(b['labels'])


def indices(triplets):
    return tuple(torch.tensor(triplets, dtype=torch.long).reshape(-1, 3).T)


def euclidean(loss):
    return distances.LpDistance(normalize_embeddings=loss['normalise'])


def contrastive_matrix(z, params, b, loss):
    x = F.normalize(z) if loss['normalise'] else z
    if loss['pairs'] == 'sampled':
        d, same = F.pairwise_distance(x, x.roll(-1, 0)), labels_of(b) == labels_of(b).roll(-1)
        return torch.where(same, d ** 2, F.relu(loss['margin'] - d) ** 2).mean() * (0.5 if loss['form'] == 'hadsell' else 1.0)
    i, j = torch.triu_indices(len(x), len(x), 1)
    d, same = torch.cdist(x, x)[i, j], labels_of(b)[i] == labels_of(b)[j]
    halves = [(t.sum() / max(len(t), 1)) / 2 for t in (d[same] ** 2, F.relu(loss['margin'] - d[~same]) ** 2)]
    return sum(halves) * (0.5 if loss['form'] == 'hadsell' else 1.0)


def cross_entropy_torch(z, params, b, loss):
    return F.cross_entropy(z, labels_of(b), label_smoothing=loss['label_smoothing'])


def triplet_pml(z, params, b, loss):
    miner = {'batch-hard': lambda: miners.BatchHardMiner(distance=euclidean(loss)), 'all': lambda: lambda *_: None,
             'random': lambda: lambda *_: indices(b['triplets']),
             'semi-hard': lambda: miners.TripletMarginMiner(margin=loss['margin'], type_of_triplets='semihard',
                                                            distance=euclidean(loss))}[loss['triplets']]()
    function = losses.TripletMarginLoss(margin=loss['margin'], smooth_loss=loss['form'] == 'softplus',
                                        distance=euclidean(loss))
    return function(z, labels_of(b), miner(z, labels_of(b)))


def n_pair_pml(z, params, b, loss):
    """One tuple at a time, since the library takes one pair per class; it has no l2 term."""
    function = losses.NPairsLoss(distance=distances.DotProductSimilarity(normalize_embeddings=loss['normalise']))
    pairs, empty = [torch.tensor(t) for t in tuples(b['labels'])], torch.tensor([], dtype=torch.long)
    if not pairs:
        return 0.0
    total = sum(function(z, labels_of(b), (p[:, 0], p[:, 1], empty, empty)) * len(p) for p in pairs)
    return total / sum(map(len, pairs)) + loss['l2'] * (z[torch.cat(pairs).flatten()] ** 2).sum(1).mean()


def lifted_pml(z, params, b, loss):
    function = losses.GeneralizedLiftedStructureLoss(neg_margin=loss['margin'], pos_margin=0, distance=euclidean(loss))
    return function(z, labels_of(b))


def multi_similarity_pml(z, params, b, loss):
    miner = miners.MultiSimilarityMiner(epsilon=loss['epsilon'])
    mined = miner(z, labels_of(b)) if loss['mining'] else None
    return losses.MultiSimilarityLoss(alpha=loss['alpha'], beta=loss['beta'], base=loss['base'])(z, labels_of(b), mined)


def margin_pml(z, params, b, loss):
    function = losses.MarginLoss(margin=loss['margin'], learn_beta=loss['learn_beta'], num_classes=b['classes'])
    # The library's beta is always float32, so replace it.
    beta = params[:, 0] if loss['learn_beta'] else torch.tensor([loss['beta']], dtype=z.dtype)
    del function.beta
    function.beta = beta
    return function(z, labels_of(b), indices(b['triplets']))


def supcon_pml(z, params, b, loss):
    return losses.SupConLoss(temperature=loss['temperature'])(z, labels_of(b))


def nt_xent_pml(z, params, b, loss):
    return losses.NTXentLoss(temperature=loss['temperature'])(z, labels_of(b))


def with_params(function, name, params, z, b):
    """The library's loss with its parameter replaced by our tensor."""
    delattr(function, name)
    setattr(function, name, params)
    function.cast_types = lambda *_: None
    return function(z, labels_of(b))


def proxy_nca_pml(z, params, b, loss):
    return with_params(losses.ProxyNCALoss(*params.shape, softmax_scale=loss['scale']), 'proxies', params, z, b)


def proxy_anchor_pml(z, params, b, loss):
    return with_params(losses.ProxyAnchorLoss(*params.shape, margin=loss['margin'], alpha=loss['alpha']), 'proxies', params, z, b)


def normface_pml(z, params, b, loss):
    return with_params(losses.NormalizedSoftmaxLoss(*params.shape, temperature=loss['temperature']), 'W', params.T, z, b)


def cosface_pml(z, params, b, loss):
    return with_params(losses.CosFaceLoss(*params.shape, margin=loss['margin'], scale=loss['scale']), 'W', params.T, z, b)


def arcface_pml(z, params, b, loss):
    function = losses.ArcFaceLoss(*params.shape, margin=math.degrees(loss['margin']), scale=loss['scale'])
    return with_params(function, 'W', params.T, z, b)


def center_torch(z, params, b, loss):
    squares = ((z - params[labels_of(b)]) ** 2).sum(1)
    return F.cross_entropy(z, labels_of(b)) + loss['weight'] / 2 * squares.mean()


def spce_torch(z, params, b, loss):
    """Bias-free cross-entropy whose weights are the class sums divided by n."""
    weights = F.one_hot(labels_of(b), b['classes']).to(z.dtype).T @ z / len(z)
    return F.cross_entropy(z @ weights.T, labels_of(b))


def pce_matrix(z, params, b, loss):
    n, scale, y = len(z), loss['lambda'], labels_of(b)
    logits = z.detach() @ params.T
    learning = F.cross_entropy(logits, y)
    centres = F.softmax(logits, 1).detach().T @ z / n
    same = (y[:, None] == y[None]).to(z.dtype)
    return (torch.logsumexp(z @ centres.T / scale, 1).mean() - ((z @ z.T) * same).sum() / (2 * scale * n ** 2)
            - (centres ** 2).sum() / (2 * scale) + learning - learning.detach())


# Name: loop, its check, whose numbers are stored, key of the loss parameters in the batch, settings (defaults first)
LOSSES = {
    'contrastive': (contrastive_loop, contrastive_matrix, 'plain loop', None,
                    dict(margin=[2.5], form=['tutorial', 'hadsell'], normalise=[False, True], pairs=['all', 'sampled'])),
    'cross-entropy': (cross_entropy_loop, cross_entropy_torch, 'PyTorch', None, dict(label_smoothing=[0.0, 0.1])),
    'triplet': (triplet_loop, triplet_pml, f'{PML}: TripletMarginLoss', None,
                dict(margin=[0.2], form=['hinge', 'softplus'], normalise=[True, False],
                     triplets=['batch-hard', 'semi-hard', 'all', 'random'])),
    'n-pair': (n_pair_loop, n_pair_pml, 'plain loop', None, dict(normalise=[False, True], l2=[0.005, 0.0])),
    'lifted': (lifted_loop, lifted_pml, f'{PML}: GeneralizedLiftedStructureLoss', None,
               dict(margin=[1.0, 0.5], normalise=[True, False])),
    'multi-similarity': (multi_similarity_loop, multi_similarity_pml, f'{PML}: MultiSimilarityLoss', None,
                         dict(alpha=[2.0], beta=[50.0], base=[0.5], epsilon=[0.1], mining=[True, False])),
    'margin': (margin_loop, margin_pml, f'{PML}: MarginLoss', 'beta',
               dict(margin=[0.2], beta=[1.2], learn_beta=[True, False])),
    'supcon': (supcon_loop, supcon_pml, f'{PML}: SupConLoss', None, dict(temperature=[0.1])),
    'nt-xent': (nt_xent_loop, nt_xent_pml, f'{PML}: NTXentLoss', None, dict(temperature=[0.07])),
    'proxy-nca': (proxy_nca_loop, proxy_nca_pml, f'{PML}: ProxyNCALoss', 'parameters', dict(scale=[1.0, 9.0])),
    'proxy-anchor': (proxy_anchor_loop, proxy_anchor_pml, f'{PML}: ProxyAnchorLoss', 'parameters',
                     dict(alpha=[32.0], margin=[0.1])),
    'normface': (normface_loop, normface_pml, f'{PML}: NormalizedSoftmaxLoss', 'parameters', dict(temperature=[0.05])),
    'cosface': (cosface_loop, cosface_pml, f'{PML}: CosFaceLoss', 'parameters', dict(margin=[0.35], scale=[64.0, 16.0])),
    'arcface': (arcface_loop, arcface_pml, f'{PML}: ArcFaceLoss', 'parameters', dict(margin=[0.5], scale=[64.0, 16.0])),
    'center': (center_loop, center_torch, 'PyTorch', 'parameters', dict(weight=[0.01, 1.0])),
    'spce': (spce_loop, spce_torch, 'plain loop', None, {}),
    'pce': (pce_loop, pce_matrix, 'plain loop', 'parameters', {'lambda': [1.0, 0.5]}),
}
# Settings, batch, reason why loop and library differ
DEVIATIONS = [
    (dict(name='supcon'), 'one class', 'the library gives 0 for a batch without a negative pair'),
    (dict(name='multi-similarity', mining=True), 'few',
     'the library gives 0 where mining leaves no more than one positive and one negative pair'),
    (dict(name='arcface'), 'opposite', 'a true class at the cosines 1 and -1: the library\'s gradient is NaN there'),
]


def deviation(loss, name):
    return next((reason for part, b, reason in DEVIATIONS if b == name and part.items() <= loss.items()), None)


def parameters_of(loss, b):
    """The loss parameters for this batch, if the loss has any."""
    kind = LOSSES[loss['name']][3]
    return None if kind is None or loss.get('learn_beta') is False else b[kind]


def evaluate(function, b, loss, z=None, dtype=torch.float64):
    """Value, gradient and gradient of the loss parameters."""
    z = torch.tensor(b['z'] if z is None else z, dtype=dtype, requires_grad=True)
    params = parameters_of(loss, b)
    inputs = [z] if params is None else [z, torch.tensor(params, dtype=dtype, requires_grad=True)]
    value = function(z, inputs[-1], b, loss) + 0 * z.sum()
    gradients = torch.autograd.grad(value, inputs, allow_unused=True)
    return [value.detach()] + [torch.zeros_like(i) if g is None else g for i, g in zip(inputs, gradients)]


def relative_difference(found, expected):
    """The largest difference, relative to max(1, largest number of `expected`); NaN if `found` is not all finite."""
    if not all(a.isfinite().all() for a in found):
        return math.nan
    return max((a.double() - b).abs().max().item() / max(1.0, b.abs().max().item()) for a, b in zip(found, expected))


def steady(function, b, loss, exact):
    """Whether the gradient stays the same when every image moves a little (duplicates by the same amount)."""
    draw = np.random.default_rng(0)
    _, which = np.unique(b['z'], axis=0, return_inverse=True)
    for _ in range(3):
        moved = b['z'] * (1 + JITTER * draw.uniform(-1, 1, b['z'].shape))[which.reshape(-1)]
        for now, before in zip(evaluate(function, b, loss, moved), exact):
            if not (now - before).abs().max() <= STEADINESS * before.abs().max() + 1e-12:
                return False
    return True


def note_of(loss, name):
    """What a reader of this case should know."""
    if reason := deviation(loss, name):
        return reason
    if name == 'duplicates' and loss.get('triplets') == 'batch-hard':
        return 'of equally distant images the first of the batch is taken'
    if name == 'duplicates' and loss.get('triplets') == 'semi-hard':
        return 'a negative exactly as far as the positive is not semi-hard'
    return None


def case(loss, name):
    """One loss on one batch, and its float32 error."""
    loop, check, source, kind, _ = LOSSES[loss['name']]
    b = BATCHES[name]
    plain, other = evaluate(loop, b, loss), evaluate(check, b, loss)
    off = relative_difference(other, plain)
    differs = not off <= AGREEMENT
    if differs != bool(deviation(loss, name)):
        sys.exit(f'{loss} on {name}: loop and check differ by {off}; DEVIATIONS says otherwise')
    if differs:
        source = 'plain loop'
    function, exact = (loop, plain) if source == 'plain loop' else (check, other)
    if not math.isnan(off) and not steady(function, b, loss, exact):
        sys.exit(f'{loss} on {name} is too close to a jump of the gradient; use another seed for the batch')
    out = dict(loss=loss, batch=name)
    if kind == 'beta' or loss.get('triplets') == 'random':
        out['triplets'] = b['triplets']
    if kind == 'beta' and loss['learn_beta']:
        out['parameters'] = b['beta'].tolist()
    out |= dict(value=exact[0].item(), gradient=exact[1].tolist())
    if len(exact) == 3:
        out['parameter_gradient'] = exact[2].tolist()
    out['source'] = source
    if note := note_of(loss, name):
        out['note'] = note
    return out, relative_difference(evaluate(function, b, loss, dtype=torch.float32), exact)


def variants(name):
    """A loss with every combination of its settings."""
    settings = LOSSES[name][4]
    return [dict(name=name, **dict(zip(settings, values))) for values in itertools.product(*settings.values())]


# Distance weighting

def weights_loop(b):
    """Negatives nearer than NONZERO_LOSS_CUTOFF, weighted by 1 / q(d), d at least CUTOFF."""
    x, size = rows(torch.tensor(b['z'])), b['z'].shape[1]
    def weight(d):
        d = max(d, CUTOFF)
        return d ** (2 - size) * (1 - d * d / 4) ** ((3 - size) / 2) if d < NONZERO_LOSS_CUTOFF else 0.0
    out = np.zeros((len(x), len(x)))
    for i in range(len(x)):
        for j in relations(b['labels'], i)[1]:
            out[i, j] = weight(distance(x[i], x[j]).item())
    return out / np.maximum(out.sum(1, keepdims=True), np.finfo(float).tiny)


def weights_pml(b):
    """The weights the miner samples triplets with; NaN in the rows of anchors that have none."""
    seen, draw, z = [], loss_and_miner_utils.get_random_triplet_indices, torch.tensor(b['z'])
    def record(labels, ref_labels, weights):
        seen.append(weights)
        return [torch.tensor([], dtype=torch.long)] * 3
    loss_and_miner_utils.get_random_triplet_indices = record
    miners.DistanceWeightedMiner(cutoff=CUTOFF, nonzero_loss_cutoff=NONZERO_LOSS_CUTOFF)(z, labels_of(b))
    loss_and_miner_utils.get_random_triplet_indices = draw
    return seen[0].nan_to_num(0.0).numpy()


def distance_weights(name):
    b = BATCHES[name]
    weights = weights_pml(b)
    if abs(weights - weights_loop(b)).max() > AGREEMENT:
        sys.exit(f'distance weights of {name}: loop and check differ')
    return dict(batch=name, cutoff=CUTOFF, nonzero_loss_cutoff=NONZERO_LOSS_CUTOFF, weights=weights.tolist(),
                source=f'{PML}: DistanceWeightedMiner')


def lines(items):
    return '[\n' + ',\n'.join(json.dumps(i, allow_nan=False) for i in items) + '\n]'


def cases_of(name):
    """The cases of a loss, and its largest float32 error in the batch `near`, for whose tolerance it is the yardstick."""
    # Of pairs alone, float32 keeps only two digits in the batch whose points are nearly equal: it would test nothing.
    pairs = [case(loss, batch) for loss in variants(name) for batch in BATCHES
             if (loss.get('pairs'), batch) != ('sampled', 'near')]
    return [one for one, _ in pairs], f"{max(error for one, error in pairs if one['batch'] == 'near'):.1e}"


def write(names):
    """Writes the cases of these losses, and of every loss that the file does not have."""
    before = json.loads(FILE.read_text())
    cases, errors, written = [], {}, 0
    for name in LOSSES:
        of_loss, error = [one for one in before['cases'] if one['loss']['name'] == name], before['float32_error'].get(name)
        if name in names or not of_loss:
            of_loss, error = cases_of(name)
            written += len(of_loss)
            print(f'{name}: {len(of_loss)} cases, error in float32 {error}')
        cases += of_loss
        errors[name] = error
    is_whole = written == len(cases)
    versions = VERSIONS if is_whole else before['versions']
    weights = map(distance_weights, BATCHES) if is_whole else before['distance_weights']
    batches = ',\n'.join(json.dumps(n) + ': ' + json.dumps(dict(
        z=b['z'].tolist(), labels=b['labels'], classes=b['classes'], parameters=b['parameters'].tolist())) for n, b in BATCHES.items())
    text = (f'{{"versions": {json.dumps(versions)},\n"float32_error": {json.dumps(errors)},\n"batches": {{\n{batches}\n}},\n'
            f'"cases": {lines(cases)},\n"distance_weights": {lines(weights)}\n}}\n')
    json.loads(text)
    FILE.write_text(text)
    print(f'{len(cases)} cases in {FILE.name}, {written} of them written now')


if __name__ == '__main__':
    print(VERSIONS)
    if unknown := [name for name in sys.argv[1:] if name not in LOSSES]:
        sys.exit(f'{unknown[0]} is not in LOSSES of {__file__}: add it with a loop and a check')
    torch.set_num_threads(1)
    write(sys.argv[1:] or list(LOSSES))
