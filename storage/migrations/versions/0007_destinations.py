"""Destinations that must be opened, what is known of each, and what shows that it keeps what it was sent.

Those that an older node sent to stay open: each that its ledger names, and, by the row without a name, those that its
settings name when it starts next (:func:`storage.destinations.seed`).
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_OPEN = """
INSERT INTO destination (name, open, decided_by, changed_at, address_hash, failures, trouble)
SELECT DISTINCT destination, TRUE, '', CURRENT_TIMESTAMP, '', 0, '' FROM delivery
"""
_OPEN_THE_REST = """
INSERT INTO destination (name, open, decided_by, changed_at, address_hash, failures, trouble)
SELECT '', TRUE, '', CURRENT_TIMESTAMP, '', 0, ''
WHERE EXISTS (SELECT 1 FROM study) OR EXISTS (SELECT 1 FROM heartbeat)
"""


def upgrade() -> None:
    """Make the tables, open what was open, add the columns of the ledger."""
    op.create_table(
        "destination",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("decided_by", sa.String(64), nullable=False),
        sa.Column("changed_at", sa.DateTime(), nullable=False),
        sa.Column("address_hash", sa.String(64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("paused_until", sa.DateTime(), nullable=True),
        sa.Column("trouble", sa.Text(), nullable=False),
    )
    op.create_table(
        "refused_class",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("destination", sa.String(64), nullable=False),
        sa.Column("sop_class_uid", sa.String(64), nullable=False),
        sa.Column("refused_at", sa.DateTime(), nullable=False),
        sa.Column("until", sa.DateTime(), nullable=False),
        sa.UniqueConstraint("destination", "sop_class_uid"),
    )
    op.execute(_OPEN)
    op.execute(_OPEN_THE_REST)
    op.add_column("delivery", sa.Column("offered_at", sa.DateTime(), nullable=True))
    op.add_column("delivery", sa.Column("proof", sa.String(32), nullable=False, server_default="none"))
    op.add_column("delivery", sa.Column("proof_at", sa.DateTime(), nullable=True))
    op.add_column("delivery", sa.Column("proof_due_at", sa.DateTime(), nullable=True))
    op.add_column("delivery", sa.Column("proof_comment", sa.Text(), nullable=False, server_default=""))
    op.add_column("delivery", sa.Column("transaction_uid", sa.String(64), nullable=False, server_default=""))
    op.add_column("result", sa.Column("plausible", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column("result", sa.Column("retracted_by", sa.String(64), nullable=False, server_default=""))
    op.add_column("result", sa.Column("retraction_reason", sa.Text(), nullable=False, server_default=""))
    op.add_column("result", sa.Column("retraction_sent", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute("UPDATE delivery SET offered_at = last_attempt_at WHERE attempts > 0")
    op.create_index("ix_delivery_proof", "delivery", ["proof", "destination", "proof_due_at"])
    op.create_index(op.f("ix_delivery_transaction_uid"), "delivery", ["transaction_uid"])
    with op.batch_alter_table("result_object") as batch:
        batch.add_column(sa.Column("stands_for_id", sa.Integer(), nullable=True))
        batch.create_foreign_key(
            "fk_result_object_stands_for", "result_object", ["stands_for_id"], ["id"], ondelete="CASCADE"
        )
