"""What came of one study, in a row."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from inference.result import Analysis, NotAssessable
from inference.sij_mri import SacroiliacMri
from inference.testing import run
from inference.types import Side
from tests.recognition.twins import Outcome, Study


@dataclass(frozen=True, slots=True)
class Row:
    """A study, what was wanted of it and what came.

    Attributes
    ----------
    name, kind, person : str
    wanted, came : Outcome
    scope : str
    why : str
        Codes of the limitations.
    numbers : mapping
        What was measured where nothing was read.
    """

    name: str
    kind: str
    person: str
    wanted: str
    came: str
    scope: str
    why: str
    numbers: Mapping[str, Any]


def judge(study: Study, application: SacroiliacMri, models: Mapping[str, Any]) -> Row:
    """Read one study."""
    analysis = run(application, study.folder, models)
    why = " ".join(str(one.code) for one in analysis.limitations)
    numbers = next((dict(one.parameters) for one in analysis.limitations if "region_ml" in one.parameters), {})
    scope = str(analysis.scope)
    return Row(study.name, study.kind, study.person, study.wanted, came(analysis), scope, why, numbers)


def came(analysis: Analysis) -> Outcome:
    """What was read of a study."""
    if not analysis.applicable:
        return "nothing"
    measured = [analysis.measurement("joint-volume", side) for side in Side]
    found = sum(one is not None and not isinstance(one.value, NotAssessable) for one in measured)
    return ("fluid region", "one joint", "both joints")[found]


def kept(path: Path) -> Iterator[Row]:
    """Rows that an earlier run wrote."""
    if path.is_file():
        yield from (Row(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines())


def keep(row: Row, path: Path) -> None:
    """Write a row beside the others."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(row)) + "\n")
