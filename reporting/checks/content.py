"""The result is whole, its references lead somewhere, and its reports say what the analysis says."""

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from pydicom.dataset import Dataset

from inference.sij_mri import STAGES, Analysis
from inference.types import Side
from reporting.checks import Checked, GateCode, GateFinding, walk
from reporting.checks.identity import SourceHeaders
from reporting.objects import codes
from reporting.objects.capture import MAX_HEAT_SLICES

RELATIVE_TOLERANCE = 1e-5
SUM_TOLERANCE = 0.01


def check_complete(objects: Sequence[Checked], analysis: Analysis) -> Iterator[GateFinding]:
    """Every kind of object that the analysis calls for is there as often as it must be, and no other."""
    found, expected = Counter(item.kind for item in objects), expected_kinds(analysis)
    for kind in sorted(set(found) | set(expected)):
        if found[kind] < expected[kind]:
            sentence = f"{expected[kind]} objects of the kind {kind} are called for, {found[kind]} are there."
            yield GateFinding(GateCode.OBJECT_MISSING, sentence, kind)
        elif found[kind] > expected[kind]:
            sentence = f"{found[kind]} objects of the kind {kind} are there, {expected[kind]} are called for."
            yield GateFinding(GateCode.OBJECT_UNEXPECTED, sentence, kind)


def expected_kinds(analysis: Analysis) -> Counter[str]:
    """How many objects of each kind an analysis calls for."""
    reference = analysis.reference
    if reference is None:
        return Counter({"sr-text": 1})
    explained = 0
    if analysis.explanation is not None:
        explained = sum(1 for source in analysis.explanation.focus_source if source)
    kinds = Counter({"sr-root": 1, "sr-text": 1, "sc": 1 + min(explained, MAX_HEAT_SLICES)})
    anatomy = [analysis.region, *(joint.band for joint in analysis.joints)]
    if reference.frame_of_reference_uid and any(mask is not None and mask.any() for mask in anatomy):
        kinds["seg-anatomy"] = 1
    edema, fluid = analysis.edema, analysis.fluid
    if edema is not None and fluid is not None and fluid.frame_of_reference_uid:
        kinds["seg-edema"] = int(bool(edema.left.any() or edema.right.any()))
    kinds["sr-measurements"] = int(kinds["seg-anatomy"] + kinds["seg-edema"] > 0)
    return +kinds


def check_references(objects: Sequence[Checked], source: SourceHeaders) -> Iterator[GateFinding]:
    """Every instance an object names is a source image or another object; the root names all others."""
    ours = {str(item.dataset.SOPInstanceUID): str(item.dataset.SOPClassUID) for item in objects}
    known = ours | {uid: str(header.get("SOPClassUID", "")) for uid, header in source.by_uid.items()}
    for item in objects:
        named = set(references(item.dataset))
        if any(known.get(uid) != sop_class for uid, sop_class in named):
            yield GateFinding(
                GateCode.REFERENCE_UNKNOWN, f"The {item.kind} object names an instance that is not there.", item.kind
            )
        if item.kind == "sr-root":
            missing = set(ours) - {uid for uid, _ in named} - {str(item.dataset.SOPInstanceUID)}
            if missing:
                yield GateFinding(
                    GateCode.ROOT_INCOMPLETE, f"The root report does not name {len(missing)} objects.", item.kind
                )


def references(dataset: Dataset) -> Iterator[tuple[str, str]]:
    """UID and class of every instance that an object names."""
    for level in walk(dataset):
        if "ReferencedSOPInstanceUID" in level:
            yield str(level.ReferencedSOPInstanceUID), str(level.get("ReferencedSOPClassUID", ""))


def check_values(objects: Sequence[Checked], analysis: Analysis) -> Iterator[GateFinding]:
    """Numbers and codes of the reports equal those of the analysis; probabilities are probabilities."""
    yield from _probabilities(analysis)
    segments = {
        str(segment.TrackingUID): (
            str(item.dataset.SOPInstanceUID),
            int(segment.SegmentNumber),
            str(segment.SegmentLabel),
        )
        for item in objects
        if item.kind.startswith("seg-")
        for segment in item.dataset.SegmentSequence
    }
    for item in objects:
        if item.kind == "sr-root":
            yield from _root_values(item, analysis)
        elif item.kind == "sr-measurements":
            yield from _segment_values(item, analysis, segments)


def _probabilities(analysis: Analysis) -> Iterator[GateFinding]:
    prediction = analysis.prediction
    if prediction is None:
        return
    vectors = [prediction.stage_probabilities, *(item.stage_probabilities for item in prediction.slices)]
    singles = [prediction.as_probability, *(item.as_probability for item in prediction.slices)]
    every = np.asarray([*np.ravel(vectors), *singles], float)
    sums = np.asarray(vectors, float).sum(axis=1)
    if not np.isfinite(every).all() or every.min() < 0 or every.max() > 1 or np.abs(sums - 1).max() > SUM_TOLERANCE:
        yield GateFinding(GateCode.PROBABILITY_WRONG, "Probabilities lie outside 0 to 1 or do not sum to 1.", "sr-root")


