"""Which of several receiving processes an association came to: one that is started again closes its own alone."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("association", sa.Column("receiver", sa.Integer(), nullable=False, server_default="0"))
