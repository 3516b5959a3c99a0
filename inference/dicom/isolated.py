"""Decoding in a process of its own, for streams whose decoder can abort the process on damaged bytes (GDCM, JPEG).

The child answers plane by plane, so that a crash costs the plane that caused it and no other.
"""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import numpy as np

from config.codes import Code
from config.lifeline import end_with_starter
from inference.dicom.pixels import Decoded, decode_file
from inference.types import ImageHeader

CRASHED = Code.DECODER_CRASHED
MAX_CRASHES = 5
TIMEOUT_S = 120.0


def decode_isolated(images: Sequence[ImageHeader]) -> list[Decoded]:
    """Decode planes in a child process.

    Parameters
    ----------
    images : sequence of ImageHeader

    Returns
    -------
    list
        As :func:`inference.dicom.planes.decode_planes`; ``"DECODER_CRASHED"`` for a plane that ended the child, and for
        all that follow the fifth of them.
    """
    results: list[Decoded] = []
    for _ in range(MAX_CRASHES):
        results += _answers(_run(images[len(results) :]), images[len(results) :])
        if len(results) == len(images):
            break
        results.append(CRASHED)
    return results + [CRASHED] * (len(images) - len(results))


def _run(images: Sequence[ImageHeader]) -> bytes:
    """What a child wrote before it ended, however it ended."""
    question = json.dumps([[str(image.path.resolve()), image.frame, image.rows, image.columns] for image in images])
    root = str(Path(__file__).resolve().parents[2])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([root, os.environ.get("PYTHONPATH", "")])}
    try:
        done = subprocess.run(  # noqa: S603 (our own interpreter and module)
            [sys.executable, "-m", "inference.dicom.isolated", str(os.getpid())],
            input=question.encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=TIMEOUT_S,
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        return late.output or b""
    return done.stdout


def _answers(output: bytes, images: Sequence[ImageHeader]) -> list[Decoded]:
    stream = BytesIO(output)
    results: list[Decoded] = []
    for image in images:
        line = stream.readline()
        if not line.endswith(b"\n"):
            break
        answer = json.loads(line)
        if "error" in answer:
            results.append(str(answer["error"]))
            continue
        shape = (image.rows or 0, image.columns or 0)
        plane = stream.read(4 * shape[0] * shape[1])
        if len(plane) < 4 * shape[0] * shape[1]:
            break
        results.append((np.frombuffer(plane, np.float32).reshape(shape).copy(), bool(answer["inverted"])))
    return results


def _serve(questions: BinaryIO, answers: BinaryIO) -> None:
    """The child: decode each plane asked for, and flush each answer before the next plane is touched."""
    for path, frame, rows, columns in json.load(questions):
        image = ImageHeader(Path(path), "", "", frame=frame, rows=rows, columns=columns)
        (result,) = decode_file([image])
        if isinstance(result, str):
            answers.write(json.dumps({"error": result}).encode() + b"\n")
        else:
            answers.write(json.dumps({"inverted": result[1]}).encode() + b"\n" + result[0].tobytes())
        answers.flush()


if __name__ == "__main__":
    end_with_starter(int(sys.argv[1]))
    _serve(sys.stdin.buffer, sys.stdout.buffer)
