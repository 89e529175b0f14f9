"""One command as a whole process: how long it took, and what of the machine."""
import os
import signal
import subprocess
import sys
import threading

LAUNCHER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "launch.py")


class Run:
    """`status` 0 is success, below 0 the signal that ended it; seconds; peak resident memory in MB."""

    def __init__(self, status, wall=0.0, cpu=0.0, memory=0.0):
        self.status, self.wall, self.cpu, self.memory = status, wall, cpu, memory


def end(launcher):
    """Ends a launcher and everything that it started."""
    try:
        os.killpg(launcher.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def run(command, stdin=None, stdout=None, stderr=None, environment=None, seconds=900):
    """Runs to the end, or kills after so many seconds. Files are given by their paths."""
    reading, writing = os.pipe()
    with open(reading) as report, open(stdin or os.devnull, "rb") as source, open(
        stdout or os.devnull, "wb"
    ) as out, open(stderr or os.devnull, "wb") as log:
        # Apart from this process, so that one signal reaches whatever the command starts and nothing else.
        launcher = subprocess.Popen(
            [sys.executable, "-I", "-S", LAUNCHER, str(writing), *command], stdin=source, stdout=out, stderr=log,
            env=environment, pass_fds=[writing], start_new_session=True)
        os.close(writing)
        alarm = threading.Timer(seconds, end, [launcher])
        alarm.start()
        try:
            launcher.wait()
            figures = report.read().split()
        finally:
            alarm.cancel()
            # Nothing outlives its job: not after an interruption, and not because it was in the background.
            end(launcher)
            launcher.wait()
    if not figures:
        return Run(launcher.returncode or -signal.SIGKILL)
    return Run(int(figures[0]), *map(float, figures[1:]))


def smallest_memory():
    """What every process is charged with, in MB."""
    return run(["true"]).memory
