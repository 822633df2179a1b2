"""The stable codes of findings, and which violation has which: tables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from ..messages import Violation
from ..schema.keywords import LIMITS
from .findings import Severity, Side

__all__ = ["CODES", "Code", "code_of"]


class Code(NamedTuple):
    """A kind of finding. `name` says it in a word, `meaning` in a sentence."""

    code: str
    name: str
    side: Side
    severity: Severity
    meaning: str


#: A line for each kind, and what it means below it.
_TABLE = """
DC101 undocumented-path request error
    The document has no path like this one on this server.
DC102 undocumented-method request error
    The path is in the document, and the method is not declared for it.
DC110 missing-parameter request error
    A required parameter is missing.
DC111 parameter-schema request error
    A parameter breaks its schema.
DC112 undeclared-query-parameter request warning
    A query parameter is sent that the document does not declare.
DC113 undeclared-header request info
    A header field is sent that the document does not declare, and that is no usual one.
DC114 undeclared-cookie request info
    A cookie is sent that the document does not declare.
DC120 request-body-schema request error
    The body of the request breaks its schema.
DC121 missing-request-body request error
    The required body of the request is missing.
DC122 undeclared-request-body request warning
    There is a body, and the operation declares none.
DC123 undecodable-request-body request error
    The body of the request is not what its content type says.
DC130 request-media-type request error
    The content type of the request is missing or not declared.
DC201 undeclared-status response error
    The status of the response is not declared, nor its range, nor a default.
DC202 undeclared-media-type response error
    The content type of the response is missing or not declared for its status.
DC210 missing-header response error
    A header field is missing that the document requires in the response.
DC211 header-schema response error
    A header field of the response breaks its schema.
DC220 type response error
    A value in the body has another type than its schema says; null counts as a type.
DC221 missing-property response error
    An object in the body lacks a required property.
DC222 enum response error
    A value in the body is not one of the `enum` or `const` of its schema.
DC223 format response error
    A text in the body is not in the `format` of its schema.
DC224 bounds response error
    A value in the body is too long, too short, too big, too small, or does not match its
    pattern.
DC225 schema response error
    A value in the body breaks its schema in another way.
DC226 undecodable-body response error
    The body of the response is not what its content type says.
DC227 empty-body response error
    The body of the response is empty, and its content type has no empty content.
DC228 undocumented-property response error
    An object in the body has a property that its schema does not allow.
DC229 undeclared-property response warning
    An object in the body has a property that its schema does not declare.
DC230 absent-property response info
    An object in the body lacks a property that its schema declares and does not require.
DC301 credential-not-enforced request error
    The document demands credentials, the request has none, and the service served it all the
    same.
DC302 wrong-credential-accepted request error
    The request has credentials that are nobody's, and the service served it all the same.
DC303 foreign-object-readable request error
    An object of one user was served to another one.
DC401 server-error response error
    The service responded with 5xx.
DC402 wrong-input-accepted request error
    A request that breaks the document was served as if it were right.
DC403 example-refused request error
    A request made of the document's own examples was refused as wrong input.
DC404 right-input-refused request info
    A request that keeps to the schemas was refused as wrong input; schemas do not say all.
DC405 no-response response error
    The connection broke or timed out before the response was complete.
DC411 created-not-found response error
    An object that was created just before is not there.
DC412 deleted-still-there response error
    An object that was deleted just before is still there.
DC413 not-idempotent response error
    A second PUT or DELETE of the same changes what the first one had done, or fails.
DC414 another-object response error
    The object that was asked for by its id has another id.
DC415 page-repeats response error
    The items of one page come again on the next.
DC901 not-judged document warning
    The document has a problem that keeps this part of the exchange from being judged.
"""


def _codes() -> Iterator[Code]:
    for row in re.split(r"\n(?=DC)", _TABLE.strip()):
        head, *meaning = row.splitlines()
        code, name, side, severity = head.split()
        text = " ".join(line.strip() for line in meaning)
        yield Code(code, name, side, severity, text)  # type: ignore[arg-type]


#: Every code, by itself.
CODES: Mapping[str, Code] = {each.code: each for each in _codes()}

#: What only a run can find: its rule is the name of its code.
_OF_RUNS = {
    (each.side, each.name): each.code for each in CODES.values() if "DC302" <= each.code <= "DC499"
}
_BY_RULE: Mapping[tuple[Side, str], str] = {
    **_OF_RUNS,
    ("request", "undocumented-path"): "DC101",
    ("request", "undocumented-method"): "DC102",
    ("request", "credential-not-enforced"): "DC301",
    ("request", "undeclared-body"): "DC122",
    ("request", "content-type"): "DC130",
    ("response", "status"): "DC201",
    ("response", "content-type"): "DC202",
    ("response", "empty"): "DC227",
}
_UNDECLARED = {"query": "DC112", "header": "DC113", "cookie": "DC114"}
_BODY_RULES: Mapping[str, str] = {
    "type": "DC220",
    "required": "DC221",
    "enum": "DC222",
    "const": "DC222",
    "format": "DC223",
    **dict.fromkeys(LIMITS, "DC224"),
    "additionalProperties": "DC228",
    "unevaluatedProperties": "DC228",
    "encoding": "DC226",
}
_LAYERS = {"undocumented_members": "DC229", "missing_members": "DC230"}


def code_of(violation: Violation, side: Side) -> Code:
    """The kind of a violation."""
    where, rule = violation.where, violation.rule
    if rule == "document":
        return CODES["DC901"]
    code = _BY_RULE.get((side, rule)) or _LAYERS.get(violation.layer)
    if code is None and side == "request":
        code = _of_request(where, rule)
    if code is None and where.startswith("response.header."):
        code = "DC210" if rule == "required" else "DC211"
    return CODES[code or _BODY_RULES.get(rule, "DC225")]


def _of_request(where: str, rule: str) -> str:
    if where == "request.body":
        return {"missing-body": "DC121", "encoding": "DC123"}.get(rule, "DC120")
    if rule == "undeclared-parameter":
        return _UNDECLARED[where.split(".")[1]]
    return "DC110" if rule in ("required", "missing-argument") else "DC111"
