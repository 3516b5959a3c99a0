"""From an analysis to words and numbers: the only place where wording is written.

Plain ASCII, so that every viewer, printer and validator shows it; edema in the spelling of the DICOM terms.
"""

from dataclasses import dataclass

import numpy as np

from inference.series import Candidate
from inference.sij_mri import STAGES, Analysis, Edema, Joint, Prediction, Role
from inference.types import ImageHeader, Side, Volume

RESEARCH_LINE = "AI RESEARCH RESULT - NOT FOR DIAGNOSIS"
RESEARCH_STATEMENT = (
    "This result was made by research software. It is not a medical device, nobody has verified it, and it must not be "
    "used for the diagnosis or treatment of a patient."
)
SIMULATED_STATEMENT = (
    "The classifier learned from simulated lesions in real and synthetic anatomy, because no clinical labels exist "
    "yet; how well it does on patients is unknown."
)
HEATMAP_STATEMENT = "The heatmap shows where the classifier looked. It does not show disease."
ASAS_STATEMENT = (
    "The ASAS/OMERACT rule is computed from the segmented edema and does not use the classifier; anyone can check it "
    "by eye."
)
SIDES_STATEMENT = "Left and right are the patient's."
NOT_ANALYSED = "Not analysed"
SECTION_LIMITATIONS = "Limitation"
PICTURE_TEXT = "RESEARCH - NOT FOR DIAGNOSIS"
LOW_VISIBILITY = 0.35
CERTAIN = 0.5
LESIONS_NAMED = 6


@dataclass(frozen=True, slots=True)
class Number:
    """One number of the result, with its name, its unit (empty for none) and its wording."""

    key: str
    label: str
    value: float
    unit: str
    text: str


@dataclass(frozen=True, slots=True)
class Findings:
    """What an analysis says.

    Attributes
    ----------
    headline : str
        The result in one line.
    sentences : tuple of str
        Findings, each a sentence or two.
    conclusions : tuple of str
        What to take from them, and how far they can be trusted.
    limitations : tuple of str
        What could not be read, or must be read with care.
    numbers : tuple of Number
    """

    headline: str
    sentences: tuple[str, ...]
    conclusions: tuple[str, ...]
    limitations: tuple[str, ...]
    numbers: tuple[Number, ...]

    def number(self, key: str) -> Number | None:
        """The number of this key, if the analysis gave it."""
        return next((number for number in self.numbers if number.key == key), None)


def describe(analysis: Analysis) -> Findings:
    """Word an analysis.

    Parameters
    ----------
    analysis : Analysis
        Applicable or not.
    """
    limitations = tuple(ascii_text(item.sentence) for item in analysis.limitations)
    if not analysis.applicable:
        reason = ascii_text(analysis.selection.sentence)
        return Findings(
            headline=f"{NOT_ANALYSED}, because no sacroiliac series was found.",
            sentences=(f"{NOT_ANALYSED}, because: {reason}", *_refusals(analysis)),
            conclusions=("There is no result for this study.", RESEARCH_STATEMENT),
            limitations=limitations,
            numbers=(),
        )
    limitations += _certainty(analysis.prediction) + _geometry_limits(analysis)
    return Findings(
        headline=_headline(analysis),
        sentences=(
            *_what_was_read(analysis),
            *_classification(analysis),
            *_edema(analysis),
            *_asas(analysis),
            *_joints(analysis),
        ),
        conclusions=_conclusions(analysis),
        limitations=limitations,
        numbers=_numbers(analysis),
    )


def ascii_text(text: str) -> str:
    """Text of others (series names, reasons) in ASCII and in one spelling; what has no ASCII form becomes ``?``."""
    for character, plain in (("\u2013", "-"), ("\u2014", "-"), ("\u2019", "'"), ("\u2264", "<="), ("\u2265", ">=")):
        text = text.replace(character, plain)
    for character, plain in (("\u00b0", " degrees"), ("\u00d7", "x"), ("\u00b1", "+/-"), ("\u00b2", "2")):
        text = text.replace(character, plain)
    text = text.replace("oedema", "edema").replace("Oedema", "Edema")
    return " ".join(text.encode("ascii", "replace").decode("ascii").split())


def image_name(volume: Volume, index: int) -> str:
    """How people find a slice: ``slice 9 of 25 (image 17)``, the image number being the scanner's."""
    image = volume.images[index] if index < len(volume.images) else None
    number = None if image is None else _image_number(image)
    return f"slice {index + 1} of {volume.shape[0]}" + ("" if number is None else f" (image {number})")


def _image_number(image: ImageHeader) -> int | None:
    return image.frame if image.frame is not None else image.instance_number


def _millilitres(volume_mm3: float) -> str:
    return f"{volume_mm3 / 1000:.1f} ml"


