"""scikit-learn on the bundled data, by the folds that bench/results.ts wrote: its column of the table in docs/results.md.

    npx tsx bench/results.ts folds.json && /usr/bin/python3 bench/results.py folds.json
"""
import csv
import json
import pathlib
import sys
import warnings

import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

warnings.simplefilter("ignore", ConvergenceWarning)
data = pathlib.Path(__file__).parent.parent / "data"


def model(task, epochs, seed):
    if task == "classification":
        return make_pipeline(StandardScaler(), MLPClassifier((64,), max_iter=epochs, random_state=seed))
    network = MLPRegressor((16,), alpha=1, solver="lbfgs", max_iter=epochs, random_state=seed)
    return TransformedTargetRegressor(make_pipeline(StandardScaler(), network), transformer=StandardScaler())


for question in json.load(open(sys.argv[1])):
    with open(data / f"{question['file']}.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    target = question["target"]
    x = np.array([[float(value) for name, value in row.items() if name != target] for row in rows])
    is_classes = question["task"] == "classification"
    y = np.array([row[target] if is_classes else float(row[target]) for row in rows])
    scores = []
    for seed, folds in enumerate(question["folds"]):
        folds = np.array(folds)
        for fold in range(folds.max() + 1):
            fitted = model(question["task"], question["epochs"], seed).fit(x[folds != fold], y[folds != fold])
            scores.append(fitted.score(x[folds == fold], y[folds == fold]))
    print(f"{question['file']}: {np.mean(scores):.4f} ± {np.std(scores):.4f}", flush=True)
