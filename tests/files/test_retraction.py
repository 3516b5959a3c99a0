"""A delivered result is taken back: who may, what is still sent, and what destinations are told."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pydicom
import pytest
from sqlalchemy import select

from config.destinations import DicomDestination
from config.errors import Final
from config.settings import DeliverySettings, Settings
from dicom_node.analyse.pipeline import Outcome as Analysed
from dicom_node.cli import main
from dicom_node.deliver.outbox import Turn
from dicom_node.deliver.retractions import tell_destinations
from dicom_node.testing import FakeDestination
from storage import audit, resending, results, retraction
from storage.objects import ObjectStore
from storage.session import Database
from storage.states import StudyState
from storage.tables import Delivery, Result, ResultObject, Study
from tests.factories.delivering import stored_objects
from tests.factories.storage import claim, fresh, result_of
from tests.programs import Need, dciodvfy_errors

KO, TEXT = "1.2.840.10008.5.1.4.1.1.88.59", "1.2.840.10008.5.1.4.1.1.88.22"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = fresh(tmp_path)
    yield made
    made.dispose()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The archive obeys rejection notes, the mail does not."""
    places = [
        DicomDestination(name=name, ae_title="A", host="h", port=104, honors_rejection=name == "archive")
        for name in ("archive", "mail")
    ]
    return Settings(data_dir=tmp_path, destinations=tuple(places))


@pytest.fixture
def objects(database: Database, tmp_path: Path, analysed_phantom: Analysed) -> ObjectStore:
    """The analysed phantom, delivered to both."""
    store, claimed = ObjectStore(tmp_path / "objects"), claim(database, 1)
    new = replace(result_of(claimed), objects=stored_objects(store, analysed_phantom.outputs.objects))
    results.save(database, claimed, new, destinations=("archive", "mail"))
    for name in ("archive", "mail"):
        Turn(FakeDestination(name), DeliverySettings(), database, store)()
    return store


def told(database: Database) -> dict[str, ResultObject]:
    """By destination, what waits for it."""
    waiting = select(Delivery.destination, ResultObject).join(ResultObject).where(Delivery.attempts == 0)
    with database.read() as session:
        return {name: made for name, made in session.execute(waiting)}


def test_each_destination_is_told_in_the_way_that_it_understands(
    database: Database, settings: Settings, objects: ObjectStore, need_program: Need
) -> None:
    with database.read() as session:
        sent = {row.sop_instance_uid: row for row in session.scalars(select(ResultObject))}
    assert retraction.retract(database, 1, reason="The sides were swapped.", actor="ada") == 2 * len(sent)
    tell_destinations(settings, database, objects)
    tell_destinations(settings, database, objects)
    made = told(database)
    assert {name: one.sop_class_uid for name, one in made.items()} == {"archive": KO, "mail": TEXT}
    note, report = (pydicom.dcmread(objects.path(made[name].path_key)) for name in ("archive", "mail"))
    assert note.ConceptNameCodeSequence[0].CodeValue == "113001"
    references = [item.ReferencedSOPSequence[0] for item in note.ContentSequence if "ReferencedSOPSequence" in item]
    assert {one.ReferencedSOPInstanceUID for one in references} == set(sent)
    first = next(item for item in report.ContentSequence if item.RelationshipType == "CONTAINS").ContentSequence
    assert first[0].TextValue.startswith("WITHDRAWN: the result of revision 1")
    assert first[1].TextValue == "The sides were swapped."
    before = report.PredecessorDocumentsSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence[0]
    assert sent[before.ReferencedSOPInstanceUID].kind == "sr-text"
    for dataset in (note, report):
        assert dataset.PatientID and dataset.SOPInstanceUID not in sent
    for one in made.values():
        assert dciodvfy_errors(need_program, objects.path(one.path_key)) == []


def test_a_result_that_was_taken_back_is_not_sent_again(database: Database, objects: ObjectStore) -> None:
    retraction.retract(database, 1, reason="Another patient.", actor="ada")
    with pytest.raises(Final, match="RESULT_RETRACTED"):
        resending.resend(database, 1, destinations=["archive"], actor="ada")
    with pytest.raises(Final, match="RESULT_RETRACTED"):
        retraction.retract(database, 1, reason="Again.", actor="ada")
    last = list(audit.rows(database))[-1]
    assert (last.actor, last.action) == ("ada", "result.retract")
    with database.read() as session:
        assert session.scalars(select(Study.state)).one() is StudyState.DONE


@pytest.mark.parametrize(
    ("number", "reason", "code"),
    [(1, " ", "REASON_MISSING"), (9, "Why.", "RESULT_UNKNOWN"), (1, "Why.", "NOT_DELIVERED")],
)
def test_what_never_left_is_not_taken_back_and_a_reason_is_needed(
    database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str], number: int, reason: str, code: str
) -> None:
    claimed = claim(database, 1)
    results.save(database, claimed, result_of(claimed), destinations=("archive",))
    config = tmp_path / "axspa.toml"
    config.write_text(f'data_dir = "{tmp_path}"\n')
    assert main(["retract", str(number), "--reason", reason, "--config", str(config)]) == 1
    assert code in capsys.readouterr().err
    with database.read() as session:
        assert session.scalars(select(Result.retracted_by)).one() == ""
