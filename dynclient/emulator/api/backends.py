"""The Backends operations."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import JSONResponse, Response

from ..devices import Device
from ..devices.shapes import configuration, defaults, list_entry, medians, properties, version_of
from ..state.database import Database
from ..state.jobs import Jobs
from .calls import Call, moment_of
from .errors import BACKEND_NOT_FOUND, ApiError

__all__ = ["BackendOperations"]


class BackendOperations:
    """Everything under /v1/backends."""

    def __init__(self, database: Database, devices: Mapping[str, Device]) -> None:
        self._jobs = Jobs(database)
        self._devices = devices

    def list(self, call: Call) -> Response:
        """list_backends: every device, with the length of its queue."""
        lengths = self._jobs.queue_lengths()
        views = [list_entry(each, lengths.get(each.name, 0)) for each in self._devices.values()]
        if call.modern:
            for view, device in zip(views, self._devices.values(), strict=True):
                if device.facts:
                    view["performance_metrics"] |= medians(device)
        return JSONResponse({"devices": views})

    def status(self, call: Call) -> Response:
        """get_backend_status: whether it works, and how many jobs wait for it."""
        device = self._device(call)
        words = {"online": "active", "paused": "paused", "offline": "offline"}
        return JSONResponse(
            {
                "state": device.state == "online",
                "status": words[device.state],
                "message": device.reason or "",
                "length_queue": self._jobs.queue_lengths().get(device.name, 0),
                "backend_version": version_of(device),
            }
        )

    def configuration(self, call: Call) -> Response:
        """get_backend_configuration."""
        return JSONResponse(configuration(self._device(call)))

    def properties(self, call: Call) -> Response:
        """get_backend_properties: the one calibration there is, empty if it is too young."""
        device = self._device(call)
        before = moment_of(call.query, "updated_before")
        shown = properties(device)
        if shown and before is not None and not shown["last_update_date"] < before:
            shown = {}
        return JSONResponse(shown)

    def defaults(self, call: Call) -> Response:
        """get_backend_defaults."""
        return JSONResponse(defaults(self._device(call)))

    def _device(self, call: Call) -> Device:
        name = call.path["id"]
        if name not in self._devices:
            raise ApiError(
                404,
                f"No such backend: {name}",
                code=BACKEND_NOT_FOUND,
                solution=f"Use one of: {', '.join(self._devices)}.",
            )
        return self._devices[name]
