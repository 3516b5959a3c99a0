"""A command beside busy processes: ``python -m tests.proof.busy 2 COMMAND ...``; the exit status is the command's."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

# Ends by itself with the process that started it, so that nothing stays busy after an interruption.
_LOOP = "import os\nparent = os.getppid()\nwhile os.getppid() == parent:\n    sum(range(100_000))\n"


@contextmanager
def busy(count: int) -> Iterator[list[int]]:
    """Keep so many processes busy until the block ends; yields their process numbers."""
    processes = [subprocess.Popen([sys.executable, "-c", _LOOP]) for _ in range(count)]
    try:
        yield [process.pid for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()


def main(count: str, *command: str) -> int:
    """Run the command beside ``count`` busy processes."""
    with busy(int(count)):
        process = subprocess.Popen(command)
        try:
            return process.wait()
        except KeyboardInterrupt:
            return process.wait()  # it got the same signal, and ends in order


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
