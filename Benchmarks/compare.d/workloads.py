"""What is compared: the workloads, their data, and the goals.

All data are drawn by numpy from one seed. `Sources/Steps/Workload.swift` and `worker.py` read a workload's arrays.
"""

from dataclasses import dataclass, field
from typing import Callable, Optional

import layers

try:
    import numpy as np
except ImportError:  # before the virtual environment stands, only the names are wanted
    np = None


@dataclass
class Goal:
    """At least `ratio` times as fast as each library among `peers` in its best setting."""

    peers: tuple
    ratio: float

    def libraries(self):
        """The settings of each library."""
        found = {}
        for peer in self.peers:
            found.setdefault(peer.split("-")[0], []).append(peer)
        return found.values()


# Every setting that a knowing user would try; turns.py says what they are.
PYTORCH_PLAIN = ("pytorch-eager", "pytorch-compile")
PYTORCH = PYTORCH_PLAIN + ("pytorch-eager-preload", "pytorch-compile-preload")
PYTORCH_IMAGES = PYTORCH + tuple(peer.replace("-", "-nhwc-", 1) for peer in PYTORCH)
JAX = ("jax-step", "jax-scan")
# Networks for images have no jitted epoch: XLA runs convolutions in a loop on one thread, without its fast kernels. A
# step of lenet took 1.3 s so, and 42 ms by itself.
JAX_STEP = ("jax-step",)
OUR_DENSE = ("rectifier-dense",)


@dataclass
class Workload:
    name: str
    title: str
    layers: tuple  # of dense layers, the units from the input to the output; else the shape of an image
    batch: int
    optimizer: dict
    rate: float
    goals: tuple
    peers: tuple = PYTORCH + JAX
    activation: str = "relu"
    loss: str = "softmax-cross-entropy"
    steps: int = 0  # in an epoch; 0 where the data set says it
    warm: int = 0  # epochs at the start of each turn that are trained but not counted
    rounds: int = 15
    # Of the relative difference of the mean loss, in the first epoch and in all: rounding differs from library to
    # library, and training multiplies it.
    tolerance: float = 1e-4
    tolerance_later: float = 1e-2
    most_microseconds: Optional[float] = None  # for a step
    beats_peak: bool = False
    kind: str = "train"
    epochs: int = 0  # of a real run; 0 where the epochs are the rounds
    build: Optional[Callable] = field(default=None, repr=False)
    data: Optional[str] = None  # the folder of real images; None where the data are generated
    text: Optional[str] = None  # a network of other layers than dense ones, in the layer language
    named: Optional[str] = None  # what `--network` calls it

    @property
    def is_real(self):
        return self.data is not None

    @property
    def is_trained(self):
        """Whether everyone begins with weights that `rectifier train` made: zeros are those of use."""
        return self.text is not None or self.kind == "infer"

    @property
    def classes(self):
        return 10 if self.text else self.layers[-1]

    @property
    def input(self):
        """The shape of a sample."""
        if self.text:
            return self.layers
        return (28, 28) if self.is_real else self.layers[:1]

    @property
    def network(self):
        """In the layer language."""
        if self.text:
            return self.text
        dense = f", {self.activation}, ".join(f"dense {units}" for units in self.layers[1:])
        return "flatten, " + dense if self.is_real else dense

    def multiply_adds(self):
        return self.batch * layers.multiply_adds(layers.parse(self.network, self.input))

    def tensors(self, seed=0):
        """Initial weights, and the data where they are generated."""
        rng = np.random.default_rng([seed, sum(self.name.encode())])
        arrays = {} if self.is_trained else initial_weights(self, rng)
        if self.build:
            self.build(self, rng, arrays)
        return arrays


def initial_weights(workload, rng):
    """He's for ReLU, Glorot's else and for the output; no biases."""
    arrays, pairs = {}, list(zip(workload.layers, workload.layers[1:]))
    for index, (inputs, outputs) in enumerate(pairs):
        is_he = workload.activation == "relu" and index < len(pairs) - 1
        variance = 2 / inputs if is_he else 2 / (inputs + outputs)
        arrays[f"dense{index + 1}.weights"] = rng.standard_normal((inputs, outputs), np.float32) * np.float32(
            variance**0.5
        )
        arrays[f"dense{index + 1}.bias"] = np.zeros(outputs, np.float32)
    return arrays


def order(seed, count):
    """In which the samples of a data set are taken, in every epoch of a seed's run."""
    return np.random.default_rng([seed, 1]).permutation(count).astype(np.int32)


def spiral(workload, rng, arrays):
    """Two arms around each other, as in TensorFlow's playground; targets -1 and 1."""
    count = workload.steps * workload.batch
    arm = rng.integers(0, 2, count)
    turn = rng.random(count)
    angle = 1.75 * 2 * np.pi * turn + np.pi * arm
    points = np.stack([np.sin(angle), np.cos(angle)], axis=1) * turn[:, None] * 5 + rng.uniform(-0.2, 0.2, (count, 2))
    arrays["features"] = points.astype(np.float32)
    arrays["targets"] = (2 * arm - 1).astype(np.float32)[:, None]


