"""Of pynetdicom only two modules use what may change without notice, and each such place is still what it was."""

import ast
import hashlib
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pynetdicom
import pytest
from packaging.requirements import Requirement

from dicom_node import pynetdicom_listening, pynetdicom_messages, pynetdicom_patches, pynetdicom_socket
from dicom_node.pynetdicom_patches import PATCHED, Rejection, _rejection

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("config", "storage", "inference", "reporting", "panel", "training", "dicom_node")
INTERNAL_MODULES = {"_config", "acse", "association", "dimse", "dul", "fsm", "pdu", "timer", "transport"}
INTERNAL_WORDS = {"acse", "dul", "dimse"}

# The beginnings of the SHA-256 of the source of each patched place, in pynetdicom 3.0.4.
RECORDED: Mapping[str, str] = {
    "transport.AssociationSocket.__init__": "1f0325fdef2cc353",
    "transport.AssociationSocket.recv": "6bc20a33b1b7cfe7",
    "transport.AssociationSocket.ready": "3eb58e3d39dc076d",
    "transport.AssociationSocket.close": "c726c8db53813d55",
    "transport.AssociationSocket.connect": "aeeeae413bd339dc",
    "transport.RequestHandler.handle": "034823fb4df3a874",
    "transport.RequestHandler._create_association": "05c8d12b79863cdb",
    "transport.AssociationServer.__init__": "edacb98bdfb7b974",
    "transport.AssociationServer.shutdown": "e8e2c3a41009886d",
    "association.Association.__init__": "eb07516b8009ad8f",
    "association.Association.run_reactor": "ed8bbbe3b3d6ddae",
    "association.Association._run_reactor": "f28838c5559e462a",
    "association.Association.kill": "8f9713666a7f4cff",
    "association.Association._abort_blocking": "10b43ef8c63c6764",
    "association.Association.release": "c7d713502b77d702",
    "association.Association.send_c_echo": "664d0e9b0ab20c53",
    "association.Association.send_c_store": "fa5a8127f349f8e7",
    "acse.ACSE._negotiate_as_requestor": "507959152c5896c6",
    "acse.ACSE._negotiate_as_acceptor": "fffd360957c42a8e",
    "acse.ACSE.send_reject": "700998293bbcb6c9",
    "dimse.DIMSEServiceProvider.receive_primitive": "5f99c86b14a15cef",
    "dul.DULServiceProvider.__init__": "c82dafa9438ddf70",
    "dul.DULServiceProvider.run_reactor": "e3a10eb3a0931e48",
    "dul.DULServiceProvider.kill_dul": "5ceccf8dd01c2072",
    "dul.DULServiceProvider._decode_pdu": "fc71dd1bf853e1ce",
    "dul.DULServiceProvider._read_pdu_data": "19f2d4e38c13c835",
    "association.Association._serve_request": "2f24c1759cdf6c8c",
    "transport.AssociationSocket.send": "1ea8158c0b51faca",
    "transport.AssociationServer.server_bind": "cf69278a05a5c777",
    "fsm.DT_2": "9ec543394e0b49eb",
    "fsm.AE_4": "9174bacb68ff4db4",
    "events.trigger": "b97f8a75e8affaa0",
}


def source_hash(name: str) -> str:
    """Hash of the source of something below pynetdicom."""
    module, *rest = name.split(".")
    found: Any = importlib.import_module(f"pynetdicom.{module}")
    for part in rest:
        found = getattr(found, part)
    return hashlib.sha256(inspect.getsource(getattr(found, "fget", found)).encode()).hexdigest()[:16]


@pytest.mark.parametrize("name", sorted(PATCHED))
def test_each_patched_place_is_what_it_was(name: str) -> None:
    found = source_hash(name)
    assert found == RECORDED.get(name), (
        f"pynetdicom {pynetdicom.__version__} changed {name}. It matters here because: {PATCHED[name]} "
        "Read its new source against the two modules that change it, run the tests of receiver and delivery, "
        f"then record the new hash here: {found!r}"
    )


def test_each_recorded_place_has_its_reason() -> None:
    assert set(RECORDED) == set(PATCHED)
    assert all(reason.endswith(".") for reason in PATCHED.values())


def test_the_minor_version_is_pinned() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    (line,) = re.findall(r'"(pynetdicom[^"]*)"', text.partition("[tool")[0])
    pinned = Requirement(line).specifier
    assert pinned.contains(pynetdicom.__version__)
    assert not pinned.contains("3.1.0")
    assert not pinned.contains("3.0.3")


def private_names() -> set[str]:
    """Every private attribute that pynetdicom's own source gives its objects."""
    found: set[str] = set()
    for info in pkgutil.iter_modules(pynetdicom.__path__):
        if not info.ispkg:
            source = Path(pynetdicom.__path__[0], f"{info.name}.py")
            found |= set(re.findall(r"\bself\.(_[a-z]\w*)", source.read_text())) if source.exists() else set()
    return found


def uses(source: str, private: set[str]) -> Iterator[str]:
    """Where a module imports or touches what pynetdicom keeps to itself."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "pynetdicom":
            below = (node.module or "").partition(".")[2]
            named = {below} | {name.name for name in node.names}
            if named & INTERNAL_MODULES:
                yield f"line {node.lineno}: import of {', '.join(sorted(named & INTERNAL_MODULES))}"
        elif isinstance(node, ast.Attribute) and node.attr in private | INTERNAL_WORDS and not _own(node):
            yield f"line {node.lineno}: {ast.unparse(node)}"


def _own(node: ast.Attribute) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id in {"self", "cls"}


OURS = (pynetdicom_patches, pynetdicom_listening, pynetdicom_messages, pynetdicom_socket)


def test_only_these_modules_touch_what_pynetdicom_keeps_to_itself() -> None:
    private = private_names()
    assert {"_reactor_checkpoint", "_servers", "_is_connected"} <= private
    ours = {Path(str(module.__file__)).resolve() for module in OURS}
    found = {}
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            source = path.read_text()
            if "pynetdicom" in source and path.resolve() not in ours:
                found[path.name] = list(uses(source, private))
    assert found
    assert {name: places for name, places in found.items() if places} == {}


def test_such_a_use_would_be_found() -> None:
    own = Path(pynetdicom_patches.__file__).read_text()
    places = " ".join(uses(own, private_names()))
    assert "import of _config" in places
    assert "assoc._reactor_checkpoint" in places
    assert "event.assoc.dul" in places
    assert list(uses(Path(pynetdicom_listening.__file__).read_text(), private_names()))


@pytest.mark.parametrize(
    ("source", "reason", "sentence"),
    [
        (1, 3, "Calling AE title not recognised"),
        (3, 2, "Local limit exceeded"),
        (9, 7, "a reason that the standard does not know (source 9, reason 7)"),
        (1, 99, "a reason that the standard does not know (source 1, reason 99)"),
    ],
)
def test_every_rejection_has_a_sentence(source: int, reason: int, sentence: str) -> None:
    pdu = pynetdicom.pdu.A_ASSOCIATE_RJ()
    pdu.result, pdu.source, pdu.reason_diagnostic = 1, source, reason
    assert _rejection(pdu) == Rejection(source, reason, sentence)
