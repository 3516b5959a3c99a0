"""Small applications that are not sacroiliac, in the language of results: for tests of what knows no application."""

from pathlib import Path

import numpy as np
from pydicom.sr.coding import Code

from inference.result import (
    Analysis,
    Answer,
    Evaluation,
    Grid,
    HeatMap,
    Images,
    KeySlice,
    Limitation,
    Measurement,
    NotAssessable,
    Place,
    Profile,
    Segment,
    Site,
)
from inference.series import Candidate, Selection
from inference.types import ImageHeader, ModelIdentity, Reason, Side
from reporting.plain import PlainPresentation
from reporting.presentation import (
    AnatomyTerm,
    EvaluationTerm,
    LayerTerm,
    MeasurementTerm,
    ProfileTerm,
    RoleTerm,
    SegmentGroup,
    SegmentTerm,
    Terms,
    ValueTerm,
)

STUDY_UID = "2.25.909090"
DISC, CYST = "disc", "cyst"
LEVELS = ("L4", "L5")


def _code(value: str, meaning: str) -> Code:
    return Code(value, "99TEST", meaning)


TERMS = Terms(
    roles={"sag": RoleTerm("sagittal T2", "sagittal"), "photo": RoleTerm("picture", "photo")},
    anatomy={DISC: AnatomyTerm("Lumbar disc", _code("DISC", "Lumbar disc"))},
    segments={
        CYST: SegmentTerm(
            labels={None: "Cyst", Side.LEFT: "Left cyst"},
            category=_code("ABNORMAL", "Abnormal"),
            kind=_code("CYST", "Cyst"),
            regions=(_code("DISC", "Lumbar disc"),),
            finding=_code("CYST", "Cyst"),
            lab={None: (60.0, 10.0, 10.0), Side.LEFT: (60.0, 10.0, 10.0)},
            rgb={None: (200, 60, 40), Side.LEFT: (200, 60, 40)},
            volume="cyst-volume",
        )
    },
    measurements={
        "cyst-volume": MeasurementTerm(
            "Cyst", {None: _code("CYST_VOL", "Volume of cyst")}, Code("mm3", "UCUM", "cubic millimeter"),
            lambda value: f"{value:.0f} mm3",
        ),
        "angle": MeasurementTerm(
            "Lordosis", {None: _code("ANGLE", "Lordosis")}, Code("deg", "UCUM", "degree"),
            lambda value: f"{value:.0f} degrees",
        ),
    },
    evaluations={
        "narrowing": EvaluationTerm(
            "Narrowing",
            {None: _code("NARROW", "Narrowing")},
            {
                key: ValueTerm(key, _code(f"NARROW_{key.upper()}", key), severity=number / 2)
                for number, key in enumerate(("mild", "moderate", "severe"))
            },
            short="Narrow",
            note="Learned from twelve studies.",
        ),
        "slip": EvaluationTerm(
            "Slip",
            {None: _code("SLIP", "Slip")},
            {
                Answer.PRESENT: ValueTerm("seen", _code("SEEN", "Seen")),
                Answer.ABSENT: ValueTerm("not seen", _code("NOT_SEEN", "Not seen")),
            },
        ),
    },
    profiles={"likely": ProfileTerm("Probability of narrowing", of="narrowing", value="severe")},
    heatmaps={"grad": "Where it looked"},
    layers={CYST: LayerTerm("cysts", "Cysts", fill=100, marked=True)},
    levels={
        "L4": AnatomyTerm("L4/L5", _code("L4L5", "Disc L4/L5")),
        "L5": AnatomyTerm("L5/S1", _code("L5S1", "Disc L5/S1")),
    },
    reasons={"fits": "It fits."},
    limitations={"NO_AXIAL": "No axial series was sent.", "TOO_DARK": "The {role} series is too dark ({level:.0f})."},
)  # fmt: skip


class ForeignPresentation(PlainPresentation):
    """A presentation that has no page of its own."""

    application = "foreign"
    title = "Lumbar spine, a trial"
    terms = TERMS
    groups = (SegmentGroup("cyst", 5, "AI cysts", (CYST,), report_offset=3, report_description="AI cyst outlines"),)
    study_finding = _code("NARROW", "Narrowing")
    study_site = _code("DISC", "Lumbar disc")


