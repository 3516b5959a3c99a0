"""Sacroiliac MR: from the headers of a study to everything that can be said of its sacroiliac joints.

The order of the work: select the two series, load them, find the bone region, the joints inside it, the oedema on the
fluid-sensitive series, classify the slices that show a joint, explain the class. Whatever cannot be done becomes a
:class:`~inference.types.Limitation`, a sentence in the report; nothing is invented in its place.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import ndimage

from config.codes import AnyCode
from config.errors import UnusableInput
from inference.dicom import load_volume
from inference.series import Candidate
from inference.serving import LoadedBundle
from inference.sij_mri import asas, joints
from inference.sij_mri.crossing import carry_joints
from inference.sij_mri.edema import find_edema
from inference.sij_mri.limitations import LimitationCode
from inference.sij_mri.region import DISPUTED_SHARE, RegionReader
from inference.sij_mri.stage import StageInput, StageReader, explain
from inference.sij_mri.types import Analysis, AsasResult, Edema, Joint, Prediction, Role
from inference.sij_mri.wanted import select
from inference.space import resample, same_space
from inference.types import BoolArray, Limitation, SeriesHeader, StudyHeaders, Volume

Models = Mapping[str, Any]
"""By role: ``region``, ``stage``, ``edema``, perhaps ``region_fluid``."""

RECOGNISED_REGION_MM3 = 40_000.0
"""Below this volume (a tenth of a small sacrum with its ilia) the region is taken as not found."""


@dataclass
class _Notes:
    """What is written down along the way."""

    on_stage: Callable[[str], None]
    limitations: list[Limitation] = field(default_factory=list)
    timings_s: dict[str, float] = field(default_factory=dict)

    def limit(self, code: AnyCode, sentence: str) -> None:
        self.limitations.append(Limitation(code, sentence))

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        self.on_stage(stage)
        start = time.perf_counter()
        yield
        self.timings_s[stage] = self.timings_s.get(stage, 0.0) + time.perf_counter() - start


MISSING = {
    "T1-weighted": (
        LimitationCode.NO_T1,
        "The study has no T1-weighted series that shows the sacroiliac joints: neither joints nor structural lesions "
        "could be read, and no class is given.",
    ),
    "fluid-sensitive": (
        LimitationCode.NO_FLUID,
        "The study has no fluid-sensitive series that shows the sacroiliac joints: oedema could not be read, so an "
        "early stage cannot be told from a normal one.",
    ),
}
"""What is said of a series that is missing."""

NOT_FOUND = {"left": LimitationCode.NO_LEFT_JOINT, "right": LimitationCode.NO_RIGHT_JOINT}
"""What is said of a joint that is missing."""

STAGES = ("select", "load", "region", "joints", "edema", "classify", "explain")
"""The parts of an analysis, in order, as ``on_stage`` and ``Analysis.timings_s`` name them."""


def _silent(stage: str) -> None:
    """Nobody watches."""


def analyse(study: StudyHeaders, bundle: LoadedBundle, *, on_stage: Callable[[str], None] = _silent) -> Analysis:
    """Read one study.

    Parameters
    ----------
    study : StudyHeaders
        Headers of all its images.
    bundle : LoadedBundle
        The models, verified and loaded.
    on_stage : callable
        Called with the name of each part of :data:`STAGES` as it begins.

    Returns
    -------
    Analysis
        With ``applicable`` False where no series of the study shows the sacroiliac joints as this application reads
        them.

    Raises
    ------
    UnusableInput
        A series was chosen, but neither it nor the other one can be decoded.
    """
    notes = _Notes(on_stage)
    models: Models = bundle.models
    with notes.timed("select"):
        selection = select(study)
    if selection.chosen.get(Role.T1W) is None and selection.chosen.get(Role.FLUID) is None:
        return Analysis(study.study_instance_uid, selection, bundle.identity, timings_s=notes.timings_s)

    with notes.timed("load"):
        t1, fluid = _load_both(study, selection.chosen.get(Role.T1W), selection.chosen.get(Role.FLUID), notes)
    with notes.timed("region"):
        region = _find_region(t1, fluid, models, notes)
    with notes.timed("joints"):
        found = joints.find_joints(t1, region) if t1 is not None and region is not None else ()
        shown = joints.joint_slices(found, t1) if t1 is not None else ()
        _note_joints(found, t1, region, notes)
    with notes.timed("edema"):
        oedema, asas = _find_edema(t1, fluid, region, found, models, notes)
    with notes.timed("classify"):
        reader = StageReader(models["stage"])
        given = _stage_input(t1, fluid, found, shown, reader, notes)
        prediction = reader.predict(given) if given is not None else None
        _note_disagreement(prediction, asas, notes)
    with notes.timed("explain"):
        explanation = None
        if given is not None and prediction is not None:
            explanation = explain(reader, given, prediction, joints=found)
    return Analysis(
        study_instance_uid=study.study_instance_uid,
        selection=selection,
        model=bundle.identity,
        t1=t1,
        fluid=fluid,
        region=region,
        joints=found,
        joint_slices=shown,
        edema=oedema,
        asas=asas,
        prediction=prediction,
        explanation=explanation,
        limitations=tuple(notes.limitations),
        timings_s=notes.timings_s,
    )


def _load_both(
    study: StudyHeaders, t1: Candidate | None, fluid: Candidate | None, notes: _Notes
) -> tuple[Volume | None, Volume | None]:
    series = {header.series_instance_uid: header for header in study.series}
    volumes: list[Volume | None] = []
    failures: list[UnusableInput] = []
    for candidate, name in ((t1, "T1-weighted"), (fluid, "fluid-sensitive")):
        try:
            volumes.append(_load(candidate, series, name, notes))
        except UnusableInput as error:
            failures.append(error)
            notes.limit(error.code, f"The {name} series could not be decoded and was not read. {error.sentence}")
            volumes.append(None)
    if failures and volumes == [None, None]:
        raise failures[0]
    return volumes[0], volumes[1]


def _load(candidate: Candidate | None, series: dict[str, SeriesHeader], name: str, notes: _Notes) -> Volume | None:
    if candidate is None:
        notes.limit(*MISSING[name])
        return None
    volume = load_volume(candidate.images, series=series[candidate.series_instance_uid])
    for warning in volume.warnings:
        notes.limit(LimitationCode.SERIES_IRREGULAR, f"{name[0].upper()}{name[1:]} series: {warning}")
    return volume


def _find_region(t1: Volume | None, fluid: Volume | None, models: Models, notes: _Notes) -> BoolArray | None:
    if t1 is not None:
        model, volume = models["region"], t1
    elif "region_fluid" in models and fluid is not None:
        model, volume = models["region_fluid"], fluid
        notes.limit(
            LimitationCode.REGION_FROM_FLUID,
            "The bone region was found on the fluid-sensitive series, since T1 is missing.",
        )
    else:
        notes.limit(
            LimitationCode.NO_REGION,
            "Without a T1-weighted series neither bone region nor joints nor oedema are measured.",
        )
        return None
    found = RegionReader(model).read(volume)
    region = _largest_part(found.mask)
    if np.count_nonzero(region) * volume.voxel_volume_mm3 < RECOGNISED_REGION_MM3:
        notes.limit(
            LimitationCode.NO_REGION,
            "No sacrum with its ilia was recognised in the chosen series; nothing was measured.",
        )
        return None
    if found.disputed > DISPUTED_SHARE:
        notes.limit(
            LimitationCode.REGION_DISPUTED,
            f"The networks that find the bone region disagree on {found.disputed:.0%} of it; look at its outline.",
        )
    return region


def _largest_part(mask: BoolArray) -> BoolArray:
    """The mask less the islands that touch nothing (smaller than a tenth of the largest part)."""
    labels, count = ndimage.label(mask)
    if count < 2:
        return mask
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    kept: BoolArray = (sizes >= sizes.max() / 10)[labels]
    return kept


def _note_joints(found: tuple[Joint, ...], t1: Volume | None, region: BoolArray | None, notes: _Notes) -> None:
    if t1 is None or region is None:
        return
    seen = {joint.side for joint in found}
    for side, code in NOT_FOUND.items():
        if side not in seen:
            notes.limit(code, f"The {side} sacroiliac joint was not found on the T1-weighted series.")


def _find_edema(
    t1: Volume | None,
    fluid: Volume | None,
    region: BoolArray | None,
    found: tuple[Joint, ...],
    models: Models,
    notes: _Notes,
) -> tuple[Edema | None, AsasResult | None]:
    if fluid is None or region is None:
        return None, None
    if t1 is None:
        region_on_fluid, joints_on_fluid = region, found
    elif not same_space(t1, fluid):
        notes.limit(
            LimitationCode.FRAME_OF_REFERENCE,
            "T1-weighted and fluid-sensitive series have different frames of reference, so nothing was carried from "
            "one to the other and oedema was not measured.",
        )
        return None, None
    else:
        region_on_fluid = resample(region, t1, fluid, order=0)
        joints_on_fluid = carry_joints(found, t1, fluid)
    oedema = find_edema(fluid, region_on_fluid, joints_on_fluid, classifier=models["edema"])
    return oedema, asas.asas(oedema, joints_on_fluid, fluid)


def _stage_input(
    t1: Volume | None,
    fluid: Volume | None,
    found: tuple[Joint, ...],
    shown: tuple[int, ...],
    reader: StageReader,
    notes: _Notes,
) -> StageInput | None:
    if not shown:
        notes.limit(
            LimitationCode.NOT_CLASSIFIED, "No slice that shows a sacroiliac joint was found, so no class is given."
        )
        return None
    return reader.prepare(t1, fluid, found, shown)


def _note_disagreement(prediction: Prediction | None, asas: AsasResult | None, notes: _Notes) -> None:
    if prediction is not None and asas is not None and asas.positive and not prediction.as_present:
        notes.limit(
            LimitationCode.DISAGREEMENT,
            "The classifier sees no ankylosing spondylitis, but the segmented oedema meets the ASAS/OMERACT rule: they "
            "disagree, so look at the oedema in the pictures.",
        )
