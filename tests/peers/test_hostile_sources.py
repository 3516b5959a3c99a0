"""Headers as scanners, gateways and people leave them: the whole path gives objects without an error, or says why not.

One row is one condition, in both series of a small study. Of what a row gives, the gate must find nothing, and dciodvfy
no error but those that the source brings itself and that nobody may mend: its UIDs, and its Patient ID.
"""

import random
import re
import subprocess
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom.dataset import Dataset, FileDataset

from inference.dicom import tolerant
from reporting.writer import write
from tests.factories.sources import Chain, as_enhanced_files, chain, rewrite, text_of, write_study
from tests.programs import Need, dciodvfy_errors

LONG = "A name of many letters, as a machine writes it that was set up in a hurry and never seen again"
Change = Callable[[list[Path]], list[Path]]


def code(**values: str) -> list[Dataset]:
    """A sequence of one coded procedure."""
    item = Dataset()
    for keyword, value in values.items():
        setattr(item, keyword, value)
    return [item]


@dataclass(frozen=True)
class Row:
    """A condition of the source and what must come of it.

    Attributes
    ----------
    values : dict
        Attributes of every header; None: it is missing.
    change : callable or None
        What happens to the files of the T1-weighted series.
    identity : dict
        What every object must hold; None: it must not have the attribute.
    masks : bool
        There are segmentations. There are words, always.
    said : tuple of str
        Words of the text report.
    own_errors : str
        Of dciodvfy: what the source brings itself.
    """

    values: dict[str, Any] = field(default_factory=dict)
    change: Change | None = None
    identity: dict[str, Any] = field(default_factory=dict)
    masks: bool = True
    said: tuple[str, ...] = ()
    own_errors: str = "nothing"


def each(how: Callable[[FileDataset, int], object]) -> Change:
    """A change of every file, by its place among them."""

    def changed(paths: list[Path]) -> list[Path]:
        for number, path in enumerate(paths):
            rewrite([path], lambda dataset, number=number: how(dataset, number))
        return paths

    return changed


def overwritten(old: bytes, new: bytes) -> Change:
    """Bytes in place of others, which no library would write."""

    def changed(paths: list[Path]) -> list[Path]:
        for path in paths:
            content = path.read_bytes()
            assert old in content
            path.write_bytes(content.replace(old, new))
        return paths

    return changed


def moved_mm(by: Callable[[int], float]) -> Change:
    """Planes moved along the front-to-back axis."""

    def move(dataset: FileDataset, number: int) -> None:
        x, y, z = dataset.ImagePositionPatient
        dataset.ImagePositionPatient = [x, y + by(number), z]

    return each(move)


def doubled(paths: list[Path]) -> list[Path]:
    """The first plane a second time, as another instance at the same place."""

    def rename(dataset: FileDataset) -> None:
        dataset.SOPInstanceUID += ".9"
        dataset.InstanceNumber = 99

    copy = paths[0].with_name("copy.dcm")
    copy.write_bytes(paths[0].read_bytes())
    return [*paths, *rewrite([copy], rename)]


def with_a_scout(paths: list[Path]) -> list[Path]:
    """An axial plane within the series."""

    def turn(dataset: FileDataset) -> None:
        dataset.SOPInstanceUID += ".8"
        dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]

    copy = paths[0].with_name("scout.dcm")
    copy.write_bytes(paths[0].read_bytes())
    return [*paths, *rewrite([copy], turn)]


def with_a_stranger(paths: list[Path]) -> list[Path]:
    """An image of another study among the files."""
    copy = paths[0].with_name("stranger.dcm")
    copy.write_bytes(paths[0].read_bytes())
    return [*paths, *rewrite([copy], lambda dataset: setattr(dataset, "StudyInstanceUID", "1.2.3.4"))]


