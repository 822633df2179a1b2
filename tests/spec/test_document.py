"""The bundled description of the Qiskit Runtime API, checked on its own."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

DOCUMENT_PATH = Path(__file__).parents[2] / "spec" / "qiskit-runtime.yaml"
TEXT = DOCUMENT_PATH.read_text(encoding="utf-8")
DOCUMENT: dict[str, Any] = yaml.safe_load(TEXT)
SCHEMAS: dict[str, Any] = DOCUMENT["components"]["schemas"]
METHODS = ("get", "put", "post", "delete", "patch")
BASE = "urn:qiskit-runtime"


# Helpers


def absolute(node: Any) -> Any:
    """Copy a part of the document with every reference made absolute."""
    if isinstance(node, dict):
        return {
            key: BASE + value if key == "$ref" else absolute(value) for key, value in node.items()
        }
    if isinstance(node, list):
        return [absolute(value) for value in node]
    return node


PYTHON_REGISTRY: Registry[Any] = Registry().with_resource(
    BASE, Resource.from_contents(absolute(DOCUMENT), default_specification=DRAFT202012)
)
RUST_REGISTRY = jsonschema_rs.Registry([(BASE, absolute(DOCUMENT))])


def python_errors(schema: Any, instance: Any) -> set[str]:
    validator = Draft202012Validator(
        absolute(schema),
        registry=PYTHON_REGISTRY,
        format_checker=Draft202012Validator.FORMAT_CHECKER,
    )
    return {pointer(error.absolute_path) for error in validator.iter_errors(instance)}


def rust_errors(schema: Any, instance: Any) -> set[str]:
    validator = jsonschema_rs.Draft202012Validator(
        absolute(schema), registry=RUST_REGISTRY, validate_formats=True
    )
    return {pointer(error.instance_path) for error in validator.iter_errors(instance)}


def pointer(path: Any) -> str:
    return "".join(f"/{part}" for part in path)


def component(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def resolve(node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        target: Any = DOCUMENT
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in DOCUMENT["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


OPERATIONS = {operation["operationId"]: operation for _, _, operation in operations()}


def media_types() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every place of the document that has a schema and examples for a body."""
    for name, operation in OPERATIONS.items():
        for media_type, media in operation.get("requestBody", {}).get("content", {}).items():
            yield f"{name} request {media_type}", media
        for status, response in operation["responses"].items():
            if "$ref" not in response:
                for media_type, media in response.get("content", {}).items():
                    yield f"{name} {status} {media_type}", media
    for name, response in DOCUMENT["components"]["responses"].items():
        for media_type, media in response.get("content", {}).items():
            yield f"response {name} {media_type}", media


MEDIA_TYPES = dict(media_types())
EXAMPLES = {
    f"{place}: {name}": (media["schema"], example["value"])
    for place, media in MEDIA_TYPES.items()
    for name, example in media["examples"].items()
}


