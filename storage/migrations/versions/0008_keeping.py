"""Files whose rows were deleted, counts of what was deleted, alarms."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "doomed_file",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("path_key", sa.String(255), nullable=False),
    )
    op.create_table(
        "tally",
        sa.Column("name", sa.String(128), primary_key=True),
        sa.Column("value", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "alarm",
        sa.Column("name", sa.String(128), primary_key=True),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("raised_at", sa.DateTime(), nullable=False),
        sa.Column("over", sa.Boolean(), nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(), nullable=False),
    )
