"""From a cohort, a split and a plan to what is learned from, chosen by and judged on."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from inference.space import neighbor_indices, slice_places_mm
from training.data import PUBLISHED_BY_IMAGE, Cohort, Item
from training.loop.samples import Source
from training.plans import Plan


@dataclass(frozen=True, slots=True)
class Parts:
    """Names of items, no patient in two of them (but in a split by image).

    Attributes
    ----------
    learn, validation, held_back : tuple of str
    left_out : int
        Items of the fold that lack what the plan asks for.
    """

    learn: tuple[str, ...]
    validation: tuple[str, ...]
    held_back: tuple[str, ...]
    left_out: int


def deal(cohort: Cohort, plan: Plan, fold: int | None) -> Parts:
    """Deal the items of a cohort.

    Parameters
    ----------
    cohort : Cohort
    plan : Plan
    fold : int or None
        Of the plan's split; None: learn from all.

    Raises
    ------
    ValueError
        The cohort is of another kind or lacks the split, the fold, or usable items.
    """
    if cohort.kind != plan.cohort.kind:
        raise ValueError(f"the plan {plan.name} learns from {plan.cohort.kind}, received a cohort of {cohort.kind}")
    learn: tuple[str, ...] = tuple(item.name for item in cohort.items)
    held_back: tuple[str, ...] = ()
    if fold is not None:
        folds = cohort.splits.get(plan.split.name, ())
        if not 0 <= fold < len(folds):
            known = ", ".join(f"{name} ({len(each)} folds)" for name, each in cohort.splits.items()) or "none"
            raise ValueError(
                f"the plan asks for fold {fold} of the split {plan.split.name!r}; the cohort {cohort.name} has the "
                f"splits: {known}. axspa-train split makes one"
            )
        learn, held_back = folds[fold].learn, folds[fold].held_back
    usable = {item.name for item in cohort.items if usable_item(item, plan)}
    kept, judged = [name for name in learn if name in usable], tuple(name for name in held_back if name in usable)
    if not kept or (held_back and not judged):
        raise ValueError(f"no item to learn from or to judge has {_wanted(plan)}: {_lacking(cohort, plan)}")
    if plan.split.choose_on_held_back:
        chosen: tuple[str, ...] = judged
    else:
        chosen = _set_aside(cohort, plan, kept)
    rest = tuple(name for name in kept if name not in set(chosen))
    return Parts(rest, chosen, judged, len(learn) + len(held_back) - len(kept) - len(judged))


def usable_item(item: Item, plan: Plan) -> bool:
    """True where an item has what the plan asks for."""
    if plan.cohort.contrasts and not set(plan.cohort.contrasts) & set(item.contrasts):
        return False
    if plan.task.kind == "segment":
        return plan.task.mask in item.masks
    return all(item.labels.get(head.label) in head.values for head in plan.task.heads)


def read_sources(cohort: Cohort, plan: Plan, names: Sequence[str]) -> list[Source]:
    """Read items, each of its contrasts that the plan names as a source of its own."""
    found = []
    for name in names:
        item = cohort.item(name)
        contrasts = [one for one in plan.cohort.contrasts if one in item.contrasts] or [""]
        for contrast in contrasts:
            found.append(
                _volume(cohort, plan, item, contrast) if cohort.kind == "volumes" else _picture(cohort, plan, item)
            )
    return found


def class_indices(item: Item, plan: Plan) -> Mapping[str, int]:
    """By output: the index of the item's class."""
    return {head.output: head.values.index(item.labels[head.label]) for head in plan.task.heads}


def _picture(cohort: Cohort, plan: Plan, item: Item) -> Source:
    image = cohort.image(item.name)
    size = plan.input.size_px
    mask = cohort.mask(item.name, plan.task.mask)[None] if plan.task.kind == "segment" else None
    return Source(
        name=item.name,
        planes=image[None],
        spacing=(size / image.shape[0], size / image.shape[1]),
        neighbors=np.zeros((1, 1), np.intp),
        mask=mask,
        classes=class_indices(item, plan),
    )


def _volume(cohort: Cohort, plan: Plan, item: Item, contrast: str) -> Source:
    volume = cohort.subject(item.name).volume(contrast or item.contrasts[0])
    neighbors = neighbor_indices(slice_places_mm(volume), plan.input.channels, plan.input.channel_step_mm)
    return Source(
        name=item.name,
        planes=volume.voxels,
        spacing=volume.pixel_spacing_mm,
        neighbors=neighbors,
        contrast=contrast or item.contrasts[0],
        mask=cohort.mask(item.name, plan.task.mask),
    )


def _set_aside(cohort: Cohort, plan: Plan, names: Sequence[str]) -> tuple[str, ...]:
    """A share of the patients (of the images, in a split by image), drawn by the plan's seed."""
    if not plan.split.validation:
        return ()
    by_image = plan.split.name == PUBLISHED_BY_IMAGE
    group = {name: name if by_image else cohort.item(name).patient for name in names}
    groups = sorted(set(group.values()))
    count = math.ceil(plan.split.validation * len(groups))
    if count >= len(groups):
        raise ValueError(f"split.validation leaves nobody to learn from: there are {len(groups)} patients")
    drawn = np.random.default_rng([plan.seed, 3]).permutation(len(groups))[:count]
    chosen = {groups[index] for index in drawn}
    return tuple(name for name in names if group[name] in chosen)


def _wanted(plan: Plan) -> str:
    if plan.task.kind == "segment":
        return f"the mask {plan.task.mask!r}"
    return " and ".join(f"the label {head.label!r} with one of {', '.join(head.words)}" for head in plan.task.heads)


def _lacking(cohort: Cohort, plan: Plan) -> str:
    if plan.task.kind == "segment":
        what, names = "masks", {mask for item in cohort.items for mask in item.masks}
    else:
        what, names = "labels", {label for item in cohort.items for label in item.labels}
    return f"the cohort has the {what} {', '.join(sorted(names)) or 'none'}"
