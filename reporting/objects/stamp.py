"""What every result object carries, whatever its kind: identity, RESEARCH, time, and the equipment that made it.

References
----------
PS3.3 C.7.5.1 and C.7.5.2 (General and Enhanced General Equipment), C.12.1 (SOP Common).
"""

from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime, timedelta

from highdicom import ContributingEquipment
from highdicom.coding_schemes import CodingSchemeIdentificationItem
from pydicom.dataset import Dataset
from pydicom.tag import Tag

from inference.dicom import Losses
from inference.result import Key, Site
from inference.types import ImageHeader, ModelIdentity
from reporting.language import Language
from reporting.objects import codes
from reporting.objects.legal import as_ds, legal_code_string, legal_text
from reporting.objects.letters import source_text
from reporting.objects.sources import EQUIPMENT
from reporting.sites import site_key
from reporting.types import KindRow, Predecessor
from reporting.uids import ResultUids, derived_uid

MANUFACTURER = "axspa-node"
MODEL_NAME = "axspa-node (research software)"
LONG_STRING_LIMIT = 64
_PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
_GEOMETRY = frozenset(
    map(
        Tag,
        ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SliceThickness", "SpacingBetweenSlices"),
    )
)


@dataclass(frozen=True, slots=True)
class ResultContext:
    """What all objects of one result share.

    Attributes
    ----------
    uids : ResultUids
        Of this result alone.
    application : Key
    study_instance_uid : str
    revision : int
        Of the study's results, from 1.
    model : ModelIdentity
    software_version : str
        Version of this software.
    started : datetime
        Start of the analysis, on the clock of the source.
    identity : Dataset
        From :func:`reporting.objects.identity.take_identity`.
    header : Dataset
        Header of one source image, for the scanner's name.
    tracking_seed : str
        From :func:`reporting.uids.tracking_seed`.
    language : Language
        Of all words.
    losses : Losses or None
        How the images that were read had been compressed with loss; None where none had.
    series_base : int
        Number from which the series numbers of this result are counted.
    predecessors : tuple of Predecessor
        Reports that the reports of this result follow.
    """

    uids: ResultUids
    application: Key
    study_instance_uid: str
    revision: int
    model: ModelIdentity
    software_version: str
    started: datetime
    identity: Dataset
    header: Dataset
    tracking_seed: str
    language: Language
    losses: Losses | None = None
    series_base: int = 900
    predecessors: tuple[Predecessor, ...] = ()

    @property
    def software_versions(self) -> list[str]:
        """Version of this software, and name and version of the bundle."""
        return [clip(part) for part in (self.software_version, self.model_words) if part]

    @property
    def model_words(self) -> str:
        """Name and version of the bundle; without one, the application."""
        return clip(f"{self.model.name} {self.model.version}".strip() or self.application)

    @property
    def serial_number(self) -> str:
        """Beginning of the model's digest: there is no other serial number."""
        return self.model.digest[:16] or "none"

    @property
    def device_uid(self) -> str:
        """UID of the algorithm as a device; changes whenever the bundle does, never with the study."""
        model = self.model
        return derived_uid("device", model.digest or f"{self.application} {model.name} {model.version}")

    def tracking_uid(self, key: Key, site: Site | None = None) -> str:
        """UID by which one thing at one site is followed over revisions and over a patient's studies."""
        where = () if site is None else (site.anatomy, site.side or "", site.level)
        return derived_uid("tracking", self.tracking_seed, self.application, key, *where)


def tracking_identifier(key: Key, site: Site | None = None) -> str:
    """The name beside a tracking UID, the same in segmentations and reports."""
    return f"AXSPA-{site_key(key, site).upper()}"


def image_tracking_uid(tracking_uid: str, image: ImageHeader, *, part: int = 1) -> str:
    """UID of a part of one thing in one image, counted from 1, from the UID by which the thing is followed."""
    further = () if part == 1 else (part,)
    return derived_uid("tracking", tracking_uid, image.sop_instance_uid, image.frame or "", *further)


