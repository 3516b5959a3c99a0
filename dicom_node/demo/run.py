"""``axspa-node demo``: a whole node on this machine, a synthetic study through the network, and what came back."""

import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pydicom
from pynetdicom import AE, AllStoragePresentationContexts, evt
from sqlalchemy import select

from config.codes import Code
from config.destinations import DicomDestination
from config.errors import Retryable
from config.settings import Settings
from dicom_node.app import open_database
from dicom_node.deliver.cstore import CStore
from dicom_node.deliver.destination import Outgoing, Verdict
from dicom_node.demo import unpack
from storage import users
from storage.session import Database
from storage.tables import Result, Study, StudyState

PATIENCE_S = 300.0
KILLED_WITHIN_S = 3.0
SUCCESS = 0x0000


def demo(settings: Settings, *, out: Path | None, leave: bool) -> int:
    """Show the main job on an embedded node.

    Parameters
    ----------
    settings : Settings
        Only the bundle and the panel's and receiver's preferred ports are taken from it.
    out : Path, optional
        Folder that keeps the received results.
    leave : bool
        Stop when the results are there, instead of keeping the panel up until Ctrl-C.

    Returns
    -------
    int
        0 when every result arrived.

    Raises
    ------
    Retryable
        The node did not start, or the study did not settle within five minutes.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends the node too, as Ctrl-C does
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="axspa-demo-")))
        received = out or folder / "received"
        received.mkdir(parents=True, exist_ok=True)
        peer_port = stack.enter_context(_results_peer(received))
        node = _settings(settings, folder, peer_port)
        password = _make_login(node)
        _say("Starting a node on this machine (SQLite, local files, the shipped bundle) ...")
        stack.enter_context(_running(node, folder))
        _say(f"Sending the synthetic study to {node.receiver.ae_title} on port {node.receiver.port} ...")
        _send(unpack(folder / "study"), node)
        database = open_database(node)
        stack.callback(database.dispose)
        state = _wait(database)
        _show(database, received)
        address = f"http://{node.panel.host}:{node.panel.port}"
        _say(f"\nPanel:  {address}   user demo   password {password}   (for this run only)")
        if out is not None:
            _say(f"The results are kept in {out}.")
        if not leave:
            _say("Ctrl-C stops the node and removes everything it stored.")
            with contextlib.suppress(KeyboardInterrupt):
                signal.pause()
        return 0 if state is StudyState.DONE else 1


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _settings(settings: Settings, folder: Path, peer_port: int) -> Settings:
    receiver = settings.receiver.model_copy(update={"host": "127.0.0.1", "port": _port(settings.receiver.port)})
    panel = settings.panel.model_copy(update={"host": "127.0.0.1", "port": _port(settings.panel.port)})
    return settings.model_copy(
        update={
            "data_dir": folder / "data",
            "receiver": receiver,
            "panel": panel,
            "completion": settings.completion.model_copy(update={"quiet_s": 2.0}),
            "database": settings.database.model_copy(update={"url": ""}),
            "destinations": (
                DicomDestination(name="demo PACS", ae_title="DEMOPACS", host="127.0.0.1", port=peer_port, open=True),
            ),
        }
    )


def _port(preferred: int) -> int:
    """The preferred port, or any free one."""
    for port in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return int(probe.getsockname()[1])
    raise Retryable(Code.NO_PORT, f"No free port on 127.0.0.1; tried {preferred} first.")


def _make_login(settings: Settings) -> str:
    password = secrets.token_urlsafe(12)
    database = open_database(settings)
    users.add(database, "demo", password, role="admin", actor="demo")
    database.dispose()
    return password


@contextmanager
def _results_peer(folder: Path) -> Iterator[int]:
    """A small PACS that writes what it receives to ``folder``; yields its port."""

    def store(event: evt.Event) -> int:
        path = folder / f"{event.request.AffectedSOPInstanceUID}.dcm"
        path.write_bytes(event.encoded_dataset())
        return SUCCESS

    entity = AE("DEMOPACS")
    entity.supported_contexts = AllStoragePresentationContexts
    entity.add_supported_context("1.2.840.10008.1.1")
    server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_STORE, store)])
    try:
        yield int(server.socket.getsockname()[1])
    finally:
        server.shutdown()


@contextmanager
def _running(settings: Settings, folder: Path) -> Iterator[None]:
    """``axspa-node serve`` as a process of its own, until the block ends.

    Nothing of it is kept, so that nothing need be finished: it is killed, and not asked to end, which would take as
    long as an analysis under way.
    """
    config = folder / "axspa.toml"
    config.write_text(_toml(settings), encoding="utf-8")
    log = folder / "node.log"
    # The environment wins over the file: a port or data folder set there would make this another node than the demo's.
    environment = {name: value for name, value in os.environ.items() if not name.upper().startswith("AXSPA_")}
    with log.open("wb") as stream:
        process = subprocess.Popen(  # noqa: S603 (our own interpreter and module)
            [sys.executable, "-m", "dicom_node.cli", "serve", "--config", str(config)],
            stdout=stream, stderr=stream, start_new_session=True, env=environment,
        )  # fmt: skip
    try:
        _wait_for_health(process, settings, log)
        yield
    finally:
        _kill(process)


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """End a node with all its processes, so that none of them writes into the folder that is removed next."""
    with contextlib.suppress(psutil.NoSuchProcess):
        others = psutil.Process(process.pid).children(recursive=True)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        end = time.monotonic() + KILLED_WITHIN_S
        while any(map(_lives, others)) and time.monotonic() < end:
            time.sleep(0.02)


def _lives(process: psutil.Process) -> bool:
    """A zombie does not: whoever took over its parent's children may never ask for it."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _toml(settings: Settings) -> str:
    (peer,), receiver, panel = settings.destinations, settings.receiver, settings.panel
    assert isinstance(peer, DicomDestination)  # noqa: S101 (_settings made it)
    quoted = json.dumps  # a basic string of TOML is written as one of JSON
    roots = [str(root) for root in settings.analysis.bundle_roots]
    return (
        f"data_dir = {quoted(str(settings.data_dir))}\n"
        f"[receiver]\nae_title = {quoted(receiver.ae_title)}\nhost = '127.0.0.1'\nport = {receiver.port}\n"
        f"[completion]\nquiet_s = {settings.completion.quiet_s}\n"
        f"[analysis]\nbundle = {quoted(settings.analysis.bundle)}\nbundle_roots = {quoted(roots)}\n"
        f"[panel]\nhost = '127.0.0.1'\nport = {panel.port}\n"
        f"[[destinations]]\nname = {quoted(peer.name)}\nae_title = {quoted(peer.ae_title)}\n"
        f"host = {quoted(peer.host)}\nport = {peer.port}\nopen = true\n"
    )


