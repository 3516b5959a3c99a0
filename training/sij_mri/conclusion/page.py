"""The page on the conclusion, and its exact intervals."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from scipy.stats import binomtest

from inference.result import Answer
from inference.sij_mri import STAGES
from inference.types import Side
from training.sij_mri.conclusion.evaluate import NOT_JUDGED, Judged, ReadScan

ANSWERS = (str(Answer.PRESENT), str(Answer.ABSENT), str(Answer.UNDECIDED), NOT_JUDGED)
LETTERS = {str(Answer.PRESENT): "+", str(Answer.ABSENT): "-", str(Answer.UNDECIDED): "?", NOT_JUDGED: "n"}

HEAD = """# Rule and network joined: evaluation

RESEARCH ONLY. Each study is read by the path that the node takes: region, joints, edema at three cut-offs, rule,
network, and the rule that joins them ([What the conclusion is](../results.md#the-conclusion)). Nothing here says how
often the conclusion is right in patients: the simulated ones are painted, and of the real ones no diagnosis is known
but that all have spondyloarthritis.
"""

SIMULATED = """## Held-back simulated patients

The stage network saw none of these anatomies in training; the region network and the edema classifier learned from the
real ones among them. A real anatomy is a patient's scan whose marked edema was taken out: what the readers left
unmarked is still there, so that a *Normal* made from it may meet the rule by edema that is real. Patients of one
anatomy are not independent, so that the intervals (95 %, exact) are too narrow.
"""

REAL = """## Real scans as they are

The rule by left, right and study: + met, - not met, ? depends on the cut-off, n not judged; beside it the rule on each
reading's own mask, with the joints that the node found. Volumes within the subchondral bands, ml: at the bundle's
cut-offs (from the stricter to the looser ones); the readings' from least to most. The shipped edema classifier learned
from these readings, so this flatters it.
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
        lines += [SIMULATED, *_simulated(judged)]
    if scans:
        lines += [REAL, *_scans(scans)]
    return "\n".join(lines).rstrip() + "\n"


def share(hits: int, total: int) -> str:
    """``6 of 84: 0.07 (0.03 to 0.15)``, with the exact 95 % interval."""
    interval = binomtest(hits, total).proportion_ci(method="exact")
    return f"{hits} of {total}: {hits / total:.2f} ({interval.low:.2f} to {interval.high:.2f})"


def _simulated(judged: Sequence[Judged]) -> list[str]:
    anatomies = len({one.anatomy for one in judged})
    lines = [f"{len(judged)} patients of {anatomies} anatomies.\n", "| conclusion | share |", "| --- | --- |"]
    lines += [f"| {answer} | {share(sum(one.axspa == answer for one in judged), len(judged))} |" for answer in ANSWERS]
    for title, real in (("phantom anatomy", False), ("real anatomy", True)):
        members = [one for one in judged if (one.source == "real") is real]
        if members:
            lines += ["", f"### Of {title}", "", *_by_truth(members)]
    return [*lines, ""]


def _by_truth(judged: Sequence[Judged]) -> list[str]:
    lines = ["| truth | edema painted | patients | rule | conclusion | stage |", "| --- " * 6 + "|"]
    for stage in STAGES:
        for edema in (False, True):
            members = [one for one in judged if one.truth is stage and one.edema is edema]
            if members:
                cells = [str(stage), "yes" if edema else "no", str(len(members))]
                cells += [_counts([getattr(one, name) for one in members]) for name in ("rule", "axspa", "stage")]
                lines.append("| " + " | ".join(cells) + " |")
    return lines


def _counts(values: Sequence[str]) -> str:
    common = sorted(set(values), key=lambda value: (-values.count(value), value))
    return ", ".join(f"{values.count(value)} {value}" for value in common)


def _scans(scans: Sequence[ReadScan]) -> list[str]:
    lines = [
        "| scan | rule | readings | left, ml | readings, left | right, ml | readings, right | network | joined | class "
        "| stage |",
        "| --- " * 11 + "|",
    ]
    for scan in scans:
        cells = [scan.subject, _letters(scan.ours), " ".join(map(_letters, scan.readers.values())) or "none"]
        for side in Side:
            strict, usual, loose = scan.volumes_ml[side.value]
            readers = scan.readers_ml[side.value]
            cells += [
                f"{usual:.2f} ({strict:.2f} to {loose:.2f})",
                f"{min(readers):.2f} to {max(readers):.2f}" if readers else "none",
            ]
        cells += [f"{scan.network:.2f}", f"{scan.joined:.2f}", scan.axspa, scan.stage]
        lines.append("| " + " | ".join(cells) + " |")
    volumes = [(scan, side, value) for scan in scans for side in Side for value in scan.readers_ml[side.value]]
    held = sum(
        scan.volumes_ml[side.value][0] <= value <= scan.volumes_ml[side.value][2] for scan, side, value in volumes
    )
    undecided = sum(scan.axspa == Answer.UNDECIDED for scan in scans)
    lines += ["", f"Undecided: {undecided} of {len(scans)}."]
    if volumes:
        lines[-1] += f" Volumes of the readings between strict and loose: {held} of {len(volumes)}."
    return lines


def _letters(answers: Mapping[str, str]) -> str:
    return "".join(LETTERS[answers[name]] for name in ("left", "right", "study"))
