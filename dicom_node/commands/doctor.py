"""``axspa-node doctor``: what could keep the node from working, and what to do about it; it changes nothing."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from config import hints, logs
from config.destinations import DestinationSettings
from config.errors import AxspaError, BundleError, StorageUnavailable
from config.settings import Settings
from dicom_node import ports
from dicom_node.app import check_deployments, known_applications, known_deployments
from dicom_node.deliver.cstore import OUR_SOP_CLASSES
from dicom_node.deliver.making import make_destination
from dicom_node.kinds import check_kinds, wanted_classes
from inference.application import find_application
from inference.serving import load_bundle
from reporting.presentation import find_presentation
from storage import deployments, private, users
from storage.session import Database, SchemaState, schema_error, schema_state


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
        ("rights", lambda: _rights(settings)),
        ("deployments", lambda: _deployments(settings)),
        ("language", lambda: _language(settings)),
        ("bundle", lambda: _bundles(settings)),
        ("kinds", lambda: _kinds(settings)),
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
    error = ports.problem(host, port)
    if error is None:
        yield Finding(subject, Verdict.OK, f"{host}:{port} is free.")
    elif isinstance(error, PermissionError):
        text = f"Port {port} needs the right to bind low ports: take a higher one, or add that right."
        yield Finding(subject, Verdict.FAIL, text)
    else:
        owner = ports.holder(port)
        by = f" by process {owner.pid}" if owner is not None else ""
        text = (
            f"{host}:{port} is in use{by} or not an address of this machine ({error.strerror}). Fine if the node runs."
        )
        yield Finding(subject, Verdict.WARN, text)


def _disk(data_dir: Path, min_free_mb: int) -> Iterator[Finding]:
    folder = next(path for path in (data_dir.absolute(), *data_dir.absolute().parents) if path.exists())
    free_mb = shutil.disk_usage(folder).free // 2**20
    if not folder.is_dir():
        yield Finding("disk", Verdict.FAIL, f"{folder} is no folder: set data_dir to a folder, or to one to be made.")
    elif not os.access(folder, os.W_OK | os.X_OK):
        text = f"{folder} cannot be written: give the user who runs the node that right, or set another data_dir."
        yield Finding("disk", Verdict.FAIL, text)
    elif free_mb < min_free_mb:
        text = (
            f"{free_mb} MiB are free in {folder}, less than receiver.min_free_mb = {min_free_mb}: images are refused."
        )
        yield Finding("disk", Verdict.FAIL, text)
    else:
        made = "" if data_dir.exists() else f"; {data_dir} is made when the node starts"
        yield Finding("disk", Verdict.OK, f"{free_mb} MiB are free in {folder}{made}.")


def _database(settings: Settings) -> Iterator[Finding]:
    database = Database(settings.database_url, read_only=True)
    try:
        state = schema_state(database)
        if error := schema_error(database, state):
            verdict = Verdict.FAIL if state is SchemaState.NEWER else Verdict.WARN
            yield Finding("database", verdict, error.sentence)
            if state is SchemaState.ABSENT:
                text = f"The panel has no user yet; this makes one, and the database: {hints.first_user(settings)}"
                yield Finding("panel users", verdict, text)
            return
        with database.read() as session:
            names = users.count(session)
    finally:
        database.dispose()
    if database.file is not None and not os.access(database.file, os.W_OK):
        text = f"{database.file} cannot be written: give the user who runs the node that right."
        yield Finding("database", Verdict.FAIL, text)
    elif names == 0:
        text = f"The database answers. The panel has no user yet: {hints.first_user(settings)}"
        yield Finding("database", Verdict.WARN, text)
    else:
        yield Finding("database", Verdict.OK, f"The database answers; the panel has {names} users.")


def _rights(settings: Settings) -> Iterator[Finding]:
    """Whether other users of the machine can read what names patients or is secret."""
    file = Database(settings.database_url, read_only=True).file
    folder = [settings.data_dir] if settings.data_dir.exists() else []
    exposed = private.open_to_others(private.kept_in(settings.data_dir, file))
    if exposed:
        names = ", ".join(path.name for path in exposed)
        text = f"Other users of this machine can read {names}: start the node once, or take their rights away."
        yield Finding("rights", Verdict.WARN, text)
    elif private.open_to_others(folder):
        text = f"Other users can list the names in {settings.data_dir}, and read nothing: chmod 700 ends that too."
        yield Finding("rights", Verdict.OK, text)
    else:
        yield Finding("rights", Verdict.OK, "Only the user of the node can read what it keeps.")


def _deployments(settings: Settings) -> Iterator[Finding]:
    """Where settings and database differ, once the node has started, and what an application may not be for."""
    check_deployments(settings)
    rows = known_deployments(settings)
    for difference in deployments.differences(rows, settings.wanted_deployments) if rows else ():
        text = f"{difference} The database rules; axspa-node deployments adopt takes what the settings say."
        yield Finding("deployments", Verdict.WARN, text)


def _language(settings: Settings) -> Iterator[Finding]:
    """Whether each deployment has words in the language of results."""
    for application in dict.fromkeys(application for application, _ in _deployed(settings)):
        try:
            find_presentation(application, settings.report.language)
        except BundleError:
            continue  # the check of the bundles says more
    yield Finding("language", Verdict.OK, f"Results are worded in '{settings.report.language}'.")


def _deployed(settings: Settings) -> list[tuple[str, str]]:
    """Application and bundle of each deployment that is on."""
    try:
        rows = [row for row in known_deployments(settings) if row.enabled]
    except StorageUnavailable:
        rows = []  # the check of the database says more
    return list(dict.fromkeys((one.application, one.bundle) for one in rows or settings.wanted_deployments))


def _bundles(settings: Settings) -> Iterator[Finding]:
    """Whether the bundle of each deployment loads."""
    for application, name in _deployed(settings):
        found = find_application(application)
        if not name:
            yield Finding("application", Verdict.OK, f"{found.name} {found.version} is installed and needs no bundle.")
            continue
        with logs.native_silence():
            bundle = load_bundle(name, found, roots=settings.analysis.bundle_roots)
        identity = bundle.identity
        text = f"{identity.name} {identity.version} loads; every hash is right. Device: {bundle.device}."
        yield Finding("bundle", Verdict.OK, text)


def _applications(settings: Settings) -> list[str]:
    try:
        return known_applications(settings)
    except StorageUnavailable:  # the check of the database says more
        return list(dict.fromkeys(one.application for one in settings.wanted_deployments))


def _kinds(settings: Settings) -> Iterator[Finding]:
    """Whether destinations name kinds of objects that there are."""
    check_kinds(settings, _applications(settings))
    for destination in settings.destinations:
        if destination.kinds != "default":
            named = destination.kinds if isinstance(destination.kinds, str) else ", ".join(destination.kinds)
            yield Finding("kinds", Verdict.OK, f"{destination.name} gets: {named}.")


def _destination(destination: DestinationSettings, settings: Settings) -> Iterator[Finding]:
    subject = f"destination {destination.name}"
    answer = make_destination(destination, settings).verify()
    if not answer.echo:
        yield Finding(subject, Verdict.FAIL, answer.sentence)
        return
    try:
        wanted = wanted_classes(destination, _applications(settings))
    except BundleError:  # the check of the bundles says more
        wanted = frozenset(OUR_SOP_CLASSES.values())
    refused = [name for name, taken in answer.accepted.items() if not taken and OUR_SOP_CLASSES[name] in wanted]
    if refused:
        text = (
            f"C-ECHO succeeds, but these objects will be refused: {', '.join(refused)}. Allow their SOP classes there."
        )
        yield Finding(subject, Verdict.WARN, text)
    else:
        yield Finding(subject, Verdict.OK, "C-ECHO succeeds and every SOP class of what it gets is accepted.")
