"""Writes text_labels.hex: the bytes of a NumPy array of text, in hexadecimal.

NumPy 2.4.6. Run as: python text_labels.py
"""

import io
import pathlib

import numpy

file = io.BytesIO()
numpy.save(file, numpy.array(["é", "katt"]))
out = pathlib.Path(__file__).with_name("text_labels.hex")
out.write_text(file.getvalue().hex() + "\n")
