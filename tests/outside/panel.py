"""The panel as a person sees it: pages, their words and their buttons."""

import html
import re
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

import httpx

NAME, PASSWORD = "outside", "a long enough word 7"


@dataclass(slots=True)
class Form:
    """A form of a page: where it goes, what it asks and what its buttons say."""

    action: str
    fields: dict[str, str]
    asked: list[str]  # names of what a person fills in
    choices: dict[str, list[str]]
    words: str = ""

    def said(self) -> str:
        """All by which a person, or a program, tells it from others."""
        return " ".join([self.action, self.words, *self.fields.values()]).lower()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.words: list[str] = []
        self._open: Form | None = None
        self._select = ""
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {key: value or "" for key, value in attrs}
        if tag in ("script", "style"):
            self._silent += 1
        if tag == "form" and values.get("method", "").lower() == "post":
            self._open = Form(values.get("action", ""), {}, [], {})
            self.forms.append(self._open)
        elif self._open is not None:
            self._field(self._open, tag, values)

    def _field(self, form: Form, tag: str, values: dict[str, str]) -> None:
        name = values.get("name", "")
        if tag == "option" and self._select:
            form.choices[self._select].append(values.get("value", ""))
        elif tag == "select":
            self._select = name
            form.choices[name] = []
        elif name and (tag == "textarea" or (tag == "input" and values.get("type", "text") in ("text", "search"))):
            form.asked.append(name)
        elif name and tag == "input" and values.get("type") == "radio":
            form.choices.setdefault(name, []).append(values.get("value", ""))
        elif name and tag in ("input", "button"):
            form.fields[name] = values.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style"):
            self._silent -= 1
        if tag == "select":
            self._select = ""
        if tag == "form":
            self._open = None

    def handle_data(self, data: str) -> None:
        if self._silent or not data.strip():
            return
        self.words.append(data.strip())
        if self._open is not None:
            self._open.words += " " + data.strip()


@dataclass(frozen=True, slots=True)
class Page:
    """One page, read."""

    text: str
    source: str
    forms: list[Form]

    @classmethod
    def read(cls, source: str) -> "Page":
        """A page from its HTML."""
        reader = _Reader()
        reader.feed(source)
        return cls(re.sub(r"\s+", " ", " ".join(reader.words)), source, reader.forms)

    def forms_of(self, *words: str) -> list[Form]:
        """Forms whose address, words or hidden values hold one of these."""
        return [one for one in self.forms if any(word in one.said() for word in words)]


class Panel:
    """A logged-in person."""

    def __init__(self, port: int) -> None:
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30, follow_redirects=True)

    def log_in(self) -> None:
        """Open a session."""
        page = Page.read(self.client.get("/login").text)
        answer = self.client.post("/login", data={**page.forms[0].fields, "name": NAME, "password": PASSWORD})
        if "/login" in str(answer.url):
            raise ConnectionError("the panel let nobody in")

    def page(self, address: str) -> Page:
        """A page by its address."""
        answer = self.client.get(address)
        answer.raise_for_status()
        return Page.read(answer.text)

    def studies(self) -> list[str]:
        """Addresses of the studies in the list."""
        return sorted(set(re.findall(r'href="(/studies/\d+)"', self.client.get("/studies").text)))

    def state(self, address: str) -> tuple[str, str]:
        """The state of a study in a word or two, and the sentence beside it."""
        source = self.client.get(f"{address}/where").text
        state = re.search(r'class="state[^"]*">([^<]*)<', source)
        sentence = re.search(r"<p[^>]*>(.*?)</p>", source, re.DOTALL)
        plain = re.sub(r"<[^>]*>", "", sentence[1]) if sentence else ""
        return (state[1].strip() if state else "", html.unescape(re.sub(r"\s+", " ", plain)).strip())

    def press(self, form: Form, *, reason: str = "Asked at the ward, settled by telephone") -> Page:
        """Press the button of a form, with a reason where something is asked."""
        chosen = {name: next((one for one in values if one), "") for name, values in form.choices.items()}
        data = {**form.fields, **chosen, **dict.fromkeys(form.asked, reason)}
        answer = self.client.post(form.action, data=data)
        if answer.status_code >= 500:
            raise ConnectionError(f"the panel answered {answer.status_code}")
        return Page.read(answer.text)

    def health(self) -> tuple[int, dict[str, Any]]:
        """What ``/health`` tells."""
        answer = self.client.get("/health")
        return answer.status_code, dict(answer.json())
