"""Programs that the tests start: Orthanc, DCMTK, validators, the panel and the node; all on loopback."""

import itertools
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import func, select

from config.settings import load_settings
from dicom_node.app import open_database
from storage.session import Database
from storage.states import DeliveryState
from storage.tables import Delivery, Deployment, Result, ResultObject, Run, Study, StudyState
from tests.factories.waiting import listens, wait_until

Need = Callable[[str], str]
ROOT = Path(__file__).resolve().parent.parent
FIRST_PORT, PORTS, WORKERS = 20_000, 3_000, 4  # the system's own begin at 32,768
_next_port = itertools.count()
ENVIRONMENT = {
    **os.environ,
    "TCP_NODELAY": "1",
    "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]),  # the code beside us
}


def find(name: str, *, servers: Path = Path("/usr/lib/postgresql")) -> str | None:
    """Path of a program: on PATH, beside the interpreter, or where Debian hides servers; None where it is missing."""
    versions = sorted((int(folder.name) for folder in servers.glob("*") if folder.name.isdigit()), reverse=True)
    places = [str(Path(sys.executable).parent), "/usr/sbin", "/sbin", *(f"{servers}/{one}/bin" for one in versions)]
    return shutil.which(name) or shutil.which(name, path=os.pathsep.join(places))


def program(name: str) -> str:
    """Path of a peer program, for what runs outside pytest; ends with a message where it is missing."""
    path = find(name)
    if path is None:
        raise SystemExit(f"the peer program {name} is not installed")
    return path


def free_port() -> int:
    """A TCP port that nothing listens on.

    It is below those that the system gives to outgoing connections, and each worker of pytest has a range of its own:
    so nothing takes it before what it was meant for begins to listen.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    for _ in range(PORTS):
        port = FIRST_PORT + worker % WORKERS * PORTS + (next(_next_port) + os.getpid()) % PORTS
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError(f"none of {PORTS} ports is free")


@dataclass
class Orthanc:
    """A running Orthanc."""

    dicom_port: int
    http: httpx.Client
    process: "subprocess.Popen[bytes]" = field(repr=False)

    def instances(self) -> list[dict[str, Any]]:
        """Main tags of everything stored."""
        return list(self.http.get("/instances", params={"expand": ""}).json())

    def instances_of(self, study_instance_uid: str) -> list[str]:
        """Orthanc's names of all instances of one study."""
        query = {"Level": "Instance", "Query": {"StudyInstanceUID": study_instance_uid}}
        return list(self.http.post("/tools/find", json=query).json())

    def dataset_bytes(self, instance_id: str) -> bytes:
        """One instance as a DICOM file."""
        return self.http.get(f"/instances/{instance_id}/file").content

    def send_study(self, study_instance_uid: str, modality: str) -> dict[str, Any]:
        """Push a study to a modality of the configuration, as a PACS auto-route does."""
        found = self.http.post(
            "/tools/find", json={"Level": "Study", "Query": {"StudyInstanceUID": study_instance_uid}}
        ).json()
        answer = self.http.post(f"/modalities/{modality}/store", json={"Resources": found, "Synchronous": True})
        answer.raise_for_status()
        return dict(answer.json())


@contextmanager
def orthanc(
    folder: Path, need_program: Need, *, modalities: dict[str, tuple[str, int]] | None = None
) -> Iterator[Orthanc]:
    """Orthanc with its DICOMweb plugin on free ports; ``modalities``: name -> (AE title, port)."""
    program = need_program("Orthanc")
    folder.mkdir(parents=True, exist_ok=True)
    dicom_port, http_port = free_port(), free_port()
    plugins = [str(p) for p in Path("/usr/share/orthanc/plugins").glob("libOrthancDicomWeb.so")]
    (folder / "orthanc.json").write_text(
        json.dumps(
            {
                "Name": "test", "StorageDirectory": str(folder / "db"), "IndexDirectory": str(folder / "db"),
                "HttpPort": http_port, "DicomPort": dicom_port, "DicomAet": "ORTHANC", "RemoteAccessAllowed": False,
                "AuthenticationEnabled": False, "UnknownSopClassAccepted": True, "Plugins": plugins,
                "DicomCheckCalledAet": False, "DicomAlwaysAllowEcho": True, "DicomAlwaysAllowStore": True,
                "DicomModalities": {n: [aet, "127.0.0.1", port] for n, (aet, port) in (modalities or {}).items()},
            }
        )
    )  # fmt: skip
    with (folder / "orthanc.log").open("wb") as log:
        process = subprocess.Popen([program, str(folder / "orthanc.json")], env=ENVIRONMENT, stdout=log, stderr=log)
    http = httpx.Client(base_url=f"http://127.0.0.1:{http_port}", timeout=120)
    try:
        wait_until(lambda: http.get("/system").status_code == 200, 60, "Orthanc to start")
        yield Orthanc(dicom_port, http, process)
    finally:
        http.close()
        stop(process)


