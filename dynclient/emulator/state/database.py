"""One database for one service, or for several: opened, locked, made ready."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from dynclient.errors import DynclientError

from ...locking import try_lock
from .tables import metadata

__all__ = ["Database", "DatabaseError", "DatabaseInUse", "open_database"]


class DatabaseError(DynclientError):
    """The database of the service can't be used."""


class DatabaseInUse(DatabaseError):
    """Another service works on this SQLite file."""


class Database:
    """An engine, and whether other services may work on the same data."""

    def __init__(self, engine: sa.Engine, *, shared: bool) -> None:
        self.engine = engine
        self.shared = shared


@contextmanager
def open_database(where: str | PathLike[str]) -> Iterator[Database]:
    """The database at `where`, a path (SQLite) or a URL of SQLAlchemy's; its tables are there.

    An SQLite file is locked for this service as long as it is open; the lock dies with the
    process. Raises `DatabaseInUse` if another service holds it, `DatabaseError` if the file or
    server can't be used.
    """
    text = os.fspath(where)
    if "://" not in text or text.startswith("sqlite"):
        path = Path(sa.make_url(text).database or "" if "://" in text else text)
        with _locked(path):
            engine = sa.create_engine(
                f"sqlite:///{path}", connect_args={"timeout": 30}, pool_size=12
            )
            sa.event.listen(engine, "connect", _configure)
            yield from _ready(engine, text, shared=False)
        return
    url = sa.make_url(text)
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    try:
        engine = sa.create_engine(url, pool_size=12, pool_pre_ping=True)
    except ImportError as error:
        raise DatabaseError(f"{error}: install dynclient[postgresql]") from error
    yield from _ready(engine, url.render_as_string(), shared=True)


def _ready(engine: sa.Engine, name: str, *, shared: bool) -> Iterator[Database]:
    try:
        try:
            # Two services may create the tables at once: the second try finds them.
            try:
                metadata.create_all(engine)
            except sa.exc.DBAPIError:
                metadata.create_all(engine)
            _check_columns(engine, name)
        except sa.exc.DBAPIError as error:
            reason = str(error.orig).partition("\n")[0]
            raise DatabaseError(f"{name} can't be used as a database: {reason}") from error
        yield Database(engine, shared=shared)
    finally:
        engine.dispose()


def _check_columns(engine: sa.Engine, name: str) -> None:
    inspector = sa.inspect(engine)
    for table in metadata.sorted_tables:
        found = {column["name"] for column in inspector.get_columns(table.name)}
        missing = {column.name for column in table.columns} - found
        if missing:
            raise DatabaseError(
                f"{name} can't be used as a database: its table {table.name} has no column "
                f"{', '.join(sorted(missing))}; another version made it. Use another file."
            )


def _configure(connection: Any, _record: object) -> None:
    # Write-ahead logging lets the service read while a job writes; NORMAL then survives a crash
    # of the process without a disk flush for each change (sqlite.org/wal.html).
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL"):
        connection.execute(f"PRAGMA {pragma}").close()


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the lock file beside `path`, which names its holder."""
    name = path.with_name(f"{path.name}.lock")
    try:
        file = name.open("a+", encoding="utf-8")
    except OSError as error:
        raise DatabaseError(
            f"{path} can't be used as a database: {error.strerror}: {name}"
        ) from error
    with file:
        try:
            free = try_lock(file)
        except OSError as error:
            raise DatabaseError(
                f"{path} can't be used as a database: {name} can't be locked: {error.strerror}"
            ) from error
        if not free:
            file.seek(0)
            holder = file.read().strip() or "another process"
            raise DatabaseInUse(f"{path} is in use by {holder}: one service works on one file.")
        file.truncate(0)
        file.write(f"process {os.getpid()} on {socket.gethostname()}")
        file.flush()
        yield