def _headline(analysis: Analysis) -> str:
    parts = []
    prediction = analysis.prediction
    if prediction is None:
        parts.append("No classification was made.")
    else:
        status = "present" if prediction.as_present else "absent"
        parts.append(
            f"AI classification of ankylosing spondylitis: {status} (probability {_as_probability(prediction)})."
        )
        parts.append(f"Stage: {prediction.stage} (probability {_stage_probability(prediction)}).")
    if analysis.asas is not None:
        rule = "met" if analysis.asas.positive else "not met"
        parts.append(f"ASAS/OMERACT rule for active sacroiliitis: {rule}.")
    return " ".join(parts)


def _as_probability(prediction: Prediction) -> str:
    return f"{prediction.as_probability:.2f}"


def _stage_probability(prediction: Prediction) -> str:
    return f"{prediction.stage_probabilities[STAGES.index(prediction.stage)]:.2f}"


def _what_was_read(analysis: Analysis) -> tuple[str, ...]:
    lines = []
    chosen = (
        ("T1-weighted", analysis.t1, analysis.selection.chosen.get(Role.T1W)),
        ("Fluid-sensitive, fat-suppressed", analysis.fluid, analysis.selection.chosen.get(Role.FLUID)),
    )
    for name, volume, candidate in chosen:
        if volume is None:
            lines.append(f"{name}: no such series was found; what needs it could not be read.")
        else:
            lines.append(f"{name}: {read_series(volume, candidate)}.")
    return tuple(lines)


def read_series(volume: Volume | None, candidate: Candidate | None) -> str:
    """Which series was read: ``series 2 't1_tse', 25 slices``."""
    return PAGE["missing"] if volume is None else f"{_series_name(candidate)}, {volume.shape[0]} slices"


def _series_name(candidate: Candidate | None) -> str:
    if candidate is None:
        return "the series chosen"
    number = "" if candidate.series_number is None else f" {candidate.series_number}"
    name = ascii_text(candidate.description)
    return f"series{number}" + (f" '{name}'" if name else "")


def _classification(analysis: Analysis) -> tuple[str, ...]:
    prediction = analysis.prediction
    if prediction is None:
        return ("Classification: none was made.",)
    stages = ", ".join(
        f"{stage} {probability:.2f}" for stage, probability in zip(STAGES, prediction.stage_probabilities, strict=True)
    )
    status = "present" if prediction.as_present else "absent"
    return (
        f"Classifier: ankylosing spondylitis {status}, probability {_as_probability(prediction)}; stage probabilities: "
        f"{stages}; from {len(prediction.slices)} slices that show a joint.",
    )


def _certainty(prediction: Prediction | None) -> tuple[str, ...]:
    if prediction is None or prediction.stage_probabilities[STAGES.index(prediction.stage)] >= CERTAIN:
        return ()
    likeliest = STAGES[int(np.argmax(prediction.stage_probabilities))]
    words = f"The stage is uncertain: {prediction.stage} has a probability of {_stage_probability(prediction)}"
    if likeliest != prediction.stage:
        words += f", and {likeliest} alone has a higher one; the bundle's rule weighs the stages against each other"
    return (words + ".",)


def _edema(analysis: Analysis) -> tuple[str, ...]:
    edema = analysis.edema
    if edema is None:
        return ("Bone marrow edema: not measured.",)
    return (
        f"Bone marrow edema: patient's left {_millilitres(edema.left_mm3)}, patient's right "
        f"{_millilitres(edema.right_mm3)} (each lesion holds marrow brighter than {edema.threshold:.0f}; "
        f"normal sacral marrow {edema.normal_mean:.0f} +/- {edema.normal_sd:.0f}).",
    )


def _asas(analysis: Analysis) -> tuple[str, ...]:
    asas = analysis.asas
    if asas is None:
        return ("ASAS/OMERACT rule: not computed, since it needs the fluid-sensitive series.",)
    lines = [ascii_text(asas.sentence)]
    if asas.lesions and analysis.fluid is not None:
        lines.append("Lesions counted: " + "; ".join(_lesions(analysis, analysis.fluid)) + ".")
    return tuple(lines)


def _lesions(analysis: Analysis, fluid: Volume) -> list[str]:
    lesions = analysis.asas.lesions if analysis.asas is not None else ()
    largest = sorted(lesions, key=lambda lesion: -lesion[2])[:LESIONS_NAMED]
    lines = [
        f"patient's {side}, fluid-sensitive {image_name(fluid, index)}, {area_mm2:.0f} mm2"
        for side, index, area_mm2 in sorted(largest, key=lambda lesion: (lesion[0], lesion[1]))
    ]
    if len(lesions) > len(largest):
        lines.append(f"and {len(lesions) - len(largest)} smaller")
    return lines


def _joints(analysis: Analysis) -> tuple[str, ...]:
    lines = []
    for side in Side:
        joint = analysis.joint(side)
        if joint is None:
            lines.append(f"Sacroiliac joint, patient's {side}: not found.")
        else:
            lines.append(f"Sacroiliac joint, patient's {side}: {_joint_words(joint)}.")
    return tuple(lines)


def _joint_words(joint: Joint) -> str:
    traced = np.isfinite(joint.columns_px).any(axis=1)
    faint = int(np.count_nonzero(traced & (joint.visibility < LOW_VISIBILITY)))
    words = f"traced in {int(np.count_nonzero(traced))} slices"
    if faint:
        words += f", hardly visible in {faint} of them (ankylosis, or a failure of the tracing)"
    return words


