"""What a comparison prints at 80 columns, and the page docs/tables.md."""

import math
import textwrap

TITLES = {"rectifier": "Rectifier", "sklearn": "sklearn", "boosting": "HistGB", "realmlp": "RealMLP"}
HEADINGS = ("accuracy, R²", "log-loss, RMSE", "calibration")


def spelled(value):
    """Three digits behind the point, fewer of large numbers."""
    if value is None or math.isnan(value):
        return ""
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.1f}" if abs(value) >= 100 else f"{value:.3f}"


def rows(comparison, index):
    """For each table its name, everyone's mean, and how much better ours is than scikit-learn's network."""
    for table in comparison.found:
        if index >= len(table.metrics):
            continue
        metric = table.metrics[index]
        pair = comparison.pair(table, metric)
        means = [spelled(comparison.mean(table, name, metric)) for name in comparison.contenders]
        yield table, means, [spelled(pair.mean), spelled(pair.error), pair.verdict] if pair else ["", "", ""]


def counted(verdicts):
    return ", ".join(f"{count} {verdict}" for verdict, count in verdicts.items())


def fields(comparison):
    """Who is ranked: everyone, and everyone but RealMLP, which has fewer splits."""
    fast = [name for name in comparison.contenders if name != "realmlp"]
    found = [comparison.contenders] if fast != comparison.contenders else []
    return [names for names in (*found, fast) if len(names) > 1]


def summary(comparison):
    """At most 80 columns."""
    names = comparison.contenders
    lines = []
    for index, heading in enumerate(HEADINGS):
        lines.append(f"{heading:<15}" + "".join(f"{TITLES[name]:>10}" for name in names) + f"{'better by':>11}{'±':>9}")
        for table, means, (mean, error, verdict) in rows(comparison, index):
            line = f"{table.name:<15}" + "".join(f"{value:>10}" for value in means)
            lines.append(f"{line}{mean:>11}{error:>9} {verdict}".rstrip())
        verdicts = comparison.verdicts(index)
        lines += [f"against sklearn's MLP: {counted(verdicts)}", ""] if any(verdicts.values()) else [""]
    for contenders in fields(comparison):
        for index, heading in enumerate(HEADINGS[:2]):
            ranks, count = comparison.ranks(contenders, index)
            cells = "".join(f"{spelled(ranks.get(name)):>10}" for name in names)
            lines.append(f"{heading:<15}{cells}  mean rank, {count} tables")
    for peer in names:
        if peer != "rectifier" and "rectifier" in names:
            ours, theirs, timed = comparison.seconds(peer)
            if theirs:
                note = f", {timed} trainings" if timed else "; not measured in turns, see --timing"
                lines.append(f"to train: {ours:.0f} s, {TITLES[peer]} {theirs:.0f} s, {ours / theirs:.2f} times{note}")
    return "\n".join(lines)


def wrapped(text):
    return textwrap.wrap(text, 120, break_long_words=False, break_on_hyphens=False)


def glance(comparison):
    """What was asked of the defaults, and what became of it."""
    for index, title in enumerate(("accuracy or R²", "log-loss or RMSE", "expected calibration error")):
        yield f"- against scikit-learn's network in {title}: {counted(comparison.verdicts(index))};"
    for contenders in fields(comparison):
        for index, title in enumerate(("accuracy and R²", "log-loss and RMSE")):
            ranks, count = comparison.ranks(contenders, index)
            if ranks:
                said = ", ".join(f"{TITLES[name]} {rank:.2f}" for name, rank in ranks.items())
                yield f"- mean rank by {title} over {count} tables: {said};"
    for peer in comparison.contenders:
        ours, theirs, timed = comparison.seconds(peer)
        if peer != "rectifier" and timed:
            yield f"- seconds of {timed} trainings in turns: Rectifier {ours:.0f}, {TITLES[peer]} {theirs:.0f};"


def page(comparison, arguments):
    names = comparison.contenders
    versions = ", ".join(f"{TITLES[name]} {comparison.keys[name].split(' ', 1)[1]}" for name in names)
    lines = ["# Tables: against scikit-learn, gradient boosting and RealMLP", ""]
    lines += wrapped(
        "Rectifier, scikit-learn's `MLPClassifier` and `MLPRegressor`, its `HistGradientBoosting` and RealMLP-TD of "
        "pytabkit, each at its defaults on the same splits. `Benchmarks/tables` writes this page; "
        "[its README](../Benchmarks/tables.d/README.md) says what is fair."
    )
    lines += ["", "## At a glance", ""]
    for line in glance(comparison):
        lines += textwrap.wrap(line, 120, subsequent_indent="  ")
    lines[-1] = lines[-1].rstrip(";") + "."
    lines += ["", *wrapped(
        f"Each mean is over {arguments.seeds} random splits, 80 % to train and 20 % to test, or over those that were "
        "trained: RealMLP takes long on large tables, and an empty cell has none. *Better by* is the mean of the "
        "differences to scikit-learn's network, split by split, with its standard error; a win or loss is beyond that "
        "error. "
        f"Versions: {versions}."
    )]  # fmt: skip
    titles = ("Accuracy of classes, R² of numbers", "Log-loss of classes, RMSE of numbers", "Expected calibration error")
    for index, title in enumerate(titles):
        head = ["table", "rows", *(TITLES[name] for name in names), "better by", "±", ""]
        lines += ["", f"## {title}", "", f"| {' | '.join(head)} |", "|---|" + "---:|" * (len(head) - 2) + "---|"]
        for table, means, pair in rows(comparison, index):
            size = next(iter(next(iter(comparison.found[table].values())).values()))["rows"]
            lines.append(f"| {' | '.join([table.name, f'{size:,}', *means, *pair])} |")
    return "\n".join(lines) + "\n"
