"""A C-STORE client that sends whatever bytes a test wants, and a receiver as a process of its own."""

import hashlib
import json
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian
from pynetdicom import AE, build_context
from pynetdicom.dimse_primitives import C_STORE
from sqlalchemy import select

from dicom_node.pynetdicom_patches import AnswerGate
from storage.objects import ObjectStore
from storage.session import Database
from storage.tables import Association, AssociationOutcome, Instance, RefusedImage, Study
from tests.factories.dicom import MR, encode
from tests.factories.storage import fresh
from tests.factories.waiting import listens, wait_until
from tests.programs import ENVIRONMENT, free_port, stop

MAIN = """
import sys
from pathlib import Path
from config.settings import load_settings
from dicom_node.receive.receiver import run_receiver
run_receiver(load_settings(Path(sys.argv[1])))
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and Error Comment of a C-STORE; the status is None where no answer came."""

    status: int | None
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Running:
    """A receiver process with what it writes to."""

    port: int
    database: Database
    objects: ObjectStore
    process: "subprocess.Popen[bytes]"
    log: Path


@contextmanager
def association(
    port: int,
    *pairs: tuple[str, str],
    calling: str = "PACS",
    called: str = "AXSPA",
    timeout_s: float = 60.0,
) -> Iterator[Any]:
    """An association with one presentation context for each pair of SOP class and transfer syntax."""
    ae = AE(ae_title=calling)
    ae.acse_timeout = ae.dimse_timeout = ae.network_timeout = ae.connection_timeout = timeout_s
    contexts = [build_context(sop_class, syntax) for sop_class, syntax in pairs or ((MR, ExplicitVRLittleEndian),)]
    assoc = ae.associate("127.0.0.1", port, contexts=contexts, ae_title=called)
    AnswerGate.stand_before(assoc)
    if assoc.is_established:  # else the kernel holds a data set back until its command is acknowledged: 40 ms each
        assoc.dul.socket.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        yield assoc
    finally:
        if assoc.is_established:
            assoc.release()


def store(
    assoc: Any,
    data: bytes,
    *,
    instance: str,
    sop_class: str = MR,
    syntax: str = ExplicitVRLittleEndian,
) -> Answer:
    """Send these bytes as the data set of a C-STORE that names this instance."""
    context = next(
        item
        for item in assoc.accepted_contexts
        if (str(item.abstract_syntax), str(item.transfer_syntax[0])) == (sop_class, str(syntax))
    )
    request = C_STORE()
    request.MessageID, request.Priority = 1, 0
    request.AffectedSOPClassUID, request.AffectedSOPInstanceUID = sop_class, instance
    request.DataSet = BytesIO(data)
    assoc._reactor_checkpoint.clear()
    assoc.dimse.send_msg(request, context.context_id)
    _, answer = assoc.dimse.get_msg(block=True)
    assoc._reactor_checkpoint.set()
    status = getattr(answer, "Status", None)
    return Answer(None if status is None else int(status), str(getattr(answer, "ErrorComment", "") or ""))


def store_one(port: int, data_set: Dataset, **options: Any) -> Answer:
    """Send one image over an association of its own."""
    with association(port, **options) as assoc:
        return store(assoc, encode(data_set), instance=str(data_set.get("SOPInstanceUID", "1.2.3")))


def echo(port: int, *, timeout_s: float = 20.0) -> bool:
    """True where C-ECHO succeeds."""
    with association(port, ("1.2.840.10008.1.1", ExplicitVRLittleEndian), timeout_s=timeout_s) as assoc:
        return bool(assoc.is_established and getattr(assoc.send_c_echo(), "Status", None) == 0)


@contextmanager
def receiver_process(folder: Path, **options: Any) -> Iterator[Running]:
    """A receiver in a process of its own, with ``receiver.*`` settings."""
    folder.mkdir(parents=True, exist_ok=True)
    port = int(options.pop("port", 0)) or free_port()
    database_path = folder / "axspa.sqlite"
    database = Database(f"sqlite:///{database_path}") if database_path.exists() else fresh(folder)
    lines = [f"{name} = {json.dumps(value)}" for name, value in {"host": "127.0.0.1", "port": port, **options}.items()]
    settings = folder / "axspa.toml"
    settings.write_text(f"data_dir = {json.dumps(str(folder))}\n[receiver]\n" + "\n".join(lines) + "\n")
    log = folder / "receiver.log"
    with log.open("ab") as stream:
        process = subprocess.Popen(
            [sys.executable, "-c", MAIN, str(settings)], env=ENVIRONMENT, stdout=stream, stderr=stream
        )
    try:
        wait_until(lambda: process.poll() is not None or listens(port), 60, "the receiver to listen")
        assert process.poll() is None, log.read_text()
        yield Running(port, database, ObjectStore(folder / "objects"), process, log)
    finally:
        stop(process)
        database.dispose()


def raw_exchange(port: int, data: bytes, *, timeout_s: float = 10.0) -> bytes:
    """Send bytes to the port and read until the other side closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=timeout_s) as connection:
        connection.sendall(data)
        answer = b""
        try:
            while part := connection.recv(4096):
                answer += part
        except OSError:
            pass
        return answer


def pdu(kind: int, length: int, body: bytes = b"") -> bytes:
    """A PDU whose header claims this length."""
    return struct.pack(">BBL", kind, 0, length) + body


def instances(running: Running, study: str) -> list[Instance]:
    """Rows of the images of a study, as they came."""
    with running.database.read() as session:
        query = select(Instance).join(Study).where(Study.study_instance_uid == study).order_by(Instance.id)
        return list(session.scalars(query))


def last_refused(running: Running) -> RefusedImage:
    """The row of the image that was refused last."""
    with running.database.read() as session:
        return session.scalars(select(RefusedImage).order_by(RefusedImage.id.desc()).limit(1)).one()


def associations_of(running: Running, calling: str) -> list[Association]:
    """Rows of the visits of one sender."""
    with running.database.read() as session:
        return list(session.scalars(select(Association).where(Association.calling_ae == calling)))


def not_dicom(running: Running) -> list[str]:
    """Reasons of the connections that spoke no DICOM."""
    with running.database.read() as session:
        query = select(Association.reason).where(Association.outcome == AssociationOutcome.NOT_DICOM)
        return list(session.scalars(query))


def data_set_of(running: Running, row: Instance) -> bytes:
    """The stored bytes after preamble and file meta."""
    content = running.objects.read(row.path_key)
    assert hashlib.sha256(content).hexdigest() == row.sha256
    length = int.from_bytes(content[140:144], "little")
    return content[144 + length :]
