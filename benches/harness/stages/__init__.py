"""The stages, one file each.

A stage has a NAME for ONLY, a TITLE, ABOUT (prose for RESULTS.md) and `measure(bench)`, which returns a dict:
rows (of `compare.row`), tables (title, header and rows of any other figures) and notes (sentences).
"""
from . import accuracy, csv, embed, evaluation, growth, neighbours, parallel, step, tsne, whole

STAGES = {stage.NAME: stage for stage in (csv, step, embed, neighbours, evaluation, tsne, accuracy, whole, parallel,
                                          growth)}
