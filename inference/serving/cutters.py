"""What a manifest says of a cutter, read into the application's own dataclass: the code does what is written."""

from collections.abc import Mapping
from dataclasses import fields
from math import isfinite
from types import GenericAlias
from typing import Any, TypeVar, get_args, get_type_hints

from config.codes import Code
from config.errors import BundleError
from inference.serving.manifest import ModelSpec

Cutter = TypeVar("Cutter")


def cutter_of(kind: type[Cutter], spec: ModelSpec) -> Cutter:
    """Make a cutter of its parameters in a manifest.

    Parameters
    ----------
    kind : type
        A dataclass with a field of the type float, int, str or a tuple of these for each parameter; it raises
        ValueError where values make no sense together.
    spec : ModelSpec

    Raises
    ------
    BundleError
        ``BUNDLE_CUTTER``: a parameter is missing, unknown, or of another kind.
    """
    try:
        return kind(**_values(kind, spec.input.parameters))
    except (TypeError, ValueError) as error:
        raise unknown_cutter(spec, str(error)) from error


def unknown_cutter(spec: ModelSpec, why: str) -> BundleError:
    """The error of a model whose input this version cannot make."""
    return BundleError(
        Code.BUNDLE_CUTTER,
        f"The {spec.role} model was made for images cut in a way that this version does not know; install a bundle "
        f"that was made for this version ({why}). Received {spec.input.cutter!r}.",
    )


def _values(kind: type, given: Mapping[str, Any]) -> dict[str, Any]:
    hints = get_type_hints(kind)
    known = {field.name: hints[field.name] for field in fields(kind)}
    if set(given) != set(known):
        raise ValueError(f"expected the parameters {sorted(known)}, received {sorted(given)}")
    return {name: _value(name, given[name], wanted) for name, wanted in known.items()}


def _value(name: str, given: Any, wanted: Any) -> Any:
    if isinstance(wanted, GenericAlias):
        kinds = get_args(wanted)
        if kinds[-1] is Ellipsis:
            kinds = kinds[:1] * len(given)
        return tuple(_value(name, one, kind) for one, kind in zip(given, kinds, strict=True))
    if wanted is float and type(given) in (int, float) and isfinite(given):
        return float(given)
    if type(given) is not wanted:
        raise TypeError(f"{name} must be of the type {wanted.__name__}, received {given!r}")
    return given
