"""scikit-learn's MLPClassifier and MLPRegressor: scikitLearn.py - THREADS"""
from contest import Unable, absent, read_given, take_part

try:
    import numpy
    import sklearn
    from sklearn.neural_network import MLPClassifier, MLPRegressor
except ModuleNotFoundError:
    absent('apt-get install python3-sklearn, or pip install scikit-learn')

ACTIVATIONS = {'relu': 'relu', 'tanh': 'tanh', 'sigmoid': 'logistic', 'linear': 'identity'}


def network_of(task, x, y, parameters):
    """It makes its parameters and its optimiser on first use; the former are then replaced and the latter made anew."""
    widths, activations = task['chain']['widths'], task['chain']['activations']
    labels = task['loss'] == 'sparseCategoricalCrossEntropy'
    if len(set(activations[:-1])) > 1 or not set(activations[:-1]) <= set(ACTIVATIONS):
        raise Unable('one common activation for all hidden layers alone')
    if task['loss'] == 'binaryCrossEntropy' or (not labels and activations[-1] != 'linear'):
        raise Unable('softmax, or numbers as they are, at its end alone')
    settings = dict(
        hidden_layer_sizes=widths[1:-1],
        activation=ACTIVATIONS[activations[0]] if len(widths) > 2 else 'identity',
        solver=task['optimizer'],
        momentum=0,
        nesterovs_momentum=False,
        alpha=0,
        batch_size=task['batchSize'],
        learning_rate_init=task['learningRate'],
        shuffle=False,
    )
    first = min(len(x), task['batchSize'])
    if labels:
        network = MLPClassifier(**settings)
        network.partial_fit(x[:first], y[:first], numpy.arange(widths[-1]))
    else:
        network = MLPRegressor(**settings)
        network.partial_fit(x[:first], y[:first])
    for mine, given in zip(network.coefs_ + network.intercepts_, parameters[0::2] + parameters[1::2]):
        mine[...] = given
    del network._optimizer
    return network


def prepare(task):
    if task['kind'] not in ('training', 'inference'):
        raise Unable('networks alone')
    x, y, orders, parameters = read_given(numpy, task)
    rows = task['batchSize']
    if task['chain']['widths'][-1] == 2 and task['loss'] == 'sparseCategoricalCrossEntropy':
        raise Unable('two classes are one output there')
    network = network_of(task, x, y, parameters)
    if task['kind'] == 'inference':
        predict = getattr(network, 'predict_proba', network.predict)
        return {'run': lambda: len(predict(x[:rows])), 'output': predict(x[:rows]).flatten()[:64].tolist()}
    # It halves the squared error.
    factor = 1 if task['loss'] == 'sparseCategoricalCrossEntropy' else 2

    def run():
        order = next(orders)
        network.partial_fit(x[order], y[order])
        return len(x)

    prepared = {'run': run, 'cost': lambda: factor * network.loss_}
    if factor == 2:
        prepared['notComparable'] = 'it halves the squared error, so that its steps are others'
        del prepared['cost']
    return prepared


take_part('scikit-learn', sklearn.__version__, prepare)
