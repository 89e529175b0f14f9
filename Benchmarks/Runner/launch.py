"""Runs a command and reports on it: launch.py DESCRIPTOR COMMAND...

A process is charged with the memory of the one that started it, so that one is as small as it can be. Nothing but what
the interpreter has loaded anyway is imported here.
"""
import os
import sys
import time

report = int(sys.argv[1])
os.set_inheritable(report, False)
start = time.perf_counter()
try:
    child = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ)
except OSError as error:
    sys.exit(f"{sys.argv[2]}: {error.strerror}")
_, status, usage = os.wait4(child, 0)
wall = time.perf_counter() - start
code = os.waitstatus_to_exitcode(status)
os.write(report, f"{code} {wall} {usage.ru_utime + usage.ru_stime} {usage.ru_maxrss / 1024}".encode())
