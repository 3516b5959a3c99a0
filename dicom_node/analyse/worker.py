"""What runs inside an analysis process: the models stay loaded, runs come and go."""

import hashlib
import json
import logging
import os
import traceback
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from config import logs
from config.codes import Code
from config.errors import AxspaError, Retryable, StorageUnavailable, UnusableInput
from config.settings import ReportSettings, Settings
from dicom_node.analyse.wanted import wants
from storage import deployments, gaps, results, runs
from storage.objects import ObjectStore
from storage.runs import Basis, ClaimedRun
from storage.session import Database
from storage.states import RunState

if TYPE_CHECKING:
    from inference.serving import BundleShelf, LoadedBundle
    from inference.types import StudyHeaders
    from reporting.types import Predecessor

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Context:
    settings: Settings
    database: Database
    objects: ObjectStore
    shelf: "BundleShelf"


_context: _Context | None = None  # one for each process of the pool, set by start()


def start(settings: Settings) -> None:
    """Prepare this process: threads, logs, database, and the models of the primary deployments, run once."""
    global _context
    if settings.analysis.threads:
        for name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"):
            os.environ[name] = str(settings.analysis.threads)
    logs.setup(settings.logging)
    with logs.native_silence():
        from dicom_node.analyse import pipeline  # noqa: F401 (the models' library is loaded here, once)
        from inference.serving import BundleShelf

    shelf = BundleShelf(memory_mb=settings.analysis.bundle_memory_mb, roots=settings.analysis.bundle_roots)
    context = _Context(settings, Database(settings.database_url), ObjectStore(settings.data_dir / "objects"), shelf)
    _load_ahead(context)
    _context = context


def analyse(claimed: ClaimedRun) -> str:
    """Do one claimed run and save what it gave, or why it gave nothing; the state that the run is in now.

    Raises
    ------
    AxspaError
        A fault of this node (disk, database, bundle) kept it from working: who gave the run away puts it back, and
        gives no other one before that is mended.
    """
    if _context is None:
        raise RuntimeError("start() prepares a process before its first analysis")
    with logs.about(study=claimed.study_id, run=claimed.run_id, application=claimed.application):
        return _guarded(claimed, _context)


def _guarded(claimed: ClaimedRun, context: "_Context") -> str:
    try:
        return _analyse(claimed, context)
    except AxspaError as error:
        log.warning("Run %d of study %d failed: %s", claimed.run_id, claimed.study_id, error.code)
        if runs.node_fault(error):
            raise
        return _fail(claimed, error, context)
    except Exception as error:  # noqa: BLE001 (the edge of the engine: whatever happened, the study is kept and shown)
        # The message of an unknown error may quote patient data, so only its kind and place are logged.
        place = "".join(traceback.format_tb(error.__traceback__)[-4:])
        log.error("Run %d of study %d broke: %s\n%s", claimed.run_id, claimed.study_id, type(error).__name__, place)
        sentence = f"The analysis broke unexpectedly ({type(error).__name__}); the log of the node says where."
        return _fail(claimed, Retryable(Code.ANALYSIS_BROKE, sentence), context)


