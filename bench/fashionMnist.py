"""How fast PyTorch trains the network of examples/real/fashionMnist.ts: pictures a second of one epoch, from random ones.

    /usr/bin/python3 bench/fashionMnist.py [PICTURES] [THREADS]
"""

import sys
import time

import torch
from torch import nn

pictures = int(sys.argv[1]) if len(sys.argv) > 1 else 60000
threads = int(sys.argv[2]) if len(sys.argv) > 2 else 1


def convolution(inputs, filters):
    return [
        nn.Conv2d(inputs, filters, 3, padding=1, bias=False),
        nn.BatchNorm2d(filters),
        nn.ReLU(),
        nn.MaxPool2d(2),
    ]


def measure(memory_format):
    torch.manual_seed(0)
    network = nn.Sequential(
        *convolution(1, 16),
        *convolution(16, 32),
        *convolution(32, 64),
        nn.Flatten(),
        nn.Dropout(0.3),
        nn.Linear(576, 10),
    ).to(memory_format=memory_format)
    optimizer = torch.optim.Adam(network.parameters(), 0.001)
    x = torch.randint(0, 256, (pictures, 1, 28, 28), dtype=torch.uint8).to(memory_format=memory_format)
    y = torch.randint(0, 10, (pictures,))

    def train(batches):
        for batch in batches:
            optimizer.zero_grad()
            nn.functional.cross_entropy(network(x[batch].float() / 255), y[batch]).backward()
            optimizer.step()

    batches = torch.randperm(pictures).split(128)
    train(batches[:5])
    began, work = time.time(), time.process_time()
    train(batches)
    return pictures / (time.time() - began), pictures / (time.process_time() - work)


torch.set_num_threads(threads)
for memory_format in (torch.contiguous_format, torch.channels_last):
    rate, rate_of_work = measure(memory_format)
    print(f"{rate:.0f} pictures a second, {rate_of_work:.0f} a second of work: {memory_format}, {threads} threads")
