"""What a version said of a study: the JSON, the reports and their codes."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pydicom
from pydicom.dataset import Dataset

SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.4"
TEXT_REPORT = "1.2.840.10008.5.1.4.1.1.88.22"


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a structured report: its name, code and value in words, and what lies below it."""

    name: str
    name_code: str
    value: str
    value_code: str
    kind: str
    images: tuple[str, ...]
    below: tuple["Item", ...]

    def all(self) -> Iterator["Item"]:
        """This item and all below it."""
        yield self
        for item in self.below:
            yield from item.all()


def items(report: Dataset) -> tuple[Item, ...]:
    """The content of a structured report."""
    return tuple(_item(one) for one in report.get("ContentSequence", []))


def _item(content: Dataset) -> Item:
    name = next(iter(content.get("ConceptNameCodeSequence", [])), Dataset())
    code = next(iter(content.get("ConceptCodeSequence", [])), Dataset())
    value = str(code.get("CodeMeaning", "") or content.get("TextValue", "") or content.get("UID", ""))
    for measured in content.get("MeasuredValueSequence", []):
        value = str(measured.NumericValue)
    return Item(
        name=str(name.get("CodeMeaning", "")),
        name_code=str(name.get("CodeValue", "")),
        value=value,
        value_code=str(code.get("CodeValue", "")),
        kind=str(content.ValueType),
        images=tuple(str(one.ReferencedSOPInstanceUID) for one in content.get("ReferencedSOPSequence", [])),
        below=items(content),
    )


class Said:
    """A result as files: of the offline command, or as an archive got it.

    Parameters
    ----------
    objects : DICOM objects of one result.
    summary : the JSON of the result, where it is known.
    """

    def __init__(self, objects: list[Dataset], summary: dict[str, Any] | None = None) -> None:
        self.objects, self.summary = objects, summary or {}

    @classmethod
    def read(cls, folder: Path) -> "Said":
        """What the offline command wrote."""
        summary = json.loads((folder / "summary.json").read_text())
        return cls([pydicom.dcmread(path) for path in sorted(folder.glob("*.dcm"))], summary)

    @cached_property
    def content(self) -> list[Item]:
        """All items of all reports."""
        tops = [one for report in self.objects if report.Modality == "SR" for one in items(report)]
        return [item for top in tops for item in top.all()]

    def groups(self) -> list[Item]:
        """The measurement groups of all reports."""
        return [item for item in self.content if item.name_code == "125007"]

    def codes(self, *words: str) -> list[Item]:
        """Coded answers whose name holds one of these words."""
        return [
            item
            for item in self.content
            if item.kind == "CODE" and any(word.lower() in item.name.lower() for word in words)
        ]

    def lines(self) -> list[str]:
        """The text report, line by line."""
        reports = [one for one in self.objects if one.get("SOPClassUID") == TEXT_REPORT]
        tops = [one for report in reports for one in items(report)]
        return [item.value for top in tops for item in top.all() if item.kind == "TEXT" and item.value]

    def words(self) -> str:
        """Everything that is said in sentences, in reports and JSON."""
        keys = ("sentences", "conclusions", "limits", "reasons")
        said = [str(self.summary.get("headline", "")), *(str(one) for key in keys for one in self.summary.get(key, []))]
        return "\n".join([*said, *(item.value for item in self.content if item.kind == "TEXT")])

    def rows(self, key: str, side: str | None = "any") -> list[dict[str, Any]]:
        """What the JSON says under a key; ``side`` "any" for all sides, None for what has no side."""
        return [
            row
            for row in self.summary.get("said", [])
            if row["key"] == key and side in ("any", (row.get("site") or {}).get("side"))
        ]

    def value(self, key: str, side: str | None = "any") -> Any:
        """The first value under a key, None where there is none."""
        return next((row["value"] for row in self.rows(key, side)), None)

    def edema_ml(self, side: str) -> float | None:
        """Edema of a side in ml, from either shape of the JSON; None where it is not stated."""
        if self.rows("edema-volume", side):
            value = self.value("edema-volume", side)
        else:
            value = (self.summary.get("edema") or {}).get(f"{side}_mm3")
        return None if value is None else float(value) / 1000

    def classified(self) -> str:
        """The class that is said of the study, in one word; empty where none is."""
        if self.rows("axspa"):
            return str(self.value("axspa") or "")
        found = self.summary.get("classification") or {}
        known = found.get("as_present")
        return "" if known is None else "present" if known else "absent"

    def stage(self) -> str:
        """The stage that is said of the study, in lower case; empty where none is."""
        said = self.value("stage") if self.rows("stage") else (self.summary.get("classification") or {}).get("stage")
        return str(said or "").lower()

    def rule_met(self) -> bool:
        """True where the ASAS rule is said to be met."""
        if self.rows("asas", None):
            return bool(self.value("asas", None) == "present")
        return bool((self.summary.get("asas") or {}).get("positive"))

    def is_read(self) -> bool:
        """True where anything was read: a region, a joint, a class or a number."""
        if self.summary.get("status") == "not_applicable" or self.summary.get("scope") == "none":
            return any(one.get("SOPClassUID") == SEGMENTATION for one in self.objects)
        return True
