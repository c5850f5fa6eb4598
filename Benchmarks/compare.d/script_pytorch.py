"""What a PyTorch user writes to do what one `rectifier train` does.

`script_pytorch.py dense|vgg6 DATA OUTPUT EPOCHS THREADS`: gzipped IDX files or CIFAR's binary files in, a network
trained and tested after each epoch, a file of weights out. In memory, without a DataLoader, with the fused optimizer:
as fast as eager PyTorch goes. Compiling would take longer than the epoch. Dense layers' images are converted once;
those of CIFAR stay bytes until their batch is taken, because float32 takes four times the memory.
"""

import gzip
import sys

import numpy as np
import torch
from torch import nn

network, data, output = sys.argv[1:4]
epochs, threads = map(int, sys.argv[4:6])
torch.set_num_threads(threads)
torch.manual_seed(0)


def idx(split):
    def read(name, offset):
        with gzip.open(f"{data}/{name}") as file:
            return np.frombuffer(file.read(), np.uint8, offset=offset)

    images = torch.from_numpy(read(f"{split}-images-idx3-ubyte.gz", 16).reshape(-1, 784).copy()).float().div_(255)
    return images, torch.from_numpy(read(f"{split}-labels-idx1-ubyte.gz", 8).astype(np.int64))


def cifar(name):
    records = torch.from_numpy(np.fromfile(f"{data}/{name}.bin", np.uint8).reshape(-1, 3073))
    return records[:, 1:].reshape(-1, 3, 32, 32), records[:, 0].long()


def vgg6():
    layers, channels = [], 3
    for filters in (64, 128, 256):
        for _ in range(2):
            layers += [nn.Conv2d(channels, filters, 3, padding=1), nn.ReLU()]
            channels = filters
        layers.append(nn.MaxPool2d(2))
    layers += [nn.Flatten(), nn.Linear(4096, 256), nn.ReLU(), nn.Linear(256, 10)]
    return nn.Sequential(*layers).to(memory_format=torch.channels_last)


def floats(x):
    """A batch as the network reads it."""
    return x if x.is_floating_point() else x.float().div_(255).contiguous(memory_format=torch.channels_last)


if network == "vgg6":
    (x, y), (x_test, y_test) = cifar("data_batch_1"), cifar("test_batch")
    model, size, test_size = vgg6(), 64, 64
else:
    (x, y), (x_test, y_test) = idx("train"), idx("t10k")
    model = nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10))
    size, test_size = 128, len(x_test)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
for epoch in range(epochs):
    order = torch.randperm(len(x))
    for i in range(0, len(x), size):
        batch = order[i : i + size]
        optimizer.zero_grad(set_to_none=True)
        loss = nn.functional.cross_entropy(model(floats(x[batch])), y[batch])
        loss.backward()
        optimizer.step()
    with torch.inference_mode():
        right = sum(
            (model(floats(x_test[i : i + test_size])).argmax(1) == y_test[i : i + test_size]).sum().item()
            for i in range(0, len(x_test), test_size)
        )
        print(f"epoch {epoch + 1}: {right / len(x_test):.4f}")
torch.save(model.state_dict(), output)