def _analyse(claimed: ClaimedRun, context: _Context) -> str:
    from dicom_node.analyse import pipeline
    from dicom_node.analyse.keeping import discard, keep
    from dicom_node.analyse.salt import site_salt
    from dicom_node.kinds import kinds_to_make
    from inference.application import find_application
    from inference.dicom import read_study
    from inference.types import Gap, Reason
    from reporting.presentation import find_presentation

    started = datetime.now(UTC)
    application = find_application(claimed.application)
    bundle = _bundle(context, claimed.application, claimed.bundle) if claimed.bundle else None
    basis = Basis(
        content_hash=claimed.content_hash,
        application_version=application.version,
        bundle_digest="" if bundle is None else bundle.identity.digest,
        settings_digest=_settings_digest(claimed, context.settings.report),
    )
    if claimed.standing == basis and not claimed.asked:
        log.info("Run %d of study %d: nothing changed", claimed.run_id, claimed.study_id)
        return str(runs.unchanged(context.database, claimed))
    study = read_study(context.objects.path(key) for key in claimed.path_keys)
    if lost := [one for one in study.unreadable if one.code == Code.FILE_UNREADABLE]:
        raise StorageUnavailable(Code.OBJECT_UNREADABLE, f"{len(lost)} stored images are missing or cannot be read.")
    if study.study_instance_uid not in {"", claimed.study_instance_uid}:
        # An element may come twice: read in part an image can be of one study, read to its end of another.
        raise UnusableInput(Code.OTHER_STUDY, "The images, read whole, belong to another study than they were sent as.")
    if (waits := _wait(claimed, study, context, now=started)) is not None:
        return str(waits)
    outcome = pipeline.run(
        study,
        bundle,
        application=claimed.application,
        revision=claimed.revision,
        started=started,
        series_base=claimed.series_base,
        site_salt=site_salt(context.settings),
        language=context.settings.report.language,
        colormap=context.settings.report.colormap,
        predecessors=_predecessors(claimed, context),
        identity_conflict=claimed.identity_conflict,
        identity_settled=claimed.identity_settled,
        missing=[Gap(Reason(gap.code, {"count": gap.count}), gap.series) for gap in claimed.gaps],
        kinds=kinds_to_make(find_presentation(claimed.application), context.settings.wanted_kinds.values()),
    )
    record = keep(outcome, context.objects, claimed=claimed, basis=basis, started=started)
    saved = results.save(context.database, claimed, record, destinations=context.settings.wishes, wants=wants)
    total_s = (record.finished_at - started).total_seconds()
    log.info("Run %d of study %d: analysed in %.1f s", claimed.run_id, claimed.study_id, total_s)
    if saved is None:
        discard(record, context.objects)
        return str(RunState.UNCHANGED)
    for finding in outcome.findings:
        log.error("Study %d: held back: %s [%s]", claimed.study_id, finding.sentence, finding.code)
    return str(record.status.ends)


def _wait(claimed: ClaimedRun, study: "StudyHeaders", context: _Context, *, now: datetime) -> RunState | None:
    """Put a run back whose images say themselves that some are missing, until it has waited for them.

    One that a person asked for does not wait.
    """
    from inference.application import find_application
    from inference.series import header_gaps
    from reporting.presentation import find_presentation, word_limitation

    until = claimed.complete_at + timedelta(seconds=context.settings.completion.gap_wait_s)
    if claimed.asked or now >= until:
        return None
    found = header_gaps(study, find_application(claimed.application).select(study))
    if not found:
        return None
    terms = find_presentation(claimed.application, context.settings.report.language).terms
    sentence = gaps.say_waiting([word_limitation(terms, gap.reason) for gap in found], until)
    log.info("Run %d of study %d waits: images are missing", claimed.run_id, claimed.study_id)
    return runs.wait(context.database, claimed, until=until, sentence=sentence)


def _predecessors(claimed: ClaimedRun, context: _Context) -> "tuple[Predecessor, ...]":
    """The reports of the result that stands, which those of a new one follow."""
    from reporting.kinds import reports_among

    return reports_among(results.standing_objects(context.database, claimed))


def _load_ahead(context: _Context) -> None:
    """Load what physicians wait for; where that fails, each run that needs it says so, and waits."""
    try:
        for deployment in deployments.every(context.database):
            if deployment.enabled and deployment.purpose.sent and deployment.bundle:
                _bundle(context, deployment.application, deployment.bundle)
    except AxspaError as error:
        log.error("%s [%s]", error.sentence, error.code)


def _bundle(context: _Context, application: str, name: str) -> "LoadedBundle":
    """A loaded bundle.

    Raises
    ------
    BundleError
        It is missing, damaged, or made for something else; the application is not installed.
    """
    from inference.application import find_application

    with logs.native_silence():
        return context.shelf.bundle(name, find_application(application))


def _settings_digest(claimed: ClaimedRun, report: ReportSettings) -> str:
    """Hash of the settings that have a part in a result."""
    parts = {"series_base": claimed.series_base, "language": report.language, "colormap": report.colormap}
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _fail(claimed: ClaimedRun, error: AxspaError, context: _Context) -> str:
    return str(runs.fail(context.database, claimed, error, max_attempts=context.settings.analysis.max_attempts))
