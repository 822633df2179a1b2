"""The document of version 2026-03-15: what it says otherwise, and that it says all else alike."""

from __future__ import annotations

from dynclient import Client

EARLIER = Client("qiskit-runtime", base_url="http://api.test").operations
LATER = Client("qiskit-runtime-2026-03-15", base_url="http://api.test").operations

RENAMED = {
    "get_job_details_jid": "get_job",
    "delete_job_jid": "delete_job",
    "get_session_information": "get_session",
    "update_session_state": "update_session",
    "replace_instance_data": "replace_instance_configuration",
    "get_account_config": "get_account",
}
GONE = {"get_interim_results_jid", "get_transpiled_circuits_jid"}


def test_six_operations_are_renamed_and_two_are_gone() -> None:
    assert {RENAMED.get(name, name) for name in EARLIER} - GONE == set(LATER)
    for name, operation in EARLIER.items():
        if name not in GONE:
            later = LATER[RENAMED.get(name, name)]
            assert (later.method, later.path) == (operation.method, operation.path)


def test_parameters_were_added_and_none_was_taken() -> None:
    added = {}
    for name, operation in EARLIER.items():
        if name not in GONE:
            later = {p.name for p in LATER[RENAMED.get(name, name)].parameters}
            earlier = {p.name for p in operation.parameters}
            assert earlier <= later
            if later - earlier:
                added[name] = later - earlier
    assert added == {
        "get_backend_configuration": {"calibration_id"},
        "get_backend_properties": {"calibration_id"},
        "list_backends": {"fields"},
        "analytics_usage": {"subscription_id"},
        "get_usage_analytics_grouped": {"subscription_id"},
        "get_usage_analytics_grouped_by_date": {"subscription_id"},
    }
