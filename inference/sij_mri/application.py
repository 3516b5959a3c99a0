"""The sacroiliac application: from the headers of a study to everything that can be said of its sacroiliac joints.

The order of the work: select the two series, load them, turned to the standard orientation, find the bone region, the
joints inside it, the edema on the fluid-sensitive series, classify the slices that show a joint, explain the class.
What is said lies on the source's own pixels again. Whatever cannot be done becomes a limitation; nothing is invented in
its place.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from config.errors import UnusableInput
from inference.application import MISSING
from inference.dicom import load_volume
from inference.result import Analysis, Key, Limitation
from inference.series import MR_CLASSES, Candidate, Selection, is_made_of_others
from inference.serving import Kind, ModelSpec
from inference.sij_mri import asas, joints
from inference.sij_mri.coverage import not_covered
from inference.sij_mri.crossing import carry_joints, carry_voxels
from inference.sij_mri.edema import NETWORK, VOXELS, EdemaCutter, EdemaNetwork, VoxelCutter, find_edema
from inference.sij_mri.limitations import LimitationCode
from inference.sij_mri.plausible import Recognized, plausible_region, recognize, unrecognized
from inference.sij_mri.region import DISPUTED_SHARE, FoundRegion, RegionReader
from inference.sij_mri.region_cutter import CUTTERS
from inference.sij_mri.said import say
from inference.sij_mri.stage import STRIPS, StageInput, StageReader, explain, read_stage_spec
from inference.sij_mri.types import AsasResult, Edema, Joint, Reading, Role
from inference.sij_mri.wanted import select
from inference.space import Turn, resample, same_space, standard
from inference.turned import turn_back
from inference.types import BoolArray, ModelIdentity, Parameter, Reason, SeriesHeader, Side, StudyHeaders, Volume

ABSENT = {Role.T1W: LimitationCode.NO_T1, Role.FLUID: LimitationCode.NO_FLUID}
SLICES_MISSING = {"missing-slice", "missing-slices"}


class SacroiliacMri:
    """Reads semicoronal T1-weighted and fluid-sensitive MR of the sacroiliac joints; see the module.

    A bundle may have the role ``region_fluid`` as well: a segmenter that finds the region without a T1-weighted series;
    and ``edema_network``, one that finds edema where both series are there.
    """

    name: Key = "sij_mri"
    version = "1.2.0"
    steps: tuple[Key, ...] = ("select", "load", "region", "joints", "edema", "classify", "explain")
    needs: Mapping[Key, Key] = {"region": Kind.SEGMENTER, "stage": Kind.CLASSIFIER, "edema": Kind.VOXELS}
    cutters: Mapping[str, Callable[[ModelSpec], object]] = {
        **{name: kind.of for name, kind in CUTTERS.items()},
        STRIPS: read_stage_spec,
        VOXELS: VoxelCutter.of,
        NETWORK: EdemaCutter.of,
    }

    def wants(self, *, sop_class_uid: str, modality: str, image_type: tuple[str, ...] = ()) -> bool:
        """MR images that are not marked as made of others; which series shows the joints, all headers decide."""
        return sop_class_uid in MR_CLASSES and not is_made_of_others(image_type)

    def select(self, study: StudyHeaders, *, chosen: Mapping[Key, str] | None = None) -> Selection:
        """Choose the two series by their headers."""
        return select(study)

    def analyse(
        self,
        study: StudyHeaders,
        selection: Selection,
        models: Mapping[Key, Any],
        *,
        bundle: ModelIdentity,
        progress: Callable[[Key], None],
        priors: Sequence[Analysis] = (),
        context: Mapping[str, Any] | None = None,
    ) -> Analysis:
        """Read one study.

        Raises
        ------
        UnusableInput
            A series was chosen, but neither it nor the other one can be decoded.
        """
        notes = _Notes(progress, missing=list((context or {}).get(MISSING, ())))
        reading = _read(study, selection, models, notes) if selection.chosen else None
        if reading is None:
            return Analysis(
                self.name, self.version, study.study_instance_uid, "none", selection, bundle, seconds=notes.seconds
            )
        said = say(
            reading,
            application=self.name,
            version=self.version,
            study_instance_uid=study.study_instance_uid,
            selection=selection,
            bundle=bundle,
            seconds=notes.seconds,
        )
        return turn_back(said, notes.turns)


@dataclass
class _Notes:
    """What is written down along the way."""

    progress: Callable[[Key], None]
    limitations: list[Limitation] = field(default_factory=list)
    missing: list[Limitation] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    turns: dict[Key, Turn] = field(default_factory=dict)  # of each role, from its source to what is read

    def limit(self, code: LimitationCode, **parameters: Parameter) -> None:
        self.limitations.append(Limitation(code, parameters))

    @contextmanager
    def timed(self, step: Key) -> Iterator[None]:
        self.progress(step)
        start = time.perf_counter()
        yield
        self.seconds[step] = self.seconds.get(step, 0.0) + time.perf_counter() - start


def read_volumes(t1: Volume | None, fluid: Volume | None, models: Mapping[Key, Any]) -> Reading:
    """Read two series that are loaded already, as :meth:`SacroiliacMri.analyse` does.

    Parameters
    ----------
    t1, fluid : Volume or None
        At least one, in the standard orientation.
    models : mapping of Key to models
        Of a bundle, by role.
    """
    return _read_volumes(t1, fluid, models, _Notes(lambda step: None))


def _read(study: StudyHeaders, selection: Selection, models: Mapping[Key, Any], notes: _Notes) -> Reading:
    with notes.timed("load"):
        t1, fluid = _load_both(study, selection, notes)
    return _read_volumes(t1, fluid, models, notes)


def _read_volumes(t1: Volume | None, fluid: Volume | None, models: Mapping[Key, Any], notes: _Notes) -> Reading:
    with notes.timed("region"):
        seen = _find_region(t1, fluid, models, notes)
        region = None if seen is None else seen.mask
    with notes.timed("joints"):
        recognized = _recognize(t1, fluid, seen)
        notes.limitations.extend(recognized.limitations)
        if not recognized.anything:
            return Reading(t1, fluid, limitations=tuple(notes.limitations), recognized=False)
        found = recognized.joints
        shown = joints.joint_slices(found, t1) if t1 is not None else ()
        on_fluid, uncovered = _carried(found, t1, fluid)
        notes.limitations.extend(uncovered.values())
    with notes.timed("edema"):
        edema, rule = _find_edema(t1, fluid, region, on_fluid, models, notes)
    with notes.timed("classify"):
        reader = StageReader(models["stage"])
        given = None if notes.missing or uncovered else _stage_input(t1, fluid, found, shown, reader, notes)
        prediction = reader.predict(given) if given is not None else None
    with notes.timed("explain"):
        explanation = None
        if given is not None and prediction is not None:
            explanation = explain(reader, given, joints=found)
    limits, missing = tuple(notes.limitations), tuple(notes.missing)
    return Reading(
        t1, fluid, region, found, on_fluid, edema, rule, prediction, explanation, limits,
        missing=missing, uncovered=uncovered,
    )  # fmt: skip


def _carried(
    found: tuple[Joint, ...], t1: Volume | None, fluid: Volume | None
) -> tuple[tuple[Joint, ...], Mapping[Side, Limitation]]:
    """The joints on the fluid-sensitive series, where that lies in the same space, and those it shows in part only."""
    if t1 is None or fluid is None or not same_space(t1, fluid):
        return (), {}
    return carry_joints(found, t1, fluid), not_covered(found, t1, fluid)


def _load_both(study: StudyHeaders, selection: Selection, notes: _Notes) -> tuple[Volume | None, Volume | None]:
    series = {header.series_instance_uid: header for header in study.series}
    volumes: list[Volume | None] = []
    failures: list[UnusableInput] = []
    for role in Role:
        try:
            volumes.append(_load(selection.chosen.get(role), series, role, notes))
        except UnusableInput as error:
            failures.append(error)
            notes.limit(LimitationCode.SERIES_UNREADABLE, role=role, reason=Reason(error.code))
            volumes.append(None)
    if failures and volumes == [None, None]:
        raise failures[0]
    return volumes[0], volumes[1]


def _load(candidate: Candidate | None, series: dict[str, SeriesHeader], role: Role, notes: _Notes) -> Volume | None:
    if candidate is None:
        notes.limit(ABSENT[role])
        return None
    volume = load_volume(candidate.images, series=series[candidate.series_instance_uid])
    for warning in volume.warnings:
        notes.limit(LimitationCode.SERIES_IRREGULAR, role=role, warning=warning)
        if warning.code in SLICES_MISSING:
            notes.missing.append(notes.limitations[-1])
    turned, notes.turns[role] = standard(volume)
    return turned


def _find_region(
    t1: Volume | None, fluid: Volume | None, models: Mapping[Key, Any], notes: _Notes
) -> FoundRegion | None:
    if t1 is not None:
        model, volume = models["region"], t1
    elif "region_fluid" in models and fluid is not None:
        model, volume = models["region_fluid"], fluid
    else:
        notes.limit(LimitationCode.NO_REGION)
        return None
    found = RegionReader(model).read(volume)
    if plausible_region(found, volume, role=_shown(t1)):
        if t1 is None:
            notes.limit(LimitationCode.REGION_FROM_FLUID)
        if found.disputed > DISPUTED_SHARE:
            notes.limit(LimitationCode.REGION_DISPUTED, share=found.disputed)
    return found


def _recognize(t1: Volume | None, fluid: Volume | None, seen: FoundRegion | None) -> Recognized:
    """The joints that look like joints; without T1-weighting none can be traced, so the region decides alone."""
    volume = t1 if t1 is not None else fluid
    if seen is None or volume is None:
        return Recognized()
    if not plausible_region(seen, volume, role=_shown(t1)):
        return Recognized((), (unrecognized(volume, seen, role=_shown(t1)),))
    return recognize(t1, seen, joints.find_joints(t1, seen.mask)) if t1 is not None else Recognized()


def _shown(t1: Volume | None) -> Role:
    """The series on which the region is looked for."""
    return Role.T1W if t1 is not None else Role.FLUID


def _find_edema(
    t1: Volume | None,
    fluid: Volume | None,
    region: BoolArray | None,
    on_fluid: tuple[Joint, ...],
    models: Mapping[Key, Any],
    notes: _Notes,
) -> tuple[Edema | None, AsasResult | None]:
    if fluid is None or region is None:
        return None, None
    if t1 is None:
        region_on_fluid = region
    elif not same_space(t1, fluid):
        notes.limit(LimitationCode.FRAME_OF_REFERENCE)
        return None, None
    else:
        region_on_fluid = resample(region, t1, fluid, order=0)
    edema = find_edema(
        fluid,
        region_on_fluid,
        on_fluid,
        classifier=models["edema"],
        t1=_beside(t1, fluid, models),
        network=_network(models),
    )
    if edema is None:
        notes.limit(LimitationCode.NO_NORMAL_MARROW)
        return None, None
    return edema, asas.asas(edema, fluid)


def _network(models: Mapping[Key, Any]) -> EdemaNetwork | None:
    return EdemaNetwork(models["edema_network"]) if "edema_network" in models else None


def _beside(t1: Volume | None, fluid: Volume, models: Mapping[Key, Any]) -> Volume | None:
    """The T1-weighted series on the grid of the other, where a network asks for it."""
    return None if t1 is None or "edema_network" not in models else carry_voxels(t1, fluid)


def _stage_input(
    t1: Volume | None,
    fluid: Volume | None,
    found: tuple[Joint, ...],
    shown: tuple[int, ...],
    reader: StageReader,
    notes: _Notes,
) -> StageInput | None:
    if not shown:
        notes.limit(LimitationCode.NOT_CLASSIFIED)
        return None
    return reader.prepare(t1, fluid, found, shown)
