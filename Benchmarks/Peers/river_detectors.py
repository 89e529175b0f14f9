"""River's detectors over a file of a value a line: river_detectors.py adwin|page-hinkley FILE. The loop alone is timed."""
import sys
import time

from river import drift

kind, path = sys.argv[1:]
with open(path) as file:
    values = [float(line) for line in file]
detector = drift.ADWIN() if kind == "adwin" else drift.PageHinkley()
alarms = 0
start = time.perf_counter()
for value in values:
    detector.update(value)
    alarms += detector.drift_detected
print(f"loop_seconds {time.perf_counter() - start:.6f} alarms {alarms}")
