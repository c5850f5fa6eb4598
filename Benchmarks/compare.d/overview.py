"""docs/benchmarks.md: the last report of each family of processors, side by side.

It is read off the reports themselves, `docs/benchmarks/FAMILY.md`: of most of them no measurement is left but the page.
"""

import glob
import os
import re
from dataclasses import dataclass

import options
import report
import workloads

PAGE = os.path.join(options.ROOT, "docs", "benchmarks.md")
REPORTS = os.path.join(options.ROOT, "docs", "benchmarks")


@dataclass
class Family:
    title: str
    file: str
    version: str  # "2026-11-22, 0.1.0 at eb1a14d"
    ratios: dict  # of the nearest peer, by the workload's title
    is_quick: bool


def read(path):
    """A report's title, and the table "At a glance"."""
    with open(path) as file:
        text = file.read()
    title = re.search(r"^# Benchmarks on (.*)$", text, re.MULTILINE)[1]
    version = re.search(r"\*\*Versions\*\* \(([\d-]+)\):\s+Rectifier\s+(\S+)\s+at\s+(\w+)", text)
    rows = re.findall(
        r"^\| (.+?) \| .*? \| .*? \| ([\d.]+) \| .*? \|$",
        text.split("## At a glance")[1].split("\n## ")[0],
        re.MULTILINE,
    )
    stamp = f"{version[1]}, {version[2]} at {version[3]}" if version else ""
    ratios = {name: float(ratio) for name, ratio in rows}
    return Family(title, f"benchmarks/{os.path.basename(path)}", stamp, ratios, "**A quick run" in text)


def families():
    return [read(path) for path in sorted(glob.glob(os.path.join(REPORTS, "*.md")))]


def rows():
    """What is aimed at, by the title of each row, in the order of the reports."""
    found = {}
    for workload in workloads.WORKLOADS:
        own = [goal for goal in workload.goals if goal.peers == workloads.OUR_DENSE]
        found[workload.title] = ", ".join(goal_text(goal) for goal in workload.goals if goal not in own)
        found |= {report.dense_title(workload): f"{goal.ratio:g}" for goal in own}
    return found | {process.title: f"{process.ratio:g}" for process in report.PROCESSES}


def goal_text(goal):
    names = {
        "pytorch": "PyTorch",
        "jax": "JAX",
        "sklearn": "scikit-learn",
        "onnxruntime": "ONNX Runtime",
    }
    libraries = [names[settings[0].split("-")[0]] for settings in goal.libraries()]
    return f"{goal.ratio:g} ({' and '.join(libraries)})"


def lowest(family):
    """The title and the ratio of the workload in which a peer comes nearest; processes are left out."""
    timed = {
        title: family.ratios[title]
        for title in (workload.title for workload in workloads.WORKLOADS)
        if title in family.ratios
    }
    return min(timed.items(), key=lambda item: item[1]) if timed else None


def line():
    """What the README quotes."""
    parts = []
    for family in families():
        if not family.is_quick and (found := lowest(family)):
            parts.append(f"{found[1]:.2f} on {family.title} ({found[0]})")
    return f"lowest ratio to a peer's best setting: {'; '.join(parts)}"


def write():
    every = families()
    lines = [
        "# Benchmarks",
        "",
        *report.wrapped(
            "How many times as long as Rectifier the nearest peer takes, each at its best settings, in the last "
            "report of each family of processors. "
            "`Benchmarks/compare` measures, writes the report of the processor it runs on, and then this page. What "
            "was tried to get here is in the "
            "[appendix](benchmarks-appendix.md)."
        ),
        "",
        f"| workload | goal | {' | '.join(f'[{family.title}]({family.file})' for family in every)} |",
        "|---|---|" + "---:|" * len(every),
    ]
    for title, aim in rows().items():
        cells = [f"{family.ratios[title]:.2f}" if title in family.ratios else "" for family in every]
        if any(cells):
            lines.append(f"| {title} | {aim} | {' | '.join(cells)} |")
    stamps = [f"{family.version}{', a quick run that says nothing' if family.is_quick else ''}" for family in every]
    lines.append(f"| measured | | {' | '.join(stamps)} |")
    lines += [
        "",
        *report.wrapped(
            "Ratios of different dates are not those of the same program: each is of the versions named in its "
            "report. Until November 2026 PyTorch had no "
            "preloaded libraries and no `channels_last`; where these make it faster, newer ratios are lower for that "
            "reason, and the report says by how much."
        ),
    ]
    with open(PAGE, "w") as file:
        file.write("\n".join(lines) + "\n")
