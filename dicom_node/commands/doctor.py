"""``axspa-node doctor``: what could keep the node from working, and what to do about it."""

import shutil
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from config import logs
from config.errors import AxspaError
from config.settings import Destination, Settings
from dicom_node.deliver import cstore
from inference.serving import load_bundle
from inference.sij_mri import SacroiliacNeeds
from storage import session as storage_session
from storage import users


class Verdict(StrEnum):
    """How a check went."""

    OK = "ok"
    WARN = "warn"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: what was looked at, how it went, and a sentence that ends with what to do."""

    subject: str
    verdict: Verdict
    sentence: str

    @property
    def failed(self) -> bool:
        """True where the node cannot work."""
        return self.verdict is Verdict.FAIL


def examine(settings: Settings) -> list[Finding]:
    """Run every check; a check that breaks becomes a finding."""
    checks: list[tuple[str, Callable[[], Iterator[Finding]]]] = [
        ("receiver port", lambda: _port("receiver port", settings.receiver.host, settings.receiver.port)),
        ("panel port", lambda: _port("panel port", settings.panel.host, settings.panel.port)),
        ("disk", lambda: _disk(settings.data_dir, settings.receiver.min_free_mb)),
        ("database", lambda: _database(settings)),
        ("bundle", lambda: _bundle(settings)),
        *((f"destination {d.name}", lambda d=d: _destination(d, settings)) for d in settings.destinations),
    ]
    findings: list[Finding] = []
    for subject, check in checks:
        try:
            findings.extend(check())
        except AxspaError as error:
            findings.append(Finding(subject, Verdict.FAIL, error.sentence))
        except OSError as error:
            findings.append(Finding(subject, Verdict.FAIL, f"{error.strerror or error}."))
    if not settings.destinations:
        findings.append(
            Finding("destinations", Verdict.WARN, "No destination is set, so results stay here; add [[destinations]].")
        )
    return findings


def _port(subject: str, host: str, port: int) -> Iterator[Finding]:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except PermissionError:
            text = f"Port {port} needs the right to bind low ports: take a higher one, or add that right."
            yield Finding(subject, Verdict.FAIL, text)
        except OSError as error:
            text = (
                f"{host}:{port} is in use or not an address of this machine ({error.strerror}). Fine if the node runs."
            )
            yield Finding(subject, Verdict.WARN, text)
        else:
            yield Finding(subject, Verdict.OK, f"{host}:{port} is free.")


def _disk(data_dir: Path, min_free_mb: int) -> Iterator[Finding]:
    data_dir.mkdir(parents=True, exist_ok=True)
    probe = data_dir / ".doctor"
    probe.write_bytes(b"")
    probe.unlink()
    free_mb = shutil.disk_usage(data_dir).free // 2**20
    if free_mb < min_free_mb:
        text = (
            f"{free_mb} MiB are free in {data_dir}, less than receiver.min_free_mb = {min_free_mb}: images are refused."
        )
        yield Finding("disk", Verdict.FAIL, text)
    else:
        yield Finding("disk", Verdict.OK, f"{free_mb} MiB are free in {data_dir}.")


def _database(settings: Settings) -> Iterator[Finding]:
    database = storage_session.Database(settings.database_url)
    try:
        storage_session.migrate(database)
        with database.read() as session:
            names = users.count(session)
    finally:
        database.dispose()
    if names == 0:
        text = "The database answers. The panel has no user yet: axspa-node user add NAME --role admin."
        yield Finding("database", Verdict.WARN, text)
    else:
        yield Finding("database", Verdict.OK, f"The database answers; the panel has {names} users.")


def _bundle(settings: Settings) -> Iterator[Finding]:
    with logs.native_silence():
        bundle = load_bundle(settings.analysis.bundle, SacroiliacNeeds(), roots=settings.analysis.bundle_roots)
    identity = bundle.identity
    text = f"{identity.name} {identity.version} loads; every hash is right. Device: {bundle.device}."
    yield Finding("bundle", Verdict.OK, text)


def _destination(destination: Destination, settings: Settings) -> Iterator[Finding]:
    subject = f"destination {destination.name}"
    answer = cstore.verify(destination, our_ae_title=settings.receiver.ae_title, timeout_s=settings.delivery.timeout_s)
    if not answer.echo:
        yield Finding(subject, Verdict.FAIL, answer.sentence)
        return
    refused = [name for name, accepted in answer.accepted.items() if not accepted]
    if refused:
        text = (
            f"C-ECHO succeeds, but these objects will be refused: {', '.join(refused)}. Allow their SOP classes there."
        )
        yield Finding(subject, Verdict.WARN, text)
    else:
        yield Finding(subject, Verdict.OK, "C-ECHO succeeds and every SOP class of our results is accepted.")
