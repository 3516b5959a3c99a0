"""Sacroiliac analyses made by hand, in the language of results: every part can be there, missing or undecided."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from inference.result import (
    Analysis,
    Answer,
    Evaluation,
    Images,
    Key,
    KeySlice,
    Limitation,
    Measurement,
    NotAssessable,
    Place,
    Profile,
    Segment,
    Site,
    Trace,
)
from inference.series import Candidate, Selection
from inference.sij_mri import LimitationCode, Role, SacroiliacMri
from inference.types import BoolArray, Reason, Side, Volume
from tests.factories.analysis import MODEL, STUDY_UID, lateral_mm, make_volume

JOINT, REGION, MARROW = "sacroiliac-joint", "sacrum-and-ilia", "sacral-marrow"
JOINTS = Site(JOINT)
BOTH = {Side.LEFT: True, Side.RIGHT: True}
STAGES = ("normal", "early", "moderate", "advanced")
SHARES = {
    "present": {"normal": 0.12, "early": 0.60, "moderate": 0.20, "advanced": 0.08},
    "absent": {"normal": 0.90, "early": 0.06, "moderate": 0.03, "advanced": 0.01},
    "undecided": {"normal": 0.48, "early": 0.32, "moderate": 0.12, "advanced": 0.08},
}


@dataclass(frozen=True)
class Said:
    """What an analysis shall say.

    Attributes
    ----------
    t1, fluid, marrow : bool
        Both series are there; normal marrow was found.
    joints : mapping
        Which joints were found.
    covered : mapping
        Which of them the fluid-sensitive series shows wholly.
    edema_mm3, deep_mm3 : mapping from Side to float
    spread : float
        Of the volumes, relative; 0: none is known.
    elsewhere_mm3 : float
    asas : mapping from Side to Answer
    axspa : str
    shares : mapping
        Probabilities of the stages; empty: those of `axspa`.
    """

    t1: bool = True
    fluid: bool = True
    marrow: bool = True
    joints: Mapping[Side, bool] = field(default_factory=lambda: BOTH)
    covered: Mapping[Side, bool] = field(default_factory=lambda: BOTH)
    edema_mm3: Mapping[Side, float] = field(default_factory=lambda: {Side.LEFT: 4200.0, Side.RIGHT: 1800.0})
    deep_mm3: Mapping[Side, float] = field(default_factory=lambda: {Side.LEFT: 900.0, Side.RIGHT: 0.0})
    spread: float = 0.2
    elsewhere_mm3: float = 2000.0
    asas: Mapping[Side, Answer] = field(default_factory=lambda: {Side.LEFT: Answer.PRESENT, Side.RIGHT: Answer.ABSENT})
    axspa: str = "present"
    shares: Mapping[Key, float] = field(default_factory=dict)

    @property
    def no_edema(self) -> Limitation | None:
        """Why edema could not be judged."""
        if not self.fluid:
            return Limitation(LimitationCode.NO_FLUID)
        return None if self.marrow else Limitation(LimitationCode.NO_NORMAL_MARROW)

    def no_joint(self, side: Side) -> Limitation | None:
        """Why a joint was not found."""
        if self.joints[side]:
            return None
        return Limitation(LimitationCode.NO_LEFT_JOINT if side is Side.LEFT else LimitationCode.NO_RIGHT_JOINT)

    def no_side(self, side: Side) -> Limitation | None:
        """Why nothing can be said of the edema of a side."""
        return self.no_edema or self.no_joint(side)

    def no_view(self, side: Side) -> Limitation | None:
        """Why a joint was seen in part only."""
        if self.covered[side] or self.no_side(side) is not None:
            return None
        given = {"side": side.value, "share": 0.414, "seen": 4, "planes": 10}
        return Limitation(LimitationCode.JOINT_NOT_COVERED, given)

    @property
    def no_class(self) -> Limitation | None:
        """Why there is no class."""
        if not self.t1:
            return Limitation(LimitationCode.NO_T1)
        whys = (why(side) for side in Side for why in (self.no_joint, self.no_view))
        return self.no_edema or next((why for why in whys if why is not None), None)


@dataclass(frozen=True)
class Study:
    """The two series of a study, written to disk."""

    t1: Volume
    fluid: Volume


def write_study(folder: Path, *, slices: int = 6, size: int = 40) -> Study:
    """Write two small series of one frame of reference."""
    spacing = (200 / size, 200 / size)
    t1 = make_volume(folder, number=2, shape=(slices, size, size), spacing_mm=spacing)
    return Study(t1, make_volume(folder, number=3, shape=(slices, size, size), spacing_mm=spacing, seed=1))


def sacroiliac(study: Study, said: Said | None = None) -> Analysis:
    """An analysis that says just that, of the application of today."""
    said = said or Said()
    there = [(Role.T1W, study.t1, said.t1, 2), (Role.FLUID, study.fluid, said.fluid, 3)]
    images = tuple(Images.of(role, volume) for role, volume, given, _ in there if given)
    reference = images[0]
    chosen = {role: _candidate(role, volume, number) for role, volume, given, number in there if given}
    limitations = [said.no_edema, said.no_class, *(why(side) for side in Side for why in (said.no_joint, said.no_view))]
    known = {(one.code, one.parameters.get("side")): one for one in limitations if one is not None}
    return Analysis(
        application=SacroiliacMri.name,
        application_version=SacroiliacMri.version,
        study_instance_uid=STUDY_UID,
        scope="full" if said.no_class is None else "partial",
        selection=Selection(tuple(chosen.values()), chosen, tuple(Role)),
        bundle=MODEL,
        images=images,
        segments=tuple(_segments(study, said, reference)),
        traces=tuple(
            Trace.across_rows("joint-surface", Site(JOINT, side), reference.role, _columns(reference.volume, side))
            for side in Side
            if said.joints[side]
        ),
        measurements=tuple(_measurements(study, said)),
        evaluations=tuple(_evaluations(said)),
        profiles=tuple(_profiles(said, reference)),
        key_slices=(
            KeySlice(reference.role, 2, "most-edema"),
            KeySlice(reference.role, 3, "middle-of-joints"),
        ),
        limitations=tuple(known.values()),
        seconds={"select": 0.1},
    )


def nothing_recognized(study: Study) -> Analysis:
    """Suitable series were chosen, but no sacroiliac joint was recognized in them."""
    whole = sacroiliac(study)
    return Analysis(
        whole.application,
        whole.application_version,
        whole.study_instance_uid,
        "none",
        whole.selection,
        whole.bundle,
        limitations=(Limitation(LimitationCode.NO_JOINTS_RECOGNIZED),),
    )


def _candidate(role: Role, volume: Volume, number: int) -> Candidate:
    return Candidate(
        volume.series_instance_uid, number, f"{role} obl cor", role, 91.0, True, True, images=volume.images
    )


def _spot(volume: Volume, across_mm: float, radius_mm: float) -> BoolArray:
    along, down = lateral_mm(volume)
    mask = np.zeros(volume.shape, bool)
    mask[2:4] = (along - across_mm) ** 2 + down**2 < radius_mm**2
    return mask


def _sign(side: Side) -> int:
    return 1 if side is Side.LEFT else -1


def _columns(volume: Volume, side: Side) -> Any:
    along, _ = lateral_mm(volume)
    columns = np.full(volume.shape[:2], np.nan, np.float32)
    columns[1:-1] = np.abs(along - _sign(side) * 34.0).argmin(axis=1)
    return columns


def _segments(study: Study, said: Said, reference: Images) -> list[Segment]:
    volume, role = reference.volume, reference.role
    found = [("region", Site(REGION), role, _spot(volume, 0.0, 70.0))]
    found += [
        ("joint", Site(JOINT, side), role, _spot(volume, _sign(side) * 34.0, 15.0))
        for side in Side
        if said.joints[side]
    ]
    if said.no_edema is None:
        for key, amounts, across in (("edema", said.edema_mm3, 42.0), ("edema-deep", said.deep_mm3, 58.0)):
            found += [
                (key, Site(JOINT, side), Role.FLUID, _spot(study.fluid, _sign(side) * across, 9.0))
                for side in Side
                if said.joints[side] and amounts[side]
            ]
        if said.elsewhere_mm3:
            found.append(("edema-elsewhere", Site(REGION), Role.FLUID, _spot(study.fluid, 0.0, 12.0)))
    return [Segment(*one) for one in found]


def _measurements(study: Study, said: Said) -> list[Measurement]:
    def volume(key: Key, site: Site, of: Key, value: float, why: Limitation | None) -> Measurement:
        if why is not None:
            return Measurement(key, site, NotAssessable(why), of)
        width = said.spread if of.startswith("edema") else 0.0
        spread = (value * (1 - width), value * (1 + width)) if width else None
        return Measurement(key, site, value, of, spread)

    found = [volume("region-volume", Site(REGION), "region", 250_000.0, None)]
    for side in Side:
        place = Site(JOINT, side)
        found.append(volume("joint-volume", place, "joint", 12_300.0, said.no_joint(side)))
        found.append(volume("edema-volume", place, "edema", said.edema_mm3[side], said.no_side(side)))
        found.append(volume("edema-deep-volume", place, "edema-deep", said.deep_mm3[side], said.no_side(side)))
    found.append(volume("edema-elsewhere-volume", Site(REGION), "edema-elsewhere", said.elsewhere_mm3, said.no_edema))
    for key, value in (("edema-threshold", 268.0), ("marrow-mean", 180.0), ("marrow-sd", 22.0)):
        found.append(volume(key, Site(MARROW), "", value, said.no_edema))
    return found


def _evaluations(said: Said) -> list[Evaluation]:
    sides = {side: said.no_side(side) for side in Side}
    values = [said.asas[side] for side in Side if sides[side] is None]
    missing = next((why for why in sides.values() if why is not None), None)
    unseen = {side: said.no_view(side) for side in Side}
    part = next((why for why in unseen.values() if why is not None), None)
    whole: Key | NotAssessable
    if Answer.PRESENT in values:
        whole = Answer.PRESENT
    elif missing is not None:
        whole = NotAssessable(missing)
    else:
        whole = Answer.UNDECIDED if Answer.UNDECIDED in values else NotAssessable(part) if part else Answer.ABSENT
    places = {
        side: (Place(Role.FLUID, 2, "box", ((12.0, 12.0), (14.0, 14.0)), 41.0),)
        if sides[side] is None and said.asas[side] == Answer.PRESENT
        else ()
        for side in Side
    }
    found = [Evaluation("asas", JOINTS, whole, "rule", at=(*places[Side.LEFT], *places[Side.RIGHT]))]
    for side, why in sides.items():
        why = why or (unseen[side] if said.asas[side] is Answer.ABSENT else None)
        value = said.asas[side] if why is None else NotAssessable(why)
        found.append(Evaluation("asas", Site(JOINT, side), value, "rule", at=places[side]))
    return [*found, *_classified(said)]


def _classified(said: Said) -> list[Evaluation]:
    if said.no_class is not None:
        because = NotAssessable(said.no_class)
        return [Evaluation(key, JOINTS, because, "joined") for key in ("axspa", "stage")]
    shares = dict(said.shares or SHARES[said.axspa])
    yes = 1 - shares["normal"]
    likeliest = max(STAGES[1:], key=lambda key: shares[key])
    stage = {"present": likeliest, "absent": "normal"}.get(said.axspa, Answer.UNDECIDED)
    answers = {Answer.PRESENT: yes, Answer.ABSENT: 1 - yes}
    return [
        Evaluation("axspa", JOINTS, Answer(said.axspa), "joined", answers),
        Evaluation("stage", JOINTS, stage, "joined", shares),
    ]


def _profiles(said: Said, reference: Images) -> list[Profile]:
    planes = reference.shape[0]
    seen = np.full(planes, np.nan, np.float32)
    seen[1:-1] = 0.8
    found = [Profile("joint-visibility", Site(JOINT, side), reference.role, seen) for side in Side if said.joints[side]]
    if said.no_class is None:
        for key in ("axspa", *STAGES):
            found.append(Profile(key, JOINTS, reference.role, np.where(np.isfinite(seen), 0.25, np.nan)))
    return found


def with_warning(analysis: Analysis, warning: Reason) -> Analysis:
    """The same, with a warning about its first series, which is a limitation too."""
    first, *others = analysis.images
    told = Limitation(LimitationCode.SERIES_IRREGULAR, {"role": str(first.role), "warning": warning})
    return replace(
        analysis,
        images=(replace(first, warnings=(warning,)), *others),
        limitations=(*analysis.limitations, told),
    )
