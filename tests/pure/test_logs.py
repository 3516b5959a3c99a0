"""Logs: structured, and without what other libraries put into their messages."""

import json
import logging
import os
import warnings

import pytest

from config import logs
from config.errors import StorageUnavailable
from config.settings import LoggingSettings

pytestmark = pytest.mark.usefixtures("restored_logging")


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().err.strip().splitlines()


def test_a_json_line_holds_the_fields_that_were_given(capsys: pytest.CaptureFixture[str]) -> None:
    logs.setup(LoggingSettings(format="json"))
    logging.getLogger("node").info("Association ended", extra={"association": 7, "stored": 20})
    (line,) = lines(capsys)
    content = json.loads(line)
    assert content["message"] == "Association ended"
    assert (content["level"], content["logger"], content["association"], content["stored"]) == ("INFO", "node", 7, 20)
    assert content["at"].endswith("+00:00")


def test_a_json_line_says_what_it_is_about_and_a_text_line_does_not(capsys: pytest.CaptureFixture[str]) -> None:
    logs.setup(LoggingSettings(format="json"))
    with logs.about(study=17), logs.about(run=20):
        logging.getLogger("anywhere").info("It begins")
    logging.getLogger("anywhere").info("It is over")
    inside, outside = (json.loads(line) for line in lines(capsys))
    assert (inside["study"], inside["run"], inside["process"]) == (17, 20, os.getpid())
    assert not {"study", "run"} & outside.keys()
    logs.setup(LoggingSettings())
    with logs.about(study=17):
        logging.getLogger("anywhere").info("It begins")
    assert lines(capsys)[0].endswith("anywhere: It begins")


def test_a_text_line_is_one_line_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    logs.setup(LoggingSettings())
    logging.getLogger("node").warning("Image %d refused", 3, extra={"status": "0xA700", "color_message": "for screens"})
    (line,) = lines(capsys)
    assert line.endswith("WARNING node: Image 3 refused status=0xA700")


@pytest.mark.parametrize("form", ["text", "json"])
def test_messages_of_strange_exceptions_stay_out_and_their_places_in(
    capsys: pytest.CaptureFixture[str], form: str
) -> None:
    logs.setup(LoggingSettings(format=form))  # type: ignore[arg-type]
    try:
        int("Secret^Patient")
    except ValueError:
        logging.getLogger("node").exception("An image could not be stored")
    text = capsys.readouterr().err
    assert "Secret" not in text
    assert "ValueError" in text
    assert "test_logs.py" in text
    try:
        raise StorageUnavailable("DISK_FULL", "The disk has no room.")
    except StorageUnavailable:
        logging.getLogger("node").exception("No result was saved")
    assert "The disk has no room." in capsys.readouterr().err


def test_libraries_that_log_what_they_receive_are_silent(capsys: pytest.CaptureFixture[str]) -> None:
    logs.setup(LoggingSettings(level="DEBUG"))
    for name in ("pynetdicom.association", "pydicom", "sqlalchemy.engine"):
        logging.getLogger(name).error("Secret^Patient")
    warnings.warn("Invalid value for VR PN: Secret^Patient", UserWarning, stacklevel=1)
    assert lines(capsys) == []
