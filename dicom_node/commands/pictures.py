"""``axspa-node pictures``: a folder of PNG and JPEG pictures, read by an application that reads pictures."""

import csv
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image
from tqdm import tqdm

from config.codes import Code
from config.errors import UnusableInput
from config.settings import Settings
from inference.application import find_application, find_picture_reader
from inference.result import Analysis
from inference.serving import load_bundle
from reporting.presentation import Presentation, find_presentation
from reporting.statements import statements
from reporting.words import research_lines

SUFFIXES = (".png", ".jpg", ".jpeg")
AT_ONCE = 16
"""Pictures that are read together: networks run in batches of so many."""
EXIT_RESULTS, EXIT_UNUSABLE = 0, 2
COLUMNS = ("picture", "key", "value", "number", "note")


@dataclass(frozen=True, slots=True)
class _Read:
    """One picture: what was said of it, or why it was not read."""

    path: Path
    analysis: Analysis | None = None
    reason: str = ""


def pictures(source: Path, out: Path, *, settings: Settings, application: str, bundle: str, language: str = "") -> int:
    """Read every picture under ``source``, and write to ``out``.

    Of each picture a page with what each model says (PNG, under the picture's own path and name); of all of them
    ``answers.csv``, a row for each answer, and ``summary.json`` with what was read by which bundle, what the answers
    are worth, and which files were not read and why.

    Returns
    -------
    int
        0 where at least one picture was read, else 2.

    Raises
    ------
    UnusableInput
        ``source`` does not exist (``NO_INPUT``), or holds no PNG or JPEG (``NO_PICTURES``).
    BundleError
        No such application is installed, it reads no pictures, or the bundle cannot be used.
    """
    reader = find_picture_reader(application)
    presentation = find_presentation(application, language or settings.report.language)
    paths = _pictures(source)
    loaded = load_bundle(bundle, find_application(application), roots=settings.analysis.bundle_roots)
    root = source if source.is_dir() else source.parent
    out.mkdir(parents=True, exist_ok=True)
    refused: list[dict[str, str]] = []
    limits: dict[str, list[str]] = {}
    rows: list[Sequence[str]] = []
    with tqdm(total=len(paths), unit="picture", file=sys.stderr) as bar:
        for first in range(0, len(paths), AT_ONCE):
            for one in _read(paths[first : first + AT_ONCE], reader, loaded):
                name = str(one.path.relative_to(root))
                if one.analysis is None:
                    refused.append({"file": name, "sentence": one.reason})
                else:
                    limits[name] = list(presentation.report(one.analysis).limitations)
                    _draw(one.analysis, presentation, out / f"{name}.png")
                    rows += _answers(name, one.analysis, presentation)
                bar.update()
    _write_answers(out / "answers.csv", rows)
    identity = loaded.identity
    summary = {
        "application": application,
        "bundle": {"name": identity.name, "version": identity.version, "digest": identity.digest},
        "statement": [*research_lines(presentation.terms)],
        "pictures": len(limits),
        "limitations": limits,
        "not_read": refused,
    }
    (out / "summary.json").write_text(json.dumps(summary, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return EXIT_RESULTS if limits else EXIT_UNUSABLE


def _pictures(source: Path) -> list[Path]:
    if not source.exists():
        raise UnusableInput(Code.NO_INPUT, f"There is no file or folder {source}.")
    found = [source] if source.is_file() else sorted(path for path in source.rglob("*") if path.is_file())
    kept = [path for path in found if path.suffix.lower() in SUFFIXES]
    if not kept:
        raise UnusableInput(
            Code.NO_PICTURES,
            f"There is no picture in {source}, that is no file whose name ends with {', '.join(SUFFIXES)}; for DICOM "
            f"take axspa-node process. Received {len(found)} other files.",
        )
    return kept


def _read(paths: Sequence[Path], reader: Any, loaded: Any) -> Iterator[_Read]:
    """In the order of the paths."""
    given: dict[Path, Any] = {}
    reasons: dict[Path, str] = {}
    for path in paths:
        try:
            given[path] = reader.load_picture(path)
        except UnusableInput as error:
            reasons[path] = error.sentence
    found: Mapping[Path, Analysis] = (
        reader.analyse_pictures(given, loaded.models, bundle=loaded.identity) if given else {}
    )
    for path in paths:
        yield _Read(path, found.get(path), reasons.get(path, ""))


def _draw(analysis: Analysis, presentation: Presentation, path: Path) -> None:
    page = presentation.page(analysis, presentation.report(analysis), software="")
    if page is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(page).save(path)


def _answers(name: str, analysis: Analysis, presentation: Presentation) -> Iterator[Sequence[str]]:
    terms = presentation.terms
    note = f"{terms.say('research-line')}. {presentation.report(analysis).headline}"
    for one in statements(analysis, terms):
        yield name, one.key, one.value, "" if one.number is None else f"{one.number:.4f}", note
    for segment in analysis.segments:
        yield name, segment.key, "share-of-picture", f"{float(segment.mask.mean()):.4f}", note


def _write_answers(path: Path, rows: Sequence[Sequence[str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(COLUMNS)
        writer.writerows(rows)
