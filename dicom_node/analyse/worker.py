"""What runs inside an analysis process: the models stay loaded, studies come and go."""

import logging
import os
import traceback
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from config import logs
from config.codes import Code
from config.errors import AxspaError, Retryable, UnusableInput
from config.settings import Settings
from storage import claims, results
from storage.claims import ClaimedStudy
from storage.objects import ObjectStore
from storage.session import Database

if TYPE_CHECKING:
    from inference.serving import BundleShelf

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Context:
    settings: Settings
    database: Database
    objects: ObjectStore
    shelf: "BundleShelf"


_context: _Context | None = None  # one for each process of the pool, set by start()


def start(settings: Settings) -> None:
    """Prepare this process: threads, logs, database, models loaded and run once."""
    global _context
    if settings.analysis.threads:
        for name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"):
            os.environ[name] = str(settings.analysis.threads)
    logs.setup(settings.logging)
    with logs.native_silence():
        from dicom_node.analyse import pipeline  # noqa: F401 (the models' library is loaded here, once)
        from inference.serving import BundleShelf
        from inference.sij_mri import SacroiliacNeeds

    shelf = BundleShelf(memory_mb=settings.analysis.bundle_memory_mb, roots=settings.analysis.bundle_roots)
    shelf.bundle(settings.analysis.bundle, SacroiliacNeeds())
    _context = _Context(settings, Database(settings.database_url), ObjectStore(settings.data_dir / "objects"), shelf)


def analyse(claimed: ClaimedStudy) -> str:
    """Analyse one claimed study and save what it gave, or why it gave nothing; the state that the study is in now."""
    if _context is None:
        raise RuntimeError("start() prepares a process before its first analysis")
    try:
        return _analyse(claimed, _context)
    except AxspaError as error:
        log.warning("Analysis of study %d failed: %s", claimed.study_id, error.code)
        return _fail(claimed, error, _context)
    except Exception as error:  # noqa: BLE001 (the edge of the engine: whatever happened, the study is kept and shown)
        # The message of an unknown error may quote patient data, so only its kind and place are logged.
        place = "".join(traceback.format_tb(error.__traceback__)[-4:])
        log.error("Analysis of study %d broke: %s\n%s", claimed.study_id, type(error).__name__, place)
        sentence = f"The analysis broke unexpectedly ({type(error).__name__}); the log of the node says where."
        return _fail(claimed, Retryable(Code.ANALYSIS_BROKE, sentence), _context)


def _analyse(claimed: ClaimedStudy, context: _Context) -> str:
    from dicom_node.analyse import pipeline
    from dicom_node.analyse.keeping import keep
    from inference.dicom import read_study
    from inference.sij_mri import SacroiliacNeeds

    started = datetime.now(UTC)
    study = read_study(context.objects.path(key) for key in claimed.path_keys)
    if study.study_instance_uid not in {"", claimed.study_instance_uid}:
        # An element may come twice: read in part an image can be of one study, read to its end of another.
        raise UnusableInput(Code.OTHER_STUDY, "The images, read whole, belong to another study than they were sent as.")
    outcome = pipeline.run(
        study,
        context.shelf.bundle(context.settings.analysis.bundle, SacroiliacNeeds()),
        revision=claimed.revision,
        started=started,
        identity_conflict=claimed.identity_conflict,
    )
    record = keep(outcome, context.objects, revision=claimed.revision, started=started)
    destinations = tuple(destination.name for destination in context.settings.destinations)
    results.save(context.database, claimed, record, destinations=destinations)
    total_s = (record.finished_at - started).total_seconds()
    log.info("Study %d revision %d: analysed in %.1f s, %s", claimed.study_id, claimed.revision, total_s, record.status)
    for finding in outcome.findings:
        log.error("Study %d: held back: %s [%s]", claimed.study_id, finding.sentence, finding.code)
    return str(record.status)


def _fail(claimed: ClaimedStudy, error: AxspaError, context: _Context) -> str:
    return str(claims.fail(context.database, claimed, error, max_attempts=context.settings.analysis.max_attempts))
