"""Commands that a message tells its reader to type, as that reader can type them."""

import shlex
import shutil
import sys
from pathlib import Path

from config.settings import Settings

PROGRAM = "axspa-node"


def typed(words: str, *, settings: Settings) -> str:
    """A command of this program: the program as it was called here, and the settings file in use.

    Parameters
    ----------
    words : str
        Subcommand with its arguments, for example ``"user add NAME --role admin"``.
    settings : Settings
        Those in use; a command that leaves their file out would work on another node.

    Returns
    -------
    str
        Such as ``".venv/bin/axspa-node user add NAME --role admin --config axspa.toml"``.
    """
    file = [] if settings.source is None else ["--config", shlex.quote(str(settings.source))]
    return " ".join([_program(), words, *file])


def first_user(settings: Settings) -> str:
    """The command that makes the first account of the panel."""
    return typed("user add NAME --role admin", settings=settings)


def opening(name: str, *, settings: Settings) -> str:
    """The command that lets a destination be sent to."""
    return typed(f"destinations open {shlex.quote(name)}", settings=settings)


def _program() -> str:
    called = sys.argv[0]
    if Path(called).name != PROGRAM:  # python -m dicom_node.cli, or a program that uses this one
        called = str(Path(sys.executable).with_name(PROGRAM))
    found = shutil.which(PROGRAM)
    if found is not None and Path(found).resolve() == Path(called).resolve():
        return PROGRAM
    return shlex.quote(called)
