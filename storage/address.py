"""The URL of a database: read where it can be, and shown without what is secret in it."""

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from config.codes import Code
from config.errors import SettingsError

_DIALECTS = ("sqlite", "postgresql")


def parse(url: str) -> URL:
    """Read the URL of a database.

    Raises
    ------
    SettingsError
        It is none, or of a database or a driver that is not known here (code ``DATABASE_URL``); no secret is said.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise _wrong("what was received is no URL, and is not repeated here because it may hold a password") from None
    kind = parsed.get_backend_name()
    if kind not in _DIALECTS:
        raise _wrong(f"received {shown(parsed)}")
    try:
        parsed.get_dialect().import_dbapi()
    except NoSuchModuleError:
        raise _wrong(f"received {shown(parsed)}") from None
    except ImportError as error:
        why = f"its driver {error.name} is not installed (pip install axspa-node[postgresql])"
        raise _wrong(f"{why}; received {shown(parsed)}") from None
    return parsed


def shown(url: URL) -> str:
    """A URL for a person: without password, and without what stands after the question mark, where one may hide."""
    plain = url.set(query={}).render_as_string(hide_password=True)
    return f"{plain}?..." if url.query else plain


def _wrong(why: str) -> SettingsError:
    return SettingsError(Code.DATABASE_URL, f"Correct database.url: {Code.DATABASE_URL.sentence} Here {why}.")
