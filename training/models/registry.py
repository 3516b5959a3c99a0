"""Architectures by name: what a plan may ask for."""

import importlib
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import keras

ARCHITECTURES: Mapping[str, str] = {
    "attention_unet": "training.models.attention_unet:attention_unet",
    "stage_cnn": "training.models.stage_cnn:stage_cnn",
    "unet": "training.models.unet:unet",
}
"""From the name to the module and the function that builds a ``keras.Model`` of keyword arguments."""


def architecture(name: str) -> Callable[..., keras.Model]:
    """The function that builds a network.

    Raises
    ------
    ValueError
        There is no such architecture.
    """
    if name not in ARCHITECTURES:
        raise ValueError(f"an architecture must be one of {', '.join(sorted(ARCHITECTURES))}, received {name!r}")
    module, _, function = ARCHITECTURES[name].partition(":")
    made: Callable[..., keras.Model] = getattr(importlib.import_module(module), function)
    return made


def build(name: str, **config: Any) -> keras.Model:
    """Build a network.

    Parameters
    ----------
    name : str
        One of :data:`ARCHITECTURES`.
    **config
        What its function takes; a list counts as a tuple, since TOML and JSON know no tuples.

    Raises
    ------
    ValueError
        There is no such architecture, or it has no such field, or it lacks one.
    """
    made = architecture(name)
    known = inspect.signature(made).parameters
    unknown = sorted(set(config) - set(known))
    if unknown:
        raise ValueError(f"{name} takes {', '.join(known)}, received {', '.join(unknown)}")
    missing = [key for key, field in known.items() if field.default is field.empty and key not in config]
    if missing:
        raise ValueError(f"{name} needs {', '.join(missing)}, received {', '.join(sorted(config)) or 'nothing'}")
    return made(**{key: tuple(value) if isinstance(value, list) else value for key, value in config.items()})
