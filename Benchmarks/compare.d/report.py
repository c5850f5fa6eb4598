"""The report of a processor's family: docs/benchmarks/FAMILY.md from the measurements.

A table for each workload and at most three sentences, which are written by hand in notes/WORKLOAD.md.
What was tried on the way is in docs/benchmarks-appendix.md, by hand as well. overview.py lays the families side by
side.
"""

import os
import statistics
import textwrap

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


class Outcome:
    """A goal and what became of it; `met` is None where it was not measured."""

    def __init__(self, aim, ratio, met):
        self.aim, self.ratio, self.met = aim, ratio, met

    def __str__(self):
        return f"{self.aim}, " + {True: "met", False: "**missed**", None: "not measured"}[self.met]


def median_step(result, side="rectifier"):
    """Seconds of a step, or of a sample where that is what was timed."""
    return statistics.median(result["seconds"][side]) / result["steps"]


def rate_of(workload, result):
    """Floating-point operations a second of Rectifier, had it multiplied by every zero."""
    return 2 * workload.multiply_adds() / median_step(result)


def best(result, settings):
    """The fastest of a library's settings, and the median of how many times as long as Rectifier it took."""
    measured = {
        peer: statistics.median(values)
        for peer in settings
        if "skipped" not in result and (values := ratios(result, peer))
    }
    peer = min(measured, key=measured.get, default=None)
    return peer, measured.get(peer)


def outcomes(all, workload):
    """The outcome of each goal of a workload, by the library's best setting or by what else is aimed at."""
    result, found = all["workloads"][workload.name], {}
    for goal in workload.goals:
        for settings in goal.libraries():
            peer, ratio = best(result, settings)
            found[peer or settings[0]] = Outcome(f"≥ {goal.ratio:g}×", ratio, ratio >= goal.ratio if peer else None)
    if "skipped" not in result:
        if workload.most_microseconds:
            limit = workload.most_microseconds
            found["a step"] = Outcome(f"≤ {limit:g} µs", None, median_step(result) * 1e6 <= limit)
        if workload.beats_peak:
            rate, peak = rate_of(workload, result), peak_of(all)
            found["peak"] = Outcome("> 1×", rate / peak, rate > peak)
    return found


def threads(all):
    return "one thread" if all["threads"] == 1 else f"{all['threads']} threads"


def peak_of(all):
    return all["machine"]["peak"] * all["threads"]


class Process:
    """A goal for whole processes: `rectifier train` against PyTorch's script."""

    def __init__(self, name, title, key, ratio, form):
        self.name, self.title, self.key, self.ratio, self.form = name, title, key, ratio, form

    def median(self, result, side):
        return self.form(statistics.median(result[self.key][side]))

    def nearest(self, result):
        """The script that takes least, and how many times as much as Rectifier that is."""
        medians = {
            side: statistics.median(ratios(result, side, self.key)) for side in result[self.key] if side != "rectifier"
        }
        side = min(medians, key=medians.get)
        return side, medians[side]

    def outcome(self, result):
        ratio = None if "skipped" in result else self.nearest(result)[1]
        return Outcome(f"≥ {self.ratio:g}×", ratio, None if ratio is None else ratio >= self.ratio)


def mebibytes(value):
    return f"{value / 2**20:.0f} MiB"


PROCESSES = (
    Process(workloads.MEMORY, "peak memory of `rectifier train`", "bytes", 3, mebibytes),
    Process(workloads.COMMAND, "`rectifier train`, command to finished model", "seconds", 4, time),
    Process(workloads.MEMORY_VGG6, "peak memory of `rectifier train --network vgg6`", "bytes", 1.67, mebibytes),
)
SCRIPTS = {"pytorch-script": "PyTorch's script", "pytorch-script-preload": "PyTorch's script, preloads"}


def dense_title(workload):
    """Of the row in which a workload runs against our own dense kernels."""
    return f"{workload.title}: against our own dense kernels, same bits"


