"""A contest as bench/support/contest.ts describes it, for peers in Python."""
import json
import sys
import time

import numpy as np


def read_given():
    """The task, the rows, their labels, the order of each epoch, and the parameters: weights [inputs, outputs] and biases in turn."""
    folder = sys.argv[1]
    with open(f'{folder}/task.json') as file:
        task = json.load(file)
    widths = task['widths']
    x = np.fromfile(f'{folder}/x.f32', np.float32).reshape(-1, widths[0])
    y = np.fromfile(f'{folder}/y.i32', np.int32)
    orders = np.fromfile(f'{folder}/orders.i32', np.int32).reshape(-1, len(x))
    flat = np.fromfile(f'{folder}/parameters.f32', np.float32)
    parameters = []
    for inputs, outputs in zip(widths, widths[1:]):
        for shape in ((inputs, outputs), (outputs,)):
            size = int(np.prod(shape))
            parameters.append(flat[:size].reshape(shape).copy())
            flat = flat[size:]
    return task, x, y, iter(orders), parameters


def take_part(name, epoch, predict):
    """Answers until there are no more questions. `epoch` trains once through the rows and returns the mean cost."""
    print(json.dumps({'name': name}), flush=True)
    for line in sys.stdin:
        if line.strip() == 'epoch':
            start = time.perf_counter()
            cost = epoch()
            print(json.dumps({'seconds': time.perf_counter() - start, 'cost': float(cost)}), flush=True)
        else:
            start = time.perf_counter()
            pieces = 0
            while time.perf_counter() < start + 0.01:
                predict()
                pieces += 1
            print(json.dumps({'seconds': (time.perf_counter() - start) / pieces}), flush=True)
