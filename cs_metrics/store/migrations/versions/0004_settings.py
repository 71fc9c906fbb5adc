"""Weights, thresholds and targets a team chose, with their dates."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "settings",
        sa.Column("row_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("superseded_by", sa.Integer(), nullable=True),
        sa.Column("setting", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("from_date", sa.Date(), nullable=False),
        sa.Column("value", sa.Float(), nullable=True),
        sa.Column("author", sa.Text(), nullable=True),
        *(
            sa.ForeignKeyConstraint([name], ["batches.id"], name=op.f(f"fk_settings_{name}"))
            for name in ("batch_id", "superseded_by")
        ),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_settings")),
    )
    live = sa.text("superseded_by IS NULL")
    columns = ["setting", "about", "from_date"]
    op.create_index("uq_settings_live", "settings", columns, unique=True, sqlite_where=live, postgresql_where=live)


def downgrade() -> None:
    op.drop_table("settings")
