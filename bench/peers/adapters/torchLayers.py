"""Networks of images and sequences in PyTorch, from an architecture's JSON: channels first, as it is fastest there."""
import json

import torch
from torch import from_numpy as tensor, nn

from contest import Unable

ACTIVATIONS = {'relu': nn.ReLU, 'tanh': nn.Tanh, 'sigmoid': nn.Sigmoid, 'gelu': nn.GELU, 'linear': nn.Identity}


class Of(nn.Module):
    """A function as a module."""

    def __init__(self, function):
        super().__init__()
        self.forward = function


class Graph(nn.Module):
    """Modules, each of what others give: those of a list of sources, by their places, or the input's rows."""

    def __init__(self, modules, sources):
        super().__init__()
        self.own = nn.ModuleList(modules)
        self.sources = sources

    def forward(self, x):
        values = []
        for module, sources in zip(self.own, self.sources):
            values.append(module(*(x if source == 'input' else values[source] for source in sources)))
        return values[-1]


def images(x, shape, channels_first):
    """Rows as PyTorch wants them: channels before positions where convolutions come first."""
    x = x.reshape(-1, *shape)
    return x.movedim(-1, 1).contiguous() if channels_first else x


def network_of(task, parameters):
    """The network without its last softmax or sigmoid, and how rows become its input."""
    architecture = json.loads(task['architecture'])
    layers, shape = architecture['layers'], architecture['inputShape']
    sources = architecture.get('from', [[place - 1 if place > 0 else 'input'] for place in range(len(layers))])
    if not isinstance(shape, list) or architecture.get('outputs', len(layers) - 1) != len(layers) - 1:
        raise Unable('one input, and one output at the end')
    named = {each['name']: value for each, value in zip(task['parameters'], parameters)}
    channels_first = layers[0]['kind'].startswith('conv')
    modules, sizes = [], []
    for index, layer in enumerate(layers):
        own = {name.split('.', 2)[2]: value for name, value in named.items() if name.startswith(f'{index}.')}
        maker = MAKERS.get(layer['kind'])
        if maker is None:
            raise Unable(f"no {layer['kind']} here")
        [first, *_] = sources[index]
        size = list(shape) if first == 'input' else sizes[first]
        module, size = maker({**layer, 'channelsFirst': channels_first}, own, size)
        last = index == len(layers) - 1 and task['loss'] != 'meanSquaredError'
        kind = layer.get('activation', {}).get('kind', 'linear')
        if not last and kind != 'linear' and layer['kind'] not in ('lstm', 'gru'):
            module = nn.Sequential(module, activation_of(kind))
        modules.append(module)
        sizes.append(size)
    return Graph(modules, sources), lambda x: images(x, shape, channels_first)


def activation_of(kind):
    if kind not in ACTIVATIONS:
        raise Unable(f'no {kind} inside')
    return ACTIVATIONS[kind]()


def given(layer, weight, bias):
    with torch.no_grad():
        layer.weight.copy_(tensor(weight))
        if bias is not None:
            layer.bias.copy_(tensor(bias))
    return layer