def matrix_exponential(workload, rng, arrays):
    """SimpleChains' task: exp of a 2×2 matrix from its four elements."""
    count = workload.steps * workload.batch
    matrices = rng.standard_normal((count, 2, 2)) * 0.5
    term, total = np.eye(2)[None].repeat(count, 0), np.eye(2)[None].repeat(count, 0)
    for power in range(1, 20):
        term = term @ matrices / power
        total = total + term
    arrays["features"] = matrices.reshape(count, 4).astype(np.float32)
    arrays["targets"] = total.reshape(count, 4).astype(np.float32)


def table(workload, rng, arrays):
    """Normal features and a smooth, noisy target."""
    count = workload.steps * workload.batch
    x = rng.standard_normal((count, workload.layers[0]), np.float32)
    y = (
        np.sin(x[:, 0])
        + x[:, 1] * x[:, 2]
        + x @ (rng.standard_normal(workload.layers[0]) / 8)
        + 0.1 * rng.standard_normal(count)
    )
    arrays["features"], arrays["targets"] = x, y.astype(np.float32)[:, None]


def clusters(workload, rng, arrays):
    """Normal features around a centre for each class: dense."""
    count, classes = workload.steps * workload.batch, workload.layers[-1]
    labels = rng.integers(0, classes, count).astype(np.int32)
    centres = rng.standard_normal((classes, workload.layers[0]), np.float32)
    arrays["features"] = rng.standard_normal((count, workload.layers[0]), np.float32) + centres[labels]
    arrays["labels"] = labels


def three_quarters_zeros(workload, rng, arrays):
    """Inputs of which 75 % are 0, and biases that close 75 % of the gates of each unit, measured over all samples."""
    clusters(workload, rng, arrays)
    x = np.abs(arrays["features"]) * (rng.random(arrays["features"].shape) < 0.25)
    arrays["features"] = x = x.astype(np.float32)
    for index in range(1, len(workload.layers) - 1):
        sums = x @ arrays[f"dense{index}.weights"]
        arrays[f"dense{index}.bias"] = -np.quantile(sums, 0.75, axis=0).astype(np.float32)
        x = np.maximum(sums + arrays[f"dense{index}.bias"], 0)


def zeros(workload, arrays):
    """The share of zeros in what each product reads, with the initial weights and generated data."""
    x, shares = arrays["features"], []
    for index in range(1, len(workload.layers)):
        shares.append(float((x == 0).mean()))
        x = x @ arrays[f"dense{index}.weights"] + arrays[f"dense{index}.bias"]
        x = np.maximum(x, 0) if workload.activation == "relu" else np.tanh(x)
    return shares


# The networks that `--network` names, as `Sources/Rectifier/Networks/NamedNetwork.swift` spells them. Rectifier's
# worker compares.
LENET = "conv 32, relu, maxpool 2, conv 64, relu, maxpool 2, flatten, dense 128, relu, dense 10"
VGG6 = (
    "".join(f"conv {n}, relu, conv {n}, relu, maxpool 2, " for n in (64, 128, 256))
    + "flatten, dense 256, relu, dense 10"
)


def residual_stage(filters):
    def block(halves):
        inner = (
            f"conv {filters}{' stride=2' if halves else ''} no-bias, batchnorm, relu, conv {filters} no-bias, batchnorm"
        )
        past = f"conv {filters} 1 stride=2 no-bias, batchnorm" if halves else "identity"
        return f"sum({past} | {inner}), relu, "

    return block(filters > 16) + 2 * block(False)


RESNET20 = (
    "conv 16 no-bias, batchnorm, relu, " + "".join(map(residual_stage, (16, 32, 64))) + "global-avgpool, dense 10"
)

ADAM, SGD, MOMENTUM = {"name": "adam"}, {"name": "sgd"}, {"name": "sgd", "momentum": 0.9}
SQUARED = "squared-error"
FASHION, CIFAR = "fashion-mnist", "cifar10"

