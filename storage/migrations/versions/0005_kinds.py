"""Whether the kind of an object is of the default set: destinations want that set, all, or kinds that they name.

All objects of before are: there was nothing else.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("result_object", sa.Column("of_default", sa.Boolean(), nullable=False, server_default=sa.true()))
