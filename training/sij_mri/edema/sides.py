"""The ASAS/OMERACT rule by side, beside the rule on each reading's own mask."""

from collections.abc import Iterator, Sequence

from inference.result import Answer
from inference.types import Side
from training.sij_mri.edema.cutoffs import LETTERS, CutoffScore

INTRODUCTION = """The rule by side, as the node says it of what was found and as it says it of each reading's own mask:
+ met, - not met, ? depends on the cut-off. *Agreed* is what all readings say.
"""


def side_table(scores: Sequence[CutoffScore], *, step: float) -> str:
    """The table as Markdown, and how often the rule is right where the readings agree."""
    lines = ["| scan | side | readings | agreed | found | |", "|---" * 6 + "|"]
    lines += [f"| {' | '.join(row)} |" for row in _rows(scores, step)]
    counts = {word: sum(row[-1] == word for row in _rows(scores, step)) for word in ("right", "**wrong**", "undecided")}
    agreed = sum(counts.values())
    return "\n".join(
        [
            INTRODUCTION,
            *lines,
            "",
            f"Of {agreed} sides on which all readings agree: right {counts['right']}, undecided "
            f"{counts['undecided']}, wrong {counts['**wrong**']}.\n",
        ]
    )


def _rows(scores: Sequence[CutoffScore], step: float) -> Iterator[tuple[str, ...]]:
    for score in scores:
        for side in Side:
            readings = [one[side.value] for one in score.readers_rule]
            found = score.rule[step][side.value]
            agreed = readings[0] if len(set(readings)) == 1 else None
            yield (
                score.subject,
                side.value,
                " ".join(LETTERS[one] for one in readings),
                "" if agreed is None else LETTERS[agreed],
                LETTERS[found],
                "" if agreed is None else _verdict(agreed, found),
            )


def _verdict(agreed: str, found: str) -> str:
    if found == agreed:
        return "right"
    return "undecided" if found == Answer.UNDECIDED else "**wrong**"
