"""Plans: those that ship are right, and what is wrong with one is a sentence."""

import pytest

from tests.factories.cohorts import CLASSIFY, SEGMENT
from training.models.registry import ARCHITECTURES
from training.plans import plan_path, read_plan, shipped_plans


@pytest.mark.parametrize("name", shipped_plans())
def test_a_plan_that_ships_can_be_read(name: str) -> None:
    plan = read_plan(plan_path(name).read_text(encoding="utf-8"))
    assert plan.name == name and plan.architecture.name in ARCHITECTURES


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("epochs = 4", "epochs = 4\nepoch = 4", "unknown key schedule.epoch; known here: epochs, batch_size"),
        ("epochs = 4", 'epochs = "4"', "schedule.epochs: Input should be a valid integer, received '4'"),
        ("epochs = 4", "", "schedule.epochs is missing"),
        ('kind = "pictures"', 'kind = "films"', "'pictures' or 'volumes', received 'films'"),
        ('kind = "pictures"', 'kind = "volumes"', "spacing_mm belongs to volumes alone"),
        ("size_px = 32", "size_px = 32\nchannels = 3", "pictures have no neighbors"),
        ("validation = 0.25", "validation = 0.0", "split.validation must not be 0"),
        ("rate = 1e-2", "rate = 1e-2\nwarmup_steps = 9", "warmup_steps belongs to the decay cosine"),
        ("rate = 1e-2", "rate = 1e-2\ngrids = [{ size_px = 16, share = 0.5 }]", "must add up to 1"),
        ("name = ", "name == ", "is no TOML file"),
    ],
)
def test_what_is_wrong_with_a_plan_is_said(old: str, new: str, said: str) -> None:
    assert read_plan(SEGMENT).schedule.epochs == 4
    with pytest.raises(ValueError, match=said) as refused:
        read_plan(SEGMENT.replace(old, new, 1), where="mine.toml")
    assert str(refused.value).startswith("mine.toml")


def test_a_head_names_each_of_its_values() -> None:
    assert [head.words for head in read_plan(CLASSIFY).task.heads] == [("negative", "positive"), ("0", "1", "2", "3")]
    with pytest.raises(ValueError, match="names must be 2"):
        read_plan(CLASSIFY.replace('"positive"]', '"positive", "other"]'))


def test_a_plan_that_is_not_there_is_said() -> None:
    with pytest.raises(ValueError, match=r"one of .*sij-region"):
        plan_path("no-such-plan")
