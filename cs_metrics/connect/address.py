"""Which databases may be read, through which driver, and how an address is shown: never with its password."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from ipaddress import ip_address
from pathlib import Path
from socket import gaierror, getaddrinfo
from typing import NamedTuple

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from cs_metrics.book import Problem

SECRET = ("password", "token", "secret", "credentials")


class Kind(NamedTuple):
    """A kind of database: its dialect and driver, the extra that installs it, what an address may say besides."""

    driver: str
    extra: str
    options: tuple[str, ...] = ()
    hosted: bool = True


KINDS = {
    "postgresql": Kind("postgresql+psycopg", "postgresql", ("sslmode",)),
    "redshift": Kind("redshift+redshift_connector", "redshift", ("sslmode",)),
    "mysql": Kind("mysql+pymysql", "mysql", ("charset",)),
    "mariadb": Kind("mariadb+pymysql", "mysql", ("charset",)),
    "mssql": Kind("mssql+pymssql", "mssql", ("charset", "tds_version")),
    "snowflake": Kind("snowflake", "snowflake", ("warehouse", "role"), hosted=False),
    "bigquery": Kind("bigquery", "bigquery", ("location",), hosted=False),
    "databricks": Kind("databricks", "databricks", ("http_path", "catalog", "schema")),
    "sqlite": Kind("sqlite", "", (), hosted=False),
}
ALSO = {"postgres": "postgresql"}
METADATA = ("metadata", "metadata.google.internal", "100.100.100.200", "fd00:ec2::254", "192.0.0.192")


@dataclass(frozen=True)
class Rules:
    """What may be connected to: hosts that fit one of these patterns, SQLite files in this folder.

    Addresses that only a machine itself has, and those at which clouds tell their secrets, are refused always.
    """

    hosts: tuple[str, ...] = ("*",)
    folder: Path | None = None

    @classmethod
    def of_environment(cls) -> Rules:
        """The rules of a server: ``CS_METRICS_SOURCE_HOSTS=*.example.com,10.0.0.5`` and ``CS_METRICS_SOURCE_FOLDER``.

        Without them any host is allowed and no SQLite file is.
        """
        hosts = tuple(h.strip() for h in os.environ.get("CS_METRICS_SOURCE_HOSTS", "*").split(",") if h.strip())
        folder = os.environ.get("CS_METRICS_SOURCE_FOLDER")
        return cls(hosts, Path(folder) if folder else None)

    @classmethod
    def of_this_machine(cls) -> Rules:
        """The rules for who has a shell on this machine: every file it may read is allowed."""
        return cls(folder=Path(Path.cwd().anchor))


@dataclass(frozen=True)
class Address:
    """An address that was found good. Printed, it has no password."""

    url: URL = field(repr=False)
    kind: Kind

    @property
    def backend(self) -> str:
        """The kind's name: postgresql, mysql…"""
        return self.url.get_backend_name()

    @property
    def name(self) -> str:
        """What the database is called in what was read from it."""
        place = self.url.database or self.url.host or self.backend
        return Path(place).stem if self.backend == "sqlite" else place.strip("/").replace("/", ".")

    def __str__(self) -> str:
        return shown(self.url)

    def said(self, error: BaseException) -> str:
        """An error's first line, without any secret of the address."""
        lines = str(error).strip().splitlines() or [type(error).__name__]
        text = lines[0]
        for secret in _secrets(self.url):
            text = text.replace(secret, "***")
        return text


def shown(url: URL) -> str:
    """An address as it may be shown: no password, no token, no word of a driver.

    >>> shown(make_url("databricks://token:s3cret@host?http_path=/sql"))
    'databricks://token:***@host?http_path=%2Fsql'
    """
    hidden = {name: "***" for name in url.query if any(word in name.casefold() for word in SECRET)}
    plain = url.set(drivername=url.get_backend_name())
    return plain.update_query_dict(hidden).render_as_string(hide_password=True)


def known_as(text: str) -> str:
    """What an address that was typed is known by: itself, without password or token; nothing where it is none.

    >>> known_as("postgresql://ann:s3cret@host/crm"), known_as("no address")
    ('postgresql://ann:***@host/crm', '')
    """
    try:
        return shown(make_url(text.strip()))
    except (ArgumentError, ValueError):
        return ""


def _secrets(url: URL) -> list[str]:
    """Everything in an address that nobody should read, as it may turn up in a message."""
    password = str(url.password) if url.password else ""
    raw = url.render_as_string(hide_password=False).partition("://")[2].rpartition("@")[0].partition(":")[2]
    hidden = [str(v) for name, v in url.query.items() if any(word in name.casefold() for word in SECRET)]
    return sorted(filter(None, {password, raw, *hidden}), key=len, reverse=True)


def address(text: str, rules: Rules) -> Address:
    """The database a text names, if it may be read. Raises Problem that says what is wrong, without the password."""
    try:
        url = make_url(text.strip())
        url.port  # noqa: B018  a port that is none is found when it is asked for
    except (ArgumentError, ValueError):
        raise Problem("This is not a database address. Write it as postgresql://user:password@host/database.") from None
    backend = ALSO.get(url.get_backend_name(), url.get_backend_name())
    if backend not in KINDS:
        raise Problem(f"{backend} is not read from. There are {', '.join(KINDS)}.")
    kind = KINDS[backend]
    strange = [name for name in url.query if name not in kind.options]
    if strange:
        allowed = f"only {', '.join(kind.options)} may stand there" if kind.options else "nothing may stand there"
        raise Problem(f"The address says {', '.join(strange)} after the question mark; {allowed}.")
    url = url.set(drivername=kind.driver)
    if backend == "sqlite":
        return Address(url.set(database=str(_file(url, rules))), kind)
    if kind.hosted:
        _check_host(url, rules)
    return Address(url, kind)


def _file(url: URL, rules: Rules) -> Path:
    """The SQLite file of an address, if it is there and lies in the folder allowed."""
    if rules.folder is None:
        raise Problem("SQLite files are not read here. Set CS_METRICS_SOURCE_FOLDER to the folder they are in.")
    folder = rules.folder.resolve()
    anywhere = folder == Path(folder.anchor)
    path = ((Path.cwd() if anywhere else folder) / (url.database or "")).resolve()
    if not path.is_relative_to(folder) or not path.is_file():
        raise Problem(
            f"There is no database file {Path(url.database or '').name}{'' if anywhere else ' to read here'}."
        )
    return path


def _check_host(url: URL, rules: Rules) -> None:
    """Raise Problem where a host is not allowed, by its name or by the address its name stands for."""
    hosts = [host.strip() for host in (url.host or "").split(",")]
    for host in hosts:
        if not host or "/" in host:
            raise Problem("The address names no host. Write it as postgresql://user:password@host/database.")
        if not any(fnmatchcase(host.casefold(), pattern.casefold()) for pattern in rules.hosts):
            raise Problem(f"{host} is not among the hosts that may be read from.")
        if host.casefold().rstrip(".") in METADATA:
            raise Problem(f"{host} may not be read from.")
        try:
            places = {str(found[4][0]) for found in getaddrinfo(host, None)}
        except (gaierror, UnicodeError):
            raise Problem(f"There is no host {host}, or it cannot be found from here.") from None
        for place in places:
            ip = ip_address(place.partition("%")[0])
            ip = getattr(ip, "ipv4_mapped", None) or ip
            if str(ip) in METADATA or ip.is_link_local or ip.is_multicast or ip.is_unspecified:
                raise Problem(f"{host} may not be read from.")
