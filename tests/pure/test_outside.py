"""The tests from outside: they know nothing of the product, name every id, and judge as they say."""

import ast
from pathlib import Path

import numpy as np
import pytest

from tests.outside import __main__ as command
from tests.outside.inputs import T1, Inputs, places, transposed
from tests.outside.panel import Page
from tests.outside.statements import TOO_SURE
from tests.outside.verdict import CASES, Case, Outcome, Seen, fault, no_fault
from tests.outside.version import Broken, Version

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = {"config", "storage", "inference", "reporting", "panel", "training", "dicom_node"}
IDS = "A1 A2 A3 A4 A5 A6 A10 B1 B2 B6 B7 B11 B12 D8 F1 F2 F3 F4 F5 F10 F11 F12 G1 G2"


def _imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return found


def test_they_import_nothing_of_the_product() -> None:
    names = {name for path in (ROOT / "tests" / "outside").glob("*.py") for name in _imported(path)}
    assert "pydicom" in names
    assert not {name for name in names if name.split(".")[0] in PRODUCT}
    assert all(name.startswith("tests.outside") for name in names if name.split(".")[0] == "tests")


def test_every_id_has_one() -> None:
    assert set(CASES) == set(IDS.split())


@pytest.mark.parametrize(
    ("seen", "wanted"),
    [
        ((Outcome.FAULT, Outcome.NO_FAULT), True),
        ((Outcome.CRASH, Outcome.NO_FAULT), False),
        ((Outcome.NO_FAULT, Outcome.NO_FAULT), False),
        ((Outcome.FAULT, Outcome.FAULT), False),
        ((Outcome.FAULT, Outcome.CRASH), False),
        ((Outcome.FAULT, Outcome.NOT_RUN), False),
        ((Outcome.INNER, Outcome.INNER), True),
    ],
)
def test_only_red_before_and_green_now_is_as_wanted(seen: tuple[Outcome, Outcome], wanted: bool) -> None:
    assert command.as_wanted([Seen(one, "") for one in seen]) is wanted


def test_what_breaks_is_a_crash_and_no_fault(tmp_path: Path) -> None:
    version = Version("old", ROOT, tmp_path)
    inputs = Inputs(tmp_path, sample=ROOT / "dicom_node" / "demo" / "study.zip", shared=tmp_path / "none")

    def breaks(version: Version, inputs: Inputs) -> Seen:
        raise Broken("it ended with 1")

    def lacks(version: Version, inputs: Inputs) -> Seen:
        return fault(str(inputs.real("1007")))

    assert command.run(Case("A1", "", breaks), version, inputs).outcome is Outcome.CRASH
    assert command.run(Case("A1", "", lacks), version, inputs).outcome is Outcome.NOT_RUN
    assert command.run(Case("A1", "", lambda *_: no_fault("so")), version, inputs) == no_fault("so")


def test_what_is_kept_does_not_run_again(tmp_path: Path) -> None:
    runs: list[int] = []

    def counted(version: Version, inputs: Inputs) -> Seen:
        runs.append(len(runs))
        return fault(f"run {len(runs)}")

    inputs = Inputs(tmp_path, sample=ROOT / "dicom_node" / "demo" / "study.zip", shared=tmp_path / "none")
    one, kept = Case("A1", "", counted), tmp_path / "kept"
    old, new = (Version(name, tmp_path, tmp_path) for name in ("old", "new"))
    before = command.told(one, old, inputs, folder=kept)
    assert before == command.told(one, old, inputs, folder=kept) and before.seen == fault("run 1")
    assert command.told(one, new, inputs, folder=kept).seen == fault("run 2")
    assert command.told(one, old, inputs).seen == fault("run 3")


@pytest.mark.parametrize("words", ["present (probability 1.00)", "Early 0.98, Normal 0.00", "Normal 0.012."])
def test_a_number_that_is_too_sure_is_found(words: str) -> None:
    assert TOO_SURE.search(words)


@pytest.mark.parametrize("words", ["over 0.95", "under 0.05, Early 0.60", "model 1.0.0", "0.02 ml", "10.00"])
def test_another_number_is_not(words: str) -> None:
    assert not TOO_SURE.search(words)


def test_a_transposed_image_shows_the_same_places(tmp_path: Path) -> None:
    inputs = Inputs(tmp_path, sample=ROOT / "dicom_node" / "demo" / "study.zip", shared=tmp_path)
    before, after = inputs.shipped(T1)[3], transposed(inputs.shipped(T1))[3]
    assert np.allclose(places(before), places(after).swapaxes(0, 1))


def test_a_form_is_read_with_what_a_person_fills_in() -> None:
    page = Page.read(
        '<form method="post" action="/studies/1/held"><input type="hidden" name="csrf_token" value="t">'
        '<input type="hidden" name="what" value="discard"><label>Reason <input name="reason"></label>'
        '<button type="submit">Discard</button></form><form method="get" action="/x">no</form>'
    )
    (form,) = page.forms_of("discard")
    assert form.fields == {"csrf_token": "t", "what": "discard"}
    assert form.asked == ["reason"]
    assert not page.forms_of("release")