WORKLOADS = [
    Workload(
        "spiral", "spiral 2-8-8-1, batch 10, SGD momentum", (2, 8, 8, 1), 10, MOMENTUM, 1e-3,
        (Goal(JAX, 10), Goal(PYTORCH, 100)), loss=SQUARED, steps=2000, warm=1, most_microseconds=2, build=spiral,
    ),
    Workload(
        "simplechains", "4-32-16-4 tanh, batch 64, Adam (SimpleChains' network)", (4, 32, 16, 4), 64, ADAM, 1e-3,
        (Goal(JAX, 5), Goal(PYTORCH, 20)), activation="tanh", loss=SQUARED, steps=1000, warm=1,
        build=matrix_exponential,
    ),
    Workload(
        "tabular", "tabular 32-128-128-1, batch 64, Adam", (32, 128, 128, 1), 64, ADAM, 1e-4,
        (Goal(JAX, 3), Goal(PYTORCH, 6)), loss=SQUARED, steps=500, warm=1, build=table,
    ),
    Workload(
        "deep", "deep 64 × 100 layers, batch 32, SGD", (64,) * 101 + (10,), 32, SGD, 1e-4,
        (Goal(JAX, 3), Goal(PYTORCH, 9)), steps=100, warm=1, build=clusters,
        tolerance_later=0.05,  # a hundred layers multiply what rounding leaves
    ),
    Workload(
        "fashion", "Fashion-MNIST 784-512-512-10, batch 128, Adam, 5 real epochs", (784, 512, 512, 10), 128, ADAM, 1e-3,
        (Goal(PYTORCH + JAX, 3),),
        epochs=5, tolerance=0.01, tolerance_later=0.1, data=FASHION,
    ),
    Workload(
        "fashion-sklearn", "Fashion-MNIST 784-100-100-10, SGD 0.2/0.9, batch 200, 8 epochs",
        (784, 100, 100, 10), 200, MOMENTUM, 0.2,
        (Goal(("sklearn",), 5),), peers=("sklearn",), epochs=8, tolerance=0.01, tolerance_later=0.2, data=FASHION,
    ),
    Workload(
        "wide", "wide 1024-4096-4096-10, batch 256, SGD, activations 75 % zeros",
        (1024, 4096, 4096, 10), 256, SGD, 1e-3,
        (Goal(PYTORCH + JAX, 2),), steps=8, rounds=8, beats_peak=True, build=three_quarters_zeros,
    ),
    Workload(
        "wide-dense", "wide 1024-4096-4096-10, batch 256, SGD, random dense input and tanh",
        (1024, 4096, 4096, 10), 256, SGD, 1e-3,
        (Goal(PYTORCH + JAX, 1),), activation="tanh", steps=8, rounds=8, build=clusters,
    ),
    Workload(
        "inference", "inference 784-512-512-10 on test images, one sample, one thread",
        (784, 512, 512, 10), 1, ADAM, 1e-3,
        (Goal(("onnxruntime",), 2),), peers=("onnxruntime",) + PYTORCH_PLAIN, kind="infer", rounds=10, data=FASHION,
    ),
    # Steps of networks for images are long: so few a turn, of the first images, that a turn of all takes two minutes.
    Workload(
        "lenet", "lenet on Fashion-MNIST, batch 64, Adam", (28, 28), 64, ADAM, 1e-3,
        (Goal(PYTORCH_IMAGES + JAX_STEP, 3),), peers=PYTORCH_IMAGES + JAX_STEP,
        steps=100, rounds=7, tolerance=0.01, tolerance_later=0.1, data=FASHION, text=LENET, named="lenet",
    ),
    Workload(
        "vgg6", "vgg6 on CIFAR-10, batch 64, Adam", (32, 32, 3), 64, ADAM, 1e-3,
        (Goal(PYTORCH_IMAGES + JAX_STEP, 3), Goal(OUR_DENSE, 3.5)), peers=PYTORCH_IMAGES + JAX_STEP + OUR_DENSE,
        steps=10, rounds=5, tolerance=0.001, tolerance_later=0.05, data=CIFAR, text=VGG6, named="vgg6",
    ),
    Workload(
        "vgg6-tanh", "vgg6 with tanh on CIFAR-10, batch 64, Adam: no zeros", (32, 32, 3), 64, ADAM, 1e-3,
        (Goal(PYTORCH_IMAGES + JAX_STEP, 1),), peers=PYTORCH_IMAGES + JAX_STEP, activation="tanh",
        steps=10, rounds=5, tolerance=0.001, tolerance_later=0.05, data=CIFAR, text=VGG6.replace("relu", "tanh"),
    ),
    Workload(
        "resnet20", "resnet20 on CIFAR-10, batch 64, Adam, batch normalization", (32, 32, 3), 64, ADAM, 1e-3,
        (Goal(PYTORCH_IMAGES + JAX_STEP, 1.5),), peers=PYTORCH_IMAGES + JAX_STEP,
        steps=10, rounds=5, tolerance=0.001, tolerance_later=0.05, data=CIFAR, text=RESNET20, named="resnet20",
    ),
]  # fmt: skip

# Whole processes, which `processes.py` runs.
COMMAND = "command"
MEMORY = "memory"
MEMORY_VGG6 = "memory-vgg6"

NAMES = [workload.name for workload in WORKLOADS] + [COMMAND, MEMORY, MEMORY_VGG6]
