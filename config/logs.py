"""Structured logs, as text or JSON lines, on standard error; no patient data in them.

Log events with numbers of studies, associations and results, never with names, IDs or UIDs. What other libraries
put in the message of an exception may be such data, so of an exception only its type and places are logged, and the
message only where the error is one of ours (:mod:`config.errors`).
"""

import json
import logging
import os
import sys
import threading
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from config.errors import AxspaError
from config.settings import LoggingSettings

_about: ContextVar[Mapping[str, int | str]] = ContextVar("about", default={})  # noqa: B039 - it is never changed
# The last one is uvicorn's: its message again, for a terminal.
_KNOWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}
# These libraries log what they receive, patients' names included.
_SILENCED = ("pynetdicom", "pydicom", "highdicom", "sqlalchemy", "PIL")
_QUIET = ("apscheduler", "alembic", "uvicorn.access", "asyncio")


def setup(settings: LoggingSettings) -> None:
    """Send all logs of this process to standard error, as the settings say; to be called once at its start."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if settings.format == "json" else TextFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.level)
    for name in _SILENCED:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    sys.excepthook = _log_uncaught
    threading.excepthook = lambda ended: _log_uncaught(ended.exc_type, ended.exc_value, ended.exc_traceback)
    logging.captureWarnings(True)
    logging.getLogger("py.warnings").setLevel(logging.CRITICAL + 1)


@contextmanager
def about(**keys: int | str) -> Iterator[None]:
    """Give every JSON line that is logged inside, by whatever module, these keys: numbers of ours, never UIDs or names.

    Parameters
    ----------
    **keys : int or str
        Such as ``study=17, run=20``.
    """
    token = _about.set({**_about.get(), **keys})
    try:
        yield
    finally:
        _about.reset(token)


@contextmanager
def native_silence() -> Iterator[None]:
    """Drop what native libraries write to standard error while they are loaded; TensorFlow greets at every start.

    What Python raises passes through.
    """
    sys.stderr.flush()
    kept, nothing = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nothing)


class TextFormatter(logging.Formatter):
    """One line for people: time, level, where, message, then ``key=value`` of what was given as ``extra``."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        fields = "".join(f" {key}={value}" for key, value in _extras(record).items())
        line = f"{_time(record)} {record.levelname:<7} {record.name}: {record.getMessage()}{fields}"
        return line + _exception(record)


class JsonFormatter(logging.Formatter):
    """One JSON object a line for machines."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        content: dict[str, Any] = {
            "at": _time(record),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "process": record.process,
            **_about.get(),
            **_extras(record),
        }
        if exception := _exception(record):
            content["exception"] = exception.strip()
        return json.dumps(content, ensure_ascii=False, default=str)


def _log_uncaught(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    """Python itself would write the message of the error, whatever it quotes."""
    if error is None or issubclass(kind, KeyboardInterrupt | SystemExit):
        return
    logging.getLogger(__name__).critical("An error that nobody foresaw", exc_info=(kind, error, trace))


def _extras(record: logging.LogRecord) -> Mapping[str, Any]:
    return {key: value for key, value in vars(record).items() if key not in _KNOWN}


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


def _exception(record: logging.LogRecord) -> str:
    if not isinstance(record.exc_info, tuple):
        return ""
    kind, error, trace = record.exc_info
    if kind is None:
        return ""
    words = f" {error}" if isinstance(error, AxspaError) else ""
    return f"\n  {kind.__name__}{words}" + _places(trace)


def _places(trace: TracebackType | None) -> str:
    frames = traceback.extract_tb(trace)[-8:]
    return "".join(f"\n    at {Path(frame.filename).name}:{frame.lineno} in {frame.name}" for frame in frames)
