"""The panel as a process of its own, used with a real browser."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from tests import programs
from tests.chromium import Browser
from tests.factories import summaries
from tests.factories.panel import ADMIN, PASSWORD, Place, complete, make_place, receive, save_result
from tests.factories.waiting import wait_until


@dataclass(frozen=True)
class Panel:
    """The panel's process over a node with two studies: a sacroiliac one, and one that another application read."""

    place: Place
    address: str
    study: int
    foreign: int


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    place = make_place(tmp_path_factory.mktemp("panel"))
    now = datetime.now(UTC)
    study = receive(place, 1, name="Yamada^Tarou=山田^太郎=やまだ^たろう", at=now, images=2)
    save_result(place, complete(place, study, images=2, at=now), at=now, slices=7)
    foreign = receive(place, 3, name="Noether^Emmy", at=now, images=2)
    claimed = complete(place, foreign, images=2, at=now)
    save_result(place, claimed, at=now, slices=7, make_summary=summaries.foreign)
    with programs.panel(place.settings.data_dir) as running:
        yield Panel(place, running.address, study, foreign)
    place.database.dispose()


def log_in(browser: Browser, panel: Panel, path: str = "/studies") -> None:
    browser.events.clear()
    browser.open(panel.address + path)
    if browser.run("location.pathname") == path:
        return  # logged in by the test before
    browser.run(
        f"document.querySelector('[name=name]').value = {json.dumps(ADMIN)};"
        f"document.querySelector('[name=password]').value = {json.dumps(PASSWORD)};"
        "document.querySelector('form').submit()"
    )
    browser.wait(f"location.pathname === {json.dumps(path)} && document.readyState === 'complete'")


def test_a_person_flicks_through_the_slices_of_a_study(panel: Panel, browser: Browser) -> None:
    log_in(browser, panel, f"/studies/{panel.study}")

    def tags() -> list[str]:
        script = "[...document.querySelectorAll('.pane:not([hidden]) [data-tag=slice]')].map(e => e.textContent)"
        found: list[str] = browser.run(script)
        return found

    def drawn(pane: str) -> int:
        number: int = browser.run(f"({PIXELS})('{pane}', (r, g, b) => r > 40)")
        return number

    def color() -> int:
        number: int = browser.run(f"({PIXELS})('t1', (r, g, b) => Math.abs(r - b) > 40)")
        return number

    browser.wait("document.querySelectorAll('.pane:not([hidden]) canvas').length === 2")
    browser.wait("document.querySelector('[data-tag=slice]').textContent === '4 / 7'")
    wait_until(lambda: min(drawn("t1"), drawn("fluid")) >= 10_000 and color(), 60, "the pictures to be drawn")
    assert tags() == ["4 / 7", "4 / 7"]
    script = "[...document.querySelectorAll('[data-pane=t1] [data-tag]')].map(e => e.textContent)"
    assert browser.run(script)[2:4] == ["R", "L"], "the patient's right is on the left of the screen"

    box = "document.querySelector('.pane').getBoundingClientRect()"
    x, y = browser.run(f"[{box}.x + 50, {box}.y + 90]")
    browser.wheel(x, y, 100)
    browser.wait("document.querySelector('[data-tag=slice]').textContent !== '4 / 7'")
    browser.run("document.querySelector('[data-pane=t1]').focus()")
    browser.key("Home", 36)
    browser.wait("document.querySelector('[data-tag=slice]').textContent === '1 / 7'")
    browser.key("ArrowDown", 40)
    browser.wait("document.querySelector('[data-tag=slice]').textContent === '2 / 7'")
    assert tags() == ["2 / 7", "2 / 7"], "both series move together"
    browser.key("End", 35)
    browser.wait("document.querySelector('[data-pane=fluid] [data-tag=note]').textContent === 'no slice at this place'")

    browser.run("document.querySelector('[data-goto=\"3\"]').click()")
    browser.wait("document.querySelector('[data-tag=slice]').textContent === '4 / 7'")
    browser.run("document.querySelector('[data-layer=joints]').click()")
    wait_until(lambda: not color(), 60, "the joints to vanish")
    browser.run("document.getElementById('layout').value = 'fluid'")
    browser.run("document.getElementById('layout').dispatchEvent(new Event('change'))")
    assert len(tags()) == 1
    assert browser.problems() == [], "neither a script error nor anything the security policy blocked"
    assert all(address.startswith((panel.address, "about:", "blob:", "data:")) for address in browser.addresses())
    assert not any("Yamada" in address or "P00001" in address for address in browser.addresses())


