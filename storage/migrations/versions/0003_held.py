"""Whom each image names, and what a person decided: so that a held study has a way out.

Images of studies that name one patient have that of their study. Whom those of the others name is read from their files
when the node starts (:func:`storage.identities.unread`).
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_TEXTS = ("patient_id", "patient_name", "accession_number")
_SHORT = ("birth_date", "sex")

_KNOWN = """
UPDATE instance SET
    patient_id = (SELECT study.patient_id FROM study WHERE study.id = instance.study_id),
    patient_name = (SELECT study.patient_name FROM study WHERE study.id = instance.study_id),
    birth_date = (SELECT study.birth_date FROM study WHERE study.id = instance.study_id),
    sex = (SELECT study.sex FROM study WHERE study.id = instance.study_id),
    accession_number = (SELECT study.accession_number FROM study WHERE study.id = instance.study_id)
WHERE EXISTS (SELECT 1 FROM study WHERE study.id = instance.study_id AND NOT study.identity_conflict)
"""


def upgrade() -> None:
    """Add the columns and fill those that are known."""
    for name in _TEXTS:
        op.add_column("instance", sa.Column(name, sa.Text(), nullable=True))
    for name in _SHORT:
        op.add_column("instance", sa.Column(name, sa.String(length=16), nullable=True))
    op.add_column("instance", sa.Column("set_aside", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("study", sa.Column("identities_accepted", sa.JSON(), nullable=True))
    op.add_column("study", sa.Column("decision", sa.Text(), nullable=False, server_default=""))
    op.execute(_KNOWN)