def _root_values(item: Checked, analysis: Analysis) -> Iterator[GateFinding]:
    numbers: dict[str, float] = {}
    coded: dict[str, str] = {}
    if analysis.prediction is not None:
        numbers[codes.PROBABILITY.value] = analysis.prediction.as_probability
        for stage, value in zip(STAGES, analysis.prediction.stage_probabilities, strict=True):
            numbers[codes.STAGE_PROBABILITY[stage].value] = value
        coded[codes.AS_STATUS.value] = codes.present_or_absent(analysis.prediction.as_present).value
        coded[codes.AS_STAGE.value] = codes.STAGE_VALUE[analysis.prediction.stage].value
    if analysis.edema is not None:
        numbers[codes.EDEMA_VOLUME[Side.LEFT].value] = analysis.edema.left_mm3
        numbers[codes.EDEMA_VOLUME[Side.RIGHT].value] = analysis.edema.right_mm3
    if analysis.asas is not None:
        coded[codes.ASAS_RULE.value] = codes.present_or_absent(analysis.asas.positive).value
        coded[codes.ASAS_RULE_SIDE[Side.LEFT].value] = codes.present_or_absent(analysis.asas.left_positive).value
        coded[codes.ASAS_RULE_SIDE[Side.RIGHT].value] = codes.present_or_absent(analysis.asas.right_positive).value
    said_numbers, said_codes = _said(item.dataset)
    local = {name: value for name, value in said_codes.items() if name in set(coded) | _ROOT_CODES}
    if not _same_numbers(said_numbers, numbers) or local != coded:
        yield GateFinding(GateCode.VALUE_CHANGED, "The root report does not say what the analysis says.", item.kind)


_ROOT_CODES = {
    codes.AS_STATUS.value,
    codes.AS_STAGE.value,
    codes.ASAS_RULE.value,
    *(code.value for code in codes.ASAS_RULE_SIDE.values()),
}


def _said(dataset: Dataset) -> tuple[dict[str, float], dict[str, str]]:
    """Numbers and coded values of a report, by the code of what they are."""
    numbers, coded = {}, {}
    for level in walk(dataset):
        kind = level.get("ValueType")
        if kind == "NUM":
            numbers[_name(level)] = float(level.MeasuredValueSequence[0].NumericValue)
        elif kind == "CODE":
            coded[_name(level)] = str(level.ConceptCodeSequence[0].CodeValue)
    return numbers, coded


def _name(item: Dataset) -> str:
    return str(item.ConceptNameCodeSequence[0].CodeValue)


def _same_numbers(said: dict[str, float], true: dict[str, float]) -> bool:
    return set(said) == set(true) and all(
        abs(said[name] - value) <= RELATIVE_TOLERANCE * max(abs(value), 1.0) for name, value in true.items()
    )


def _segment_values(
    item: Checked, analysis: Analysis, segments: dict[str, tuple[str, int, str]]
) -> Iterator[GateFinding]:
    """Each group names one segment by tracking UID and by reference, on that segment's side, with its volume."""
    groups = [level for level in walk(item.dataset) if _is_group(level)]
    measured = set()
    for group in groups:
        parts = {_name(part): part for part in group.ContentSequence}
        tracking = str(parts["112040"].UID)
        reference = parts["121191"].ReferencedSOPSequence[0]
        instance, number, label = segments.get(tracking, ("", 0, ""))
        measured.add(tracking)
        named = (str(reference.ReferencedSOPInstanceUID), int(reference.ReferencedSegmentNumber))
        if named != (instance, number):
            yield GateFinding(
                GateCode.SEGMENT_MISTAKEN, "A measurement names another segment than it measures.", item.kind
            )
            continue
        numbers, _ = _said(group)
        volume_mm3 = _volume_mm3(label, analysis)
        if not _same_numbers(numbers, {codes.VOLUME.value: volume_mm3}) or _site(parts) != _site_of(label):
            yield GateFinding(
                GateCode.VALUE_CHANGED, f"{label}: its measurement is not that of the analysis.", item.kind
            )
    if measured != set(segments):
        yield GateFinding(GateCode.OBJECT_INCOMPLETE, "Some segments have no measurement.", item.kind)


def _is_group(level: Dataset) -> bool:
    return level.get("ValueType") == "CONTAINER" and _name(level) == "125007"


def _site(parts: dict[str, Dataset]) -> str:
    site = parts[codes.FINDING_SITE.value]
    return str(site.ContentSequence[0].ConceptCodeSequence[0].CodeValue)


def _site_of(label: str) -> str:
    word = label.split()[0].lower()
    return str(codes.SIDE[Side(word)].value if word in ("left", "right") else codes.BILATERAL.value)


def _volume_mm3(label: str, analysis: Analysis) -> float:
    """Volume of a segment: counted in the analysis' masks, or as the biomarkers say."""
    edema, reference = analysis.edema, analysis.reference
    if label.endswith("bone marrow edema") and edema is not None:
        return float(edema.left_mm3 if label.startswith("Left") else edema.right_mm3)
    if reference is None:
        return 0.0
    side = Side.LEFT if label.startswith("Left") else Side.RIGHT
    joint = analysis.joint(side)
    mask = joint.band if label.endswith("sacroiliac joint") and joint is not None else analysis.region
    return 0.0 if mask is None else float(np.count_nonzero(mask)) * reference.voxel_volume_mm3
