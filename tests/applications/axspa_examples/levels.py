"""25 sites, five levels by five conditions, four of which name a side, over a sagittal and an axial series."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from pydicom.sr.coding import Code

from inference.dicom import load_volume
from inference.result import (
    Analysis,
    Evaluation,
    Images,
    KeySlice,
    Limitation,
    NotAssessable,
    Place,
    Site,
)
from inference.series import Candidate, Case, Selection, WantedSeries, choose
from inference.space import standard
from inference.turned import turn_back
from inference.types import ModelIdentity, Reason, Side, StudyHeaders, Volume
from reporting.objects import local
from reporting.plain import PlainPresentation
from reporting.presentation import AnatomyTerm, EvaluationTerm, RoleTerm, Terms, ValueTerm

LEVELS = ("L1/L2", "L2/L3", "L3/L4", "L4/L5", "L5/S1")
GRADES = ("normal", "moderate", "severe")
CONDITIONS: tuple[tuple[str, Side | None, str], ...] = (
    ("canal", None, "sagittal"),
    ("foramen", Side.LEFT, "sagittal"),
    ("foramen", Side.RIGHT, "sagittal"),
    ("recess", Side.LEFT, "axial"),
    ("recess", Side.RIGHT, "axial"),
)
WORDS = {"canal": "Narrowing of the canal", "foramen": "Narrowing of the foramen", "recess": "Narrowing of the recess"}
STRAIGHT, FEWEST = 0.95, 4
MISSING = {"sagittal": "NO_SAGITTAL", "axial": "NO_AXIAL"}
DISC = Code("16953009", "SCT", "Lumbar region of spine")


def _sagittal(case: Case) -> Case:
    return _of_plane(case, sagittal=True)


def _axial(case: Case) -> Case:
    return _of_plane(case, sagittal=False)


def _of_plane(case: Case, *, sagittal: bool) -> Case:
    if not case.magnetic or not case.placed:
        case.refuse(Reason("no-place"))
        return case
    normal = np.abs(np.asarray(case.stack.normal))
    if normal[0 if sagittal else 2] < STRAIGHT or len(case.stack.images) < FEWEST:
        case.refuse(Reason("another-plane"))
    case.give("plane", 90, Reason("asked-for"))
    return case


class Levels:
    """Grades each level from the brightness of its part of the images; a stand-in for a network."""

    name = "levels"
    version = "1.0.0"
    steps = ("select", "load", "grade")
    needs: Mapping[str, str] = {}
    cutters: Mapping[str, Any] = {}

    def wants(self, *, sop_class_uid: str, modality: str) -> bool:
        """MR only."""
        return modality == "MR"

    def select(self, study: StudyHeaders, *, chosen: Mapping[str, str] | None = None) -> Selection:
        """A sagittal and an axial series."""
        return choose(study, (WantedSeries("sagittal", _sagittal), WantedSeries("axial", _axial)))

    def analyse(
        self,
        study: StudyHeaders,
        selection: Selection,
        models: Mapping[str, Any],
        *,
        bundle: ModelIdentity,
        progress: Callable[[str], None],
        priors: Sequence[Analysis] = (),
        context: Mapping[str, Any] | None = None,
    ) -> Analysis:
        """Grade what can be graded; the rest is not assessable."""
        whose = (self.name, self.version, study.study_instance_uid)
        if not selection.chosen:
            return Analysis(*whose, "none", selection, bundle)
        progress("load")
        loaded = {role: standard(_load(study, candidate)) for role, candidate in selection.chosen.items()}
        volumes = {role: volume for role, (volume, _) in loaded.items()}
        progress("grade")
        missing = [Limitation(MISSING[role]) for role in MISSING if role not in volumes]
        analysis = Analysis(
            *whose,
            "partial" if missing else "full",
            selection,
            bundle,
            images=tuple(Images.of(role, volume) for role, volume in volumes.items()),
            evaluations=tuple(
                _grade(volumes.get(role), number, condition, side, role)
                for number in range(len(LEVELS))
                for condition, side, role in CONDITIONS
            ),
            key_slices=tuple(KeySlice(role, volume.shape[0] // 2, "middle") for role, volume in volumes.items()),
            limitations=tuple(missing),
        )
        return turn_back(analysis, {role: turn for role, (_, turn) in loaded.items()})


def _load(study: StudyHeaders, candidate: Candidate) -> Volume:
    series = {one.series_instance_uid: one for one in study.series}
    return load_volume(candidate.images, series=series[candidate.series_instance_uid])


def _grade(volume: Volume | None, number: int, condition: str, side: Side | None, role: str) -> Evaluation:
    site = Site("disc", side, LEVELS[number])
    if volume is None:
        return Evaluation(condition, site, NotAssessable(Limitation(MISSING[role])), "network")
    plane, rows, columns = volume.shape[0] // 2, volume.shape[1], volume.shape[2]
    top, bottom = rows * number // len(LEVELS), rows * (number + 1) // len(LEVELS)
    brightness = float(volume.voxels[plane, top:bottom].mean() / max(float(volume.voxels.max()), 1e-6))
    weights = np.exp(-8.0 * np.abs(np.array([0.2, 0.5, 0.8]) - brightness))
    shares = {grade: float(share) for grade, share in zip(GRADES, weights / weights.sum(), strict=True)}
    middle = Place(role, plane, "point", (((top + bottom) / 2, columns / 2),))
    return Evaluation(condition, site, max(shares, key=lambda grade: shares[grade]), "network", shares, at=(middle,))


def _grade_term(grade: str) -> ValueTerm:
    name = grade.upper()
    return ValueTerm(grade, local(name, grade.capitalize()), local(f"P_{name}", f"Probability: {grade}"))


class LevelsWords(PlainPresentation):
    """Its words and codes."""

    application = "levels"
    title = "Lumbar levels"
    terms = Terms(
        roles={
            "sagittal": RoleTerm("sagittal", "sag", without="canal and foramina cannot be graded"),
            "axial": RoleTerm("axial", "ax", without="the recesses cannot be graded"),
        },
        anatomy={"disc": AnatomyTerm("Lumbar level", DISC)},
        evaluations={
            condition: EvaluationTerm(
                words,
                {None: local(condition.upper(), words)},
                {
                    grade: ValueTerm(
                        grade,
                        local(grade.upper(), grade.capitalize()),
                        local(f"P_{grade.upper()}", f"Probability: {grade}"),
                    )
                    for grade in GRADES
                },
            )
            for condition, words in WORDS.items()
        },
        limitations={
            "NO_SAGITTAL": "The study has no sagittal series: canal and foramina were not graded.",
            "NO_AXIAL": "The study has no axial series: the recesses were not graded.",
        },
        reasons={"another-plane": "another plane, or a localizer", "asked-for": "the plane asked for"},
        shown="the lumbar spine",
    )
    study_finding = local("LUMBAR_NARROWING", "Narrowing of the lumbar spine")
    study_site = DISC
