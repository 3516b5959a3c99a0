"""Pseudonyms that only the site can make again: keyed by a secret that lies in a file of its own, never in the data."""

import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

SECRET_VARIABLE = "AXSPA_TRAIN_SECRET"  # noqa: S105  the name of a variable
SHORTEST_SECRET = 16
LENGTH = 12


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """From identifiers to pseudonyms; with the same secret the same patient gets the same one at each import.

    Attributes
    ----------
    secret : bytes
    """

    secret: bytes = field(repr=False)

    def of(self, identifier: str) -> str:
        """Twelve hexadecimal digits of HMAC-SHA256; empty for an empty identifier."""
        if not identifier:
            return ""
        return hmac.new(self.secret, identifier.encode(), hashlib.sha256).hexdigest()[:LENGTH]


def secret_file() -> Path:
    """Where the secret lies unless another file is named: ``AXSPA_TRAIN_SECRET``, or the user's configuration."""
    named = os.environ.get(SECRET_VARIABLE)
    home = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(named) if named else Path(home) / "axspa-train" / "secret"


def site_pseudonyms(path: Path | None = None) -> Pseudonyms:
    """Pseudonyms of this site; a secret is made, readable by its owner alone, where there is none yet.

    Parameters
    ----------
    path : Path, optional
        File of the secret.

    Raises
    ------
    ValueError
        The secret is too short to be one.
    """
    file = path or secret_file()
    if not file.is_file():
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as opened:
            opened.write(secrets.token_hex(32) + "\n")
    secret = file.read_bytes().strip()
    if len(secret) < SHORTEST_SECRET:
        raise ValueError(
            f"the secret in {file} must have at least {SHORTEST_SECRET} bytes, received {len(secret)}: "
            "remove the file to have one made; pseudonyms then differ from those of earlier imports"
        )
    return Pseudonyms(secret)
