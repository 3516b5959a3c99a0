"""Sending results where no DICOM node answers."""

import socket
from pathlib import Path

from dicom_node.deliver.destination import Verdict
from tests.factories.delivering import SC, SR, destination_at, make_object, send
from tests.programs import free_port


def test_nobody_there_is_tried_again(tmp_path: Path) -> None:
    outcomes = send([make_object(tmp_path, SC), make_object(tmp_path, SR)], destination_at(free_port()))
    assert [(outcome.verdict, outcome.code) for outcome in outcomes] == [(Verdict.RETRY, "NOT_REACHED")] * 2
    assert "Connection refused" in outcomes[0].comment


def test_something_that_is_no_dicom_node_is_tried_again(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        (outcome,) = send([make_object(tmp_path, SC)], destination_at(silent.getsockname()[1]), timeout_s=1.0)
    assert (outcome.verdict, outcome.code) == (Verdict.RETRY, "NO_DICOM_ANSWER")
