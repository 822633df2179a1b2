"""The operations on instances, accounts, tags and versions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse, Response

from ..devices import Device
from ..state.clock import this_month
from ..state.database import Database
from ..state.instances import Instances
from ..state.jobs import Jobs
from .calls import Call, no_content
from .editions import VERSIONS
from .errors import ApiError
from .sessions import INTERACTIVE_TTL, MAX_TTL

__all__ = ["PLAN", "PLAN_ID", "InstanceOperations", "account_of"]

#: The one plan that every instance of the emulator has.
PLAN = "emulator"
PLAN_ID = "00000000-0000-4000-8000-000000000000"


def account_of(crn: str) -> str:
    """The account in a CRN, without its a/."""
    return crn.split(":")[6].removeprefix("a/")


class InstanceOperations:
    """What belongs to the instance of the caller, and to its account."""

    def __init__(self, database: Database, devices: Mapping[str, Device]) -> None:
        self._instances = Instances(database)
        self._jobs = Jobs(database)
        self._devices = devices

    def get(self, call: Call) -> Response:
        """get_instance."""
        if not call.modern:
            return JSONResponse({"qctrl_enabled": False})
        view: dict[str, Any] = {"backends": list(self._devices), "plan_id": PLAN_ID}
        limit = self._instances.usage_limit(call.caller.instance)
        if limit is not None:
            view |= {"instance_limit": limit, "instance_limit_seconds": str(limit)}
        return JSONResponse(view)

    def configuration(self, call: Call) -> Response:
        """get_instance_configuration: the limit, if one was set."""
        limit = self._instances.usage_limit(call.caller.instance)
        return JSONResponse({} if limit is None else {"instance_limit": limit})

    def replace_configuration(self, call: Call) -> Response:
        """replace_instance_data: set or lift the limit; not below what was used."""
        body = call.body
        if body is None:
            raise ApiError(400, "The new limits are missing.")
        limit = body.get("instance_limit")
        used = self._jobs.used_seconds(call.caller.instance)
        if limit is not None and limit < used:
            raise ApiError(
                409,
                f"The instance has used {used} seconds already, more than {limit}.",
                solution="Choose a higher limit.",
            )
        self._instances.set_usage_limit(call.caller.instance, limit)
        return no_content()

    def usage(self, call: Call) -> Response:
        """get_usage: seconds used in this month, and the limit."""
        crn = call.caller.instance
        limit = self._instances.usage_limit(crn)
        used = self._jobs.used_seconds(crn)
        start, end = this_month()
        view: dict[str, Any] = {
            "instance_id": crn,
            "plan_id": PLAN_ID,
            "usage_period": {"start_time": start, "end_time": end},
            "usage_consumed_seconds": used,
        }
        if limit is not None:
            view |= {"usage_limit_seconds": limit, "usage_limit_reached": used >= limit}
        return JSONResponse(view)

    def account(self, call: Call) -> Response:
        """get_account_config: the plan of the account that the caller's instance belongs to."""
        account = account_of(call.caller.instance)
        if call.path["id"] != account:
            raise ApiError(404, f"No such account: {call.path['id']}")
        if call.query.get("plan_id", PLAN_ID) != PLAN_ID:
            return JSONResponse({"plans": []})
        plan: dict[str, Any] = {
            "plan_id": PLAN_ID,
            "backends": list(self._devices),
            "max_ttl": MAX_TTL,
            "active_ttl": MAX_TTL,
            "interactive_ttl": INTERACTIVE_TTL,
        }
        if call.modern:
            plan |= {"subscription_id": PLAN_ID, "subscription_name": PLAN}
        return JSONResponse({"plans": [plan]})

    def tags(self, call: Call) -> Response:
        """list_tags: labels in use that contain the text."""
        found = self._jobs.find_tags(call.caller.instance, call.query["search"])
        return JSONResponse({"tags": found})

    def versions(self, call: Call) -> Response:
        """get_versions: dates, or objects that say of each that it is live."""
        live = [{"version": date, "status": "live"} for date in VERSIONS]
        return JSONResponse({"versions": live if call.modern else list(VERSIONS)})
