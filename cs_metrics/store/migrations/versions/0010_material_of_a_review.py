"""When the material of a business review was ready."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("touchpoints", sa.Column("prepared_on", sa.Date(), nullable=True))


def downgrade() -> None:
    op.drop_column("touchpoints", "prepared_on")
