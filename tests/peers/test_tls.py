"""C-STORE through TLS to DCMTK's storescp, which asks for our certificate; and what is said where it fails."""

import subprocess
from pathlib import Path

import pytest

from config.destinations import TlsSettings
from dicom_node.deliver.destination import Outcome, Verdict
from tests.factories.delivering import SC, destination_at, make_object, send
from tests.programs import Need, free_port, storescp


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory, need_program: Need) -> Path:
    """Two self-signed certificates for the loopback address, with their keys."""
    folder = tmp_path_factory.mktemp("certificates")
    for name in ("peer", "node"):
        command = [need_program("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
        names = ["-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1"]
        files = ["-keyout", str(folder / f"{name}.key"), "-out", str(folder / f"{name}.pem")]
        subprocess.run([*command, *names, *files], check=True, capture_output=True)
    return folder


def deliver(port: int, tls: TlsSettings | None, folder: Path) -> Outcome:
    (outcome,) = send([make_object(folder, SC)], destination_at(port, tls=tls), timeout_s=10)
    return outcome


@pytest.mark.parametrize("profile", ["bcp195", "bcp195-2015"])
def test_objects_arrive_through_tls_with_certificates_on_both_sides(
    need_program: Need, certificates: Path, tmp_path: Path, profile: str
) -> None:
    port, received = free_port(), tmp_path / "received"
    pem, key, ours = certificates / "peer.pem", certificates / "peer.key", certificates / "node.pem"
    trusting = TlsSettings(ca_file=pem, certificate_file=ours, key_file=certificates / "node.key", profile=profile)  # type: ignore[arg-type]
    with storescp(need_program, received, port, "+tls", str(key), str(pem), "+cf", str(ours), "+px", "-rc"):
        arrived = deliver(port, trusting, tmp_path)
        stranger = deliver(port, TlsSettings(ca_file=pem), tmp_path)
        wary = deliver(port, TlsSettings(certificate_file=ours, key_file=certificates / "node.key"), tmp_path)
        plain = deliver(port, None, tmp_path)
        unreadable = deliver(port, TlsSettings(ca_file=tmp_path / "gone"), tmp_path)
    assert (arrived.verdict, arrived.status) == (Verdict.DELIVERED, 0x0000), arrived.comment
    for failed in (stranger, wary, plain, unreadable):
        assert failed.verdict is Verdict.RETRY and failed.of_destination, failed
    assert wary.code == unreadable.code == "TLS_FAILED"
    assert "self-signed certificate" in wary.comment and "cannot be used" in unreadable.comment
    assert len(list(received.iterdir())) == 1


def test_a_peer_that_speaks_no_tls_is_named_as_that(need_program: Need, certificates: Path, tmp_path: Path) -> None:
    port = free_port()
    with storescp(need_program, tmp_path / "received", port):
        failed = deliver(port, TlsSettings(ca_file=certificates / "peer.pem"), tmp_path)
    assert (failed.verdict, failed.code) == (Verdict.RETRY, "TLS_FAILED")
