"""A case of a run once more: whether it still shows what it showed, and as a test of its own."""

from __future__ import annotations

import json
from math import inf
from os import PathLike
from pathlib import Path
from typing import NamedTuple

from ...client import Client
from ...credentials import schemes_of
from ..findings import Finding
from ..judge import Judge
from ..tally import Tally
from .cases import Case, load_case
from .probe import Probe

__all__ = ["Replayed", "as_test", "replay"]


class Replayed(NamedTuple):
    """What became of a case.

    code    what it showed in the run
    found   what it shows now, worst first; without what is only "info"
    """

    path: Path
    case: Case
    code: str
    found: tuple[Finding, ...]

    @property
    def shows(self) -> bool:
        """Whether it shows the same again."""
        return any(each.code == self.code for each in self.found)


def replay(client: Client, *paths: str | PathLike[str]) -> list[Replayed]:
    """Send the cases of files once more, with the credentials of the client.

    A case of a sequence is its last request alone. CaseError for a file that holds none.
    """
    base_url = client.base_url
    cases = [(Path(path), *load_case(path, base_url)) for path in paths]
    judge = Judge(client, base_url=base_url)
    schemes = schemes_of(client.document)
    probe = Probe(client, judge, Tally(), schemes, until=inf, told=lambda _: None)
    done = []
    for path, case, code in cases:
        _, found = probe.visit(case)
        kept = tuple(each for each in found if each.severity != "info")
        done.append(Replayed(path, case, code, kept))
    return done


def as_test(path: str | PathLike[str], spec: str, base_url: str) -> str:
    """The text of a pytest module that repeats a case and fails while it shows anything.

    Credentials come from the environment: `environment_auth`, by the names of the schemes.
    """
    case, code = load_case(path)
    data = json.loads(Path(path).read_text(encoding="utf-8"))
    name = "".join(each if each.isalnum() else "_" for each in case.operation).lower()
    text = json.dumps(data, indent=2, ensure_ascii=True)
    return _TEST.format(
        operation=case.operation,
        code=code,
        method=case.request.method,
        name=f"{name}_{code.lower()}",
        spec=spec,
        base_url=base_url,
        case=json.dumps(text),
    )


_TEST = '''"""{operation}: {method}, which showed {code}. Written by `dynclient conform pytest`."""

import os

from dynclient import Client
from dynclient.auth import environment_auth
from dynclient.conformance import replay

SPEC = os.environ.get("CONFORMANCE_SPEC", {spec!r})
URL = os.environ.get("CONFORMANCE_URL", {base_url!r})
CASE = {case}


def test_{name}(tmp_path):
    path = tmp_path / "case.json"
    path.write_text(CASE, encoding="utf-8")
    with Client(SPEC, base_url=URL) as client:
        schemes = client.document.data.get("components", {{}}).get("securitySchemes", {{}})
        signed = client.with_options(auth=environment_auth(schemes))
        (again,) = replay(signed, path)
    assert not again.found, [each.violation.message for each in again.found]
'''
