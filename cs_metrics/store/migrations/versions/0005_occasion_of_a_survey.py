"""What a survey was about: the relationship, or a transaction."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("surveys", sa.Column("occasion", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("surveys", "occasion")
