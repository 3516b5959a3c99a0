"""The panel as a process of its own, used with a real browser."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from tests.chromium import Browser
from tests.factories.panel import ADMIN, PASSWORD, Place, complete, make_place, receive, save_result

ROOT = Path(__file__).resolve().parent.parent.parent
MAX_RSS_MB = 130
MAIN = """
import json, sys
from pathlib import Path
from config.settings import load_settings
from panel.app import run_panel

folder = Path(sys.argv[1])
run_panel(load_settings(folder / "node.toml"), ready=lambda port: (folder / "port").write_text(str(port)))
(folder / "modules").write_text(json.dumps(sorted(sys.modules)))
"""


class Panel:
    """The panel's process over a node with two studies."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.place: Place = make_place(folder)
        now = datetime.now(UTC)
        self.study = receive(self.place, 1, name="Yamada^Tarou=山田^太郎=やまだ^たろう", at=now, images=2)
        self.result = save_result(self.place, complete(self.place, self.study, images=2, at=now), at=now, slices=7)
        toml = f'data_dir = "{folder}"\n[panel]\nport = 0\n[[destinations]]\nname = "PACS"\nae_title = "ORTHANC"\n'
        (folder / "node.toml").write_text(toml + 'host = "127.0.0.1"\nport = 4242\n')
        self.process = subprocess.Popen(
            [sys.executable, "-c", MAIN, str(folder)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stderr=(folder / "log").open("w"),
        )
        port = folder / "port"
        self._wait(lambda: port.exists() and port.read_text() != "")
        self.address = f"http://127.0.0.1:{port.read_text()}"
        self._wait(self._answers)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.address}/login", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def _wait(self, condition: Callable[[], bool], *, seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        while not condition():
            assert self.process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < end, "the panel did not start"
            time.sleep(0.1)

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    panel = Panel(tmp_path_factory.mktemp("panel"))
    try:
        yield panel
    finally:
        panel.stop()
        panel.place.database.dispose()


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory, need_program: Callable[[str], str]) -> Iterator[Browser]:
    with Browser(need_program("chromium"), tmp_path_factory.mktemp("profile")) as browser:
        yield browser


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

    def colour() -> int:
        number: int = browser.run(f"({PIXELS})('t1', (r, g, b) => Math.abs(r - b) > 40)")
        return number

    browser.wait("document.querySelectorAll('.pane:not([hidden]) canvas').length === 2")
    browser.wait("document.querySelector('[data-tag=slice]').textContent === '4 / 7'")
    deadline = time.monotonic() + 15
    while min(drawn("t1"), drawn("fluid")) < 10_000 or not colour():
        assert time.monotonic() < deadline, "the pictures were not drawn"
        time.sleep(0.1)
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
    deadline = time.monotonic() + 10
    while colour():
        assert time.monotonic() < deadline, "the joints are still drawn"
        time.sleep(0.05)
    browser.run("document.getElementById('layout').value = 'fluid'")
    browser.run("document.getElementById('layout').dispatchEvent(new Event('change'))")
    assert len(tags()) == 1
    assert browser.problems() == [], "neither a script error nor anything the security policy blocked"
    assert all(address.startswith((panel.address, "about:", "blob:", "data:")) for address in browser.addresses())
    assert not any("Yamada" in address or "P00001" in address for address in browser.addresses())


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
    for path in ("/studies", f"/studies/{panel.study}", "/received", "/status", "/audit", "/users", "/account"):
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


def test_the_process_is_small_and_ends_in_order(tmp_path: Path) -> None:
    panel = Panel(tmp_path)
    process = psutil.Process(panel.process.pid)
    for path in ("/login", "/health", "/static/panel.css"):
        try:
            urllib.request.urlopen(panel.address + path, timeout=10).read()
        except urllib.error.HTTPError as error:
            assert error.code == 503, "health without the other processes"
    rss_mb = process.memory_info().rss / 1e6
    assert rss_mb < MAX_RSS_MB, f"{rss_mb:.0f} MB"
    assert panel.stop() == 0
    loaded = {name.partition(".")[0] for name in json.loads((panel.folder / "modules").read_text())}
    heavy = {"tensorflow", "keras", "numpy", "pydicom", "pynetdicom", "highdicom", "inference", "reporting", "training"}
    assert loaded & heavy == set()
    log = (panel.folder / "log").read_text()
    assert "Traceback" not in log and "Yamada" not in log
    panel.place.database.dispose()
