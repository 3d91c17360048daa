"""Runs a process and records its output, wall time, CPU time and peak memory."""
import json
import os
import subprocess
import tempfile
import time
from dataclasses import dataclass

from . import BenchError
from .settings import ROOT

# The user's tuning of some libraries would distort the comparison.
UNSET = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS",
         "RAYON_NUM_THREADS", "POLARS_MAX_THREADS", "PYTHONPATH")


@dataclass(frozen=True)
class Finished:
    """A process that ended successfully."""

    stdout: str
    seconds: float  # wall time
    processor_seconds: float  # user and system, all threads
    peak_mb: float  # largest resident memory, in 10^6 bytes

    @property
    def json(self):
        """All of the output, read as JSON."""
        try:
            return json.loads(self.stdout)
        except ValueError:
            raise BenchError(f"no JSON:\n{self.stdout[:500]}") from None

    @property
    def last_json(self):
        """The last line of the output, read as JSON."""
        lines = self.stdout.strip().splitlines()
        try:
            return json.loads(lines[-1])
        except (IndexError, ValueError):
            raise BenchError(f"no line of JSON at the end of the output:\n{self.stdout[-500:]}") from None


def run(command, cores=None):
    """Runs a command in the project's root, limited to `cores` cores if given.

    If it fails, the error has the end of its stderr.
    """
    command = [str(part) for part in command]
    environment = {name: value for name, value in os.environ.items() if name not in UNSET}
    environment["NO_COLOR"] = "1"
    limit = (lambda: os.sched_setaffinity(0, available_cores()[:cores])) if cores else None
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        start = time.perf_counter()
        child = subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                 preexec_fn=limit)
        try:
            _, status, usage = os.wait4(child.pid, 0)
        except BaseException:
            child.kill()
            child.wait()
            raise
        seconds = time.perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != 0:
            raise BenchError(f"exit code {child.returncode}: {' '.join(command)}\n{text(err)[-2000:]}")
        return Finished(text(out), seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6)


def available_cores():
    """Indices of the cores that this process may use."""
    return sorted(os.sched_getaffinity(0))


def text(file):
    file.seek(0)
    return file.read().decode(errors="replace")
