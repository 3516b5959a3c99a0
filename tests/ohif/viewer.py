"""OHIF as somebody uses it: open a study, open a series, look at what stands in the viewport."""

import base64
import io
import json
import re
from collections.abc import Callable, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.chromium import Browser
from tests.factories.waiting import wait_until

PROBE = Path(__file__).with_name("probe.js").read_text()
THUMBNAIL = '[data-cy^="study-browser-thumbnail"]'
MARK = ".bg-highlight"
PATIENCE_S = 5
NO_TOUR = """localStorage.setItem('shownTours', '["basicViewerTour"]')"""
LIT, COLORFUL = 12, 40  # of 255: brightest channel; brightest less darkest
FEWEST_LIT, FEWEST_COLORFUL = 0.02, 0.0005  # shares of the canvas that make it an image, and a colored one
SHORTEST_TEXT = 60  # letters; without an image, less is but the words around an empty viewport


@dataclass(frozen=True, slots=True)
class Listed:
    """A series as the study browser lists it."""

    number: int
    modality: str
    description: str


@dataclass(frozen=True, slots=True)
class Shown:
    """What stands in the viewport.

    Attributes
    ----------
    outlines : list of array (points, 2)
        x and y from the upper left of the picture, in its pixels.
    labels : list of list of str
        The lines of each label beside an outline.
    picture : array (rows, columns, 3) of uint8, or None
        The canvas, without outlines; None where there is none.
    text : str
        Everything written there.
    cut : list of str
        Texts that go beyond the right edge.
    embedded : int
        Documents that the browser itself shows.
    """

    outlines: list[NDArray[np.float64]]
    labels: list[list[str]]
    picture: NDArray[np.uint8] | None
    text: str
    cut: list[str]
    embedded: int

    @property
    def instance(self) -> int | None:
        """Instance Number of the image in the viewport."""
        found = re.search(r"\bI:(\d+)", self.text)
        return int(found[1]) if found else None

    @property
    def colorful(self) -> NDArray[np.bool_]:
        """Where the picture has a color (rows, columns)."""
        assert self.picture is not None, "there is no picture"
        return np.ptp(self.picture.astype(np.int16), axis=2) > COLORFUL

    @property
    def verdict(self) -> str:
        """Drawn, embedded, text, colored or gray; black where there is nothing to be seen."""
        if self.outlines:
            return "drawn"
        if self.embedded:
            return "embedded"
        if self.picture is None or (self.picture.max(axis=2) > LIT).mean() < FEWEST_LIT:
            return "text" if len(re.sub(r"\s", "", self.text)) > SHORTEST_TEXT else "black"
        return "colored" if self.colorful.mean() > FEWEST_COLORFUL else "gray"


