"""Parses a file into columns on one thread and does nothing else: parse.py READER csv|ndjson|libsvm FILE"""
import os
import sys

os.environ["POLARS_MAX_THREADS"] = "1"
reader, format, path = sys.argv[1:]

if (reader, format) == ("pyarrow", "csv"):
    from pyarrow import csv

    rows = csv.read_csv(path, read_options=csv.ReadOptions(use_threads=False)).num_rows
elif (reader, format) == ("polars", "csv"):
    import polars

    rows = polars.read_csv(path).height
elif (reader, format) == ("polars", "ndjson"):
    import polars

    rows = polars.read_ndjson(path).height
elif (reader, format) == ("pandas", "csv"):
    import pandas

    rows = len(pandas.read_csv(path))
elif (reader, format) == ("sklearn", "libsvm"):
    from sklearn.datasets import load_svmlight_file

    rows = load_svmlight_file(path)[0].shape[0]
else:
    sys.exit(f"{reader} has no reader for {format} here")
print("rows", rows)
