"""All that the service serves, put together."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from starlette.types import ASGIApp

from ..devices import Device
from ..settings import Settings
from ..state.database import Database
from ..work.dispatcher import Dispatcher
from .access import Access
from .analytics import AnalyticsOperations
from .app import Api, Endpoint, router
from .backends import BackendOperations
from .calls import Operation
from .cloud import Cloud
from .iam import TokenService
from .instances import InstanceOperations
from .jobs import JobOperations
from .sessions import SessionOperations
from .signing import Signer
from .workloads import WorkloadOperations

__all__ = ["build_service"]


def build_service(
    settings: Settings,
    origin: str,
    database: Database,
    dispatcher: Dispatcher,
    devices: Mapping[str, Device],
    threads: ThreadPoolExecutor,
) -> ASGIApp:
    """The application that serves the bundled documents at `origin` (scheme, host and port)."""
    token_service = TokenService(settings, Signer())
    access = Access(settings, token_service)
    cloud = Cloud(settings, access)
    jobs = JobOperations(database, dispatcher, settings, devices, Signer())
    operations = _operations(jobs, database, dispatcher, devices)
    api = Api(origin, access, settings, operations, threads)
    others: dict[str, dict[str, Endpoint]] = {
        "/identity/token": {"POST": token_service.endpoint},
        "/storage/{id}/transpiled_circuits.json": {"GET": jobs.download},
        "/cloud/search/v3/resources/search": {"POST": cloud.search},
        "/cloud/catalog/{id}": {"GET": cloud.entry},
    }
    return router({**others, **api.endpoints()})


def _operations(
    jobs: JobOperations,
    database: Database,
    dispatcher: Dispatcher,
    devices: Mapping[str, Device],
) -> dict[str, Operation]:
    """Every operation, by operationId."""
    backends = BackendOperations(database, devices)
    sessions = SessionOperations(database, dispatcher, devices)
    instances = InstanceOperations(database, devices)
    analytics = AnalyticsOperations(database)
    return {
        "create_job": jobs.create,
        "list_jobs": jobs.list,
        "get_job_details_jid": jobs.details,
        "cancel_job_jid": jobs.cancel,
        "delete_job_jid": jobs.delete,
        "replace_job_tags": jobs.replace_tags,
        "get_job_results_jid": jobs.results,
        "get_interim_results_jid": jobs.interim_results,
        "get_jog_logs_jid": jobs.logs,
        "get_job_metrics_jid": jobs.metrics,
        "get_transpiled_circuits_jid": jobs.transpiled_circuits,
        "list_backends": backends.list,
        "get_backend_status": backends.status,
        "get_backend_configuration": backends.configuration,
        "get_backend_properties": backends.properties,
        "get_backend_defaults": backends.defaults,
        "create_session": sessions.create,
        "get_session_information": sessions.details,
        "update_session_state": sessions.update,
        "delete_session_close": sessions.close,
        "get_instance": instances.get,
        "get_instance_configuration": instances.configuration,
        "replace_instance_data": instances.replace_configuration,
        "get_usage": instances.usage,
        "get_account_config": instances.account,
        "list_tags": instances.tags,
        "get_versions": instances.versions,
        "find_instance_workloads": WorkloadOperations(database).find,
        "analytics_filters": analytics.filters,
        "analytics_usage": analytics.usage,
        "get_usage_analytics_grouped": analytics.grouped,
        "get_usage_analytics_grouped_by_date": analytics.grouped_by_date,
    }
