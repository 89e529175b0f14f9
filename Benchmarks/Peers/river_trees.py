"""River's trees on loan applicants, a row at a time, predicted and then learned.

    river_trees.py tree|adaptive-tree|forest FILE PREDICTIONS
"""
import sys

from river import forest, stream, tree

kind, path, output = sys.argv[1:]
model = {
    "tree": lambda: tree.HoeffdingTreeClassifier(),
    "adaptive-tree": lambda: tree.HoeffdingAdaptiveTreeClassifier(seed=1),
    "forest": lambda: forest.ARFClassifier(n_models=10, seed=1),
}[kind]()
numbers = ("salary", "commission", "age", "hvalue", "hyears", "loan")
with open(output, "w") as file:
    for row, label in stream.iter_csv(path, target="class", converters={name: float for name in numbers}):
        file.write(f"{model.predict_proba_one(row).get('groupB', 0.0):.6g}\n")
        model.learn_one(row, label)
