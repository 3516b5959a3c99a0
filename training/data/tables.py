"""Tables of labels: columns that have to be there, and cells that have to be values."""

import csv
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from training.data.pictures import Label

Row = Mapping[str, str]


def read_rows(path: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    """Rows of a CSV with a header.

    Parameters
    ----------
    path : Path
    columns : sequence of str
        That it must have.

    Raises
    ------
    ValueError
        A column is missing, the text is not UTF-8, or a row is longer than the header.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            rows = list(reader)
    except UnicodeDecodeError as error:
        raise ValueError(f"{path.name} is not UTF-8 text: save it as UTF-8") from error
    missing = [column for column in columns if column not in (reader.fieldnames or ())]
    if missing:
        have = ", ".join(reader.fieldnames or ()) or "nothing"
        raise ValueError(f"{path.name} lacks the column {', '.join(missing)}; received {have}")
    for number, row in enumerate(rows, start=2):
        if None in row or None in row.values():
            raise ValueError(f"line {number} of {path.name} has another number of cells than the header")
    return rows


def label_of(text: str, where: str) -> Label:
    """A cell as a number, a word, or None where it is empty.

    Raises
    ------
    ValueError
        The number is not finite.
    """
    text = text.strip()
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        return text
    if not math.isfinite(number):
        raise ValueError(f"{where} is {text!r}, which is no value: leave the cell empty where it is not known")
    return int(number) if number.is_integer() else number


def whole_number(text: str, where: str, *, most: int) -> int | None:
    """A cell as a class from 0, or None where it is empty.

    Raises
    ------
    ValueError
        It is no whole number from 0 to ``most``.
    """
    value = label_of(text, where)
    if value is None:
        return None
    if not isinstance(value, int) or not 0 <= value <= most:
        raise ValueError(f"{where} must be a whole number from 0 to {most} or empty, received {text.strip()!r}")
    return value