def _wait_for_health(process: "subprocess.Popen[bytes]", settings: Settings, log: Path) -> None:
    url = f"http://127.0.0.1:{settings.panel.port}/health"
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(urllib.error.URLError, OSError), urllib.request.urlopen(url, timeout=5):
            return
        time.sleep(0.2)
    tail = log.read_text(errors="replace")[-2000:]
    raise Retryable(Code.NODE_DID_NOT_START, f"The node did not become healthy. The end of its log:\n{tail}")


def _send(files: list[Path], settings: Settings) -> None:
    receiver = settings.receiver
    target = DicomDestination(name="node", ae_title=receiver.ae_title, host="127.0.0.1", port=receiver.port)
    sender = CStore(target, our_ae_title="DEMO_PACS", timeout_s=settings.delivery.timeout_s)
    stored = sum(outcome.verdict is Verdict.DELIVERED for outcome in sender.send([_outgoing(file) for file in files]))
    _say(f"  {stored} of {len(files)} images stored")


def _outgoing(file: Path) -> Outgoing:
    meta = pydicom.filereader.read_file_meta_info(file)
    return Outgoing(
        path=file,
        sop_class_uid=meta.MediaStorageSOPClassUID,
        sop_instance_uid=meta.MediaStorageSOPInstanceUID,
        transfer_syntax_uid=meta.TransferSyntaxUID,
    )


def _wait(database: Database) -> StudyState:
    end = time.monotonic() + PATIENCE_S
    shown = ""
    while time.monotonic() < end:
        study = _newest(database)
        if study is not None:
            if study.reason != shown:
                shown = study.reason
                _say(f"  {study.state.value:<12} {shown}")
            if study.state.settled:
                return study.state
        time.sleep(0.3)
    raise Retryable(Code.DEMO_TOO_SLOW, f"The study did not settle within {PATIENCE_S:.0f} s; its last state: {shown}")


def _newest(database: Database) -> Study | None:
    with database.read() as session:
        return session.scalars(select(Study).order_by(Study.id.desc()).limit(1)).first()


def _show(database: Database, received: Path) -> None:
    with database.read() as session:
        result = session.scalars(select(Result).order_by(Result.id.desc()).limit(1)).first()
    if result is None:
        _say("\nNo result was made; the lines above say why.")
        return
    _say(f"\n{result.headline}")
    for sentence in result.summary.get("sentences", []):
        _say(f"  {sentence}")
    _say("\nWhat came back into the study, by C-STORE:")
    counts: dict[str, list[Any]] = {}
    for path in sorted(received.glob("*.dcm")):
        dataset = pydicom.dcmread(path, stop_before_pixels=True)
        entry = counts.setdefault(f"{dataset.get('SeriesNumber', '')} {dataset.get('SeriesDescription', '')}", [0, 0])
        entry[0] += 1
        entry[1] += path.stat().st_size
    for series, (number, size) in sorted(counts.items()):
        _say(f"  {series:<60} {number:>3} object{'s' if number > 1 else ' '} {size / 1024:>8.0f} KiB")
    _say("Research software, not a medical device. The study is synthetic.")
