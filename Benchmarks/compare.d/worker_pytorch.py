"""PyTorch. `worker_pytorch.py eager|compile`."""

import os
import sys

import torch
from torch import nn

import worker

MODE = sys.argv[1]


def network(workload):
    """The workload's network with its initial weights."""
    activation = {"relu": nn.ReLU, "tanh": nn.Tanh}[workload.activation]
    layers = []
    for weights, bias in workload.weights:
        layer = nn.Linear(*weights.shape)
        with torch.no_grad():
            layer.weight.copy_(torch.from_numpy(weights.T))
            layer.bias.copy_(torch.from_numpy(bias))
        layers += [layer, activation()]
    return nn.Sequential(*layers[:-1])


class Training:
    def __init__(self, workload):
        torch.set_num_threads(workload.threads)
        self.workload = workload
        self.model = model = network(workload)
        # Contiguous tensors in memory and no DataLoader: nothing is between PyTorch and the data.
        self.batches = [(torch.from_numpy(x).clone(), torch.from_numpy(y).clone()) for x, y in workload.batches()]
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
        self.update = torch.compile(lambda: self.optimizer.step()) if MODE == "compile" and kind["name"] == "sgd" else self.optimizer.step
        self.warm_up()

    def warm_up(self):
        """Compiles before any clock runs, and leaves the weights as they were."""
        for batch in (self.batches[0], self.batches[-1]):
            self.compute_loss(*batch).backward()
        if MODE == "compile" and self.workload.optimizer["name"] == "sgd":
            before = [parameter.detach().clone() for parameter in self.model.parameters()]
            for _ in range(2):  # the first makes the momentum, the second finds it
                self.update()
            with torch.no_grad():
                for parameter, value in zip(self.model.parameters(), before):
                    parameter.copy_(value)
            for state in self.optimizer.state.values():
                if state.get("momentum_buffer") is not None:
                    state["momentum_buffer"].zero_()

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
        x = torch.from_numpy(x)
        zeros = []
        for layer in self.model:
            if isinstance(layer, nn.Linear):
                zeros.append((x == 0).float().mean().item())
            x = layer(x)
        reply = {"zeros": zeros}
        if labels is not None:
            reply["accuracy"] = (x.argmax(1).numpy() == labels).mean().item()
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
