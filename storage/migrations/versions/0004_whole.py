"""What tells whether a study is whole, and which of its images are read: image types, and where refused images belong.

Rows of before know neither: their images are taken as ones that are read, their refused images as those of no study.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_NEW = (
    ("instance", "image_type", 255),
    ("refused_image", "study_instance_uid", 64),
    ("refused_image", "series_instance_uid", 64),
    ("refused_image", "modality", 32),
    ("refused_image", "image_type", 255),
)


def upgrade() -> None:
    """Add the columns, empty."""
    for table, name, length in _NEW:
        op.add_column(table, sa.Column(name, sa.String(length=length), nullable=False, server_default=""))
    op.create_index(op.f("ix_instance_association_id"), "instance", ["association_id"], unique=False)
    op.create_index(op.f("ix_refused_image_study_instance_uid"), "refused_image", ["study_instance_uid"], unique=False)
