"""The layer language, as far as the workloads write it: what the peers build their networks from.

`parse("conv 32, relu, maxpool 2, flatten, dense 10", (28, 28))` gives a list of layers with the shapes they read.
Images lie channels last, as in Rectifier's files.
"""

from dataclasses import dataclass, field


@dataclass
class Layer:
    kind: str
    reads: tuple  # shape of what it reads, without the batch
    gives: tuple
    name: str = ""  # before the names of its parameters
    size: int = 0  # filters, units, or the window's side of a pooling
    window: int = 3
    stride: int = 1
    has_bias: bool = True
    branches: list = field(default_factory=list)

    @property
    def padding(self):
        """Pixels before and behind rows and columns of a convolution, as TensorFlow's "same": an odd one is behind."""
        size = self.reads[0]
        every = max(0, (-(-size // self.stride) - 1) * self.stride + self.window - size)
        return every // 2, every - every // 2


def parse(text, shape, scope="", counts=None):
    """The layers of a text for samples of a shape. Branches of a sum share a scope of names, `sum1.`."""
    counts = {} if counts is None else counts
    layers = []
    for phrase in split(text, ","):
        layer = of_phrase(phrase, shape, scope, counts)
        layers.append(layer)
        shape = layer.gives
    return layers


def of_phrase(phrase, shape, scope, counts):
    def named(kind):
        counts[kind] = counts.get(kind, 0) + 1
        return f"{scope}{kind}{counts[kind]}"

    if phrase.startswith("sum("):
        name, inner = named("sum"), {}
        branches = [parse(branch, shape, f"{name}.", inner) for branch in split(phrase[4:-1], "|")]
        return Layer("sum", shape, branches[0][-1].gives, name, branches=branches)
    kind, *words = phrase.split()
    numbers = [int(word) for word in words if word.isdigit()]
    settings = dict(word.split("=") for word in words if "=" in word)
    if kind in ("relu", "tanh", "identity"):
        return Layer(kind, shape, shape)
    if kind == "batchnorm":
        return Layer(kind, shape, shape, named(kind))
    if kind == "flatten":
        count = 1
        for extent in shape:
            count *= extent
        return Layer(kind, shape, (count,))
    if kind == "dense":
        return Layer(kind, shape, (numbers[0],), named(kind), numbers[0])
    if kind == "global-avgpool":
        return Layer(kind, shape, shape[-1:])
    rows, columns, *channels = shape
    if kind == "maxpool":
        return Layer(kind, shape, (rows // numbers[0], columns // numbers[0], *channels), size=numbers[0])
    if kind == "conv":
        stride, window = int(settings.get("stride", 1)), (numbers[1:] or [3])[0]
        gives = (-(-rows // stride), -(-columns // stride), numbers[0])
        return Layer(kind, shape, gives, named(kind), numbers[0], window, stride, "no-bias" not in words)
    raise ValueError(f"the peers know no layer '{phrase}'")


def split(text, separator):
    """The parts of a text between separators that no parenthesis holds."""
    parts, depth, begin = [], 0, 0
    for index, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if character == separator and depth == 0:
            parts.append(text[begin:index].strip())
            begin = index + 1
    return parts + [text[begin:].strip()]


def flat(layers):
    """The layers with those in branches, in the order of the text."""
    return [
        inner for layer in layers for inner in ([layer] if not layer.branches else sum(map(flat, layer.branches), []))
    ]


def multiply_adds(layers):
    """Of a dense training step of one sample: forward, weight gradient, and input gradient but for the first layer."""
    total, first = 0, True
    for layer in flat(layers):
        if layer.kind == "dense":
            products = layer.reads[-1] * layer.size
        elif layer.kind == "conv":
            channels = layer.reads[2] if len(layer.reads) > 2 else 1
            products = layer.gives[0] * layer.gives[1] * layer.size * channels * layer.window**2
        else:
            continue
        total += products * (2 if first else 3)
        first = False
    return total
