"""The safetensors format, as far as this comparison needs it, and IDX files."""

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


def idx(folder, split):
    """Images as float32 rows from 0 to 1, and labels as int32; `split` is "train" or "t10k"."""

    def values(name, offset):
        with gzip.open(os.path.join(folder, name)) as file:
            return np.frombuffer(file.read(), np.uint8, offset=offset)

    labels = values(f"{split}-labels-idx1-ubyte.gz", 8).astype(np.int32)
    images = values(f"{split}-images-idx3-ubyte.gz", 16).reshape(len(labels), -1)
    return images.astype(np.float32) * np.float32(1 / 255), labels
