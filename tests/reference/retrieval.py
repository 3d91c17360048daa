"""Writes retrieval.json: what pytorch-metric-learning and scikit-learn compute for small cases of our metrics.

Run:   python tests/reference/retrieval.py
Needs: pytorch-metric-learning 2.9, torch, scikit-learn, numpy. Takes seconds and overwrites retrieval.json in this folder.

retrieval   AccuracyCalculator's precision_at_1, r_precision and mean_average_precision_at_r, with every reference ranked
            (k=None) by an exact search: squared distances of small integers, which are exact in float32, and of equal
            distances the lower row first. `queries` is null if each reference is a query and excluded from its own
            neighbours. Metrics are null if no query's label has a reference. `hits`: Recall@k for k = 1, 2, 4, 8 over
            the same queries, computed here. The keys are ours.
clusters    normalized_mutual_info_score and adjusted_mutual_info_score, both with the arithmetic mean
"""
import json, math, pathlib, platform
import numpy as np
import pytorch_metric_learning
import sklearn
import torch
from pytorch_metric_learning.utils.accuracy_calculator import AccuracyCalculator
from sklearn.metrics import adjusted_mutual_info_score, normalized_mutual_info_score

HERE = pathlib.Path(__file__).resolve().parent
VERSIONS = dict(pytorch_metric_learning=pytorch_metric_learning.__version__, torch=torch.__version__,
                scikit_learn=sklearn.__version__, numpy=np.__version__, python=platform.python_version())
KS = (1, 2, 4, 8)
OURS = dict(mean_average_precision_at_r='map_at_r')  # our keys, where AccuracyCalculator has others


def ranked(query, reference, itself):
    """Rows of the references, nearest first, of equal distances the lower row first, and squared distances."""
    query, reference = (np.asarray(points, dtype=np.float64) for points in (query, reference))
    squared = ((query[:, None] - reference[None]) ** 2).sum(-1)
    assert (squared == squared.astype(np.float32)).all()
    if itself:
        np.fill_diagonal(squared, np.inf)
    order = np.argsort(squared, axis=1, kind='stable')
    return (order[:, :-1] if itself else order), np.sort(squared, axis=1)


def exact(query, k, reference, ref_includes_query=False):
    order, squared = ranked(query.numpy(), reference.numpy(), ref_includes_query)
    return torch.from_numpy(squared[:, :k].copy()), torch.from_numpy(order[:, :k].copy())


def hits(query, labels, reference, reference_labels, itself):
    order, _ = ranked(query, reference, itself)
    same = np.asarray(reference_labels)[order] == np.asarray(labels)[:, None]
    counted = same[same.any(axis=1)]
    return [float(counted[:, :k].any(axis=1).mean()) if len(counted) else None for k in KS]


def retrieval(name, references, labels, queries=None, truth=None):
    itself = queries is None
    calculator = AccuracyCalculator(include=('precision_at_1', 'r_precision', 'mean_average_precision_at_r'), k=None,
                                    device=torch.device('cpu'), knn_func=exact)
    query, query_labels = (references, labels) if itself else (queries, truth)
    array = lambda values: np.asarray(values, dtype=np.float32)
    metrics = calculator.get_accuracy(array(query), array(query_labels), array(references), array(labels), itself)
    metrics = {OURS.get(key, key): None if math.isnan(value) else value for key, value in metrics.items()}
    return dict(name=name, references=references, labels=labels, queries=queries, truth=truth,
                hits=hits(query, query_labels, references, labels, itself), **metrics)


