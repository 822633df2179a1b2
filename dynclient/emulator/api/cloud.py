"""The two services of IBM Cloud by which the official client finds its instances.

Global Search lists the instances of an account, Global Catalog names the plan of each.
`GLOBAL_SEARCH_URL` and `GLOBAL_CATALOG_URL` in the environment lead that client here.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ..settings import CRN, Settings
from .access import Access
from .instances import PLAN, PLAN_ID

__all__ = ["Cloud"]


class Cloud:
    """What a caller with a token of the emulator's can see."""

    def __init__(self, settings: Settings, access: Access) -> None:
        self._crns = sorted(settings.crns) or [CRN]
        self._access = access

    async def search(self, request: Request) -> Response:
        """POST /v3/resources/search: every instance, whatever the query says."""
        self._access.identify(request.headers)
        items = [
            {
                "crn": crn,
                "name": crn.split(":")[7],
                "service_plan_unique_id": PLAN_ID,
                "tags": [],
                "doc": {"extensions": [{"allocation": "all"}]},
            }
            for crn in self._crns
        ]
        return JSONResponse({"items": items, "limit": 100})

    async def entry(self, request: Request) -> Response:
        """GET /{id}: the plan."""
        self._access.identify(request.headers)
        return JSONResponse(
            {
                "id": request.path_params["id"],
                "name": PLAN,
                "overview_ui": {"en": {"display_name": PLAN}},
                "metadata": {"pricing": {"type": "free"}},
            }
        )
