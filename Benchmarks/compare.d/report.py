"""The report: docs/benchmarks.md from the measurements."""

import os
import statistics

import options
import turns
import workloads

NOTES = os.path.join(options.BENCHMARKS, "notes")


def quartiles(values):
    """Lower quartile, median, upper quartile."""
    if len(values) < 2:
        return (values[0],) * 3
    return tuple(statistics.quantiles(values, n=4, method="inclusive"))


def ratios(result, peer, key="seconds"):
    """Pair by pair, how many times as much the peer took as Rectifier; None where it did not run to the end."""
    ours, theirs = result[key].get("rectifier", []), result[key].get(peer, [])
    return [b / a for a, b in zip(ours, theirs)] if len(ours) == len(theirs) > 0 else None


def spelled(values, digits=2):
    """Median and quartiles."""
    low, middle, high = quartiles(values)
    return f"{middle:.{digits}f} ({low:.{digits}f}–{high:.{digits}f})"


def time(seconds):
    for unit, scale in (("s", 1), ("ms", 1e-3)):
        if seconds >= scale:
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds * 1e6:.3g} µs"


class Row:
    """A goal and what became of it."""

    def __init__(self, workload, what, ours, theirs, ratio, goal, met):
        self.workload, self.what, self.ours, self.theirs, self.ratio, self.goal, self.met = workload, what, ours, theirs, ratio, goal, met

    def __str__(self):
        verdict = {True: "met", False: "**missed**", None: "not measured"}[self.met]
        return f"| {self.workload} | {self.what} | {self.ours} | {self.theirs} | {self.ratio} | {self.goal} | {verdict} |"


def goals(all, workload):
    """The rows of a workload."""
    result = all["workloads"].get(workload.name)
    if result is None:
        return []
    pairs = [(goal, peer) for goal in workload.goals for peer in goal.peers]
    if "skipped" in result:
        return [Row(workload.title, turns.title(peer), "", "", result["skipped"], f"≥ {goal.ratio:g}×", None) for goal, peer in pairs]
    rows, steps = [], result["steps"]
    ours = statistics.median(result["seconds"]["rectifier"]) / steps
    for goal, peer in pairs:
        values, aim = ratios(result, peer), f"≥ {goal.ratio:g}×"
        if values is None:
            rows.append(Row(workload.title, turns.title(peer), time(ours), "", "", aim, None))
            continue
        theirs = statistics.median(result["seconds"][peer]) / steps
        met = statistics.median(values) >= goal.ratio
        rows.append(Row(workload.title, turns.title(peer), time(ours), time(theirs), spelled(values), aim, met))
    if workload.most_microseconds:
        limit = workload.most_microseconds
        rows.append(Row(workload.title, "a step", time(ours), "", "", f"≤ {limit:g} µs", ours * 1e6 <= limit))
    if workload.beats_peak:
        rate, peak = 2 * workload.multiply_adds() / ours, peak_of(all)
        rows.append(
            Row(workload.title, "dense-equivalent rate and peak", f"{rate / 1e9:.0f} GFLOP/s", f"{peak / 1e9:.0f} GFLOP/s", f"{rate / peak:.2f}", "> 1×", rate > peak)
        )  # fmt: skip
    return rows


def threads(all):
    return "one thread" if all["threads"] == 1 else f"{all['threads']} threads"


def peak_of(all):
    return all["machine"]["peak"] * all["threads"]


def process_goals(all):
    rows = []
    for name, key, ratio, title, form in (
        (workloads.MEMORY, "bytes", 3, "peak memory of `rectifier train`, Fashion-MNIST", lambda value: f"{value / 2**20:.0f} MiB"),
        (workloads.COMMAND, "seconds", 4, "command to finished model, Fashion-MNIST one epoch, whole process", time),
    ):
        result = all["workloads"].get(name)
        if result is None:
            continue
        if "skipped" in result:
            rows.append(Row(title, "PyTorch's script", "", "", result["skipped"], f"≥ {ratio}×", None))
            continue
        values = ratios(result, "pytorch-script", key)
        ours, theirs = (form(statistics.median(result[key][side])) for side in ("rectifier", "pytorch-script"))
        rows.append(Row(title, "PyTorch's script", ours, theirs, spelled(values), f"≥ {ratio}×", statistics.median(values) >= ratio))
    return rows


def accuracy(result, peer):
    found = [reply["accuracy"] for reply in result["finish"].get(peer, []) if reply.get("accuracy") is not None]
    if not found:
        return ""
    spread = f" ± {100 * statistics.stdev(found):.2f}" if len(found) > 1 else ""
    return f"{100 * statistics.mean(found):.2f}{spread}"


