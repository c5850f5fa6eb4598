"""The command line of `Benchmarks/tables`.

Needs only the standard library, because it is read before the virtual environment stands.
"""

import argparse
import os
import shlex
import time

BENCHMARKS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROOT = os.path.dirname(BENCHMARKS)
CONTENDERS = ("rectifier", "sklearn", "boosting", "realmlp")


def names(text):
    return text.split(",")


def parser():
    result = argparse.ArgumentParser(
        prog="Benchmarks/tables",
        description="Trains Rectifier, scikit-learn's MLP, its HistGradientBoosting and RealMLP-TD at their defaults "
        "on the same splits of public tables, and compares their scores. Results are kept in a file, so that what was "
        "computed once is not computed again.",
    )
    data = os.environ.get("RECTIFIER_DATA") or os.path.join(ROOT, "..", "shared", "data")
    add = result.add_argument
    add("--venv", metavar="FOLDER", default=os.path.join(BENCHMARKS, ".venv-tables"),
        help="the virtual environment, made where it is missing (Benchmarks/.venv-tables)")  # fmt: skip
    add("--data", metavar="FOLDER", default=os.path.abspath(data), help="the folder that has tabular (RECTIFIER_DATA)")
    add("--tool", metavar="FILE", help="the `rectifier` to run (built in release)")
    add("--train-flags", metavar="FLAGS", type=shlex.split, default=[],
        help="more flags for `rectifier train`, in one argument")  # fmt: skip
    add("--only", metavar="TABLE,…", type=names, help="these tables only; --list names them")
    add("--contenders", metavar="NAME,…", type=names, default=list(CONTENDERS),
        help=f"of {', '.join(CONTENDERS)} (all)")  # fmt: skip
    add("--seeds", metavar="N", type=int, default=10, help="splits of each table (10)")
    add("--slow-seeds", metavar="N", type=int, default=2,
        help="splits for RealMLP of tables with 10,000 rows or more (2)")  # fmt: skip
    add("--jobs", metavar="N", type=int, default=1, help="trainings side by side, each on one thread (1)")
    add("--cached", action="store_true", help="train nothing: compare what the file of results has")
    add("--timing", action="store_true",
        help="train all anew, in turns, with every thread; only such seconds are compared")  # fmt: skip
    add("--cache", metavar="FILE", default=os.path.join(BENCHMARKS, ".tables.jsonl"),
        help="the file of results (Benchmarks/.tables.jsonl)")  # fmt: skip
    add("--output", metavar="FILE", help="write the report; docs/tables.md is made so")
    add("--check-estimator", action="store_true", help="run scikit-learn's checks of estimators on sklearn_wrapper.py")
    add("--list", action="store_true", help="names of the tables")
    return result


def parse(arguments=None):
    options = parser().parse_args(arguments)
    for name in options.contenders:
        if name not in CONTENDERS:
            parser().error(f"there is no contender {name}; there are {', '.join(CONTENDERS)}")
    for name in ("seeds", "slow_seeds", "jobs"):
        if getattr(options, name) < 1:
            parser().error(f"--{name.replace('_', '-')} must be at least 1")
    if options.timing and options.jobs > 1:
        parser().error("--timing takes one job at a time; leave out --jobs")
    options.timing = time.time() if options.timing else None  # names the run: seconds of two runs are not compared
    return options
