"""PyTorch. `worker_pytorch.py eager|compile [channels-last]`."""

import os
import sys

import torch
from torch import nn

import worker

MODE = sys.argv[1]
# Where channels lie: PyTorch's own order is [batch, channels, rows, columns]. `channels_last` keeps that order in the
# shape and lays channels side by side in memory, which PyTorch advises for convolutions.
FORMAT = torch.channels_last if "channels-last" in sys.argv else torch.contiguous_format


class Sum(nn.Module):
    """The sum of what several ways make of the same."""

    def __init__(self, branches):
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, x):
        first, *others = (branch(x) for branch in self.branches)
        return sum(others, first)


def module(layer, arrays, before):
    """A layer with its initial weights. - `before`: the shape that a flattening read, where it is the layer before."""
    if layer.kind == "sum":
        return Sum([sequence(branch, arrays) for branch in layer.branches])
    parts = [(*name.rpartition("."), array) for name, array in arrays.items()]
    parameter = {name: torch.from_numpy(array) for owner, _, name, array in parts if owner == layer.name}
    if layer.kind == "dense":
        result, weights = nn.Linear(layer.reads[-1], layer.size), parameter["weights"]
        if (
            before and len(before) == 3
        ):  # Rectifier flattens [rows, columns, channels], PyTorch [channels, rows, columns].
            weights = weights.reshape(*before, -1).permute(2, 0, 1, 3).reshape(weights.shape)
        values = {"weight": weights.T, "bias": parameter["bias"]}
    elif layer.kind == "conv":
        before, behind = layer.padding
        channels = layer.reads[2] if len(layer.reads) > 2 else 1
        result = nn.Conv2d(
            channels,
            layer.size,
            layer.window,
            layer.stride,
            padding=before if before == behind else 0,
            bias=layer.has_bias,
        )
        values = {"weight": parameter["weights"].permute(3, 2, 0, 1)} | (
            {"bias": parameter["bias"]} if layer.has_bias else {}
        )
        if before != behind:  # two of resnet20's layers
            result = nn.Sequential(nn.ZeroPad2d((before, behind, before, behind)), result)
            values = {f"1.{name}": value for name, value in values.items()}
    elif layer.kind == "batchnorm":
        result = nn.BatchNorm2d(layer.reads[-1])
        values = {"weight": parameter["scale"], "bias": parameter["shift"]}
        values |= {"running_mean": parameter["mean"], "running_var": parameter["variance"]}
    else:
        return {
            "relu": nn.ReLU, "tanh": nn.Tanh, "identity": nn.Identity, "flatten": nn.Flatten,
            "maxpool": lambda: nn.MaxPool2d(layer.size),
            "global-avgpool": lambda: nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()),
        }[layer.kind]()  # fmt: skip
    result.load_state_dict(values, strict=False)
    return result


def sequence(layers, arrays):
    found, before = [], None
    for layer in layers:
        # Dense samples are flat already.
        if layer.kind != "flatten" or len(layer.reads) == 3:
            found.append(module(layer, arrays, before))
        before = layer.reads if layer.kind == "flatten" else None
    return nn.Sequential(*found)


def network(workload):
    """The workload's network with its initial weights."""
    return sequence(workload.layers, workload.arrays).to(memory_format=FORMAT)


def tensor(workload, features):
    """Samples as the network reads them, in memory of their own."""
    x = torch.from_numpy(features)
    if not workload.is_convolutional:
        return x.clone()
    x = x.reshape(len(x), *workload.input[:2], -1).permute(0, 3, 1, 2)
    return x.clone(memory_format=FORMAT)