def details(all, workload):
    """The section of a workload."""
    result = all["workloads"].get(workload.name)
    if result is None:
        return []
    lines = [f"### {workload.name}", "", f"{workload.title[0].upper()}{workload.title[1:]}.", ""]
    if "skipped" in result:
        return lines + [f"Not run: {result['skipped']}.", ""]
    unit = "a sample" if workload.kind == "infer" else "a step"
    has_accuracy = accuracy(result, "rectifier") != ""
    head = ["", f"{unit}, median (quartiles)", "times Rectifier's", "loss differs in the first epoch", "at most"]
    head += ["test accuracy, %"] if has_accuracy else []
    lines += [f"| {' | '.join(head)} |", "|---|" + "---:|" * (len(head) - 1)]
    for peer in ("rectifier", *workload.peers):
        if peer in result["failures"]:
            lines.append(f"| {turns.title(peer)} | left out: {result['failures'][peer].replace('|', '/')} |" + " |" * (len(head) - 2))
            continue
        if peer not in result["seconds"]:
            lines.append(f"| {turns.title(peer)} | not asked for |" + " |" * (len(head) - 2))
            continue
        low, middle, high = (time(value / result["steps"]) for value in quartiles(result["seconds"][peer]))
        cells = [turns.title(peer), f"{middle} ({low} – {high})"]
        found = ratios(result, peer) if peer != "rectifier" else None
        cells.append(spelled(found) if found else "1")
        difference = result["disagreement"].get(peer)
        for value, limit in zip(difference, (workload.tolerance, workload.tolerance_later)) if difference else ((None, 0), (None, 0)):
            cells.append("" if value is None else f"{value:.1e}" + (" **too much**" if value > limit else ""))
        cells += [accuracy(result, peer)] if has_accuracy else []
        lines.append(f"| {' | '.join(cells)} |")
    count = len(result["seconds"]["rectifier"])
    lines += ["", f"{count} pairs of {result['steps']:,} {'samples' if workload.kind == 'infer' else 'steps'} each. {data_of(workload, result)}"]
    if workload.kind == "train":
        first, last = result["losses"]["rectifier"][0][0], result["losses"]["rectifier"][-1][-1]
        lines.append(
            f"Rectifier's mean loss went from {first:.4g} in the first epoch to {last:.4g} in the last. Relative differences up to {workload.tolerance:g} in the first "
            f"epoch and {workload.tolerance_later:g} in any pass."
        )
        lines += zeros_of(result)
        rate = 2 * workload.multiply_adds() / (statistics.median(result["seconds"]["rectifier"]) / result["steps"])
        lines.append(
            f"A step counts {workload.multiply_adds() / 1e6:,.3g} million multiply-adds where nothing is skipped: {rate / 1e9:.3g} GFLOP/s "
            f"dense-equivalent, {rate / peak_of(all):.0%} of the multiply-add peak of {threads(all)}."
        )
    note = os.path.join(NOTES, f"{workload.name}.md")
    return lines + [""] + note_lines(note)


def note_lines(path):
    if not os.path.exists(path):
        return []
    with open(path) as file:
        return [file.read().strip(), ""]


def data_of(workload, result):
    if workload.kind == "infer":
        return (
            "A model that `rectifier train` made in this run, read by Rectifier from its folder and by the peers from the same weights. Timed: a call "
            "for each test image, one after the other, from a sample in memory to its outputs."
        )
    if workload.is_real:
        return (
            f"The real training images, {workload.epochs} epochs for each seed; weights and order drawn by the seed, the same for everyone, the order kept "
            "over the epochs. Every epoch is counted."
        )
    return "Generated data; every epoch has the same batches." + (
        " Each turn begins with an epoch that is trained and not counted." if workload.warm else ""
    )


def percentages(shares):
    """All of a few, the range of many."""
    if len(shares) > 6:
        return f"{sum(shares) / len(shares):.0%} in the mean of {len(shares)}, from {min(shares):.0%} to {max(shares):.0%}"
    return ", ".join(f"{share:.0%}" for share in shares)


def zeros_of(result):
    lines = []
    shares = result.get("zeros")
    if shares:
        lines.append(f"Zeros in what each product reads, at the start, by numpy: {percentages(shares)}.")
    for reply in result["finish"].get("pytorch-eager", [])[:1]:
        lines.append(f"Zeros in the same at the end, by PyTorch: {percentages(reply['zeros'])}.")
    return lines


