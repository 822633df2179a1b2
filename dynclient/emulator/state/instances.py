"""What is kept for an instance: the limit of its use."""

from __future__ import annotations

import sqlalchemy as sa

from .database import Database
from .tables import instances

__all__ = ["Instances"]


class Instances:
    """The instances that a limit was set for; any other has none."""

    def __init__(self, database: Database) -> None:
        self._engine = database.engine

    def usage_limit(self, crn: str) -> int | None:
        """Seconds that the instance may use; None without a limit."""
        statement = sa.select(instances.c.usage_limit).where(instances.c.crn == crn)
        with self._engine.connect() as connection:
            return connection.execute(statement).scalar_one_or_none()

    def set_usage_limit(self, crn: str, seconds: int | None) -> None:
        """Set or lift the limit."""
        with self._engine.begin() as connection:
            connection.execute(sa.delete(instances).where(instances.c.crn == crn))
            connection.execute(sa.insert(instances).values(crn=crn, usage_limit=seconds))
