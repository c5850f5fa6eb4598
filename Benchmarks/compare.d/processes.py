"""Whole processes: from the command to the finished model, and the memory that takes."""

import json
import os
import shutil
import subprocess
import sys
import time

import turns

HERE = os.path.dirname(os.path.abspath(__file__))


def training_command(rectifier, data, output, epochs, threads):
    return [
        rectifier, "train", "--data", data, "--layers", "512,512", "--optimizer", "adam", "--learning-rate", "0.001", "--schedule", "constant",
        "--batch-size", "128", "--epochs", str(epochs), "--threads", str(threads), "--output", output,
    ]  # fmt: skip


def train(rectifier, data, output, epochs, threads):
    """Trains a model folder; for the inference."""
    subprocess.run(training_command(rectifier, data, output, epochs, threads), check=True, stdout=subprocess.DEVNULL)


def measure(command, threads):
    time.sleep(turns.PAUSE)
    line = subprocess.run(
        [sys.executable, "-S", os.path.join(HERE, "measure.py"), *command], env=turns.environment(threads), check=True, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    ).stdout  # fmt: skip
    result = json.loads(line)
    if result["status"] != 0:
        raise turns.Failure(f"{os.path.basename(command[0])} ended with status {result['status']}")
    return result


def compare(rectifier, data, scratch, rounds, threads, say):
    """Pairs of runs of one epoch: seconds and bytes of each side, the first pair (cold file caches) left out."""
    result = {key: {"rectifier": [], "pytorch-script": []} for key in ("seconds", "bytes")}
    for round in range(rounds + 1):
        say(f"pair {round} of {rounds}")
        output = os.path.join(scratch, "command.rectifier")
        shutil.rmtree(output, ignore_errors=True)
        commands = {
            "rectifier": training_command(rectifier, data, output, 1, threads),
            "pytorch-script": [
                sys.executable, os.path.join(HERE, "script_pytorch.py"), data, os.path.join(scratch, "command.pt"), "1", str(threads)
            ],
        }  # fmt: skip
        for side, command in commands.items():
            measured = measure(command, threads)
            if round > 0:
                for key in result:
                    result[key][side].append(measured[key])
    return result
