"""Sets up the peers in their own Python environment, `.peers/`.

Packages come from PyPI in the versions of benches/requirements.txt. The large one is PyTorch: its wheel for Linux on
x86-64 links 2 GB of NVIDIA libraries that computation on the CPU never calls. They are replaced by empty libraries of
the same names (built with `cc`), loaded with lazy binding so that none of their symbols is looked up. libtorch_cpu.so,
which does the computing, is unchanged. If the libtorch that `dml` was built with is a wheel for this Python, it is used
for both.
"""
import hashlib
import os
import pathlib
import platform
import subprocess
import sys
import sysconfig

from . import BenchError
from .compare import say
from .settings import BENCHES, ROOT

TORCH = "2.13.0"
# Installed without dependencies: these include PyTorch with all NVIDIA libraries; the others are in the requirements.
WITHOUT_TORCH = ("pytorch-metric-learning==2.9.0",)
# These two are called at start-up even without a GPU.
NVIDIA = ("nvidia-cuda-cupti==13.0.85", "nvidia-cuda-runtime==13.0.96")
STAND_INS = ("libcublas.so.13", "libcublasLt.so.13", "libcudnn.so.9", "libcufft.so.12", "libcufile.so.0",
             "libcurand.so.10", "libcusparse.so.12", "libcusparseLt.so.0", "libnccl.so.2", "libnvrtc.so.13",
             "libnvshmem_host.so.3")
REQUIREMENTS = BENCHES / "requirements.txt"
# The oldest Python that these versions of numpy and pandas support.
OLDEST_PYTHON = (3, 11)


def python(settings):
    """The Python of the peers, set up first if it is missing or out of date."""
    interpreter = settings.peers / "bin" / "python"
    done = settings.peers / "done"
    if not (done.exists() and done.read_text() == recipe()):
        set_up(settings.peers, interpreter)
        done.write_text(recipe())
    return interpreter


def recipe():
    """A hash of everything that the set-up depends on."""
    text = REQUIREMENTS.read_text() + pathlib.Path(__file__).read_text() + sys.version + str(shared_torch())
    return hashlib.sha256(text.encode()).hexdigest()


def set_up(folder, interpreter):
    if sys.version_info < OLDEST_PYTHON:
        oldest = ".".join(map(str, OLDEST_PYTHON))
        raise BenchError(f"the peers need Python {oldest} or newer, this is {platform.python_version()}: "
                         "choose another with PYTHON=python3.12")
    say(f"setting up the peers in {folder.name}/ (0.5 GB without PyTorch)")
    call([sys.executable, "-m", "venv", "--clear", folder], "install Python's venv and pip")
    pip = [interpreter, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    call([*pip, "--requirement", REQUIREMENTS], "run `make bench` again to continue")
    call([*pip, "--no-deps", *WITHOUT_TORCH], "run `make bench` again to continue")
    packages = pathlib.Path(sysconfig.get_path("purelib", "venv", {"base": str(folder), "platbase": str(folder)}))
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        call([*pip, f"torch=={TORCH}"], "run `make bench` again to continue")
    else:
        lines = []
        if shared_torch():
            lines.append(str(shared_torch()))
        else:
            say(f"downloading PyTorch {TORCH} (0.5 GB to download, 1.2 GB on disk)")
            call([*pip, "--no-deps", f"torch=={TORCH}", *NVIDIA], "run `make bench` again to continue")
        lines.append(stand_ins(folder / "stand-ins"))
        (packages / "torch_without_cuda.pth").write_text("\n".join(lines) + "\n")
    call([interpreter, "-c", "import torch, faiss, openTSNE, sklearn, pandas, pytorch_metric_learning"],
         f"remove {folder.name}/ and run `make bench` again")


def shared_torch():
    """The folder that contains libtorch, if it is PyTorch's wheel for this Python; else None."""
    folder = ROOT / os.environ.get("LIBTORCH", ".libtorch/torch")
    module = folder / f"_C{sysconfig.get_config_var('EXT_SUFFIX')}"
    version = folder / "version.py"
    fits = module.exists() and version.exists() and f"'{TORCH}" in version.read_text()
    return folder.resolve().parent if fits else None


def stand_ins(folder):
    """Builds the empty libraries; returns the line of a .pth file that loads them when Python starts."""
    folder.mkdir(exist_ok=True)
    for name in STAND_INS:
        call(["cc", "-shared", "-x", "c", os.devnull, "-o", folder / name, f"-Wl,-soname,{name}"],
             "a C compiler is needed, as for `make build`")
    load = f"list(map(ctypes.CDLL, glob.glob({str(folder / '*.so.*')!r})))"
    return f"import ctypes, glob, os, sys; sys.setdlopenflags(os.RTLD_LAZY); {load}"


def call(command, remedy):
    done = subprocess.run([str(part) for part in command], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        shown = " ".join(str(part) for part in command)
        raise BenchError(f"{shown}\n{(done.stderr or done.stdout)[-2000:]}\n{remedy}")
