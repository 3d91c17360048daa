"""Writes RESULTS.md from the JSON of all stages."""
import json
import statistics

from .compare import number, pairwise, ratio
from .settings import RESULTS
from .stages import STAGES

HEAD = """# Results

Written by `make bench`; edit `benches/harness/`, not this file. `dml` and its peer take turns (A B A B …) on the same
inputs, a new process each time. Figures are medians over the rounds, with the range in brackets. The ratio is that of
the medians, `dml` over peer: below 1, `dml` is faster. The next column has the median and range of the ratios within
each round, which depend less on the load of the machine. Memory is the peak resident memory of the process, in 10⁶
bytes.
"""


def write(settings):
    """Writes RESULTS.md from everything measured so far."""
    measured = {}
    for name in STAGES:
        path = settings.results / f"{name}.json"
        if path.exists():
            measured[name] = json.loads(path.read_text())
    RESULTS.write_text(render(measured))


def render(measured):
    """The text of RESULTS.md. measured: stage name → its JSON."""
    parts = [HEAD]
    newest = max(measured.values(), key=lambda stage: stage["when"], default=None)
    if newest:
        parts.append(table(["machine", ""], list(newest["machine"].items())))
        parts.append(table(["version", ""], list(newest["versions"].items())))
    for name, stage in measured.items():
        parts += section(STAGES[name], stage, newest)
    missing = [f"{STAGES[name].TITLE} (`ONLY={name}`)" for name in STAGES if name not in measured]
    if missing:
        parts.append("## Not measured yet\n\n" + "\n".join(f"- {name}" for name in missing) + "\n")
    return "\n".join(parts)


def section(module, stage, newest):
    yield f"## {module.TITLE}\n"
    yield module.ABOUT + "\n"
    if stage["rows"]:
        header = ["work", "`dml`", "peer", "ratio", "in each round", "memory, MB"]
        yield table(header, [cells(line) for line in stage["rows"]])
    for other in stage.get("tables", []):
        if other["title"]:
            yield f"### {other['title']}\n"
        yield table(other["header"], other["rows"])
        explanation = getattr(module, "EXPLANATIONS", {}).get(other.get("explained"))
        if explanation:
            yield explanation + "\n"
    for note in stage.get("notes", []):
        yield note + "\n"
    yield provenance(stage, newest)


def provenance(stage, newest):
    """When a stage was measured, and on which machine and versions if other than those at the top."""
    text = f"Measured {stage['when'][:10]}, rounds: {stage['rounds']}, load before: {stage['load']:.1f}"
    if stage["machine"] != newest["machine"]:
        text += f", on another machine ({stage['machine']['processor']}, {stage['machine']['cores']} cores)"
    if stage["versions"] != newest["versions"]:
        differing = [f"{name} {version}" for name, version in stage["versions"].items()
                     if newest["versions"].get(name) != version]
        text += f", with {', '.join(differing)}"
    return f"*{text}.*\n"


def cells(line):
    """The cells of one row of a comparison."""
    ours, peer = line["ours"], line["peer"]
    name = "" if ours["name"] == "dml" else f"{ours['name'].removeprefix('dml ')}: "
    goal = f" (goal: {line['goal']:.2f})" if line["goal"] else ""
    rounds = pairwise(line)
    return [
        line["what"],
        f"{name}{spread(ours['values'], line['unit'])}",
        f"{peer['name']} {spread(peer['values'], line['unit'])}",
        f"{ratio(line):.2f}{goal}",
        f"{statistics.median(rounds):.2f} ({min(rounds):.2f}–{max(rounds):.2f})",
        f"{ours['peak_mb']:.0f} / {peer['peak_mb']:.0f}",
    ]


def spread(values, unit):
    """Median and range with three significant digits."""
    middle = f"{number(statistics.median(values))} {unit}"
    return middle if len(values) == 1 else f"{middle} ({number(min(values))}–{number(max(values))})"


def table(header, rows):
    lines = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(map(str, line))} |\n" for line in lines)
