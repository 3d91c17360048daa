"""Measures `dml` and its peers in turn and writes benches/RESULTS.md. Started by benches/run.py; standard library only.

settings.py   what the command line takes, and where everything lies
peers.py      the peers in a folder of their own
process.py    one process: output, seconds, peak memory
compare.py    rounds in turn; medians, ranges and ratios
inputs.py     what the stages work on, made once
machine.py    the machine and the versions
results.py    from the runs' JSON to RESULTS.md
stages/       one file a stage
test_harness  what of this holds without a measurement
"""


class BenchError(Exception):
    """What stops a measurement, told to the user as it is."""
