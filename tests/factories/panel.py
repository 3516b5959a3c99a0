"""A node's database as real work leaves it, for the panel's tests: the storage functions write every row."""

import atexit
import functools
import io
import math
import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from PIL import Image, ImageDraw

from config.destinations import DicomDestination
from config.settings import PanelSettings, ReceiverSettings, Settings
from storage import associations, deliveries, heartbeats, results, runs, studies, users
from storage.associations import Peer, Refusal
from storage.attempts import Attempt
from storage.objects import ObjectStore
from storage.results import NewObject, NewPicture, NewResult
from storage.session import Database
from storage.tables import DeliveryState, ResultStatus
from tests.factories.storage import fresh
from tests.factories.summaries import MakeSummary, refused, sacroiliac

ADMIN, READER, PASSWORD = "ada", "rosalind", "correct horse battery"
MR = "1.2.840.10008.5.1.4.1.1.4"
EXPLICIT = "1.2.840.10008.1.2.1"


@dataclass(frozen=True)
class Place:
    """The parts of one test node."""

    settings: Settings
    database: Database
    objects: ObjectStore


def make_place(folder: Path, **panel: object) -> Place:
    """An empty node with two users and two destinations."""
    settings = Settings(
        data_dir=folder,
        receiver=ReceiverSettings(min_free_mb=1),
        panel=PanelSettings(**panel),
        destinations=(
            DicomDestination(name="PACS", ae_title="ORTHANC", host="127.0.0.1", port=4242),
            DicomDestination(name="workstation", ae_title="WEASIS", host="127.0.0.1", port=11113),
        ),
    )
    shutil.copy(_fresh_database(), folder / "axspa.sqlite")
    return Place(settings, Database(settings.database_url), ObjectStore(folder / "objects"))


@functools.cache
def _fresh_database() -> Path:
    """A migrated database with the two users, made once for all tests."""
    path = Path(tempfile.mkdtemp(prefix="axspa-panel-")) / "axspa.sqlite"
    database = fresh(path.parent)
    users.add(database, ADMIN, PASSWORD, role="admin", actor="test")
    users.add(database, READER, PASSWORD, role="reader", actor="test")
    database.dispose()
    atexit.register(shutil.rmtree, path.parent, ignore_errors=True)
    return path


def receive(place: Place, number: int, *, name: str, at: datetime, images: int = 6, description: str = "MR SIJ") -> int:
    """A study with its images, and its number in the database."""
    study_uid = f"1.2.3.{number}"
    peer = Peer(
        host="10.0.0.7", port=40000 + number, calling_ae="PACS_MR", called_ae="AXSPA", implementation="DCM4CHE3"
    )
    association = associations.opened(place.database, peer)
    study_id = 0
    for index in range(images):
        stored = place.objects.put(
            "images", study_uid, name=f"{number}-{index}", content=[f"image {number} {index}".encode()], suffix=".dcm"
        )
        recording = studies.record_instance(
            place.database,
            studies.IncomingImage(
                study_instance_uid=study_uid,
                series_instance_uid=f"{study_uid}.{1 + index % 2}",
                sop_instance_uid=f"{study_uid}.{1 + index % 2}.{index}",
                sop_class_uid=MR,
                transfer_syntax_uid=EXPLICIT,
                sha256=stored.sha256,
                size_bytes=217_000,
                path_key=stored.key,
                modality="MR",
                patient_id=f"P{number:05d}",
                patient_name=name,
                birth_date="19850412",
                sex="F" if number % 2 else "M",
                accession_number=f"A{number}",
                study_date="20260131",
                description=description,
                calling_ae="PACS_MR",
                association_id=association,
            ),
            at=at,
        )
        study_id = recording.study_id
    counts = associations.Counts(stored=images, received_bytes=images * 217_000)
    associations.closed(place.database, association, counts, outcome=associations.AssociationOutcome.RELEASED)
    return study_id


def complete(place: Place, study_id: int, *, images: int, at: datetime) -> runs.ClaimedRun:
    """Take a study as complete and claim it."""
    sentence = f"No image has come for 60 s; the study is taken as complete with {images} images."
    assert studies.mark_complete(place.database, study_id, image_count=images, sentence=sentence, at=at)
    claimed = runs.claim(place.database, "worker-1", lease_s=900, now=at + timedelta(seconds=1))
    assert claimed is not None and claimed.study_id == study_id
    return claimed


