"""The page on the conclusion, and its exact intervals."""

from collections.abc import Sequence
from datetime import UTC, datetime

from scipy.stats import binomtest

from inference.result import Answer
from inference.sij_mri import STAGES, Stage
from inference.types import Side
from training.sij_mri.conclusion.evaluate import Judged, ReadScan
from training.sij_mri.edema.cutoffs import NOT_JUDGED, letters

ANSWERS = (str(Answer.PRESENT), str(Answer.ABSENT), str(Answer.UNDECIDED), NOT_JUDGED)
KINDS = {"phantom": "phantom", "requested": "phantom with lesions of its own making", "real": "real anatomy"}

HEAD = """# Rule and network joined: evaluation

RESEARCH ONLY. Each study is read by the path that the node takes: region, joints, edema at three cut-offs, rule,
network, and the rule that joins them ([What the conclusion is](../results.md#the-conclusion)). Nothing here says how
often the conclusion is right in patients: the simulated ones are painted, and of the real ones no diagnosis is known
but that all have spondyloarthritis.
"""

SIMULATED = """## Held-back simulated patients

The stage network saw none of these anatomies in training; the region network and the edema classifier learned from the
real ones among them. Patients of one anatomy are not independent, so that the intervals (95 %, exact) are too narrow.
*Undecided* is neither right nor wrong. The network alone is called undecided within the bounds of the conclusion, 0.30
and 0.70. The null model says what is commonest among these patients, whatever it is shown.
"""

LABELS = """A *Normal* has no painted lesion. Yet fluid in the joints and bright spots under the cartilage of single
slices are painted, as healthy people have them. One made from a real anatomy is a patient's scan with the marked edema
taken out inside the manual bone region: what lies at the outline of that region and beyond it stays, and the rule finds
it. So not each *Normal* that meets the rule is a fault of the rule. *With fluid* is the rule if it counted spots that
hardly leave the joint space, as it once did.
"""

REAL = """## Real scans as they are

The rule by left, right and study: + met, - not met, ? depends on the cut-off, n not judged; beside it the rule on each
reading's own mask, with the joints that the node found. Volumes within the subchondral bands, ml: at the bundle's
cut-offs (from the stricter to the looser ones); the readings' from least to most. The shipped edema classifier learned
from these readings, so this flatters it; [Edema](edema.md) judges by classifiers that did not.
"""


def conclusion_page(judged: Sequence[Judged], scans: Sequence[ReadScan], *, command: str) -> str:
    """The page, in Markdown.

    Parameters
    ----------
    judged : sequence of Judged
    scans : sequence of ReadScan
    command : str
        What made it.
    """
    lines = [HEAD, f"Made by `{command}`, {datetime.now(UTC).date().isoformat()}.\n"]
    if judged:
        lines += ["## What it means\n", *_meaning(judged, scans), "", SIMULATED, *_simulated(judged)]
    if scans:
        lines += [REAL, *_scans(scans)]
    return "\n".join(lines).rstrip() + "\n"


def share(hits: int, total: int) -> str:
    """``6 of 84: 0.07 (0.03 to 0.15)``, with the exact 95 % interval."""
    if not total:
        return "0 of 0"
    interval = binomtest(hits, total).proportion_ci(method="exact")
    return f"{hits} of {total}: {hits / total:.2f} ({interval.low:.2f} to {interval.high:.2f})"


def _meaning(judged: Sequence[Judged], scans: Sequence[ReadScan]) -> list[str]:
    """What the figures say, in sentences."""
    healthy = [one for one in judged if one.truth is Stage.NORMAL]
    sick = [one for one in judged if one.truth is not Stage.NORMAL]
    met = [one for one in judged if one.rule == Answer.PRESENT]
    wrong = [one for one in met if one.truth is Stage.NORMAL]
    painted = [one for one in judged if one.edema]
    said_normal = sum(one.stage == Stage.NORMAL for one in met)
    lines = [
        f"- The rule was met in {share(len(wrong), len(healthy))} of the simulated *Normal*: "
        + ", ".join(_of_kind(healthy, wrong, kind) for kind in KINDS if any(one.source == kind for one in healthy))
        + f". Of all that met it, {len(wrong)} of {len(met)} were *Normal*. If it counted fluid in the joint, "
        f"{sum(one.rule_with_fluid == Answer.PRESENT for one in healthy)} of the *Normal* would meet it.",
        f"- Where edema was painted the rule was met in "
        f"{share(sum(one.rule == Answer.PRESENT for one in painted), len(painted))}, and depended on the cut-off in "
        f"{sum(one.rule == Answer.UNDECIDED for one in painted)} more.",
        f"- Of those with lesions the conclusion called absent {_missed(sick, 'axspa')}, the network alone "
        f"{_missed(sick, 'network')}. Of the *Normal* it called present "
        f"{share(sum(one.axspa == Answer.PRESENT for one in healthy), len(healthy))}, the network alone "
        f"{share(sum(one.network == Answer.PRESENT for one in healthy), len(healthy))}: joining them costs specificity "
        "on what is painted, and never contradicts edema that was measured.",
        f"- Stage Normal with the rule met: {said_normal} of {len(met)}.",
    ]
    if scans:
        undecided = sum(one.axspa == Answer.UNDECIDED for one in scans)
        lines.append(
            f"- Of the {len(scans)} real pairs {undecided} stay undecided; the network alone calls "
            f"{sum(one.network_alone == Answer.ABSENT for one in scans)} absent, though all are of patients."
        )
    return lines


def _of_kind(healthy: Sequence[Judged], wrong: Sequence[Judged], kind: str) -> str:
    of = [one.source for one in healthy].count(kind)
    return f"{[one.source for one in wrong].count(kind)} of {of} ({KINDS[kind]})"


