"""The receiver as a process, against senders of every kind."""

import hashlib
import os
import random
import signal
import socket
import sqlite3
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pydicom
import pytest
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)
from pynetdicom.dimse_primitives import C_STORE
from sqlalchemy import select

from storage import studies
from storage.tables import Association, AssociationOutcome, Event, Instance, Study, StudyState
from tests.factories.dicom import ENHANCED_MR, MR, encode, image, set_bytes, uid
from tests.factories.sender import (
    Answer,
    Running,
    association,
    associations_of,
    data_set_of,
    echo,
    instances,
    last_refused,
    not_dicom,
    pdu,
    raw_exchange,
    receiver_process,
    store,
    store_one,
)
from tests.factories.waiting import wait_until

HTJ2K = "1.2.840.10008.1.2.4.201"
JPEG_2000 = "1.2.840.10008.1.2.4.90"
SEG = "1.2.840.10008.5.1.4.1.1.66.4"
PRIVATE_CLASS = "1.3.12.2.1107.5.9.1"  # Siemens CSA Non-Image
FIND = "1.2.840.10008.5.1.4.1.2.2.1"


@pytest.fixture(scope="module")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with receiver_process(tmp_path_factory.mktemp("receiver")) as running:
        yield running


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A receiver that soon drops who says nothing."""
    with receiver_process(tmp_path_factory.mktemp("hasty"), idle_timeout_s=2.0) as running:
        yield running


@pytest.mark.parametrize(
    ("sop_class", "syntax"),
    [
        (MR, ExplicitVRLittleEndian),
        (MR, ImplicitVRLittleEndian),
        (MR, ExplicitVRBigEndian),
        (MR, JPEG_2000),
        (MR, HTJ2K),
        (ENHANCED_MR, ExplicitVRLittleEndian),
        (SEG, ExplicitVRLittleEndian),
        (PRIVATE_CLASS, ExplicitVRLittleEndian),
    ],
)
def test_every_class_and_syntax_is_stored_as_it_came(receiver: Running, sop_class: str, syntax: str) -> None:
    study = uid(sop_class, str(syntax))
    made = image(1, study=study, SOPClassUID=sop_class)
    data = encode(made, implicit=syntax == ImplicitVRLittleEndian, little=syntax != ExplicitVRBigEndian)
    with association(receiver.port, (sop_class, syntax)) as assoc:
        answer = store(assoc, data, instance=made.SOPInstanceUID, sop_class=sop_class, syntax=syntax)
    assert answer == Answer(0x0000)
    (row,) = instances(receiver, study)
    assert (row.sop_class_uid, row.transfer_syntax_uid) == (sop_class, str(syntax))
    assert data_set_of(receiver, row) == data
    stored = pydicom.dcmread(receiver.objects.path(row.path_key))
    assert stored.file_meta.TransferSyntaxUID == syntax
    assert stored.StudyInstanceUID == study


def test_a_deflated_data_set_is_stored_deflated(receiver: Running) -> None:
    import zlib

    made = image(1, study="1.2.840.2.1")
    deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    data = deflate.compress(encode(made)) + deflate.flush()
    with association(receiver.port, (MR, DeflatedExplicitVRLittleEndian)) as assoc:
        answer = store(assoc, data, instance=made.SOPInstanceUID, syntax=DeflatedExplicitVRLittleEndian)
    assert answer == Answer(0x0000)
    (row,) = instances(receiver, "1.2.840.2.1")
    assert data_set_of(receiver, row) == data


def test_other_content_under_a_known_uid_is_refused_and_kept_apart(receiver: Running) -> None:
    study = "1.2.840.4.1"
    assert store_one(receiver.port, image(1, study=study)).status == 0x0000
    first = receiver.objects.read(instances(receiver, study)[0].path_key)
    answer = store_one(receiver.port, image(1, study=study, PatientID="P-2"))
    assert answer.status == 0x0111
    assert "quarantine" in last_refused(receiver).reason
    (row,) = instances(receiver, study)
    assert receiver.objects.read(row.path_key) == first
    refused = last_refused(receiver)
    assert refused.path_key is not None
    assert refused.path_key.startswith("quarantine/")
    assert pydicom.dcmread(receiver.objects.path(refused.path_key)).PatientID == "P-2"
    with receiver.database.read() as session:
        codes = set(session.scalars(select(Event.code).join(Study).where(Study.study_instance_uid == study)))
    assert "DUPLICATE_DIFFERS" in codes


def test_a_corrected_image_of_a_held_study_takes_the_place_of_the_wrong_one_which_is_kept(receiver: Running) -> None:
    study = "1.2.840.5.7"
    assert store_one(receiver.port, image(1, study=study)).status == 0x0000
    assert store_one(receiver.port, image(2, study=study, PatientID="P-2")).status == 0x0000
    wrong = instances(receiver, study)[1].path_key
    assert store_one(receiver.port, image(2, study=study)).status == 0x0000
    first, second = instances(receiver, study)
    assert pydicom.dcmread(receiver.objects.path(second.path_key)).PatientID == (
        pydicom.dcmread(receiver.objects.path(first.path_key)).PatientID
    )
    kept = receiver.objects.path(wrong.replace("images/", "quarantine/"))
    assert pydicom.dcmread(kept).PatientID == "P-2"
    assert not receiver.objects.path(wrong).exists()


def test_an_image_that_an_earlier_version_stored_is_the_same_image(receiver: Running) -> None:
    study = "1.2.840.5.8"
    assert store_one(receiver.port, image(1, study=study)).status == 0x0000
    (row,) = instances(receiver, study)
    path = receiver.objects.path(row.path_key)
    older = path.read_bytes().replace(b"AXSPA_NODE", b"AXSPA_OLD_")
    path.write_bytes(older)
    with receiver.database.write() as session:
        session.get_one(Instance, row.id).sha256 = hashlib.sha256(older).hexdigest()
    assert store_one(receiver.port, image(1, study=study)).status == 0x0000
    assert store_one(receiver.port, image(1, study=study, PatientID="P-2")).status == 0x0111
    assert path.read_bytes() == older


def test_an_object_of_any_size_takes_no_memory(tmp_path: Path) -> None:
    with receiver_process(tmp_path, min_free_mb=0) as running:
        assert store_one(running.port, image(1)).status == 0x0000
        before = peak_mb(running.process.pid)
        large = image(2)
        set_bytes(large, bytes(120_000_000))
        assert store_one(running.port, large).status == 0x0000
        assert peak_mb(running.process.pid) - before < 40
        assert instances(running, "1.2.826.7")[1].size_bytes > 120_000_000


def peak_mb(pid: int) -> float:
    """The most memory that a process ever had."""
    return int(Path(f"/proc/{pid}/status").read_text().split("VmHWM:")[1].split()[0]) / 1000


@pytest.mark.filterwarnings("ignore::UserWarning")  # pydicom does not like to write what is sent here
@pytest.mark.parametrize(
    ("values", "status", "code"),
    [
        ({"StudyInstanceUID": None}, 0xC000, "UID_MISSING"),
        ({"SeriesInstanceUID": ""}, 0xC000, "UID_MISSING"),
        ({"StudyInstanceUID": "../../../etc/passwd"}, 0xC000, "UID_INVALID"),
        ({"StudyInstanceUID": "1." * 40 + "1"}, 0xC000, "UID_INVALID"),
        ({"SeriesInstanceUID": "1.2.drop table"}, 0xC000, "UID_INVALID"),
    ],
)
def test_an_image_without_usable_uids_is_refused_and_kept(
    receiver: Running, values: dict[str, str | None], status: int, code: str
) -> None:
    made = image(1, study="1.2.840.5.1", **values)
    assert store_one(receiver.port, made).status == status
    refused = last_refused(receiver)
    assert (refused.status, refused.code, refused.calling_ae) == (status, code, "PACS")
    assert refused.path_key is not None
    assert len(receiver.objects.read(refused.path_key)) > 0
    assert instances(receiver, "1.2.840.5.1") == []


def test_a_data_set_that_is_not_what_its_command_says_is_refused(receiver: Running) -> None:
    made = image(1, study="1.2.840.6.1")
    with association(receiver.port) as assoc:
        answer = store(assoc, encode(made), instance="1.2.3.4.5")
    assert answer.status == 0xA900
    assert last_refused(receiver).code == "UIDS_DIFFER"


def test_noise_as_a_data_set_is_refused_and_the_association_lives_on(receiver: Running) -> None:
    noise = random.Random(7).randbytes(5000)
    good = image(2, study="1.2.840.7.1")
    with association(receiver.port) as assoc:
        assert store(assoc, noise, instance="1.2.840.7.9").status == 0xC000
        assert store(assoc, encode(good), instance=good.SOPInstanceUID).status == 0x0000


def test_a_store_whose_data_set_never_comes_ends_its_association_and_no_other(hasty: Running) -> None:
    with association(hasty.port) as assoc:
        assert store(assoc, b"", instance="1.2.840.7.9").status is None
        assert echo(hasty.port)


def test_a_store_that_announces_no_data_set_is_answered_and_its_association_goes_on(receiver: Running) -> None:
    request = C_STORE()
    request.MessageID, request.Priority = 7, 2
    request.AffectedSOPClassUID, request.AffectedSOPInstanceUID = MR, "1.2.840.7.9"
    with association(receiver.port) as assoc:
        assoc._reactor_checkpoint.clear()
        assoc.dimse.send_msg(request, assoc.accepted_contexts[0].context_id)
        _, answer = assoc.dimse.get_msg(block=True)
        assoc._reactor_checkpoint.set()
        assert answer is not None and answer.Status == 0xC000
        assert store(assoc, encode(image(3)), instance=image(3).SOPInstanceUID) == Answer(0x0000)


@pytest.mark.parametrize(
    ("charset", "raw", "shown"),
    [
        ("ISO_IR 192", "山田^太郎".encode(), "山田^太郎"),
        ("\\ISO 2022 IR 149", b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7", "Hong^Gildong=洪^吉洞"),
        ("ISO_IR 144", "Люкceмбypг".encode("iso8859_5"), "Люкceмбypг"),
        ("NO SUCH SET", b"Plain^Name", "Plain^Name"),
        ("ISO_IR 192", b"Bro\xff\xfeken^Name", ""),
    ],
)
def test_names_in_any_script_come_in_and_odd_ones_block_nothing(
    receiver: Running, charset: str, raw: bytes, shown: str
) -> None:
    study = uid(charset, raw)
    made = image(1, study=study)
    del made.SpecificCharacterSet, made.PatientName
    data = encode(made)
    value = charset.encode() + b" " * (len(charset) % 2)
    name = raw + b" " * (len(raw) % 2)
    charset_element = b"\x08\x00\x05\x00CS" + len(value).to_bytes(2, "little") + value
    name_element = b"\x10\x00\x10\x00PN" + len(name).to_bytes(2, "little") + name
    place = data.index(b"\x10\x00\x20\x00LO")
    with association(receiver.port) as assoc:
        answer = store(
            assoc, charset_element + data[:place] + name_element + data[place:], instance=made.SOPInstanceUID
        )
    assert answer.status == 0x0000
    with receiver.database.read() as session:
        found = session.scalars(select(Study).where(Study.study_instance_uid == study)).one()
    assert found.patient_name == shown if shown else "Bro" in found.patient_name
    assert data_set_of(receiver, instances(receiver, study)[0]).count(raw) == 1


def test_a_query_is_not_our_service_and_the_refused_context_is_recorded(receiver: Running) -> None:
    with association(receiver.port, (MR, ExplicitVRLittleEndian), (FIND, ExplicitVRLittleEndian), calling="ASKS") as a:
        assert a.is_established
        assert [str(context.abstract_syntax) for context in a.rejected_contexts] == [FIND]
    (row,) = wait_until(lambda: associations_of(receiver, "ASKS"), what="the association's row")
    assert [context["sop_class"] for context in row.rejected_contexts] == [FIND]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200), "TLS"),
        (random.Random(1).randbytes(1000), "does not speak DICOM"),
        (pdu(1, 0xFFFFFFFF, bytes(1000)), "no complete association request"),
        (pdu(1, 100, bytes(100)), "no complete association request"),
        (pdu(4, 20, bytes(20)), "no complete association request"),
    ],
)
def test_what_is_no_association_is_recorded_and_harms_nobody(hasty: Running, data: bytes, reason: str) -> None:
    before = len(not_dicom(hasty))
    raw_exchange(hasty.port, data)
    reasons = wait_until(lambda: len(not_dicom(hasty)) > before and not_dicom(hasty), what=f"the record of {reason}")
    assert reason in reasons[-1]
    assert echo(hasty.port)


def test_a_tls_client_is_told_by_the_record_what_is_wrong(receiver: Running) -> None:
    before = len(not_dicom(receiver))
    context = ssl.create_default_context()
    with (
        socket.create_connection(("127.0.0.1", receiver.port), timeout=10) as plain,
        pytest.raises((ssl.SSLError, OSError)),
    ):
        context.wrap_socket(plain, server_hostname="localhost")
    reasons = wait_until(lambda: len(not_dicom(receiver)) > before and not_dicom(receiver), what="the record")
    assert "speaks TLS on the plain port" in reasons[-1]


def test_slow_peers_are_dropped_and_hold_nobody_up(hasty: Running) -> None:
    slow = [socket.create_connection(("127.0.0.1", hasty.port), timeout=60) for _ in range(20)]
    for connection in slow:
        connection.sendall(pdu(1, 1000)[:4])
    assert echo(hasty.port)
    for connection in slow:
        while connection.recv(100):  # raises where nobody ends the connection
            pass
        connection.close()


def test_idle_connections_cost_nothing(receiver: Running) -> None:
    process = psutil.Process(receiver.process.pid)
    held = [association(receiver.port, timeout_s=60) for _ in range(20)]
    opened = [item.__enter__() for item in held]
    before = sum(process.cpu_times()[:2])
    time.sleep(1.5)
    used = sum(process.cpu_times()[:2]) - before
    for assoc in opened:
        assoc.abort()
    assert used < 0.75  # half a core would be pynetdicom's own polling


def test_rules_for_ae_titles_and_numbers_reject_and_record(tmp_path: Path) -> None:
    rules = {"require_called_ae": True, "allowed_callers": ["PACS", "MRI1"], "max_associations": 1, "give_way_s": 600}
    with receiver_process(tmp_path, **rules) as running:
        port = running.port
        with association(port, calling="STRANGER") as assoc:
            assert assoc.is_rejected
        with association(port, called="OTHER") as assoc:
            assert assoc.is_rejected
        with association(port) as assoc, association(port, calling="MRI1") as second:
            assert assoc.is_established
            assert second.is_rejected
        assert store_one(port, image(1)).status == 0x0000

        def rejected() -> dict[str, str]:
            with running.database.read() as session:
                query = select(Association).where(Association.outcome == AssociationOutcome.REJECTED)
                return {row.calling_ae: f"{row.called_ae}: {row.reason}" for row in session.scalars(query)}

        found = wait_until(lambda: len(rejected()) == 3 and rejected(), what="three rejected associations")
    assert "receiver.allowed_callers" in found["STRANGER"]
    assert found["PACS"].startswith("OTHER: ")
    assert "receiver.require_called_ae" in found["PACS"]
    assert "receiver.max_associations" in found["MRI1"]


def test_a_disk_that_is_nearly_full_refuses_with_out_of_resources(tmp_path: Path) -> None:
    with receiver_process(tmp_path, min_free_mb=10**9) as running:
        answer = store_one(running.port, image(1))
        assert echo(running.port)
        assert studies.receiving(running.database) == []
        refused = last_refused(running)
    assert answer.status == 0xA700
    assert "free" in answer.comment
    assert (refused.code, refused.path_key) == ("DISK_LOW", None)


def test_a_full_disk_refuses_and_what_was_confirmed_stays(tmp_path: Path) -> None:
    small = tmp_path / "data"
    small.mkdir()
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(small)], check=False)
    if mount.returncode:
        pytest.skip("a small file system cannot be mounted here")
    try:
        with receiver_process(small, min_free_mb=0) as running:
            statuses = []
            with association(running.port) as assoc:
                for number in range(40):
                    made = image(number)
                    set_bytes(made, bytes(200_000))
                    statuses.append(store(assoc, encode(made), instance=made.SOPInstanceUID).status)
            assert echo(running.port)
            rows = instances(running, "1.2.826.7")
            assert statuses.count(0x0000) == len(rows) > 0
            assert set(statuses) <= {0x0000, 0xA700}
            assert 0xA700 in statuses
            for row in rows:
                assert hashlib.sha256(running.objects.read(row.path_key)).hexdigest() == row.sha256
            assert list((small / "objects" / "temporary").iterdir()) == []
    finally:
        subprocess.run(["umount", "-l", str(small)], check=True)


def test_a_locked_database_refuses_and_the_next_try_succeeds(tmp_path: Path) -> None:
    with receiver_process(tmp_path) as running:
        other = sqlite3.connect(tmp_path / "axspa.sqlite", isolation_level=None)
        with association(running.port) as assoc:
            other.execute("BEGIN IMMEDIATE")
            first = store(assoc, encode(image(1)), instance=image(1).SOPInstanceUID)
            other.execute("ROLLBACK")
            second = store(assoc, encode(image(1)), instance=image(1).SOPInstanceUID)
        other.close()
    assert first.status == 0xA700
    assert second.status == 0x0000


def test_killed_in_the_middle_it_has_everything_it_confirmed(tmp_path: Path) -> None:
    confirmed: list[str] = []

    def send(running: Running, sender: int) -> None:
        with association(running.port, calling=f"S{sender}", timeout_s=10) as assoc:
            for number in range(10_000):
                made = image(number, study=f"1.2.826.9.{sender}")
                set_bytes(made, os.urandom(50_000))
                answer = store(assoc, encode(made), instance=made.SOPInstanceUID)
                if answer.status != 0x0000:
                    return
                confirmed.append(made.SOPInstanceUID)

    with receiver_process(tmp_path) as running:
        senders = [threading.Thread(target=send, args=(running, sender)) for sender in range(3)]
        for sender in senders:
            sender.start()
        wait_until(lambda: len(confirmed) > 30, 60, "30 images")
        running.process.send_signal(signal.SIGKILL)
        running.process.wait(10)
        for sender in senders:
            sender.join(60)
        port = running.port
        with running.database.read() as session:
            rows = {row.sop_instance_uid: row for row in session.scalars(select(Instance))}
        assert set(confirmed) <= set(rows)
        for row in rows.values():
            assert hashlib.sha256(running.objects.read(row.path_key)).hexdigest() == row.sha256
    with receiver_process(tmp_path, port=port) as again:
        with again.database.read() as session:
            outcomes = set(session.scalars(select(Association.outcome)))
        assert outcomes == {AssociationOutcome.ABORTED}
        assert store_one(again.port, image(1, study="1.2.826.10")).status == 0x0000


def statuses(process: psutil.Process) -> set[str]:
    return {connection.status for connection in process.net_connections("tcp")}


def test_sigterm_lets_the_open_association_finish_and_takes_no_new_one(tmp_path: Path) -> None:
    with receiver_process(tmp_path) as running:
        with association(running.port) as assoc:
            assert store(assoc, encode(image(1)), instance=image(1).SOPInstanceUID).status == 0x0000
            running.process.send_signal(signal.SIGTERM)
            process = psutil.Process(running.process.pid)  # asked, since a connection to try the port would be served
            wait_until(lambda: psutil.CONN_LISTEN not in statuses(process), what="the port to close")
            assert store(assoc, encode(image(2)), instance=image(2).SOPInstanceUID).status == 0x0000
        assert running.process.wait(20) == 0
        (row,) = instances(running, "1.2.826.7")[1:]
        assert row.sop_instance_uid == image(2).SOPInstanceUID
        with running.database.read() as session:
            (visit,) = session.scalars(select(Association))
        assert (visit.outcome, visit.stored) == (AssociationOutcome.RELEASED, 2)


def test_the_process_stays_small_and_loads_no_pixel_library(tmp_path: Path) -> None:
    with receiver_process(tmp_path) as running:
        with association(running.port) as assoc:
            for number in range(50):
                made = image(number)
                set_bytes(made, bytes(500_000))
                assert store(assoc, encode(made), instance=made.SOPInstanceUID).status == 0x0000
        process = psutil.Process(running.process.pid)
        loaded = " ".join(Path(item.path).name for item in process.memory_maps())
        size_mb = process.memory_info().rss / 1e6
    assert size_mb < 130
    assert "tensorflow" not in loaded
    assert "gdcm" not in loaded
    assert "multiarray" not in loaded


def test_late_images_reopen_a_study(receiver: Running) -> None:
    study = "1.2.840.20.1"
    store_one(receiver.port, image(1, study=study))
    with receiver.database.read() as session:
        study_id = session.scalars(select(Study.id).where(Study.study_instance_uid == study)).one()
    assert studies.mark_complete(receiver.database, study_id, image_count=1, sentence="Quiet.")
    assert store_one(receiver.port, image(2, study=study)).status == 0x0000
    with receiver.database.read() as session:
        assert session.get_one(Study, study_id).state is StudyState.RECEIVING


def test_hostile_files_are_answered_and_a_good_image_between_them_is_stored(
    receiver: Running, shared_data: Path
) -> None:
    files = sorted((shared_data / "data" / "dicom" / "hostile").rglob("*.dcm"))
    assert len(files) > 300
    answers: list[int | None] = []
    for start in range(0, len(files), 50):
        with association(receiver.port, calling="HOSTILE") as assoc:
            for file in files[start : start + 50]:
                data = file.read_bytes()
                body = data[132:] if data[128:132] == b"DICM" else data
                answers.append(store(assoc, _after_meta(body), instance="1.2.3.4").status)
        good = image(start, study="1.2.840.21.1")
        assert store_one(receiver.port, good).status == 0x0000
    assert len(instances(receiver, "1.2.840.21.1")) == len(range(0, len(files), 50))
    assert None not in answers
    assert set(answers) <= {0x0000, 0x0111, 0xA900, 0xC000}
    assert receiver.process.poll() is None
    assert "Traceback" not in receiver.log.read_text()


def test_the_log_holds_no_patient(receiver: Running) -> None:
    study = "1.2.840.22.1"
    store_one(receiver.port, image(1, study=study, PatientName="Secret^Person", PatientID="SECRET-7"))
    store_one(receiver.port, image(1, study=study, PatientName="Secret^Person", PatientID="SECRET-8"))
    text = wait_until(lambda: receiver.log.read_text(), what="the log")
    assert "refused" in text
    assert "secret" not in text.lower()
    assert study not in text


def _after_meta(body: bytes) -> bytes:
    """The data set of a file, where its file meta can be skipped; else everything."""
    if body[:4] == b"\x02\x00\x00\x00":
        return body[12 + int.from_bytes(body[8:12], "little") :]
    return body
