"""The safetensors format, as far as this comparison needs it, and the two sets of images."""

import gzip
import json
import os
import struct

import numpy as np

TYPES = {"F32": np.float32, "I32": np.int32}


def write(path, tensors):
    """Writes arrays of float32 or int32 by name."""
    header, start = {}, 0
    for name, array in tensors.items():
        kind = next(kind for kind, dtype in TYPES.items() if array.dtype == dtype)
        header[name] = {"dtype": kind, "shape": list(array.shape), "data_offsets": [start, start + array.nbytes]}
        start += array.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for array in tensors.values():
            file.write(np.ascontiguousarray(array).tobytes())


def read(path):
    """Arrays by name."""
    with open(path, "rb") as file:
        content = file.read()
    length = struct.unpack("<Q", content[:8])[0]
    header = json.loads(content[8 : 8 + length])
    header.pop("__metadata__", None)
    result = {}
    for name, entry in header.items():
        first, end = (8 + length + offset for offset in entry["data_offsets"])
        result[name] = np.frombuffer(content[first:end], TYPES[entry["dtype"]]).reshape(entry["shape"]).copy()
    return result


def images(folder, split):
    """Images as float32 rows from 0 to 1, channels last, and labels as int32; `split` is "train" or "test"."""
    read = cifar if os.path.exists(os.path.join(folder, "test_batch.bin")) else idx
    pixels, labels = read(folder, split)
    return pixels.reshape(len(labels), -1).astype(np.float32) * np.float32(1 / 255), labels.astype(np.int32)


def idx(folder, split):
    """Fashion-MNIST's files."""

    def values(name, offset):
        with gzip.open(os.path.join(folder, name)) as file:
            return np.frombuffer(file.read(), np.uint8, offset=offset)

    split = "t10k" if split == "test" else split
    return values(f"{split}-images-idx3-ubyte.gz", 16), values(f"{split}-labels-idx1-ubyte.gz", 8)


def cifar(folder, split):
    """CIFAR-10's files: records of a label and a plane for each colour."""
    start = "test_batch" if split == "test" else "data_batch_"
    names = sorted(name for name in os.listdir(folder) if name.startswith(start) and name.endswith(".bin"))
    records = np.concatenate([np.fromfile(os.path.join(folder, name), np.uint8).reshape(-1, 3073) for name in names])
    return records[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1), records[:, 0]


def count(folder):
    """How many training images there are."""
    return len(images(folder, "train")[1])
