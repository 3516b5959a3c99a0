"""Coded concepts that results use, each with where it comes from.

SCT, DCM, LN and UCUM codes are those of the DICOM context groups named beside them (PS3.16, as pydicom 3.0 lists them).
What no verified public code says is coded in the local scheme ``99AXSPA``, which every object that uses it declares.
Codes of an application stand with its presentation.
"""

from pydicom.sr.coding import Code

from inference.types import Side
from reporting.language import Language

LOCAL_SCHEME = "99AXSPA"
LOCAL_SCHEME_NAME = "axspa-node local codes"
LOCAL_SCHEME_ORGANIZATION = "axspa-node"


def local(value: str, meaning: str) -> Code:
    """A code of the local scheme."""
    return Code(value, LOCAL_SCHEME, meaning)


def language_code(language: Language) -> Code:
    """A language (CID 5000)."""
    return Code(language.code, "RFC5646", language.name)


def country_code(language: Language) -> Code:
    """The country whose spelling a language has here (CID 5001)."""
    code, name = language.country
    return Code(code, "ISO3166_1", name)


SACROILIAC_JOINT = Code("39723000", "SCT", "Sacroiliac joint")
SACRUM = Code("54735007", "SCT", "Sacrum")
ILIUM = Code("22356005", "SCT", "Ilium")
LEFT = Code("7771000", "SCT", "Left")
RIGHT = Code("24028007", "SCT", "Right")
BILATERAL = Code("51440002", "SCT", "Bilateral")
FINDING_SITE = Code("363698007", "SCT", "Finding Site")
LATERALITY = Code("272741003", "SCT", "Laterality")
TOPOGRAPHICAL_MODIFIER = Code("106233006", "SCT", "Topographical modifier")

ANATOMICAL_STRUCTURE = Code("91723000", "SCT", "Anatomical Structure")  # CID 7150
ABNORMAL_STRUCTURE = Code("49755003", "SCT", "Morphologically Abnormal Structure")  # CID 7150
EDEMA = Code("79654002", "SCT", "Edema")  # CID 7159

PRESENT = Code("52101004", "SCT", "Present")
ABSENT = Code("272519000", "SCT", "Absent")
UNDECIDED = Code("82334004", "SCT", "Indeterminate")

VOLUME = Code("118565006", "SCT", "Volume")
PROBABILITY = Code("122157", "DCM", "Probability")
AREA = Code("42798000", "SCT", "Area")
CUBIC_MILLIMETER = Code("mm3", "UCUM", "cubic millimeter")
CUBIC_CENTIMETER = Code("cm3", "UCUM", "cubic centimeter")
SQUARE_MILLIMETER = Code("mm2", "UCUM", "square millimeter")
NO_UNITS = Code("1", "UCUM", "no units")

SOURCE = Code("121112", "DCM", "Source of Measurement")
FINDING = Code("121071", "DCM", "Finding")
FINDINGS = Code("121070", "DCM", "Findings")
IMPRESSION = Code("121073", "DCM", "Impression")
IMPRESSIONS = Code("121072", "DCM", "Impressions")
CONCLUSION = Code("121077", "DCM", "Conclusion")
CONCLUSIONS = Code("121076", "DCM", "Conclusions")
SUMMARY = Code("121111", "DCM", "Summary")  # CID 7001
PROCEDURES = Code("121064", "DCM", "Current Procedure Descriptions")  # CID 7001
PROCEDURE_DESCRIPTION = Code("121065", "DCM", "Procedure Description")  # CID 7002
TRACKING_IDENTIFIER = Code("112039", "DCM", "Tracking Identifier")
TRACKING_UID = Code("112040", "DCM", "Tracking Unique Identifier")
QUALITATIVE_EVALUATIONS = Code("C0034375", "UMLS", "Qualitative Evaluations")
DIAGNOSTIC_IMAGING_REPORT = Code("18748-4", "LN", "Diagnostic Imaging Report")
IMAGING = Code("363679005", "SCT", "Imaging")
MRI_UNSPECIFIED = Code("25056-3", "LN", "MRI unspecified body region")
COUNTRY_OF_LANGUAGE = Code("121046", "DCM", "Country of Language")
LANGUAGE = Code("121049", "DCM", "Language of Content Item and Descendants")

ARTIFICIAL_INTELLIGENCE = Code("123110", "DCM", "Artificial Intelligence")  # CID 7162
ACQUISITION_EQUIPMENT = Code("109101", "DCM", "Acquisition Equipment")  # CID 7005
PROCESSING_EQUIPMENT = Code("109102", "DCM", "Processing Equipment")  # CID 7005
OF_INTEREST = Code("113000", "DCM", "Of Interest")  # CID 7010
GRADIENT_WEIGHTED = Code("130403", "DCM", "Gradient-weighted class activation")  # CID 217
SOURCE_IMAGE = Code("121322", "DCM", "Source image for image processing operation")  # CID 7202

LIMITATION = local("LIMITATION", "Limitation of this result")
NOT_ASSESSABLE = local("NOT_ASSESSABLE", "Not assessable")
SUGGESTS = local("SUGGESTS", "Suggests; not validated in patients")
BOUNDED = local("BOUNDED", "How far a probability is given")
KEY_SLICE = local("KEY_SLICE", "Image to look at first, and why")
SHOWN_IN = local("SHOWN_IN", "Images that show it")
SIDE = {Side.LEFT: LEFT, Side.RIGHT: RIGHT}
