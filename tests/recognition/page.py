"""docs/evaluation/recognition.md, from the rows."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from scipy.stats import beta

from inference.sij_mri import plausible
from tests.recognition.outcome import Row

ALLOWED = 0
FEWEST = 4  # people of a group that is halved
OUTCOMES = ("both joints", "one joint", "fluid region", "nothing")
HEADING = """# Is there a sacroiliac joint in the picture?

Headers cannot tell ([which series are read](../selection.md)), so the pictures decide:

| what is seen | what comes out |
|---|---|
| two plausible joints and both series | the full result |
| one plausible joint, or one series | a partial result: what can be said is said, the rest is not assessable |
| none | nothing is read; `NO_JOINTS_RECOGNIZED` with what was measured |

Made by `python -m tests.recognition --out docs/evaluation/recognition.md` on {date}, in the part *recognition* of the
[proof](../proof.md). Every study went through the application as DICOM with the shipped bundle.

## The limits

| limit | value |
|---|---|
| region, at least | {region:g} ml |
| disputed among the networks, at most | {disputed:.0%} of the region |
| difference of neighboring planes, at most | {unlike:.0%} of that of distant ones |
| a joint traced over a depth of at least | {traced:g} mm |
| its band, at least | {band:g} ml |
| its surface turns, upper quartile, at most | {jagged:g} mm per mm of spacing |

Their figures are those of every other patient of Hepburn et al. by number (10 of 19), and of every other person or seed
of the wrong pictures; groups of fewer than four people are judged only. Each limit says in
`inference/sij_mri/plausible.py` what was measured for it. It was no blind trial: measurements of both halves were seen
while the kinds of limits were chosen. The networks have been trained on ten of the patients, who lie in both halves, so
a region found there proves little; the pictures that must not be read are new to them.
The numbers of people behind the groups are small, and several pictures come of one person: the intervals (exact,
95 %, Clopper and Pearson) take each study as a draw of its own and are too narrow for that.
"""
TAIL = """
*Both joints* is the full result where both series are there, a partial one where STIR is missing. *Fluid region* is the
partial result of a fluid-sensitive series alone: joints cannot be traced on it, so the region decides whether anything
is read. Wrong pictures go under the names `t1_tse_obl cor ISG` and `t2_tirm_obl cor ISG` in semicoronal geometry. Their
joints are looked for on the T1-weighted series only, so T1 alone decides as both together do. *Spoiled* are real scans
with their planes shuffled, or blurred by 12 pixels. *Inverted* ones (bright and dark exchanged) are known to be read
in part: the region network still finds its outlines, with more dispute, which is said (`REGION_DISPUTED`).
"""


def page(rows: Sequence[Row]) -> str:
    """The page."""
    heading = HEADING.format(
        date=datetime.now(UTC).date().isoformat(),
        region=plausible.REGION_ML,
        disputed=plausible.DISPUTED,
        unlike=plausible.UNLIKE_NEXT,
        traced=plausible.TRACED_MM,
        band=plausible.BAND_ML,
        jagged=plausible.JAGGED,
    )
    tables = [_table(title, [row for row in rows if row.wanted in wanted]) for title, wanted in _TABLES]
    return "\n".join([heading, *tables]) + TAIL + _named(rows)


_TABLES = (
    ("To be read", ("both joints", "fluid region")),
    ("One joint shown", ("one joint",)),
    ("Not to be read", ("nothing",)),
)


def missed(rows: Sequence[Row]) -> list[Row]:
    """Those of which less was read than is shown."""
    return [row for row in rows if row.wanted in ("both joints", "fluid region") and row.came != row.wanted]


def wrongly_read(rows: Sequence[Row]) -> list[Row]:
    """Those of which something was read that they do not show; inverted ones are known to be read."""
    wrong = [row for row in rows if OUTCOMES.index(row.came) < OUTCOMES.index(row.wanted)]
    return [row for row in wrong if not row.kind.startswith("inverted")]


def halves(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """The rows by half: every other person of a group, in order, is of the setting half."""
    people = sorted({row.person for row in rows})
    setting = set(people[::2]) if len(people) >= FEWEST else set()
    return {
        "set": [row for row in rows if row.person in setting],
        "judged": [row for row in rows if row.person not in setting],
    }


def interval(hits: int, of: int) -> str:
    """A share with its exact 95 % interval."""
    low = beta.ppf(0.025, hits, of - hits + 1) if hits else 0.0
    high = beta.ppf(0.975, hits + 1, of - hits) if hits < of else 1.0
    return f"{hits / of:.0%} ({low:.0%} to {high:.0%})"


def _table(title: str, rows: Sequence[Row]) -> str:
    lines = [f"## {title}", "", f"| pictures | half | studies | {' | '.join(OUTCOMES)} | as wanted |"]
    lines.append("|---" * (len(OUTCOMES) + 4) + "|")
    for kind in dict.fromkeys(row.kind for row in rows):
        lines += [_line(kind, half, some) for half, some in _halves_of(kind, rows)]
    if rows:
        lines += [_line("**all**", half, some) for half, some in _sums(rows)]
    return "\n".join(lines) + "\n"


def _halves_of(kind: str, rows: Sequence[Row]) -> Iterator[tuple[str, list[Row]]]:
    group = kind.rpartition(", ")[0] or kind
    family = [row for row in rows if row.kind.startswith(group)]
    for half, some in halves(family).items():
        if chosen := [row for row in some if row.kind == kind]:
            yield half, chosen


def _sums(rows: Sequence[Row]) -> Iterator[tuple[str, list[Row]]]:
    by_half: dict[str, list[Row]] = {}
    for kind in dict.fromkeys(row.kind for row in rows):
        for half, some in _halves_of(kind, rows):
            by_half.setdefault(half, []).extend(some)
    yield from by_half.items()


def _line(kind: str, half: str, rows: Sequence[Row]) -> str:
    counted = Counter(row.came for row in rows)
    right = sum(row.came == row.wanted for row in rows)
    cells = [kind, half, str(len(rows)), *(str(counted[one] or "") for one in OUTCOMES), interval(right, len(rows))]
    return f"| {' | '.join(cells)} |"


def _named(rows: Sequence[Row]) -> str:
    lines = ["", "## Not as wanted, by name", ""]
    for row in [row for row in rows if row.came != row.wanted]:
        numbers = ", ".join(f"{key} {value:g}" for key, value in row.numbers.items())
        lines.append(f"- {row.kind}: {row.name}: {row.came}" + (f" ({numbers})" if numbers else ""))
    return "\n".join(lines if len(lines) > 3 else [*lines, "None."]) + "\n"
