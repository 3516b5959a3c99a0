"""From the outcome of an analysis to what storage keeps of it: durable files first, then one record."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from dicom_node.analyse.pipeline import Outcome, software_version
from reporting.writer import encode
from storage.objects import ObjectStore
from storage.results import NewObject, NewPicture, NewResult
from storage.runs import Basis, ClaimedRun
from storage.tables import ResultStatus

_NOT_SAID = ("revision", "started", "software_version", "objects", "timings_s", "pictures")
"""What a summary holds beside what it says."""


def keep(outcome: Outcome, objects: ObjectStore, *, claimed: ClaimedRun, basis: Basis, started: datetime) -> NewResult:
    """Write every object and picture durably and describe them for :func:`storage.results.save`.

    Raises
    ------
    StorageUnavailable
        The disk is full or cannot be written.
    """
    analysis, outputs = outcome.analysis, outcome.outputs
    group = claimed.file_group
    return NewResult(
        status=_status(outcome),
        headline=outputs.summary["headline"],
        started_at=started,
        finished_at=datetime.now(UTC),
        application_version=basis.application_version,
        model_name=analysis.model.name,
        model_version=analysis.model.version,
        model_digest=analysis.model.digest,
        settings_digest=basis.settings_digest,
        software_version=software_version(),
        analysis_hash=analysis_hash(outputs.summary),
        schema_number=outputs.summary["schema"],
        summary=outputs.summary,
        findings=[
            {"code": finding.code, "sentence": finding.sentence, "object": finding.object_kind}
            for finding in outcome.findings
        ],
        timings_s=analysis.timings_s,
        objects=[
            NewObject(
                kind=made.kind,
                description=made.description,
                sop_class_uid=made.sop_class_uid,
                sop_instance_uid=made.sop_instance_uid,
                series_instance_uid=made.series_instance_uid,
                transfer_syntax_uid=str(made.dataset.file_meta.TransferSyntaxUID),
                stored=objects.put(
                    "results", group, name=made.sop_instance_uid, content=[encode(made.dataset)], suffix=".dcm"
                ),
            )
            for made in outputs.objects
        ],
        pictures=[
            NewPicture(
                name=picture.name,
                media_type=picture.media_type,
                stored=objects.put(
                    "pictures",
                    group,
                    name=picture.name,
                    content=[picture.data],
                    suffix="." + picture.name.rpartition(".")[2],
                ),
            )
            for picture in outputs.pictures
        ],
    )


def analysis_hash(summary: Mapping[str, Any]) -> str:
    """Hash of what an analysis says, rounded as its summary is, without the UIDs and times of its objects."""
    said = {key: value for key, value in summary.items() if key not in _NOT_SAID}
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()


def discard(record: NewResult, objects: ObjectStore) -> None:
    """Remove the files of a result that was not saved."""
    for stored in (*(made.stored for made in record.objects), *(picture.stored for picture in record.pictures)):
        objects.discard(stored.key)


def _status(outcome: Outcome) -> ResultStatus:
    if not outcome.may_leave:
        return ResultStatus.HELD
    return ResultStatus.COMPLETE if outcome.analysis.applicable else ResultStatus.NOT_APPLICABLE
