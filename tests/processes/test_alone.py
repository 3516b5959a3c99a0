"""What only a fresh interpreter shows: what an import brings along, and what an error on the way out says."""

import subprocess
import sys

from tests.programs import ENVIRONMENT


def python(code: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", code]
    return subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=False)


def test_importing_the_logs_sets_nothing_up() -> None:
    code = "import logging, config.logs; print(logging.getLogger().handlers)"
    answer = python(code)
    assert answer.stdout.strip() == "[]"


def test_an_error_that_nobody_catches_is_logged_without_its_message() -> None:
    code = """
import threading
from config import logs
from config.settings import LoggingSettings
logs.setup(LoggingSettings())
thread = threading.Thread(target=lambda: int("Secret^Thread"))
thread.start()
thread.join()
int("Secret^Patient")
"""
    answer = python(code)
    assert answer.returncode == 1
    assert answer.stderr.count("ValueError") == 2
    assert "Secret" not in answer.stderr


def test_what_ends_a_child_process_is_logged_without_its_message() -> None:
    code = """
from config import logs
from config.settings import LoggingSettings, Settings
from dicom_node import children
def main(settings):
    logs.setup(LoggingSettings())
    int("Secret^Patient")
children._run(main, Settings())
"""
    answer = python(code)
    assert answer.returncode == 1
    assert "ValueError" in answer.stderr and "Secret" not in answer.stderr


def test_reporting_imports_no_tensorflow() -> None:
    code = "import sys, reporting.outputs, reporting.gate; print({'tensorflow', 'keras'} & set(sys.modules))"
    assert python(code).stdout.strip() == "set()"