def retrievals(draw):
    points = lambda count, most=40, wide=3: draw.integers(0, most, (count, wide)).tolist()
    classes = lambda count, most: draw.integers(0, most, count).tolist()
    uneven = draw.choice(4, 60, p=(0.7, 0.2, 0.08, 0.02)).tolist()
    labels = classes(50, 5)
    near = lambda labels: [[4 * label + int(draw.integers(0, 7)), int(draw.integers(0, 5))] for label in labels]
    truth = classes(20, 5)
    few = points(6, 30)
    return [
        retrieval('queries apart', near(labels), labels, near(truth), truth),
        retrieval('each its own query', near(labels), labels),
        retrieval('random labels', points(80), classes(80, 4), points(30), classes(30, 4)),
        retrieval('many ties', points(60, 3, 2), classes(60, 3), points(25, 3, 2), classes(25, 3)),
        retrieval('many ties, each its own query', points(40, 3, 2), classes(40, 3)),
        retrieval('uneven classes', points(60), uneven, points(30), classes(30, 4)),
        retrieval('a query label without a reference', points(30), classes(30, 3), points(12), [0, 1, 2, 7] * 3),
        retrieval('a class of one, each its own query', points(10), [0, 0, 0, 1, 1, 1, 2, 2, 2, 9]),
        retrieval('no query label has a reference', points(5), [0, 0, 1, 1, 1], points(3), [5, 6, 5]),
        retrieval('one class only', points(9), [3] * 9, points(4), [3] * 4),
        retrieval('one class only, each its own query', points(9), [3] * 9),
        retrieval('duplicates', few * 4, classes(24, 3), few, classes(6, 3)),
        retrieval('duplicates, each its own query', few * 4, classes(24, 3)),
        retrieval('all at one point', [[1, 1]] * 12, [0, 1, 2] * 4, [[2, 1]] * 6, [0, 1, 2, 2, 1, 0]),
        retrieval('two of a class, each its own query', points(12), [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]),
        retrieval('five dimensions', points(70, 9, 5), classes(70, 6), points(20, 9, 5), classes(20, 6)),
    ]


def clusters(name, truth, found):
    return dict(name=name, truth=truth, found=found,
                nmi=float(normalized_mutual_info_score(truth, found, average_method='arithmetic')),
                ami=float(adjusted_mutual_info_score(truth, found, average_method='arithmetic')))


def clusterings(draw):
    classes = lambda count, most: draw.integers(0, most, count).tolist()
    truth = classes(300, 10)
    noisy = [label if draw.random() < 0.8 else int(draw.integers(0, 10)) for label in truth]
    many = classes(2000, 10)
    return [
        clusters('the same', truth, truth),
        clusters('the same under other names', truth, [9 - label for label in truth]),
        clusters('mostly right', truth, noisy),
        clusters('chance', truth, classes(300, 10)),
        clusters('fewer clusters', truth, [label // 2 for label in truth]),
        clusters('more clusters', truth, classes(300, 40)),
        clusters('uneven', draw.choice(4, 200, p=(0.7, 0.2, 0.08, 0.02)).tolist(), classes(200, 3)),
        clusters('two thousand', many, [label if draw.random() < 0.7 else (label + 1) % 10 for label in many]),
        clusters('one class, one cluster', [2] * 9, [0] * 9),
        clusters('one class, several clusters', [2] * 9, [0, 1, 2] * 3),
        clusters('several classes, one cluster', [0, 1, 2] * 3, [1] * 9),
        clusters('all apart', list(range(8)), list(range(8))),
        clusters('independent', [0, 0, 1, 1], [0, 1, 0, 1]),
        clusters('two rows', [0, 1], [0, 1]),
    ]


def main():
    draw = np.random.default_rng(2022)
    content = dict(about='written by retrieval.py', versions=VERSIONS, retrieval=retrievals(draw), clusters=clusterings(draw))
    (HERE / 'retrieval.json').write_text(json.dumps(content) + '\n')
    print(VERSIONS)
    for case in content['retrieval']:
        print(case['name'], case['hits'], case['precision_at_1'], case['r_precision'], case['map_at_r'])
    for case in content['clusters']:
        print(case['name'], case['nmi'], case['ami'])


if __name__ == '__main__':
    main()
