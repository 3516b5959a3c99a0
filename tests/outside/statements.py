"""A1 to A10 and F1 to F12: what is said of a study, as the offline command writes it."""

import re
from collections.abc import Iterable
from pathlib import Path

from tests.outside import pictures
from tests.outside.inputs import FLUID, T1, Images, Inputs, read, transposed
from tests.outside.report import Item, Said
from tests.outside.verdict import Seen, case, fault, no_fault
from tests.outside.version import Broken, Version

UNKNOWN = re.compile(r"not assess|cannot be (judged|assessed)|could not be (judged|assessed)", re.IGNORECASE)
NOT_MET = re.compile(r"\bnot (met|fulfilled)\b", re.IGNORECASE)
ABSENT = "272519000"  # SNOMED CT
AS = "9631008"
SI_JOINT = "39723000"
# A probability outside 0.05 to 0.95 as a number: no version, no length or volume.
TOO_SURE = re.compile(r"(?<![\d.,])(?:0\.0[0-4]\d*|0\.9[6-9]\d*|1\.0+)(?![\d.]*\d)(?!\s*(?:ml|mm|cm|s)\b)")
OF_CLASS = re.compile(r"probabilit|Normal|Early|Moderate|Advanced|pattern", re.IGNORECASE)
STAGES = ("normal", "early", "moderate", "advanced")
LESION_ML = 0.3
ELSEWHERE_ML, NEAR_ML = 15.0, 25.0  # of 46 ml in 3002, 34 are lumbar (review, F5)


def shipped(version: Version, inputs: Inputs) -> Said:
    """What is said of the shipped study."""
    return version.read(inputs.made("whole", lambda: inputs.shipped(T1, FLUID)))


def first(lines: Iterable[str], pattern: re.Pattern[str]) -> str:
    """The first line that fits, cut for a table."""
    return next((cut(line) for line in lines if pattern.search(line)), "")


def cut(words: str) -> str:
    """At most 140 characters."""
    return words if len(words) <= 140 else words[:137] + "..."


def classes(said: Said) -> str:
    """Every class that is said of a study, in JSON or codes; empty where there is none."""
    coded = [item.value for item in said.codes("status", "pattern", "stage", "spondyl") if _is_class(item)]
    found = [one for one in (said.classified(), said.stage(), *coded) if one and one != "undecided"]
    return ", ".join(dict.fromkeys(found))


def _is_class(item: Item) -> bool:
    return item.value.lower() in ("present", "absent", *STAGES) and "asas" not in item.name.lower()


@case("A1", "a rule that could not be applied is said to be Absent (fluid-sensitive series alone)")
def rule_not_applied(version: Version, inputs: Inputs) -> Seen:
    said = version.read(inputs.made("fluid-only", lambda: inputs.shipped(FLUID)))
    coded = [item for item in said.codes("asas") if item.value_code == ABSENT]
    if coded or NOT_MET.search(said.words()):
        return fault(f"{len(coded)} codes say Absent; {first(said.words().splitlines(), NOT_MET)}")
    if said.rule_met():
        return no_fault("the rule was applied: met, as the simulated lesion is")
    if any(row["value"] == "absent" for row in said.rows("asas")):
        return fault("the JSON says that the rule is absent")
    return unknown(said, "the rule", r"ASAS|\brule\b|active")


@case("A2", "edema that could not be judged is 0.0 ml (the two series show different places)")
def edema_not_judged(version: Version, inputs: Inputs) -> Seen:
    said = version.read(inputs.made("apart", lambda: pictures.apart(inputs)))
    volumes = [item for item in said.content if item.kind == "NUM" and "edema" in item.name.lower()]
    zeros = [item for item in volumes if float(item.value) == 0]
    line = first(said.words().splitlines(), re.compile(r"edema.*\b0\.0 ml"))
    stated = [said.edema_ml(side) for side in ("left", "right")]
    if zeros or line or 0.0 in stated:
        return fault(f"{len(zeros)} volumes are 0 in the report; {line}")
    if any(value is not None for value in stated):
        return fault(f"edema is {stated} ml")
    return unknown(said, "edema", "edema")


def unknown(said: Said, what: str, about: str) -> Seen:
    """Something could not be judged, and a line about it says so."""
    lines = [one for one in said.words().splitlines() if re.search(about, one, re.IGNORECASE)]
    line = first(lines, UNKNOWN)
    if not line:
        raise Broken(f"nothing says whether {what} could be judged")
    return no_fault(line)


