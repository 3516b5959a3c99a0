"""Make what tells destinations that a result was taken back, and put it into the outbox."""

import logging
from collections.abc import Mapping

from pydicom import dcmread
from pydicom.dataset import Dataset

from config.settings import Settings
from reporting.retraction import NOTE, REPORT, check_retraction, encoded, rejection_note, withdrawal_report
from storage import retraction
from storage.objects import ObjectStore
from storage.results import NewObject
from storage.retraction import Retracted
from storage.session import Database
from storage.tables import ResultObject

TEXT = "sr-text"

log = logging.getLogger(__name__)


def tell_destinations(settings: Settings, database: Database, objects: ObjectStore) -> None:
    """Tell the destinations of every result that was taken back and of which they were not told yet."""
    honoring = {one.name for one in settings.destinations if one.honors_rejection}
    for one in retraction.waiting(database):
        made = {name: _made(one, numbers, objects, note=name in honoring) for name, numbers in one.places.items()}
        count = retraction.tell(database, one.result_id, {name: [row] for name, row in made.items() if row})
        log.info("Result %d was taken back: %d destinations are told", one.result_id, count)


def _made(one: Retracted, numbers: tuple[int, ...], objects: ObjectStore, *, note: bool) -> NewObject | None:
    """What one destination gets; None where nothing can be made of what it has, which the log says."""
    rows = [row for row in one.objects if row.id in numbers]
    texts = [row for row in rows if row.kind == TEXT]
    if not note and not texts:
        log.error("Result %d: a destination has no text report that could be replaced", one.result_id)
        return None
    base = one.series_base
    if note:
        kind = NOTE
        dataset = rejection_note([_read(row, objects) for row in rows], series_base=base, reason=one.reason)
    else:
        kind = REPORT
        text = _read(texts[0], objects)
        dataset = withdrawal_report(text, series_base=base, revision=one.revision, reason=one.reason)
    if findings := check_retraction(kind, dataset):
        log.error("What takes a result back may not leave: %s", findings[0].sentence)
        return None
    return _stored(kind, dataset, objects)


def _read(row: ResultObject, objects: ObjectStore) -> Dataset:
    return dcmread(objects.path(row.path_key))


def _stored(kind: str, dataset: Dataset, objects: ObjectStore) -> NewObject:
    uid = str(dataset.SOPInstanceUID)
    return NewObject(
        kind=kind,
        description=_DESCRIPTIONS[kind],
        sop_class_uid=str(dataset.SOPClassUID),
        sop_instance_uid=uid,
        series_instance_uid=str(dataset.SeriesInstanceUID),
        transfer_syntax_uid=str(dataset.file_meta.TransferSyntaxUID),
        stored=objects.put("results", uid, name=uid, content=[encoded(dataset)], suffix=".dcm"),
    )


_DESCRIPTIONS: Mapping[str, str] = {NOTE: "Rejection note", REPORT: "Withdrawal in words"}
