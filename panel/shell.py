"""What every page needs: the node's parts, the person logged in, the templates."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.responses import HTMLResponse

from config.settings import Settings
from panel import words
from storage.objects import ObjectStore
from storage.session import Database

FOLDER = Path(__file__).parent
_FILTERS = (
    words.ago, words.clock, words.count, words.dicom_date, words.dimse_words, words.duration, words.hex_code, words.iso,
    words.person_name, words.person_name_title, words.sex, words.size,
    words.time_short, words.time_title,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Login:
    """The person behind a request."""

    user_id: int
    name: str
    role: str
    session_id: int
    csrf_token: str
    state: Mapping[str, Any] = field(default_factory=dict)  # the last searches

    @property
    def is_admin(self) -> bool:
        """True for those who may see the audit and change users."""
        return self.role == "admin"


class Pages:
    """The templates, with what all of them show.

    Parameters
    ----------
    settings : Settings
        For the node's AE title and port.
    software_version : str
        Shown at the foot of every page.
    trouble : callable
        What keeps the node from working, shown at the top of every page to those who are logged in.
    """

    def __init__(
        self, settings: Settings, *, software_version: str, trouble: Callable[[], Sequence[str]] = tuple
    ) -> None:
        self._trouble = trouble
        self._environment = Environment(
            loader=FileSystemLoader(FOLDER / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        for one in _FILTERS:
            self._environment.filters[one.__name__] = one
        self._shared: dict[str, Any] = {
            "software_version": software_version,
            "ae_title": settings.receiver.ae_title,
            "dicom_port": settings.receiver.port,
            "asset_version": _asset_version(),
        }

    def render(
        self, template: str, /, *, login: Login | None, section: str = "", status_code: int = 200, **values: Any
    ) -> HTMLResponse:
        """Fill a template.

        Parameters
        ----------
        template : str
            Its file name.
        login : Login or None
            Who is logged in; None on the pages before.
        section : str
            The entry of the menu to mark.
        """

        def csrf() -> Markup:
            token = escape(login.csrf_token if login else "")
            return Markup('<input type="hidden" name="csrf_token" value="{}">').format(token)

        shared = {"login": login, "section": section, "csrf": csrf, "flash": None, "zone": _zone(), **self._shared}
        shared["trouble"] = self._trouble() if login else ()
        text = self._environment.get_template(template).render({**shared, **values})
        return HTMLResponse(text, status_code=status_code)


@dataclass(frozen=True, slots=True)
class Node:
    """The parts of the node that the panel works with."""

    settings: Settings
    database: Database
    objects: ObjectStore
    pages: Pages


def _zone() -> str:
    now = datetime.now().astimezone()
    return words.zone(now)


def _asset_version() -> str:
    digest = sha256()
    for path in sorted((FOLDER / "static").iterdir()):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:10]
