"""The bundled description of the Qiskit Runtime API, compared with the collected facts.

The comparison is made line by line. Where the document deliberately says something else, the
line stands in one of the tables below, next to the entry of the facts that gives the reason.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

ROOT = Path(__file__).parents[2]
FACTS_PATH = ROOT.parent / "shared" / "qiskit-runtime" / "facts.yaml"
if not FACTS_PATH.exists():
    pytest.skip(
        "the collected facts are not kept in this repository and are not next to it either",
        allow_module_level=True,
    )

FACTS: dict[str, Any] = yaml.safe_load(FACTS_PATH.read_text(encoding="utf-8"))
DOCUMENT: dict[str, Any] = yaml.safe_load(
    (ROOT / "spec" / "qiskit-runtime.yaml").read_text(encoding="utf-8")
)
MODELS: dict[str, Any] = FACTS["models"]
SCHEMAS: dict[str, Any] = DOCUMENT["components"]["schemas"]
FACT_OPERATIONS = {entry["operation_id"]: entry for entry in FACTS["operations"]}
OPERATIONS = {
    operation["operationId"]: (path, method, operation)
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
}

# Everything the facts give as a reason for saying something else than the sources
REASONS = (
    {entry["where"]: entry["advice"] for entry in FACTS["differences"]["schema_traps"]}
    | {entry["topic"]: entry["bundle"] for entry in FACTS["differences"]["seed_vs_repo"]}
    | {
        "security: and_or": FACTS["security_schemes"]["and_or"]["advice_note"],
        "natural_ref_rule": FACTS["meta"]["natural_ref_rule"],
        "status_life_cycle": FACTS["payloads"]["status_life_cycle"]["ran_too_long"],
        "top_level_keys": FACTS["payloads"]["top_level_keys_by_official_client"],
    }
)

TRAP_JOB = "CreateJobRequest as oneOf"
TRAP_PARAMS = "CreateJobRequest.params as oneOf"
TRAP_SESSION = "CreateSessionRequest as oneOf"
TRAP_STORAGE = "RemoteStorage"
TRAP_CODE = "ErrorItem.code"
TRAP_NULL = (
    "InstanceConfigurationUpdate.instance_limit, JobSession.elapsed_time, Workload.usage_seconds"
)
SEED_NAMES = (
    "operation set, methods, paths, argument names and order, content types, return models of "
    "the jobs operations"
)

# Models that go by the name the seed gives them
RENAMED = {"JobCreateResponse": ("CreateJob200Response", SEED_NAMES)}

# Components that the facts know as the form of a value, not as a model
ADDED = {
    "Circuit",
    "ParameterValues",
    "Observables",
    "NestedNumbers",
    "EncodedValue",
    "EstimatorPub",
    "EstimatorV2PubResult",
    "EstimatorV2Data",
    "JobResult",
}

ABSENT = "<absent>"
STORAGE_KEYS = ["bucket_crn", "object_name", "region", "region_type"]

LEVELS = ["critical", "error", "warning", "info", "debug"]

# line: (what the facts say, what the document says, why)
DIFFERENT: dict[str, tuple[Any, Any, str]] = {
    "ErrorItem.code.type": ("string", ["string", "integer"], TRAP_CODE),
    "ErrorItem.solution.type": (ABSENT, "string", TRAP_CODE),
    "IBMCloudCOSRemoteStorageOption.required": (STORAGE_KEYS, [], TRAP_STORAGE),
    "RemoteStorageOption.required": (STORAGE_KEYS, [], TRAP_STORAGE),
    "RemoteStorage.required": (
        sorted([*STORAGE_KEYS, "job_params", "results"]),
        ["job_params", "results"],
        TRAP_STORAGE,
    ),
    # Written out so that a search may find more labels than one job can carry
    "ListTagsResponse.tags.ref": ("Tags", ABSENT, "natural_ref_rule"),
    "ListTagsResponse.tags.type": (ABSENT, "array", "natural_ref_rule"),
    "ListTagsResponse.tags.items.type": (ABSENT, "string", "natural_ref_rule"),
    "InstanceConfigurationUpdate.instance_limit.nullable": (False, True, TRAP_NULL),
    "JobSession.elapsed_time.nullable": (False, True, TRAP_NULL),
    "Workload.usage_seconds.nullable": (False, True, TRAP_NULL),
    # Services send the word of the job here too, and null for a code that there is none for
    "JobState.status.enum": (
        ["Queued", "Running", "Completed", "Cancelled", "Failed"],
        ["Queued", "Running", "Completed", "Cancelled", "Cancelled - Ran too long", "Failed"],
        "status_life_cycle",
    ),
    "JobState.reason_code.nullable": (False, True, "status_life_cycle"),
    # The official client sends the level in capitals, by default as "WARNING"
    "LogLevel.enum": (
        LEVELS,
        [case(each) for case in (str.lower, str.upper) for each in LEVELS],
        "top_level_keys",
    ),
    # The elements of the inputs are modelled
    "EstimatorV2Input.pubs.items.type": ("array", ABSENT, TRAP_PARAMS),
    "EstimatorV2Input.pubs.items.minItems": (2, ABSENT, TRAP_PARAMS),
    "EstimatorV2Input.pubs.items.ref": (ABSENT, "EstimatorPub", TRAP_PARAMS),
    "NoiseLearnerInput.circuits.items.ref": (ABSENT, "Circuit", TRAP_PARAMS),
    "EstimatorV2Result.results.items.type": ("object", ABSENT, "get_job_results_jid return type"),
    "EstimatorV2Result.results.items.ref": (
        ABSENT,
        "EstimatorV2PubResult",
        "get_job_results_jid return type",
    ),
}

CONSTRAINTS = (
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "minLength",
    "maxLength",
    "pattern",
    "minItems",
    "maxItems",
)


def component_name(model: str) -> str:
    return RENAMED[model][0] if model in RENAMED else model


def named(reference: str) -> str:
    return reference.rsplit("/", 1)[-1]


def resolve(node: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in node:
        return node
    target: Any = DOCUMENT
    for part in node["$ref"].removeprefix("#/").split("/"):
        target = target[part]
    return target


# Lines of the facts


def fact_field(field: dict[str, Any]) -> dict[str, Any]:
    """What the facts say about one field, as line endings and values."""
    nullable = bool(field.get("nullable"))
    reference = field.get("ref") or field.get("natural_ref")
    if reference:
        return {"ref": component_name(reference), "nullable": nullable}
    if field["type"] == "any":
        return {"type": "any"}
    lines: dict[str, Any] = {"type": field["type"], "nullable": nullable}
    lines |= {key: field[key] for key in ("format", "enum", "default") if key in field}
    constraints = field.get("constraints", {})
    lines |= {key: value for key, value in constraints.items() if not key.startswith("item_")}
    lines |= {
        f"items.{key.removeprefix('item_')}": value
        for key, value in constraints.items()
        if key.startswith("item_")
    }
    if field.get("additional_properties"):
        lines["additionalProperties"] = True
    if "additional_properties_ref" in field:
        lines["additionalProperties"] = field["additional_properties_ref"]
    if "items_ref" in field:
        lines["items.ref"] = component_name(field["items_ref"])
    items = field.get("items")
    if isinstance(items, dict):
        lines |= {f"items.{key}": value for key, value in items.items()}
    elif match := re.fullmatch(r"(\w+)\((\w+)\)", items or ""):
        lines |= {"items.type": match[1], "items.format": match[2]}
    elif items and items.split()[0] != "any":
        lines["items.type"] = items.split()[0]
    return lines


def fact_lines(model: str) -> dict[str, Any]:
    fact = MODELS[model]
    kind = fact["kind"]
    if kind == "string_enum":
        return {f"{model}.type": "string", f"{model}.enum": fact["enum"]}
    if kind == "free_form_object":
        return {f"{model}.type": "object", f"{model}.additionalProperties": True}
    if kind in ("boolean", "integer", "array"):
        field = fact_field({**fact, "type": kind})
        return {f"{model}.{key}": value for key, value in field.items() if key != "nullable"}
    closed = fact.get("additional_properties", {}).get("0.45.3") is False
    lines: dict[str, Any] = {
        f"{model}.type": "object",
        f"{model}.required": sorted(fact["required"]),
        # An answer stays open whatever newer documents say: see later_fields
        f"{model}.closed": closed and model != "BackendStatusResponse",
    }
    for name, field in fact["fields"].items():
        lines |= {f"{model}.{name}.{key}": value for key, value in fact_field(field).items()}
    return lines


# Lines of the document


def document_field(schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        return {"ref": named(schema["$ref"]), "nullable": False}
    if "anyOf" in schema and schema["anyOf"][-1] == {"type": "null"}:
        return {"ref": named(schema["anyOf"][0]["$ref"]), "nullable": True}
    lines: dict[str, Any] = {}
    if "type" in schema:
        kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        rest = [kind for kind in kinds if kind != "null"]
        lines["type"] = rest[0] if len(rest) == 1 else rest
        lines["nullable"] = "null" in kinds
    for key in ("format", "enum", "default", *CONSTRAINTS):
        if key in schema:
            lines[key] = schema[key]
    extra = schema.get("additionalProperties")
    if extra is not None:
        lines["additionalProperties"] = named(extra["$ref"]) if extra is not True else True
    if "items" in schema:
        items = document_field(schema["items"])
        lines |= {f"items.{key}": value for key, value in items.items() if key != "nullable"}
    return lines


def merged(schema: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The properties of a schema and of all it is composed of, and what it requires."""
    properties: dict[str, Any] = {}
    required: list[str] = []
    for part in schema.get("allOf", []):
        more, needed = merged(resolve(part))
        properties |= more
        required += needed
    return properties | schema.get("properties", {}), required + schema.get("required", [])


