"""What a PyTorch user writes to do what one `rectifier train` does: `script_pytorch.py DATA OUTPUT EPOCHS THREADS`.

Gzipped IDX files in, a network trained and tested after each epoch, a file of weights out. In memory, without a
DataLoader, with the fused optimizer and the images kept as bytes until the one conversion: as fast as eager PyTorch
goes. Compiling would take longer than the epoch.
"""

import gzip
import sys

import numpy as np
import torch
from torch import nn

data, output, epochs, threads = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
torch.set_num_threads(threads)
torch.manual_seed(0)


def read(name, offset):
    with gzip.open(f"{data}/{name}") as file:
        return np.frombuffer(file.read(), np.uint8, offset=offset)


def load(split):
    images = torch.from_numpy(read(f"{split}-images-idx3-ubyte.gz", 16).reshape(-1, 784).copy()).float().div_(255)
    return images, torch.from_numpy(read(f"{split}-labels-idx1-ubyte.gz", 8).astype(np.int64))


(x, y), (x_test, y_test) = load("train"), load("t10k")
model = nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
for epoch in range(epochs):
    order = torch.randperm(len(x))
    for i in range(0, len(x), 128):
        batch = order[i : i + 128]
        optimizer.zero_grad(set_to_none=True)
        loss = nn.functional.cross_entropy(model(x[batch]), y[batch])
        loss.backward()
        optimizer.step()
    with torch.inference_mode():
        accuracy = (model(x_test).argmax(1) == y_test).float().mean().item()
        print(f"epoch {epoch + 1}: {accuracy:.4f}")
torch.save(model.state_dict(), output)
