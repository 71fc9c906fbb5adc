"""Scores of other tools, with their days."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "scores",
        sa.Column("row_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("superseded_by", sa.Integer(), nullable=True),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("given_on", sa.Date(), nullable=False),
        sa.Column("score", sa.Float(), nullable=True),
        sa.Column("tool", sa.Text(), nullable=False),
        *(
            sa.ForeignKeyConstraint([name], ["batches.id"], name=op.f(f"fk_scores_{name}"))
            for name in ("batch_id", "superseded_by")
        ),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_scores")),
    )
    live = sa.text("superseded_by IS NULL")
    columns = ["account_id", "given_on", "tool"]
    op.create_index("uq_scores_live", "scores", columns, unique=True, sqlite_where=live, postgresql_where=live)


def downgrade() -> None:
    op.drop_table("scores")
