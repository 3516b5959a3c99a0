"""Objects of the classes that are made on request, as highdicom makes them: for checks that go by the class."""

from collections.abc import Mapping
from datetime import datetime
from io import BytesIO
from typing import Any

import highdicom as hd
import numpy as np
import pydicom
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.uid import EncapsulatedPDFStorage, ExplicitVRLittleEndian

from inference.result import Analysis
from reporting.findings import Checked
from reporting.writer import encode

WHEN = datetime(2026, 3, 1, 10, 0, 0)
EQUIPMENT: Mapping[str, str] = {
    "manufacturer": "axspa-node",
    "manufacturer_model_name": "axspa-node",
    "device_serial_number": "1",
    "software_versions": "1",
}


def sources_of(analysis: Analysis) -> list[Dataset]:
    """Images of the first series, with what they lack as empty values."""
    read = [pydicom.dcmread(image.path) for image in analysis.images[0].sources]
    for image in read:
        for keyword in ("StudyID", "AccessionNumber", "PatientBirthDate", "PatientSex", "ReferringPhysicianName"):
            if keyword not in image:
                setattr(image, keyword, "")
    return read


def identified(number: int) -> dict[str, Any]:
    """UIDs and numbers of a series of one instance."""
    return {
        "series_instance_uid": hd.UID(),
        "series_number": 900 + number,
        "sop_instance_uid": hd.UID(),
        "instance_number": 1,
    }


def key_objects(images: list[Dataset]) -> Dataset:
    """A Key Object Selection of two images."""
    content = hd.ko.KeyObjectSelection(
        document_title=codes.DCM.OfInterest, referenced_objects=images[:2], description="Where it is seen best"
    )
    made: Dataset = hd.ko.KeyObjectSelectionDocument(
        evidence=images[:2], content=content, **identified(10), manufacturer="axspa-node", institution_name=None
    )
    return made


def presentation(images: list[Dataset]) -> Dataset:
    """A Grayscale Softcopy Presentation State with one outline on one image."""
    points = np.array([[5.0, 5.0], [20.0, 5.0], [20.0, 20.0], [5.0, 5.0]])
    layer = hd.pr.GraphicLayer("OUTLINES", order=1)
    outline = hd.pr.GraphicAnnotation(
        referenced_images=images[:1],
        graphic_layer=layer,
        graphic_objects=[hd.pr.GraphicObject("POLYLINE", points, units="PIXEL")],
    )
    made: Dataset = hd.pr.GrayscaleSoftcopyPresentationState(
        referenced_images=images[:1],
        content_label="OUTLINES",
        **identified(11),
        **EQUIPMENT,
        graphic_layers=[layer],
        graphic_annotations=[outline],
        voi_lut_transformations=[hd.pr.SoftcopyVOILUTTransformation(window_center=300.0, window_width=600.0)],
    )
    made.BodyPartExamined = "PELVIS"
    return made


def document(images: list[Dataset]) -> Dataset:
    """An Encapsulated PDF made from one image; the shell of a page alone."""
    made = Dataset()
    for keyword in ("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyInstanceUID", "StudyDate"):
        setattr(made, keyword, images[0].get(keyword, ""))
    for keyword in ("StudyTime", "StudyID", "AccessionNumber", "ReferringPhysicianName"):
        setattr(made, keyword, images[0].get(keyword, ""))
    made.SOPClassUID, made.SOPInstanceUID, made.SeriesInstanceUID = EncapsulatedPDFStorage, hd.UID(), hd.UID()
    made.Modality, made.SeriesNumber, made.InstanceNumber = "DOC", 912, 1
    made.SpecificCharacterSet = "ISO_IR 192"
    made.Manufacturer, made.ConversionType = "axspa-node", "WSD"
    made.ContentDate, made.ContentTime, made.AcquisitionDateTime = "20260301", "100000", "20260301100000"
    made.BurnedInAnnotation, made.DocumentTitle = "YES", "AI report"
    made.ConceptNameCodeSequence = [hd.sr.CodedConcept("18748-4", "LN", "Diagnostic Imaging Report")]
    made.MIMETypeOfEncapsulatedDocument, made.EncapsulatedDocument = "application/pdf", b"%PDF-1.4\n%%EOF\n\n"
    made.EncapsulatedDocumentLength = 15
    reference = Dataset()
    reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = (
        images[0].SOPClassUID,
        images[0].SOPInstanceUID,
    )
    made.SourceInstanceSequence = [reference]
    made.file_meta = pydicom.dataset.FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return made


def parametric_map(images: list[Dataset]) -> Dataset:
    """A Parametric Map of numbers from 0 to 1, with the anatomy of its frames."""
    rows, columns = images[0].Rows, images[0].Columns
    mapping = hd.pm.RealWorldValueMapping(
        lut_label="HEAT",
        lut_explanation="From 0 to 1",
        unit=codes.UCUM.NoUnits,
        value_range=(0.0, 1.0),
        slope=1.0,
        intercept=0.0,
    )
    made: Dataset = hd.pm.ParametricMap(
        images,
        np.linspace(0, 1, len(images) * rows * columns, dtype=np.float32).reshape(len(images), rows, columns),
        **identified(13),
        **EQUIPMENT,
        contains_recognizable_visual_features=False,
        real_world_value_mappings=[mapping],
        window_center=0.5,
        window_width=1.0,
        content_label="HEAT",
    )
    made.BodyPartExamined = "PELVIS"
    return made


REQUESTED = {"ko": key_objects, "pr": presentation, "pdf": document, "pm": parametric_map}


def checked(kind: str, dataset: Dataset) -> Checked:
    """An object as the gate reads it back."""
    return Checked(kind, pydicom.dcmread(BytesIO(encode(dataset))))
