"""Images that the headers of a study say are missing: places without a slice, fewer images than announced."""

from collections import defaultdict
from collections.abc import Hashable, Iterator
from itertools import pairwise
from statistics import median

from config.codes import GapCode
from inference.dicom import along, find_gaps
from inference.series.types import Candidate, Selection
from inference.types import Gap, ImageHeader, Reason, SeriesHeader, StudyHeaders


def header_gaps(study: StudyHeaders, selection: Selection) -> tuple[Gap, ...]:
    """What speaks against a study being whole: within the chosen series, and in the counts of any series.

    References
    ----------
    DICOM PS3.3 C.7.6.1 (Images in Acquisition, 0020,1002).
    """
    return (*_holes(selection), *_announced(study))


def _holes(selection: Selection) -> Iterator[Gap]:
    for role, candidate in selection.chosen.items():
        missing = _missing(candidate)
        if missing:
            reason = Reason(GapCode.SLICES_MISSING, {"role": str(role), "missing": missing})
            yield Gap(reason, (candidate.series_instance_uid,))


def _missing(candidate: Candidate) -> int:
    places = sorted(place for image in candidate.images if (place := along(image)) is not None)
    steps = [high - low for low, high in pairwise(places)]
    spacing = median(steps) if steps else 0.0
    return sum(hole.missing for hole in find_gaps(places, spacing_mm=spacing)) if spacing > 0 else 0


def _announced(study: StudyHeaders) -> Iterator[Gap]:
    """Acquisitions of which fewer images are there than their headers announce.

    One acquisition may fill several series (echoes, Dixon parts), so images are counted over the study.
    """
    found: dict[Hashable, list[tuple[SeriesHeader, ImageHeader]]] = defaultdict(list)
    for series in study.series:
        for image in series.images:
            if image.images_in_acquisition and image.frame is None:
                found[_acquisition(image)].append((series, image))
    for images in found.values():
        announced = images[0][1].images_in_acquisition or 0
        if len(images) < announced:
            first = min((series for series, _ in images), key=lambda one: one.series_number or 0)
            number = "?" if first.series_number is None else str(first.series_number)
            uids = tuple(sorted({series.series_instance_uid for series, _ in images}))
            code = GapCode.FEWER_THAN_ANNOUNCED
            yield Gap(Reason.of(code, number=number, announced=announced, found=len(images)), uids)


def _acquisition(image: ImageHeader) -> Hashable:
    """What images of one acquisition share, and those of two series of a study hardly ever do."""
    return (
        image.images_in_acquisition,
        image.acquisition_number,
        image.repetition_time_ms,
        image.inversion_time_ms,
        image.scanning_sequence,
        image.rows,
        image.columns,
        image.pixel_spacing_mm,
    )
