"""A phantom's series as one Enhanced MR object.

References
----------
DICOM PS3.3 A.36.2 (Enhanced MR Image IOD), C.8.13 (its modules and functional groups).
"""

from typing import Any

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import EnhancedMRImageStorage

from inference.types import Volume
from reporting.uids import derived_uid
from training.phantom.series import Series, decimal, full_scale, series_attributes, set_pixels, stored
from training.phantom.vendors import PHYSICS

_POSITION, _STACK, _IN_STACK, _CONTENT = 0x00200032, 0x00209056, 0x00209057, 0x00209111

_PULSE_SEQUENCE = {
    "MRAcquisitionType": "2D",
    "EchoPulseSequence": "SPIN",
    "MultipleSpinEcho": "YES",
    "MultiPlanarExcitation": "NO",
    "PhaseContrast": "NO",
    "TimeOfFlightContrast": "NO",
    "SteadyStatePulseSequence": "NONE",
    "EchoPlanarPulseSequence": "NO",
    "SaturationRecovery": "NO",
    "OversamplingPhase": "2D",
    "GeometryOfKSpaceTraversal": "RECTILINEAR",
    "RectilinearPhaseEncodeReordering": "LINEAR",
    "SegmentedKSpaceTraversal": "PARTIAL",
    "NumberOfKSpaceTrajectories": 1,
}
_DESCRIPTION = {
    "PixelPresentation": "MONOCHROME",
    "VolumetricProperties": "VOLUME",
    "VolumeBasedCalculationTechnique": "NONE",
    "ComplexImageComponent": "MAGNITUDE",
}


def enhanced_dataset(series: Series, common: dict[str, Any], vendor: str) -> Dataset:
    """One Enhanced MR Image Storage dataset with a frame for each slice that is not lost.

    Parameters
    ----------
    series : Series
        With one volume.
    common : dict
        Attributes shared by the study.
    vendor : str
        A key of vendors.VENDORS.
    """
    volume = series.volumes[0]
    kept = [index for index in range(volume.shape[0]) if index not in series.left_out]
    shared = {
        key: value
        for key, value in common.items()
        if key not in ("MagneticFieldStrength", "ImagingFrequency", "ImagedNucleus")
    }
    dataset = series_attributes(series, shared, vendor)
    dataset.SOPClassUID = EnhancedMRImageStorage
    dataset.SOPInstanceUID = derived_uid(dataset.SeriesInstanceUID, "enhanced")
    dataset.InstanceNumber = 1
    _describe(dataset, series)
    _dimensions(dataset)
    dataset.SharedFunctionalGroupsSequence = Sequence([_shared_groups(dataset, series, volume)])
    dataset.PerFrameFunctionalGroupsSequence = Sequence(
        [_frame_groups(dataset, volume, index, number) for number, index in enumerate(kept, 1)]
    )
    dataset.NumberOfFrames = len(kept)
    scale = full_scale(series)
    set_pixels(dataset, np.stack([stored(volume.voxels[index], scale) for index in kept]))
    return dataset


def _item(**attributes: Any) -> Dataset:
    item = Dataset()
    for keyword, value in attributes.items():
        setattr(item, keyword, value)
    return item


def _code(value: str, meaning: str) -> Dataset:
    return _item(CodeValue=value, CodingSchemeDesignator="SCT", CodeMeaning=meaning)


def _describe(dataset: Dataset, series: Series) -> None:
    physics = PHYSICS[series.kind]
    stir = "InversionTime" in physics
    attributes = (
        _PULSE_SEQUENCE
        | _DESCRIPTION
        | {
            "ImageType": ["ORIGINAL", "PRIMARY", "STIR" if stir else "T1", "NONE"],
            "PulseSequenceName": "tir2d" if stir else "tse2d",
            "SpectrallySelectedSuppression": "NONE",
            "AcquisitionContrast": "STIR" if stir else "T1",
            "AcquisitionNumber": 1,
            "AcquisitionDateTime": f"{dataset.AcquisitionDate}{dataset.AcquisitionTime}",
            "AcquisitionDuration": 180.0,
            "ResonantNucleus": "1H",
            "KSpaceFiltering": "NONE",
            "MagneticFieldStrength": 1.5,
            "ApplicableSafetyStandardAgency": "IEC",
            "ContentQualification": "RESEARCH",
            "BurnedInAnnotation": "NO",
            "RecognizableVisualFeatures": "NO",
            "LossyImageCompression": "00",
            "PresentationLUTShape": "IDENTITY",
        }
    )
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    dataset.AcquisitionContextSequence = Sequence([])
    del dataset.AcquisitionDate, dataset.AcquisitionTime