def padding_of(size, kernel, strides):
    """What Keras's `same` adds before and after each axis."""
    pads = [max((-(-length // step) - 1) * step + taps - length, 0)
            for length, taps, step in zip(size, kernel, strides)]
    return [(pad // 2, pad - pad // 2) for pad in pads]


def convolution(layer, own, size):
    axes = len(size) - 1
    kernel, strides, positions = layer['kernelSize'], layer['strides'], size[:-1]
    pads = padding_of(positions, kernel, strides) if layer['padding'] == 'same' else [(0, 0)] * axes
    even = all(before == after for before, after in pads)
    depthwise = layer['kind'].startswith('depthwise')
    weight = own['weight']
    # [taps…, channels, outputs], or of a depthwise one [taps…, channels, 1], to [outputs, channels, taps…].
    order = (axes, axes + 1) if depthwise else (axes + 1, axes)
    weight = weight.transpose(*order, *range(axes)).copy()
    outputs = weight.shape[0]
    make = nn.Conv2d if axes == 2 else nn.Conv1d
    module = given(
        make(size[-1], outputs, tuple(kernel), tuple(strides), tuple(before for before, _ in pads) if even else 0,
             groups=size[-1] if depthwise else layer.get('groups', 1), bias='bias' in own),
        weight, own.get('bias'))
    if not even:
        sides = [side for pair in reversed(pads) for side in pair]
        module = nn.Sequential(Of(lambda x: nn.functional.pad(x, sides)), module)
    lengths = [(length + sum(pad) - taps) // step + 1
               for length, pad, taps, step in zip(positions, pads, kernel, strides)]
    return module, [*lengths, outputs]


def max_pool(layer, own, size):
    if layer['padding'] == 'same':
        raise Unable('pools without padding alone')
    pool, strides = layer['poolSize'], layer['strides']
    make = nn.MaxPool2d if len(size) == 3 else nn.MaxPool1d
    lengths = [(length - taps) // step + 1 for length, taps, step in zip(size, pool, strides)]
    return make(tuple(pool) if len(pool) > 1 else pool[0], tuple(strides) if len(strides) > 1 else strides[0]), [*lengths, size[-1]]


def batch_norm(layer, own, size):
    make = {1: nn.BatchNorm1d, 2: nn.BatchNorm1d, 3: nn.BatchNorm2d}[len(size)]
    module = make(size[-1], eps=layer['epsilon'], momentum=1 - layer['momentum'])
    return given(module, own['gamma'], own['beta']), size


def flat(layer, own, size):
    count = 1
    for length in size:
        count *= length
    ordered = (lambda x: x.movedim(1, -1)) if layer['channelsFirst'] else (lambda x: x)
    return Of(lambda x: ordered(x).reshape(x.shape[0], -1)), [count]


def average(layer, own, size):
    first = 2 if layer['channelsFirst'] else 1
    return Of(lambda x: x.mean(tuple(range(first, first + len(size) - 1)))), [size[-1]]


def layer_norm(layer, own, size):
    return given(nn.LayerNorm(size[-1], eps=layer['epsilon']), own['gamma'], own['beta']), size


class Positions(nn.Module):
    def __init__(self, layer, own, size):
        super().__init__()
        self.weight = nn.Parameter(tensor(own['weight']))

    def forward(self, x):
        return x + self.weight


class Attention(nn.Module):
    """From each position to all, with as many outputs as inputs."""

    def __init__(self, layer, own, size):
        super().__init__()
        units = size[-1]
        if layer['causal'] or layer['dropout'] or layer['heads'] * layer['keySize'] != units:
            raise Unable('attention of all positions, of heads that are parts of the units')
        self.own = nn.MultiheadAttention(units, layer['heads'], batch_first=True)
        together = lambda end: torch.cat([tensor(own[part + end]).T for part in ('query', 'key', 'value')])
        with torch.no_grad():
            self.own.in_proj_weight.copy_(together('Weight'))
            self.own.in_proj_bias.copy_(together('Bias'))
            self.own.out_proj.weight.copy_(tensor(own['outputWeight']).T)
            self.own.out_proj.bias.copy_(tensor(own['outputBias']))

    def forward(self, x):
        return self.own(x, x, x, need_weights=False)[0]


def sum_of(layer, own, size):
    return Of(lambda first, *others: sum(others, first)), size


def fully_connected(layer, own, size):
    module = nn.Linear(size[-1], layer['units'], bias='bias' in own)
    return given(module, own['weight'].T.copy(), own.get('bias')), [layer['units']]


class LastState(nn.Module):
    """A recurrent layer's state after the last step; one bias learns, as there."""

    def __init__(self, layer, own, size):
        super().__init__()
        units, gates = layer['units'], 4 if layer['kind'] == 'lstm' else 3
        make = nn.LSTM if layer['kind'] == 'lstm' else nn.GRU
        self.own = make(size[-1], units, batch_first=True)
        # z, r, h there are r, z, n here.
        order = [0, 1, 2, 3] if gates == 4 else [1, 0, 2]
        blocks = lambda value: torch.cat([tensor(value)[..., gate * units:(gate + 1) * units] for gate in order], -1)
        with torch.no_grad():
            self.own.weight_ih_l0.copy_(blocks(own['weight']).T)
            self.own.weight_hh_l0.copy_(blocks(own['recurrentWeight']).T)
            self.own.bias_ih_l0.copy_(blocks(own['bias']))
            if 'recurrentBias' in own:
                self.own.bias_hh_l0.copy_(blocks(own['recurrentBias']))
            else:
                self.own.bias_hh_l0.zero_()
                self.own.bias_hh_l0.requires_grad = False

    def forward(self, x):
        return self.own(x)[0][:, -1]


def recurrent(layer, own, size):
    if layer['returnSequences'] or layer['goBackwards'] or not layer.get('resetAfter', True):
        raise Unable('the last state of a recurrent layer alone')
    return LastState(layer, own, size), [layer['units']]


MAKERS = {
    'conv2d': convolution,
    'conv1d': convolution,
    'depthwiseConv2d': convolution,
    'maxPool2d': max_pool,
    'maxPool1d': max_pool,
    'batchNormalization': batch_norm,
    'activation': lambda layer, own, size: (nn.Identity(), size),
    'flatten': flat,
    'globalAveragePool2d': average,
    'globalAveragePool1d': average,
    'dense': fully_connected,
    'add': sum_of,
    'layerNormalization': layer_norm,
    'positionEmbedding': lambda layer, own, size: (Positions(layer, own, size), size),
    'multiHeadAttention': lambda layer, own, size: (Attention(layer, own, size), size),
    'lstm': recurrent,
    'gru': recurrent,
}