@contextmanager
def storescp(need_program: Need, folder: Path, port: int, *options: str) -> Iterator[None]:
    """DCMTK's storescp, which writes what it gets to a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [need_program("storescp"), *options, "-od", str(folder), str(port)]
    process = subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: process.poll() is not None or listens(port), 60, "storescp to listen")
        assert process.poll() is None, "storescp ended before it listened"
        yield
    finally:
        stop(process)


def stop(process: "subprocess.Popen[Any]", timeout_s: float = 60) -> int:
    """SIGTERM, then SIGKILL; the exit status."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    return int(process.returncode)


def storescu(
    need_program: Need, files: Iterable[Path], port: int, *options: str, called: str = "AXSPA"
) -> "subprocess.CompletedProcess[str]":
    """DCMTK's storescu with the presentation contexts that the files need."""
    command = [need_program("storescu"), "-R", "-v", *options, "-aec", called, "127.0.0.1", str(port), *map(str, files)]
    return subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=300, check=False)


def dciodvfy_errors(need_program: Need, file: Path) -> list[str]:
    """Error lines of dicom3tools' dciodvfy."""
    answer = subprocess.run([need_program("dciodvfy"), str(file)], capture_output=True, check=False)
    said = answer.stdout + answer.stderr
    return _errors(said) if said.strip() else ["the validator said nothing"]


def dcentvfy_errors(need_program: Need, files: Iterable[Path]) -> list[str]:
    """Error lines of dicom3tools' dcentvfy over one study."""
    answer = subprocess.run([need_program("dcentvfy"), *map(str, files)], capture_output=True, check=False)
    return _errors(answer.stdout + answer.stderr)


def pixelmed_errors(need_program: Need, file: Path) -> list[str]:
    """Error lines of PixelMed's DicomSRValidator; a validation that did not finish is an error."""
    # No limits on long expressions, and only the quick compiler: the program ends before the thorough one pays.
    options = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Djdk.xml.xpathExprGrpLimit=0"
    options += " -Djdk.xml.xpathExprOpLimit=0 -Djdk.xml.xpathTotalOpLimit=0"
    answer = subprocess.run(
        [need_program("DicomSRValidator"), str(file)],
        capture_output=True, check=False, env={**ENVIRONMENT, "JAVA_TOOL_OPTIONS": options},
    )  # fmt: skip
    text = answer.stdout + answer.stderr
    finished = b"Root Template Validation Complete" in text
    return _errors(text) + (
        [] if finished else ["the validation did not finish: " + text.decode(errors="replace")[-500:]]
    )


def _errors(output: bytes) -> list[str]:
    return [line for line in output.decode(errors="replace").splitlines() if re.match(r"\s*Error\b", line)]


@dataclass
class Node:
    """A running axspa-node."""

    folder: Path
    dicom_port: int
    panel: httpx.Client
    database: Database = field(repr=False)
    process: "subprocess.Popen[bytes]" = field(repr=False)

    def state(self, study_instance_uid: str) -> StudyState | None:
        """State of a study, None before its first image."""
        with self.database.read() as session:
            return session.scalars(select(Study.state).where(Study.study_instance_uid == study_instance_uid)).first()

    def wait_until_done(self, study_instance_uid: str, timeout_s: float = 240) -> None:
        """Wait until a study has a result, and all of it is delivered."""
        wait_until(lambda: self.state(study_instance_uid) is StudyState.DONE, timeout_s, "the study to be done")

    def wait_until_settled(self, study_instance_uid: str, timeout_s: float = 240) -> None:
        """Wait until nothing more will happen to a study, however its runs ended."""

        def settled() -> bool:
            runs = self.run_states(study_instance_uid)
            state = self.state(study_instance_uid)
            return (
                bool(runs)
                and state is not None
                and not state.on_its_way
                and not set(runs.values()) & {"queued", "running"}
                and not self._waiting(study_instance_uid)  # a study with a failed run shows that, not what is sent
            )

        wait_until(settled, timeout_s, "every run and delivery of the study to end")

    def _waiting(self, study_instance_uid: str) -> int:
        """How many deliveries of a study still wait."""
        query = (
            select(func.count())
            .select_from(Delivery)
            .join(ResultObject, Delivery.object_id == ResultObject.id)
            .join(Result, ResultObject.result_id == Result.id)
            .join(Study, Result.study_id == Study.id)
            .where(Study.study_instance_uid == study_instance_uid, Delivery.state == DeliveryState.WAITING)
        )
        with self.database.read() as session:
            return session.scalar(query) or 0

    def run_states(self, study_instance_uid: str) -> dict[str, str]:
        """The state of the last run of each application."""
        rows = self._rows(select(Deployment.application, Run.state), study_instance_uid, Run)
        return {str(application): str(state) for application, state in rows}

    def results(self, study_instance_uid: str) -> dict[str, Any]:
        """The JSON of the last result of each application."""
        return dict(self._rows(select(Deployment.application, Result.summary), study_instance_uid, Result))

    def result_ids(self, study_instance_uid: str) -> dict[str, int]:
        """The number of the last result of each application."""
        return dict(self._rows(select(Deployment.application, Result.id), study_instance_uid, Result))

    def study_id(self, study_instance_uid: str) -> int:
        """The number of a study."""
        with self.database.read() as session:
            return session.scalars(select(Study.id).where(Study.study_instance_uid == study_instance_uid)).one()

    def _rows(self, query: Any, study_instance_uid: str, table: Any) -> list[Any]:
        query = query.select_from(table).join(Deployment, table.deployment_id == Deployment.id)
        query = query.join(Study, table.study_id == Study.id).where(Study.study_instance_uid == study_instance_uid)
        with self.database.read() as session:
            return [tuple(row) for row in session.execute(query.order_by(table.id))]

    @property
    def log(self) -> str:
        """What the node has logged so far."""
        return (self.folder / "node.log").read_text(errors="replace")


