"""What comes after a result: only images of a kind that is read start another analysis; two nodes come to rest."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from pydicom.dataset import FileDataset
from sqlalchemy import func, select

from config.destinations import DicomDestination
from config.settings import CompletionSettings, ReceiverSettings, Settings
from dicom_node.analyse import pipeline, worker
from dicom_node.analyse.wanted import wants
from dicom_node.deliver.making import make_destination
from dicom_node.deliver.outbox import Turn
from dicom_node.receive.storage_scp import Receiver
from inference.serving import BundleShelf, LoadedBundle
from inference.types import ModelIdentity
from storage import arrivals, runs, studies
from storage.objects import ObjectStore
from storage.session import Database
from storage.states import StudyState
from storage.tables import Instance, Result, Run, Study
from tests.factories.dicom import encode, image
from tests.factories.sender import association, store
from tests.factories.storage import fresh, open_destinations
from tests.factories.waiting import wait_until
from tests.programs import free_port

SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
MODELS = cast(LoadedBundle, SimpleNamespace(identity=ModelIdentity("sij-1", "1.0", "d" * 64), models={}))
SHELF = cast(BundleShelf, SimpleNamespace(bundle=lambda name, user: MODELS))
"""Enough of a bundle for a study that no network is asked about: one image without a place in the patient."""


@dataclass
class Site:
    """A node whose clock is turned by hand."""

    settings: Settings
    database: Database
    objects: ObjectStore
    destination: DicomDestination | None = None

    def receive(self, *data_sets: FileDataset) -> None:
        port = self.settings.receiver.port
        for one in data_sets:
            with association(port, (one.SOPClassUID, one.file_meta.TransferSyntaxUID)) as assoc:
                assert store(assoc, encode(one), instance=one.SOPInstanceUID, sop_class=one.SOPClassUID).status == 0

    def turn(self) -> int:
        """Complete what is quiet, do what waits, send what is due; how many runs that was."""
        done = 0
        for study in studies.receiving(self.database):
            wait_until(lambda study=study: not arrivals.still_sending(self.database, study.study_id), 60, "the end")  # type: ignore[misc]
            studies.mark_complete(
                self.database, study.study_id, image_count=study.image_count, sentence="Quiet.", wants=wants
            )
        while (claimed := runs.claim(self.database, "w", lease_s=60, wants=wants)) is not None:
            worker._context = worker._Context(self.settings, self.database, self.objects, SHELF)
            worker.analyse(claimed)
            done += 1
        if self.destination is not None:
            peer = make_destination(self.destination, self.settings)
            Turn(peer, self.settings.delivery, self.database, self.objects)()
        return done

    def count(self, table: type[Run] | type[Result] | type[Instance]) -> int:
        with self.database.read() as session:
            return session.scalar(select(func.count()).select_from(table)) or 0

    def state(self) -> StudyState:
        with self.database.read() as session:
            return session.scalars(select(Study.state)).one()


@contextmanager
def site(folder: Path, *, port: int, other: int = 0) -> Iterator[Site]:
    there = {"name": "other", "ae_title": "AXSPA", "host": "127.0.0.1", "port": other, "not_analysed": "always"}
    to = DicomDestination.model_validate(there) if other else None
    settings = Settings(
        data_dir=folder,
        receiver=ReceiverSettings(host="127.0.0.1", port=port, min_free_mb=0),
        completion=CompletionSettings(quiet_s=0),
        destinations=(to,) if to else (),
    )
    folder.mkdir()
    made = Site(settings, fresh(folder), ObjectStore(folder / "objects"), to)
    open_destinations(made.database, "other")
    receiver = Receiver(settings.receiver, made.database, made.objects)
    receiver.start()
    try:
        yield made
    finally:
        receiver.stop(drain_s=1)
        made.database.dispose()


@pytest.fixture(autouse=True)
def _keep_context(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "_context", None)


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Site]:
    """A node that has read a study and sends to nobody."""
    with site(tmp_path / "a", port=free_port()) as made:
        made.receive(image())
        assert made.turn() == 1
        yield made


def presentation_state() -> FileDataset:
    return image(2, SOPClassUID="1.2.840.10008.5.1.4.1.1.11.1", Modality="PR")


def key_object() -> FileDataset:
    return image(2, SOPClassUID="1.2.840.10008.5.1.4.1.1.88.59", Modality="KO")


def capture() -> FileDataset:
    return image(2, SOPClassUID=SECONDARY_CAPTURE, Modality="MR")


def derived() -> FileDataset:
    return image(2, series=2, ImageType=["DERIVED", "SECONDARY", "OTHER"])


def subtraction() -> FileDataset:
    return image(2, series=2, ImageType=["ORIGINAL", "PRIMARY", "SUB"])


def computed_tomography() -> FileDataset:
    return image(2, series=2, SOPClassUID="1.2.840.10008.5.1.4.1.1.2", Modality="CT")


def reformat() -> FileDataset:
    return image(2, series=2, ImageType=["DERIVED", "SECONDARY", "MPR"])


NOT_READ = [presentation_state, key_object, capture, derived, reformat, subtraction, computed_tomography]


@pytest.mark.parametrize("make", NOT_READ)
def test_what_is_not_read_starts_nothing(alone: Site, make: Callable[[], FileDataset]) -> None:
    before = alone.state()
    alone.receive(make())
    assert alone.turn() == 0
    assert (alone.count(Run), alone.count(Instance), alone.state()) == (1, 2, before)


@pytest.mark.parametrize("image_type", [None, ["ORIGINAL", "PRIMARY", "M"], ["DERIVED", "PRIMARY", "W"]])
def test_an_image_that_may_be_read_starts_a_run(alone: Site, image_type: list[str] | None) -> None:
    alone.receive(image(2, series=2, ImageType=image_type))
    assert alone.turn() == 1
    assert (alone.count(Run), alone.count(Result)) == (2, 2)


def test_the_results_of_another_node_start_nothing(alone: Site, analysed_phantom: pipeline.Outcome) -> None:
    """Every kind of object that this product makes, as another node's, within the study."""
    made = [one.dataset for one in analysed_phantom.outputs.objects]
    for one in made:
        one = one.copy()
        one.StudyInstanceUID = image().StudyInstanceUID
        alone.receive(one)
    assert alone.turn() == 0
    assert (alone.count(Run), alone.count(Instance)) == (1, 1 + len(made))


def test_two_nodes_that_send_to_each_other_come_to_rest(tmp_path: Path) -> None:
    ports = free_port(), free_port()
    with (
        site(tmp_path / "a", port=ports[0], other=ports[1]) as one,
        site(tmp_path / "b", port=ports[1], other=ports[0]) as two,
    ):
        one.receive(image())
        two.receive(image())
        began = [[one.turn(), two.turn()] for _ in range(6)]
        assert began == [[1, 1], *[[0, 0]] * 5]
        assert [node.count(Instance) for node in (one, two)] == [2, 2], "each has the image and the other's report"
        assert [node.count(Result) for node in (one, two)] == [1, 1]
