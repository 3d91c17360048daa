"""Measures `dml` and its peers in turn and writes benches/RESULTS.md. Run by benches/run.py; standard library only.

settings.py       command-line options and paths
peers.py          the peers' Python environment
process.py        runs a process: output, seconds, peak memory
compare.py        alternating rounds; medians, ranges and ratios
inputs.py         programs and inputs of the stages
machine.py        the machine and the versions
results.py        RESULTS.md from the JSON of the stages
stages/           one file per stage
test_harness.py   tests that need no measurement
"""


class BenchError(Exception):
    """An error that stops a measurement; its text is shown to the user."""