@contextmanager
def node(
    folder: Path,
    *,
    destinations: Iterable[tuple[str, str, int]] = (),
    deployments: Iterable[tuple[str, str]] = (),
    quiet_s: float = 1.0,
    environment: dict[str, str] | None = None,
    ports: tuple[int, int] | None = None,
    kinds: Mapping[str, str | Sequence[str]] | None = None,
) -> Iterator[Node]:
    """``axspa-node serve`` as a process of its own.

    ``destinations``: (name, AE title, port); ``deployments``: (application, bundle), series from 900 in steps of 20;
    ``kinds``: what destinations want that want something else than the default set, by their names.
    """
    folder.mkdir(parents=True, exist_ok=True)
    dicom_port, panel_port = ports or (free_port(), free_port())
    lines = [
        f'data_dir = "{folder / "data"}"',
        f'[receiver]\nae_title = "AXSPA"\nhost = "127.0.0.1"\nport = {dicom_port}',
        f"[completion]\nquiet_s = {quiet_s}",
        f"[panel]\nport = {panel_port}",
        "[delivery]\nfirst_pause_s = 1.0\nmax_pause_s = 2.0",
    ]
    for name, ae_title, port in destinations:
        place = f'ae_title = "{ae_title}"\nhost = "127.0.0.1"\nport = {port}'
        lines.append(f'[[destinations]]\nname = "{name}"\n{place}\nopen = true')
        if kinds and name in kinds:
            lines.append(f"kinds = {json.dumps(kinds[name])}")
    for application, bundle in deployments:
        lines.append(f'[[deployments]]\napplication = "{application}"\nbundle = "{bundle}"')
    (folder / "axspa.toml").write_text("\n".join(lines) + "\n")
    command = [str(Path(sys.executable).with_name("axspa-node")), "serve", "--config", str(folder / "axspa.toml")]
    with (folder / "node.log").open("ab") as log:
        process = subprocess.Popen(
            command, stdout=log, stderr=log, env={**ENVIRONMENT, **(environment or {})}, start_new_session=True
        )
    panel = httpx.Client(base_url=f"http://127.0.0.1:{panel_port}", timeout=30)
    try:
        wait_until(lambda: panel.get("/health").status_code == 200, 120, "the node to be healthy")
        database = open_database(load_settings(folder / "axspa.toml"))
        yield Node(folder, dicom_port, panel, database, process)
        database.dispose()
    finally:
        panel.close()
        stop(process)


PANEL = """
import json, sys
from pathlib import Path
from config.settings import load_settings
from panel.app import run_panel

folder = Path(sys.argv[1])
run_panel(load_settings(folder / "node.toml"), ready=lambda port: (folder / "port").write_text(str(port)))
(folder / "modules").write_text(json.dumps(sorted(sys.modules)))
"""


@dataclass
class Panel:
    """The panel alone, as a process of its own."""

    folder: Path
    address: str
    process: "subprocess.Popen[bytes]" = field(repr=False)

    @property
    def log(self) -> str:
        """What it has logged so far."""
        return (self.folder / "log").read_text()

    def modules(self) -> set[str]:
        """Top packages that it had loaded when it ended."""
        return {name.partition(".")[0] for name in json.loads((self.folder / "modules").read_text())}


@contextmanager
def panel(folder: Path) -> Iterator[Panel]:
    """The panel over the database of a folder, at a port of its own choice."""
    toml = f'data_dir = "{folder}"\n[panel]\nport = 0\n[[destinations]]\nname = "PACS"\nae_title = "ORTHANC"\n'
    (folder / "node.toml").write_text(toml + 'host = "127.0.0.1"\nport = 4242\n')
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-c", PANEL, str(folder)], env=ENVIRONMENT, stderr=log)
    port = folder / "port"
    try:
        wait_until(lambda: process.poll() is not None or (port.exists() and port.read_text()), 60, "the panel to start")
        assert process.poll() is None, (folder / "log").read_text()
        address = f"http://127.0.0.1:{port.read_text()}"
        wait_until(lambda: httpx.get(f"{address}/login").status_code == 200, 60, "the panel to answer")
        yield Panel(folder, address, process)
    finally:
        stop(process)