def _conclusions(analysis: Analysis) -> tuple[str, ...]:
    lines = [_headline(analysis)]
    if analysis.prediction is not None:
        lines.append(SIMULATED_STATEMENT)
    if analysis.asas is not None:
        lines.append(ASAS_STATEMENT)
    if analysis.explanation is not None:
        lines.append(HEATMAP_STATEMENT)
    return (*lines, SIDES_STATEMENT, RESEARCH_STATEMENT)


def _refusals(analysis: Analysis) -> tuple[str, ...]:
    sentences: dict[str, str] = {}
    for candidate in analysis.selection.candidates:
        name = _series_name(candidate)
        sentences.setdefault(
            f"{candidate.series_instance_uid}{candidate.role}",
            f"{name[0].upper()}{name[1:]}, for {candidate.role}: {ascii_text(candidate.sentence)}",
        )
    return tuple(list(sentences.values())[:40])


def _geometry_limits(analysis: Analysis) -> tuple[str, ...]:
    named = [("T1-weighted", analysis.t1), ("fluid-sensitive", analysis.fluid)]
    lines = [
        f"The {name} series has no frame of reference, so no segmentation could be written for it."
        for name, volume in named
        if volume is not None and not volume.frame_of_reference_uid
    ]
    for name, volume in named:
        if volume is not None:
            lines += [f"{name[0].upper()}{name[1:]} series: {ascii_text(text)}" for text in volume.warnings]
    return tuple(lines)


def _numbers(analysis: Analysis) -> tuple[Number, ...]:
    return (*_probabilities(analysis.prediction), *_anatomy_volumes(analysis), *_edema_volumes(analysis.edema))


def _probabilities(prediction: Prediction | None) -> tuple[Number, ...]:
    if prediction is None:
        return ()
    overall = prediction.as_probability
    numbers = [Number("as_probability", "AS present", overall, "", f"{overall:.2f}")]
    for stage, value in zip(STAGES, prediction.stage_probabilities, strict=True):
        numbers.append(Number(f"stage_{stage.lower()}", stage.value, value, "", f"{value:.2f}"))
    return tuple(numbers)


def _anatomy_volumes(analysis: Analysis) -> tuple[Number, ...]:
    volume = analysis.reference
    if volume is None:
        return ()
    numbers = []
    if analysis.region is not None:
        size = float(np.count_nonzero(analysis.region)) * volume.voxel_volume_mm3
        numbers.append(Number("region_mm3", "Sacroiliac bone region", size, "mm3", _millilitres(size)))
    for side in Side:
        joint = analysis.joint(side)
        if joint is not None:
            size = float(np.count_nonzero(joint.band)) * volume.voxel_volume_mm3
            numbers.append(Number(f"{side}_joint_mm3", f"Joint region, {side}", size, "mm3", _millilitres(size)))
    return tuple(numbers)


def _edema_volumes(edema: Edema | None) -> tuple[Number, ...]:
    if edema is None:
        return ()
    return tuple(
        Number(f"{side}_edema_mm3", f"Edema, {side}", float(size), "mm3", _millilitres(size))
        for side, size in ((Side.LEFT, edema.left_mm3), (Side.RIGHT, edema.right_mm3))
    )


PAGE = {
    "title": "Sacroiliac joint MRI",
    "research": PICTURE_TEXT,
    "classifier": "CLASSIFIER: STAGE OF THE STUDY",
    "as_present": "Ankylosing spondylitis: present",
    "as_absent": "Ankylosing spondylitis: absent",
    "as_probability": "Probability of ankylosing spondylitis",
    "simulated": "Learned from simulated lesions. How well it does on patients is unknown.",
    "no_classification": "No classification was made.",
    "asas": "ASAS / OMERACT RULE: ACTIVE SACROILIITIS",
    "asas_note": "Computed from the segmented edema, without the classifier; check it by eye.",
    "no_asas": "Not computed: it needs the fluid-sensitive series.",
    "met": "Met",
    "not_met": "Not met",
    "right": "Right",
    "left": "Left",
    "volumes": "VOLUMES",
    "edema": "Bone marrow edema",
    "joint": "Joint region",
    "region": "Bone region",
    "right_joint": "Right joint",
    "left_joint": "Left joint",
    "right_edema": "Right edema",
    "left_edema": "Left edema",
    "none": "-",
    "row_t1": "T1-weighted",
    "row_fluid": "Fluid-sensitive, fat-suppressed",
    "row_heat": "Focused Grad-CAM: where the classifier looked, not disease",
    "series": "SERIES READ",
    "short_t1": "T1",
    "short_fluid": "Fluid",
    "missing": "No such series",
    "no_heatmap": "Nothing was classified",
    "no_slice": "No slice at this place",
    "limits": "Limitations",
    "no_limits": "none were noted for this study beyond those of the method.",
    "statement": "Research software, not a medical device. Nobody has verified this result. Left and right are the "
    "patient's.",
}
