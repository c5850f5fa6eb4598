"""Rectifier as a user runs it: `rectifier train` on a file, `rectifier predict` on another."""

import csv
import hashlib
import os
import subprocess
import tempfile
import time

import numpy


def version(path):
    """The version and the first digits of the executable's SHA-256, which tell two builds apart."""
    said = subprocess.run([path, "--version"], text=True, stdout=subprocess.PIPE).stdout.split()
    with open(path, "rb") as file:
        return f"{said[-1] if said else '?'}-{hashlib.file_digest(file, 'sha256').hexdigest()[:10]}"


def run(arguments):
    done = subprocess.run(arguments, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip() or f"exit code {done.returncode}")


def train(path, data, table, seed, model, flags):
    """Seconds of the whole process."""
    task = "regression" if table.is_regression else "classification"
    arguments = [
        path, "train", "--data", data, "--target", table.target, "--task", task, "--seed", str(seed), "--output", model,
        "--quiet", *flags,
    ]  # fmt: skip
    start = time.perf_counter()
    run(arguments)
    return time.perf_counter() - start


def predictions(path, content, table, seed, train_rows, test_rows, flags, threads):
    """Seconds to train, class names or nothing, and predictions or probabilities."""
    limit = ["--threads", str(threads)] if threads else []
    with tempfile.TemporaryDirectory(prefix="rectifier-tables-") as folder:
        files = {name: os.path.join(folder, name) for name in ("train.csv", "test.csv", "m.rectifier", "out.csv")}
        content.write(files["train.csv"], train_rows)
        content.write(files["test.csv"], test_rows)
        model = files["m.rectifier"]
        try:
            seconds = train(path, files["train.csv"], table, seed, model, [*limit, *flags])
        except RuntimeError as error:
            if "missing value" not in str(error):
                raise
            # Tools before 1.0 ask what missing values shall become.
            seconds = train(path, files["train.csv"], table, seed, model, [*limit, "--missing", "mean", *flags])
        probabilities = [] if table.is_regression else ["--probabilities"]
        run([path, "predict", model, "--data", files["test.csv"], "--output", files["out.csv"], *probabilities, *limit])
        with open(files["out.csv"], newline="") as file:
            header, *rows = csv.reader(file)
    numbers = numpy.array([row[-max(1, len(header) - 1) :] for row in rows], dtype=float)
    if table.is_regression:
        return seconds, None, numbers[:, 0]
    order = numpy.argsort(header[1:])
    return seconds, numpy.array(header[1:])[order], numbers[:, order]
