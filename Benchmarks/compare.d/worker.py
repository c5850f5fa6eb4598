"""What the peers' workers have in common: the commands (Sources/Steps/Steps.swift lists them) and the workload."""

import json
import os
import sys
import time

import numpy as np

import layers
import tensors


class Workload:
    """What the driver wrote into a folder. Everything a peer needs lies in memory as float32 before a clock runs."""

    def __init__(self, folder):
        with open(os.path.join(folder, "workload.json")) as file:
            self.__dict__.update(json.load(file))
        arrays = tensors.read(os.path.join(folder, "tensors.safetensors"))
        given = {name: arrays.pop(name) for name in ("features", "targets", "labels", "order") if name in arrays}
        self.layers = layers.parse(self.network, tuple(self.input))
        self.arrays = arrays  # the initial weights, under Rectifier's names and in its shapes
        self.is_convolutional = any(layer.kind == "conv" for layer in layers.flat(self.layers))
        self.is_classification = self.loss == "softmax-cross-entropy"
        self.test = None
        if self.data:
            images, labels = tensors.images(self.data, "train")
            self.features, self.targets = images[given["order"]], labels[given["order"]]
            self.test = tensors.images(self.data, "test")
        else:
            self.features = given["features"]
            self.targets = given["labels"] if self.is_classification else given["targets"]
        if self.is_convolutional:
            self.features = self.features.reshape(len(self.features), *self.input[:2], -1)

    @property
    def weights(self):
        """Of a network of dense layers: [in, out] and [out] of each."""
        names = [layer.name for layer in self.layers if layer.kind == "dense"]
        return [(self.arrays[f"{name}.weights"], self.arrays[f"{name}.bias"]) for name in names]

    def batches(self):
        """(features, targets) of each step of an epoch; the last may be smaller."""
        count, size = len(self.features), self.batchSize
        return [(self.features[i : i + size], self.targets[i : i + size]) for i in range(0, count, size)]

    def mean_loss(self, losses):
        """The mean over samples of an epoch's batch losses."""
        sizes = [len(targets) for _, targets in self.batches()]
        return float(np.average(np.asarray(losses, np.float64), weights=sizes))


def cross_entropy(logits, labels):
    """The mean over rows of -log softmax(logits)[label]."""
    logits = np.asarray(logits, np.float64)
    shifted = logits - logits.max(axis=1, keepdims=True)
    return float(np.mean(np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(labels)), labels]))


def serve(make, version):
    """Answers commands until there are no more.

    `make(workload)` gives an object with `epoch()`, the timed part, which returns something that `loss(…)` turns into
    the epoch's mean loss afterwards; and, where it can, `finish()`, which returns the test accuracy and the share of
    zeros by layer.
    """
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print must not come between the replies
    peer = None
    for line in sys.stdin:
        command = json.loads(line)
        try:
            if "load" in command:
                peer = make(Workload(command["load"]))
                reply = {"ready": True, "version": version}
            elif "epochs" in command:
                reply = {"seconds": [], "losses": []}
                for _ in range(command["epochs"]):
                    start = time.perf_counter()
                    result = peer.epoch()
                    reply["seconds"].append(time.perf_counter() - start)
                    reply["losses"].append(peer.loss(result))
            elif "finish" in command:
                reply = peer.finish() if hasattr(peer, "finish") else {}
            else:
                return
        except Exception as error:  # told in one line; the driver leaves this peer out
            reply = {"error": f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"}
        print(json.dumps(reply), file=replies, flush=True)
