"""scikit-learn on the rows that examples/churn.ts wrote: trained on the first four fifths, judged on the last one.

    npx tsx examples/churn.ts 20000 churn.csv && /usr/bin/python3 bench/churn.py churn.csv
"""
import csv
import sys
from datetime import date

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, log_loss, roc_auc_score
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

with open(sys.argv[1], newline="") as file:
    rows = list(csv.DictReader(file))
PLANS = sorted({row["plan"] for row in rows})
REGIONS = sorted({row["region"] for row in rows})


def encoded(row):
    """The encoder that fitTable makes by itself."""
    return [
        *(row["plan"] == plan for plan in PLANS),
        *(row["region"] == region for region in REGIONS),
        date.fromisoformat(row["signup"]).toordinal(),
        float(row["calls"]),
        float(row["hours"]),
        row["autopay"] == "yes",
        float(row["fee"].strip("$")),
    ]


x = np.array([encoded(row) for row in rows], dtype=np.float64)
y = np.array([row["churned"] == "yes" for row in rows], dtype=int)
first = int(len(rows) * 0.8)
models = {
    "logistic regression": make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
    "MLP, early stopping": make_pipeline(
        StandardScaler(), MLPClassifier((64,), early_stopping=True, max_iter=300, random_state=0)
    ),
    "gradient boosting": HistGradientBoostingClassifier(random_state=0),
}
for name, model in models.items():
    p = model.fit(x[:first], y[:first]).predict_proba(x[first:])[:, 1]
    truth = y[first:]
    print(
        f"{name}: ROC AUC {roc_auc_score(truth, p):.4f}  average precision {average_precision_score(truth, p):.4f}"
        f"  log loss {log_loss(truth, p):.4f}"
    )
