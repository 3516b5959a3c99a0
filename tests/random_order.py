"""A plugin for pytest: ``-p tests.random_order --random-order SEED`` runs modules, and the tests of each, shuffled.

The tests of a module stay together, so that what they share is made once.
"""

import random
from collections.abc import Callable
from typing import TypeVar

import pytest

T = TypeVar("T")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--random-order", type=int, metavar="SEED", help="shuffle modules and the tests of each module")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    seed = config.getoption("random_order")
    if seed is not None:
        items[:] = shuffled(items, seed, module=lambda item: str(item.path))


def shuffled(items: list[T], seed: int, *, module: Callable[[T], str]) -> list[T]:
    """The items with modules in random order, and those of each module too; the same for the same seed."""
    chance = random.Random(seed)
    modules: dict[str, list[T]] = {}
    for item in items:
        modules.setdefault(module(item), []).append(item)
    names = list(modules)
    chance.shuffle(names)
    for name in names:
        chance.shuffle(modules[name])
    return [item for name in names for item in modules[name]]