@case("A3", "patients with edema that meets the rule are called absent, Normal (1007, 4386)")
def rule_met_but_absent(version: Version, inputs: Inputs) -> Seen:
    seen = []
    for subject in ("1007", "4386"):
        said = version.read(inputs.real(subject))
        seen.append(f"{subject}: rule {'met' if said.rule_met() else 'not met'}, {classes(said) or 'no class'}")
        if said.classified() == "absent" or said.stage() == "normal":
            return fault(f"{seen[-1]}; {cut(str(said.summary.get('headline', '')))}")
    return no_fault("; ".join(seen))


@case("A4", "a probability is shown that nothing measured justifies (over 0.95, under 0.05)")
def too_sure(version: Version, inputs: Inputs) -> Seen:
    said = shipped(version, inputs)
    line = first((one for one in said.words().splitlines() if OF_CLASS.search(one)), TOO_SURE)
    if line:
        return fault(line)
    if not said.rows("stage") or said.stage() not in (*STAGES, "undecided") or not said.classified():
        raise Broken("a full study has no class or no stage")
    return no_fault(f"{said.classified()}, {said.stage()}: {first(said.words().splitlines(), OF_CLASS)}")


@case("A6", "the volume of the bone region is coded as that of the sacroiliac joint")
def region_is_no_joint(version: Version, inputs: Inputs) -> Seen:
    region_ml = shipped(version, inputs).value("region-volume")
    wanted = region_ml or shipped(version, inputs).summary["volumes"]["region_mm3"]["value"]
    groups = [one for one in shipped(version, inputs).groups() if _measures(one, float(wanted))]
    if not groups:
        raise Broken("no report measures the bone region")
    for group in groups:
        named = [item for item in group.below if item.name_code in ("121071", "363698007", "363697002")]
        if any(item.value_code == SI_JOINT for item in named):
            return fault("; ".join(f"{item.name} = {item.value}" for item in named))
    return no_fault("; ".join(f"{item.name} = {item.value}" for item in groups[0].below if item.kind == "CODE")[:140])


def _measures(group: Item, volume_mm3: float) -> bool:
    numbers = [float(item.value) for item in group.below if item.kind == "NUM" and item.value]
    return any(abs(number - volume_mm3) < max(1.0, 1e-4 * volume_mm3) for number in numbers)


@case("A10", "a turned pelvis with edema near the midline is held: two midlines")
def turned(version: Version, inputs: Inputs) -> Seen:
    words = []
    for degrees, across in ((18.0, -5.0), (-18.0, 5.0)):
        said = version.read(_turned(inputs, degrees, across))
        if said.summary.get("status") == "held":
            return fault(f"held, turned by {degrees:.0f} degrees: {cut(str(said.summary.get('gate_findings', '')))}")
        elsewhere = float(said.value("edema-elsewhere-volume") or 0) / 1000
        stated = [said.edema_ml("left") or 0, said.edema_ml("right") or 0, elsewhere]
        if max(stated) < LESION_ML:
            raise Broken(f"the lesion of 2 ml was not found: {stated}")
        words.append(
            f"{degrees:.0f} degrees: left {stated[0]:.1f}, right {stated[1]:.1f}, elsewhere {stated[2]:.1f} ml"
        )
    return no_fault("; ".join(words))


def _turned(inputs: Inputs, degrees: float, across: float) -> Path:
    def make() -> Images:
        return pictures.turned_with_lesion(inputs, degrees=degrees, across=across, down=-20, radius=8)

    return inputs.made(f"turned-{degrees:.0f}", make)


def _ml(said: Said, side: str) -> str:
    value = said.edema_ml(side)
    return "not stated" if value is None else f"{value:.1f} ml"


@case("F3", "patients are called absent, Normal without a fluid-sensitive series (T1W of 1001, 3009, 1012)")
def absent_without_fluid(version: Version, inputs: Inputs) -> Seen:
    words = []
    for subject in ("1001", "3009", "1012"):
        said = version.read(inputs.real(subject, T1))
        if not said.is_read():
            return fault(f"{subject}: not read at all: {cut(str(said.summary.get('headline')))}")
        words.append(f"{subject}: {classes(said) or 'no class'}")
    found = [one for one in words if "absent" in one or "normal" in one.lower()]
    return fault("; ".join(words)) if found else no_fault("; ".join(words))