class Training:
    def __init__(self, workload):
        torch.set_num_threads(workload.threads)
        self.workload = workload
        self.model = model = network(workload)
        # Contiguous tensors in memory and no DataLoader: nothing is between PyTorch and the data.
        self.batches = [(tensor(workload, x), torch.from_numpy(y).clone()) for x, y in workload.batches()]
        if workload.is_classification:
            self.batches = [(x, y.long()) for x, y in self.batches]
        # Adam fused: one kernel for the whole update. SGD's fused kernel starts all threads for each parameter, however
        # small, and is slower than PyTorch's default here: by a third for a hundred layers of 64 units.
        kind, rate = workload.optimizer, workload.learningRate
        if kind["name"] == "adam":
            self.optimizer = torch.optim.Adam(model.parameters(), lr=rate, fused=True)
        else:
            self.optimizer = torch.optim.SGD(model.parameters(), lr=rate, momentum=kind.get("momentum", 0))
        criterion = nn.CrossEntropyLoss() if workload.is_classification else nn.MSELoss()

        def loss(x, y):
            return criterion(model(x), y)

        # Network and loss in one graph, forward and backward. dynamic=False compiles the last, smaller batch by itself
        # instead of making all sizes slow. The other modes are for GPUs (CUDA graphs) or for weights that do not
        # change.
        self.compute_loss = torch.compile(loss, dynamic=False) if MODE == "compile" else loss
        # SGD's update in PyTorch's own code is a Python loop over parameters, which compiling makes one call. Adam's
        # fused one is faster than compiled.
        self.update = (
            torch.compile(lambda: self.optimizer.step())
            if MODE == "compile" and kind["name"] == "sgd"
            else self.optimizer.step
        )
        self.warm_up()

    def warm_up(self):
        """Compiles before any clock runs, and leaves the weights as they were."""
        before = {name: value.detach().clone() for name, value in self.model.state_dict().items()}
        for batch in (self.batches[0], self.batches[-1]):
            self.compute_loss(*batch).backward()
        if MODE == "compile" and self.workload.optimizer["name"] == "sgd":
            for _ in range(2):  # the first makes the momentum, the second finds it
                self.update()
            for state in self.optimizer.state.values():
                if state.get("momentum_buffer") is not None:
                    state["momentum_buffer"].zero_()
        with torch.no_grad():
            for name, value in self.model.state_dict().items():
                value.copy_(before[name])

    def epoch(self):
        losses = []
        for x, y in self.batches:
            self.optimizer.zero_grad(set_to_none=True)
            loss = self.compute_loss(x, y)
            loss.backward()
            self.update()
            losses.append(loss.detach())
        return losses

    def loss(self, losses):
        return self.workload.mean_loss(torch.stack(losses).tolist())

    @torch.inference_mode()
    def finish(self):
        """Test accuracy, and the share of zeros in what each product reads, on test data or else training data."""
        x, labels = self.workload.test or (self.workload.features, None)
        x = tensor(self.workload, x[:1000] if self.workload.is_convolutional else x)
        zeros, shares = [], lambda layer, inputs: zeros.append((inputs[0] == 0).float().mean().item())
        self.model.eval()
        for layer in self.model.modules():
            if isinstance(layer, (nn.Linear, nn.Conv2d)):
                layer.register_forward_pre_hook(shares)
        outputs = self.model(x)
        reply = {"zeros": zeros}
        if labels is not None and not self.workload.is_convolutional:
            reply["accuracy"] = (outputs.argmax(1).numpy() == labels).mean().item()
        return reply


class Inference:
    """Single samples, one after the other, in inference mode, compiled for the one shape in mode "compile"."""

    def __init__(self, workload):
        torch.set_num_threads(workload.threads)
        images, self.labels = workload.test
        self.samples = [torch.from_numpy(image).clone().reshape(1, -1) for image in images]
        model = network(workload).eval()
        self.model = torch.compile(model, dynamic=False) if MODE == "compile" else model
        with torch.inference_mode():
            self.model(self.samples[0])

    @torch.inference_mode()
    def epoch(self):
        model = self.model
        return [model(sample) for sample in self.samples]

    def loss(self, outputs):
        return worker.cross_entropy(torch.cat(outputs).numpy(), self.labels)


if __name__ == "__main__":
    os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", os.path.join(os.getcwd(), "torchinductor"))
    worker.serve(lambda workload: (Inference if workload.kind == "infer" else Training)(workload), torch.__version__)
