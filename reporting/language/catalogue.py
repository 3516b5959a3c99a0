"""One language, made of the catalogues of a room and of what lies above it.

References
----------
Project Fluent, https://projectfluent.org; numbers and plurals by Unicode CLDR, through Babel.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from babel import Locale
from fluent.runtime import FluentBundle, FluentResource
from fluent.runtime.types import fluent_number
from fluent.syntax import ast
from fluent.syntax.serializer import serialize_pattern

from config.codes import Code
from config.errors import SettingsError

ENGLISH = "en"
READ = "read-by-a-radiologist"
"""Message by which each catalogue says of itself, ``yes`` or ``no``, whether a radiologist who speaks the language has
read it."""

_HERE = Path(__file__).parent
_SUFFIX = ".ftl"


class LanguageUnknown(SettingsError):
    """No catalogue of this language is there."""


class Language:
    """The words of one language.

    Parameters
    ----------
    code : str
        As in BCP 47: ``de``.
    catalogues : sequence of str
        Texts in Fluent syntax; what a later one says overrides an earlier.

    Attributes
    ----------
    code : str
    name : str
        In English: ``German``.
    read : bool
        True where a radiologist who speaks it has read every catalogue.

    Raises
    ------
    ValueError
        A catalogue is no Fluent, or does not say whether it was read.
    """

    def __init__(self, code: str, catalogues: Sequence[str]) -> None:
        self.code = code
        self._locale = Locale.parse(code, sep="-")
        self.name = str(self._locale.get_display_name(ENGLISH))
        self._bundle = FluentBundle([code], functions={"NUMBER": fluent_number}, use_isolating=False)
        said = [self._add(text) for text in catalogues]
        self.read = all(said)

    def _add(self, text: str) -> bool:
        resource = FluentResource(text)
        junk = [(one.content or "").strip().partition("\n")[0] for one in resource.body if isinstance(one, ast.Junk)]
        if junk:
            raise ValueError(f"a catalogue of language {self.code} has a line that is no Fluent: {junk[0]!r}")
        self._bundle.add_resource(resource, allow_overrides=True)
        values = {one.id.name: one.value for one in resource.body if isinstance(one, ast.Message)}
        pattern = values.get(READ)
        said = "" if pattern is None else serialize_pattern(pattern).strip()
        if said not in ("yes", "no"):
            raise ValueError(f"a catalogue of language {self.code} needs {READ} = yes or no, received {said!r}")
        return said == "yes"

    def knows(self, key: str) -> bool:
        """True where there is a message of this key."""
        return self._bundle.has_message(key)

    def say(self, key: str, /, **parameters: str | float) -> str:
        """A message in words, its attributes left out.

        Raises
        ------
        ValueError
            There is none of this key, or a parameter of it is missing.
        """
        return next(self._words(key, parameters))

    def lines(self, key: str, /, **parameters: str | float) -> tuple[str, ...]:
        """The facts of a message, a line each: its value, then its attributes in their order."""
        return tuple(self._words(key, parameters))

    def number(self, value: float, digits: int = 0) -> str:
        """A number with as many digits behind the decimal sign."""
        return str(_number(value, digits).format(self._locale))

    def shortest(self, value: float) -> str:
        """A number with those digits that it has, at most six."""
        whole, _, decimals = f"{value:g}".partition(".")
        return self.number(value, len(decimals)) if "e" not in f"{whole}{decimals}" else f"{value:g}"

    @property
    def country(self) -> tuple[str, str]:
        """The country whose spelling it has, by the catalogue: code of ISO 3166-1, and its name in English."""
        code = self.say("country")
        return code, str(Locale(ENGLISH).territories[code])

    def _words(self, key: str, parameters: dict[str, Any]) -> Iterator[str]:
        if not self.knows(key):
            raise ValueError(f"the catalogue of language {self.code} has no message {key!r}")
        message = self._bundle.get_message(key)
        given = {name: _plain(value) for name, value in parameters.items()}
        for pattern in (message.value, *message.attributes.values()):
            if pattern is None:
                raise ValueError(f"message {key!r} of language {self.code} has attributes, but no value")
            words, errors = self._bundle.format_pattern(pattern, given)
            if errors:
                raise ValueError(f"message {key!r} of language {self.code}: {errors[0]}")
            yield str(words).replace("\n", " ")


def _plain(value: str | float) -> Any:
    """A parameter; numbers are never grouped, since 4,000 and 4.000 are read as four in other countries."""
    return value if isinstance(value, str) else fluent_number(value, useGrouping=False)


def _number(value: float, digits: int) -> Any:
    return fluent_number(float(value), useGrouping=False, minimumFractionDigits=digits, maximumFractionDigits=digits)


def languages_in(folder: Path) -> tuple[str, ...]:
    """The languages of which a folder has a catalogue, sorted."""
    return tuple(sorted(one.stem for one in folder.glob(f"*{_SUFFIX}")))


@cache
def find_language(code: str = ENGLISH, *folders: Path) -> Language:
    """The words of a language: those of every application, then those of further folders.

    Parameters
    ----------
    code : str
    folders : Path
        Of an application: a file ``de.ftl`` for each language.

    Raises
    ------
    LanguageUnknown
        One of the folders has no such file; the sentence names the languages that all of them have.
    """
    everywhere = (_HERE, *folders)
    known = set.intersection(*(set(languages_in(folder)) for folder in everywhere))
    if code not in known:
        raise LanguageUnknown(
            Code.LANGUAGE_UNKNOWN,
            f"There are no words in this language; report.language is one of {', '.join(sorted(known))}. "
            f"Received {code!r}.",
        )
    return Language(code, [(folder / f"{code}{_SUFFIX}").read_text(encoding="utf-8") for folder in everywhere])
