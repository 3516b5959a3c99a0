"""docs/evaluation/recognition.md, from the rows."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from scipy.stats import beta

from inference.sij_mri import plausible
from inference.sij_mri.region import DISPUTED_SHARE
from inference.types import Side
from tests.recognition.outcome import Row

ALLOWED = 0
OUTCOMES = ("wrong joint", "both joints", "one joint", "fluid region", "nothing")
HEADING = """# Is there a sacroiliac joint in the picture?

Headers cannot tell ([which series are read](../selection.md)), so the pictures decide:

| what is seen | what comes out |
|---|---|
| two plausible joints and both series | the full result |
| one plausible joint, or one series | a partial result: what can be said is said, the rest is not assessable |
| none | nothing is read; `NO_JOINTS_RECOGNIZED` with what was measured |

Made by `python -m tests.recognition --out docs/evaluation/recognition.md` on {date}, in the part *recognition* of the
[proof](../proof.md). Every study went through the application as DICOM with the shipped bundle. Of {of} studies
{counted} were read; a run that is given less time than it needs (`--minutes`) leaves out the last ones of each group.

## The limits

| limit | value |
|---|---|
| region, at least | {region:g} ml |
| disputed, among the networks or with the mirror image, at most | {disputed:.0%} of the region |
| difference of neighboring planes, at most | {unlike:.0%} of that of distant ones |
| T1W: inside of the region less its rim, at least | 0; {brighter:g} of the range where over {said:.0%} is disputed |
| fluid-sensitive alone: the median, at most | {half:g} of the range |
| a joint traced, and seen as a line, over a depth of at least | {traced:g} mm |
| seen as a line: contrast, at least | {seen:.0%} of what is fully visible |
| its band, at least | {band:g} ml |
| its surface turns, upper quartile, at most | {jagged:g} mm per mm of spacing |

