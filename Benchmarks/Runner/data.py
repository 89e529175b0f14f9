"""The streams: made once by `benchdata` and kept in `.build-bench/data`."""
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

FOLDER = Path(".build-bench/data")
GENERATOR = ".build/release/benchdata"


class Stream:
    """So many rows of one of the generator's streams."""

    def __init__(self, name, rows):
        self.name, self.rows = name, rows

    def path(self, format):
        return str(FOLDER / f"{self.name}-{self.rows}.{format}")


def fingerprint():
    """Of the sources that the bytes depend on."""
    sources = sorted(Path("Benchmarks/Data").glob("*.swift"))
    return hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()


def make(wanted):
    """Makes the (stream, format) pairs that are missing, each stream's in one pass, and reads all into the cache."""
    stamp = FOLDER / "fingerprint"
    if not stamp.exists() or stamp.read_text() != fingerprint():
        shutil.rmtree(FOLDER, ignore_errors=True)
        FOLDER.mkdir(parents=True)
        stamp.write_text(fingerprint())
    missing = {}
    for stream, format in wanted:
        path = stream.path(format)
        if not os.path.exists(path):
            missing.setdefault((stream.name, stream.rows), {})[format] = path
    for (name, rows), paths in missing.items():
        # Under another name until all is there: an interrupted run leaves no half of a file.
        outputs = [f"{format}={path}.part" for format, path in paths.items()]
        subprocess.run([GENERATOR, str(rows), name, *outputs], check=True)
        for path in paths.values():
            os.rename(path + ".part", path)
    for stream, format in wanted:
        with open(stream.path(format), "rb") as file:
            while file.read(1 << 20):
                pass
