"""Writes the samples in docs/air.md from the objects of a made-up result: ``python -m tests.air_page``."""

import argparse
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from pydicom.datadict import dictionary_description
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.uid import UID

from inference.result import Analysis
from reporting.kinds import every_kind, reports_among
from reporting.outputs import Outputs
from reporting.sij_mri import SacroiliacPresentation
from reporting.types import Predecessor
from tests.air_primitives import EVALUATIONS, GROUP, containers, counted, name_of, tracking
from tests.factories.analysis import build_outputs, make_analysis

PAGE = Path(__file__).resolve().parent.parent / "docs" / "air.md"
SALT = "a secret of the site"
LINE = 140
POINTS = 3
_SAMPLE = re.compile(r"(<!-- sample: ([\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)
Names = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Made:
    """An analysis, every kind of object of it, and the reports of the earlier result that these follow."""

    analysis: Analysis
    outputs: Outputs
    earlier: tuple[Predecessor, ...]


def make_result(folder: Path) -> Made:
    """A result of a made-up study whose images are written to a folder."""
    analysis = make_analysis(folder, header={"TimezoneOffsetFromUTC": "+0100"})
    kinds = every_kind(SacroiliacPresentation())
    earlier = reports_among(build_outputs(analysis).objects)
    made = build_outputs(analysis, kinds=kinds, site_salt=SALT, revision=2, predecessors=earlier)
    return Made(analysis, made, earlier)


def names_of(made: Made) -> dict[str, str]:
    """What stands in place of UIDs that are new in each result, or of the source."""
    names = {made.analysis.study_instance_uid: "<the study>"}
    names |= {one.sop_instance_uid: f"<{one.kind} of revision 1>" for one in made.earlier}
    for images in made.analysis.images:
        names[images.series_instance_uid] = f"<the {images.role} series>"
        for number, image in enumerate(images.sources, 1):
            names[image.sop_instance_uid] = f"<{images.role}, slice {number}>"
    for item in made.outputs.objects:
        names[item.series_instance_uid] = f"<series of {item.kind}>"
        names[item.sop_instance_uid] = f"<{item.kind}>"
    return names


def tree(item: Dataset, names: Names, depth: int = 0, *, deepest: int = 9) -> Iterator[str]:
    """A content item and what is below it, a line each: relationship, value type, name, value."""
    relationship = str(item.get("RelationshipType", ""))
    parts = [relationship, str(item.ValueType)]
    if "ConceptNameCodeSequence" in item:
        parts.append(_code(item.ConceptNameCodeSequence[0]))
    value = _value(item, names)
    yield _cut("  " * depth + " ".join(filter(None, parts)) + (f" = {value}" if value else ""))
    for child in item.get("ContentSequence", ()) if depth < deepest else ():
        yield from tree(child, names, depth + 1, deepest=deepest)


def _code(code: Dataset) -> str:
    return f'({code.CodeValue}, {code.CodingSchemeDesignator}, "{code.CodeMeaning}")'


def _value(item: Dataset, names: Names) -> str:
    match item.ValueType:
        case "CODE":
            return _code(item.ConceptCodeSequence[0])
        case "TEXT":
            return f'"{" / ".join(item.TextValue.splitlines())}"'
        case "UIDREF":
            return _uid(item.UID, names)
        case "NUM":
            number = item.MeasuredValueSequence[0]
            return f"{number.NumericValue} {_code(number.MeasurementUnitsCodeSequence[0])}"
        case "SCOORD":
            points = list(zip(item.GraphicData[::2], item.GraphicData[1::2], strict=True))
            first = " ".join(f"({x:g}, {y:g})" for x, y in points[:POINTS])
            return f"{item.GraphicType}, {len(points)} points: {first} ..."
        case "IMAGE":
            reference = item.ReferencedSOPSequence[0]
            segment = reference.get("ReferencedSegmentNumber")
            return _uid(reference.ReferencedSOPInstanceUID, names) + (f", segment {segment}" if segment else "")
        case _:
            return ""


def _uid(uid: object, names: Names) -> str:
    return names.get(str(uid), UID(str(uid)).name)


def _cut(line: str) -> str:
    return line if len(line) <= LINE else line[: LINE - 3].rstrip() + "..."


def attributes(dataset: Dataset, names: Names, keywords: Collection[str], depth: int = 0) -> Iterator[str]:
    """Attributes of a data set, in its order, and those below sequences among them; codes on one line."""
    for element in dataset:
        if element.keyword not in keywords:
            continue
        start = "  " * depth + f"{element.tag} {dictionary_description(element.tag)}"
        if element.VR != "SQ":
            yield _cut(f"{start} = {_words(element, names)}")
            continue
        for item in element.value:
            if "CodeValue" in item:
                yield _cut(f"{start} = {_code(item)}")
                yield from attributes(item, names, set(keywords) - {"CodeValue"}, depth + 1)
            else:
                yield start
                yield from attributes(item, names, keywords, depth + 1)


def _words(element: DataElement, names: Names) -> str:
    values = element.value if element.VM > 1 else [element.value]
    return ", ".join(_uid(one, names) if element.VR == "UI" else str(one) for one in values)


class Samples:
    """Lines of each sample, by its name on the page."""

    def __init__(self, made: Made) -> None:
        self.outputs, self.names = made.outputs, names_of(made)

    def _one(self, kind: str) -> Dataset:
        return next(item.dataset for item in self.outputs.objects if item.kind == kind)

    def _group(self, kind: str, template: str) -> list[str]:
        groups = containers(self._one(kind), {GROUP})
        group = next(one for one in groups if one.ContentTemplateSequence[0].TemplateIdentifier == template)
        return list(tree(group, self.names))

    def _below(self, kind: str, parent: str, names: Collection[str]) -> list[str]:
        (container,) = containers(self._one(kind), {parent})
        items = {name_of(item): item for item in reversed(container.ContentSequence)}
        return [line for name in names for line in tree(items[name], self.names)]

    def primitives(self) -> list[str]:
        """A table: each primitive, and how many of it each kind of this result holds."""
        rows = [
            f"| {name} | {', '.join(f'{number} in `{kind}`' for kind, number in kinds.items())} |"
            for name, kinds in counted(self.outputs).items()
        ]
        return ["| Primitive | In the objects of this result |", "|---|---|", *rows]

    def root(self) -> list[str]:
        """The head of the report that leads."""
        report = self._one("sr-edema")
        return [line for line in tree(report, self.names, deepest=1)] + ["", *self._evidence(report)]

    def _evidence(self, report: Dataset) -> list[str]:
        (study,) = report.CurrentRequestedProcedureEvidenceSequence
        of = _uid(study.StudyInstanceUID, self.names)
        lines = [f"(0040,A375) Current Requested Procedure Evidence Sequence: {of}"]
        for series in study.ReferencedSeriesSequence:
            number = len(series.ReferencedSOPSequence)
            lines.append(f"  {_uid(series.SeriesInstanceUID, self.names)}: {number} instance{'s' * (number > 1)}")
        return lines

    def findings(self) -> list[str]:
        """Answers of the study, and what belongs to a side."""
        names = ("121071", "AS_STATUS", "SUGGESTS", "AS_STAGE", "ASAS_RULE", "122157")
        return self._below("sr-edema", EVALUATIONS, names)

    def measurement(self) -> list[str]:
        """A volume."""
        return self._group("sr-edema", "1411")

    def location(self) -> list[str]:
        """An outline."""
        return self._group("sr-edema", "1410")

    def region(self) -> list[str]:
        """A segment."""
        keywords = {
            "SegmentSequence", "SegmentNumber", "SegmentLabel", "SegmentAlgorithmType", "TrackingID", "TrackingUID",
            "SegmentedPropertyCategoryCodeSequence", "SegmentedPropertyTypeCodeSequence", "AnatomicRegionSequence",
            "AnatomicRegionModifierSequence", "SegmentationAlgorithmIdentificationSequence",
            "AlgorithmFamilyCodeSequence", "AlgorithmName", "AlgorithmVersion", "AlgorithmSource",
        }  # fmt: skip
        return list(attributes(self._one("seg-edema").SegmentSequence[0], self.names, keywords))

    def parametric_map(self) -> list[str]:
        """What the values of the parametric map are, where, and of which image."""
        dataset = self._one("pm")
        keywords = {
            "FrameAnatomySequence", "FrameLaterality", "AnatomicRegionSequence", "RealWorldValueMappingSequence",
            "MeasurementUnitsCodeSequence", "DoubleFloatRealWorldValueFirstValueMapped", "RealWorldValueSlope",
            "QuantityDefinitionSequence", "ConceptNameCodeSequence", "ConceptCodeSequence", "LUTExplanation",
            "DerivationImageSequence", "SourceImageSequence", "ReferencedSOPInstanceUID",
            "PurposeOfReferenceCodeSequence",
        }  # fmt: skip
        return [
            *attributes(dataset.SharedFunctionalGroupsSequence[0], self.names, keywords),
            *attributes(dataset.PerFrameFunctionalGroupsSequence[0], self.names, keywords),
        ]

    def tracked(self) -> list[str]:
        """A table: identifier, UID, and the kinds that say it."""
        kinds: dict[tuple[str, str], list[str]] = {}
        for item in self.outputs.objects:
            for one in dict.fromkeys(tracking(item.dataset)):
                kinds.setdefault(one, []).append(item.kind)
        rows = [
            f"| `{name}` | `{uid}` | {', '.join(f'`{kind}`' for kind in dict.fromkeys(found))} |"
            for (name, uid), found in sorted(kinds.items())
            if len(set(found)) > 1
        ]
        return ["| Tracking Identifier | Tracking Unique Identifier | In |", "|---|---|---|", *rows]

    def images(self) -> list[str]:
        """An image to look at first, in the report and in the selection of key objects."""
        return [*self._below("sr-edema", EVALUATIONS, ("KEY_SLICE",)), "", *tree(self._one("ko"), self.names)]

    def algorithm(self) -> list[str]:
        """The time, and the algorithm among the equipment that contributed."""
        keywords = {
            "PurposeOfReferenceCodeSequence", "Manufacturer", "ManufacturerModelName", "SoftwareVersions", "DeviceUID",
            "DeviceSerialNumber", "ContributionDateTime", "ContributionDescription",
        }  # fmt: skip
        dataset = self._one("seg-edema")
        item = dataset.ContributingEquipmentSequence[1]
        return [
            *attributes(dataset, self.names, {"ContentDate", "ContentTime"}),
            "(0018,A001) Contributing Equipment Sequence, second item",
            *attributes(item, self.names, keywords, 1),
        ]

    def predecessor(self) -> list[str]:
        """The report that another follows."""
        keywords = {
            "PredecessorDocumentsSequence", "ReferencedSeriesSequence", "ReferencedSOPSequence",
            "ReferencedSOPClassUID", "ReferencedSOPInstanceUID",
        }  # fmt: skip
        (item,) = self._one("sr-joints").PredecessorDocumentsSequence
        top = "(0040,A360) Predecessor Documents Sequence"
        return [top, *attributes(item, self.names, keywords, 1)]


def page(samples: Samples) -> str:
    """The whole page, with the samples as they would be written now."""

    def filled(found: re.Match[str]) -> str:
        lines = getattr(samples, found[2].replace("-", "_"))()
        body = "\n".join(lines)
        shown = body if body.startswith("| ") else f"```text\n{body}\n```"
        return f"{found[1]}\n{shown}\n\n{found[3]}"

    return _SAMPLE.sub(filled, PAGE.read_text(encoding="utf-8"))


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=PAGE)
    out = parser.parse_args().out
    with TemporaryDirectory() as folder:
        text = page(Samples(make_result(Path(folder))))
    out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