**Halves.** All people and seeds are put in order once, patients before other sources, and every other one is of the
half *set*; whoever is in several groups is in the same half of each. The limits were set by hand, and it was no blind
trial: pictures and figures of both halves were looked at while the kinds of limits and their values were chosen. The
limits of brightness were chosen on all 28 T1-weighted and 8 STIR scans, so inverted pictures have no judged half. What
counts as seen was chosen on all T1-weighted scans and twelve simulated patients with one joint beyond the field (seeds
7950 to 7961); those from 7962 on were drawn when it stood.
The networks have been trained on ten of the patients, who lie in both halves, so a region found there proves little;
the pictures that must not be read are new to them. The numbers of people behind the groups are small, and several
pictures come of one person: the intervals (exact, 95 %, Clopper and Pearson) take each study as a draw of its own and
are too narrow for that.
"""
TAIL = """
*Both joints* is the full result where both series are there, a partial one where STIR is missing. *Fluid region* is the
partial result of a fluid-sensitive series alone: joints cannot be traced on it, so the region decides whether anything
is read. Wrong pictures go under the names `t1_tse_obl cor ISG` or `t2_tirm_obl cor ISG` in semicoronal geometry. Where
both series are there, the T1-weighted one alone decides whether anything is read, so wrong pictures are shown as T1W
alone, and every third of a group as STIR alone too. *Spoiled* are real scans with their planes shuffled, or blurred
by 12 pixels; *inverted* ones have bright and dark exchanged, T1W and STIR each as it was taken. A fluid-sensitive
series beside a T1-weighted one is not looked at for this. *Wrong joint*: the one that is not shown is traced, and
the one that is shown is not. Where a joint lies beyond the field, the middle of the body is not that of the picture, so
that the joint that is shown may not be found either: then nothing is read. A joint of which no line is left, fused from
front to back, is not told from one that is not there: it is not assessable.
"""
MEASURES = {
    "region_ml": ("region, ml", min),
    "disputed": ("disputed", max),
    "unlike_next": ("planes differ", max),
    "brighter": ("inside less rim", min),
    "half_bright": ("median", max),
    "mm": ("seen, mm", min),
    "ml": ("band, ml", min),
    "jagged": ("turns", max),
}
"""What has a limit, and which extreme of a group lies nearest to it."""


def page(rows: Sequence[Row], *, of: int) -> str:
    """The page."""
    heading = HEADING.format(
        date=datetime.now(UTC).date().isoformat(),
        region=plausible.REGION_ML,
        disputed=plausible.DISPUTED,
        unlike=plausible.UNLIKE_NEXT,
        traced=plausible.TRACED_MM,
        seen=plausible.SEEN,
        band=plausible.BAND_ML,
        jagged=plausible.JAGGED,
        brighter=plausible.BRIGHTER,
        said=DISPUTED_SHARE,
        half=plausible.HALF_BRIGHT,
        counted=len(rows),
        of=of,
    )
    setting = setting_half(rows)
    tables = [_table(title, [row for row in rows if row.wanted in wanted], setting) for title, wanted in _TABLES]
    return "\n".join([heading, _measured(rows, setting), *tables]) + TAIL + _named(rows)


_TABLES = (
    ("To be read", ("both joints", "fluid region")),
    ("One joint shown", ("one joint",)),
    ("Not to be read", ("nothing",)),
)


def missed(rows: Sequence[Row]) -> list[Row]:
    """Those of which less was read than is shown."""
    return [row for row in rows if row.wanted in ("both joints", "fluid region") and row.came != row.wanted]


def wrongly_read(rows: Sequence[Row]) -> list[Row]:
    """Those of which something was read that they do not show."""
    return [row for row in rows if OUTCOMES.index(row.came) < OUTCOMES.index(row.wanted)]


def setting_half(rows: Sequence[Row]) -> set[str]:
    """The people of the half *set*: every other one of all, in order."""
    return set(sorted({row.person for row in rows})[::2])


def interval(hits: int, of: int) -> str:
    """A share with its exact 95 % interval."""
    low = beta.ppf(0.025, hits, of - hits + 1) if hits else 0.0
    high = beta.ppf(0.975, hits + 1, of - hits) if hits < of else 1.0
    return f"{hits / of:.0%} ({low:.0%} to {high:.0%})"


def _measured(rows: Sequence[Row], setting: set[str]) -> str:
    """The extreme of each measure that lies nearest to its limit, by group and half."""
    lines = ["### What was measured", "", "Of each group that is to be read, the study nearest to the limit."]
    lines += ["", f"| pictures | half | {' | '.join(name for name, _ in MEASURES.values())} |"]
    lines.append("|---" * (len(MEASURES) + 2) + "|")
    for kind in dict.fromkeys(row.kind for row in rows if row.wanted != "nothing"):
        for half, some in _halves([row for row in rows if row.kind == kind], setting):
            lines.append(f"| {kind} | {half} | {' | '.join(_extreme(some, key) for key in MEASURES)} |")
    return "\n".join(lines) + "\n"


def _extreme(rows: Sequence[Row], key: str) -> str:
    """Of one measure; of a joint, over both sides."""
    names = [key, *(f"{side}_{key}" for side in Side)]
    values = [row.numbers[name] for row in rows for name in names if name in row.numbers]
    return f"{MEASURES[key][1](values):g}" if values else ""


def _table(title: str, rows: Sequence[Row], setting: set[str]) -> str:
    lines = [f"## {title}", "", f"| pictures | half | studies | {' | '.join(OUTCOMES)} | as wanted |"]
    lines.append("|---" * (len(OUTCOMES) + 4) + "|")
    for kind in dict.fromkeys(row.kind for row in rows):
        same = [row for row in rows if row.kind == kind]
        lines += [_line(kind, half, some) for half, some in _halves(same, setting)]
    lines += [_line("**all**", half, some) for half, some in _halves(rows, setting)]
    return "\n".join(lines) + "\n"


def _halves(rows: Sequence[Row], setting: set[str]) -> Iterator[tuple[str, list[Row]]]:
    """The rows of each half that has any."""
    for half, inside in (("set", True), ("judged", False)):
        if some := [row for row in rows if (row.person in setting) is inside]:
            yield half, some


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
