"""What lies behind a risk, who stands behind its plan, how it goes, and the actions of a plan."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

PLAN = ("root_cause", "sponsor", "status")


def upgrade() -> None:
    for name in PLAN:
        op.add_column("risks", sa.Column(name, sa.Text(), nullable=True))
    op.create_table(
        "actions",
        sa.Column("row_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("superseded_by", sa.Integer(), nullable=True),
        sa.Column("action_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=True),
        sa.Column("risk_id", sa.Text(), nullable=True),
        sa.Column("action", sa.Text(), nullable=True),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("written_on", sa.Date(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column("dropped_on", sa.Date(), nullable=True),
        *(
            sa.ForeignKeyConstraint([name], ["batches.id"], name=op.f(f"fk_actions_{name}"))
            for name in ("batch_id", "superseded_by")
        ),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_actions")),
    )
    live = sa.text("superseded_by IS NULL")
    op.create_index("uq_actions_live", "actions", ["action_id"], unique=True, sqlite_where=live, postgresql_where=live)


def downgrade() -> None:
    op.drop_table("actions")
    with op.batch_alter_table("risks") as risks:
        for name in PLAN:
            risks.drop_column(name)
