"""The datasheet of a cohort: what is in it, how it is distributed, and under what terms it may be used.

References
----------
Gebru T et al. Datasheets for datasets. Commun ACM 2021;64(12):86-92. doi:10.1145/3458723
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import cv2
import numpy as np

from training.data.cohort import PICTURES, Cohort, Item
from training.data.copies import COPY_OF
from training.data.labeling import FIGURES, brightness_figures
from training.data.pictures import INFO_FILE, Label
from training.data.whole import write_whole

DATASHEET_FILE = "datasheet.md"
SAMPLES_FILE = "datasheet.png"
BINS = 8
BAR = 24
SAMPLES, SAMPLE_SIDE, IN_A_ROW = 16, 128, 8
NOT_KNOWN = "not known"


def write_datasheet(cohort: Cohort, *, seed: int = 0) -> Path:
    """Write ``datasheet.md`` into a cohort, with a picture of random samples beside it, and return its path.

    Parameters
    ----------
    cohort : Cohort
    seed : int
        Of the samples.

    Raises
    ------
    ValueError
        A file was changed since it was imported.
    """
    path = cohort.folder / SAMPLES_FILE
    path.write_bytes(cv2.imencode(".png", _samples(cohort, seed))[1].tobytes())
    return write_whole(cohort.folder / DATASHEET_FILE, datasheet(cohort))


def datasheet(cohort: Cohort) -> str:
    """The datasheet as Markdown."""
    parts = [
        f"# Datasheet: {cohort.name}",
        f"{len(cohort.items)} {'scans' if cohort.kind != PICTURES else 'pictures'} of {_patients(cohort.items)}. "
        f"SHA-256 of the content: {cohort.digest}.",
        f"**Source**: {cohort.source}.",
        f"**Terms**: {cohort.terms}.",
        f"![{SAMPLES} random samples]({SAMPLES_FILE})",
        "## How much of what",
        *_counts(cohort.items),
        "## Labels",
        *_labels(cohort.items),
        "## Gray values",
        *(_brightness(cohort) if cohort.kind == PICTURES else _intensities(cohort)),
        "## Splits",
        *_splits(cohort),
        *_made(cohort),
    ]
    return "\n\n".join(parts) + "\n"


def histogram(values: Sequence[float], *, bins: int = BINS) -> str:
    """A histogram as a table: range, count, bar."""
    counts, edges = np.histogram(np.asarray(values, np.float64), bins=bins)
    most = max(int(counts.max()), 1)
    rows = [
        f"| {edges[index]:.4g} to {edges[index + 1]:.4g} | {count} | {'█' * round(BAR * count / most)} |"
        for index, count in enumerate(counts)
    ]
    return "\n".join(["| range | count | |", "|---|---|---|", *rows])


def _counts(items: Sequence[Item]) -> list[str]:
    each: dict[str, Callable[[Item], Iterable[str]]] = {
        "contrast": lambda item: item.contrasts,
        "mask": lambda item: item.masks or ("none",),
        "center": lambda item: [item.center or NOT_KNOWN],
    }
    made = [_table(name, Counter(word for item in items for word in words(item))) for name, words in each.items()]
    many = Counter(item.patient for item in items if item.patient)
    if many:
        made.append(f"Of each patient {min(many.values())} to {max(many.values())} items.")
    copies = sum(bool(item.labels.get(COPY_OF)) for item in items)
    return [*made, f"Augmented copies among them: {copies}."]


def _labels(items: Sequence[Item]) -> list[str]:
    names = dict.fromkeys(name for item in items for name in item.labels if not _is_place(name))
    made = []
    for name in names:
        values = [item.labels.get(name) for item in items]
        numbers = [float(value) for value in values if isinstance(value, int | float)]
        if len(set(numbers)) > BINS:
            missing = sum(value is None for value in values)
            made.append(f"*{name}*, {NOT_KNOWN} of {missing}:\n\n{histogram(numbers)}")
        else:
            made.append(_table(name, Counter(_word(value) for value in values)))
    return made or ["None."]


def _is_place(name: str) -> bool:
    """Labels that say where an item comes from or lies, and are no property of a patient."""
    return name.startswith("bbox_") or name in (COPY_OF, "scan", "slice")


def _brightness(cohort: Cohort) -> list[str]:
    figures = brightness_figures(cohort.image(item.name).astype(np.uint8) for item in cohort.items)
    return [f"*{name}*:\n\n{histogram(column)}" for name, column in zip(FIGURES, figures.T.tolist(), strict=True)]


def _intensities(cohort: Cohort) -> list[str]:
    rows = ["| scan | image | slices x rows x columns | 1 % | median | 99 % |", "|---|---|---|---|---|---|"]
    for item in cohort.items:
        for contrast in item.contrasts:
            voxels = cohort.image(item.name, contrast)
            low, middle, high = np.percentile(voxels, (1, 50, 99))
            shape = " x ".join(map(str, voxels.shape))
            rows.append(f"| {item.name} | {contrast} | {shape} | {low:.4g} | {middle:.4g} | {high:.4g} |")
    return ["\n".join(rows)]


def _splits(cohort: Cohort) -> list[str]:
    lines = []
    for name, folds in cohort.splits.items():
        rows = ["| fold | learn | held back | patients held back |", "|---|---|---|---|"]
        for number, fold in enumerate(folds):
            patients = len(cohort.patients(fold.held_back) - {""}) or NOT_KNOWN
            rows.append(f"| {number} | {len(fold.learn)} | {len(fold.held_back)} | {patients} |")
        lines.append(f"*{name}*:\n\n" + "\n".join(rows))
    return lines or ["None yet."]


def _made(cohort: Cohort) -> list[str]:
    path = cohort.folder / INFO_FILE
    return ["## How it was made", *path.read_text(encoding="utf-8").splitlines()] if path.is_file() else []


def _samples(cohort: Cohort, seed: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Random items side by side; of a volume its middle slice."""
    random = np.random.default_rng(seed)
    chosen = random.permutation(len(cohort.items))[:SAMPLES]
    rows = -(-len(chosen) // IN_A_ROW)
    sheet = np.zeros((rows * SAMPLE_SIDE, IN_A_ROW * SAMPLE_SIDE), np.uint8)
    for place, index in enumerate(chosen):
        image = cohort.image(cohort.items[int(index)].name)
        plane = image if image.ndim == 2 else image[len(image) // 2]
        low, high = (0.0, 255.0) if cohort.kind == PICTURES else np.percentile(plane, (0.5, 99.5))
        gray = np.asarray(np.clip((plane - low) / max(float(high - low), 1e-6), 0, 1) * 255, np.uint8)
        top, left = place // IN_A_ROW * SAMPLE_SIDE, place % IN_A_ROW * SAMPLE_SIDE
        small = cv2.resize(gray, (SAMPLE_SIDE, SAMPLE_SIDE), interpolation=cv2.INTER_AREA)
        sheet[top : top + SAMPLE_SIDE, left : left + SAMPLE_SIDE] = small
    return sheet


def _patients(items: Sequence[Item]) -> str:
    known = len({item.patient for item in items} - {""})
    unknown = sum(not item.patient for item in items)
    words = f"{known} patients"
    return f"{words}; the patients of {unknown} are {NOT_KNOWN}" if unknown else words


def _table(name: str, counter: Counter[str]) -> str:
    rows = [f"| {word} | {count} |" for word, count in sorted(counter.items())]
    return "\n".join([f"| {name} | count |", "|---|---|", *rows])


def _word(value: Label) -> str:
    return NOT_KNOWN if value is None else f"{value:g}" if isinstance(value, float) else str(value)
