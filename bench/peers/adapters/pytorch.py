"""pytorch.py eager|compiled THREADS"""
import sys

from contest import Unable, absent, factor, read_given, take_part

try:
    import numpy
    import torch
    from torch import from_numpy as tensor, nn
except ModuleNotFoundError:
    absent('apt-get install python3-torch, or pip install torch')

mode, threads = sys.argv[1], int(sys.argv[2])
version = torch.__version__.split('+')[0]
if mode == 'compiled' and not hasattr(torch, 'compile'):
    absent(f'torch.compile needs PyTorch 2; this is {version}')
torch.set_num_threads(threads)
# Or Adam slows down once its moments are denormal.
torch.set_flush_denormal(True)
compiled = torch.compile if mode == 'compiled' else lambda function: function
ACTIVATIONS = {'relu': nn.ReLU, 'tanh': nn.Tanh, 'sigmoid': nn.Sigmoid, 'linear': nn.Identity}
LOSSES = {
    'sparseCategoricalCrossEntropy': nn.CrossEntropyLoss,
    'binaryCrossEntropy': nn.BCEWithLogitsLoss,
    'meanSquaredError': nn.MSELoss,
}


def network_of(task, parameters):
    """The network without its last softmax or sigmoid, and how rows become its input."""
    if 'chain' not in task:
        import torchLayers
        return torchLayers.network_of(task, parameters)
    widths, activations = task['chain']['widths'], task['chain']['activations']
    layers = []
    for place, (inputs, outputs) in enumerate(zip(widths, widths[1:])):
        layer = nn.Linear(inputs, outputs)
        with torch.no_grad():
            layer.weight.copy_(tensor(parameters.pop(0)).T)
            layer.bias.copy_(tensor(parameters.pop(0)))
        layers.append(layer)
        last = place == len(activations) - 1
        if last and task['loss'] != 'meanSquaredError':
            break
        if activations[place] not in ACTIVATIONS:
            raise Unable(f'no {activations[place]} inside')
        layers.append(ACTIVATIONS[activations[place]]())
    return nn.Sequential(*layers), lambda x: x


def training(task):
    x, y, orders, parameters = read_given(numpy, task, chain=False)
    labels = task['loss'] == 'sparseCategoricalCrossEntropy'
    network, prepared = network_of(task, parameters)
    x, y = prepared(tensor(x)), tensor(y).long() if labels else tensor(y)
    learning = [each for each in network.parameters() if each.requires_grad]
    kind = torch.optim.Adam if task['optimizer'] == 'adam' else torch.optim.SGD
    optimizer = kind(learning, lr=task['learningRate'])
    measure = LOSSES[task['loss']]()
    forward = compiled(lambda rows, targets: measure(network(rows), targets))
    costs = []

    def run():
        total = torch.zeros(())
        for rows in tensor(next(orders)).long().split(task['batchSize']):
            optimizer.zero_grad(set_to_none=True)
            cost = forward(x[rows], y[rows])
            cost.backward()
            optimizer.step()
            total += cost.detach() * len(rows)
        costs.append(total.item() / len(x))
        return len(x)

    return {'run': run, 'cost': lambda: costs[-1]}


def inference(task):
    x, _, _, parameters = read_given(numpy, task, chain=False)
    rows = task['batchSize']
    network, prepared = network_of(task, parameters)
    x = prepared(tensor(x[:rows]))
    network.eval()
    ends = {'sparseCategoricalCrossEntropy': lambda z: torch.softmax(z, 1), 'binaryCrossEntropy': torch.sigmoid}
    forward = compiled(lambda batch: ends.get(task['loss'], lambda z: z)(network(batch)))

    def run():
        with torch.inference_mode():
            forward(x)
        return rows

    with torch.inference_mode():
        output = forward(x).flatten()[:64].tolist()
    return {'run': run, 'output': output}


def product(task):
    rows, inputs, outputs = task['rows'], task['inputs'], task['outputs']
    x = tensor(factor(numpy, rows * inputs)).reshape(rows, inputs)
    w = tensor(factor(numpy, inputs * outputs, 1)).reshape(inputs, outputs)
    y = torch.empty(rows, outputs)

    def run():
        torch.matmul(x, w, out=y)
        return rows * inputs * outputs

    run()
    return {'run': run, 'output': y[0, :8].tolist()}


def prepare(task):
    kinds = {'training': training, 'inference': inference}
    if task['kind'] in kinds:
        return kinds[task['kind']](task)
    if task['kind'] == 'product' and task['way'] == 'forward' and mode == 'eager':
        return product(task)
    raise Unable('none of its own')


take_part('PyTorch' if mode == 'eager' else 'PyTorch compiled', version, prepare)
