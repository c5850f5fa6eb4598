"""What the results say, as numbers: means, paired differences, ranks, seconds."""

import math
import statistics

import catalog
from scores import IS_GAIN

PEER = "sklearn"


class Pair:
    """How much better ours is than a peer, over the splits that both have."""

    def __init__(self, ours, theirs, metric):
        sign = 1 if IS_GAIN[metric] else -1
        differences = [sign * (ours[seed][metric] - theirs[seed][metric]) for seed in ours.keys() & theirs.keys()]
        self.mean = statistics.mean(differences)
        self.error = math.nan
        if len(differences) > 1:
            self.error = statistics.stdev(differences) / math.sqrt(len(differences))

    @property
    def verdict(self):
        """Whether the difference is beyond its standard error; with one split it is a tie."""
        return "win" if self.mean > self.error else "loss" if self.mean < -self.error else "tie"


class Comparison:
    """`found[table][contender][seed]`: the results that this run asks for and has."""

    def __init__(self, known, keys, arguments):
        self.keys, self.found = keys, {}
        for table in catalog.chosen(arguments.only):
            found = {
                name: {seed: result for seed in range(arguments.seeds) if (result := known.get(key, table.name, seed))}
                for name, key in keys.items()
            }
            self.found[table] = {name: results for name, results in found.items() if results}
        self.contenders = [name for name in keys if any(name in results for results in self.found.values())]

    def mean(self, table, contender, metric, seeds=None):
        """None where there is no result."""
        results = self.found[table].get(contender, {})
        return statistics.mean(results[seed][metric] for seed in seeds or results) if results else None

    def splits(self, table, contender):
        return len(self.found[table].get(contender, {}))

    def pair(self, table, metric):
        """Ours against scikit-learn's network; None where they have no split in common."""
        ours, theirs = (self.found[table].get(name, {}) for name in ("rectifier", PEER))
        return Pair(ours, theirs, metric) if ours.keys() & theirs.keys() else None

    def verdicts(self, index):
        """How many tables are won, tied and lost by the metric at `index` of each."""
        pairs = [self.pair(table, table.metrics[index]) for table in self.found if index < len(table.metrics)]
        found = [pair.verdict for pair in pairs if pair]
        return {verdict: found.count(verdict) for verdict in ("win", "tie", "loss")}

    def ranks(self, contenders, index):
        """Mean rank of each by the metric at `index`, and over how many tables. Equals share their ranks.

        A table counts where all have a split in common.
        """
        ranks = {name: [] for name in contenders}
        for table, found in self.found.items():
            seeds = set.intersection(*(set(found.get(name, ())) for name in contenders))
            if not seeds:
                continue
            metric = table.metrics[index]
            sign = -1 if IS_GAIN[metric] else 1
            values = [sign * self.mean(table, name, metric, seeds) for name in contenders]
            for name, value in zip(contenders, values):
                ranks[name].append(sum(other < value for other in values) + (values.count(value) + 1) / 2)
        count = len(ranks[contenders[0]])
        return {name: statistics.mean(values) for name, values in ranks.items() if values}, count

    def seconds(self, peer):
        """Ours and the peer's total training time, and of how many trainings, if they took turns.

        Over the splits of which both were timed in one run of `--timing`; where there is none, over all that both have,
        and the number is 0.
        """
        pairs = [
            (ours[seed], theirs[seed])
            for found in self.found.values()
            for ours, theirs in [(found.get("rectifier", {}), found.get(peer, {}))]
            for seed in ours.keys() & theirs.keys()
        ]
        timed = [pair for pair in pairs if pair[0]["timed"] and pair[0]["timed"] == pair[1]["timed"]]
        return *(sum(pair[side]["seconds"] for pair in timed or pairs) for side in (0, 1)), len(timed)