def test_series_that_cannot_be_compared_are_flicked_through_each_for_itself(panel: Panel, browser: Browser) -> None:
    log_in(browser, panel, f"/studies/{panel.foreign}")

    def tags() -> list[str]:
        script = "[...document.querySelectorAll('.pane:not([hidden]) [data-tag=slice]')].map(e => e.textContent)"
        found: list[str] = browser.run(script)
        return found

    def color() -> int:
        number: int = browser.run(f"({PIXELS})('sagittal', (r, g, b) => Math.abs(r - b) > 40)")
        return number

    browser.wait("document.querySelector('[data-tag=slice]').textContent === '4 / 7'")
    wait_until(lambda: color() > 0, 60, "the pictures to be drawn")
    assert tags() == ["4 / 7"] * 3
    browser.run("document.querySelector('[data-pane=axial]').focus()")
    browser.key("Home", 36)
    browser.wait("document.querySelector('[data-pane=axial] [data-tag=slice]').textContent === '1 / 7'")
    assert tags() == ["4 / 7", "1 / 7", "4 / 7"]
    browser.run("document.querySelector('[data-goto=\"2\"][data-in=sagittal]').click()")
    browser.wait("document.querySelector('[data-pane=sagittal] [data-tag=slice]').textContent === '3 / 7'")
    assert tags()[1:] == ["1 / 7", "4 / 7"]
    browser.key("1", 49)
    wait_until(lambda: not color(), 60, "the cysts to vanish")
    assert not browser.run("document.querySelector('[data-layer=cysts]').checked")
    browser.run("document.getElementById('layout').value = 'photo'")
    browser.run("document.getElementById('layout').dispatchEvent(new Event('change'))")
    assert len(tags()) == 1
    assert browser.problems() == []


def test_a_page_keeps_itself_fresh(panel: Panel, browser: Browser) -> None:
    log_in(browser, panel)
    rows = browser.run("document.querySelectorAll('tbody tr').length")
    receive(panel.place, 2, name="Люкceмбypг", at=datetime.now(UTC), images=1)
    browser.wait(f"document.querySelectorAll('tbody tr').length === {rows + 1}")
    browser.open(f"{panel.address}/studies/{panel.study}")
    browser.run("window.here = true; document.querySelector('form[action$=reprocess] button').click()")
    browser.wait("!window.here && document.querySelector('.where .state').textContent === 'waiting'")
    assert browser.problems() == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_readable(panel: Panel, browser: Browser, scheme: str) -> None:
    """WCAG 2 contrast of text, names of controls, nothing wider than a small screen."""
    browser.dark(scheme)
    log_in(browser, panel)
    studies = (f"/studies/{panel.study}", f"/studies/{panel.foreign}")
    for path in ("/studies", *studies, "/received", "/status", "/audit", "/users", "/account"):
        browser.open(panel.address + path)
        assert browser.run(CONTRAST) == [], path
        assert browser.run(NAMELESS) == [], path
        assert browser.run("document.documentElement.scrollWidth") <= 1366, path
        assert browser.run("document.querySelectorAll('h1').length") == 1, path


PIXELS = """(pane, counts) => {
  const canvas = document.querySelector(`[data-pane=${pane}] canvas`);
  const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  let found = 0;
  for (let i = 0; i < data.length; i += 4) found += counts(data[i], data[i + 1], data[i + 2]);
  return found;
}"""
CONTRAST = """
(() => {
  const parse = (c) => { const m = c.match(/[\\d.]+/g).map(Number); return m.length > 3 ? m : [...m, 1]; };
  const linear = (v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * linear(r / 255) + 0.7152 * linear(g / 255) + 0.0722 * linear(b / 255);
  const ground = (e) => {
    for (; e; e = e.parentElement) {
      const c = parse(getComputedStyle(e).backgroundColor);
      if (c[3] > 0.99) return c;
    }
    return [255, 255, 255, 1];
  };
  const left = ".pane, .visually-hidden, .skip, noscript, option, svg";
  const bad = [];
  for (const e of document.querySelectorAll("body *")) {
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || e.closest(left) || !e.getClientRects().length) continue;
    const a = light(parse(getComputedStyle(e).color)), b = light(ground(e));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) bad.push(`${e.tagName}.${e.className} ${ratio.toFixed(2)} ${e.textContent.trim().slice(0, 30)}`);
  }
  return [...new Set(bad)];
})()
"""
NAMELESS = """
[...document.querySelectorAll("input:not([type=hidden]), select, button, a")]
  .filter((e) => !(e.labels && e.labels.length) && !e.getAttribute("aria-label") && !e.textContent.trim())
  .map((e) => e.outerHTML.slice(0, 100))
"""