def object_type(schema: dict[str, Any]) -> Any:
    """The type of a schema, be it its own or that of the first part it is composed of."""
    return schema["type"] if "type" in schema else object_type(resolve(schema["allOf"][0]))


def document_lines(model: str, schema: dict[str, Any]) -> dict[str, Any]:
    if MODELS[model]["kind"] != "object":
        field = document_field(schema)
        return {f"{model}.{key}": value for key, value in field.items() if key != "nullable"}
    properties, required = merged(schema)
    lines: dict[str, Any] = {
        f"{model}.type": object_type(schema),
        f"{model}.required": sorted(required),
        f"{model}.closed": schema.get("additionalProperties") is False,
    }
    for name, part in properties.items():
        field = document_field(part) or {"type": "any"}
        lines |= {f"{model}.{name}.{key}": value for key, value in field.items()}
    return lines


def differing(facts: dict[str, Any], document: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    return {
        line: (facts.get(line, ABSENT), document.get(line, ABSENT))
        for line in sorted(facts.keys() | document.keys())
        if facts.get(line, ABSENT) != document.get(line, ABSENT)
        # A field that only one side knows differs by its type; null or not adds nothing
        and not (line.endswith(".nullable") and (line not in facts or line not in document))
    }


def tabled(model: str) -> dict[str, tuple[Any, Any]]:
    return {
        line: (fact, here)
        for line, (fact, here, _) in DIFFERENT.items()
        if line.startswith(f"{model}.")
    }


# Models

COMPARED = [name for name, fact in MODELS.items() if fact["kind"] not in ("oneOf", "anyOf")]


def test_the_document_has_the_models_of_the_facts_and_no_others() -> None:
    assert set(SCHEMAS) == {component_name(name) for name in MODELS} | ADDED
    assert len(SCHEMAS) == FACTS["meta"]["counts"]["models"] + len(ADDED)
    assert not ADDED & set(MODELS)


@pytest.mark.parametrize("model", COMPARED)
def test_a_model_says_what_the_facts_say(model: str) -> None:
    lines = document_lines(model, SCHEMAS[component_name(model)])
    assert differing(fact_lines(model), lines) == tabled(model)


@pytest.mark.parametrize("model", [name for name, fact in MODELS.items() if "all_of" in fact])
def test_a_composed_model_is_composed_as_the_facts_say(model: str) -> None:
    base = MODELS[model]["all_of"][0].split()[0]
    assert SCHEMAS[model]["allOf"][0] == {"$ref": f"#/components/schemas/{base}"}


# request: (the variant every body has the form of, the other one, the members that ask for it)
VARIANTS = {
    "CreateJobRequest": ("JobRunParams", "JobRunParamsChannelPartner", {"remote_storage"}),
    "CreateSessionRequest": (
        "CreateSessionRequestCloud",
        "CreateSessionRequestChannelPartner",
        {"interactive_ttl", "active_ttl"},
    ),
}


@pytest.mark.parametrize("request_model", VARIANTS)
def test_a_request_has_the_variants_of_the_facts(request_model: str) -> None:
    # REASONS[TRAP_JOB] and REASONS[TRAP_SESSION] explain why they are not branches of a oneOf
    ordinary, partner, marks = VARIANTS[request_model]
    schema = SCHEMAS[request_model]
    assert MODELS[request_model]["variants"] == [ordinary, partner]
    assert named(schema["allOf"][0]["$ref"]) == ordinary
    assert {key: named(part["$ref"]) for key, part in schema["dependentSchemas"].items()} == (
        dict.fromkeys(marks, partner)
    )
    own = [set(MODELS[variant]["fields"]) for variant in (ordinary, partner)]
    properties, _ = merged(schema)
    assert set(properties) == own[0] | own[1]
    assert own[1] - own[0] == marks


def test_the_program_selects_the_input() -> None:
    selected = {
        branch["if"]["properties"]["program_id"]["const"]: named(
            branch["then"]["properties"]["params"]["$ref"]
        )
        for branch in SCHEMAS["CreateJobRequest"]["allOf"]
        if "if" in branch
    }
    known = MODELS["JobRunParams"]["fields"]["program_id"]["known_values"]
    assert list(selected) == known
    assert list(selected.values()) == MODELS["PrimitiveInput"]["variants"]


def test_an_input_has_the_variants_of_the_facts_or_any_form() -> None:
    # REASONS[TRAP_PARAMS] explains why it is no oneOf
    other, *variants = SCHEMAS["PrimitiveInput"]["anyOf"]
    assert [named(part["$ref"]) for part in variants] == MODELS["PrimitiveInput"]["variants"]
    assert list(other) == ["description"]


@pytest.mark.parametrize("model", ["AutoOrPositiveInteger", "AutoOrNonNegativeNumber"])
def test_a_count_or_auto_has_the_variants_of_the_facts(model: str) -> None:
    facts = [fact_field(variant) for variant in MODELS[model]["variants"]]
    assert [document_field(variant) for variant in SCHEMAS[model]["oneOf"]] == facts


def test_an_extrapolator_is_a_name_or_a_list_of_names() -> None:
    many, one = MODELS["ZneExtrapolator"]["variants"]
    schemas = SCHEMAS["ZneExtrapolator"]["oneOf"]
    assert schemas[0]["type"] == many["type"]
    assert named(schemas[0]["items"]["$ref"]) == many["items"]
    assert named(schemas[1]["$ref"]) == one["ref"]


def test_pubs_have_the_positions_of_the_facts() -> None:
    listed, _bare = MODELS["SamplerPub"]["variants"]
    sampler = SCHEMAS["SamplerPub"]
    assert sampler["minItems"] == listed["minItems"]
    assert sampler["maxItems"] == len(sampler["prefixItems"]) == len(listed["positions"])
    estimator = SCHEMAS["EstimatorPub"]
    positions = MODELS["EstimatorV2Input"]["pub_positions"]
    assert estimator["maxItems"] == len(estimator["prefixItems"]) == len(positions)
    constraints = MODELS["EstimatorV2Input"]["fields"]["pubs"]["constraints"]
    assert estimator["minItems"] == constraints["item_minItems"]


# Operations


def test_the_operations_are_those_of_the_facts() -> None:
    assert set(OPERATIONS) == set(FACT_OPERATIONS)
    assert len(OPERATIONS) == FACTS["meta"]["counts"]["operations"]


def test_the_operations_of_the_seed_are_the_jobs_operations() -> None:
    seed = {name for name, fact in FACT_OPERATIONS.items() if fact["in_seed"]}
    jobs = {name for name, (_, _, here) in OPERATIONS.items() if here["tags"] == ["Jobs"]}
    assert jobs == seed
    assert len(seed) == FACTS["meta"]["counts"]["operations_in_seed"]


@pytest.mark.parametrize("name", FACT_OPERATIONS)
def test_an_operation_has_the_method_path_and_tag_of_the_facts(name: str) -> None:
    fact = FACT_OPERATIONS[name]
    path, method, operation = OPERATIONS[name]
    assert (method.upper(), path) == (fact["method"], fact["path"])
    assert operation["tags"] == [fact["tag"]]


@pytest.mark.parametrize("name", FACT_OPERATIONS)
def test_an_operation_takes_the_arguments_of_the_facts_in_their_order(name: str) -> None:
    fact = FACT_OPERATIONS[name]
    operation = OPERATIONS[name][2]
    wires = {parameter["name"]: parameter["wire"] for parameter in fact["parameters"]}
    order = [wires[argument] for argument in fact["argument_order"] if argument in wires]
    assert [resolve(part)["name"] for part in operation.get("parameters", [])] == order
    if fact["request_body"]:
        assert fact["argument_order"][-1] == fact["request_body"]["argument_name"]


PARAMETERS = [
    (name, parameter["wire"])
    for name, fact in FACT_OPERATIONS.items()
    for parameter in fact["parameters"]
]


def test_all_parameters_are_compared() -> None:
    assert len(PARAMETERS) == FACTS["meta"]["counts"]["parameters"]


@pytest.mark.parametrize(("name", "wire"), PARAMETERS)
def test_a_parameter_says_what_the_facts_say(name: str, wire: str) -> None:
    fact = next(part for part in FACT_OPERATIONS[name]["parameters"] if part["wire"] == wire)
    part = next(
        resolve(part) for part in OPERATIONS[name][2]["parameters"] if resolve(part)["name"] == wire
    )
    assert part["in"] == fact["in"]
    assert part["required"] == fact["required"]
    assert part.get("style", {"query": "form"}.get(part["in"], "simple")) == fact["style"]
    if "explode" in fact:
        assert part["explode"] == fact["explode"]
    items = part["schema"].get("items", {})
    lines = document_field(part["schema"])
    assert {**lines, **{f"items.{key}": items[key] for key in items}} == fact_field(fact)


def test_the_version_header_has_the_default_of_the_seed() -> None:
    defaults = {
        name: resolve(part)["schema"].get("default")
        for name, (_, _, operation) in OPERATIONS.items()
        for part in operation.get("parameters", [])
        if resolve(part)["name"] == "IBM-API-Version"
    }
    assert defaults.pop("list_backends") is None
    assert set(defaults) == set(FACT_OPERATIONS) - {"list_backends", "get_versions"}
    assert set(defaults.values()) == {"2025-01-01"}


# operation: (media type the document adds, schema, why)
ADDED_MEDIA = {
    "get_job_results_jid": ("application/json", "JobResult", "get_job_results_jid return type")
}


def content_of(node: dict[str, Any]) -> dict[str, str] | None:
    content = node.get("content")
    if content is None:
        return None
    return {media_type: model_of(media["schema"]) for media_type, media in content.items()}


def model_of(schema: dict[str, Any]) -> str:
    if "if" in schema:
        return model_of(schema["else"])
    return named(schema["$ref"]) if "$ref" in schema else "string"


def test_the_list_of_backends_has_the_alternatives_of_the_facts() -> None:
    alternatives = FACT_OPERATIONS["list_backends"]["responses"]["200"]["alternatives"]
    media = OPERATIONS["list_backends"][2]["responses"]["200"]["content"]["application/json"]
    branches = [media["schema"][keyword] for keyword in ("then", "else")]
    assert [named(branch["$ref"]) for branch in branches] == list(alternatives.values())


@pytest.mark.parametrize("name", FACT_OPERATIONS)
def test_an_operation_answers_as_the_facts_say(name: str) -> None:
    expected = {}
    for status, response in FACT_OPERATIONS[name]["responses"].items():
        content = response["content"]
        if content is not None:
            content = {kind: component_name(model) for kind, model in content.items()}
        expected[status] = content
    if name in ADDED_MEDIA:
        kind, schema, _ = ADDED_MEDIA[name]
        assert kind in FACT_OPERATIONS[name]["responses"]["200"]["also_accept"]
        expected["200"][kind] = schema
    responses = OPERATIONS[name][2]["responses"]
    assert {code: content_of(resolve(node)) for code, node in responses.items()} == expected


@pytest.mark.parametrize("name", FACT_OPERATIONS)
def test_an_operation_takes_the_body_of_the_facts(name: str) -> None:
    fact = FACT_OPERATIONS[name]["request_body"]
    operation = OPERATIONS[name][2]
    if fact is None:
        assert "requestBody" not in operation
        return
    body = operation["requestBody"]
    assert body["required"] == fact["required"]
    assert content_of(body) == fact["content"]
    (model,) = fact["content"].values()
    default_name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", model).lower()
    argument = operation.get("x-codegen-request-body-name", default_name)
    assert argument == fact["argument_name"]


@pytest.mark.parametrize("name", FACT_OPERATIONS)
def test_an_operation_names_the_permission_of_the_facts(name: str) -> None:
    action = FACT_OPERATIONS[name].get("iam_action")
    description = OPERATIONS[name][2]["description"]
    assert re.findall(r"`(quantum-computing\.[^`]+)`", description) == ([action] if action else [])


# Security and servers


def test_the_security_schemes_are_those_of_the_facts() -> None:
    expected = {
        name: {key: fact[key] for key in ("type", "scheme", "in", "name") if key in fact}
        for name, fact in FACTS["security_schemes"]["schemes"].items()
    }
    actual = {
        name: {key: scheme[key] for key in ("type", "scheme", "in", "name") if key in scheme}
        for name, scheme in DOCUMENT["components"]["securitySchemes"].items()
    }
    assert actual == expected
    assert list(actual) == list(expected)


def test_credentials_are_combined_as_advised() -> None:
    # REASONS["security: and_or"] explains why this is not the list of single schemes
    advice = FACTS["security_schemes"]["and_or"]["advice_for_bundle"]
    assert [list(alternative) for alternative in DOCUMENT["security"]] == advice
    assert all(scopes == [] for choice in DOCUMENT["security"] for scopes in choice.values())


@pytest.mark.parametrize("name", FACT_OPERATIONS)
def test_an_operation_needs_the_schemes_of_the_facts(name: str) -> None:
    requirements = OPERATIONS[name][2].get("security", DOCUMENT["security"])
    schemes = {scheme for requirement in requirements for scheme in requirement}
    assert schemes == set(FACT_OPERATIONS[name]["security_listed"])


def test_the_servers_are_the_absolute_ones_of_the_facts() -> None:
    expected = [server["url"] for server in FACTS["meta"]["servers"] if server["url"][0] != "/"]
    assert [server["url"] for server in DOCUMENT["servers"]] == expected


def test_the_title_and_the_version_are_those_of_the_seed() -> None:
    assert DOCUMENT["info"]["title"] == FACTS["meta"]["title"]
    assert DOCUMENT["info"]["version"] == FACTS["meta"]["document_versions"]["seed"]


# Recorded bodies


PAYLOADS = FACTS["payloads"]
ENCODED = yaml.safe_load(PAYLOADS["results"]["qiskit_encoded"]["outline"])
RECORDED = {
    "a sampler job": ("CreateJobRequest", PAYLOADS["sampler_params"]["example"]),
    "an estimator job": ("CreateJobRequest", PAYLOADS["estimator_params"]["example"]),
    "a job that was accepted": ("CreateJob200Response", PAYLOADS["example_bodies"]["job_created"]),
    "a job": ("JobResponse", PAYLOADS["example_bodies"]["job"]),
    "a page of jobs": ("JobsResponse", PAYLOADS["example_bodies"]["jobs_page"]),
    "metrics": ("JobMetrics", PAYLOADS["example_bodies"]["metrics"]),
    "a sampler result": ("SamplerV2Result", PAYLOADS["results"]["sampler_plain"]["example"]),
    "an estimator result": ("EstimatorV2Result", PAYLOADS["results"]["estimator_plain"]["example"]),
    "an encoded result": ("EncodedValue", ENCODED),
    "any of the results": ("JobResult", ENCODED),
    "an error": ("ErrorContainer", PAYLOADS["errors"]["observed"]["example"]),
}
ALL_EXAMPLE_BODIES = {"job_created", "job", "jobs_page", "metrics", "status"}


def test_every_recorded_body_is_tried() -> None:
    assert set(PAYLOADS["example_bodies"]) == ALL_EXAMPLE_BODIES


@pytest.mark.parametrize("what", RECORDED)
def test_a_recorded_body_fits_the_document(what: str) -> None:
    name, value = RECORDED[what]
    validator = jsonschema_rs.Draft202012Validator(
        {"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]},
        validate_formats=True,
    )
    assert [error.message for error in validator.iter_errors(value)] == []


# The tables themselves


def test_every_difference_has_a_reason_in_the_facts() -> None:
    reasons = (
        [reason for _, reason in RENAMED.values()]
        + [reason for _, _, reason in DIFFERENT.values()]
        + [reason for _, _, reason in ADDED_MEDIA.values()]
    )
    assert {reason for reason in reasons if reason not in REASONS} == set()


def test_every_difference_belongs_to_a_model_that_is_compared() -> None:
    assert {line.split(".")[0] for line in DIFFERENT} <= set(COMPARED)


def test_the_sentences_are_not_those_of_the_facts() -> None:
    written = set(sentences(DOCUMENT["components"])) | set(sentences(DOCUMENT["paths"]))
    collected = set(sentences(FACTS["models"])) | set(sentences(FACTS["operations"]))
    assert written & collected == set()


def sentences(node: Any) -> list[str]:
    """Descriptions and summaries of more than two words, without case and punctuation."""
    if isinstance(node, list):
        return [text for part in node for text in sentences(part)]
    if not isinstance(node, dict):
        return []
    found = [text for part in node.values() for text in sentences(part)]
    for key in ("description", "summary"):
        if isinstance(node.get(key), str):
            words = re.findall(r"\w+", node[key].lower())
            if len(words) > 2:
                found.append(" ".join(words))
    return found
