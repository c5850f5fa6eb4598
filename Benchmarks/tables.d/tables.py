"""The comparison itself; `Benchmarks/tables` starts it in the virtual environment."""

import importlib.metadata
import os
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed

import catalog
import comparison
import estimator
import options
import peers
import report
import results
import scores
import tool

PACKAGES = {"sklearn": "scikit-learn", "boosting": "scikit-learn", "realmlp": "pytabkit"}
LARGE = 10_000


def key(contender, arguments):
    """Names what a result depends on: the contender, its version, and our flags."""
    if contender == "rectifier":
        return " ".join(["rectifier", tool.version(arguments.tool), *arguments.train_flags])
    return f"{contender} {importlib.metadata.version(PACKAGES[contender])}"


def measure(contender, key, name, seed, arguments):
    """One training and its scores on the test rows, and in which timed run it was."""
    table = catalog.chosen([name])[0]
    content = catalog.content(table, os.path.join(arguments.data, "tabular"))
    train, test = content.split(seed, stratified=not table.is_regression)
    if contender == "rectifier":
        threads = 0 if arguments.timing else 1
        seconds, classes, found = tool.predictions(
            arguments.tool, content, table, seed, train, test, arguments.train_flags, threads
        )
    else:
        seconds, classes, found = peers.predictions(contender, content, table.is_regression, seed, train, test)
    labels = content.labels[test]
    scored = scores.of_numbers(labels.astype(float), found) if table.is_regression else (
        scores.of_classes(labels, classes, found))  # fmt: skip
    shape = {"rows": len(content.rows), "columns": len(content.rows[0]) - 1}
    return {"key": key, "table": name, "seed": seed, "seconds": seconds, "timed": arguments.timing, **shape, **scored}


def share(work, keys, arguments):
    """The contenders of one split, one after another, so that their clocks see the same machine."""
    name, seed, contenders = work
    found = []
    for contender in contenders:
        try:
            found.append(measure(contender, keys[contender], name, seed, arguments))
        except Exception as error:
            found.append({"key": keys[contender], "table": name, "seed": seed, "error": f"{error}"})
    return found


def work(arguments, keys, known):
    """What is still to be trained: table, seed, contenders. Small tables come first."""
    for table in catalog.chosen(arguments.only):
        rows = len(catalog.content(table, os.path.join(arguments.data, "tabular")).rows)
        for seed in range(arguments.seeds):
            todo = [
                name for name in arguments.contenders
                if not (name == "realmlp" and rows >= LARGE and seed >= arguments.slow_seeds)
                and (arguments.timing or not known.get(keys[name], table.name, seed))
            ]  # fmt: skip
            if todo:
                yield table.name, seed, todo


def main():
    arguments = options.parse()
    if arguments.list:
        print(*catalog.NAMES)
        return 0
    if arguments.check_estimator:
        return 1 if estimator.run(arguments.tool) else 0
    unknown = [name for name in arguments.only or () if name not in catalog.NAMES]
    if unknown:
        options.parser().error(f"there is no {', '.join(unknown)}; there are {', '.join(catalog.NAMES)}")
    known = results.Results(arguments.cache)
    keys = {name: key(name, arguments) for name in arguments.contenders}
    todo = [] if arguments.cached else list(work(arguments, keys, known))
    failures = 0
    with ProcessPoolExecutor(arguments.jobs) as pool:
        for done in as_completed(pool.submit(share, one, keys, arguments) for one in todo):
            for result in done.result():
                what = f"{result['table']} {result['seed']} {result['key']}"
                if "error" in result:
                    failures += 1
                    print(f"  {what}: {result['error']}", file=sys.stderr)
                else:
                    known.add(result)
                    print(f"  {what}: {result['seconds']:.2f} s", file=sys.stderr)
    found = comparison.Comparison(known, keys, arguments)
    print(report.summary(found))
    if arguments.output:
        with open(arguments.output, "w") as file:
            file.write(report.page(found, arguments))
        print(f"wrote {arguments.output}", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
