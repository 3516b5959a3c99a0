"""The primitives of IHE AI Results, found by walking through result objects."""

from collections.abc import Callable, Collection, Iterator, Mapping

from pydicom.dataset import Dataset

from reporting.outputs import Outputs

GROUP, EVALUATIONS, SUMMARY = "125007", "C0034375", "121111"
TRACKING_NAME, TRACKING_UID = "112039", "112040"


def items_of(dataset: Dataset) -> Iterator[Dataset]:
    """Every content item of a report, itself first."""
    yield dataset
    for item in dataset.get("ContentSequence", ()):
        yield from items_of(item)


def name_of(item: Dataset) -> str:
    """Code of an item's name."""
    return str(item.ConceptNameCodeSequence[0].CodeValue) if "ConceptNameCodeSequence" in item else ""


def containers(dataset: Dataset, names: Collection[str]) -> Iterator[Dataset]:
    """Containers of a report with one of these names."""
    return (item for item in items_of(dataset) if item.get("ValueType") == "CONTAINER" and name_of(item) in names)


def _findings(dataset: Dataset) -> int:
    return sum(
        item.ValueType == "CODE" and item.RelationshipType == "CONTAINS"
        for container in containers(dataset, {GROUP, EVALUATIONS, SUMMARY})
        for item in container.ContentSequence
    )


def _of_type(value_type: str) -> Callable[[Dataset], int]:
    return lambda dataset: sum(item.get("ValueType") == value_type for item in items_of(dataset))


def _images(dataset: Dataset) -> int:
    """References to images; that to a segment is part of a region."""
    return sum(
        item.get("ValueType") == "IMAGE" and "ReferencedSegmentNumber" not in item.ReferencedSOPSequence[0]
        for item in items_of(dataset)
    )


def _maps(dataset: Dataset) -> int:
    return int(dataset.get("NumberOfFrames", 0)) if "FloatPixelData" in dataset else 0


def _regions(dataset: Dataset) -> int:
    return len(dataset.get("SegmentSequence", ()))


def tracking(dataset: Dataset) -> list[tuple[str, str]]:
    """Tracking identifiers and UIDs of a report's items, a segmentation's segments, a presentation state's lines."""
    found = []
    for item in items_of(dataset):
        parts = {name_of(part): part for part in item.get("ContentSequence", ())}
        if TRACKING_UID in parts:
            found.append((str(parts[TRACKING_NAME].TextValue), str(parts[TRACKING_UID].UID)))
    drawn = dataset.get("GraphicAnnotationSequence", ())
    lines = [line for one in drawn for line in one.get("GraphicObjectSequence", ())]
    segments = dataset.get("SegmentSequence", ())
    return found + [(str(one.TrackingID), str(one.TrackingUID)) for one in (*segments, *lines)]


PRIMITIVES: Mapping[str, Callable[[Dataset], int]] = {
    "Qualitative findings": _findings,
    "Measurements": _of_type("NUM"),
    "Locations": _of_type("SCOORD"),
    "Regions": _regions,
    "Parametric maps": _maps,
    "Tracking identifiers": lambda dataset: len(set(tracking(dataset))),
    "Image references": _images,
}
"""Of IHE AI Results: how many of each an object has."""


def counted(outputs: Outputs) -> dict[str, dict[str, int]]:
    """How many of each primitive the objects of each kind hold, found by walking through them."""
    found: dict[str, dict[str, int]] = {name: {} for name in PRIMITIVES}
    for name, count in PRIMITIVES.items():
        for item in outputs.objects:
            number = count(item.dataset)
            if number:
                found[name][item.kind] = found[name].get(item.kind, 0) + number
    return found
