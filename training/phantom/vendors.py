"""How four makers of scanners name and describe the sequences of a sacroiliac protocol."""

from dataclasses import dataclass
from typing import Any

Attributes = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Vendor:
    """Names and habits of one maker.

    Attributes
    ----------
    equipment : dict
        Attributes of the General Equipment module.
    names : dict
        Series description for each kind of series: "t1", "fluid", "scout", "axial", "mpr".
    sequences : dict
        Further attributes for each kind of series.
    """

    equipment: Attributes
    names: dict[str, str]
    sequences: dict[str, Attributes]


# Physics of each kind of series, the same for every maker.
PHYSICS: dict[str, Attributes] = {
    "t1": {
        "ScanningSequence": "SE",
        "SequenceVariant": "SK",
        "MRAcquisitionType": "2D",
        "RepetitionTime": "610",
        "EchoTime": "9.1",
        "EchoTrainLength": "3",
        "FlipAngle": "150",
        "NumberOfAverages": "2",
        "PixelBandwidth": "180",
    },
    "fluid": {
        "ScanningSequence": ["SE", "IR"],
        "SequenceVariant": "SK",
        "MRAcquisitionType": "2D",
        "RepetitionTime": "4200",
        "EchoTime": "56",
        "InversionTime": "150",
        "EchoTrainLength": "13",
        "FlipAngle": "150",
        "NumberOfAverages": "2",
        "PixelBandwidth": "200",
    },
    "scout": {
        "ScanningSequence": "GR",
        "SequenceVariant": "SP",
        "MRAcquisitionType": "2D",
        "RepetitionTime": "8.6",
        "EchoTime": "4",
        "EchoTrainLength": "1",
        "FlipAngle": "20",
        "NumberOfAverages": "1",
        "PixelBandwidth": "320",
    },
    "axial": {
        "ScanningSequence": "SE",
        "SequenceVariant": "SK",
        "MRAcquisitionType": "2D",
        "RepetitionTime": "3900",
        "EchoTime": "95",
        "EchoTrainLength": "17",
        "FlipAngle": "150",
        "NumberOfAverages": "1",
        "PixelBandwidth": "190",
    },
}
PHYSICS["mpr"] = PHYSICS["t1"]

VENDORS: dict[str, Vendor] = {
    "siemens": Vendor(
        {
            "Manufacturer": "SIEMENS",
            "ManufacturerModelName": "Avanto",
            "DeviceSerialNumber": "00000",
            "SoftwareVersions": "syngo MR B17",
        },
        {
            "t1": "t1_tse_cor_obl_ISG",
            "fluid": "t2_tirm_cor_obl_ISG",
            "scout": "localizer",
            "axial": "t2_tse_tra_obl_ISG",
            "mpr": "t1_tse_cor_obl_ISG_MPR_cor",
        },
        {
            "t1": {"SequenceName": "*tse2d1_3", "ScanOptions": ""},
            "fluid": {"SequenceName": "*tir2d1_13", "ScanOptions": "IR"},
            "scout": {"SequenceName": "*fl2d1", "ScanOptions": ""},
            "axial": {"SequenceName": "*tse2d1_17", "ScanOptions": ""},
            "mpr": {"SequenceName": "*tse2d1_3", "ScanOptions": ""},
        },
    ),
    "philips": Vendor(
        {
            "Manufacturer": "Philips Medical Systems",
            "ManufacturerModelName": "Ingenia",
            "DeviceSerialNumber": "00000",
            "SoftwareVersions": ["5.7.1", "5.7.1.2"],
        },
        {
            "t1": "Cor Obl T1 TSE SIJ",
            "fluid": "Cor Obl STIR SIJ",
            "scout": "Survey",
            "axial": "Ax Obl T2 TSE SIJ",
            "mpr": "MPR Cor T1 TSE",
        },
        {
            "t1": {"ScanOptions": "OTHER"},
            "fluid": {"ScanOptions": ["FS", "OTHER"]},
            "scout": {"ScanOptions": "OTHER"},
            "axial": {"ScanOptions": "OTHER"},
            "mpr": {"ScanOptions": "OTHER"},
        },
    ),
    "ge": Vendor(
        {
            "Manufacturer": "GE MEDICAL SYSTEMS",
            "ManufacturerModelName": "SIGNA Artist",
            "DeviceSerialNumber": "00000",
            "SoftwareVersions": ["29", "LX", "MR Software release:MR29.1"],
        },
        {
            "t1": "OBL COR T1 FSE",
            "fluid": "OBL COR STIR",
            "scout": "3 Plane Loc",
            "axial": "OBL AX T2 FSE",
            "mpr": "REFORMAT COR",
        },
        {
            "t1": {"ScanOptions": ["FAST_GEMS", "EDR_GEMS", "TRF_GEMS", "FC_FREQ_AX_GEMS"]},
            "fluid": {"ScanOptions": ["FAST_GEMS", "IR_GEMS", "EDR_GEMS", "TRF_GEMS"]},
            "scout": {"ScanOptions": "FAST_GEMS"},
            "axial": {"ScanOptions": ["FAST_GEMS", "EDR_GEMS", "TRF_GEMS"]},
            "mpr": {"ScanOptions": "FAST_GEMS"},
        },
    ),
    "canon": Vendor(
        {
            "Manufacturer": "CANON_MEC",
            "ManufacturerModelName": "Vantage Orian",
            "DeviceSerialNumber": "00000",
            "SoftwareVersions": "V6.0",
        },
        {
            "t1": "FSE T1W Semi-Coronal SIJ",
            "fluid": "STIR Semi-Coronal SIJ",
            "scout": "Locator",
            "axial": "FSE T2W Oblique-Axial",
            "mpr": "T1W MPR COR",
        },
        {
            "t1": {"SequenceName": "FSE+5", "ScanOptions": ""},
            "fluid": {"SequenceName": "FastSTIR+13", "ScanOptions": ""},
            "scout": {"SequenceName": "FFE", "ScanOptions": ""},
            "axial": {"SequenceName": "FSE+17", "ScanOptions": ""},
            "mpr": {"SequenceName": "FSE+5", "ScanOptions": ""},
        },
    ),
}
