"""When an attribute of type 1C or 2C must be there, where the object itself says so.

Conditions that ask for more than the object holds, as whether a part of the body is paired, are not judged.

References
----------
PS3.3 section 8.8 (codes), C.7.6.3 (Image Pixel), C.7.6.16 and C.7.6.17 (frames and dimensions), C.8.20.2
(Segmentation Image), C.10.4, C.10.5 and C.11 (presentation states), C.17.2 (SR Document General).
"""

from collections.abc import Callable, Mapping

from pydicom.uid import SecondaryCaptureImageStorage

from reporting.levels import Level

Condition = Callable[[Level, Level], bool]
"""From the level of the attribute and the whole object: must it be there?"""


def _always(level: Level, whole: Level) -> bool:
    return True


def _with(*keywords: str) -> Condition:
    return lambda level, whole: any(level.holds(keyword) for keyword in keywords)


def _without(*keywords: str) -> Condition:
    return lambda level, whole: not any(level.holds(keyword) for keyword in keywords)


def _where(keyword: str, *values: str) -> Condition:
    return lambda level, whole: level.text(keyword) in values


def _unless(keyword: str, *values: str) -> Condition:
    return lambda level, whole: level.text(keyword) not in values


def _of_capture(level: Level, whole: Level) -> bool:
    """A secondary capture may have a place, but its definition does not ask for one."""
    return level is whole and whole.text("SOPClassUID") == SecondaryCaptureImageStorage


_LOSSY = _where("LossyImageCompression", "01")
_PALETTE = _where("PhotometricInterpretation", "PALETTE COLOR")
_FRACTIONAL = _where("SegmentationType", "FRACTIONAL")

CONDITIONS: Mapping[str, Condition] = {
    "CodeValue": _without("LongCodeValue", "URNCodeValue"),
    "CodingSchemeDesignator": _with("CodeValue", "LongCodeValue"),
    "PixelData": _without("PixelDataProviderURL"),
    "PlanarConfiguration": _where("PhotometricInterpretation", "RGB", "YBR_FULL", "YBR_FULL_422"),
    "BitsStored": _with("PixelData"),
    "HighBit": _with("PixelData"),
    "LossyImageCompressionRatio": _LOSSY,
    "LossyImageCompressionMethod": _LOSSY,
    "PatientOrientation": _of_capture,
    **dict.fromkeys((f"{color}PaletteColorLookupTableDescriptor" for color in ("Red", "Green", "Blue")), _PALETTE),
    **dict.fromkeys((f"{color}PaletteColorLookupTableData" for color in ("Red", "Green", "Blue")), _PALETTE),
    "MaximumFractionalValue": _FRACTIONAL,
    "SegmentationFractionalType": _FRACTIONAL,
    "SegmentAlgorithmName": _unless("SegmentAlgorithmType", "MANUAL"),
    "TrackingID": _with("TrackingUID"),
    "TrackingUID": _with("TrackingID"),
    "DimensionIndexSequence": _always,
    "PerFrameFunctionalGroupsSequence": _always,
    "DimensionIndexValues": lambda level, whole: whole.holds("DimensionIndexSequence"),
    "ImagePositionPatient": _always,
    "ImageOrientationPatient": _always,
    "VerifyingObserverSequence": _where("VerificationFlag", "VERIFIED"),
    "SourceInstanceSequence": _always,
    "PresentationLUTShape": _without("PresentationLUTSequence"),
    "PresentationPixelSpacing": _where("PresentationSizeMode", "TRUE SIZE"),
    "PresentationPixelAspectRatio": _without("PresentationPixelSpacing"),
    "PresentationPixelMagnificationRatio": _where("PresentationSizeMode", "MAGNIFY"),
    "GraphicObjectSequence": _without("TextObjectSequence"),
    "GraphicFilled": _where("GraphicType", "CIRCLE", "ELLIPSE"),
    "BoundingBoxTopLeftHandCorner": _without("AnchorPoint"),
    "BoundingBoxBottomRightHandCorner": _with("BoundingBoxTopLeftHandCorner"),
    "BoundingBoxAnnotationUnits": _with("BoundingBoxTopLeftHandCorner"),
    "BoundingBoxTextHorizontalJustification": _with("BoundingBoxTopLeftHandCorner"),
    "AnchorPointVisibility": _with("AnchorPoint"),
    "AnchorPointAnnotationUnits": _with("AnchorPoint"),
}
"""By keyword; it holds wherever a table has the attribute as 1C or 2C."""
