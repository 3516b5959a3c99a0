"""A database of schema 0001 as a node of the first slice left it: a study in each state, and all that is its."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from config.settings import Settings
from storage import deliveries, deployments, migrations, resending, runs, studies
from storage.session import Database
from storage.showing import refresh
from storage.states import Origin
from storage.tables import Result, Study
from tests.factories.storage import at, results_of, save

NEVER = "1.2.826.0.1"
ANALYSED_ONCE = ("delivering", "done", "not_applicable", "held", "undelivered")


def make(database: Database) -> dict[str, int]:
    """Make the old schema and fill it; the number of each study, by a word for what it went through."""
    config = Config()
    config.set_main_option("script_location", str(Path(str(migrations.__file__)).parent))
    with database.engine.execution_options(axspa_writes=True).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        return _fill(connection)


def _fill(connection: Connection) -> dict[str, int]:
    old = sa.MetaData()
    old.reflect(connection)
    rows = _Rows(connection, old.tables)
    found = {}
    for state in ANALYSED_ONCE:
        found[state] = rows.study(state, revision=1, reason_code=state.upper(), reason=f"It is {state}.")
        status = state if state in ("not_applicable", "held") else "complete"
        result = rows.result(found[state], 1, status=status)
        sent = {"delivering": "waiting", "undelivered": "refused"}.get(state, "delivered")
        rows.object(result, *(() if state == "held" else (sent, "delivered")))
    found["receiving"] = rows.study("receiving", revision=0, reason="Images are arriving.")
    found["queued"] = rows.study("queued", revision=0, reason="Quiet.")
    found["retried"] = rows.study("queued", revision=1, attempts=1, reason="Attempt 1 of 3 failed and is tried again.")
    found["reprocessed"] = rows.study("queued", revision=1, attempts=0, reprocess=True, reason="ada asked.")
    rows.object(rows.result(found["reprocessed"], 1), "delivered", "delivered")
    found["analysing"] = rows.study(
        "analysing", revision=1, attempts=2, claimed_by="host-1", claimed_at=at(100), lease_until=at(160)
    )
    found["failed"] = rows.study("failed", revision=1, attempts=3, reason_code="WORKER_LOST", reason="It was lost.")
    found["failed later"] = rows.study("failed", revision=2, attempts=1, reason_code="NO_IMAGES", reason="None left.")
    rows.object(rows.result(found["failed later"], 1), "delivered", "delivered")
    found["late"] = rows.study("receiving", revision=1, reason="More images came after the analysis.")
    rows.object(rows.result(found["late"], 1), "delivered", "delivered")
    found["late in the middle"] = rows.study("receiving", revision=1, reason="More images came during the analysis.")
    rows.object(rows.result(found["late in the middle"], 1, superseded=True))
    found["twice"] = rows.study("done", revision=2, reason="Signs on the left.")
    rows.object(rows.result(found["twice"], 1, superseded=True), "cancelled", "delivered")
    rows.object(rows.result(found["twice"], 2), "delivered", "delivered")
    found["mixed"] = rows.study("held", revision=1, reason="Two patients.", identity_conflict=True)
    rows.object(rows.result(found["mixed"], 1, status="held"))
    return found


class _Rows:
    """Writes rows of the old tables."""

    def __init__(self, connection: Connection, tables: Any) -> None:
        self._connection = connection
        self._tables = tables
        self._made = 0

    def study(self, state: str, **values: Any) -> int:
        """A study with two images and two lines of its timeline."""
        self._made += 1
        uid = f"{NEVER}.{self._made}"
        known = {
            "study_instance_uid": uid, "patient_id": f"P-{self._made}", "patient_name": "Быков^Иван",
            "birth_date": "19700101", "sex": "M", "accession_number": f"A-{self._made}", "study_date": "20260301",
            "study_time": "", "study_id": "", "description": "MR SI joints", "search_text": f" быков {state} ",
            "identity_conflict": False, "calling_ae": "PACS", "first_received_at": at(0), "last_received_at": at(1),
            "image_count": 2, "state": state, "changed_at": at(90), "reason_code": "CODE", "reason": "",
            "revision": 0, "content_hash": "c" * 64, "reprocess": False, "claimed_by": None, "claimed_at": None,
            "lease_until": None, "attempts": 0, "next_attempt_at": at(60),
        }  # fmt: skip
        study_id = self._add("study", {**known, **values})
        for number in (1, 2):
            self._add(
                "instance",
                {
                    "study_id": study_id, "series_instance_uid": f"{uid}.1", "sop_instance_uid": f"{uid}.1.{number}",
                    "sop_class_uid": "1.2.840.10008.5.1.4.1.1.4", "transfer_syntax_uid": "1.2.840.10008.1.2.1",
                    "modality": "MR", "sha256": f"{number}" * 64, "size_bytes": 1000,
                    "path_key": f"images/{self._made}/{number}", "received_at": at(number), "calling_ae": "PACS",
                },
            )  # fmt: skip
            line = {"at": at(number), "code": "CODE", "sentence": f"Line {number}.", "detail": {}}
            self._add("event", {"study_id": study_id, **line})
        return study_id

    def result(self, study_id: int, revision: int, *, status: str = "complete", superseded: bool = False) -> int:
        """A result with two pictures."""
        finding = {"code": "IDENTITY_MIXED", "sentence": "Two patients.", "object": "study"}
        result_id = self._add(
            "result",
            {
                "study_id": study_id, "revision": revision, "status": status, "superseded": superseded,
                "content_hash": "c" * 64, "model_name": "sij-1", "model_version": "1.0.0", "model_digest": "d" * 64,
                "software_version": "0.1.0", "headline": "Signs on the left.", "started_at": at(80),
                "finished_at": at(85), "summary": {"schema": 1, "headline": "Signs on the left."},
                "findings": [finding] if status == "held" else [], "timings_s": {"region": 2.0},
            },
        )  # fmt: skip
        for number in (0, 1):
            values = {"name": f"t1/base/00{number}.png", "media_type": "image/png", "size_bytes": 10}
            self._add("picture", {"result_id": result_id, **values, "path_key": f"pictures/{result_id}/{number}"})
        return result_id

    def object(self, result_id: int, *deliveries: str) -> None:
        """An object with a delivery in each of these states."""
        object_id = self._add(
            "result_object",
            {
                "result_id": result_id, "kind": "seg", "description": "AI RESEARCH", "sop_class_uid": "1.2.3",
                "sop_instance_uid": f"2.25.{result_id}", "series_instance_uid": f"2.25.{result_id}.1",
                "transfer_syntax_uid": "1.2.840.10008.1.2.1", "sha256": "e" * 64, "size_bytes": 10,
                "path_key": f"results/{result_id}",
            },
        )  # fmt: skip
        for number, state in enumerate(deliveries):
            self._add(
                "delivery",
                {
                    "object_id": object_id, "destination": f"place {number}", "state": state, "attempts": 1,
                    "created_at": at(85), "next_attempt_at": at(86), "last_code": "CODE", "last_comment": "",
                    "delivered_at": at(87) if state == "delivered" else None,
                },
            )  # fmt: skip

    def _add(self, name: str, values: dict[str, Any]) -> int:
        table = self._tables[name]
        plain = {key: _plain(value, table.c[key]) for key, value in values.items()}
        made: int = self._connection.execute(sa.insert(table).values(plain).returning(table.c.id)).scalar_one()
        return made


def _plain(value: Any, column: sa.Column[Any]) -> Any:
    if isinstance(column.type, sa.DateTime) and value is not None:
        return value.replace(tzinfo=None)
    if isinstance(value, dict | list) and not isinstance(column.type, sa.JSON):
        return json.dumps(value)
    return value


@dataclass(frozen=True)
class Old:
    """What a study was, read from the old schema."""

    state: str
    reason: str
    results: list[tuple[int, str, bool]]  # revision, status, superseded
    pictures: int
    deliveries: list[tuple[str, str]]  # destination, state
    events: int


def read(database: Database) -> dict[int, Old]:
    """What each study is, by plain SQL that both schemas understand."""

    def rows(sql: str, study_id: int) -> list[Any]:
        return [tuple(row) for row in connection.execute(sa.text(sql), {"study": study_id})]

    deliveries = (
        "SELECT destination, delivery.state FROM delivery JOIN result_object ON object_id = result_object.id "
        "JOIN result ON result_id = result.id WHERE study_id = :study ORDER BY delivery.id"
    )
    with database.engine.connect() as connection:
        found = {}
        for study_id, state, reason in connection.execute(sa.text("SELECT id, state, reason FROM study")).all():
            results = rows(
                "SELECT revision, status, superseded FROM result WHERE study_id = :study ORDER BY id", study_id
            )
            pictures = rows("SELECT 1 FROM picture JOIN result r ON result_id = r.id WHERE study_id = :study", study_id)
            events = rows("SELECT 1 FROM event WHERE study_id = :study", study_id)
            kept = [(revision, status, bool(superseded)) for revision, status, superseded in results]
            found[study_id] = Old(state, reason, kept, len(pictures), rows(deliveries, study_id), len(events))
        return found


def check_kept(database: Database, before: dict[int, Old]) -> None:
    """Nothing was lost, and the state that is derived now is the one that was written then."""
    assert read(database) == before
    with database.write() as session:
        for study in session.scalars(sa.select(Study).order_by(Study.id)).all():
            old = before[study.id]
            shown = refresh(session, study, at=at(1000))
            assert (shown.state, study.changed_at) == (old.state, at(90)), old
            results = results_of(session, study)
            assert [one.run.state for one in results] == [one.status.ends for one in results]
            assert study.origin is Origin.PUSHED and study.clinical == {}
            session.expire(study)
        session.rollback()


def check_goes_on(database: Database, ids: dict[str, int]) -> None:
    """The node names the deployment from its settings, and each study goes on where it was."""
    deployments.seed(database, Settings().wanted_deployments, at=at(200))
    (only,) = deployments.every(database)
    assert (only.application, only.bundle, only.series_base, only.enabled) == ("sij_mri", "sij-1", 900, True)

    begun: dict[int, runs.ClaimedRun] = {}
    while (claimed := runs.claim(database, "w", lease_s=60, now=at(300))) is not None:
        begun[claimed.study_id] = claimed
    assert set(begun) == {ids["queued"], ids["retried"], ids["reprocessed"]}
    assert {(one.deployment_id, one.bundle, len(one.path_keys)) for one in begun.values()} == {(only.id, "sij-1", 2)}
    said = {name: begun[ids[name]] for name in ("queued", "retried", "reprocessed")}
    assert {name: (one.revision, one.attempt, one.asked) for name, one in said.items()} == {
        "queued": (1, 1, False),
        "retried": (1, 2, False),
        "reprocessed": (2, 1, True),
    }
    assert runs.requeue_expired(database, max_attempts=3, now=at(301)) == 1
    again = runs.claim(database, "w", lease_s=60, now=at(302))
    assert again is not None
    assert (again.study_id, again.revision, again.attempt) == (ids["analysing"], 1, 3)

    assert {row.study_id for row in studies.receiving(database)} == {
        ids[name] for name in ("receiving", "late", "late in the middle")
    }
    studies.mark_complete(database, ids["late"], image_count=2, sentence="Quiet.", at=at(400))
    late = runs.claim(database, "w", lease_s=60, now=at(401))
    assert late is not None
    assert (late.study_id, late.revision) == (ids["late"], 2)
    save(database, late, seconds=402)
    kept = [state for _, state in read(database)[ids["late"]].deliveries]
    assert kept == ["delivered", "delivered", "waiting", "waiting"]

    assert [item.study_id for item in deliveries.due(database, "place 0", now=at(500))] == [ids["delivering"]]
    with database.read() as session:
        lost = session.scalars(sa.select(Result).where(Result.study_id == ids["undelivered"])).one()
    sent = resending.resend(
        database, lost.id, destinations=["place 0", "place 1"], actor="ada", only_failed=True, now=at(501)
    )
    assert sent == 1
    for name in ("failed", "failed later", "held", "done"):
        studies.reprocess(database, ids[name], actor="ada", at=at(600))
        assert read(database)[ids[name]].state == "queued"
