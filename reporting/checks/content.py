"""The result is whole, and its references lead somewhere."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence

from pydicom.dataset import Dataset

from inference.result import Analysis
from reporting.checks.identity import SourceHeaders
from reporting.findings import Checked, GateCode, GateFinding, walk
from reporting.kinds import Kind, expected_kinds
from reporting.presentation import Presentation
from reporting.types import Predecessor, followed_kinds


def check_complete(
    objects: Sequence[Checked], analysis: Analysis, presentation: Presentation, kinds: Collection[str] | None = None
) -> Iterator[GateFinding]:
    """Every kind of object that the analysis calls for is there as often as it must be, and no other."""
    found, expected = Counter(item.kind for item in objects), expected_kinds(analysis, presentation, kinds)
    for kind in sorted(set(found) | set(expected)):
        if found[kind] < expected[kind]:
            sentence = f"{expected[kind]} objects of the kind {kind} are called for, {found[kind]} are there."
            yield GateFinding(GateCode.OBJECT_MISSING, sentence, kind)
        elif found[kind] > expected[kind]:
            sentence = f"{found[kind]} objects of the kind {kind} are there, {expected[kind]} are called for."
            yield GateFinding(GateCode.OBJECT_UNEXPECTED, sentence, kind)


def check_references(
    objects: Sequence[Checked],
    source: SourceHeaders,
    predecessors: Sequence[Predecessor],
    presentation: Presentation,
) -> Iterator[GateFinding]:
    """Every instance an object names is a source image, another object or a predecessor that its kind may have.

    The report that leads names all other objects.
    """
    leading = lead_of(objects, presentation)
    ours = {str(item.dataset.SOPInstanceUID): str(item.dataset.SOPClassUID) for item in objects}
    known = ours | {uid: str(header.get("SOPClassUID", "")) for uid, header in source.by_uid.items()}
    for item in objects:
        followed = followed_kinds(item.kind, leads=item is leading)
        earlier = {one.sop_instance_uid: one.sop_class_uid for one in predecessors if one.kind in followed}
        named = set(references(item.dataset))
        if any((known | earlier).get(uid) != sop_class for uid, sop_class in named):
            yield GateFinding(
                GateCode.REFERENCE_UNKNOWN, f"The {item.kind} object names an instance that is not there.", item.kind
            )
        if item is leading:
            missing = set(ours) - {uid for uid, _ in named} - {str(item.dataset.SOPInstanceUID)}
            if missing:
                yield GateFinding(
                    GateCode.ROOT_INCOMPLETE, f"The report that leads does not name {len(missing)} objects.", item.kind
                )


def lead_of(objects: Sequence[Checked], presentation: Presentation) -> Checked | None:
    """The report that leads: the first that outlines, in the order of the groups, else that in words."""
    order = [*(group.report for group in presentation.groups if group.report), Kind.TEXT.value.name]
    return next((item for kind in order for item in objects if item.kind == kind), None)


def references(dataset: Dataset) -> Iterator[tuple[str, str]]:
    """UID and class of every instance that an object names."""
    for level in walk(dataset):
        if "ReferencedSOPInstanceUID" in level:
            yield str(level.ReferencedSOPInstanceUID), str(level.get("ReferencedSOPClassUID", ""))