def overview(all):
    """One row for each workload: Rectifier's time, and the peer that came nearest to it."""
    lines = ["| workload | Rectifier | nearest peer | times Rectifier's | goals met |", "|---|---:|---|---:|---:|"]

    def add(title, ours, nearest, ratio, found):
        met = f"{sum(outcome.met is True for outcome in found)} of {len(found)}" if found else ""
        lines.append(f"| {title} | {ours} | {nearest} | {ratio} | {met} |")

    for workload in workloads.WORKLOADS:
        result = all["workloads"].get(workload.name)
        if result is None:
            continue
        if "skipped" in result:
            add(workload.title, f"not run: {result['skipped']}", "", "", [])
            continue
        nearest, times = best(result, [peer for peer in workload.peers if peer not in workloads.OUR_DENSE])
        peer, ratio = (turns.title(nearest), f"{times:.2f}") if nearest else ("", "")
        found = outcomes(all, workload)
        own = {peer: found.pop(peer) for peer in workloads.OUR_DENSE if peer in found}
        add(workload.title, time(median_step(result)), peer, ratio, found.values())
        for peer, outcome in own.items():
            times = f"{outcome.ratio:.2f}" if outcome.ratio else ""
            add(dense_title(workload), time(median_step(result)), turns.title(peer), times, [outcome])
    for process in PROCESSES:
        result = all["workloads"].get(process.name)
        if result is None:
            continue
        if "skipped" in result:
            add(process.title, f"not run: {result['skipped']}", "", "", [])
            continue
        outcome = process.outcome(result)
        add(
            process.title,
            process.median(result, "rectifier"),
            SCRIPTS[process.nearest(result)[0]],
            f"{outcome.ratio:.2f}",
            [outcome],
        )
    return lines


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
    found = outcomes(all, workload)
    has_accuracy = workload.epochs > 0 and accuracy(result, "rectifier") != ""
    unit = "a sample" if workload.kind == "infer" else "a step"
    head = [
        "",
        f"{unit}, median (quartiles)",
        "times Rectifier's",
        "goal",
        "loss differs in the first epoch",
        "at most",
    ]
    head += ["test accuracy, %"] if has_accuracy else []
    lines += [f"| {' | '.join(head)} |", "|---|" + "---:|" * (len(head) - 1)]

    def add(*cells):
        lines.append(f"| {' | '.join([*cells, *[''] * (len(head) - len(cells))])} |")

    for peer in ("rectifier", *workload.peers):
        goal = str(found.get("a step" if peer == "rectifier" else peer, ""))
        if peer in result["failures"]:
            add(turns.title(peer), f"left out: {result['failures'][peer].replace('|', '/')}", "", goal)
            continue
        if peer not in result["seconds"]:
            why = (
                "nothing to preload was found"
                if peer.endswith("-preload") and not all.get("preloads")
                else "not asked for"
            )
            add(turns.title(peer), why, "", goal)
            continue
        low, middle, high = (time(value / result["steps"]) for value in quartiles(result["seconds"][peer]))
        values = ratios(result, peer) if peer != "rectifier" else None
        cells = [turns.title(peer), f"{middle} ({low} – {high})", spelled(values) if values else "1", goal]
        difference = result["disagreement"].get(peer)
        for value, limit in (
            zip(difference, (workload.tolerance, workload.tolerance_later)) if difference else ((None, 0), (None, 0))
        ):
            cells.append("" if value is None else f"{value:.1e}" + (" **too much**" if value > limit else ""))
        add(*cells, *([accuracy(result, peer)] if has_accuracy else []))
    if "peak" in found:
        peak = f"peak of {threads(all)}, {peak_of(all) / 1e9:.0f} GFLOP/s"
        add(
            peak,
            f"Rectifier: {rate_of(workload, result) / 1e9:.0f} GFLOP/s",
            f"{found['peak'].ratio:.2f}",
            str(found["peak"]),
        )
    return lines + [""] + settings_lines(workload, result) + note_lines(workload.name)


def settings_lines(workload, result):
    """Whether PyTorch gained by settings that reports before December 2026 did not have."""
    settings = [peer for peer in workload.peers if peer.startswith("pytorch")]
    (peer, ratio), (plain, before) = best(result, settings), best(
        result, [peer for peer in settings if peer in workloads.PYTORCH_PLAIN]
    )
    if workload.text or not plain or peer == plain or before < 1.02 * ratio:
        return []
    return [
        *wrapped(
            f"PyTorch is fastest with settings that earlier reports did not try ({turns.title(peer)}); with "
            f"{turns.title(plain)}, the best of those that "
            f"they tried, it would be {before:.2f} in place of {ratio:.2f}."
        ),
        "",
    ]


def process_details(all):
    """The section of the whole processes."""
    measured = [process for process in PROCESSES if process.name in all["workloads"]]
    if not measured:
        return []
    lines = ["### command and memory", ""]
    lines += wrapped(
        "`rectifier train` reads the gzipped Fashion-MNIST, trains 784-512-512-10 for one epoch with Adam and batches "
        "of 128, tests it and writes the model. "
        "`compare.d/script_pytorch.py` does the same with PyTorch, eager, because compiling takes longer than the "
        "epoch."
    )
    lines += wrapped("For vgg6 both train one epoch of CIFAR-10 in batches of 64; PyTorch lays channels last.")
    lines += ["", "| | Rectifier | peer | | times Rectifier's | goal |", "|---|---:|---|---:|---:|---:|"]
    for process in measured:
        result = all["workloads"][process.name]
        if "skipped" in result:
            lines.append(f"| {process.title} | not run: {result['skipped']} | | | | {process.outcome(result)} |")
            continue
        nearest = process.nearest(result)[0]
        for side in (side for side in SCRIPTS if side in result[process.key]):
            sides = f"{process.median(result, 'rectifier')} | {SCRIPTS[side]} | {process.median(result, side)}"
            goal = process.outcome(result) if side == nearest else ""
            lines.append(f"| {process.title} | {sides} | {spelled(ratios(result, side, process.key))} | {goal} |")
    return lines + [""] + [line for process in measured for line in note_lines(process.name)]


