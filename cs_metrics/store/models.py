"""The tables of the database: one for each row class of ``cs_metrics.tables``, and the batches that fill them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Date, DateTime, Float, ForeignKey, Index, Integer, Text
from sqlmodel import Field, SQLModel

from cs_metrics.tables import TABLES, Kind, Row, columns

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
SQLModel.metadata.naming_convention = NAMING

DATABASE: dict[Kind, tuple[type, Any]] = {
    "key": (str, Text),
    "text": (str, Text),
    "code": (str, Text),
    "money": (int, BigInteger),
    "number": (float, Float),
    "day": (date, Date),
    "instant": (datetime, DateTime),
    "month": (int, Integer),
    "flag": (bool, Boolean),
}


class Batch(SQLModel, table=True):
    """One import, entry or undo: when, by whom, why. Counted up; never changed."""

    __tablename__ = "batches"

    id: int | None = Field(default=None, primary_key=True)
    token: str = Field(unique=True, sa_type=Text)
    at: str = Field(description="When, in UTC, as ISO text.", sa_type=Text)
    kind: str = Field(description="import, entry or undo.", sa_type=Text)
    who: str = Field(sa_type=Text)
    note: str = Field(default="", sa_type=Text)
    undoes: int | None = Field(default=None, foreign_key="batches.id")


class BatchFile(SQLModel, table=True):
    """A file a batch brought."""

    __tablename__ = "batch_files"

    id: int | None = Field(default=None, primary_key=True)
    batch_id: int = Field(foreign_key="batches.id", index=True)
    name: str = Field(sa_type=Text)
    sha256: str = Field(index=True, sa_type=Text)
    bytes: int = Field(sa_type=BigInteger)


class BatchCount(SQLModel, table=True):
    """What a batch did to a table: rows new, changed, the same as before, taken back; and the money they say."""

    __tablename__ = "batch_counts"

    id: int | None = Field(default=None, primary_key=True)
    batch_id: int = Field(foreign_key="batches.id", index=True)
    name: str = Field(sa_type=Text)
    read: int = 0
    new: int = 0
    changed: int = 0
    same: int = 0
    taken_back: int = 0
    money: int | None = Field(default=None, sa_type=BigInteger)


class KeptRecipe(SQLModel, table=True):
    """How files of a layout are read, as a person confirmed it; of one layout the last one holds."""

    __tablename__ = "recipes"

    id: int | None = Field(default=None, primary_key=True)
    at: str = Field(description="When, in UTC, as ISO text.", sa_type=Text)
    who: str = Field(sa_type=Text)
    layout: str = Field(description="What the layout is known by: a digest of its headers.", index=True, sa_type=Text)
    name: str = Field(description="The file it was confirmed on.", sa_type=Text)
    text: str = Field(description="The recipe, as TOML; empty where it was forgotten.", sa_type=Text)


def _table_for(row: type[Row]) -> type[SQLModel]:
    """The table that keeps rows of this class."""
    names: dict[str, Any] = {
        "row_id": (
            int | None,
            Field(default=None, sa_column=Column(Integer, primary_key=True, autoincrement=True)),
        ),
        "batch_id": (int, Field(sa_column=Column(Integer, ForeignKey("batches.id"), nullable=False))),
        "superseded_by": (
            int | None,
            Field(sa_column=Column(Integer, ForeignKey("batches.id"), nullable=True)),
        ),
    }
    for column in columns(row).values():
        python, database = DATABASE[column.kind]
        keyed = column.name in row.key
        names[column.name] = (
            python | None,
            Field(default=None, description=column.help, sa_column=Column(database, nullable=not keyed)),
        )
    if row.table == "accounts":
        names["attributes"] = (str | None, Field(default=None, sa_column=Column(Text, nullable=True)))
    body: dict[str, Any] = {name: field for name, (_, field) in names.items()}
    body["__annotations__"] = {name: kind for name, (kind, _) in names.items()}
    body["__tablename__"] = row.table
    body["__doc__"] = row.__doc__
    body["__module__"] = __name__
    made: type[SQLModel] = type(f"Stored{row.__name__}", (SQLModel,), body, table=True)
    if row.key:
        table = made.__table__  # type: ignore[attr-defined]
        live = table.c.superseded_by.is_(None)
        Index(
            f"uq_{row.table}_live",
            *(table.c[name] for name in row.key),
            unique=True,
            sqlite_where=live,
            postgresql_where=live,
        )
    return made


STORED: dict[str, type[SQLModel]] = {name: _table_for(row) for name, row in TABLES.items()}