def save_result(
    place: Place,
    claimed: runs.ClaimedRun,
    *,
    at: datetime,
    stage: str = "Early",
    status: ResultStatus = ResultStatus.COMPLETE,
    findings: tuple[dict[str, str], ...] = (),
    slices: int = 9,
    make_summary: MakeSummary = sacroiliac,
) -> int:
    """Save a result with objects and pictures; `make_summary` is one of :mod:`tests.factories.summaries`."""
    pictures = [] if status is ResultStatus.NOT_APPLICABLE else _pictures(place, claimed, slices)
    if status is ResultStatus.NOT_APPLICABLE:
        headline = "Not analysed: no series shows the sacroiliac joints in a semicoronal plane as needed."
    else:
        headline = (
            "Bone marrow edema at the joints: right 0.1 ml, left 2.3 ml; ASAS rule: met (left). "
            "AI class (AS yes/no): pattern suggestive of axial spondyloarthritis. "
            f"Stage: {stage} (0.62)."
        )
    if status is ResultStatus.NOT_APPLICABLE:
        summary = refused(headline)
    else:
        summary = make_summary(stage, slices, {one.name for one in pictures}, headline)
    kinds = (
        ["sr-text"] if status is ResultStatus.NOT_APPLICABLE else ["sr-edema", "seg-joints", "sr-text", "sc-summary"]
    )
    result = NewResult(
        status=status,
        headline=headline,
        started_at=at,
        finished_at=at + timedelta(seconds=5.4),
        model_name="sij-1",
        model_version="1.0.0",
        model_digest="ab" * 32,
        software_version="0.1.0",
        summary=summary,
        findings=findings,
        timings_s={"select": 0.31, "region": 2.2, "joints": 0.9, "report": 1.3},
        objects=[_object(place, claimed, kind) for kind in kinds],
        pictures=pictures,
    )
    names = [destination.name for destination in place.settings.destinations]
    number = results.save(place.database, claimed, result, destinations=names, now=at + timedelta(seconds=6))
    assert number is not None
    return number


def deliver(
    place: Place, destination: str, *, at: datetime, state: DeliveryState, status: int | None, comment: str
) -> None:
    """One attempt at all that is due at a destination."""
    due = deliveries.due(place.database, destination, now=at)
    again = at + timedelta(minutes=2) if state is DeliveryState.WAITING else None
    code = "STORED" if state is DeliveryState.DELIVERED else "CONNECTION_REFUSED"
    attempts = [Attempt(row.delivery_id, state, status, code, comment, again) for row in due]
    deliveries.record(place.database, attempts, now=at)


def fill(place: Place, *, now: datetime | None = None, slices: int = 9) -> dict[str, int]:
    """A node after a morning's work: one study in each state that matters, by a word for it."""
    now = now or datetime.now(UTC)
    found = {}
    early = now - timedelta(hours=2)
    found["done"] = receive(place, 1, name="Yamada^Tarou=山田^太郎=やまだ^たろう", at=early)
    save_result(
        place,
        complete(place, found["done"], images=6, at=early + timedelta(seconds=61)),
        at=early + timedelta(seconds=62),
        slices=slices,
    )
    for name in ("PACS", "workstation"):
        deliver(place, name, at=early + timedelta(seconds=70), state=DeliveryState.DELIVERED, status=0, comment="")
    at = now - timedelta(hours=1)
    found["undelivered"] = receive(place, 2, name="Люкceмбypг^Polina", at=at)
    save_result(
        place,
        complete(place, found["undelivered"], images=6, at=at + timedelta(seconds=61)),
        at=at + timedelta(seconds=62),
        stage="Advanced",
        slices=slices,
    )
    deliver(
        place, "PACS", at=at + timedelta(seconds=70), state=DeliveryState.DELIVERED, status=0xB000, comment="coerced"
    )
    deliver(
        place,
        "workstation",
        at=at + timedelta(seconds=71),
        state=DeliveryState.REFUSED,
        status=0xA900,
        comment="no such SOP class here",
    )
    at = now - timedelta(minutes=40)
    found["held"] = receive(place, 3, name="Hong^Gildong=洪^吉洞=홍^길동", at=at)
    fault = {"code": "IDENTITY_MIXED", "sentence": "The source images name two patients.", "object": "study"}
    save_result(
        place,
        complete(place, found["held"], images=6, at=at + timedelta(seconds=61)),
        at=at + timedelta(seconds=62),
        status=ResultStatus.HELD,
        findings=(fault,),
        slices=slices,
    )
    at = now - timedelta(minutes=30)
    found["not_applicable"] = receive(place, 4, name="Doe^Jane^Q^Dr.", at=at, description="MR prostate")
    save_result(
        place,
        complete(place, found["not_applicable"], images=6, at=at + timedelta(seconds=61)),
        at=at + timedelta(seconds=62),
        status=ResultStatus.NOT_APPLICABLE,
    )
    for name in ("PACS", "workstation"):
        deliver(place, name, at=at + timedelta(seconds=70), state=DeliveryState.DELIVERED, status=0, comment="")
    at = now - timedelta(minutes=12)
    found["sending"] = receive(place, 5, name="Noether^Emmy", at=at)
    save_result(
        place,
        complete(place, found["sending"], images=6, at=at + timedelta(seconds=61)),
        at=at + timedelta(seconds=62),
        stage="Moderate",
        slices=slices,
    )
    deliver(place, "PACS", at=at + timedelta(seconds=70), state=DeliveryState.DELIVERED, status=0, comment="")
    deliver(
        place,
        "workstation",
        at=at + timedelta(seconds=70),
        state=DeliveryState.WAITING,
        status=None,
        comment="The connection was refused.",
    )
    found["receiving"] = receive(place, 6, name="", at=now - timedelta(seconds=20))
    stranger = Peer(host="10.0.0.99", port=51000, calling_ae="STRANGER", called_ae="AXSPA", implementation="")
    associations.refused(
        place.database,
        stranger,
        outcome=associations.AssociationOutcome.REJECTED,
        reason="The calling AE title is not among those that may send.",
    )
    refusal = Refusal(
        status=0xA900, code="UID_MISMATCH", reason="The data set is another object than the command named.",
        sop_class_uid=MR, sop_instance_uid="1.2.3.4.5", study_instance_uid="1.2.3.6",
    )  # fmt: skip
    associations.refuse_image(place.database, stranger, refusal)
    for name in ("receiver", "coordinator"):
        heartbeats.beat(place.database, name, detail={"running": 0})
    return found


