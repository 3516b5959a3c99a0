"""One page that tells all of some runs: a single HTML file, pictures within."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jinja2
import numpy as np

from training.runs import pictures
from training.runs.compare import pairs
from training.runs.evaluate import evaluate
from training.runs.folder import finished_runs, write_text
from training.runs.judgments import folds_of_one
from training.runs.log import CURVES_FILE
from training.runs.predictions import read_predictions

TEMPLATE = Path(__file__).with_name("report.html")
FEW = 20


def report(folders: Sequence[Path], out: Path, *, resamples: int = 500) -> Path:
    """Write the report of one run, of the folds of a cross-validation, or of several runs side by side.

    Parameters
    ----------
    folders : sequence of Path
    out : Path
        The HTML file.
    resamples : int
        Of each bootstrap.

    Raises
    ------
    ValueError
        A run is not finished, or held nothing back.
    """
    runs = finished_runs(folders)
    together = folds_of_one(runs)
    groups = [list(folders)] if together else [[folder] for folder in folders]
    judged = [evaluate(group, resamples=resamples) for group in groups]
    sections = [_section(group, figures) for group, figures in zip(groups, judged, strict=True)]
    values = {
        "title": ", ".join(dict.fromkeys(figures["plan"] for figures in judged)),
        "sections": sections,
        "pairs": [] if together else pairs(folders),
        "runs": runs,
        "few": FEW,
    }
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    environment.filters["estimate"] = told
    text = environment.from_string(TEMPLATE.read_text(encoding="utf-8")).render(values)
    write_text(out, text)
    return out


def told(value: Any) -> str:
    """A figure with its interval in words: ``0.910 (0.870 to 0.950)``."""
    if isinstance(value, dict):
        if not np.isfinite(value["value"]):
            return "cannot be said"
        if not np.isfinite(value["low"]):
            return f"{value['value']:.3f} (no interval)"
        return f"{value['value']:.3f} ({value['low']:.3f} to {value['high']:.3f})"
    if isinstance(value, float):
        return f"{value:.3f}" if np.isfinite(value) else "cannot be said"
    return str(value)


def _section(folders: Sequence[Path], figures: dict[str, Any]) -> dict[str, Any]:
    heads = {
        output: {
            **head,
            "confusion picture": pictures.confusion(head["confusion"], head_names(head)),
            "curves picture": pictures.curves(head["curves"]),
            "reliability picture": pictures.reliability(head["calibration"]["reliability"]),
        }
        for output, head in figures.get("heads", {}).items()
    }
    return {
        **figures,
        "heads": heads,
        "curves": [pictures.of_file(folder / CURVES_FILE) for folder in folders],
        "samples": [pictures.samples(read_predictions(folder)) for folder in folders],
    }


def head_names(head: dict[str, Any]) -> list[str]:
    """Names of the classes of a head."""
    return [row["name"] for row in head["classes"]]
