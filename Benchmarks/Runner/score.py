"""How good predictions were, by the labels; and how good it is to know nothing but the labels so far.

    score.py classes|numbers LABELS [PREDICTIONS]      JSON on standard output

Without a file of predictions the trivial ones are scored: the share of the positive class so far, or the mean so far.
A process of its own, so that the runner stays small: what it starts would show its memory as their own.
"""
import json
import math
import sys

# Some programs print six decimals, so that a probability of 0 may be anything below.
SMALLEST = 1e-6


def log_loss(labels, probabilities):
    total = 0.0
    for label, p in zip(labels, probabilities):
        p = min(max(p, SMALLEST), 1 - SMALLEST)
        total -= math.log(p) if label else math.log1p(-p)
    return total / len(labels)


def auc(labels, scores):
    """The share of pairs of a positive and a negative in the right order, ties for half."""
    positives = sum(labels)
    negatives = len(labels) - positives
    if not positives or not negatives:
        return math.nan
    order = sorted(range(len(scores)), key=scores.__getitem__)
    rank_sum, start = 0.0, 0
    while start < len(order):
        end, tied = start, 0
        while end < len(order) and scores[order[end]] == scores[order[start]]:
            tied += labels[order[end]]
            end += 1
        # Ranks start + 1 … end, so each of the tied has their mean.
        rank_sum += tied * (start + 1 + end) / 2
        start = end
    return (rank_sum - positives * (positives + 1) / 2) / (positives * negatives)


def accuracy(labels, probabilities):
    return sum((p >= 0.5) == bool(label) for label, p in zip(labels, probabilities)) / len(labels)


def absolute_error(labels, values):
    return sum(abs(label - value) for label, value in zip(labels, values)) / len(labels)


def means_so_far(labels, first):
    """The mean of the labels before each, as if `first` had come once before all."""
    means, total = [], first
    for count, label in enumerate(labels, 1):
        means.append(total / count)
        total += label
    return means


def measures(kind, labels, predictions):
    if any(math.isnan(p) for p in predictions):
        return {"error": "predictions that are no numbers"}
    if kind == "numbers":
        return {"mae": absolute_error(labels, predictions)}
    return {
        "log_loss": log_loss(labels, predictions),
        "auc": auc(labels, predictions),
        "accuracy": accuracy(labels, predictions),
    }


def numbers(path):
    with open(path) as file:
        return [float(line) for line in file]


def main():
    kind, labels = sys.argv[1], numbers(sys.argv[2])
    if kind == "classes":
        labels = [int(label) for label in labels]
    if len(sys.argv) > 3:
        predictions = numbers(sys.argv[3])
    else:
        predictions = means_so_far(labels, 0.5 if kind == "classes" else 0.0)
    if len(predictions) != len(labels):
        found = {"error": f"{len(predictions)} predictions for {len(labels)} labels"}
    else:
        found = measures(kind, labels, predictions)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