def clip(text: str, limit: int = LONG_STRING_LIMIT) -> str:
    """Text cut to the length its data type allows, without the characters DICOM gives a meaning."""
    clean = " ".join(text.replace("\\", "/").split())
    return clean if len(clean) <= limit else clean[: limit - 3].rstrip() + "..."


def coding_schemes() -> list[CodingSchemeIdentificationItem]:
    """The declaration of the local coding scheme."""
    return [
        CodingSchemeIdentificationItem(
            designator=codes.LOCAL_SCHEME,
            name=codes.LOCAL_SCHEME_NAME,
            responsible_organization=codes.LOCAL_SCHEME_ORGANIZATION,
        )
    ]


def stamp(dataset: Dataset, context: ResultContext, row: KindRow, *, description: str) -> None:
    """Write on a result what all results carry; last step of every builder.

    Parameters
    ----------
    dataset : Dataset
        Object as highdicom or a builder made it, with placeholders for the patient. Changed in place.
    context : ResultContext
    row : KindRow
        Of its kind: says which time its series has.
    description : str
        Series description.
    """
    for element in context.identity:
        dataset[element.tag] = deepcopy(element)
    dataset.SeriesDescription = clip(description)
    dataset.Manufacturer = MANUFACTURER
    dataset.ManufacturerModelName = MODEL_NAME
    dataset.DeviceSerialNumber = context.serial_number
    dataset.SoftwareVersions = context.software_versions
    dataset.ContentQualification = "RESEARCH"
    dataset.ContentDate, dataset.ContentTime = _date_time(context.started)
    dataset.InstanceCreationDate, dataset.InstanceCreationTime = dataset.ContentDate, dataset.ContentTime
    if row.later_s is not None:
        dataset.SeriesDate, dataset.SeriesTime = _date_time(context.started + timedelta(seconds=row.later_s))
    dataset.ContributingEquipmentSequence = [_scanner(context), _algorithm(context)]
    if context.losses is not None and any(keyword in dataset for keyword in _PIXELS):
        _set_losses(dataset, context.losses)
    _round_geometry(dataset)


def _set_losses(dataset: Dataset, losses: Losses) -> None:
    """Pixels that come of lossy ones are lossy, though they lose nothing themselves (PS3.3 C.7.6.1.1.5)."""
    dataset.LossyImageCompression = "01"
    if losses.methods:
        dataset.LossyImageCompressionMethod = [legal_code_string(one) for one in losses.methods]
    if losses.ratios:
        dataset.LossyImageCompressionRatio = as_ds(losses.ratios)


def _round_geometry(dataset: Dataset) -> None:
    """Places and distances without the digits that arithmetic left behind."""
    for element in dataset:
        if element.VR == "SQ":
            for item in element.value:
                _round_geometry(item)
        elif element.tag in _GEOMETRY and not element.is_empty:
            values = as_ds(element.value if element.VM > 1 else [element.value])
            element.value = values if element.VM > 1 else values[0]


def _date_time(at: datetime) -> tuple[str, str]:
    return at.strftime("%Y%m%d"), at.strftime("%H%M%S.%f")


def _scanner(context: ResultContext) -> Dataset:
    said = {keyword: legal_text(source_text(context.header, keyword), "LO") for keyword in EQUIPMENT}
    item = ContributingEquipment(
        manufacturer=said.pop("Manufacturer") or "unknown", purpose_of_reference=codes.ACQUISITION_EQUIPMENT
    )
    for keyword, value in said.items():
        if value:
            setattr(item, keyword, value)
    return item


def _algorithm(context: ResultContext) -> Dataset:
    item = ContributingEquipment(
        manufacturer=MANUFACTURER,
        purpose_of_reference=codes.PROCESSING_EQUIPMENT,
        manufacturer_model_name=context.model_words,
        software_versions=None,
        device_serial_number=context.serial_number,
        contribution_datetime=context.started.replace(tzinfo=None),
        contribution_description=context.language.say("not-verified"),
    )
    item.SoftwareVersions = context.software_versions
    item.DeviceUID = context.device_uid
    return item
