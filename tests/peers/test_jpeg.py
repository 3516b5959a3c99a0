"""JPEG Lossless as DCMTK writes it, which no Python package here can."""

import subprocess
from pathlib import Path

import numpy as np
import pytest

from tests.factories.dicom import load, pattern, write_series
from tests.programs import Need


@pytest.fixture
def jpeg_series(tmp_path: Path, need_program: Need) -> list[Path]:
    """The pattern as JPEG Lossless, by DCMTK."""
    paths = write_series(tmp_path)
    for path in paths:
        subprocess.run([need_program("dcmcjpeg"), "+e1", str(path), str(path)], check=True, timeout=60)
    return paths


def test_jpeg_lossless_gives_the_same_voxels(jpeg_series: list[Path]) -> None:
    assert np.array_equal(load(jpeg_series).voxels, pattern())


def test_a_decoder_that_aborts_costs_one_plane(jpeg_series: list[Path]) -> None:
    """A JPEG stream without its Huffman table makes GDCM abort its process."""
    data = jpeg_series[4].read_bytes()
    table = data.index(b"\xff\xc4", data.index(b"\xff\xd8"))
    jpeg_series[4].write_bytes(data[:table] + b"\x61" + data[table + 1 :])
    volume = load(jpeg_series)
    assert "DECODER_CRASHED" in str(volume.warnings[0].parameters["codes"])
    assert np.array_equal(volume.voxels, np.delete(pattern(), 4, axis=0))
