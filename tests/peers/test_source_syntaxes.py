"""The same study in nine transfer syntaxes, from files to objects; lossy ones say so in every picture made of them."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.dataset import FileDataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from inference.dicom.lossy import Losses, is_lossy, losses_of
from inference.sij_mri import Role
from tests.factories.dicom import change, image, save
from tests.factories.sources import Chain, chain, rewrite, text_of, write_study
from tests.programs import Need

DCMTK = {JPEGLosslessSV1: "+e1", JPEGBaseline8Bit: "+eb"}
WORDS = "T1-weighted images were compressed with loss"


def write_in(paths: list[Path], syntax: str, need_program: Need) -> list[Path]:
    """The files in another transfer syntax, under the same UIDs."""
    for path in paths:
        if syntax in DCMTK:
            options = (DCMTK[syntax], "--uid-never", str(path), str(path))
            subprocess.run([need_program("dcmcjpeg"), *options], check=True, timeout=60)
            continue
        dataset = pydicom.dcmread(path)
        if syntax in (RLELossless, JPEGLSLossless, JPEG2000Lossless):
            dataset.compress(syntax, generate_instance_uid=False)
            save(dataset, path)
        else:
            dataset.file_meta.TransferSyntaxUID = syntax
            implicit, little = syntax == ImplicitVRLittleEndian, syntax != ExplicitVRBigEndian
            if not little:
                dataset.PixelData = np.frombuffer(dataset.PixelData, "<u2").astype(">u2").tobytes()
            pydicom.dcmwrite(path, dataset, implicit_vr=implicit, little_endian=little, enforce_file_format=True)
    return paths


def contents(result: Chain) -> list[Any]:
    """What does not change from build to build: masks, their places, text."""
    masks = [
        (one.PixelData, [str(frame.PlanePositionSequence) for frame in one.PerFrameFunctionalGroupsSequence])
        for one in result.objects("seg-")
    ]
    return [*masks, *(text_of(one) for one in result.objects("sr-text"))]


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Chain:
    """The study as it was written, in Explicit VR Little Endian."""
    return chain(write_study(tmp_path_factory.mktemp("plain"), fluid=False))


@pytest.mark.parametrize(
    "syntax",
    [
        ImplicitVRLittleEndian,
        ExplicitVRBigEndian,
        DeflatedExplicitVRLittleEndian,
        RLELossless,
        JPEGLosslessSV1,
        JPEGLSLossless,
        JPEG2000Lossless,
    ],
    ids=lambda uid: uid.keyword,
)
def test_nothing_changes_without_loss(plain: Chain, tmp_path: Path, syntax: str, need_program: Need) -> None:
    result = chain(write_in(write_study(tmp_path, fluid=False), syntax, need_program))
    assert {pydicom.dcmread(path).file_meta.TransferSyntaxUID for path in tmp_path.glob("*.dcm")} == {syntax}
    assert result.findings == ()
    assert contents(result) == contents(plain)
    voxels, same = (one.analysis.of_role(Role.T1W) for one in (result, plain))
    assert voxels is not None and same is not None
    assert np.array_equal(voxels.pixels, same.pixels)
    assert all(one.LossyImageCompression == "00" for one in result.objects("seg-"))
    assert not any("LossyImageCompression" in one for one in result.objects("sc-"))


def in_lossy_jpeg(paths: list[Path], need_program: Need) -> None:
    write_in(paths, JPEGBaseline8Bit, need_program)


def in_jpeg_that_does_not_say_so(paths: list[Path], need_program: Need) -> None:
    write_in(paths, JPEGBaseline8Bit, need_program)
    rewrite(paths, lambda dataset: change(dataset, **dict.fromkeys(LOSSES)))


def lossy_once(paths: list[Path], need_program: Need) -> None:
    rewrite(paths, lambda dataset: change(dataset, **LOSSES))


LOSSES = {
    "LossyImageCompression": "01",
    "LossyImageCompressionRatio": ["12.5", "3"],
    "LossyImageCompressionMethod": ["ISO_10918_1", "ISO_15444_1"],
}


@pytest.mark.parametrize("how", [in_lossy_jpeg, in_jpeg_that_does_not_say_so, lossy_once])
def test_once_lossy_always_lossy(how: Callable[[list[Path], Need], None], tmp_path: Path, need_program: Need) -> None:
    paths = write_study(tmp_path)
    t1 = [path for path in paths if path.name.startswith("02")]
    how(t1, need_program)
    result = chain(paths)
    assert result.findings == ()
    pictures = [*result.objects("seg-"), *result.objects("sc-")]
    assert {one.Modality for one in pictures} == {"SEG", "OT"}
    known = losses_of(t1[0])
    for one in pictures:
        assert one.LossyImageCompression == "01"
        assert tuple(np.atleast_1d(one.LossyImageCompressionMethod)) == known.methods
        assert np.atleast_1d(one.LossyImageCompressionRatio).astype(float) == pytest.approx(known.ratios)
    assert WORDS in text_of(result.objects("sr-text")[0])
    assert "SOURCE_LOSSY" in {one["code"] for one in result.outputs.summary["limitations"]}
    assert all(one.ConversionType == "WSD" for one in result.objects("sc-"))


@pytest.mark.parametrize(
    ("syntax", "said", "lossy"),
    [
        (ExplicitVRLittleEndian, None, False),
        (ExplicitVRLittleEndian, "00", False),
        (ExplicitVRLittleEndian, "01", True),
        (JPEGBaseline8Bit, None, True),
        (JPEGBaseline8Bit, "00", True),
        (JPEGLSLossless, None, False),
        (JPEG2000Lossless, None, False),
        ("1.2.840.10008.1.2.4.91", None, True),
        ("1.2.840.10008.1.2.4.91", "00", False),
        ("1.2.840.10008.1.2.4.81", None, True),
    ],
)
def test_what_counts_as_lossy(syntax: str, said: str | None, lossy: bool) -> None:
    dataset: FileDataset = change(image(1), LossyImageCompression=said)
    dataset.file_meta.TransferSyntaxUID = syntax
    assert is_lossy(dataset) is lossy


def test_how_is_not_made_up_where_nobody_knows(tmp_path: Path) -> None:
    path = save(change(image(1), LossyImageCompression="01"), tmp_path / "x.dcm")
    assert losses_of(path) == Losses()
    uneven = change(image(1), **{**LOSSES, "LossyImageCompressionRatio": "12.5"})
    assert losses_of(save(uneven, path)) == Losses(("ISO_10918_1", "ISO_15444_1"), ())
