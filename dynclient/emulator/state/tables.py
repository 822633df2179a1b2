"""The tables of the service, for SQLite and PostgreSQL through SQLAlchemy Core.

Moments are text as `clock.moment` gives it. What a list doesn't need is kept in columns that a
list doesn't read: it can be megabytes a job.
"""

from __future__ import annotations

import sqlalchemy as sa

__all__ = ["HEAVY", "JobRow", "instances", "jobs", "metadata", "services", "sessions", "tags"]

#: One row of a table, by column name.
JobRow = sa.RowMapping

metadata = sa.MetaData()

jobs = sa.Table(
    "jobs",
    metadata,
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("id", sa.String, nullable=False, unique=True),
    sa.Column("instance", sa.String, nullable=False),
    sa.Column("user_id", sa.String, nullable=False),
    sa.Column("program", sa.String, nullable=False),
    sa.Column("backend", sa.String, nullable=False),
    sa.Column("params", sa.JSON(none_as_null=True)),
    sa.Column("remote_storage", sa.JSON(none_as_null=True)),
    sa.Column("tags", sa.JSON, nullable=False),
    sa.Column("cost", sa.Integer, nullable=False),
    sa.Column("session_id", sa.String, index=True),
    sa.Column("runtime", sa.String),
    sa.Column("calibration_id", sa.String),
    sa.Column("log_level", sa.String, nullable=False),
    sa.Column("private", sa.Boolean, nullable=False),
    sa.Column("status", sa.String, nullable=False),
    sa.Column("reason", sa.String),
    sa.Column("reason_code", sa.Integer),
    sa.Column("reason_solution", sa.String),
    sa.Column("created", sa.String, nullable=False),
    # When it may start; later than its creation if the service lets jobs wait.
    sa.Column("due", sa.String, nullable=False),
    sa.Column("running", sa.String),
    sa.Column("finished", sa.String),
    # Which service runs it, and how many times its process has begun to work.
    sa.Column("owner", sa.String),
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    sa.Column("seconds", sa.Float),
    sa.Column("qiskit_version", sa.String),
    sa.Column("result", sa.Text),
    sa.Column("result_read", sa.Boolean, nullable=False, default=False),
    sa.Column("interim", sa.Text),
    sa.Column("log", sa.Text),
    sa.Column("circuits", sa.JSON(none_as_null=True)),
    sa.Index("jobs_of_instance", "instance", "created", "seq"),
    sa.Index("jobs_by_status", "status", "seq"),
    sqlite_autoincrement=True,
)

HEAVY = frozenset({"params", "result", "interim", "log", "circuits"})

#: The labels of `jobs.tags` once more, to search by.
tags = sa.Table(
    "tags",
    metadata,
    sa.Column("job_id", sa.String, nullable=False, index=True),
    sa.Column("instance", sa.String, nullable=False, index=True),
    sa.Column("tag", sa.String, nullable=False),
)

sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("id", sa.String, nullable=False, unique=True),
    sa.Column("instance", sa.String, nullable=False, index=True),
    sa.Column("user_id", sa.String, nullable=False),
    sa.Column("mode", sa.String, nullable=False),
    sa.Column("backend", sa.String),
    sa.Column("created", sa.String, nullable=False),
    sa.Column("max_ttl", sa.Integer, nullable=False),
    sa.Column("active_ttl", sa.Integer, nullable=False),
    sa.Column("interactive_ttl", sa.Integer, nullable=False),
    # When it stopped taking jobs, and when it ended.
    sa.Column("draining", sa.String),
    sa.Column("closed", sa.String),
    sa.Column("closed_reason", sa.String),
    sqlite_autoincrement=True,
)

instances = sa.Table(
    "instances",
    metadata,
    sa.Column("crn", sa.String, primary_key=True),
    sa.Column("usage_limit", sa.Integer),
)

#: The services that work on this database, each with the moment of its last sign of life.
services = sa.Table(
    "services",
    metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("seen", sa.String, nullable=False),
)