def _object(place: Place, claimed: runs.ClaimedRun, kind: str) -> NewObject:
    classes = {
        "seg-joints": "1.2.840.10008.5.1.4.1.1.66.4",
        "sc-summary": "1.2.840.10008.5.1.4.1.1.7",
        "sr-text": "1.2.840.10008.5.1.4.1.1.88.22",
        "sr-edema": "1.2.840.10008.5.1.4.1.1.88.34",
    }
    words = {
        "seg-joints": "joint areas",
        "sc-summary": "summary",
        "sr-text": "text report",
        "sr-edema": "edema outlines",
    }
    uid = f"2.25.{claimed.study_id}{claimed.deployment_id}{claimed.revision}{list(classes).index(kind) + 1}"
    stored = place.objects.put("results", uid, name=kind, content=[f"{kind} {uid}".encode()], suffix=".dcm")
    return NewObject(kind, f"AI {words[kind]}", classes[kind], uid, f"{uid}.1", EXPLICIT, stored)


def _pictures(place: Place, claimed: runs.ClaimedRun, slices: int) -> list[NewPicture]:
    found = []
    for pane in ("t1", "fluid"):
        for index in range(slices):
            found.append(_picture(place, claimed, f"{pane}/base/{index:03d}.jpg", _slice(pane, index, slices)))
        layer = "joints" if pane == "t1" else "edema"
        for index in range(2, slices - 2):
            found.append(_picture(place, claimed, f"{pane}/{layer}/{index:03d}.png", _overlay(layer, index, slices)))
    return found


def _picture(place: Place, claimed: runs.ClaimedRun, name: str, image: Image.Image) -> NewPicture:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG" if name.endswith("jpg") else "PNG")
    group = f"{claimed.study_instance_uid} {claimed.revision}"
    stored = place.objects.put("pictures", group, name=name, content=[buffer.getvalue()], suffix=name[-4:])
    return NewPicture(name, "image/jpeg" if name.endswith("jpg") else "image/png", stored)


def _slice(pane: str, index: int, slices: int) -> Image.Image:
    bright, dark = (150, 60) if pane == "t1" else (70, 120)
    image = Image.new("L", (336, 336), 10)
    draw = ImageDraw.Draw(image)
    grow = 40 * math.sin(math.pi * (index + 1) / (slices + 1))
    draw.ellipse((20, 60 - grow / 2, 316, 290 + grow / 2), fill=dark)
    draw.ellipse((60, 80, 276, 240 + grow), fill=bright)
    for x in (118, 214):
        draw.line((x, 110, x + (18 if x < 168 else -18), 220 + grow / 2), fill=20, width=4)
    draw.text((8, 8), f"{pane} {index + 1}", fill=200)
    return image


def _overlay(layer: str, index: int, slices: int) -> Image.Image:
    image = Image.new("RGBA", (336, 336), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    if layer == "joints":
        draw.line((118, 110, 136, 225), fill=(122, 226, 130, 255), width=3)
        draw.line((214, 110, 196, 225), fill=(255, 209, 84, 255), width=3)
    else:
        draw.ellipse((216, 150, 246, 150 + 8 * index), fill=(255, 98, 88, 140), outline=(255, 98, 88, 255))
    return image
