"""Coded concepts that results use, each with where it comes from.

SCT, DCM, LN and UCUM codes are those of the DICOM context groups named beside them (PS3.16, as pydicom 3.0 lists them).
``9631008`` is in several published FHIR guides. What no verified public code says is coded in the local scheme
``99AXSPA``, which every object that uses it declares.
"""

from pydicom.sr.coding import Code

from inference.sij_mri import Stage
from inference.types import Side

LOCAL_SCHEME = "99AXSPA"
LOCAL_SCHEME_NAME = "axspa-node local codes"
LOCAL_SCHEME_ORGANISATION = "axspa-node"


def _local(value: str, meaning: str) -> Code:
    return Code(value, LOCAL_SCHEME, meaning)


SACROILIAC_JOINT = Code("39723000", "SCT", "Sacroiliac joint")
SACRUM = Code("54735007", "SCT", "Sacrum")
ILIUM = Code("22356005", "SCT", "Ilium")
LEFT = Code("7771000", "SCT", "Left")
RIGHT = Code("24028007", "SCT", "Right")
BILATERAL = Code("51440002", "SCT", "Bilateral")
FINDING_SITE = Code("363698007", "SCT", "Finding Site")

ANATOMICAL_STRUCTURE = Code("91723000", "SCT", "Anatomical Structure")  # CID 7150
ABNORMAL_STRUCTURE = Code("49755003", "SCT", "Morphologically Abnormal Structure")  # CID 7150
EDEMA = Code("79654002", "SCT", "Edema")  # CID 7159
ANKYLOSING_SPONDYLITIS = Code("9631008", "SCT", "Ankylosing spondylitis")

PRESENT = Code("52101004", "SCT", "Present")
ABSENT = Code("272519000", "SCT", "Absent")

VOLUME = Code("118565006", "SCT", "Volume")
PROBABILITY = Code("122157", "DCM", "Probability")
CUBIC_MILLIMETER = Code("mm3", "UCUM", "cubic millimeter")
NO_UNITS = Code("1", "UCUM", "no units")

FINDING = Code("121071", "DCM", "Finding")
FINDINGS = Code("121070", "DCM", "Findings")
CONCLUSION = Code("121077", "DCM", "Conclusion")
CONCLUSIONS = Code("121076", "DCM", "Conclusions")
QUALITATIVE_EVALUATIONS = Code("C0034375", "UMLS", "Qualitative Evaluations")
DIAGNOSTIC_IMAGING_REPORT = Code("18748-4", "LN", "Diagnostic Imaging Report")
MRI_UNSPECIFIED = Code("25056-3", "LN", "MRI unspecified body region")
COUNTRY_OF_LANGUAGE = Code("121046", "DCM", "Country of Language")
LANGUAGE = Code("121049", "DCM", "Language of Content Item and Descendants")
ENGLISH = Code("en", "RFC5646", "English")
UNITED_STATES = Code("US", "ISO3166_1", "United States")

ARTIFICIAL_INTELLIGENCE = Code("123110", "DCM", "Artificial Intelligence")  # CID 7162
ACQUISITION_EQUIPMENT = Code("109101", "DCM", "Acquisition Equipment")  # CID 7005
PROCESSING_EQUIPMENT = Code("109102", "DCM", "Processing Equipment")  # CID 7005
SOURCE_IMAGE = Code("121322", "DCM", "Source image for image processing operation")  # CID 7202

REGION = _local("SIJ_REGION", "Sacroiliac bone region")
AS_STATUS = _local("AS_STATUS", "AI classification of ankylosing spondylitis")
AS_STAGE = _local("AS_STAGE", "AI stage of sacroiliac joint involvement")
ASAS_RULE = _local("ASAS_RULE", "ASAS/OMERACT rule for active sacroiliitis, computed")
ASAS_RULE_SIDE = {
    Side.LEFT: _local("ASAS_RULE_L", "ASAS/OMERACT rule, patient's left, computed"),
    Side.RIGHT: _local("ASAS_RULE_R", "ASAS/OMERACT rule, patient's right, computed"),
}
LIMITATION = _local("LIMITATION", "Limitation of this result")
EDEMA_VOLUME = {
    Side.LEFT: _local("BME_VOL_L", "Volume of bone marrow edema, patient's left"),
    Side.RIGHT: _local("BME_VOL_R", "Volume of bone marrow edema, patient's right"),
}
STAGE_VALUE = {stage: _local(f"STAGE{number}", stage.value) for number, stage in enumerate(Stage)}
STAGE_PROBABILITY = {
    stage: _local(f"P{number}", f"Probability of stage: {stage}") for number, stage in enumerate(Stage)
}
SIDE = {Side.LEFT: LEFT, Side.RIGHT: RIGHT}


def present_or_absent(value: object) -> Code:
    """`PRESENT` for what is true, `ABSENT` for what is not."""
    return PRESENT if value else ABSENT
