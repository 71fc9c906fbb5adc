"""CSMs' calls of renewals, and saved scenarios."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

HISTORY = ("batch_id", "superseded_by")


def upgrade() -> None:
    _create(
        "renewal_calls",
        ("account_id", "renewal_date", "called_on", "csm"),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("renewal_date", sa.Date(), nullable=False),
        sa.Column("called_on", sa.Date(), nullable=False),
        sa.Column("csm", sa.Text(), nullable=False),
        sa.Column("call", sa.Text(), nullable=True),
        sa.Column("mrr", sa.BigInteger(), nullable=True),
        sa.Column("chance", sa.Float(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
    )
    _create(
        "scenarios",
        ("scenario", "account_id", "made_on"),
        sa.Column("scenario", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.Column("choice", sa.Text(), nullable=True),
        sa.Column("percent", sa.Float(), nullable=True),
        sa.Column("author", sa.Text(), nullable=True),
    )


def _create(table: str, key: tuple[str, ...], *columns: sa.Column) -> None:
    op.create_table(
        table,
        sa.Column("row_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("superseded_by", sa.Integer(), nullable=True),
        *columns,
        *(sa.ForeignKeyConstraint([name], ["batches.id"], name=op.f(f"fk_{table}_{name}")) for name in HISTORY),
        sa.PrimaryKeyConstraint("row_id", name=op.f(f"pk_{table}")),
    )
    live = sa.text("superseded_by IS NULL")
    op.create_index(f"uq_{table}_live", table, list(key), unique=True, sqlite_where=live, postgresql_where=live)


def downgrade() -> None:
    op.drop_table("scenarios")
    op.drop_table("renewal_calls")
