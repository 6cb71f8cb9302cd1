"""How fast PyTorch trains the network of examples/real/fashionMnist.ts: pictures a second of one epoch, from random ones.

    /usr/bin/python3 bench/fashionMnist.py [PICTURES]
"""

import sys
import time

import torch
from torch import nn

pictures = int(sys.argv[1]) if len(sys.argv) > 1 else 60000


def convolution(inputs, filters):
    return [
        nn.Conv2d(inputs, filters, 3, padding=1, bias=False),
        nn.BatchNorm2d(filters),
        nn.ReLU(),
        nn.MaxPool2d(2),
    ]


torch.manual_seed(0)
network = nn.Sequential(
    *convolution(1, 16), *convolution(16, 32), *convolution(32, 64), nn.Flatten(), nn.Dropout(0.3), nn.Linear(576, 10)
)
optimizer = torch.optim.Adam(network.parameters(), 0.001)
x = torch.randint(0, 256, (pictures, 1, 28, 28), dtype=torch.uint8)
y = torch.randint(0, 10, (pictures,))
began, work = time.time(), time.process_time()
for batch in torch.randperm(pictures).split(128):
    optimizer.zero_grad()
    nn.functional.cross_entropy(network(x[batch].float() / 255), y[batch]).backward()
    optimizer.step()
seconds, work = time.time() - began, time.process_time() - work
print(f"{pictures / seconds:.0f} pictures a second, {work:.1f} s of work, {torch.get_num_threads()} threads")
