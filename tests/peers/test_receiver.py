"""The receiver, and DCMTK's storescu."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from storage.tables import AssociationOutcome, Event, Study
from tests.factories.dicom import write_images
from tests.factories.sender import Running, associations_of, instances, receiver_process
from tests.factories.waiting import wait_until
from tests.programs import ENVIRONMENT, Need, storescu


@pytest.fixture(scope="module")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with receiver_process(tmp_path_factory.mktemp("receiver")) as running:
        yield running


def test_dcmtk_sends_a_study_and_the_timeline_says_so_once(
    receiver: Running, need_program: Need, tmp_path: Path
) -> None:
    study = "1.2.840.3.1"
    files = write_images(tmp_path, range(20), study=study)
    for _ in range(2):
        assert storescu(need_program, files, receiver.port).returncode == 0
    assert len(instances(receiver, study)) == 20

    def lines() -> list[str]:
        with receiver.database.read() as session:
            query = select(Event.sentence).join(Study).where(Study.study_instance_uid == study).order_by(Event.id)
            return list(session.scalars(query))

    assert wait_until(lambda: len(lines()) == 3 and lines(), what="the line of the second association") == [
        "The first image came from STORESCU.",
        "20 new images came from STORESCU.",
        "0 new images came from STORESCU, and 20 that we had.",
    ]
    sent = [row for row in associations_of(receiver, "STORESCU") if row.stored or row.duplicates]
    assert [(row.stored, row.duplicates, row.refused) for row in sent] == [(20, 0, 0), (0, 20, 0)]
    assert {row.outcome for row in sent} == {AssociationOutcome.RELEASED}


def test_storescu_against_the_receiver_loses_nothing_when_it_breaks_off(
    receiver: Running, need_program: Need, tmp_path: Path
) -> None:
    study = "1.2.840.23.1"
    files = write_images(tmp_path, range(200), study=study)
    command = [need_program("storescu"), "-R", "-aet", "BREAKS", "127.0.0.1", str(receiver.port), *map(str, files)]
    sender = subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until(lambda: len(instances(receiver, study)) > 5, what="some images")
    sender.kill()
    sender.wait()
    (visit,) = wait_until(
        lambda: [row for row in associations_of(receiver, "BREAKS") if row.ended_at], what="the association to end"
    )
    assert visit.outcome is AssociationOutcome.ABORTED
    assert visit.stored == len(instances(receiver, study))
    assert storescu(need_program, files, receiver.port).returncode == 0
    assert len(instances(receiver, study)) == 200
