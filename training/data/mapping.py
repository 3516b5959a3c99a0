"""The mapping file of an import: which file is which contrast, mask, reader and patient, and under what terms."""

import re
import tomllib
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

PLACES = {"{scan}": r"(?P<scan>[^/]+?)", "{reader}": r"(?P<reader>[A-Za-z0-9]+)"}
SCAN, READER = "{scan}", "{reader}"


def pattern(text: str) -> re.Pattern[str]:
    """A regular expression of a pattern of paths: ``{scan}`` and ``{reader}`` are found, ``*`` is any name."""
    parts = re.split(r"(\{scan\}|\{reader\}|\*)", text)
    made = "".join(PLACES.get(part, "[^/]*" if part == "*" else re.escape(part)) for part in parts)
    return re.compile(made)


def _with_scan(text: str) -> str:
    if text.count(SCAN) != 1:
        raise ValueError(f"must hold {SCAN} once")
    return text


ScanPattern = Annotated[str, AfterValidator(_with_scan)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PictureMapping(_Table):
    """A folder of pictures with a CSV: names of the columns.

    Attributes
    ----------
    table : str
        Path of the CSV inside the folder.
    image, patient, mask, center, contrast, as_status, stage : str
        Columns; empty: the table has none.
    labels : tuple of str
        Further columns to take over: clinical variables, one column a reader, as many as there are.
    each_its_own_patient : bool
        What nobody has to say of the data, but where it is so: no two pictures are of the same patient.
    """

    table: str
    image: str
    patient: str = ""
    mask: str = ""
    center: str = ""
    contrast: str = ""
    as_status: str = ""
    stage: str = ""
    labels: tuple[str, ...] = ()
    each_its_own_patient: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that the table must have."""
        named = (self.image, self.patient, self.mask, self.center, self.contrast, self.as_status, self.stage)
        return tuple(name for name in (*named, *self.labels) if name)


class NiftiMapping(_Table):
    """A folder of NIfTI files: patterns of paths by contrast and mask.

    Attributes
    ----------
    contrasts, masks : dict of str to str
        As ``t1w = "{scan}/t1.nii.gz"``. A mask with ``{reader}`` becomes one label for each reader,
        ``inflammation = "{scan}/edema_{reader}.nii.gz"`` giving ``inflammation_R1`` and so on.
    """

    contrasts: dict[str, ScanPattern] = Field(min_length=1)
    masks: dict[str, ScanPattern] = {}


class PatientTable(_Table):
    """A CSV that says whose scan is whose, and what is known of each.

    Attributes
    ----------
    table : str
        Path of the CSV inside the folder.
    scan, patient, center : str
        Columns.
    labels : tuple of str
        Further columns to take over.
    """

    table: str
    scan: str = "scan"
    patient: str = "patient"
    center: str = ""
    labels: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that the table must have."""
        return tuple(name for name in (self.scan, self.patient, self.center, *self.labels) if name)


class DicomMapping(_Table):
    """DICOM studies with segmentations.

    Attributes
    ----------
    segments : dict of str to str
        From tracking identifier or label of a segment to the name of a mask, for segments that the node did not name.
    automatic : bool
        Whether masks that a program made, and nobody corrected, are learned from.
    """

    segments: dict[str, str] = {}
    automatic: bool = False


class Mapping(_Table):
    """What a mapping file says.

    Attributes
    ----------
    name, source, terms, center : str
        Of the data set; source and terms reach card and manifest of every bundle that is made of it.
    pseudonyms : bool
        Whether names of scans and patients are replaced by pseudonyms; False where they are pseudonyms already.
    """

    name: str = ""
    source: str = ""
    terms: str = ""
    center: str = ""
    pseudonyms: bool = True
    pictures: PictureMapping | None = None
    nifti: NiftiMapping | None = None
    patients: PatientTable | None = None
    dicom: DicomMapping = DicomMapping()


def read_mapping(path: Path) -> Mapping:
    """Read a mapping file.

    Raises
    ------
    ValueError
        It is no TOML, or says something that a mapping does not know.
    """
    try:
        content: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        return Mapping.model_validate(content)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path.name} is no TOML file: {error}") from error
    except ValidationError as error:
        said = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise ValueError(f"{path.name} cannot be followed: {said}") from error
