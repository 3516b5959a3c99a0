"""One value of a dataset as a plain type: missing, malformed or non-finite values are None or empty, never an error."""

import math
from typing import Any

from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from inference.dicom.file import Keyword, text_of
from inference.types import Vector

MAX_TEXT = 256


def _raw(dataset: Dataset, keyword: Keyword) -> Any:
    try:
        element = dataset.get(keyword)
        value = element.value if isinstance(keyword, int) and element is not None else element
    except Exception:  # noqa: BLE001 - the edge: pydicom converts foreign bytes only here, and may raise anything
        return None
    return value


def _values(dataset: Dataset, keyword: Keyword) -> list[Any]:
    value = _raw(dataset, keyword)
    if value is None or isinstance(value, Dataset):
        return []
    return list(value) if isinstance(value, MultiValue | list | tuple) else [value]


def _float(value: Any) -> float | None:
    try:
        result = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return result if math.isfinite(result) else None


def text(dataset: Dataset, keyword: Keyword) -> str:
    """The value as printable text of at most 256 characters, several values joined by backslashes."""
    return text_of(dataset, keyword, limit=MAX_TEXT)


def first(dataset: Dataset, keyword: Keyword) -> str:
    """The first value as :func:`text`: of a code or a UID, of which there is to be one."""
    return text(dataset, keyword).partition("\\")[0].strip()


def words(dataset: Dataset, keyword: Keyword) -> tuple[str, ...]:
    """All values as upper-case words; empty ones left out."""
    found = (str(value)[:MAX_TEXT].strip().upper() for value in _values(dataset, keyword)[:64])
    return tuple(word for word in found if word)


def number(dataset: Dataset, keyword: Keyword) -> float | None:
    """First value as a finite float, or None."""
    values = _values(dataset, keyword)
    return _float(values[0]) if values else None


def positive(dataset: Dataset, keyword: Keyword) -> float | None:
    """First value as a float above zero, or None: scanners write zero for a time that does not apply."""
    value = number(dataset, keyword)
    return value if value is not None and value > 0 else None


def whole(dataset: Dataset, keyword: Keyword) -> int | None:
    """First value as an integer, or None."""
    value = number(dataset, keyword)
    return int(value) if value is not None and value == int(value) and abs(value) < 2**31 else None


def vector(dataset: Dataset, keyword: Keyword, *, size: int) -> Any:
    """Exactly ``size`` finite floats as a tuple, or None."""
    values = [_float(value) for value in _values(dataset, keyword)[: size + 1]]
    return tuple(values) if len(values) == size and None not in values else None


def unit_pair(dataset: Dataset) -> tuple[Vector | None, Vector | None]:
    """Row and column direction of Image Orientation (Patient): unit, orthogonal LPS vectors, or None twice.

    Cosines rounded by the scanner are made orthonormal again; what is further off than 1 % is no orientation.
    """
    values = vector(dataset, "ImageOrientationPatient", size=6)
    if values is None:
        return None, None
    row, column = values[:3], values[3:]
    lengths = math.hypot(*row), math.hypot(*column)
    if not all(abs(length - 1) < 0.01 for length in lengths):
        return None, None
    row = tuple(x / lengths[0] for x in row)
    dot = sum(a * b for a, b in zip(row, column, strict=True)) / lengths[1]
    if abs(dot) > 0.01:
        return None, None
    column = tuple(b / lengths[1] - dot * a for a, b in zip(row, column, strict=True))
    length = math.hypot(*column)
    return row, (column[0] / length, column[1] / length, column[2] / length)
