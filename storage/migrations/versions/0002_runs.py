"""The unit of work becomes the run of a deployment: several read one study and never touch each other's results.

What each study was at becomes runs of one deployment. Its application and bundle are not known here: they stay empty
until the node starts with its settings (:func:`storage.deployments.seed`).
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_NAMES = {"uq": "uq_%(table_name)s_%(column_0_name)s"}  # SQLite knows no name of the constraint that goes
_GONE = (
    "revision",
    "content_hash",
    "reprocess",
    "claimed_by",
    "claimed_at",
    "lease_until",
    "attempts",
    "next_attempt_at",
)

_DEPLOYMENT = """
INSERT INTO deployment (application, bundle, purpose, series_base, enabled, created_at)
SELECT '', '', 'primary', 900, TRUE, MIN(first_received_at) FROM study HAVING COUNT(*) > 0
"""
# A study's reason was that of its last analysis only where that one ended without a result.
_RUNS_WITH_RESULT = """
INSERT INTO run (study_id, deployment_id, revision, asked, state, created_at, changed_at, reason_code, reason,
                 content_hash, claims, attempts, faults, next_attempt_at)
SELECT result.study_id, deployment.id, result.revision, FALSE,
       CASE result.status WHEN 'complete' THEN 'done' ELSE result.status END, result.started_at, result.finished_at,
       CASE result.status WHEN 'complete' THEN 'RESULT_SAVED' WHEN 'held' THEN 'HELD' ELSE 'NOT_APPLICABLE' END,
       CASE WHEN study.state = 'held' AND result.status = 'held' THEN study.reason ELSE result.headline END,
       result.content_hash, 1, 1, 0, result.finished_at
FROM result JOIN study ON study.id = result.study_id CROSS JOIN deployment
ORDER BY result.id
"""
_RUNS_THAT_FAILED = """
INSERT INTO run (study_id, deployment_id, revision, asked, state, created_at, changed_at, reason_code, reason,
                 content_hash, claims, attempts, faults, next_attempt_at)
SELECT study.id, deployment.id, study.revision, FALSE, 'failed', study.changed_at, study.changed_at,
       study.reason_code, study.reason, study.content_hash, study.attempts, study.attempts, 0, study.next_attempt_at
FROM study CROSS JOIN deployment
WHERE study.state = 'failed'
ORDER BY study.id
"""
_RUNS_THAT_RUN = """
INSERT INTO run (study_id, deployment_id, revision, asked, state, created_at, changed_at, reason_code, reason,
                 content_hash, worker, claims, claimed_at, lease_until, deadline, attempts, faults, next_attempt_at)
SELECT study.id, deployment.id, study.revision, FALSE, 'running', study.changed_at, study.changed_at,
       study.reason_code, study.reason, study.content_hash, study.claimed_by, study.attempts, study.claimed_at,
       study.lease_until, study.lease_until, study.attempts, 0, study.next_attempt_at
FROM study CROSS JOIN deployment
WHERE study.state = 'analysing'
ORDER BY study.id
"""
# A study waits for another attempt of its revision, or for the first one of the next.
_RUNS_THAT_WAIT = """
INSERT INTO run (study_id, deployment_id, revision, asked, state, created_at, changed_at, reason_code, reason,
                 content_hash, claims, attempts, faults, next_attempt_at)
SELECT study.id, deployment.id, CASE WHEN again.id IS NULL THEN study.revision + 1 ELSE study.revision END,
       study.reprocess, 'queued', study.changed_at, study.changed_at, study.reason_code, study.reason, '',
       study.attempts, CASE WHEN again.id IS NULL THEN 0 ELSE study.attempts END, 0, study.next_attempt_at
FROM study CROSS JOIN deployment
LEFT JOIN study AS again ON again.id = study.id AND again.revision > 0 AND NOT again.reprocess
     AND NOT EXISTS (SELECT 1 FROM result WHERE result.study_id = again.id AND result.revision = again.revision)
WHERE study.state = 'queued'
ORDER BY study.id
"""
_STUDIES = """
UPDATE study SET origin = 'pushed', clinical = '{}', reception = CASE
    WHEN state = 'receiving' THEN 'receiving' WHEN identity_conflict THEN 'held' ELSE 'complete' END
"""
_RESULTS = """
UPDATE result SET analysis_hash = '', application = 'sij_mri', application_version = '', settings_digest = '',
    schema_number = 1, deployment_id = (SELECT id FROM deployment),
    run_id = (SELECT run.id FROM run WHERE run.study_id = result.study_id AND run.revision = result.revision)
