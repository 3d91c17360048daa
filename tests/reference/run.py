"""Writes the reference values of losses, in a Python that has what all_losses.py needs.

Run:  make reference LOSS=my-loss
PyTorch and the packages of benches/requirements.txt come into `.peers/`, as for `make bench`.
"""
import pathlib
import subprocess
import sys
import types

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "benches"))
from harness import BenchError, peers  # noqa: E402
from harness.settings import ROOT  # noqa: E402

if __name__ == "__main__":
    try:
        interpreter = peers.python(types.SimpleNamespace(peers=ROOT / ".peers"))
        sys.exit(subprocess.run([interpreter, HERE / "all_losses.py", *sys.argv[1:]]).returncode)
    except BenchError as error:
        sys.exit(f"reference: {error}")
