"""An analysis of turned volumes, said of the source's own pixels."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Protocol, TypeVar

import numpy as np

from inference.result import Analysis, Evaluation, Images, Key, Measurement, Place, Trace
from inference.space import Turn


class _OfRole(Protocol):
    @property
    def role(self) -> Key: ...


Thing = TypeVar("Thing", bound=_OfRole)
Said = TypeVar("Said", Measurement, Evaluation)
Turns = Mapping[Key, Turn]


def turn_back(analysis: Analysis, turns: Turns) -> Analysis:
    """Say of the source's pixels, planes and order what was found in turned volumes.

    Parameters
    ----------
    analysis : Analysis
        Its images are those that :func:`inference.space.standard` gave.
    turns : mapping of role to Turn
        As :func:`inference.space.standard` gave them; a role that is missing was not turned.

    Returns
    -------
    Analysis
        Images, segments, traces, places, profiles, heat maps and key slices of the turned roles lie on the sources as
        they are stored. Numbers and answers do not change. The same object where nothing was turned.
    """
    return turned(analysis, {role: turn.back for role, turn in turns.items()})


def turned(analysis: Analysis, turns: Turns, *, copy: bool = True) -> Analysis:
    """Say of turned images what was found in these; see :func:`turn_back`, which is the way back.

    Parameters
    ----------
    analysis : Analysis
    turns : mapping of role to Turn
        From the images of the analysis to the turned ones.
    copy : bool
        Whether arrays are new; else they are views of those of the analysis, enough where few planes are looked at.
    """
    needed = {str(role): turn for role, turn in turns.items() if not turn.nothing}
    if not needed:
        return analysis
    return replace(
        analysis,
        images=_each(analysis.images, needed, lambda one, turn: _images(one, turn, copy=copy)),
        segments=_each(analysis.segments, needed, lambda one, turn: replace(one, mask=turn.array(one.mask, copy=copy))),
        traces=_each(analysis.traces, needed, _trace),
        measurements=tuple(_seen(one, needed) for one in analysis.measurements),
        evaluations=tuple(_seen(one, needed) for one in analysis.evaluations),
        profiles=_each(analysis.profiles, needed, lambda one, turn: replace(one, values=turn.profile(one.values))),
        heatmaps=_each(
            analysis.heatmaps, needed, lambda one, turn: replace(one, values=turn.array(one.values, copy=copy))
        ),
        key_slices=_each(analysis.key_slices, needed, lambda one, turn: replace(one, plane=turn.plane(one.plane))),
    )


def _each(things: tuple[Thing, ...], turns: Turns, how: Callable[[Thing, Turn], Thing]) -> tuple[Thing, ...]:
    return tuple(how(one, turns[one.role]) if one.role in turns else one for one in things)


def _images(images: Images, turn: Turn, *, copy: bool) -> Images:
    if images.grid is not None:
        return Images.of(images.role, turn.volume(images.volume, copy=copy))
    return replace(images, pixels=turn.array(images.pixels, copy=copy), sources=turn.profile(images.sources))


def _trace(trace: Trace, turn: Turn) -> Trace:
    lines = turn.profile(trace.lines_px)
    return replace(trace, lines_px=tuple(turn.points(line).astype(np.float32) for line in lines))


def _seen(said: Said, turns: Turns) -> Said:
    return replace(said, at=_each(said.at, turns, _place))


def _place(place: Place, turn: Turn) -> Place:
    """A place in the plane's own pixels; a box is still given by its first and last corner."""
    points = turn.points(place.points_px)
    if place.shape == "box":
        points = np.stack([points.min(axis=0), points.max(axis=0)])
    corners = tuple((float(row), float(column)) for row, column in points)
    return replace(place, plane=turn.plane(place.plane), points_px=corners)
