"""A5, F1, F2 and F10: what is read at all, and what of it gets a class."""

from tests.outside import pictures
from tests.outside.inputs import T1, Inputs
from tests.outside.report import Said
from tests.outside.statements import classes, cut, shipped, unknown
from tests.outside.verdict import Seen, case, fault, no_fault
from tests.outside.version import Broken, Version

CLASS = r"\bclass|pattern|stage|spondyl"


@case("A5", "a brain under the name of a sacroiliac series is read")
def brain(version: Version, inputs: Inputs) -> Seen:
    return nothing_read(version.read(inputs.made("brain", lambda: pictures.brain(inputs))), version, inputs)


def nothing_read(said: Said, version: Version, inputs: Inputs) -> Seen:
    """Nothing may be read of this study, and the reason is said; the shipped study is its twin, which is read."""
    if said.is_read():
        segmented = "segmentations, " if any(one.Modality == "SEG" for one in said.objects) else ""
        return fault(f"read: {segmented}{cut(str(said.summary.get('headline', '')))}")
    reasons = [str(one) for one in (*said.summary.get("reasons", []), *said.summary.get("limits", []))]
    if not reasons:
        raise Broken("nothing was read, and no reason is given")
    if not shipped(version, inputs).is_read():
        return fault("nothing is read of the shipped study either")
    return no_fault(cut(reasons[0]))


@case("F1", "noise is read, and gets a class")
def noise(version: Version, inputs: Inputs) -> Seen:
    return nothing_read(version.read(inputs.made("noise", lambda: pictures.noise(inputs))), version, inputs)


@case("F2", "a study with one series, or one joint, gets a class as a whole one does")
def part_of_a_study(version: Version, inputs: Inputs) -> Seen:
    parts = {
        "t1-only": lambda: inputs.shipped(T1),
        "one-joint": lambda: pictures.one_joint(inputs),
    }
    words = []
    for name, make in parts.items():
        said = version.read(inputs.made(name, make))
        if classes(said):
            return fault(f"{name}: {classes(said)}")
        if said.summary.get("status") == "held":
            raise Broken(f"{name}: held: {cut(str(said.summary.get('gate_findings', '')))}")
        if not said.is_read():
            return fault(f"{name}: nothing is said, not even what can be")
        words.append(f"{name}: {unknown(said, 'the class', CLASS).words}")
    return no_fault("; ".join(words))


@case("F10", "the choice of series takes thighs on coronal images")
def coronal_thighs(version: Version, inputs: Inputs) -> Seen:
    return nothing_read(version.read(inputs.made("thighs", lambda: pictures.thighs(inputs))), version, inputs)
