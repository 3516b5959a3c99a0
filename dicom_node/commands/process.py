"""``axspa-node process``: the same analysis for a folder of files, without network or database."""

import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tqdm import tqdm

from config.codes import Code
from config.errors import AxspaError, UnusableInput
from config.settings import Settings
from dicom_node.analyse import pipeline
from dicom_node.kinds import chosen_kinds, kinds_to_make
from inference.application import Application, find_application
from inference.dicom import read_studies
from inference.serving import LoadedBundle, load_bundle
from inference.types import StudyHeaders, UnreadableFile
from reporting.presentation import find_presentation
from reporting.uids import derived_uid
from reporting.writer import write_encoded
from storage.studies import check_uid

DEFAULT_APPLICATION = "sij_mri"
EXIT_RESULTS, EXIT_UNUSABLE, EXIT_NOTHING_APPLIES = 0, 2, 3


@dataclass(frozen=True, slots=True)
class _Work:
    """What is the same for all studies."""

    application: Application
    bundle: LoadedBundle | None
    site_salt: str
    language: str
    colormap: str
    kinds: frozenset[str]  # that are written
    made: frozenset[str]  # with those that others name
    bar: "tqdm[Any]"


def process(
    source: Path,
    out: Path,
    *,
    settings: Settings,
    application: str = DEFAULT_APPLICATION,
    bundle: str = "",
    language: str = "",
    colormap: str = "",
    kinds: str = "default",
) -> int:
    """Analyse every study under ``source`` and write the result objects and ``summary.json`` to ``out``.

    One study: its objects lie in ``out`` itself. Several: each in a folder named by its StudyInstanceUID (by one made
    from it where it is none), and the summary lists them. They speak ``language``, and their heat maps have the colors
    ``colormap``; where these are empty, those of the settings. `kinds` says which objects are written: ``default``,
    ``all``, or names with commas between them; whichever they are, the default set is made and checked. Where `bundle`
    is empty, the models of an application that needs some are those of the settings.

    Returns
    -------
    int
        0 with results; 3 when nothing applies, with the reasons in the summary; 2 for unusable input.

    Raises
    ------
    UnusableInput
        ``source`` does not exist or holds no DICOM that can be read.
    SettingsError
        No application of this name is installed, or it has no words in this language.
    """
    reader, spoken = find_application(application), language or settings.report.language
    presentation = find_presentation(application, spoken)
    chosen = chosen_kinds(kinds, presentation)
    studies, unreadable = read_studies(_files(source))
    if not studies:
        reasons = "; ".join(sorted({file.sentence for file in unreadable})[:5]) or "there are no files"
        raise UnusableInput(Code.NO_DICOM, f"No readable DICOM study in {source}: {reasons}")
    out.mkdir(parents=True, exist_ok=True)
    named = bundle or (settings.analysis.bundle if reader.needs else "")
    loaded = load_bundle(named, reader, roots=settings.analysis.bundle_roots) if named else None
    with tqdm(total=len(studies) * len(pipeline.steps(reader)), unit="step", file=sys.stderr) as bar:
        made = kinds_to_make(presentation, [tuple(chosen)])
        colors = colormap or settings.report.colormap
        work = _Work(reader, loaded, settings.site_salt, spoken, colors, chosen, made, bar)
        summaries = [
            _process_one(study, work, out if len(studies) == 1 else out / _folder_name(study)) for study in studies
        ]
    summary = summaries[0] if len(summaries) == 1 else {"studies": summaries}
    summary["unreadable_files"] = _refusals(unreadable, source)
    _write_json(out / "summary.json", summary)
    return _exit_status(summaries)


def _files(source: Path) -> list[Path]:
    if not source.exists():
        raise UnusableInput(Code.NO_INPUT, f"There is no file or folder {source}.")
    return [source] if source.is_file() else sorted(path for path in source.rglob("*") if path.is_file())


def _folder_name(study: StudyHeaders) -> str:
    """Safe as a path whatever the files hold in the place of a UID."""
    try:
        return check_uid(study.study_instance_uid, "Study Instance UID")
    except UnusableInput:
        return derived_uid("folder", study.study_instance_uid)


def _process_one(study: StudyHeaders, work: _Work, folder: Path) -> dict[str, Any]:
    folder.mkdir(parents=True, exist_ok=True)
    bar, steps = work.bar, pipeline.steps(work.application)
    first_step = bar.n

    def advance(step: str) -> None:
        bar.set_description(step, refresh=False)
        bar.update(first_step + steps.index(step) - bar.n)

    try:
        outcome = pipeline.run(
            study,
            work.bundle,
            application=work.application.name,
            revision=1,
            started=datetime.now(UTC),
            site_salt=work.site_salt,
            language=work.language,
            colormap=work.colormap,
            kinds=work.made,
            progress=advance,
        )
    except AxspaError as error:
        summary: dict[str, Any] = {
            "study_instance_uid": study.study_instance_uid,
            "status": "failed",
            "reasons": [error.sentence],
        }
    else:
        summary = _write_objects(outcome, folder, work.kinds)
    bar.update(first_step + len(steps) - bar.n)
    _write_json(folder / "summary.json", summary)
    return summary


def _write_objects(outcome: pipeline.Outcome, folder: Path, kinds: frozenset[str]) -> dict[str, Any]:
    """What the gate refused is written too, under ``held/``, so that nobody takes it for a result."""
    target = folder if outcome.may_leave else folder / "held"
    target.mkdir(exist_ok=True)
    files = []
    for number, item in enumerate((one for one in outcome.outputs.objects if one.kind in kinds), 1):
        path = target / f"{number:02d}_{item.kind}.dcm"
        write_encoded(item.encoded, path)
        files.append(str(path.relative_to(folder)))
    summary = {**outcome.outputs.summary, "files": files, "timings_s": outcome.analysis.seconds}
    if not outcome.may_leave:
        summary["status"] = "held"
        summary["gate_findings"] = [{"code": f.code, "sentence": f.sentence} for f in outcome.findings]
    return summary


def _refusals(unreadable: Iterable[UnreadableFile], source: Path) -> list[dict[str, str]]:
    root = source if source.is_dir() else source.parent
    return [{"file": str(f.path.relative_to(root)), "code": f.code, "sentence": f.sentence} for f in unreadable]


def _exit_status(summaries: list[dict[str, Any]]) -> int:
    status = {summary["status"] for summary in summaries}
    if "result" in status:
        return EXIT_RESULTS
    return EXIT_NOTHING_APPLIES if "not_applicable" in status else EXIT_UNUSABLE


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
