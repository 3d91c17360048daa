"""The machine and the versions, for RESULTS.md."""
import os
import pathlib
import platform
import subprocess

from .process import available_cores, run
from .settings import ROOT

PEERS = ("torch", "scikit-learn", "openTSNE", "faiss-cpu", "pytorch-metric-learning", "pandas", "numpy")


def machine():
    """Processor, cores, memory and kernel."""
    processor = field("/proc/cpuinfo", "model name") or platform.processor()
    family, model = field("/proc/cpuinfo", "cpu family"), field("/proc/cpuinfo", "model")
    return {
        "processor": processor + (f" (family {family}, model {model})" if family else ""),
        "cores": str(len(available_cores())),
        "memory": f"{int(field('/proc/meminfo', 'MemTotal').split()[0]) * 1024 / 1e9:.1f} GB",
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
    }


def versions(settings, python):
    """The versions of `dml`, of Rust and of the peers."""
    script = ("import importlib.metadata as m, json, platform, sys; "
              "print(json.dumps({n: m.version(n) for n in sys.argv[1:]} | {'Python': platform.python_version()}))")
    return {
        "dml": f"{run([settings.dml, '--version']).stdout.split()[-1]}, commit {commit()}",
        "rustc": output(["rustc", "--version"]).removeprefix("rustc "),
        **run([python, "-c", script, *PEERS]).last_json,
    }


def load():
    """The load average of the last minute."""
    return os.getloadavg()[0]


def commit():
    """The commit, followed by "with changes" if files differ from it."""
    changed = output(["git", "status", "--porcelain", "--untracked-files=no", "--", ":!benches/RESULTS.md"])
    return (output(["git", "rev-parse", "--short", "HEAD"]) or "unknown") + (" with changes" if changed else "")


def field(path, name):
    """The value of the first line `name : value`."""
    for line in pathlib.Path(path).read_text().splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return ""


def output(command):
    """The output of a command; empty if it is missing or fails."""
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    except FileNotFoundError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