def make_images(role: str, *, planes: int = 3, size: tuple[int, int] = (40, 60), placed: bool = True) -> Images:
    """Images of a bright disc on a dark ground, sagittal where they have a place in the patient."""
    rows, columns = size
    y, x = np.mgrid[0:rows, 0:columns]
    plane = 100 + 800 * np.exp(-(((x - columns / 2) / 9) ** 2) - ((y - rows / 2) / 7) ** 2)
    pixels = np.stack([plane * (1 + 0.1 * number) for number in range(planes)]).astype(np.float32)
    sources = tuple(
        ImageHeader(
            Path(f"{role}-{number}.dcm"), "1.2.840.10008.5.1.4.1.1.4", f"{STUDY_UID}.{role}.{number}",
            instance_number=number + 1, rows=rows, columns=columns,
        )
        for number in range(planes)
    )  # fmt: skip
    grid = None
    if placed:
        positions = np.array([(4.0 * number, -30.0, 20.0) for number in range(planes)])
        grid = Grid(positions, (0.0, 1.0, 0.0), (0.0, 0.0, -1.0), (1.0, 1.0), 4.0, f"{STUDY_UID}.9")
    return Images(role, pixels, sources, grid, f"{STUDY_UID}.{role}")


def make_lumbar() -> Analysis:
    """Two levels of one sagittal series, one of them graded, one not assessable; a cyst, a heat map, a profile."""
    images = make_images("sag")
    mask = np.zeros(images.shape, bool)
    mask[1, 15:25, 20:36] = True
    heat = np.full(images.shape, np.nan, np.float32)
    heat[1] = 0.0
    heat[1, 10:20, 10:30] = 4.0
    dark = NotAssessable(Limitation("TOO_DARK", {"role": "sag", "level": 12.0}))
    first, second = (Site(DISC, level=level) for level in LEVELS)
    shares = {"mild": 0.2, "moderate": 0.5, "severe": 0.3}
    return Analysis(
        application="foreign",
        application_version="0.3",
        study_instance_uid=STUDY_UID,
        scope="partial",
        selection=_selection(images),
        bundle=ModelIdentity("lumbar-trial", "2", "cd" * 32),
        images=(images,),
        segments=(Segment(CYST, Site(DISC, Side.LEFT, "L4"), "sag", mask),),
        measurements=(
            Measurement("cyst-volume", Site(DISC, Side.LEFT, "L4"), 640.0, of=CYST, spread=(600.0, 700.0)),
            Measurement("angle", Site(DISC), NotAssessable(Limitation("NO_AXIAL"))),
        ),
        evaluations=(
            Evaluation(
                "narrowing",
                first,
                "moderate",
                "network",
                shares,
                at=(Place("sag", 1, "box", ((12.0, 18.0), (28.0, 40.0))),),
            ),
            Evaluation("narrowing", second, dark, "network"),
            Evaluation("slip", Site(DISC), Answer.ABSENT, "rule"),
        ),
        profiles=(Profile("likely", first, "sag", np.array([np.nan, 0.3, 0.1], np.float32)),),
        heatmaps=(HeatMap("grad", "narrowing", first, "moderate", "sag", heat, full_scale=4.0),),
        key_slices=(KeySlice("sag", 1, "narrowest"),),
        limitations=(Limitation("NO_AXIAL"),),
        seconds={"read": 0.5},
    )  # fmt: skip


def make_photo() -> Analysis:
    """One picture that has no place in the patient, taller than wide; one answer, seen at a point."""
    images = make_images("photo", planes=1, size=(90, 50), placed=False)
    seen = Evaluation("slip", Site(DISC), Answer.PRESENT, "network", at=(Place("photo", 0, "point", ((45.0, 25.0),)),))
    return Analysis(
        "foreign", "0.3", STUDY_UID, "full", _selection(images), ModelIdentity("photo-trial", "1", "ef" * 32),
        images=(images,), evaluations=(seen,),
    )  # fmt: skip


def _selection(images: Images) -> Selection:
    candidate = Candidate(
        images.series_instance_uid,
        4,
        "T2 SAG",
        images.role,
        80.0,
        True,
        True,
        images=images.sources,
        notes=(Reason("fits"),),
    )
    return Selection((candidate,), {images.role: candidate})
