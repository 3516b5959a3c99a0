"""The panel as a process of its own."""

from datetime import UTC, datetime
from pathlib import Path

import httpx
import psutil

from tests import programs
from tests.factories.panel import complete, make_place, receive, save_result

MAX_RSS_MB = 130


def test_the_process_is_small_and_ends_in_order(tmp_path: Path) -> None:
    place = make_place(tmp_path)
    now = datetime.now(UTC)
    study = receive(place, 1, name="Yamada^Tarou", at=now, images=2)
    save_result(place, complete(place, study, images=2, at=now), at=now, slices=7)
    with programs.panel(tmp_path) as panel:
        answers = {
            path: httpx.get(panel.address + path).status_code for path in ("/login", "/health", "/static/panel.css")
        }
        rss_mb = psutil.Process(panel.process.pid).memory_info().rss / 1e6
        assert programs.stop(panel.process) == 0
    assert answers == {"/login": 200, "/health": 503, "/static/panel.css": 200}, "no health without the other processes"
    assert rss_mb < MAX_RSS_MB, f"{rss_mb:.0f} MB"
    heavy = {"tensorflow", "keras", "numpy", "pydicom", "pynetdicom", "highdicom", "inference", "reporting", "training"}
    assert panel.modules() & heavy == set()
    assert "Traceback" not in panel.log and "Yamada" not in panel.log
    place.database.dispose()
