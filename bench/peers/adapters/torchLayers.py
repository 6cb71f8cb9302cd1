"""Networks of images and sequences in PyTorch, from an architecture's JSON: channels first, as it is fastest there."""
import json

import torch
from torch import from_numpy as tensor, nn

from contest import Unable

ACTIVATIONS = {'relu': nn.ReLU, 'tanh': nn.Tanh, 'sigmoid': nn.Sigmoid, 'linear': nn.Identity}


class Of(nn.Module):
    """A function as a module."""

    def __init__(self, function):
        super().__init__()
        self.forward = function


def has_channels(layers):
    return layers[0]['kind'].startswith('conv')


def images(x, shape, layers):
    """Rows as PyTorch wants them: channels before positions where convolutions come first."""
    x = x.reshape(-1, *shape)
    return x.movedim(-1, 1).contiguous() if has_channels(layers) else x


def network_of(task, parameters):
    """The network without its last softmax or sigmoid, and how rows become its input."""
    architecture = json.loads(task['architecture'])
    if 'layers' not in architecture:
        raise Unable('chains of layers alone')
    layers, shape = architecture['layers'], architecture['inputShape']
    named = {each['name']: value for each, value in zip(task['parameters'], parameters)}
    modules, size = [], list(shape)
    for index, layer in enumerate(layers):
        own = {name.split('.', 2)[2]: value for name, value in named.items() if name.startswith(f'{index}.')}
        maker = MAKERS.get(layer['kind'])
        if maker is None:
            raise Unable(f"no {layer['kind']} here")
        module, size = maker(layer, own, size)
        modules.append(module)
        last = index == len(layers) - 1 and task['loss'] != 'meanSquaredError'
        kind = layer.get('activation', {}).get('kind', 'linear')
        if not last and kind != 'linear' and layer['kind'] not in ('lstm', 'gru'):
            modules.append(activation_of(kind))
    return nn.Sequential(*modules), lambda x: images(x, shape, layers)


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
    return Of(lambda x: x.movedim(1, -1).reshape(x.shape[0], -1)), [count]


def average(layer, own, size):
    return Of(lambda x: x.mean(tuple(range(2, x.dim())))), [size[-1]]


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
    'lstm': recurrent,
    'gru': recurrent,
}
