"""The comparison itself; `Benchmarks/compare` starts it in the virtual environment."""

import json
import os
import shutil
import subprocess
import sys
import tempfile

import machine
import options
import overview
import preload
import processes
import report
import tensors
import turns
import workloads


def say(text):
    print(f"  {text}", file=sys.stderr, flush=True)


class Comparison:
    def __init__(self, arguments, scratch):
        self.arguments, self.scratch = arguments, scratch
        self.steps, self.rectifier = build(arguments)
        self.peers = arguments.peers or list(turns.SCRIPTS)
        self.result = {
            "machine": machine.describe(self.rectifier, options.ROOT),
            "quick": arguments.quick,
            "threads": arguments.threads,
            "census": arguments.census or "on",
            "pause": turns.PAUSE,
            "preloads": preload.names(),
            "versions": {},
            "workloads": {},
        }

    def folder(self, data):
        return os.path.join(self.arguments.data, data) if data else None

    def wants(self, name, data):
        """Whether a row is asked for and can be run; says so where it cannot."""
        if self.arguments.only and name not in self.arguments.only:
            return False
        if data and not os.path.isdir(self.folder(data)):
            say(f"{name}: skipped, {self.folder(data)} is not there; --data names the folder that has {data}")
            self.result["workloads"][name] = {"skipped": "its data set was not there"}
            return False
        return True

    def save(self):
        self.result["machine"]["loadAtEnd"] = machine.load()
        with open(self.arguments.results, "w") as file:
            json.dump(self.result, file)
        report.write(self.result, self.arguments.output)

    def run(self):
        for workload in workloads.WORKLOADS:
            if self.wants(workload.name, workload.data):
                print(workload.title, file=sys.stderr)
                self.result["workloads"][workload.name] = self.measure(workload)
                self.save()
        for run in processes.RUNS:
            names = [name for name in run.names if self.wants(name, run.data)]
            if names:
                print(f"rectifier train, {run.title}, and PyTorch's script", file=sys.stderr)
                rounds = min(self.arguments.rounds or run.rounds, run.rounds)
                folder, threads = self.folder(run.data), self.arguments.threads
                pairs = processes.compare(run, self.rectifier, folder, self.scratch, rounds, threads, say)
                for name in names:
                    self.result["workloads"][name] = pairs
        self.save()

    def measure(self, workload):
        """Seconds and losses of every epoch of everyone, by seed and turn."""
        peers = [peer for peer in workload.peers if peer in self.peers]
        result = {"seconds": {}, "losses": {}, "failures": {}, "finish": {}}
        threads = 1 if workload.kind == "infer" else self.arguments.threads
        if self.arguments.quick and workload.steps:
            workload.steps = max(2, workload.steps // 10)
        rounds = min(self.arguments.rounds or workload.rounds, workload.rounds)
        seeds = self.arguments.seeds if workload.epochs else 1
        for seed in range(seeds):
            # Real runs count every epoch; of the others the first turn, in which caches and predictors fill, is not
            # counted.
            count = workload.epochs or rounds + 1
            folder, result["zeros"] = self.write(workload, seed, threads, count * (1 + workload.warm))
            match = turns.Match(peers, folder, self.steps, self.scratch, threads, result["failures"], say)
            self.result["versions"].update(match.versions)
            for turn in range(count):
                say(
                    f"seed {seed + 1} of {seeds}, epoch {turn + 1} of {count}"
                    if workload.epochs
                    else f"turn {turn} of {rounds}"
                )
                for peer, reply in match.turn(epochs=1 + workload.warm).items():
                    result["losses"].setdefault(peer, []).append(reply["losses"])
                    if workload.epochs or turn > 0:
                        result["seconds"].setdefault(peer, []).append(reply["seconds"][-1])
            for peer, reply in match.turn(finish=True).items() if workload.kind == "train" else ():
                result["finish"].setdefault(peer, []).append(reply)
            match.end()
            shutil.rmtree(folder)
        result["steps"] = self.steps_in_epoch(workload)
        result["disagreement"] = disagreement(result["losses"])
        for problem in report.disagreements(workload, result):
            say(problem)
        return result

    def steps_in_epoch(self, workload):
        if workload.kind == "infer":
            return 10_000
        return workload.steps or -(-60_000 // workload.batch)

    def write(self, workload, seed, threads, epochs):
        """The workload's folder, and the share of zeros by layer of generated data."""
        folder = os.path.join(self.scratch, workload.name)
        os.makedirs(folder)
        arrays = workload.tensors(seed)
        zeros = workloads.zeros(workload, arrays) if workload.beats_peak else None
        description = {
            "kind": workload.kind,
            "input": workload.input,
            "network": workload.network,
            "named": workload.named,
            "loss": workload.loss,
            "optimizer": workload.optimizer,
            "learningRate": workload.rate,
            "batchSize": workload.batch,
            "epochs": epochs,
            "threads": threads,
            "data": self.folder(workload.data),
            "model": None,
            "census": None if self.arguments.census is None else self.arguments.census == "on",
        }
        if workload.is_real:
            order = workloads.order(seed, tensors.count(description["data"]) if workload.kind == "train" else 1)
            arrays["order"] = order[: workload.steps * workload.batch] if workload.steps else order
        if workload.is_trained:
            say("rectifier trains the model")
            description["model"] = os.path.join(folder, "model.rectifier")
            epochs = 5 if workload.kind == "infer" else 1
            arguments = processes.training(workload.network, workload.batch if workload.text else 128)
            processes.train(
                self.rectifier, description["data"], description["model"], epochs, self.arguments.threads, arguments
            )
            arrays.update(tensors.read(os.path.join(description["model"], "weights.safetensors")))
        with open(os.path.join(folder, "workload.json"), "w") as file:
            json.dump(description, file)
        tensors.write(os.path.join(folder, "tensors.safetensors"), arrays)
        return folder, zeros


def disagreement(losses):
    """The relative difference to Rectifier's mean loss, in the first epoch and the largest of all, by peer."""
    ours = [loss for turn in losses["rectifier"] for loss in turn]
    result = {}
    for peer in losses:
        if peer != "rectifier":
            theirs = [loss for turn in losses[peer] for loss in turn]
            differences = [abs(a - b) / max(abs(a), 1e-12) for a, b in zip(ours, theirs)]
            differences = [
                value if value == value else float("inf") for value in differences
            ]  # not a number is no agreement
            result[peer] = [differences[0], max(differences)]
    return result


def build(arguments):
    """Builds the worker and the tool in one package, and says where they are."""
    swift = ["swift", "build", "--package-path", options.BENCHMARKS, "-c", "release"]
    if not arguments.no_build:
        for product in ("Steps", "rectifier"):
            print(f"builds {product}", file=sys.stderr)
            done = subprocess.run(
                [*swift, "--product", product], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
            )
            if done.returncode != 0:
                raise SystemExit(done.stdout[-4000:])
    folder = subprocess.run([*swift, "--show-bin-path"], check=True, text=True, stdout=subprocess.PIPE).stdout.strip()
    return os.path.join(folder, "Steps"), os.path.join(folder, "rectifier")


def main():
    arguments = options.parse()
    if arguments.report:
        with open(arguments.results) as file:
            result = json.load(file)
        report.write(result, arguments.output)
    else:
        with tempfile.TemporaryDirectory(prefix="rectifier-compare-") as scratch:
            comparison = Comparison(arguments, scratch)
            comparison.run()
            result = comparison.result
    print(f"wrote {arguments.output}", file=sys.stderr)
    if os.path.dirname(os.path.abspath(arguments.output)) == overview.REPORTS:
        overview.write()
        print(f"wrote {overview.PAGE}\n{overview.line()}", file=sys.stderr)
    problems = report.problems(result)
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