def subschemas(schema: Any, place: str, seen: set[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Walk a schema and everything it refers to, each component once."""
    if not isinstance(schema, dict):
        return
    if "$ref" in schema and schema["$ref"] not in seen:
        seen.add(schema["$ref"])
        yield from subschemas(resolve(schema), schema["$ref"], seen)
    yield place, schema
    for keyword in ("items", "additionalProperties", "not", "if", "then", "else"):
        yield from subschemas(schema.get(keyword), f"{place}/{keyword}", seen)
    for keyword in ("allOf", "anyOf", "oneOf", "prefixItems"):
        for number, part in enumerate(schema.get(keyword, [])):
            yield from subschemas(part, f"{place}/{keyword}/{number}", seen)
    for keyword in ("properties", "dependentSchemas"):
        for key, part in schema.get(keyword, {}).items():
            yield from subschemas(part, f"{place}/{keyword}/{key}", seen)


def schemas_of(kind: str) -> dict[str, dict[str, Any]]:
    seen: set[str] = set()
    return {
        where: schema
        for place, media in MEDIA_TYPES.items()
        if (" request " in place) == (kind == "request")
        for where, schema in subschemas(media["schema"], place, seen)
    }


def body(operation: str, example: str) -> Any:
    content = OPERATIONS[operation]["requestBody"]["content"]["application/json"]
    return copy.deepcopy(content["examples"][example]["value"])


# The document as a whole


def test_it_is_a_valid_openapi_document() -> None:
    assert DOCUMENT["openapi"] == "3.1.1"
    validate(DOCUMENT)


def test_its_sections_are_in_the_usual_order() -> None:
    assert list(DOCUMENT) == [
        "openapi",
        "info",
        "servers",
        "tags",
        "security",
        "paths",
        "components",
    ]


def test_it_keeps_to_plain_yaml() -> None:
    events = list(yaml.parse(TEXT))
    assert not [event for event in events if isinstance(event, yaml.AliasEvent)]
    assert not [event for event in events if getattr(event, "anchor", None)]
    assert not [event for event in events if getattr(event, "tag", None)]
    assert "<<:" not in TEXT


def test_it_reads_the_same_under_both_versions_of_yaml() -> None:
    yaml12 = pytest.importorskip("yaml12", reason="no YAML 1.2 reader is installed")
    assert yaml12.parse_yaml(TEXT) == DOCUMENT


def test_it_survives_a_trip_through_json() -> None:
    assert json.loads(json.dumps(DOCUMENT)) == DOCUMENT


def test_it_has_thirty_two_operations_with_names_of_their_own() -> None:
    names = [operation["operationId"] for _, _, operation in operations()]
    assert len(names) == 32
    assert len(set(names)) == 32


def test_it_lists_absolute_servers_with_the_default_first() -> None:
    assert [server["url"] for server in DOCUMENT["servers"]] == [
        "https://quantum.cloud.ibm.com/api",
        "https://eu-de.quantum.cloud.ibm.com/api",
    ]
    assert all(server["description"] for server in DOCUMENT["servers"])


def test_only_get_versions_goes_without_credentials() -> None:
    assert {name for name, operation in OPERATIONS.items() if "security" in operation} == {
        "get_versions"
    }
    assert OPERATIONS["get_versions"]["security"] == []


@pytest.mark.parametrize("section", ["parameters", "responses", "schemas"])
def test_every_component_is_used(section: str) -> None:
    unused = {
        name
        for name in DOCUMENT["components"][section]
        if f"'#/components/{section}/{name}'" not in TEXT
    }
    assert unused == set()


def test_every_schema_is_reached_from_an_operation() -> None:
    reached = schemas_of("request") | schemas_of("response")
    assert {f"#/components/schemas/{name}" for name in SCHEMAS} - set(reached) == set()


def test_nothing_of_openapi_3_0_is_left() -> None:
    for place, schema in (schemas_of("request") | schemas_of("response")).items():
        assert "nullable" not in schema, place
        assert "example" not in schema, place
        assert not isinstance(schema.get("exclusiveMinimum"), bool), place


def test_every_enumeration_has_a_type() -> None:
    for place, schema in (schemas_of("request") | schemas_of("response")).items():
        assert "enum" not in schema or "type" in schema, place


# Descriptions


def test_every_operation_is_summarised_and_described() -> None:
    for name, operation in OPERATIONS.items():
        assert operation["summary"], name
        assert operation["description"].endswith("."), name


def test_every_tag_in_use_is_declared_and_described() -> None:
    described = {tag["name"] for tag in DOCUMENT["tags"] if tag["description"]}
    used = {tag for operation in OPERATIONS.values() for tag in operation["tags"]}
    assert used == described


def test_every_parameter_is_described() -> None:
    for name, operation in OPERATIONS.items():
        for parameter in operation.get("parameters", []):
            assert resolve(parameter)["description"], (name, parameter)


def test_every_body_is_described() -> None:
    for name, operation in OPERATIONS.items():
        if "requestBody" in operation:
            assert operation["requestBody"]["description"], name
        for status, response in operation["responses"].items():
            assert resolve(response)["description"], (name, status)


def test_every_security_scheme_is_described() -> None:
    for name, scheme in DOCUMENT["components"]["securitySchemes"].items():
        assert scheme["description"], name


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_schema_and_property_is_described(name: str) -> None:
    assert SCHEMAS[name]["description"]
    for place, schema in subschemas(SCHEMAS[name], name, set(SCHEMAS_BY_REFERENCE)):
        if "/if" not in place and "/then" not in place:
            for key, part in schema.get("properties", {}).items():
                assert part.get("description"), f"{place}: {key}"


SCHEMAS_BY_REFERENCE = [f"#/components/schemas/{name}" for name in SCHEMAS]


# Examples


def test_every_body_has_an_example() -> None:
    assert len(MEDIA_TYPES) > 40
    for place, media in MEDIA_TYPES.items():
        assert media["examples"], place
        assert all(example["summary"] for example in media["examples"].values()), place


@pytest.mark.parametrize("place", EXAMPLES)
def test_every_example_fits_its_schema(place: str) -> None:
    schema, value = EXAMPLES[place]
    assert python_errors(schema, value) == set()
    assert rust_errors(schema, value) == set()


def test_every_value_shown_in_a_schema_fits_it() -> None:
    shown = 0
    for place, schema in (schemas_of("request") | schemas_of("response")).items():
        for value in schema.get("examples", []):
            shown += 1
            assert python_errors(schema, value) == set(), place
    assert shown > 5


def test_every_default_and_every_value_shown_for_a_parameter_fits_it() -> None:
    for name, operation in OPERATIONS.items():
        for parameter in map(resolve, operation.get("parameters", [])):
            schema = parameter["schema"]
            values = list(schema.get("examples", []))
            if "default" in schema:
                values.append(schema["default"])
            for value in values:
                assert python_errors(schema, value) == set(), (name, parameter["name"])


def test_the_circuits_shown_can_be_read() -> None:
    qasm3 = pytest.importorskip("qiskit.qasm3", reason="Qiskit is not installed")
    pytest.importorskip("qiskit_qasm3_import", reason="the OpenQASM 3 importer is not installed")
    texts = {
        text
        for _, value in EXAMPLES.values()
        for text in strings(value)
        if text.startswith("OPENQASM")
    }
    assert len(texts) >= 3
    for text in texts:
        assert qasm3.loads(text).num_qubits == 2


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from strings(part)
    elif isinstance(value, list):
        for part in value:
            yield from strings(part)


# Open answers, closed inputs


def test_every_object_in_an_answer_is_open() -> None:
    found = schemas_of("response")
    assert len(found) > 300
    for place, schema in found.items():
        assert schema.get("additionalProperties") is not False, place
        assert "unevaluatedProperties" not in schema, place


def test_only_the_inputs_known_to_be_closed_are_closed() -> None:
    closed = {
        name for name, schema in SCHEMAS.items() if schema.get("additionalProperties") is False
    }
    assert closed == {
        "SamplerV2Input",
        "SamplerV2Options",
        "EstimatorV2Input",
        "EstimatorV2Options",
        "NoiseLearnerInput",
        "NoiseLearnerOptions",
        "SimulatorOptions",
    }


# Real bodies

QASM = 'OPENQASM 3.0;\ninclude "stdgates.inc";\nbit[1] c;\nsx $0;\nc[0] = measure $0;\n'
QPY = {"__type__": "QuantumCircuit", "__value__": "eJwLZGBgAAAA2wBR"}
NDARRAY = {"__type__": "ndarray", "__value__": "eJwDAAAAAAE="}


def job(program: str, params: Any, **more: Any) -> dict[str, Any]:
    return {"program_id": program, "backend": "ibm_fez", "params": params, **more}


ACCEPTED_JOBS = {
    "a bare circuit in text": job("sampler", {"pubs": [QASM]}),
    "a bare encoded circuit": job("sampler", {"pubs": [QPY], "shots": None, "version": 2}),
    "a circuit alone in a list": job("sampler", {"pubs": [[QASM]]}),
    "a circuit with shots": job("sampler", {"pubs": [[QASM, None, 500]], "version": 2}),
    "shots for all circuits": job("sampler", {"pubs": [[QASM]], "shots": 500}),
    "values as an array": job("sampler", {"pubs": [[QASM, [[0.1, 0.2], [0.3, 0.4]]]]}),
    "values by name": job("sampler", {"pubs": [[QASM, {"theta": [0.1, 0.2], "phi": 1}]]}),
    "encoded values by name": job("sampler", {"pubs": [[QASM, {"theta": NDARRAY}]]}),
    "what the official client sends for a sampler": job(
        "sampler",
        {
            "pubs": [[QPY, NDARRAY, None]],
            "options": {},
            "version": 2,
            "support_qiskit": True,
        },
        tags=["demo"],
        private=True,
        log_level="info",
        cost=600,
    ),
    "no circuits": job("sampler", {"pubs": []}),
    "settings on trial": job("sampler", {"pubs": [], "options": {"experimental": {"a": [1]}}}),
    "a Pauli string": job("estimator", {"pubs": [[QASM, "IIZI"]]}),
    "coefficients": job("estimator", {"pubs": [[QASM, {"IIZII": 1, "XIZZZ": 2.3}, None]]}),
    "arrays of observables": job("estimator", {"pubs": [[QASM, [["ZZ"], [{"XI": 1}]], [], 0.1]]}),
    "what the official client sends for an estimator": job(
        "estimator",
        {
            "pubs": [[QPY, {"ZZ": 1.0}, NDARRAY, None]],
            "options": {"default_precision": 0.01, "resilience": {"zne_mitigation": True}},
            "resilience_level": 1,
            "version": 2,
            "support_qiskit": True,
        },
        session_id="c4f2a9d0-6b7e-4d3a-9f51-2e8b0c7d1a64",
    ),
    "noise learned before": job(
        "estimator",
        {
            "pubs": [],
            "options": {
                "resilience": {
                    "layer_noise_model": {"__type__": "NoiseLearnerResult", "__value__": {}},
                    "layer_noise_learning": {"max_layers_to_learn": None},
                    "zne": {"extrapolator": "linear", "noise_factors": NDARRAY},
                    "pec": {"noise_gain": "auto", "max_overhead": None},
                }
            },
        },
    ),
    "what the official client sends for a noise learner": job(
        "noise-learner", {"circuits": [QPY], "options": {"support_qiskit": True}}
    ),
    "a program of its own": job("circuit-runner", {"anything": [1, None, "x"]}),
    "a member of a newer version": job("sampler", {"pubs": []}, calibration_id="c1"),
    "no input at all": {"program_id": "sampler", "backend": "ibm_fez"},
    "stored input of a private job": {
        "program_id": "estimator",
        "backend": "ibm_fez",
        "private": True,
        "remote_storage": {"job_params": {}, "results": {}},
    },
    "a noise model": job(
        "sampler",
        {"pubs": [], "options": {"simulator": {"noise_model": None, "coupling_map": [[0, 1]]}}},
    ),
}


@pytest.mark.parametrize("what", ACCEPTED_JOBS)
def test_a_real_job_is_accepted(what: str) -> None:
    schema = component("CreateJobRequest")
    assert python_errors(schema, ACCEPTED_JOBS[what]) == set()
    assert rust_errors(schema, ACCEPTED_JOBS[what]) == set()


ACCEPTED: dict[str, tuple[str, Any]] = {
    "an error as it is sent": (
        "ErrorContainer",
        {
            "errors": [
                {"code": 1291, "message": "gone", "solution": "", "more_info": "https://a.b"}
            ],
            "trace": "c0ffee00-1150-485e-85f3-2e4e5f410317",
        },
    ),
    "an error as it is published": ("ErrorContainer", {"errors": [{"code": "1291"}]}),
    "an error with nothing in it": ("ErrorContainer", {}),
    "a reporting error of a newer version": (
        "GenericErrorDto",
        {
            "errors": [{"code": 1, "message": "", "solution": "", "more_info": ""}],
            "trace": "c0ffee00-1150-485e-85f3-2e4e5f410317",
        },
    ),
    "storage that inherits everything but the names": (
        "RemoteStorage",
        {
            "region": "us-east",
            "region_type": "regional",
            "bucket_crn": "crn:v1",
            "job_params": {"object_name": "in"},
            "results": {"object_name": "out"},
        },
    ),
    "storage without a default location": ("RemoteStorage", {"job_params": {}, "results": {}}),
    "a session of the official client": (
        "CreateSessionRequest",
        {"mode": "batch", "backend": "ibm_fez", "max_ttl": 60, "instance": "crn:v1"},
    ),
    "a session of a channel partner": (
        "CreateSessionRequest",
        {"mode": "dedicated", "interactive_ttl": 60},
    ),
    "the names of an older list of backends": ("BackendsResponse", {"devices": ["ibm_fez"]}),
    "input that fits several primitives": ("PrimitiveInput", {"pubs": []}),
    "input for a program of its own": ("PrimitiveInput", {"pubs": 5}),
    "a limit taken away": ("InstanceConfigurationUpdate", {"instance_limit": None}),
    "a backend of a newer version": (
        "BackendDevice",
        {
            "name": "ibm_fez",
            "status": {"name": "online"},
            "queue_length": 0,
            "qubits": None,
            "clops": None,
            "processor_type": None,
            "wait_time_seconds": {"average": 1},
        },
    ),
    "metrics of an older version": ("JobMetrics", {"executions": 3, "num_qubits": [2]}),
    "a result of an unknown program": ("JobResult", {"counts": {"00": 3}}),
    "a result that is a list": ("JobResult", [1, 2]),
    "an expectation value alone": (
        "EstimatorV2Result",
        {
            "results": [
                {
                    "data": {"evs": 0.74, "stds": 0.03, "ensemble_standard_error": 0.033},
                    "metadata": {"shots": 10016},
                }
            ]
        },
    ),
}


@pytest.mark.parametrize("what", ACCEPTED)
def test_a_real_body_is_accepted(what: str) -> None:
    name, value = ACCEPTED[what]
    assert python_errors(component(name), value) == set()
    assert rust_errors(component(name), value) == set()


# Wrong bodies: where each one starts, what is changed, where the error must be

MISSING = object()
WRONG: list[tuple[str, str, str, Any, set[str]]] = [
    # The frame of a job
    ("create_job", "sampler", "/program_id", MISSING, {""}),
    ("create_job", "sampler", "/program_id", "", {"/program_id"}),
    ("create_job", "sampler", "/program_id", 1, {"/program_id"}),
    ("create_job", "sampler", "/backend", MISSING, {""}),
    ("create_job", "sampler", "/backend", None, {"/backend"}),
    ("create_job", "sampler", "/params", [], {"/params"}),
    ("create_job", "sampler", "/params", None, {"/params"}),
    ("create_job", "other_program", "/params", "text", {"/params"}),
    ("create_job", "sampler", "/tags", "bell", {"/tags"}),
    ("create_job", "sampler", "/tags", ["bell", 7], {"/tags/1"}),
    ("create_job", "sampler", "/tags", ["x" * 87], {"/tags/0"}),
    ("create_job", "sampler", "/tags", ["x"] * 9, {"/tags"}),
    ("create_job", "sampler", "/log_level", "verbose", {"/log_level"}),
    ("create_job", "sampler", "/cost", -1, {"/cost"}),
    ("create_job", "sampler", "/cost", 10801, {"/cost"}),
    ("create_job", "sampler", "/cost", "600", {"/cost"}),
    ("create_job", "sampler", "/session_id", "x" * 37, {"/session_id"}),
    ("create_job", "sampler", "/private", "yes", {"/private"}),
    # The sampler
    ("create_job", "sampler", "/params/pubs", MISSING, {"/params"}),
    ("create_job", "sampler", "/params/pubs", {}, {"/params/pubs"}),
    ("create_job", "sampler", "/params/pubs/0", 5, {"/params/pubs/0"}),
    ("create_job", "sampler", "/params/pubs/0", [], {"/params/pubs/0"}),
    ("create_job", "sampler", "/params/pubs/0", "", {"/params/pubs/0"}),
    ("create_job", "sampler", "/params/pubs/0", {"qasm": "x"}, {"/params/pubs/0"}),
    ("create_job", "sampler", "/params/pubs/0/0", [QASM], {"/params/pubs/0/0"}),
    ("create_job", "sampler", "/params/pubs/0/0", None, {"/params/pubs/0/0"}),
    (
        "create_job",
        "sampler_encoded",
        "/params/pubs/0/0/__type__",
        "ndarray",
        {"/params/pubs/0/0/__type__"},
    ),
    ("create_job", "sampler_encoded", "/params/pubs/0/0/__value__", MISSING, {"/params/pubs/0/0"}),
    ("create_job", "sampler_encoded", "/params/pubs/0/1/__value__", MISSING, {"/params/pubs/0/1"}),
    ("create_job", "sampler", "/params/pubs/0/1", "theta", {"/params/pubs/0/1"}),
    ("create_job", "sampler", "/params/pubs/0/1", [0.1, "x"], {"/params/pubs/0/1/1"}),
    ("create_job", "sampler", "/params/pubs/0/1", {"theta": "x"}, {"/params/pubs/0/1/theta"}),
    ("create_job", "sampler", "/params/pubs/0/2", -1, {"/params/pubs/0/2"}),
    ("create_job", "sampler", "/params/pubs/0/2", 1.5, {"/params/pubs/0/2"}),
    ("create_job", "sampler", "/params/pubs/0/2", "4096", {"/params/pubs/0/2"}),
    ("create_job", "sampler", "/params/pubs/0", [QASM, None, 1, 1], {"/params/pubs/0"}),
    ("create_job", "sampler", "/params/shots", -1, {"/params/shots"}),
    ("create_job", "sampler", "/params/version", 1, {"/params/version"}),
    ("create_job", "sampler", "/params/version", "2", {"/params/version"}),
    ("create_job", "sampler", "/params/support_qiskit", "False", {"/params/support_qiskit"}),
    ("create_job", "sampler", "/params/resilience_level", 1, {"/params"}),
    ("create_job", "sampler", "/params/options", None, {"/params/options"}),
    ("create_job", "sampler", "/params/options/default_shot", 10, {"/params/options"}),
    ("create_job", "sampler", "/params/options/resilience", {}, {"/params/options"}),
    (
        "create_job",
        "sampler",
        "/params/options/default_shots",
        -1,
        {"/params/options/default_shots"},
    ),
    (
        "create_job",
        "sampler",
        "/params/options/dynamical_decoupling/sequence_type",
        "XY8",
        {"/params/options/dynamical_decoupling/sequence_type"},
    ),
    (
        "create_job",
        "sampler",
        "/params/options/dynamical_decoupling/enable",
        1,
        {"/params/options/dynamical_decoupling/enable"},
    ),
    (
        "create_job",
        "sampler",
        "/params/options/execution",
        {"meas_type": "raw"},
        {"/params/options/execution/meas_type"},
    ),
    (
        "create_job",
        "sampler",
        "/params/options/twirling",
        {"num_randomizations": 0},
        {"/params/options/twirling/num_randomizations"},
    ),
    (
        "create_job",
        "sampler",
        "/params/options/twirling",
        {"strategy": "none"},
        {"/params/options/twirling/strategy"},
    ),
    (
        "create_job",
        "sampler",
        "/params/options/simulator",
        {"seed": 1},
        {"/params/options/simulator"},
    ),
    # The estimator
    ("create_job", "estimator", "/params/pubs", MISSING, {"/params"}),
    ("create_job", "estimator", "/params/pubs/0", QASM, {"/params/pubs/0"}),
    ("create_job", "estimator", "/params/pubs/0", [QASM], {"/params/pubs/0"}),
    ("create_job", "estimator", "/params/pubs/0/0", 1, {"/params/pubs/0/0"}),
    ("create_job", "estimator", "/params/pubs/0/1", None, {"/params/pubs/0/1"}),
    ("create_job", "estimator", "/params/pubs/0/1", {"ZZ": "1"}, {"/params/pubs/0/1/ZZ"}),
    ("create_job", "estimator", "/params/pubs/0/1", ["ZZ", 3], {"/params/pubs/0/1/1"}),
    ("create_job", "estimator", "/params/pubs/0/3", 0, {"/params/pubs/0/3"}),
    ("create_job", "estimator", "/params/pubs/0/3", "high", {"/params/pubs/0/3"}),
    ("create_job", "estimator", "/params/precision", 0, {"/params/precision"}),
    ("create_job", "estimator", "/params/resilience_level", True, {"/params/resilience_level"}),
    ("create_job", "estimator", "/params/shots", 100, {"/params"}),
    ("create_job", "estimator", "/params/options/resilience_level", 1, {"/params/options"}),
    (
        "create_job",
        "estimator",
        "/params/options/default_precision",
        0,
        {"/params/options/default_precision"},
    ),
    (
        "create_job",
        "estimator",
        "/params/options/seed_estimator",
        2**31,
        {"/params/options/seed_estimator"},
    ),
    (
        "create_job",
        "estimator",
        "/params/options/resilience/zne/amplifier",
        "folding",
        {"/params/options/resilience/zne/amplifier"},
    ),
    (
        "create_job",
        "estimator",
        "/params/options/resilience/zne/extrapolator",
        "cubic",
        {"/params/options/resilience/zne/extrapolator"},
    ),
    (
        "create_job",
        "estimator",
        "/params/options/resilience/pec",
        {"noise_gain": -1},
        {"/params/options/resilience/pec/noise_gain"},
    ),
    # The noise learner
    ("create_job", "noise_learner", "/params/circuits", MISSING, {"/params"}),
    ("create_job", "noise_learner", "/params/circuits", QASM, {"/params/circuits"}),
    ("create_job", "noise_learner", "/params/circuits/0", [QASM], {"/params/circuits/0"}),
    ("create_job", "noise_learner", "/params/support_qiskit", True, {"/params"}),
    ("create_job", "noise_learner", "/params/pubs", [], {"/params"}),
    (
        "create_job",
        "noise_learner",
        "/params/options/layer_pair_depths",
        [0, -1],
        {"/params/options/layer_pair_depths/1"},
    ),
    (
        "create_job",
        "noise_learner",
        "/params/options/twirling_strategy",
        "some",
        {"/params/options/twirling_strategy"},
    ),
    (
        "create_job",
        "noise_learner",
        "/params/options/shots_per_randomization",
        0,
        {"/params/options/shots_per_randomization"},
    ),
    ("create_job", "noise_learner", "/params/options/zne", {}, {"/params/options"}),
    # Remote storage
    ("create_job", "remote_storage", "/params", {"pubs": []}, {"/params"}),
    ("create_job", "remote_storage", "/program_id", MISSING, {""}),
    ("create_job", "remote_storage", "/backend", MISSING, {""}),
    ("create_job", "remote_storage", "/private", "yes", {"/private"}),
    ("create_job", "remote_storage", "/remote_storage", None, {"/remote_storage"}),
    ("create_job", "remote_storage", "/remote_storage/results", MISSING, {"/remote_storage"}),
    ("create_job", "remote_storage", "/remote_storage/type", "s3", {"/remote_storage/type"}),
    (
        "create_job",
        "remote_storage",
        "/remote_storage/region",
        "us east",
        {"/remote_storage/region"},
    ),
    (
        "create_job",
        "remote_storage",
        "/remote_storage/logs",
        {"region_type": "global"},
        {"/remote_storage/logs/region_type"},
    ),
    # The other bodies
    ("replace_job_tags", "replace", "/tags", MISSING, {""}),
    ("replace_job_tags", "replace", "/tags", None, {"/tags"}),
    ("replace_job_tags", "replace", "/tags/1", 5, {"/tags/1"}),
    ("create_session", "dedicated", "/mode", MISSING, {""}),
    ("create_session", "dedicated", "/mode", "interactive", {"/mode"}),
    ("create_session", "dedicated", "/max_ttl", 0, {"/max_ttl"}),
    ("create_session", "dedicated", "/max_ttl", "1h", {"/max_ttl"}),
    ("create_session", "channel_partner", "/mode", MISSING, {""}),
    ("create_session", "channel_partner", "/active_ttl", 0, {"/active_ttl"}),
    ("create_session", "channel_partner", "/interactive_ttl", MISSING, {""}),
    ("create_session", "channel_partner", "/interactive_ttl", 0, {"/interactive_ttl"}),
    ("update_session_state", "finish", "/accepting_jobs", MISSING, {""}),
    ("update_session_state", "finish", "/accepting_jobs", "false", {"/accepting_jobs"}),
    ("replace_instance_data", "limit", "/instance_limit", 0, {"/instance_limit"}),
    ("replace_instance_data", "limit", "/instance_limit", 1.5, {"/instance_limit"}),
]


def changed(value: Any, where: str, new: Any) -> Any:
    *parents, last = where.removeprefix("/").split("/")
    target = value
    for part in parents:
        target = target[int(part)] if isinstance(target, list) else target[part]
    key: Any = int(last) if isinstance(target, list) else last
    if new is MISSING:
        del target[key]
    else:
        target[key] = new
    return value


@pytest.mark.parametrize(
    ("operation", "example", "where", "new", "expected"),
    WRONG,
    ids=[
        f"{operation} {example} {where} {'missing' if new is MISSING else repr(new)[:24]}"
        for operation, example, where, new, _ in WRONG
    ],
)
def test_a_wrong_body_is_refused_at_the_right_place(
    operation: str, example: str, where: str, new: Any, expected: set[str]
) -> None:
    schema = OPERATIONS[operation]["requestBody"]["content"]["application/json"]["schema"]
    value = changed(body(operation, example), where, new)
    assert python_errors(schema, value) == expected
    assert rust_errors(schema, value) == expected


@pytest.mark.parametrize("operation", [n for n, o in OPERATIONS.items() if "requestBody" in o])
@pytest.mark.parametrize("value", [None, [], "text", 1, True], ids=repr)
def test_a_body_that_is_no_object_is_refused(operation: str, value: Any) -> None:
    schema = OPERATIONS[operation]["requestBody"]["content"]["application/json"]["schema"]
    assert python_errors(schema, value) == {""}
    assert rust_errors(schema, value) == {""}


# Wrong answers

WRONG_ANSWERS: list[tuple[str, str, str, Any, set[str]]] = [
    ("create_job", "accepted", "/id", MISSING, {""}),
    ("create_job", "accepted", "/backend", 3, {"/backend"}),
    ("list_jobs", "page", "/limit", MISSING, {""}),
    ("list_jobs", "page", "/offset", -1, {"/offset"}),
    ("list_jobs", "page", "/jobs/1/status", "Cancelled - Too slow", {"/jobs/1/status"}),
    ("get_job_details_jid", "completed", "/state", "Completed", {"/state"}),
    (
        "get_job_details_jid",
        "completed",
        "/state/status",
        "Cancelled - Ran away",
        {"/state/status"},
    ),
    ("get_job_details_jid", "completed", "/created", "yesterday", {"/created"}),
    ("get_job_details_jid", "completed", "/usage/seconds", MISSING, {"/usage"}),
    ("get_job_metrics_jid", "completed", "/bss/seconds", 1.5, {"/bss/seconds"}),
    ("get_job_metrics_jid", "completed", "/qiskit_version", "two", {"/qiskit_version"}),
    ("get_transpiled_circuits_jid", "link", "/url", MISSING, {""}),
    ("list_backends", "two", "/devices/0/status/name", "busy", {"/devices/0/status/name"}),
    ("list_backends", "two", "/devices/0/clops", 195000, {"/devices/0/clops"}),
    ("list_backends", "two", "/devices", "ibm_fez", {"/devices"}),
    ("list_backends", "two", "/devices/1", "ibm_torino", {"/devices/1"}),
    ("list_backends", "names", "/devices/0", 5, {"/devices/0", "/devices/1"}),
    ("get_backend_status", "active", "/length_queue", None, {"/length_queue"}),
    ("get_session_information", "active", "/state", "done", {"/state"}),
    ("get_session_information", "active", "/backend_name", MISSING, {""}),
    (
        "find_instance_workloads",
        "page",
        "/workloads/0/status",
        "cancelled",
        {"/workloads/0/status"},
    ),
    ("get_usage_analytics_grouped", "backends", "/data/1/key", MISSING, {"/data/1"}),
    ("get_usage_analytics_grouped", "backends", "/data/0/jobs", "40", {"/data/0/jobs"}),
    ("get_versions", "dates", "/versions", "2025-01-01", {"/versions"}),
    ("get_account_config", "premium", "/plans/0/backends", MISSING, {"/plans/0"}),
]


@pytest.mark.parametrize(
    ("operation", "example", "where", "new", "expected"),
    WRONG_ANSWERS,
    ids=[f"{row[0]} {row[2]}" for row in WRONG_ANSWERS],
)
def test_a_wrong_answer_is_noticed_at_the_right_place(
    operation: str, example: str, where: str, new: Any, expected: set[str]
) -> None:
    media = OPERATIONS[operation]["responses"]["200"]["content"]["application/json"]
    value = changed(copy.deepcopy(media["examples"][example]["value"]), where, new)
    assert python_errors(media["schema"], value) == expected
    assert rust_errors(media["schema"], value) == expected


WRONG_VALUES: list[tuple[str, Any, set[str]]] = [
    ("EncodedValue", {"__type__": 1, "__value__": 1}, {"/__type__"}),
    ("EncodedValue", {"__type__": "ndarray"}, {""}),
    ("EncodedValue", [], {""}),
    ("NestedNumbers", [[1, [2, "3"]]], {"/0/1/1"}),
    ("ParameterValues", {"__type__": "ndarray", "__value__": 1}, {"/__value__"}),
    ("ParameterValues", {"__type__": 1, "__value__": "x"}, {"/__type__"}),
    ("Observables", "", {""}),
    ("Observables", [], {""}),
    ("Observables", [["ZZ", {"XI": None}]], {"/0/1/XI"}),
    ("Observables", {"__type__": "ObservablesArray"}, {""}),
    ("Observables", {"__type__": 1, "__value__": []}, {"/__type__"}),
    ("Circuit", {"__type__": "QuantumCircuit", "__value__": ""}, {"/__value__"}),
    ("SamplerV2Result", {"results": []}, {""}),
    ("EstimatorV2PubResult", {"data": {}, "metadata": {}}, {"/data"}),
    ("EstimatorV2PubResult", {"data": {"evs": 1, "stds": "x"}}, {"", "/data/stds"}),
    ("EstimatorV2Data", {"evs": [1, None]}, {"/evs/1"}),
    ("ErrorContainer", {"errors": [{"code": 1.5}]}, {"/errors/0/code"}),
    ("GenericErrorDto", {"errors": [{"code": 1}]}, {"/errors/0"}),
    ("PrimitiveInput", [], {""}),
    ("JobRunParamsChannelPartner", {"program_id": "sampler", "backend": "ibm_fez"}, {""}),
    ("CreateSessionRequestChannelPartner", {"mode": "batch"}, {""}),
    ("BackendsResponse", {"devices": [{"name": "ibm_fez"}]}, {"/devices/0"}),
    ("BackendsResponseV2", {"devices": ["ibm_fez"]}, {"/devices/0"}),
    ("BackendsResponseV2", {"devices": []}, {"/devices"}),
]


@pytest.mark.parametrize(("name", "value", "expected"), WRONG_VALUES, ids=str)
def test_a_wrong_value_is_refused_at_the_right_place(
    name: str, value: Any, expected: set[str]
) -> None:
    assert python_errors(component(name), value) == expected
    assert rust_errors(component(name), value) == expected
