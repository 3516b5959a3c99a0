"""Writes docs/codes.md from the tables of codes: ``python -m tests.codes_page``."""

from collections.abc import Iterable
from pathlib import Path

from config.codes import AnyCode, Code, GapCode, SourceCode
from inference.sij_mri.limitations import LimitationCode
from reporting.checks import GateCode
from storage.codes import DeliveryCode, EventCode

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "codes.md"
TABLES: dict[str, type[AnyCode]] = {
    "Errors, refused images, files left out": Code,
    "What an attempt to deliver came to": DeliveryCode,
    "What the check before sending can find": GateCode,
    "Why a study may not be whole": GapCode,
    "What of the source images a reader must know": SourceCode,
    "Limitations of a result": LimitationCode,
    "The timeline of a study": EventCode,
}
INTRODUCTION = """# Codes

What fails, what is refused and what happens to a study has a code that stays the same from version to version. The
sentence beside it, in the panel, the log and `summary.json`, says what happened in the case at hand; this page says
what the code means in general.

*Fault* says where to look: at the **study** that was sent, at this **node**, at the **peer** at the other end, or at
what a **person** asked for; **unclear** is the study or this node, which only another try, alone, can tell. *C-STORE*
is what a sender is answered where the code can come up while an image is received.

This page is written by `python -m tests.codes_page`.
"""


def page() -> str:
    """The whole page."""
    parts = [INTRODUCTION]
    for title, table in TABLES.items():
        head = ("Code", "Fault", "C-STORE", "What it means, what to do")
        columns = [_is_known(code.fault for code in table), _is_known(code.dicom_status for code in table)]
        shown = (True, *columns, True)
        lines = [_line(head, shown), _line(("---",) * 4, shown), *(_line(_cells(code), shown) for code in table)]
        parts.append(f"## {title}\n\n" + "\n".join(lines) + "\n")
    return "\n".join(parts)


def _is_known(values: Iterable[object]) -> bool:
    return any(value is not None for value in values)


def _cells(code: AnyCode) -> tuple[str, ...]:
    status = "" if code.dicom_status is None else f"0x{code.dicom_status:04X}"
    return f"`{code}`", code.fault or "", status, code.sentence


def _line(cells: tuple[str, ...], shown: tuple[bool, ...]) -> str:
    return "| " + " | ".join(cell for cell, is_shown in zip(cells, shown, strict=True) if is_shown) + " |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
