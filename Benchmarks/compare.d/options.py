"""The command line of `Benchmarks/compare`.

Needs only the standard library, because it is read before the virtual environment stands.
"""

import argparse
import os

import machine

HERE = os.path.dirname(os.path.abspath(__file__))
BENCHMARKS = os.path.dirname(HERE)
ROOT = os.path.dirname(BENCHMARKS)


def parser():
    result = argparse.ArgumentParser(
        prog="Benchmarks/compare",
        description="Times Rectifier and its peers in one run, turn about, on the same data, weights, batches and "
        "threads; checks that their losses "
        "agree; writes the report. Exits with 1 where losses disagree or a row could not be measured.",
    )
    data = os.environ.get("RECTIFIER_DATA") or os.path.join(ROOT, "..", "shared", "data")
    add = result.add_argument
    add(
        "--venv",
        metavar="FOLDER",
        default=os.path.join(BENCHMARKS, ".venv"),
        help="the virtual environment, made where it is missing (Benchmarks/.venv)",
    )
    usual = os.path.join(ROOT, "docs", "benchmarks", f"{machine.family()[0]}.md")
    add(
        "--output",
        metavar="FILE",
        default=usual,
        help=f"the report of this processor's family (docs/benchmarks/{os.path.basename(usual)})",
    )
    add(
        "--results",
        metavar="FILE",
        default=os.path.join(BENCHMARKS, ".last-run.json"),
        help="every measurement (Benchmarks/.last-run.json)",
    )
    add(
        "--data",
        metavar="FOLDER",
        default=os.path.abspath(data),
        help="the folder that has fashion-mnist and cifar10 (RECTIFIER_DATA)",
    )
    add("--only", metavar="NAME,…", type=lambda text: text.split(","), help="these workloads only; --list names them")
    add("--peers", metavar="NAME,…", type=lambda text: text.split(","), help="these peers only; --list names them")
    add(
        "--rounds",
        metavar="N",
        type=int,
        help="turns of each side that are counted, at least 1 (15, fewer where they are long)",
    )
    add("--seeds", metavar="N", type=int, default=5, help="of the real runs (5)")
    add("--threads", metavar="N", type=int, default=2, help="of every side; inference takes one (2)")
    add("--quick", action="store_true", help="3 rounds, 1 seed, a tenth of the steps: to see that everything works")
    add("--census", choices=("on", "off"), help="Rectifier's census of kinks (the library's default)")
    add("--no-build", action="store_true", help="take Rectifier as it was last built")
    add("--report", action="store_true", help="write the report again from --results, after a note was changed")
    add("--list", action="store_true", help="names of workloads and peers")
    return result


def parse(arguments=None):
    options = parser().parse_args(arguments)
    if options.quick:
        options.rounds, options.seeds = options.rounds or 3, 1
    for name in ("rounds", "seeds", "threads"):
        value = getattr(options, name)
        if value is not None and value < 1:
            parser().error(f"--{name} must be at least 1")
    return options
