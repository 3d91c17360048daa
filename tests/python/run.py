"""Sets up Python and runs the tests in this folder.

Run:  make python
PyTorch and the packages of benches/requirements.txt go into `.peers/`, as for `make bench`. What only these tests need
goes into `target/python/`, so that benchmarks are unaffected (pandas uses pyarrow if installed).
"""
import os
import pathlib
import shutil
import subprocess
import sys
import types

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "benches"))
from harness import BenchError, peers  # noqa: E402
from harness.settings import ROOT  # noqa: E402

REQUIREMENTS = HERE / "requirements.txt"
PACKAGES = ROOT / "target" / "python"


def main():
    interpreter = peers.python(types.SimpleNamespace(peers=ROOT / ".peers"))
    add_packages(interpreter)
    environment = os.environ | {"PYTHONPATH": str(PACKAGES)}
    tests = [interpreter, "-m", "unittest", "discover", "--start-directory", HERE]
    return subprocess.run(tests, cwd=ROOT, env=environment).returncode


def add_packages(interpreter):
    """Installs the packages if they are missing or out of date."""
    done = PACKAGES / "done"
    recipe = peers.recipe() + REQUIREMENTS.read_text()
    if not (done.exists() and done.read_text() == recipe):
        shutil.rmtree(PACKAGES, ignore_errors=True)
        pip = [interpreter, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "--no-deps"]
        peers.call([*pip, "--target", PACKAGES, "--requirement", REQUIREMENTS], "run `make python` again to continue")
        done.write_text(recipe)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BenchError as error:
        sys.exit(f"python: {error}")
