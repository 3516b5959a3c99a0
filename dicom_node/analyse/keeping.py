"""From the outcome of an analysis to what storage keeps of it: durable files first, then one record."""

from dataclasses import asdict
from datetime import UTC, datetime

from dicom_node.analyse.pipeline import Outcome, software_version
from reporting.kinds import default_kinds
from reporting.presentation import find_presentation
from reporting.statements import analysis_hash, statements
from storage.objects import ObjectStore
from storage.results import NewObject, NewPicture, NewResult, NewStatement
from storage.runs import Basis, ClaimedRun
from storage.tables import ResultStatus


def keep(outcome: Outcome, objects: ObjectStore, *, claimed: ClaimedRun, basis: Basis, started: datetime) -> NewResult:
    """Write every object and picture durably and describe them for :func:`storage.results.save`.

    Raises
    ------
    StorageUnavailable
        The disk is full or cannot be written.
    """
    analysis, outputs = outcome.analysis, outcome.outputs
    group, presentation = claimed.file_group, find_presentation(analysis.application)
    default = default_kinds(presentation)
    return NewResult(
        status=_status(outcome),
        headline=outputs.summary["headline"],
        plausible=analysis.selection.plausible,
        started_at=started,
        finished_at=datetime.now(UTC),
        application_version=basis.application_version,
        model_name=analysis.bundle.name,
        model_version=analysis.bundle.version,
        model_digest=analysis.bundle.digest,
        settings_digest=basis.settings_digest,
        software_version=software_version(),
        analysis_hash=analysis_hash(analysis),
        schema_number=outputs.summary["schema"],
        summary=outputs.summary,
        findings=[
            {"code": finding.code, "sentence": finding.sentence, "object": finding.object_kind}
            for finding in outcome.findings
        ],
        timings_s=analysis.seconds,
        statements=[NewStatement(**asdict(one)) for one in statements(analysis, presentation.terms)],
        objects=[
            NewObject(
                kind=made.kind,
                description=made.description,
                sop_class_uid=made.sop_class_uid,
                sop_instance_uid=made.sop_instance_uid,
                series_instance_uid=made.series_instance_uid,
                transfer_syntax_uid=str(made.dataset.file_meta.TransferSyntaxUID),
                stored=objects.put("results", group, name=made.sop_instance_uid, content=[made.encoded], suffix=".dcm"),
                of_default=made.kind in default,
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


def discard(record: NewResult, objects: ObjectStore) -> None:
    """Remove the files of a result that was not saved."""
    for stored in (*(made.stored for made in record.objects), *(picture.stored for picture in record.pictures)):
        objects.discard(stored.key)


def _status(outcome: Outcome) -> ResultStatus:
    if not outcome.may_leave:
        return ResultStatus.HELD
    return ResultStatus.COMPLETE if outcome.analysis.applicable else ResultStatus.NOT_APPLICABLE