def _missed(sick: Sequence[Judged], what: str) -> str:
    return share(sum(getattr(one, what) == Answer.ABSENT for one in sick), len(sick))


def _simulated(judged: Sequence[Judged]) -> list[str]:
    anatomies = len({one.anatomy for one in judged})
    lines = [f"{len(judged)} patients of {anatomies} anatomies.\n", "| conclusion | share |", "| --- | --- |"]
    lines += [f"| {answer} | {share(sum(one.axspa == answer for one in judged), len(judged))} |" for answer in ANSWERS]
    lines += ["", *_beside_others(judged), "", LABELS]
    for kind, title in KINDS.items():
        members = [one for one in judged if one.source == kind]
        if members:
            lines += [f"### Of kind: {title}", "", *_by_truth(members), ""]
    return lines


def _beside_others(judged: Sequence[Judged]) -> list[str]:
    """Right, undecided and wrong: rule and network joined, the network alone, and what is commonest."""
    lines = ["| | class right | class undecided | class wrong | stage right | stage wrong |", "| --- " * 6 + "|"]
    truth = [str(Answer.ABSENT if one.truth is Stage.NORMAL else Answer.PRESENT) for one in judged]
    stages = [str(one.truth) for one in judged]
    commonest, likeliest = _commonest(truth), _commonest(stages)
    rows = {
        "rule and network joined": ([one.axspa for one in judged], [one.stage for one in judged]),
        "network alone": ([one.network for one in judged], [one.network_stage for one in judged]),
        f"null model (always {commonest}, {likeliest})": ([commonest] * len(judged), [likeliest] * len(judged)),
    }
    for title, (said, staged) in rows.items():
        cells = [title, *_right_open_wrong(said, truth)]
        right, _, wrong = _right_open_wrong(staged, stages)
        lines.append("| " + " | ".join([*cells, right, wrong]) + " |")
    return lines


def _right_open_wrong(said: Sequence[str], truth: Sequence[str]) -> tuple[str, str, str]:
    still_open = sum(one in (str(Answer.UNDECIDED), NOT_JUDGED) for one in said)
    right = sum(one == true for one, true in zip(said, truth, strict=True))
    return share(right, len(said)), share(still_open, len(said)), share(len(said) - right - still_open, len(said))


def _commonest(values: Sequence[str]) -> str:
    return max(dict.fromkeys(values), key=values.count)


def _by_truth(judged: Sequence[Judged]) -> list[str]:
    lines = [
        "| truth | edema painted | patients | rule | rule met | met with fluid | conclusion | stage | network alone |"
    ]
    lines.append("| --- " * 9 + "|")
    for stage in STAGES:
        for edema in (False, True):
            members = [one for one in judged if one.truth is stage and one.edema is edema]
            if members:
                met = share(sum(one.rule == Answer.PRESENT for one in members), len(members))
                cells = [str(stage), "yes" if edema else "no", str(len(members))]
                with_fluid = sum(one.rule_with_fluid == Answer.PRESENT for one in members)
                cells += [_counts([one.rule for one in members]), met, str(with_fluid)]
                cells += [_counts([getattr(one, name) for one in members]) for name in ("axspa", "stage", "network")]
                lines.append("| " + " | ".join(cells) + " |")
    return lines


def _counts(values: Sequence[str]) -> str:
    common = sorted(set(values), key=lambda value: (-values.count(value), value))
    return ", ".join(f"{values.count(value)} {value}" for value in common)


def _scans(scans: Sequence[ReadScan]) -> list[str]:
    lines = [
        "| scan | rule | rule with fluid | readings | left, ml | readings, left | right, ml | readings, right "
        "| network | joined | class | stage | network alone |",
        "| --- " * 13 + "|",
    ]
    for scan in scans:
        cells = [
            scan.subject,
            letters(scan.ours),
            letters(scan.ours_with_fluid),
            " ".join(map(letters, scan.readers.values())) or "none",
        ]
        for side in Side:
            strict, usual, loose = scan.volumes_ml[side.value]
            readers = scan.readers_ml[side.value]
            cells += [
                f"{usual:.2f} ({strict:.2f} to {loose:.2f})",
                f"{min(readers):.2f} to {max(readers):.2f}" if readers else "none",
            ]
        cells += [f"{scan.network:.2f}", f"{scan.joined:.2f}", scan.axspa, scan.stage, scan.network_alone]
        lines.append("| " + " | ".join(cells) + " |")
    return [*lines, "", *_counted_scans(scans)]


def _counted_scans(scans: Sequence[ReadScan]) -> list[str]:
    lines = ["| | rule and network joined | network alone |", "| --- " * 3 + "|"]
    for answer in ANSWERS:
        counted = [sum(getattr(one, name) == answer for one in scans) for name in ("axspa", "network_alone")]
        lines.append(f"| {answer} | {' | '.join(share(count, len(scans)) for count in counted)} |")
    null = "A null model that says *present* of everyone contradicts nothing that is known of these scans."
    return [*lines, "", null, *_held(scans)]


def _held(scans: Sequence[ReadScan]) -> list[str]:
    """How many volumes of the readings lie between strict and loose."""
    within = [
        _between(scan.volumes_ml[side.value], value)
        for scan in scans
        for side in Side
        for value in scan.readers_ml[side.value]
    ]
    return [f"Volumes of the readings between strict and loose: {sum(within)} of {len(within)}."] if within else []


def _between(volumes: Sequence[float], value: float) -> bool:
    return volumes[0] <= value <= volumes[2]
