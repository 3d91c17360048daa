"""Times exact nearest-neighbour search with FAISS or scikit-learn, as `benches/stages/neighbours.rs` does for dml.

faiss: IndexFlatL2, all cores. scikit-learn: NearestNeighbors(n_jobs=-1), which chooses its algorithm. Each search
includes building the index. Prints one line of JSON: seconds for each k.

Run:  python benches/neighbours_peers.py faiss REFERENCES.npy QUERIES.npy 1,10,92 [OUT.npy]
Needs numpy and faiss-cpu or scikit-learn. REFERENCES [N, D], QUERIES [Q, D] f32; the distances of the last search
[Q, k] are written to OUT.
"""
import json
import sys
import time

import numpy as np


def faiss_search(references, queries, k):
    index = faiss.IndexFlatL2(references.shape[1])
    index.add(references)
    return np.sqrt(np.maximum(index.search(queries, k)[0], 0))


def sklearn_search(references, queries, k):
    return NearestNeighbors(n_neighbors=k, n_jobs=-1).fit(references).kneighbors(queries)[0]


library, references, queries, ks = sys.argv[1], np.load(sys.argv[2]), np.load(sys.argv[3]), sys.argv[4]
if library == "faiss":
    import faiss

    search = faiss_search
elif library == "scikit-learn":
    from sklearn.neighbors import NearestNeighbors

    search = sklearn_search
else:
    sys.exit(f"{library}: must be faiss or scikit-learn")

seconds = {}
for k in ks.split(","):
    start = time.perf_counter()
    distances = search(references, queries, int(k))
    seconds[k] = time.perf_counter() - start
if len(sys.argv) > 5:
    np.save(sys.argv[5], distances.astype("float32"))
print(json.dumps(dict(seconds=seconds)))
