"""Volumes and rule at stricter and looser cut-offs of edema, beside the readers.

Where :data:`inference.sij_mri.edema.STEP` comes from.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from inference.result import Answer
from inference.sij_mri import AsasResult, Cutoff, Edema, EdemaParts, asas_rule
from inference.sij_mri.edema import STEP, PossibleEdema
from inference.types import BoolArray, Side, Volume

STEPS = (0.5, 1.0, 1.5, 2.0, 2.5, 3.0)
NOT_JUDGED = "not judged"
LETTERS = {str(Answer.PRESENT): "+", str(Answer.ABSENT): "-", str(Answer.UNDECIDED): "?", NOT_JUDGED: "n"}

SPREAD = """Volumes within the subchondral bands, ml, at the cut-offs that ship (in brackets those at cut-offs {step:g}
in log-odds stricter and looser), and each reading's in the same bands. The rule by left, right and study: + met, - not
met, ? depends on the cut-off. *With fluid in the joint* is the rule if it counted spots that hardly leave the joint
space, as it once did.
"""

STEPS_TRIED = """The step that ships is {step:g}. It was chosen as the smallest at which half of the volumes that the
readings give lie between strict and loose and no side or study whose readings all meet the rule is
absent. The last two columns count sides and studies together.
"""


@dataclass(frozen=True, slots=True)
class CutoffScore:
    """One scan at every step of STEPS.

    Attributes
    ----------
    subject : str
    volumes_ml : dict of float to dict of Side to (float, float, float)
        By step: strict, usual and loose volume within each subchondral band.
    rule : dict of float to dict of str to str
        By step: what the rule says of left, right and study.
    rule_with_fluid : dict of str to str
        The same at the step that ships, if fluid in the joint counted.
    readers_ml : dict of Side to tuple of float
        The same band, of each reading.
    readers_rule : tuple of dict of str to str
        The rule on each reading's own mask.
    """

    subject: str
    volumes_ml: Mapping[float, Mapping[Side, tuple[float, float, float]]]
    rule: Mapping[float, Mapping[str, str]]
    rule_with_fluid: Mapping[str, str]
    readers_ml: Mapping[Side, tuple[float, ...]]
    readers_rule: tuple[Mapping[str, str], ...]


def score_cutoffs(subject: str, fluid: Volume, found: PossibleEdema, *, readings: Sequence[BoolArray]) -> CutoffScore:
    """Cut the edema of a scan off at every step.

    Parameters
    ----------
    subject : str
    fluid : Volume
        Where it was found.
    found : PossibleEdema
    readings : sequence of bool array (slices, rows, columns)
        What each reading marks.
    """
    voxel_ml = fluid.voxel_volume_mm3 / 1000.0
    at = {step: _at(found, step) for step in STEPS}
    masks = [found.about.share_out(one) for one in readings]
    return CutoffScore(
        subject=subject,
        volumes_ml={step: _volumes(parts, voxel_ml) for step, parts in at.items()},
        rule={step: told(asas_rule(Edema(parts, 0.0, 0.0, 0.0), fluid)) for step, parts in at.items()},
        rule_with_fluid=told(asas_rule(with_fluid(Edema(at[found.step], 0.0, 0.0, 0.0)), fluid)),
        readers_ml={side: tuple(_ml(one, side, voxel_ml) for one in masks) for side in Side},
        readers_rule=tuple(told(asas_rule(Edema(dict.fromkeys(Cutoff, one), 0.0, 0.0, 0.0), fluid)) for one in masks),
    )


def with_fluid(edema: Edema) -> Edema:
    """The edema as if nothing were known of the joint space, so that the rule counts fluid in the joint too."""
    return replace(edema, at={cutoff: replace(parts, in_joint={}) for cutoff, parts in edema.at.items()})


def told(rule: AsasResult) -> dict[str, str]:
    """What the rule says of left, right and study; NOT_JUDGED where it says nothing."""
    sides = {side.value: str(rule.by_side.get(side, NOT_JUDGED)) for side in Side}
    return {**sides, "study": str(rule.study or NOT_JUDGED)}


def letters(rule: Mapping[str, str]) -> str:
    """The same as three letters: left, right, study."""
    return "".join(LETTERS[rule[name]] for name in ("left", "right", "study"))


def held(scores: Sequence[CutoffScore], step: float) -> tuple[int, int]:
    """How many volumes of the readings lie between strict and loose, and of how many."""
    inside = [
        score.volumes_ml[step][side][0] <= value <= score.volumes_ml[step][side][2]
        for score in scores
        for side in Side
        for value in score.readers_ml[side]
    ]
    return sum(inside), len(inside)


def cutoff_tables(scores: Sequence[CutoffScore], *, step: float = STEP) -> str:
    """Both tables as Markdown: each scan at the step that ships, and the steps that were tried."""
    return "\n".join(
        [SPREAD.format(step=step), *_spread(scores, step), "", STEPS_TRIED.format(step=step), *_tried(scores)]
    )


def _spread(scores: Sequence[CutoffScore], step: float) -> list[str]:
    lines = [
        "| scan | ours | ours with fluid in the joint | readings | left, ml | readings, left | right, ml "
        "| readings, right |",
        "|---" * 8 + "|",
    ]
    for score in scores:
        cells = [
            score.subject,
            letters(score.rule[step]),
            letters(score.rule_with_fluid),
            " ".join(map(letters, score.readers_rule)),
        ]
        for side in Side:
            strict, usual, loose = score.volumes_ml[step][side]
            cells += [
                f"{usual:.2f} ({strict:.2f} to {loose:.2f})",
                ", ".join(f"{v:.2f}" for v in score.readers_ml[side]),
            ]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def _tried(scores: Sequence[CutoffScore]) -> list[str]:
    lines = [
        "| step | readings' volumes within | mean width, ml | studies undecided | sides undecided "
        "| met by all readings, absent here | met by none, present here |",
        "|---" * 7 + "|",
    ]
    for step in STEPS:
        inside, total = held(scores, step)
        widths = [volume[2] - volume[0] for score in scores for volume in score.volumes_ml[step].values()]
        open_studies = sum(score.rule[step]["study"] == Answer.UNDECIDED for score in scores)
        open_sides = sum(score.rule[step][side.value] == Answer.UNDECIDED for score in scores for side in Side)
        lines.append(
            f"| {step:g} | {inside} of {total} | {np.mean(widths):.2f} | {open_studies} of {len(scores)} "
            f"| {open_sides} of {2 * len(scores)} | {_against(scores, step, Answer.PRESENT, Answer.ABSENT)} "
            f"| {_against(scores, step, Answer.ABSENT, Answer.PRESENT)} |"
        )
    return lines


def _against(scores: Sequence[CutoffScore], step: float, readers: Answer, ours: Answer) -> str:
    """How often every reading gives one answer and we another, of those that every reading gives."""
    agreed = [
        score.rule[step][name]
        for score in scores
        for name in ("left", "right", "study")
        if {one[name] for one in score.readers_rule} == {str(readers)}
    ]
    return f"{sum(answer == ours for answer in agreed)} of {len(agreed)}"


def _at(found: PossibleEdema, step: float) -> dict[Cutoff, EdemaParts]:
    return {cutoff: found.at(thresholds) for cutoff, thresholds in found.thresholds(step).items()}


def _volumes(parts: Mapping[Cutoff, EdemaParts], voxel_ml: float) -> dict[Side, tuple[float, float, float]]:
    strict, usual, loose = (parts[cutoff] for cutoff in (Cutoff.STRICT, Cutoff.USUAL, Cutoff.LOOSE))
    return {
        side: (_ml(strict, side, voxel_ml), _ml(usual, side, voxel_ml), _ml(loose, side, voxel_ml)) for side in Side
    }


def _ml(parts: EdemaParts, side: Side, voxel_ml: float) -> float:
    """Within the subchondral band of a joint; 0 of one that was not found."""
    return float(np.count_nonzero(parts.near[side])) * voxel_ml if side in parts.near else 0.0
