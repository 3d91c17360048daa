"""Sets up the peers in `.peers/`, unless they are there in the versions wanted.

Run:  make peers
"""
import sys
import types

from harness import BenchError, peers
from harness.settings import ROOT

if __name__ == "__main__":
    try:
        print(peers.python(types.SimpleNamespace(peers=ROOT / ".peers")))
    except BenchError as error:
        sys.exit(f"peers: {error}")
