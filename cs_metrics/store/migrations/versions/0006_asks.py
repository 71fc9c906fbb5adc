"""An advocate's ask, answer and use case beside what was done."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

COLUMNS: dict[str, sa.types.TypeEngine] = {
    "asked_on": sa.Date(),
    "answered_on": sa.Date(),
    "answer": sa.Text(),
    "use_case": sa.Text(),
    "asked_by": sa.Text(),
}


def upgrade() -> None:
    for name, kind in COLUMNS.items():
        op.add_column("advocacy", sa.Column(name, kind, nullable=True))


def downgrade() -> None:
    for name in COLUMNS:
        op.drop_column("advocacy", name)
