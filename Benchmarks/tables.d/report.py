"""What the results say: a summary at 80 columns, and docs/tables.md."""

import math
import statistics

import catalog
from scores import IS_GAIN

TITLES = {"rectifier": "Rectifier", "sklearn": "sklearn MLP", "boosting": "HistGB", "realmlp": "RealMLP-TD"}


class Pair:
    """The difference of ours and a peer's, over the splits that both have: positive is ours better."""

    def __init__(self, ours, theirs, metric):
        sign = 1 if IS_GAIN[metric] else -1
        differences = [sign * (ours[seed][metric] - theirs[seed][metric]) for seed in sorted(ours.keys() & theirs.keys())]
        self.mean = statistics.mean(differences)
        many = len(differences) > 1
        self.error = statistics.stdev(differences) / math.sqrt(len(differences)) if many else math.nan
        self.wins = sum(difference > 0 for difference in differences)
        self.losses = sum(difference < 0 for difference in differences)

    @property
    def verdict(self):
        """Whether the difference is beyond its standard error."""
        return "win" if self.mean > self.error else "loss" if self.mean < -self.error else "tie"


class Comparison:
    """`scores[table][contender][seed]` of the results that this run asks for."""

    def __init__(self, known, keys, arguments):
        self.contenders, self.scores = list(keys), {}
        for table in catalog.TABLES:
            if arguments.only and table.name not in arguments.only:
                continue
            found = {
                name: {seed: result for seed in range(arguments.seeds) if (result := known.get(key, table.name, seed))}
                for name, key in keys.items()
            }
            self.scores[table] = {name: results for name, results in found.items() if results}

    def mean(self, table, contender, metric, seeds=None):
        results = self.scores[table].get(contender, {})
        values = [results[seed][metric] for seed in seeds or results]
        return statistics.mean(values) if values else None

    def pair(self, table, metric, peer="sklearn"):
        found = self.scores[table]
        return Pair(found["rectifier"], found[peer], metric) if {"rectifier", peer} <= found.keys() and (
            found["rectifier"].keys() & found[peer].keys()) else None  # fmt: skip

    def ranks(self, contenders, first):
        """Mean rank of each over the tables that all of them have, on the splits that all have; equals share ranks.

        `first` picks accuracy and R², otherwise log-loss and RMSE are ranked.
        """
        ranks = {name: [] for name in contenders}
        for table, found in self.scores.items():
            if not set(contenders) <= found.keys():
                continue
            seeds = set.intersection(*(set(found[name]) for name in contenders))
            if not seeds:
                continue
            metric = metrics(table)[0 if first else 1]
            sign = -1 if IS_GAIN[metric] else 1
            values = {name: sign * self.mean(table, name, metric, seeds) for name in contenders}
            for name, value in values.items():
                below = sum(other < value for other in values.values())
                equal = sum(other == value for other in values.values())
                ranks[name].append(below + (equal + 1) / 2)
        return {name: statistics.mean(values) for name, values in ranks.items() if values}, len(ranks[contenders[0]])

    def seconds(self, peer):
        """Ours and the peer's total training time, over the splits that both have."""
        total = [0, 0]
        for found in self.scores.values():
            ours, theirs = found.get("rectifier", {}), found.get(peer, {})
            for seed in ours.keys() & theirs.keys():
                total[0] += ours[seed]["seconds"]
                total[1] += theirs[seed]["seconds"]
        return total

    def summary(self):
        lines = []
        shown = [name for name in self.contenders if any(name in found for found in self.scores.values())]
        heads = "".join(f"{TITLES[name].split()[0][:9]:>10}" for name in shown)
        pairs = {"rectifier", "sklearn"} <= set(shown)
        for index, title in enumerate(("accuracy or R²", "log-loss or RMSE", "calibration error")):
            lines.append(f"{title:<18}{heads}" + (f"{'better by':>11}{'± error':>10}" if pairs else ""))
            verdicts = []
            for table in self.scores:
                if index >= len(metrics(table)):
                    continue
                metric = metrics(table)[index]
                means = [self.mean(table, name, metric) for name in shown]
                line = f"{table.name:<18}" + "".join(f"{spelled(mean):>10}" for mean in means)
                pair = self.pair(table, metric) if pairs else None
                if pair:
                    verdicts.append(pair.verdict)
                    line += f"{spelled(pair.mean):>11}{spelled(pair.error):>10} {pair.verdict}"
                lines.append(line)
            if verdicts:
                counts = ", ".join(f"{verdicts.count(name)} {name}" for name in ("win", "tie", "loss"))
                lines.append(f"against sklearn's MLP: {counts}")
            lines.append("")
        for contenders in (shown, [name for name in shown if name != "realmlp"]):
            for first in (True, False) if len(contenders) > 1 else ():
                ranks, count = self.ranks(contenders, first)
                title = "rank, accuracy/R²" if first else "rank, loss/RMSE"
                if ranks:
                    texts = "".join(f"{ranks[name]:>10.2f}" if name in ranks else " " * 10 for name in shown)
                    lines.append(f"{title:<18}{texts}  {count} tables")
            if "realmlp" not in shown:
                break
        for peer in shown:
            if peer != "rectifier" and "rectifier" in shown:
                ours, theirs = self.seconds(peer)
                if theirs:
                    lines.append(f"seconds to train: {ours:.1f}, {TITLES[peer]} {theirs:.1f} ({ours / theirs:.2f})")
        return "\n".join(lines)


def metrics(table):
    return ("R²", "RMSE") if table.is_regression else ("accuracy", "log-loss", "ECE")


def spelled(value):
    """Four digits at most."""
    if value is None or math.isnan(value):
        return ""
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.1f}" if abs(value) >= 100 else f"{value:.3f}"
