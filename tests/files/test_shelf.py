"""Several bundles in one process."""

import gc
import shutil
import weakref
from pathlib import Path
from threading import Thread

import pytest

from config.errors import BundleError
from inference.serving.shelf import OVERHEAD_MB, BundleShelf
from tests.factories.bundles import GRADE, OUTLINE, SmallApplication, export, grade_network, outline_network
from training.loop.export import ModelExport

USER = SmallApplication()
ROOM_FOR_TWO = 2.5 * OVERHEAD_MB


@pytest.fixture(scope="module")
def roots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("roots")
    outline_network().save(folder / "outline.keras")
    grade_network().save(folder / "grade.keras")
    models = [ModelExport(OUTLINE, (folder / "outline.keras",)), ModelExport(GRADE, (folder / "grade.keras",))]
    for name in ("one", "two", "three"):
        export(folder / name, models)
    return folder


def shelf(roots: Path, memory_mb: float = ROOM_FOR_TWO) -> BundleShelf:
    return BundleShelf(memory_mb=memory_mb, roots=[roots])


def test_a_bundle_is_loaded_when_it_is_first_needed_and_only_then(roots: Path) -> None:
    held = shelf(roots)
    assert held.held == ()
    first = held.bundle("one", USER)
    assert held.bundle("one", USER) is first
    assert held.held == ("one",)
    assert held.memory_mb == pytest.approx(OVERHEAD_MB, abs=1)


def test_the_longest_unused_goes_where_memory_is_short(roots: Path) -> None:
    held = shelf(roots)
    first = held.bundle("one", USER)
    held.bundle("two", USER)
    held.bundle("one", USER)
    held.bundle("three", USER)
    assert held.held == ("one", "three")
    assert held.bundle("one", USER) is first


def test_what_was_dropped_is_freed(roots: Path) -> None:
    held = shelf(roots, memory_mb=1)
    network = weakref.ref(held.bundle("one", USER).models["grade"].networks[0])  # type: ignore[attr-defined]
    held.bundle("two", USER)
    gc.collect()
    assert held.held == ("two",)
    assert network() is None


def test_the_one_that_is_asked_for_stays_whatever_it_takes(roots: Path) -> None:
    held = shelf(roots, memory_mb=1)
    assert held.bundle("one", USER) is held.bundle("one", USER)


def test_an_exchanged_bundle_is_loaded_again(roots: Path, tmp_path: Path) -> None:
    shutil.copytree(roots / "one", tmp_path / "mine")
    held = shelf(tmp_path)
    first = held.bundle("mine", USER)
    export(tmp_path / "mine", [ModelExport(OUTLINE, (roots / "outline.keras",))])
    second = held.bundle("mine", USER)
    assert second.identity != first.identity
    assert set(second.models) == {"outline"}


def test_a_damaged_bundle_is_refused_and_the_others_stay(roots: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        shutil.copytree(roots / name, tmp_path / name)
    held = shelf(tmp_path)
    first = held.bundle("one", USER)
    (tmp_path / "two" / "grade.keras").write_bytes(b"?")
    with pytest.raises(BundleError, match="BUNDLE_CORRUPT"):
        held.bundle("two", USER)
    assert held.bundle("one", USER) is first


def test_a_loaded_bundle_is_refused_to_another_application(roots: Path) -> None:
    held = shelf(roots)
    held.bundle("one", USER)
    with pytest.raises(BundleError, match="BUNDLE_APPLICATION"):
        held.bundle("one", SmallApplication(name="other"))
    assert held.bundle("one", USER).manifest.application.name == "small"


def test_threads_that_ask_at_once_get_one_and_the_same(roots: Path) -> None:
    held = shelf(roots)
    found: list[object] = []
    threads = [Thread(target=lambda: found.append(held.bundle("one", USER))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4 and len({id(one) for one in found}) == 1
