"""Whole processes: from the command to the finished model, and the memory that takes."""

import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass

import preload
import turns
import workloads

HERE = os.path.dirname(os.path.abspath(__file__))


@dataclass
class Run:
    """A training as a whole process, beside PyTorch's script of the same network."""

    title: str
    names: tuple  # what is read off it
    data: str
    arguments: list
    script: str  # what the script calls the network
    rounds: int
    warm: int  # pairs at the start that do not count: cold file caches


def training(network, batch):
    return ["--network", network, "--batch-size", str(batch)]


RUNS = (
    Run(
        "one epoch of Fashion-MNIST", (workloads.COMMAND, workloads.MEMORY), workloads.FASHION,
        ["--layers", "512,512", "--batch-size", "128"], "dense", 7, 1,
    ),
    # Memory is the same each time.
    Run("vgg6, one epoch of CIFAR-10", (workloads.MEMORY_VGG6,), workloads.CIFAR, training("vgg6", 64), "vgg6", 2, 0),
)  # fmt: skip


def training_command(rectifier, data, output, epochs, threads, arguments):
    return [
        rectifier, "train", "--data", data, "--optimizer", "adam", "--learning-rate", "0.001", "--schedule", "constant",
        "--epochs", str(epochs), "--threads", str(threads), "--output", output, *arguments,
    ]  # fmt: skip


def train(rectifier, data, output, epochs, threads, arguments):
    """Trains a model folder, with which the workloads begin that need trained weights."""
    subprocess.run(
        training_command(rectifier, data, output, epochs, threads, arguments), check=True, stdout=subprocess.DEVNULL
    )


def measure(command, threads, preloads=()):
    time.sleep(turns.PAUSE)
    variables = turns.environment(threads) | ({"LD_PRELOAD": ":".join(preloads)} if preloads else {})
    line = subprocess.run(
        [sys.executable, "-S", os.path.join(HERE, "measure.py"), *command], env=variables, check=True, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    ).stdout  # fmt: skip
    result = json.loads(line)
    if result["status"] != 0:
        raise turns.Failure(f"{os.path.basename(command[0])} ended with status {result['status']}")
    return result


def compare(run, rectifier, data, scratch, rounds, threads, say):
    """Pairs of runs of one epoch: seconds and bytes of each side."""
    result = {"seconds": {}, "bytes": {}}
    for round in range(run.warm + rounds):
        say(f"pair {round + 1} of {run.warm + rounds}")
        output = os.path.join(scratch, "command.rectifier")
        shutil.rmtree(output, ignore_errors=True)
        script = [
            sys.executable, os.path.join(HERE, "script_pytorch.py"), run.script, data,
            os.path.join(scratch, "command.pt"), "1", str(threads),
        ]  # fmt: skip
        commands = {"rectifier": (training_command(rectifier, data, output, 1, threads, run.arguments), ())}
        commands["pytorch-script"] = (script, ())
        if preload.libraries():
            commands["pytorch-script-preload"] = (script, preload.libraries())
        for side, (command, preloads) in commands.items():
            measured = measure(command, threads, preloads)
            if round >= run.warm:
                for key in result:
                    result[key].setdefault(side, []).append(measured[key])
    return result
