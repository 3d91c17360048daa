"""Writes comparisons.json: what SciPy, statsmodels and NumPy compute for comparisons over seeds.

Run:   python tests/reference/comparisons.py
Needs: scipy, statsmodels, numpy. Takes seconds and overwrites comparisons.json in this folder.

paired  two lists of values and the two-sided p-value of ttest_rel
holm    p-values, and the same corrected by multipletests(method='holm')
ranks   values [rows][seeds], and per row the share of all n^n resamples of the seeds in which its mean has each rank,
        highest first
"""
import itertools, json, pathlib, platform
import numpy as np
import scipy
import statsmodels
from scipy import stats
from statsmodels.stats.multitest import multipletests

HERE = pathlib.Path(__file__).resolve().parent
VERSIONS = dict(scipy=scipy.__version__, statsmodels=statsmodels.__version__, numpy=np.__version__,
                python=platform.python_version())


def paired(a, b):
    return dict(a=a, b=b, p=float(stats.ttest_rel(a, b).pvalue))


def holm(p):
    return dict(p=p, corrected=multipletests(p, method='holm')[1].tolist())


def ranks(values):
    values = np.array(values)
    rows, n = values.shape
    table = np.zeros((rows, rows))
    for resample in itertools.product(range(n), repeat=n):
        means = values[:, resample].mean(axis=1)
        for rank, row in enumerate(np.argsort(-means, kind='stable')):
            table[row, rank] += 1
    return dict(values=values.tolist(), probabilities=(table / n ** n).tolist())


def main():
    random = np.random.default_rng(7)
    draw = lambda n, mean, spread: (mean + spread * random.standard_normal(n)).tolist()
    cases = dict(
        versions=VERSIONS,
        paired=[paired([0.788, 0.787, 0.796], [0.865, 0.853, 0.875]), paired([0.5, 0.7], [0.4, 0.65]),
                paired(draw(5, 0.8, 0.01), draw(5, 0.81, 0.01)), paired(draw(10, 0.8, 0.01), draw(10, 0.8, 0.02)),
                paired(draw(30, 0.1, 0.01), draw(30, 0.2, 0.01)), paired([1.0, 2.0, 3.5], [1.0, 2.5, 3.0])],
        holm=[holm([0.01, 0.04, 0.03, 0.005]), holm([0.2]), holm([0.5, 0.9, 0.6]), holm([1e-6, 0.02, 0.02, 0.3, 0.04])],
        ranks=[ranks([draw(3, 0.80, 0.02), draw(3, 0.81, 0.02)]), ranks([draw(5, m, 0.02) for m in (0.8, 0.81, 0.79)]),
               ranks([draw(4, m, 0.01) for m in (0.8, 0.8, 0.81, 0.79)]), ranks([draw(6, m, 0.01) for m in (0.8, 0.805)])])
    (HERE / 'comparisons.json').write_text(json.dumps(cases) + '\n')


main()
