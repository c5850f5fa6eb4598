"""scikit-learn's `check_estimator` on the wrapper, beside scikit-learn's own networks."""

import os
import sys
import warnings
from collections import Counter

from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.utils.estimator_checks import check_estimator

import options

sys.path.insert(0, options.BENCHMARKS)
from sklearn_wrapper import RectifierClassifier, RectifierRegressor  # noqa: E402


def checks(estimator):
    """Statuses by name; some checks run several times."""
    with warnings.catch_warnings(action="ignore"):
        results = check_estimator(estimator, on_skip=None, on_fail=None)
    return Counter((result["check_name"], result["status"]) for result in results), results


def run(tool):
    """Prints what passes; returns how many checks fail here, or are not run, that scikit-learn's network passes."""
    missing = 0
    for estimator, network in ((RectifierClassifier, MLPClassifier), (RectifierRegressor, MLPRegressor)):
        ours, results = checks(estimator(os.path.abspath(tool)))
        theirs, _ = checks(network())
        lacking = {name for name, status in theirs if status == "passed" and ours[name, status] < theirs[name, status]}
        lacking |= {name for name, status in ours if status not in ("passed", "skipped")}
        missing += len(lacking)
        counts = [Counter(status for (_, status), count in each.items() for _ in range(count)) for each in (ours, theirs)]
        print(f"{estimator.__name__}: {counts[0]['passed']} checks passed, {counts[0]['skipped']} skipped; "
              f"{network.__name__}: {counts[1]['passed']} and {counts[1]['skipped']}")  # fmt: skip
        for result in results:
            if result["check_name"] in lacking or result["status"] == "skipped":
                print(f"  {result['check_name']} {result['status']}: {result['exception']}")
        for name in lacking - {result["check_name"] for result in results}:
            print(f"  {name} was not run")
    return missing