def shuffled(paths: list[Path]) -> list[Path]:
    """File names and instance numbers in another order than the slices."""
    numbers = random.Random(5).sample(range(len(paths)), len(paths))
    for path, number in zip(paths, numbers, strict=True):
        rewrite([path], lambda dataset, number=number: setattr(dataset, "InstanceNumber", number + 1))
    return [path.rename(path.with_name(f"s{number:02d}.dcm")) for path, number in zip(paths, numbers, strict=True)]


EMPTY = dict.fromkeys(("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyID", "AccessionNumber"), "")
ROWS: dict[str, Row] = {
    "what must be there is missing": Row(
        dict.fromkeys((*EMPTY, "StudyDate", "StudyTime", "SliceThickness")), identity={**EMPTY, "StudyDate": ""}
    ),
    "what may be missing is": Row(
        dict.fromkeys(("ReferringPhysicianName", "SeriesNumber", "InstanceNumber", "PositionReferenceIndicator"))
    ),
    "no frame of reference": Row({"FrameOfReferenceUID": None}, masks=False, said=("no frame of reference",)),
    "no pixel spacing, an aspect ratio": Row(
        {"PixelSpacing": None, "PixelAspectRatio": [2, 3]}, masks=False, said=("Not analysed",)
    ),
    "no orientation": Row({"ImageOrientationPatient": None}, masks=False, said=("Not analysed",)),
    "dates and times in old forms": Row(
        {"PatientBirthDate": "1980.01.02", "StudyDate": "2026-03-04", "StudyTime": "10:15:00"},
        identity={"PatientBirthDate": "19800102", "StudyDate": "20260304", "StudyTime": "101500"},
    ),
    "a year for a birth date": Row(
        {"PatientBirthDate": "1990"}, identity={"PatientBirthDate": ""}, said=("left empty here: Patient's Birth Date",)
    ),
    "a sex in small letters": Row({"PatientSex": "f"}, identity={"PatientSex": "F"}),
    "a sex that DICOM does not know": Row(
        {"PatientSex": "X"}, identity={"PatientSex": ""}, said=("left empty here: Patient's Sex",)
    ),
    "ages": Row({"PatientAge": "45y"}, identity={"PatientAge": "045Y"}),
    "no age": Row({"PatientAge": "old"}, identity={"PatientAge": None}),
    "numbers with the digits of arithmetic": Row(
        {"PatientWeight": "71.30000000000279", "PatientSize": "1.7000000000001", "SliceThickness": "3.3000000002790"},
        identity={"PatientWeight": "71.3", "PatientSize": "1.7"},
    ),
    "words for numbers": Row(
        {"PatientWeight": "987.125", "PatientSize": ""},
        change=overwritten(b"987.125", b"heavy  "),
        identity={"PatientWeight": None, "PatientSize": None},
    ),
    "code strings in small letters": Row(
        {"BodyPartExamined": "si joint", "PatientIdentityRemoved": "yes", "DeidentificationMethod": "by hand"},
        identity={"PatientIdentityRemoved": "YES"},
    ),
    "a description of 95 letters": Row(
        {"StudyDescription": LONG, "SeriesDescription": "t1_tse_obl cor " + LONG},
        identity={"StudyDescription": LONG[:61] + "..."},
    ),
    "a description of two values": Row(
        {"StudyDescription": ["SI joints", "pelvis"]}, identity={"StudyDescription": "SI joints/pelvis"}
    ),
    "a name of 80 letters": Row(
        {"PatientName": "B" * 80 + "^Anna"},
        identity={"PatientName": "B" * 64},
        said=("shortened here: Patient's Name",),
    ),
    "a name of six components": Row({"PatientName": "A^B^C^D^E^F"}, identity={"PatientName": "A^B^C^D^E F"}),
    "a patient's number of 70 signs": Row(
        {"PatientID": "7" * 70},
        identity={"PatientID": "7" * 70},
        said=("kept as it is: Patient ID",),
        own_errors="Patient ID|Value Representations",
    ),
    "an order's number of 20 signs": Row(
        {"AccessionNumber": "2026-0000-0000-00017", "StudyID": "9" * 17},
        identity={"AccessionNumber": "", "StudyID": ""},
        said=("left empty here: Accession Number, Study",),
    ),
    "an order's number of two values": Row(
        {"AccessionNumber": ["17", "18"]}, identity={"AccessionNumber": ""}, said=("left empty here: Accession Number",)
    ),
    "a UID with leading zeros": Row(
        {"StudyInstanceUID": "1.2.003.4"},
        identity={"StudyInstanceUID": "1.2.003.4"},
        own_errors="Study Instance UID|Value Representations",
    ),
    "a code of 20 signs and a meaning of 95": Row(
        {"ProcedureCodeSequence": code(CodeValue="M" * 20, CodingSchemeDesignator="99H", CodeMeaning=LONG)}
    ),
    "a code without a meaning": Row(
        {"ProcedureCodeSequence": code(CodeValue="MR1", CodingSchemeDesignator="99H")},
        identity={"ProcedureCodeSequence": None},
    ),
    "a control character": Row({"StudyDescription": "SI\x07 joints"}, identity={"StudyDescription": "SI joints"}),
    "files in another order": Row(change=shuffled),
    "slices in the opposite order": Row(change=lambda paths: shuffled(paths[::-1])),
    "planes that jitter by 0.2 mm": Row(change=moved_mm(lambda number: 0.2 * (number % 2))),
    "a slice that is missing": Row(
        change=lambda paths: [path for path in paths if not path.name.endswith("004.dcm")], masks=True
    ),
    "a place taken twice": Row(change=doubled),
    "an axial plane among the others": Row(change=with_a_scout),
    "an image of another study": Row(change=with_a_stranger),
    "one enhanced multi-frame object": Row(change=as_enhanced_files),
    "pixels that are not square": Row({"PixelSpacing": ["1.2", "1.8"], "PixelAspectRatio": [2, 3]}),
}  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Chain]:
    """What becomes of the study of a row, which is gone through once."""
    known: dict[str, Chain] = {}

    def of(name: str) -> Chain:
        if name not in known:
            row = ROWS[name]
            with tolerant():
                paths = write_study(tmp_path_factory.mktemp("row"), fluid=False, **row.values)
                paths = row.change(paths) if row.change else paths
            with warnings.catch_warnings():
                warnings.simplefilter("error")  # the words of pydicom quote values
                known[name] = chain(paths)
        return known[name]

    return of


