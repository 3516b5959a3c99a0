"""Pictures that show no sacroiliac joint, or that nobody could read: the corpus of wrong inputs."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pydicom
from numpy.typing import NDArray
from scipy import ndimage

from tests.recognition.pictures import GAP_MM, PIXEL_MM, PLANES, SIZE, Block, Picture, cut

SEEDS = 2
SCANS = 3
SPINES = 4


def wrong(shared: Path) -> Iterator[Picture]:
    """Every wrong picture, those of real people where the folder of real data is there."""
    yield from made_up()
    data = shared / "data"
    if data.is_dir():
        yield from brains(data / "dicom/vendors")
        yield from prostate(data / "dicom/pelvis")
        yield from lumbar(data / "lumbar")
        yield from body(data / "pelvis/ct/example_ct.nii.gz")
        for number, path in enumerate(sorted((data / "sij/t1w").glob("*.nii.gz"))):
            yield from beside_the_joints(path) if number < SCANS else [inverted(path)]
        for path in sorted((data / "sij/stir").glob("*.nii.gz")):
            yield replace(inverted(path), taken="stir")


def made_up() -> Iterator[Picture]:
    """Noise, textures, ramps, and a simple head and knee."""
    yield Picture("constant", "no anatomy", "constant", np.full((PLANES, SIZE, SIZE), 700, np.float32))
    for seed in range(SEEDS):
        noise = np.random.default_rng(seed).random((PLANES, SIZE, SIZE)).astype(np.float32)
        yield Picture(f"noise {seed}", "no anatomy", f"seed {seed}", noise)
        for blur in (2, 6, 16) if seed else ():
            smooth = ndimage.gaussian_filter(noise, (1, blur, blur))
            yield Picture(f"texture {blur} px {seed}", "no anatomy", f"seed {seed}", smooth)
        yield Picture(f"head {seed}", "drawn head", f"seed {seed}", head(seed))
        yield Picture(f"knee {seed}", "drawn knee", f"seed {seed}", knee(seed))
    across = np.linspace(-1, 1, SIZE, dtype=np.float32)
    for name, plane in (
        ("down", np.broadcast_to(across[:, None], (SIZE, SIZE))),
        ("across", np.broadcast_to(across, (SIZE, SIZE))),
        ("from the middle", -np.hypot(across, across[:, None])),
    ):
        yield Picture(f"ramp {name}", "no anatomy", f"ramp {name}", np.repeat(plane[None] + 2, PLANES, axis=0))


def head(seed: int) -> Block:
    """A ball of three shells, with two dark holes."""
    rng = np.random.default_rng(1000 + seed)
    z, y, x = _millimeters()
    far = np.sqrt((z / 80) ** 2 + (y / rng.uniform(85, 95)) ** 2 + (x / rng.uniform(68, 78)) ** 2)
    picture = np.select([far < 0.78, far < 0.88, far < 1.0], [0.6 + 0.2 * np.sin(x / 5) * np.sin(y / 6), 0.1, 1.0], 0.0)
    for side in (-1, 1):
        picture[np.hypot(np.hypot(x - side * 14, y + 5), z) < 16] = 0.15
    return _grainy(picture, rng)


def knee(seed: int) -> Block:
    """Two bright bones with a dark gap between them in a gray cylinder."""
    rng = np.random.default_rng(2000 + seed)
    z, y, x = _millimeters()
    picture = np.where(np.hypot(x / 65, z / 60) < 1, 0.45, 0.0)
    wide = 30 + 14 * np.exp(-(((np.abs(y) - 20) / 25) ** 2))
    bone = (np.hypot(x, z * 1.2) < wide) & (np.abs(y - 4 * np.cos(x / 15)) > rng.uniform(3, 5))
    picture[bone] = 1.0
    return _grainy(picture, rng)


def _millimeters() -> tuple[NDArray[np.float64], ...]:
    middle = (np.indices((PLANES, SIZE, SIZE)).astype(float).T - [PLANES / 2, SIZE / 2, SIZE / 2]).T
    return middle[0] * GAP_MM, middle[1] * PIXEL_MM, middle[2] * PIXEL_MM


def _grainy(picture: NDArray[Any], rng: np.random.Generator) -> Block:
    smooth = ndimage.gaussian_filter(picture, (0.4, 1, 1))
    return np.abs(smooth + 0.03 * rng.standard_normal(picture.shape)).astype(np.float32)


def brains(folder: Path) -> Iterator[Picture]:
    """Brains and necks of the vendors' test sets, as they were taken and cut coronal."""
    files = sorted((folder / "neurolabusc+dcm_qa_deident/In").glob("*.dcm"))
    head = _stacked(files).transpose(2, 1, 0)[:, :, ::-1]  # sagittal planes: front to back, down, across
    yield Picture("brain, coronal", "brain", "deident", cut(head, (0.94, 0.94, 9.0)))
    yield Picture("brain, sagittal", "brain", "deident", cut(_stacked(files), (5.0, 0.94, 0.94)))
    frames = pydicom.dcmread(min((folder / "neurolabusc+dcm_qa_agfa/Siemens").iterdir())).pixel_array
    yield Picture("EPI brain, axial", "brain", "agfa", cut(frames, (4, 3, 3)))
    yield Picture("EPI brain, coronal", "brain", "agfa", cut(frames.transpose(1, 0, 2)[:, ::-1], (3, 4, 3)))
    field_map = pydicom.dcmread(folder / "neurolabusc+dcm_qa_enh/In/Philips/IM_0027_fMAP.dcm").pixel_array
    yield Picture("field map", "brain", "field map", cut(field_map[: len(field_map) // 2], (3, 3.5, 3.5)))


def prostate(folder: Path) -> Iterator[Picture]:
    """Axial planes through a prostate, as they are and cut coronal: a pelvis, but another study."""
    axial = _stacked(sorted(folder.rglob("701-ADCb500/*.dcm")))
    yield Picture("prostate, axial", "prostate", "prostate", cut(axial, (3.0, 0.86, 0.86)))
    coronal = cut(axial.transpose(1, 0, 2)[:, ::-1], (0.86, 3.0, 0.86))
    yield Picture("prostate, coronal", "prostate", "prostate", coronal)


def lumbar(folder: Path) -> Iterator[Picture]:
    """Lumbar spines, as they were taken (sagittal) and cut coronal."""
    for path in sorted((folder / "spider/space").glob("*[0-9].nii.gz"))[:SPINES]:
        sagittal = np.asarray(nibabel.load(path).dataobj, np.float32)
        person = f"spider {path.name.split('.')[0]}"
        yield Picture(f"{person}, sagittal", "lumbar spine", person, cut(sagittal, (2.0, 0.94, 0.94)))
        low = (0.6, 0.75, 0.5)
        across = sagittal.transpose(2, 1, 0)
        wide = cut(across, (0.94, 0.94, 8.0), middle=low)
        yield Picture(f"{person}, coronal, widened", "lumbar spine", person, wide)
    (whole,) = folder.glob("spinal*/single_subject/data/t2_lumbar/t2_lumbar.nii.gz")
    block = np.asarray(nibabel.load(whole).dataobj, np.float32).transpose(1, 2, 0)[::-1, ::-1]  # front to back, down
    yield Picture("lumbar, coronal", "lumbar spine", "sct", cut(block, (1, 1, 1), middle=(0.6, 0.5, 0.5)))
    sagittal = cut(block.transpose(2, 1, 0), (1, 1, 1), middle=(0.5, 0.5, 0.5))
    yield Picture("lumbar, sagittal", "lumbar spine", "sct", sagittal)


def body(path: Path) -> Iterator[Picture]:
    """Parts of one CT that lie apart from the sacroiliac joints, gray values as in CT and bent to look T1-weighted."""
    block = np.asarray(nibabel.load(path).dataobj, np.float32).transpose(1, 2, 0)[::-1, ::-1]
    contrasts = {
        "CT": np.clip(block, -200, 500),
        "like T1": np.interp(block, [-1000, -300, -100, 0, 60, 200, 400, 900], [0, 0, 1, 0.3, 0.35, 0.8, 0.6, 0.05]),
    }
    places = {"hips": (0.45, 0.86, 0.5), "one hip": (0.45, 0.86, 0.2), "thighs": (0.5, 0.97, 0.5)}
    places |= {"upper abdomen": (0.5, 0.15, 0.5), "lumbar": (0.65, 0.25, 0.5), "front of the belly": (0.15, 0.5, 0.5)}
    for contrast, values in contrasts.items():
        for place, middle in places.items():
            shown = cut(values - values.min(), (3, 3, 3), middle=middle)
            yield Picture(f"{place}, {contrast}", "hips, thighs, abdomen (CT)", "ct", shown)


def real(path: Path) -> Picture:
    """One real scan as it is."""
    image = nibabel.load(path)
    scan = np.asarray(image.dataobj, np.float32)[:, ::-1].transpose(2, 1, 0)
    across, down, gap = (float(size) for size in image.header.get_zooms()[:3])
    name = path.name.split(".")[0]
    return Picture(name, "real", name[:4], np.ascontiguousarray(scan), (gap, down, across))


def inverted(path: Path) -> Picture:
    """One real scan, bright and dark exchanged."""
    scan = real(path)
    return replace(
        scan, name=f"{scan.name}, inverted", kind="inverted", voxels=scan.voxels.max() - scan.voxels, taken="t1"
    )


def beside_the_joints(path: Path) -> Iterator[Picture]:
    """One real scan of the joints, without them or beyond recognition.

    The joints lie between a quarter and three quarters of the height of these scans, and within 70 mm of the middle.
    """
    whole = real(path)
    scan, spacing, name, person = whole.voxels, whole.spacing_mm, whole.name, whole.person
    gap, down, across = spacing
    rows = scan.shape[1]

    def picture(what: str, kind: str, voxels: NDArray[Any]) -> Picture:
        return Picture(f"{name}, {what}", kind, person, np.ascontiguousarray(voxels, np.float32), spacing)

    yield picture("below the joints", "beside the joints", np.pad(scan[:, int(0.8 * rows) :], _down(0.8 * rows)))
    side = scan[:, :, int(0.86 * scan.shape[2]) :]
    yield picture("flank enlarged", "beside the joints", ndimage.zoom(side[:, : rows // 2], (1, 1.9, 6.5), order=1))
    yield picture(
        "gluteal muscle enlarged", "beside the joints", ndimage.zoom(scan[:, -60:, 30:90], (1, 5, 5), order=1)
    )
    yield picture("planes in the rows", "wrong plane", cut(scan.transpose(1, 0, 2), (down, gap, across)))
    yield picture("planes in the columns", "wrong plane", cut(scan.transpose(2, 1, 0), (across, down, gap)))
    order = np.random.default_rng(len(name) + int(person)).permutation(len(scan))
    yield picture("planes shuffled", "spoiled", scan[order])
    yield inverted(path)
    yield picture("blurred", "spoiled", ndimage.gaussian_filter(scan, (0, 12, 12)))


def _down(rows: float) -> tuple[tuple[int, int], ...]:
    return (0, 0), (int(rows) // 2, int(rows) - int(rows) // 2), (0, 0)


def _stacked(files: list[Path]) -> Block:
    datasets = sorted((pydicom.dcmread(file) for file in files), key=lambda one: int(one.InstanceNumber))
    return np.stack([one.pixel_array for one in datasets]).astype(np.float32)
