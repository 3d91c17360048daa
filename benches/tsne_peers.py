"""Times a t-SNE by scikit-learn or openTSNE with their defaults (openTSNE on all cores).

Prints one line of JSON and writes the map.

Run:  python benches/tsne_peers.py opentsne EMBEDDINGS.npy MAP.npy
Needs numpy and scikit-learn or openTSNE. EMBEDDINGS [N, D], MAP [N, 2].
"""
import json
import sys
import time

import numpy as np

library, points, out = sys.argv[1], np.load(sys.argv[2]), sys.argv[3]
if library == "scikit-learn":
    from sklearn.manifold import TSNE

    lay_out = TSNE(n_components=2, random_state=0).fit_transform
elif library == "opentsne":
    from openTSNE import TSNE

    lay_out = TSNE(n_jobs=-1, random_state=0).fit
else:
    sys.exit(f"{library}: must be scikit-learn or opentsne")

start = time.perf_counter()
result = lay_out(points)
seconds = time.perf_counter() - start
np.save(out, np.asarray(result))
print(json.dumps(dict(seconds=seconds)))