@pytest.mark.parametrize("name", ROWS)
def test_what_comes_of_a_source(made: Callable[[str], Chain], name: str) -> None:
    row, result = ROWS[name], made(name)
    assert result.findings == ()
    assert "sr-text" in result.kinds
    assert any(kind.startswith("seg-") for kind in result.kinds) is row.masks
    text = text_of(result.objects("sr-text")[0])
    assert all(words in text for words in row.said), text
    for item in result.outputs.objects:
        assert item.dataset.SpecificCharacterSet == "ISO_IR 192"
        for keyword, value in row.identity.items():
            if value is None:
                assert keyword not in item.dataset
            else:
                assert str(item.dataset[keyword].value or "") == value


@pytest.mark.parametrize("name", ROWS)
def test_dciodvfy_finds_no_error_that_is_not_the_sources_own(
    made: Callable[[str], Chain], name: str, tmp_path: Path, need_program: Need
) -> None:
    for item in made(name).outputs.objects:
        write(item.dataset, tmp_path / "x.dcm")
        errors = dciodvfy_errors(need_program, tmp_path / "x.dcm")
        assert [line for line in errors if not re.search(ROWS[name].own_errors, line)] == []


def test_nothing_is_said_of_a_source_that_is_in_order(tmp_path: Path) -> None:
    text = text_of(chain(write_study(tmp_path, fluid=False)).objects("sr-text")[0])
    assert not any(words in text for words in ("left empty", "shortened", "kept as it is", "compressed with loss"))


