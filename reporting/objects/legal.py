"""Values of others in legal form: mended where the meaning stays, else none.

What is said in words may be shortened. What names something (a number of a patient, an order, a code) may not: cut to
the length that DICOM allows, it is the name of something else.

References
----------
PS3.5 section 6.2 (Value Representation) and Table 6.2-1; PS3.3 section 8.8 (Standard Attribute Sets for Code Sequence).
"""

import re
import unicodedata
from collections.abc import Iterable
from datetime import datetime

MOST_LETTERS = {"SH": 16, "LO": 64, "ST": 1024, "LT": 10240}
NAME_LETTERS, NAME_COMPONENTS, NAME_GROUPS = 64, 5, 3
DIGITS = 10
_ROWS = frozenset({"ST", "LT", "UT"})


def legal_date(value: object) -> str:
    """``YYYYMMDD`` from that or the old ``YYYY.MM.DD``; empty for anything that is no date."""
    text = re.sub(r"[.\-/]", "", str(value or "").strip())
    try:
        datetime.strptime(text, "%Y%m%d")
    except ValueError:
        return ""
    return text if len(text) == 8 else ""


def legal_time(value: object) -> str:
    """A DICOM time from that or one with colons; empty for anything else."""
    text = str(value or "").strip().replace(":", "")
    return text if re.fullmatch(r"([01]\d|2[0-3])([0-5]\d([0-5]\d(\.\d{1,6})?)?)?", text) else ""


def legal_age(value: object) -> str:
    """``045Y`` from that, ``45Y`` or ``45y``; empty for anything else."""
    found = re.fullmatch(r"(\d{1,3})([DWMY])", str(value or "").strip().upper())
    return f"{int(found[1]):03d}{found[2]}" if found else ""


def legal_code_string(value: object) -> str:
    """A code string in capitals, of at most 16 signs; empty for anything else."""
    text = str(value or "").strip().upper()
    return text if re.fullmatch(r"[A-Z0-9_ ]{1,16}", text) else ""


def legal_integer(value: object) -> str:
    """An integer of 32 bits; empty for anything else."""
    text = str(value if value is not None else "").strip()
    return str(int(text)) if re.fullmatch(r"[+-]?\d{1,10}", text) and -(2**31) <= int(text) < 2**31 else ""


def legal_uid(value: object) -> str:
    """A UID; empty for anything else: there is no other form of the same one."""
    text = str(value or "").strip(" \0")
    return text if len(text) <= 64 and re.fullmatch(r"(0|[1-9]\d*)(\.(0|[1-9]\d*))+", text) else ""


def legal_decimal(value: object) -> str:
    """A decimal string of at most 16 signs, with at most ten digits that count; empty for what is no finite number.

    Ten digits are more than any scanner measures. Those behind them are what arithmetic left.

    Examples
    --------
    >>> legal_decimal("3.30000000002790"), legal_decimal(-0.0000000123456789012), legal_decimal("abc")
    ('3.3', '-1.23456789e-08', '')
    """
    try:
        number = float(str(value).strip())
    except ValueError:
        return ""
    if number - number != 0:  # infinite, or none
        return ""
    text = f"{0.0 if abs(number) < 1e-90 else number:.{DIGITS}g}"
    return text if "." in text or "e" in text else f"{text}.0"


def as_ds(values: Iterable[float]) -> list[str]:
    """Finite numbers as decimal strings; see :func:`legal_decimal`."""
    return [legal_decimal(value) for value in values]


def legal_text(value: str, vr: str, *, names_something: bool = False) -> str:
    """Text without signs that steer a device, no longer than its value representation allows.

    What is too long is cut with dots; it is empty where `names_something`.
    """
    kept = "\t\n\f\r" if vr in _ROWS else ""
    text = "".join(one for one in value if one in kept or unicodedata.category(one) != "Cc").strip(" \0")
    if vr not in _ROWS:
        text = text.replace("\\", "/")
    most = MOST_LETTERS.get(vr)
    if most is None or len(text) <= most:
        return text
    return "" if names_something else shortened(text, most - 3) + "..."


def legal_name(value: str) -> str:
    """A person's name: three groups of at most 64 letters and five components each, without empty ends."""
    clean = "".join(one for one in value.replace("\\", " ") if unicodedata.category(one) != "Cc")
    groups = []
    for group in clean.split("=")[:NAME_GROUPS]:
        parts = group.split("^")
        parts[NAME_COMPONENTS - 1 :] = [" ".join(parts[NAME_COMPONENTS - 1 :])] if parts[NAME_COMPONENTS - 1 :] else []
        groups.append(shortened("^".join(parts), NAME_LETTERS).strip(" "))
    return "=".join(groups).rstrip("=")


def shortened(text: str, most: int) -> str:
    """The beginning of a text, not parted between a letter and its accent."""
    if len(text) <= most:
        return text
    while most and unicodedata.combining(text[most]):
        most -= 1
    return text[:most].rstrip()