def wrapped(text, indent=""):
    """Prose in lines of at most 120 characters, none of which begins with a percent sign."""
    lines = textwrap.wrap(
        text.replace(" %", "\u00a0%"), 120, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
    return [line.replace("\u00a0%", " %") for line in lines]


def note_lines(name):
    path = os.path.join(NOTES, f"{name}.md")
    if not os.path.exists(path):
        return []
    with open(path) as file:
        return [*wrapped(file.read()), ""]


def runs(all):
    """What was run: one row for each workload that was trained or asked."""
    lines = [
        "| workload | data | pairs | steps each | Rectifier's mean loss, first to last epoch | losses may differ by, "
        "first epoch and any "
        "| zeros in what each product reads | million multiply-adds a step | dense-equivalent GFLOP/s "
        f"| of the peak of {threads(all)} |",
        "|---|---|---:|---:|---:|---:|---|---:|---:|---:|",
    ]
    for workload in workloads.WORKLOADS:
        result = all["workloads"].get(workload.name)
        if result is None or "skipped" in result:
            continue
        cells = [workload.name, data_of(workload), str(len(result["seconds"]["rectifier"])), f"{result['steps']:,}"]
        if workload.kind == "train":
            first, last = result["losses"]["rectifier"][0][0], result["losses"]["rectifier"][-1][-1]
            rate = rate_of(workload, result)
            cells += [
                f"{first:.4g} to {last:.4g}",
                f"{workload.tolerance:g}, {workload.tolerance_later:g}",
                zeros_of(result),
            ]
            cells += [
                f"{float(f'{workload.multiply_adds() / 1e6:.3g}'):,g}",
                f"{rate / 1e9:.3g}",
                f"{rate / peak_of(all):.0%}",
            ]
        else:
            cells += [""] * 6
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def data_of(workload):
    if workload.kind == "infer":
        return "test images, a call for each"
    if workload.epochs:
        return f"Fashion-MNIST, {workload.epochs} epochs a seed"
    if workload.is_real:
        name = {workloads.FASHION: "Fashion-MNIST", workloads.CIFAR: "CIFAR-10"}[workload.data]
        return f"the first {workload.steps * workload.batch:,} of {name}'s images in a drawn order"
    return "generated; an epoch to warm up" if workload.warm else "generated"


def percentages(shares):
    """All of a few, the range of many."""
    if len(shares) > 6:
        return (
            f"{sum(shares) / len(shares):.0%} in the mean of {len(shares)}, from {min(shares):.0%} to {max(shares):.0%}"
        )
    return ", ".join(f"{share:.0%}" for share in shares)


def zeros_of(result):
    """At the end as PyTorch finds them; where they are given at the start, as numpy finds them there."""
    shares = [
        f"{percentages(reply['zeros'])} at the end"
        for reply in result["finish"].get("pytorch-eager", [])[:1]
        if reply.get("zeros")
    ]
    shares += [f"{percentages(result['zeros'])} at the start"] if result.get("zeros") else []
    return "; ".join(shares)


def points(*texts):
    return [line for text in texts for line in wrapped(f"- {text}", indent="  ")]


def timed(all):
    """What every table rests on."""
    machine, versions = all["machine"], all["versions"]
    # A library's settings are of one version.
    libraries = {
        turns.title(peer).split(",")[0].removesuffix(" eager").removesuffix(" compiled"): versions[peer]
        for peer in turns.SCRIPTS
        if peer in versions and peer not in workloads.OUR_DENSE
    }
    peers = ", ".join(f"{name} {version}" for name, version in libraries.items())
    settings = "".join(f", {name}={value}" for name, value in machine["environment"].items())
    census = "" if all["census"] == "on" else ", but without the census of kinks"
    return points(
        f"**Machine**: {machine['processor']}, {machine['cores']} cores, {machine['memory'] / 2**30:.0f} GiB, "
        f"{machine['system']}. Rectifier uses "
        f"{machine['instructionSet']}; the multiply-add peak of one thread is {machine['peak'] / 1e9:.0f} GFLOP/s in "
        "float32, as measured. The load "
        f"average was {machine['loadAtStart']} at the start and {machine.get('loadAtEnd', '?')} at the end.",
        f"**Versions** ({machine['date']}): Rectifier {machine['rectifier']} at {machine['commit']}{settings}, "
        f"{machine['swift']}; {peers}; "
        f"Python {machine['python']}.",
        "**Turns**: each side is a process that stays alive. In every round all sides train one after another (A, B, "
        f"C, A, B, C and so on), {all['pause']} s apart, "
        f"so that the idle threads of one have gone to sleep before the next begins. Everyone has {threads(all)} on "
        "the same cores; inference has one.",
        "**Ratios** are taken pair by pair: the peer's time over Rectifier's in the same round. They are given as "
        "median and quartiles.",
        "**The same problem**: numpy draws initial weights, data and batches, and everyone reads them. Mean losses "
        "are compared after each epoch; where "
        "they differ by more than the workload allows, the comparison fails.",
        "**Rectifier's clock** runs from the command to train until the event that the epoch has ended, through the "
        "public `Trainer` with its default "
        f"settings{census}. Inside are gathering each batch from the data set (bytes of images are converted and "
        "scaled there), forward and backward "
        "pass, update, the sum of losses, the census of kinks and, once an epoch, the search for weights that are not "
        "finite.",
        "**The peers' clock** runs over batches that already lie in memory as float32 tensors, without a data loader: "
        "forward and backward pass, update. "
        "Losses are read after the clock has stopped, and compilation is over before it starts.",
        "**The peers' settings**: PyTorch eager and with `torch.compile` (static shapes, SGD's update compiled too), "
        "Adam fused; each plain and with "
        f"preloads ({', '.join(f'`{name}`' for name in all.get('preloads', [])) or 'none was found'}), and where "
        "there are convolutions each with channels first and "
        "last. A goal is held against the best of a library's settings. JAX jitted with donated "
        "buffers, once a call for each step and once with the whole epoch in one `lax.scan`; scikit-learn's "
        "`MLPClassifier` by `partial_fit`; ONNX Runtime "
        "with all graph optimizations. JAX's convolutions read channels last. The workers in `Benchmarks/compare.d` "
        "say why.",
        "**Real data**: the training images of Fashion-MNIST. The seed draws weights and order, the same for "
        "everyone, and every epoch is counted. "
        "**Networks for images**: everyone begins with the weights that `rectifier train` makes in one epoch, so that "
        "zeros are as many as in use, and trains "
        "on the same first batches in every turn, of which the first turn is not counted. "
        "**Generated data**: every epoch has the same batches. To warm up, a turn begins with an epoch that is not "
        "counted.",
        "**Inference**: `rectifier train` makes the model in this run; Rectifier reads it from its folder, the peers "
        "read the same weights. Timed is one call "
        "for each test image, from a sample in memory to its outputs.",
        "**Whole processes**: wall time from start to end, and the largest resident set as the system counts it.",
    )


def write(all, path):
    lines = [
        f"# Benchmarks on {all['machine'].get('family', all['machine']['processor'])}",
        "",
        *wrapped(
            "Rectifier against PyTorch, JAX, scikit-learn and ONNX Runtime, each at its best settings. "
            "`Benchmarks/compare` measures all of them in one "
            "run and writes this page. Compare the ratios, not the times: another machine gives other times. "
            "[Benchmarks](../benchmarks.md) has the "
            "other processors; what was tried to get here is in the [appendix](../benchmarks-appendix.md)."
        ),
        "",
        *(
            ["**A quick run, to see that the comparison works. Its figures say nothing.**", ""]
            if all.get("quick")
            else []
        ),
        "## At a glance",
        "",
        *overview(all),
        "",
        "## What was timed",
        "",
        *timed(all),
        "",
        *runs(all),
        "",
        *wrapped(
            "The dense-equivalent rate counts multiply-adds by zeros that Rectifier skips; that is how it can be "
            "above the peak."
        ),
        "",
        "## Workload by workload",
        "",
    ]
    for workload in workloads.WORKLOADS:
        lines += details(all, workload)
    lines += process_details(all)
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    with open(path, "w") as file:
        file.write("\n".join(lines).rstrip() + "\n")


def disagreements(workload, result):
    found = []
    for peer, differences in result.get("disagreement", {}).items():
        limits = (
            (0, 0) if peer in workloads.OUR_DENSE else (workload.tolerance, workload.tolerance_later)
        )  # the same bits
        for value, limit, when in zip(differences, limits, ("in the first epoch", "at most")):
            if value > limit:
                found.append(
                    f"{workload.name}: the losses of Rectifier and {turns.title(peer)} differ by {value:.1e} {when}, "
                    f"more than {limit:g}"
                )
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