NAMES = {
    "Latin-1": ("ISO_IR 100", "latin-1", "Buc^Jérôme", "MR Kreuzbein, schräg"),
    "Cyrillic": ("ISO_IR 144", "iso8859-5", "Люксембург^Анна", "МРТ крестца"),
    "Greek": ("ISO_IR 126", "iso8859-7", "Διονυσιος^Ελένη", "Ιερολαγόνιες"),
    "Arabic": ("ISO_IR 127", "iso8859-6", "قباني^لنزار", "الحوض"),
    "Japanese, escaped": ("\\ISO 2022 IR 87", "iso2022_jp", "Haruyama^Tarou=春山^太郎=はるやま^たろう", "仙腸関節"),
    "Japanese, half width": ("ISO_IR 13", "shift_jis", "ﾔﾏﾀﾞ^ﾀﾛｳ", "ｺﾂﾊﾞﾝ"),
    "Chinese": ("GB18030", "gb18030", "Wang^XiaoDong=王^小东", "骶髂关节"),
    "UTF-8": ("ISO_IR 192", "utf-8", "Hong^Gildong=洪^吉洞=홍^길동", "骨盤 MR"),
    "UTF-8 without a word": (None, "utf-8", "Иванов^Иван", "Крестец"),
    "Latin-1 without a word": (None, "latin-1", "Müller^Jürgen", "Kreuzbein, schräg"),
    "Latin-1 said to be UTF-8": ("ISO_IR 192", "latin-1", "Müller^Jürgen", "Kreuzbein, schräg"),
    "UTF-8 said to be unheard of": ("ISO_IR 9999", "utf-8", "Buc^Jérôme", "bassin, côté"),
    "Cyrillic, misspelled": ("ISO-IR 144", "iso8859-5", "Люксембург^Анна", "МРТ крестца"),
}  # fmt: skip


def spell(paths: list[Path], charset: str | None, values: dict[str, bytes]) -> list[Path]:
    """Files whose text is these bytes, whatever character set they name."""
    for path in paths:
        dataset = pydicom.dcmread(path)
        dataset.SpecificCharacterSet = charset.split("\\") if charset is not None else None
        if charset is None:
            del dataset.SpecificCharacterSet
        fillers = {}
        for letter, (keyword, raw) in zip("QXZ", values.items(), strict=False):
            fillers[letter * max(12, len(raw) + len(raw) % 2)] = raw
            setattr(dataset, keyword, letter * max(12, len(raw) + len(raw) % 2))
        dataset.ProcedureCodeSequence = code(
            CodeValue="MR1", CodingSchemeDesignator="99H", CodeMeaning=dataset.StudyDescription
        )
        dataset.save_as(path, enforce_file_format=True)
        content = path.read_bytes()
        for filler, raw in fillers.items():
            content = content.replace(filler.encode(), raw.ljust(len(filler)))
        path.write_bytes(content)
    return paths


@pytest.mark.parametrize("script", NAMES)
def test_names_come_back_letter_for_letter(tmp_path: Path, script: str, need_program: Need) -> None:
    charset, encoding, name, words = NAMES[script]
    values = {"PatientName": name.encode(encoding), "StudyDescription": words.encode(encoding)}
    with tolerant():
        paths = spell(write_study(tmp_path, fluid=False), charset, values)
        result = chain(paths)
    assert result.findings == ()
    assert len(result.kinds) > 1
    for item in result.outputs.objects:
        write(item.dataset, tmp_path / "x.dcm")
        read = pydicom.dcmread(tmp_path / "x.dcm")
        said = (str(read.PatientName), read.StudyDescription, read.ProcedureCodeSequence[0].CodeMeaning)
        assert said == (name, words, words)
        dump = subprocess.run(
            [need_program("dcmdump"), "-q", *("+P", "PatientName", "+P", "StudyDescription"), str(tmp_path / "x.dcm")],
            capture_output=True, check=True,
        ).stdout.decode("utf-8")  # fmt: skip
        assert f"[{name}]" in dump
        assert f"[{words}]" in dump
        assert dciodvfy_errors(need_program, tmp_path / "x.dcm") == []