"""


def upgrade() -> None:
    """Make the new tables, fill them, and give the old ones their new form.

    On SQLite tables are made anew and renamed, so foreign keys are not enforced meanwhile (see
    :func:`storage.session.migrate`) and checked at the end.

    Raises
    ------
    RuntimeError
        On SQLite: a row names another that is not there; everything stays as it was.
    """
    _new_tables()
    for name in ("origin", "reception"):
        op.add_column("study", sa.Column(name, sa.String(length=32)))
    op.add_column("study", sa.Column("clinical", sa.JSON()))
    for name in ("deployment_id", "run_id", "schema_number"):
        op.add_column("result", sa.Column(name, sa.Integer()))
    for name in ("analysis_hash", "application", "application_version", "settings_digest"):
        op.add_column("result", sa.Column(name, sa.String(length=64)))
    op.execute("ALTER TABLE event ADD COLUMN run_id INTEGER REFERENCES run (id)")
    for statement in (
        _DEPLOYMENT,
        _RUNS_WITH_RESULT,
        _RUNS_THAT_FAILED,
        _RUNS_THAT_RUN,
        _RUNS_THAT_WAIT,
        _STUDIES,
        _RESULTS,
    ):
        op.execute(statement)
    _change_study()
    _change_result()
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
        if broken is not None:
            raise RuntimeError(f"a row of {broken[0]} names a row of {broken[2]} that is not there")


def _new_tables() -> None:
    op.create_table(
        "deployment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("application", sa.String(length=64), nullable=False),
        sa.Column("bundle", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("series_base", sa.Integer(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("application", "bundle"),
        sa.UniqueConstraint("series_base"),
    )
    op.create_table(
        "run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("deployment_id", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("asked", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("changed_at", sa.DateTime(), nullable=False),
        sa.Column("reason_code", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("path_keys", sa.JSON(), nullable=True),
        sa.Column("worker", sa.String(length=128), nullable=True),
        sa.Column("claims", sa.Integer(), nullable=False),
        sa.Column("claimed_at", sa.DateTime(), nullable=True),
        sa.Column("lease_until", sa.DateTime(), nullable=True),
        sa.Column("deadline", sa.DateTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("faults", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["deployment_id"], ["deployment.id"]),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("study_id", "deployment_id", "revision"),
    )
    op.create_index("ix_run_state", "run", ["state", "next_attempt_at"], unique=False)
    op.create_table(
        "statement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("result_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("anatomy", sa.String(length=64), nullable=False),
        sa.Column("side", sa.String(length=16), nullable=False),
        sa.Column("level", sa.String(length=32), nullable=False),
        sa.Column("value", sa.String(length=128), nullable=False),
        sa.Column("number", sa.Double(), nullable=True),
        sa.Column("unit", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["result_id"], ["result.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_statement_key", "statement", ["key", "value"], unique=False)
    op.create_index(op.f("ix_statement_result_id"), "statement", ["result_id"], unique=False)


def _change_study() -> None:
    op.drop_index("ix_study_state", table_name="study")
    with op.batch_alter_table("study") as study:
        for name in ("origin", "reception"):
            study.alter_column(name, existing_type=sa.String(length=32), nullable=False)
        study.alter_column("clinical", existing_type=sa.JSON(), nullable=False)
        for name in _GONE:
            study.drop_column(name)
    op.create_index("ix_study_state", "study", ["state", "last_received_at"], unique=False)


def _change_result() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    with op.batch_alter_table("result", naming_convention=_NAMES) as result:
        for name in ("deployment_id", "run_id", "schema_number"):
            result.alter_column(name, existing_type=sa.Integer(), nullable=False)
        for name in ("analysis_hash", "application", "application_version", "settings_digest"):
            result.alter_column(name, existing_type=sa.String(length=64), nullable=False)
        result.drop_constraint("result_study_id_revision_key" if postgresql else "uq_result_study_id", type_="unique")
        result.create_unique_constraint("uq_result_revision", ["study_id", "deployment_id", "revision"])
        result.create_unique_constraint("uq_result_run", ["run_id"])
        result.create_foreign_key("fk_result_deployment", "deployment", ["deployment_id"], ["id"])
        result.create_foreign_key("fk_result_run", "run", ["run_id"], ["id"], ondelete="CASCADE")