class Viewer:
    """The viewer in a browser.

    Parameters
    ----------
    browser : Browser
        One that draws with WebGL.
    address : str
        Of the origin of the viewer.
    """

    def __init__(self, browser: Browser, address: str) -> None:
        self.browser, self._address, self._study, self._series = browser, address, "", 0
        browser.call("Page.addScriptToEvaluateOnNewDocument", source=f"if (location.protocol === 'http:') {NO_TOUR}")

    def open_study(self, study_instance_uid: str, series: int) -> list[Listed]:
        """Open a study that has this many series, unless it is; what its browser lists, in order."""
        if self._study != study_instance_uid:
            self.browser.events.clear()
            self.browser.open(f"{self._address}/viewer?StudyInstanceUIDs={study_instance_uid}")
            self.browser.wait(f"document.querySelectorAll('{THUMBNAIL}').length >= {series}")
            self.wait_for("gray", "drawn", "colored", "text")  # else what is opened now is replaced by the first image
            self._study, self._series = study_instance_uid, series
        return self.listed()

    def open_again(self) -> None:
        """Open the study anew, so that nothing of what was opened before is left."""
        study, self._study = self._study, ""
        self.open_study(study, self._series)

    def wait_until_still(self, *, seconds: float = 60) -> None:
        """Wait until two looks one after the other see the same."""
        before: Any = None

        def still() -> bool:
            nonlocal before
            last, before = before, self.browser.run(f"({PROBE})()")
            return bool(last == before)

        wait_until(still, seconds, "the viewport to come to rest", pause_s=0.5)

    def listed(self) -> list[Listed]:
        """The series of the study browser, in its order."""
        rows = self.browser.run(
            f"[...document.querySelectorAll('{THUMBNAIL}')].map(e => [e.dataset.series,"
            " e.querySelector('[data-cy=series-modality-label]')?.innerText ?? '',"
            " e.querySelector('[data-cy=series-description-label]')?.innerText ?? ''])"
        )
        return [Listed(int(number), modality, description) for number, modality, description in rows]

    def open_series(self, number: int, *, seconds: float = 60) -> None:
        """Double-click a series until the list marks it as open: a click is lost where the list moves meanwhile."""
        self.browser.events.clear()
        selector = f'{THUMBNAIL}[data-series="{number}"]'
        marked = f"document.querySelector({json.dumps(f'{selector} {MARK}')}) !== null"

        def opened() -> bool:
            self.click(selector, times=2)
            try:
                self.browser.wait(marked, seconds=PATIENCE_S)
            except AssertionError:
                return False
            return True

        wait_until(opened, seconds, f"series {number} to be open")

    def click(self, selector: str, times: int = 1) -> None:
        """Click the middle of an element, once or twice, as a mouse does."""
        element = f"document.querySelector({json.dumps(selector)})"
        self.browser.wait(f"{element} !== null")
        x, y = self.browser.run(
            f"(e => {{ e.scrollIntoView({{block: 'center'}}); const b = e.getBoundingClientRect();"
            f" return [b.x + b.width / 2, b.y + b.height / 2]; }})({element})"
        )
        for count in range(1, times + 1):
            for kind in ("mousePressed", "mouseReleased"):
                self.browser.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=count)

    def close_player(self) -> None:
        """Close the player that the viewer itself lays over pictures, wherever it has come."""
        self.click('[data-cy="cine-player-close"]')
        self.browser.wait("document.querySelector('[data-cy=cine-player-close]') === null")

    def scroll(self, instance: int, *, seconds: float = 60) -> None:
        """Turn the wheel over the viewport until this image is shown."""
        x, y = self.browser.run(
            "(b => [b.x + b.width / 2, b.y + b.height / 2])"
            "(document.querySelector('[data-cy=viewport-grid]').getBoundingClientRect())"
        )
        way = 100.0

        def arrived() -> bool:
            nonlocal way
            before = self.look().instance
            if before != instance:
                self.browser.wheel(x, y, way)
                self.wait_until_still()
                way = -way if self.look().instance == before else way
            return before == instance

        wait_until(arrived, seconds, f"image {instance}")

    def agree(self) -> None:
        """Wait until the viewer asks whether to load what was opened, and click Yes."""
        self.click('[data-cy="yes-hydrate-btn"]')

    def walk(self, good: Callable[[Shown], bool], instances: Set[int], *, seconds: float = 60) -> None:
        """Follow the arrows, which go round the outlines of a report, until each of these images was shown as is good.

        A click that comes while the viewer is still on its way is lost, so it is not counted how many are made.
        """
        missing = set(instances)

        def went_round() -> bool:
            shown = self.look()
            if shown.instance in missing and shown.verdict == "drawn" and good(shown):
                missing.remove(shown.instance)
            elif missing:
                self.click('[data-cy="viewport-action-arrows-right"]')
            return not missing

        try:
            wait_until(went_round, seconds, f"images {sorted(instances)}", pause_s=0.3)
        except AssertionError as error:
            raise AssertionError(f"{error}; never good: {sorted(missing)}; {self._instead(self.look())}") from None

    def look(self) -> Shown:
        """What stands in the viewport now."""
        found: dict[str, Any] = self.browser.run(f"({PROBE})()")
        return Shown(
            outlines=[np.array(points, float).reshape(-1, 2) for points in found["outlines"]],
            labels=found["labels"],
            picture=_decoded(found["picture"]),
            text=found["text"],
            cut=found["cut"],
            embedded=found["embedded"],
        )

    def wait_for(self, *verdicts: str, that: Callable[[Shown], bool] = lambda _: True, seconds: float = 60) -> Shown:
        """Wait until the viewport shows one of these, such that a condition holds.

        Raises
        ------
        AssertionError
            It never does; at once where the viewer gave the viewport up. The words say what stands there instead.
        """
        shown = self.look()

        def as_wanted() -> object:
            nonlocal shown
            shown = self.look()
            return (shown.verdict in verdicts and that(shown)) or (shown.verdict == "black" and self.given_up())

        try:
            wait_until(as_wanted, seconds, "/".join(verdicts), pause_s=0.2)
        except AssertionError as error:
            raise AssertionError(f"{error}; {self._instead(shown)}") from None
        if shown.verdict not in verdicts or not that(shown):
            raise AssertionError(self._instead(shown))
        return shown

    def given_up(self) -> list[str]:
        """Lines of the error boundary, which swallows what a viewport throws and leaves it black."""
        lines = []
        for event in self.browser.events:
            if event["method"] == "Runtime.consoleAPICalled":
                words = " ".join(str(one.get("value", one.get("description", ""))) for one in event["params"]["args"])
                if "Error Boundary" in words:
                    lines.append(words)
        return lines

    def _instead(self, shown: Shown) -> str:
        return f"the viewport is {shown.verdict} ({shown.text[:200]!r}); {self.given_up()} {self.browser.problems()}"


def _decoded(address: str) -> NDArray[np.uint8] | None:
    if not address:
        return None
    with Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2]))) as picture:
        return np.asarray(picture.convert("RGB"))
