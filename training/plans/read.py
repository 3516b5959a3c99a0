"""Reading of plans: every wrong key or value is a sentence."""

import json
import tomllib
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from training.plans.plan import Plan

SHIPPED = Path(__file__).parent


def shipped_plans() -> tuple[str, ...]:
    """Names of the plans that come with the program."""
    return tuple(sorted(path.stem for path in SHIPPED.glob("*.toml")))


def plan_path(given: str) -> Path:
    """The file of a plan, given by its path or by the name of one that comes with the program.

    Raises
    ------
    ValueError
        There is neither.
    """
    path = Path(given) if given.endswith(".toml") else SHIPPED / f"{given}.toml"
    if not path.is_file():
        raise ValueError(f"a plan is a .toml file or one of {', '.join(shipped_plans())}, received {given!r}")
    return path


def read_plan(text: str, *, where: str = "the plan") -> Plan:
    """Read a plan.

    Parameters
    ----------
    text : str
        TOML.
    where : str
        What it is called where something is wrong with it.

    Raises
    ------
    ValueError
        It is no TOML, or a key is unknown, is missing or has a wrong value.
    """
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{where} is no TOML file: {error}") from None
    try:
        return Plan.model_validate_json(json.dumps(values, default=str))
    except ValidationError as error:
        raise ValueError("\n".join(f"{where}: {_sentence(dict(one))}" for one in error.errors())) from None


def _sentence(error: dict[str, Any]) -> str:
    place = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        section = _section(error["loc"][:-1])
        known = f"; known here: {', '.join(section.model_fields)}" if section else ""
        return f"unknown key {place}{known}"
    if error["type"] == "missing":
        return f"{place} is missing"
    words = str(error["msg"]).removeprefix("Value error, ")
    received = "" if "received" in words else f", received {error['input']!r}"
    return f"{place + ': ' if place else ''}{words}{received}"


def _section(place: tuple[Any, ...]) -> type[BaseModel] | None:
    """The section at a place of the plan; None within a list."""
    found: type[BaseModel] = Plan
    for part in place:
        field = found.model_fields.get(str(part))
        kind = field.annotation if field else None
        if not (isinstance(kind, type) and issubclass(kind, BaseModel)):
            return None
        found = kind
    return found