def write(all, path):
    machine, versions = all["machine"], all["versions"]
    rows = [row for workload in workloads.WORKLOADS for row in goals(all, workload)] + process_goals(all)
    peers = ", ".join(f"{turns.title(peer)} {versions[peer]}" for peer in turns.SCRIPTS if peer in versions)
    settings = "".join(f", {name}={value}" for name, value in machine["environment"].items())
    lines = [
        "# Benchmarks",
        "",
        "Written by `Benchmarks/compare`; notes are added by hand in `Benchmarks/notes`. Figures from another machine mean nothing by themselves, so both "
        "sides of every ratio come from one run of this one.",
        "",
        *(["**A quick run, to see that the comparison works. Its figures say nothing.**", ""] if all.get("quick") else []),
        "| workload | against | Rectifier | peer | ratio, median (quartiles) | goal | |",
        "|---|---|---:|---:|---:|---:|---|",
        *map(str, rows),
        "",
        "Ratios are taken pair by pair: the peer's time over Rectifier's in the same round. A peer with several usual ways to be run has a row for each.",
        "",
        "## What was timed",
        "",
        f"- **Machine**: {machine['processor']}, {machine['cores']} cores, {machine['memory'] / 2**30:.0f} GiB, {machine['system']}; Rectifier's instruction set "
        f"{machine['instructionSet']}; measured multiply-add peak of one thread {machine['peak'] / 1e9:.0f} GFLOP/s in float32. Load average when it began "
        f"{machine['loadAtStart']}, when it ended {machine.get('loadAtEnd', '?')}.",
        f"- **Versions** ({machine['date']}): Rectifier {machine['rectifier']} at {machine['commit']}{settings}, {machine['swift']}; {peers}; Python {machine['python']}.",
        f"- **Turns**: each side is a process that stays alive. In every round all sides train one after another (A B C … A B C …), with {all['pause']} s between turns, "
        f"in which idle threads of the one before go to sleep. Everyone has {threads(all)} on the same cores; inference has one.",
        "- **The same problem**: initial weights, data and batches are drawn by numpy and read by everyone. After each epoch the mean losses are compared; "
        "where they differ by more than the workload's tolerance, the comparison fails.",
        "- **Rectifier's timed region**: from the command to train until the event that the epoch has ended, through the public `Trainer` with its default settings"
        f"{'' if all['census'] == 'on' else ' but without the census of kinks'}: gathering every batch from the data set in memory (byte images are converted and scaled "
        "there), forward, backward, update, sum of losses, the census of kinks, and once an epoch the search for weights that are not finite.",
        "- **The peers' timed region**: the loop over batches that already lie in memory as float32 tensors of their own, one after another, without a data loader: "
        "forward, backward, update. Losses are kept as they come and read after the clock has stopped. Compilation is over before the first clock starts.",
        "- **The peers' settings**: PyTorch with Adam fused and SGD as it comes, eager and with `torch.compile` (static shapes, SGD's update compiled too); JAX jitted with donated buffers, "
        "a step a call, and the whole epoch in one call by `lax.scan`; scikit-learn's `MLPClassifier` by `partial_fit`; ONNX Runtime with all graph optimisations. The workers in "
        "`Benchmarks/compare.d` say why.",
        "",
        "## Workload by workload",
        "",
    ]  # fmt: skip
    for workload in workloads.WORKLOADS:
        lines += details(all, workload)
    processes = process_goals(all)
    if processes:
        lines += [
            "### command and memory",
            "",
            "`rectifier train` on the gzipped files, 784-512-512-10, Adam, batch 128, one epoch, tested, the model folder written; and "
            "`compare.d/script_pytorch.py`, which does the same with PyTorch (eager: compiling takes longer than the epoch). Wall time from start to end of the "
            "process, and its largest resident set as the system counts it.",
            "",
        ]
        for name in (workloads.COMMAND, workloads.MEMORY):
            lines += note_lines(os.path.join(NOTES, f"{name}.md"))
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    with open(path, "w") as file:
        file.write("\n".join(lines).rstrip() + "\n")


def disagreements(workload, result):
    found = []
    for peer, differences in result.get("disagreement", {}).items():
        for value, limit, when in zip(differences, (workload.tolerance, workload.tolerance_later), ("in the first epoch", "at most")):
            if value > limit:
                found.append(f"{workload.name}: the losses of Rectifier and {turns.title(peer)} differ by {value:.1e} {when}, more than {limit:g}")
    return found


def problems(all):
    """What makes the comparison itself worthless, goal or not: one line each."""
    found = []
    for workload in workloads.WORKLOADS:
        result = all["workloads"].get(workload.name, {})
        found += disagreements(workload, result)
        for peer, error in result.get("failures", {}).items():
            found.append(f"{workload.name}: {turns.title(peer)} was left out: {error}")
    return found
