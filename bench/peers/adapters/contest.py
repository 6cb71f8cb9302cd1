"""What contestants are asked and what they answer, as src/bench/contest.ts has it, for peers in Python."""
import json
import os
import signal
import sys
import time

# Ctrl-C is for the benchmark, which then asks no more.
signal.signal(signal.SIGINT, signal.SIG_IGN)
OPENED = time.perf_counter()
ROUND = 0.01


class Unable(Exception):
    """What a library does not have."""


def absent(how):
    """Says that the library is not installed, and ends."""
    print(json.dumps({'absent': how}), flush=True)
    sys.exit()


def factor(numpy, count, more=0):
    """The numbers of a product's factor, as src/bench/contest.ts has them."""
    return ((((numpy.arange(count) + more) * 37) % 17 - 8) / 8).astype(numpy.float32)


def read_given(numpy, task, chain=True):
    """Rows, targets, an iterator over the orders of epochs; and all parameters, in the order of the layers: weights
    [inputs, outputs] and biases where the network is a chain of fully connected layers."""
    if chain and 'chain' not in task:
        raise Unable('fully connected layers alone')
    rows = task['rows']
    path = lambda name: os.path.join(task['folder'], name)
    x = numpy.fromfile(path('x.f32'), numpy.float32).reshape(rows, -1)
    labels = task['loss'] == 'sparseCategoricalCrossEntropy'
    if labels:
        y = numpy.fromfile(path('y.i32'), numpy.int32)
    else:
        y = numpy.fromfile(path('y.f32'), numpy.float32).reshape(rows, -1)
    orders = numpy.fromfile(path('orders.i32'), numpy.int32).reshape(-1, rows)
    flat = numpy.fromfile(path('parameters.f32'), numpy.float32)
    parameters = []
    for shape in (each['shape'] for each in task['parameters']):
        size = int(numpy.prod(shape))
        parameters.append(flat[:size].reshape(shape).copy())
        flat = flat[size:]
    return x, y, iter(orders), parameters


def timed(prepared, least):
    run, cost = prepared['run'], prepared.get('cost')
    cpu, start, pieces, seconds = time.process_time(), time.perf_counter(), 0, 0
    while pieces == 0 or seconds < least:
        pieces += run()
        seconds = time.perf_counter() - start
    answer = {'pieces': pieces, 'seconds': seconds, 'cpuSeconds': time.process_time() - cpu}
    return answer | {'cost': float(cost())} if cost else answer


def take_part(name, version, prepare):
    """Answers questions until there are no more. `prepare(task)` returns a dict: `run()` says how many pieces it did,
    and perhaps `cost()`, `output` and `notComparable`."""
    say = lambda answer: print(json.dumps(answer), flush=True)
    say({'name': name, 'version': version, 'seconds': time.perf_counter() - OPENED})
    tasks = {}
    for line in sys.stdin:
        question = json.loads(line)
        try:
            if question['ask'] == 'prepare':
                start = time.perf_counter()
                prepared = prepare(question['task'])
                answer = {key: prepared[key] for key in ('notComparable', 'output') if key in prepared}
                tasks[question['id']] = prepared, 0 if question['task']['kind'] == 'training' else ROUND
                say(answer | {'seconds': time.perf_counter() - start})
            elif question['ask'] == 'run':
                say(timed(*tasks[question['id']]))
            else:
                tasks.pop(question['id'], None)
                say({})
        except Unable as error:
            say({'unable': str(error)})
        except Exception as error:
            say({'error': f'{type(error).__name__}: {error}'[:160]})
