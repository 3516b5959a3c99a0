"""Tests in random order: the same ones, modules whole, another order for each seed."""

from itertools import groupby

from tests.random_order import shuffled

ITEMS = [(module, number) for module in "abcdef" for number in range(6)]


def order(seed: int) -> list[tuple[str, int]]:
    return shuffled(ITEMS, seed, module=lambda item: item[0])


def test_nothing_is_lost_and_modules_stay_whole() -> None:
    for seed in range(20):
        assert sorted(order(seed)) == ITEMS
        assert len(list(groupby(order(seed), key=lambda item: item[0]))) == 6


def test_a_seed_gives_one_order_and_another_seed_another() -> None:
    assert order(1) == order(1)
    assert len({tuple(order(seed)) for seed in range(20)}) == 20


def test_modules_and_the_tests_in_them_both_change_places() -> None:
    assert len({tuple(dict(order(seed))) for seed in range(20)}) > 10
    assert any([number for module, number in order(seed) if module == "a"] != list(range(6)) for seed in range(3))
