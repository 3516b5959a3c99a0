"""STOW-RS to Orthanc's DICOMweb plugin, and to servers that answer otherwise."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from config.destinations import WebDestination
from config.errors import SettingsError
from config.settings import load_settings
from dicom_node.deliver.cstore import OUR_SOP_CLASSES
from dicom_node.deliver.destination import Outcome, Outgoing, Verdict
from dicom_node.deliver.stow import Stow
from storage.states import Proof
from tests.factories.delivering import SC, SEG, make_object
from tests.programs import Need, free_port, orthanc


def at(url: str, **settings: object) -> Stow:
    return Stow(WebDestination(name="web", url=url, **settings), timeout_s=10)  # type: ignore[arg-type]


def test_orthanc_gets_every_kind_of_object_as_it_is_and_shows_that_it_has_them(
    need_program: Need, tmp_path: Path
) -> None:
    study = "1.2.826.0.1.8.2"
    objects = [make_object(tmp_path, uid, study=study) for uid in OUR_SOP_CLASSES.values()]
    never = make_object(tmp_path, SC, study=study)
    with orthanc(tmp_path / "pacs", need_program) as pacs:
        peer = at(f"{pacs.http.base_url}/dicom-web/")
        outcomes = list(peer.send(objects))
        proved = peer.prove([*objects, never], transaction_uid="")
        looked = peer.verify()
        stored = {pacs.dataset_bytes(one) for one in pacs.instances_of(study)}
    assert [(one.verdict, one.status) for one in outcomes] == [(Verdict.DELIVERED, 0x0000)] * len(objects)
    assert stored == {one.path.read_bytes() for one in objects}
    assert [one.proof for one in proved[:-1]] == [Proof.FOUND] * len(objects)
    assert (proved[-1].proof, proved[-1].missing) == (Proof.WANTED, True)
    assert looked.echo and "QIDO-RS" in looked.sentence


class Told(BaseHTTPRequestHandler):
    """Answers as it is told; remembers who asked."""

    status, said = 200, b"{}"
    seen: list[str]

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.seen.append(self.headers.get("Authorization", ""))
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(self.said)))
        self.end_headers()
        self.wfile.write(self.said)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def server(status: int, said: object = None) -> Iterator[tuple[str, list[str]]]:
    seen: list[str] = []
    kind = type("One", (Told,), {"status": status, "said": json.dumps(said or {}).encode(), "seen": seen})
    with ThreadingHTTPServer(("127.0.0.1", 0), kind) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_address[1]}/dicom-web", seen
        running.shutdown()


def send_one(peer: Stow, made: Outgoing) -> Outcome:
    (outcome,) = peer.send([made])
    return outcome


@pytest.mark.parametrize(
    ("status", "reason", "verdict", "code"),
    [
        (200, None, Verdict.RETRY, "PROCESSING_FAILURE"),
        (409, 0x0111, Verdict.DUPLICATE, "STORED_BEFORE"),
        (409, 0x0122, Verdict.REFUSED, "SOP_CLASS_REFUSED"),
        (409, 0xA700, Verdict.RETRY, "OUT_OF_RESOURCES"),
        (400, None, Verdict.REFUSED, "REFUSED"),
        (401, None, Verdict.RETRY, "LOGIN_REFUSED"),
        (404, None, Verdict.RETRY, "NO_DICOM_ANSWER"),
        (500, None, Verdict.RETRY, "PROCESSING_FAILURE"),
        (503, None, Verdict.RETRY, "NO_DICOM_ANSWER"),
    ],
)
def test_each_answer_means_what_the_standard_says(
    tmp_path: Path, status: int, reason: int | None, verdict: Verdict, code: str
) -> None:
    made = make_object(tmp_path, SEG)
    failed = {"00081155": {"Value": [made.sop_instance_uid]}, "00081197": {"Value": [reason]}}
    with server(status, {"00081198": {"Value": [failed]}} if reason else None) as (url, _):
        outcome = send_one(at(url), made)
    assert (outcome.verdict, outcome.code) == (verdict, code)


@pytest.mark.parametrize(("warning", "code"), [(None, "STORED"), (0xB000, "STORED_WITH_WARNING")])
def test_stored_is_what_the_answer_names_as_stored(tmp_path: Path, warning: int | None, code: str) -> None:
    made = make_object(tmp_path, SC)
    stored = {"00081155": {"Value": [made.sop_instance_uid]}, "00081196": {"Value": [warning] if warning else []}}
    with server(200 if warning is None else 202, {"00081199": {"Value": [stored]}}) as (url, _):
        outcome = send_one(at(url), made)
    assert (outcome.verdict, outcome.code) == (Verdict.DELIVERED, code)


def test_who_we_are_is_said_and_never_shown(tmp_path: Path) -> None:
    made, secret = make_object(tmp_path, SC), tmp_path / "secret"
    secret.write_text("s3cret-t0ken\n")
    with server(401) as (url, seen):
        shown = [send_one(at(url, token_file=secret), made), send_one(at(url, user="axspa", password="s3cret"), made)]
        gone = send_one(at(url, token_file=tmp_path / "gone"), made)
    assert seen == ["Bearer s3cret-t0ken", "Basic YXhzcGE6czNjcmV0"]
    assert all("s3cret" not in one.comment for one in shown)
    assert (gone.verdict, gone.code) == (Verdict.RETRY, "LOGIN_REFUSED") and "cannot be read" in gone.comment
    assert "s3cret" not in repr(WebDestination(name="a", url="https://h/d", user="u", password="s3cret"))


@pytest.mark.parametrize("url", ["http://127.0.0.1:{port}/d", "http://no-such-host.invalid/d"])
def test_nobody_there_is_an_outcome(tmp_path: Path, url: str) -> None:
    outcome = send_one(at(url.format(port=free_port())), make_object(tmp_path, SC))
    assert (outcome.verdict, outcome.of_destination) == (Verdict.RETRY, True)
    assert outcome.code == ("NAME_UNKNOWN" if "invalid" in url else "NOT_REACHED")


@pytest.mark.parametrize(
    ("lines", "named"),
    [
        ('url = "https://user:hidden@h/d"', "holds no user"),
        ('url = "ftp://h/d"', "root of DICOMweb services"),
        ('url = "https://h/d"\ntoken = "hidden"\ntoken_file = "f"', "received several"),
        ('url = "https://h/d"\nuser = "u"', "belong together"),
        ('url = "https://h/d"\ntokn = "hidden"', "tokn"),
        ('url = "http://h/d"\ntls = {}', "https://"),
    ],
)
def test_a_wrong_setting_is_named_without_its_secret(tmp_path: Path, lines: str, named: str) -> None:
    file = tmp_path / "axspa.toml"
    file.write_text(f'[[destinations]]\nname = "web"\n{lines}\n')
    with pytest.raises(SettingsError) as refused:
        load_settings(file)
    assert named in refused.value.sentence and "hidden" not in refused.value.sentence