def _dimensions(dataset: Dataset) -> None:
    organization = derived_uid(dataset.SeriesInstanceUID, "dimensions")
    dataset.DimensionOrganizationSequence = Sequence([_item(DimensionOrganizationUID=organization)])
    dataset.DimensionIndexSequence = Sequence(
        [
            _item(
                DimensionIndexPointer=pointer,
                FunctionalGroupPointer=_CONTENT,
                DimensionOrganizationUID=organization,
                DimensionDescriptionLabel=label,
            )
            for pointer, label in ((_STACK, "Stack ID"), (_IN_STACK, "In-Stack Position Number"))
        ]
    )


def _shared_groups(dataset: Dataset, series: Series, volume: Volume) -> Dataset:
    physics = PHYSICS[series.kind]
    stir = "InversionTime" in physics
    modifier = _item(
        InversionRecovery="YES" if stir else "NO",
        FlowCompensation="NONE",
        Spoiling="NONE",
        T2Preparation="NO",
        SpectrallySelectedExcitation="NONE",
        SpatialPresaturation="NONE",
        PartialFourier="NO",
        ParallelAcquisition="NO",
    )
    if stir:
        modifier.InversionTimes = [float(physics["InversionTime"])]
    timing = _item(
        RepetitionTime=physics["RepetitionTime"],
        FlipAngle=physics["FlipAngle"],
        EchoTrainLength=int(physics["EchoTrainLength"]),
        RFEchoTrainLength=int(physics["EchoTrainLength"]),
        GradientEchoTrainLength=0,
        SpecificAbsorptionRateSequence=Sequence(
            [_item(SpecificAbsorptionRateDefinition="IEC_WHOLE_BODY", SpecificAbsorptionRateValue=1.0)]
        ),
        GradientOutputType="DB_DT",
        GradientOutput=20.0,
        OperatingModeSequence=Sequence([_item(OperatingModeType="GRADIENT", OperatingMode="IEC_NORMAL")]),
    )
    frame_type = _item(
        FrameType=list(dataset.ImageType), AcquisitionContrast=dataset.AcquisitionContrast, **_DESCRIPTION
    )
    groups = {
        "MRImageFrameTypeSequence": frame_type,
        "PixelMeasuresSequence": _item(
            PixelSpacing=[decimal(spacing) for spacing in volume.pixel_spacing_mm],
            SliceThickness=decimal(series.thickness_mm),
            SpacingBetweenSlices=decimal(volume.slice_spacing_mm),
        ),
        "PlaneOrientationSequence": _item(
            ImageOrientationPatient=[decimal(v) for v in (*volume.row_direction, *volume.column_direction)]
        ),
        "FrameAnatomySequence": _item(
            FrameLaterality="B", AnatomicRegionSequence=Sequence([_code("39723000", "Sacroiliac joint")])
        ),
        "PixelValueTransformationSequence": _item(RescaleIntercept="0", RescaleSlope="1", RescaleType="US"),
        "FrameVOILUTSequence": _item(WindowCenter="1000", WindowWidth="2000"),
        "MRTimingAndRelatedParametersSequence": timing,
        "MREchoSequence": _item(EffectiveEchoTime=float(physics["EchoTime"])),
        "MRModifierSequence": modifier,
        "MRImagingModifierSequence": _item(
            MagnetizationTransfer="NONE",
            BloodSignalNulling="NO",
            Tagging="NONE",
            TransmitterFrequency=63.68,
            PixelBandwidth=physics["PixelBandwidth"],
        ),
        "MRFOVGeometrySequence": _item(
            InPlanePhaseEncodingDirection="ROW",
            MRAcquisitionFrequencyEncodingSteps=volume.shape[1],
            MRAcquisitionPhaseEncodingStepsInPlane=volume.shape[2],
            MRAcquisitionPhaseEncodingStepsOutOfPlane=1,
            PercentSampling="100",
            PercentPhaseFieldOfView="100",
        ),
        "MRReceiveCoilSequence": _item(
            ReceiveCoilName="Spine",
            ReceiveCoilManufacturerName="",
            ReceiveCoilType="SURFACE",
            QuadratureReceiveCoil="NO",
        ),
        "MRTransmitCoilSequence": _item(
            TransmitCoilName="Body", TransmitCoilManufacturerName="", TransmitCoilType="BODY"
        ),
        "MRAveragesSequence": _item(NumberOfAverages=physics["NumberOfAverages"]),
    }
    return _item(**{keyword: Sequence([item]) for keyword, item in groups.items()})


def _frame_groups(dataset: Dataset, volume: Volume, index: int, number: int) -> Dataset:
    content = _item(
        StackID="1",
        InStackPositionNumber=number,
        DimensionIndexValues=[1, number],
        FrameAcquisitionNumber=1,
        FrameReferenceDateTime=dataset.AcquisitionDateTime,
        FrameAcquisitionDateTime=dataset.AcquisitionDateTime,
        FrameAcquisitionDuration=180.0,
        TemporalPositionIndex=1,
    )
    position = _item(ImagePositionPatient=[decimal(v) for v in volume.positions_mm[index]])
    return _item(FrameContentSequence=Sequence([content]), PlanePositionSequence=Sequence([position]))
