"""Writes metrics.json: what scikit-learn and SciPy compute for small cases of our metrics.

Run:   python tests/reference/metrics.py
Needs: scikit-learn, scipy, numpy. Takes seconds and overwrites metrics.json in this folder.

classification  label vectors as class indices 0..classes-1; accuracy, macro precision, recall and F1 with
                zero_division=0; per-class values and supports for the labels that occur (`labels`, ascending);
                the confusion matrix over all `classes`, rows true, columns predicted
neighbours      float32 points without ties: the 5 nearest of each query, and for K = 1..9 KNeighborsClassifier's
                [query, class] if the vote has one winner (scikit-learn breaks ties differently)
recall          predict_proba of 10 neighbours; only queries for which the 4 classes have different, nonzero numbers of
                votes, so that their ranking is unique
intervals       95 % t-intervals of a mean and of a paired difference (ttest_rel)
"""
import json, pathlib, platform
import numpy as np
import scipy
from scipy import stats
import sklearn
from sklearn import metrics
from sklearn.neighbors import KNeighborsClassifier

HERE = pathlib.Path(__file__).resolve().parent
VERSIONS = dict(scikit_learn=sklearn.__version__, scipy=scipy.__version__, numpy=np.__version__,
                python=platform.python_version())


def classification(name, classes, truth, predicted):
    macro = dict(average='macro', zero_division=0)
    labels = sorted(set(truth) | set(predicted))
    each = metrics.precision_recall_fscore_support(truth, predicted, labels=labels, zero_division=0)
    return dict(name=name, classes=classes, truth=truth, predicted=predicted, labels=labels,
                accuracy=metrics.accuracy_score(truth, predicted),
                precision=metrics.precision_score(truth, predicted, **macro),
                recall=metrics.recall_score(truth, predicted, **macro),
                f1=metrics.f1_score(truth, predicted, **macro),
                per_class=dict(zip(('precision', 'recall', 'f1'), (v.tolist() for v in each))) |
                dict(support=[int(v) for v in each[3]]),
                confusion=metrics.confusion_matrix(truth, predicted, labels=range(classes)).tolist())


def classifications(draw):
    truth = draw.integers(0, 10, 200)
    noisy = np.where(draw.random(200) < 0.7, truth, draw.integers(0, 10, 200))
    skewed = draw.choice(10, 300, p=[.4, .2, .1, .1, .05, .05, .04, .03, .02, .01])
    biased = np.where(draw.random(300) < 0.5, skewed, 0)
    return [
        classification('balanced, some wrong', 10, truth.tolist(), noisy.tolist()),
        classification('unbalanced, drawn to one class', 10, skewed.tolist(), biased.tolist()),
        classification('a class never predicted', 3, [0, 0, 1, 1, 2, 2], [0, 0, 1, 1, 0, 1]),
        classification('a class predicted but never true', 3, [0, 0, 1, 1], [0, 2, 1, 2]),
        classification('classes that occur in neither', 6, [1, 1, 4, 4, 4], [1, 4, 4, 4, 1]),
        classification('precision and recall far apart', 2, [0] * 9 + [1], [0] * 3 + [1] * 7),
        classification('one class', 1, [0, 0, 0], [0, 0, 0]),
        classification('all right', 3, [0, 1, 2, 1], [0, 1, 2, 1]),
        classification('all wrong', 2, [0, 1, 0], [1, 0, 1]),
        classification('one row', 2, [1], [1]),
    ]


def neighbours(draw):
    references = draw.normal(size=(60, 3)).astype(np.float32)
    labels = draw.integers(0, 3, 60)
    references += labels[:, None].astype(np.float32) * 0.7
    queries = (draw.normal(size=(12, 3)) + 0.7).astype(np.float32)
    predictions = {}
    for k in range(1, 10):
        classifier = KNeighborsClassifier(n_neighbors=k).fit(references, labels)
        votes = np.sort(np.rint(classifier.predict_proba(queries) * k), axis=1)
        clear = np.flatnonzero(votes[:, -1] > votes[:, -2])
        predictions[k] = list(zip(clear.tolist(), classifier.predict(queries)[clear].tolist()))
    distances, indices = classifier.kneighbors(queries, 5)
    return dict(references=references.tolist(), labels=labels.tolist(), queries=queries.tolist(), k=5,
                indices=indices.tolist(), distances=distances.tolist(), predictions=predictions)


def recall(draw):
    references = draw.normal(size=(80, 2)).astype(np.float32)
    labels = draw.integers(0, 4, 80)
    references[:, 0] += labels.astype(np.float32) * 0.3
    queries, truth = draw.normal(size=(400, 2)).astype(np.float32), draw.integers(0, 4, 400)
    queries[:, 0] += truth.astype(np.float32) * 0.3
    classifier = KNeighborsClassifier(n_neighbors=10).fit(references, labels)
    votes = np.sort(np.rint(classifier.predict_proba(queries) * 10), axis=1)
    clear = (votes[:, 0] > 0) & (np.diff(votes, axis=1) > 0).all(axis=1)
    queries, truth = queries[clear], truth[clear]
    ranked = np.argsort(-classifier.predict_proba(queries), axis=1)
    at = [float((ranked[:, :k] == truth[:, None]).any(axis=1).mean()) for k in (1, 2, 3, 4)]
    return dict(references=references.tolist(), labels=labels.tolist(), queries=queries.tolist(), truth=truth.tolist(),
                voters=10, recall_at=at)


def interval(values):
    mean, deviation = float(np.mean(values)), float(np.std(values, ddof=1))
    low, high = stats.t.interval(0.95, len(values) - 1, loc=mean, scale=stats.sem(values))
    return dict(values=values, mean=mean, deviation=deviation, low=float(low), high=float(high))


def paired(a, b):
    bounds = stats.ttest_rel(a, b).confidence_interval(0.95)
    return dict(a=a, b=b, mean=float(np.mean(np.subtract(a, b))), low=float(bounds.low), high=float(bounds.high))


def intervals(draw):
    many = draw.normal(0.8, 0.02, 30).tolist()
    return dict(mean=[interval(v) for v in ([0.861, 0.868, 0.857], [0.79, 0.80], [1.0, 2.0, 3.0, 4.0, 5.0], many)],
                paired=[paired([0.861, 0.868, 0.857], [0.785, 0.801, 0.789]), paired([0.5, 0.6], [0.52, 0.55]),
                        paired(many, draw.normal(0.8, 0.02, 30).tolist())])


def main():
    draw = np.random.default_rng(2022)
    content = dict(about='written by metrics.py', versions=VERSIONS, classification=classifications(draw),
                   neighbours=neighbours(draw), recall=recall(draw), intervals=intervals(draw))
    (HERE / 'metrics.json').write_text(json.dumps(content) + '\n')
    print(VERSIONS)
    print('clear votes by K:', {k: len(v) for k, v in content['neighbours']['predictions'].items()})
    print('recall@1..4:', content['recall']['recall_at'], 'of', len(content['recall']['truth']), 'queries')


if __name__ == '__main__':
    main()