@case("F4", "rows that run head to feet turn left into right, or are held")
def rows_to_the_feet(version: Version, inputs: Inputs) -> Seen:
    plain = shipped(version, inputs)
    said = version.read(inputs.made("transposed", lambda: transposed(inputs.shipped(T1, FLUID))))
    words = ", ".join(f"{side} {_ml(plain, side)} became {_ml(said, side)}" for side in ("left", "right"))
    if said.summary.get("status") == "held":
        return fault(f"held; {words}")
    before, after = plain.edema_ml("left"), said.edema_ml("left")
    if before is None or after is None or abs(after - before) > 0.15 * before:
        return fault(words)
    return no_fault(words)


@case("F5", "lumbar edema is reported as that of the sacroiliac joints (3002)")
def lumbar_edema(version: Version, inputs: Inputs) -> Seen:
    said = version.read(inputs.real("3002"))
    near = sum(said.edema_ml(side) or 0.0 for side in ("left", "right"))
    elsewhere = float(said.value("edema-elsewhere-volume") or 0) / 1000
    words = f"left and right {near:.1f} ml, elsewhere {elsewhere:.1f} ml"
    return no_fault(words) if near <= NEAR_ML and elsewhere >= ELSEWHERE_ML else fault(words)


@case("F11", "codes: spondylitis as a finding for everyone, sides in names, edema that cites T1 images")
def codes(version: Version, inputs: Inputs) -> Seen:
    said = shipped(version, inputs)
    fluid = {str(one.SOPInstanceUID) for one in pictures.of(_sent(inputs), FLUID)}
    fluid |= {str(one.SeriesInstanceUID) for one in pictures.of(_sent(inputs), FLUID)}
    found = []
    if any(item.name_code == "121071" and item.value_code == AS for item in said.content):
        found.append("Finding = Ankylosing spondylitis")
    sided = [item.name for item in said.content if re.search(r"\b(left|right)\b", item.name, re.IGNORECASE)]
    found += [f"a concept's name is '{name}'" for name in sided[:1]]
    measured = [group for group in said.groups() if _of_edema(group)]
    if not measured:
        raise Broken("no report measures edema")
    wrong = [group for group in measured if _cited(group) and not _cited(group) & fluid]
    found += ["a volume of edema cites T1 images alone"] if wrong else []
    if found:
        return fault("; ".join(found))
    if not any(_cited(group) & fluid for group in measured):
        return fault("no volume of edema cites the series that it was measured on")
    return no_fault(f"{len(measured)} groups of edema cite the fluid-sensitive series; sides are modifiers")


def _sent(inputs: Inputs) -> Images:
    return read(inputs.made("whole", lambda: inputs.shipped(T1, FLUID)))


def _of_edema(group: Item) -> bool:
    named = [item for item in group.below if item.kind in ("CODE", "NUM")]
    return any(item.kind == "NUM" for item in named) and any(
        "edema" in f"{item.name} {item.value}".lower() for item in named
    )


def _cited(group: Item) -> set[str]:
    return {uid for item in group.all() for uid in item.images} | {
        item.value for item in group.all() if item.kind == "UIDREF" and item.name_code == "121232"
    }


@case("F12", "words: 'because: Not applicable', lines said twice, a color image 'not MR'")
def words(version: Version, inputs: Inputs) -> Seen:
    said = version.read(inputs.made("not-wanted", lambda: pictures.not_wanted(inputs)))
    if said.is_read():
        raise Broken("a study without the wanted series was read")
    lines, found = said.lines(), []
    if re.search(r"because: Not applicable", "\n".join(lines)):
        found.append("'Not analysed, because: Not applicable'")
    if re.search(r"not MR", "\n".join(lines)):
        found.append("a color MR series is called not MR")
    if re.search(r"\ba (oblique|axial|inversion|echo)", "\n".join([*lines, str(said.summary)])):
        found.append("'a oblique'")
    if len(lines) > 30:
        found.append(f"{len(lines)} lines")
    if len(lines) != len(set(lines)):
        found.append("a line is said twice")
    return fault("; ".join(found)) if found else no_fault(f"{len(lines)} lines; {cut(lines[0]) if lines else ''}")
