"""The secret of a site, from which its tracking UIDs are derived."""

import os
import secrets
from pathlib import Path

from config.codes import Code
from config.errors import StorageUnavailable
from config.settings import Settings
from storage import private

FILE = "site-salt"
_BYTES = 32


def site_salt(settings: Settings) -> str:
    """The salt of the settings; where they have none, one that is made once and kept in the data folder.

    Several processes may ask at the same time: the first that has made one wins, and all get the same.

    Raises
    ------
    StorageUnavailable
        The data folder cannot be written or read.
    """
    if settings.site_salt:
        return settings.site_salt
    path = settings.data_dir / FILE
    try:
        if not path.exists():
            _make(path)
        return path.read_text(encoding="ascii").strip()
    except OSError as error:
        sentence = f"The secret of the site cannot be kept in the data folder: {error.strerror}. Received: {FILE}."
        raise StorageUnavailable(Code.DISK_UNAVAILABLE, sentence) from error


def _make(path: Path) -> None:
    private.make_folder(path.parent)
    part = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        path.hardlink_to(part)
    except FileExistsError:
        pass
    finally:
        part.unlink()
