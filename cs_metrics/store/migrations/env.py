"""Alembic's entry: migrate the database the program is opening."""

from alembic import context
from sqlmodel import SQLModel

import cs_metrics.store.models  # noqa: F401  the tables

engine = context.config.attributes["engine"]
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=SQLModel.metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
