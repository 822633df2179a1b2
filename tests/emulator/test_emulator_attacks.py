"""Requests that claim, or stand for, far more than they are: each is bounded, others are served."""

from __future__ import annotations

import base64
import io
import math
import socket
import struct
import time
import zlib
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from emulator_support import BELL, Api

from dynclient import emulator

HEAD = 'OPENQASM 3.0; include "stdgates.inc"; '
NESTED = (
    HEAD
    + "gate g0 a { x a; x a; } "
    + "".join(f"gate g{n} a {{ g{n - 1} a; g{n - 1} a; }} " for n in range(1, 41))
    + "qubit q; bit c; g40 q; c = measure q;"
)


@pytest.fixture(scope="module")
def api(api_for: Callable[[str], Api]) -> Iterator[Api]:
    with emulator.run(job_memory=512 << 20, max_body=4 << 20) as url:
        caller = api_for(url)
        caller.run({"pubs": [[BELL, None, 1]]})
        yield caller
        caller.close()


def encoded(name: str, raw: bytes) -> dict[str, str]:
    return {"__type__": name, "__value__": base64.b64encode(zlib.compress(raw, 9)).decode()}


def zeros(size: int) -> bytes:
    """Zeros, compressed without ever holding them."""
    stream = zlib.compressobj(9)
    block = bytes(1 << 20)
    pieces = [stream.compress(block) for _ in range(size >> 20)]
    return b"".join([*pieces, stream.flush()])


def npy(shape: str, body: bytes = b"") -> bytes:
    """A file of NumPy's that claims a shape."""
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}".encode()
    header += b" " * (63 - (len(header) + 10) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + body


def qpy(qubits: int) -> bytes:
    """QPY of a circuit without instructions whose header claims that many qubits."""
    from qiskit import QuantumCircuit
    from qiskit import qpy as writer

    file = io.BytesIO()
    writer.dump(QuantumCircuit(7, 3, name="name"), file, version=13)
    claimed = file.getvalue().replace(struct.pack("!II", 7, 3), struct.pack("!II", qubits, 3), 1)
    assert claimed != file.getvalue()
    return claimed


BOMB = {"__type__": "QuantumCircuit", "__value__": base64.b64encode(zeros(1 << 30)).decode()}
ROTATED = HEAD + "input float a; bit[1] c; rx(a) $0; c[0] = measure $0;"
ATTACKS: dict[str, tuple[str, list[Any], str]] = {
    "a gigabit of bits": ("sampler", [HEAD + "bit[1000000000] c;"], "declares 1000000000 bits"),
    "a gigabit of qubits": ("sampler", [HEAD + "qubit[1000000000] q;"], "1000000000 bits"),
    "bits counted by a constant": (
        "sampler",
        [HEAD + "const int n = 1000000000; bit[n] c; qubit q; c[0] = measure q;"],
        "",
    ),
    "2^40 gates by nested definitions": ("sampler", [NESTED], "1000000 gates"),
    "a million million turns": (
        "sampler",
        [HEAD + "qubit q; bit c; for int i in [0:1000000000000] { x q; } c = measure q;"],
        "1000000 gates",
    ),
    "a loop without end": (
        "sampler",
        [HEAD + "qubit q; bit c; while (!c) { reset q; c = measure q; } c = measure q;"],
        "while loops",
    ),
    "a file of the machine": ("sampler", [HEAD + 'include "/etc/passwd";'], "non-stdgates"),
    "a text of a million brackets": ("sampler", [HEAD + "(" * 1_000_000], ""),
    "a gigabyte of zeros as a circuit": ("sampler", [BOMB], "more than 100000000 bytes"),
    "4e9 qubits in the header of QPY": (
        "sampler",
        [encoded("QuantumCircuit", qpy(2**32 - 1))],
        "",
    ),
    "a gigabyte of zeros as values": (
        "sampler",
        [ROTATED, {"__type__": "ndarray", "__value__": BOMB["__value__"]}],
        "more than 100000000 bytes",
    ),
    "an array that claims 10^12 values": (
        "sampler",
        [ROTATED, encoded("ndarray", npy("(1000000, 1000000)"))],
        "claims 1000000000000 values",
    ),
    "an array of a shape that has no end": (
        "sampler",
        [ROTATED, encoded("ndarray", npy("(" + "9" * 5000 + ",)"))],
        "",
    ),
    "a pickle in an array": (
        "sampler",
        [ROTATED, encoded("ndarray", npy("(1,)").replace(b"'<f8'", b"'|O' ") + b"x" * 64)],
        "can't be read",
    ),
    "observables of ten thousand letters": ("estimator", [HEAD + "qubit q;", "Z" * 10_000], ""),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_a_job_that_stands_for_too_much_fails_and_others_are_served(api: Api, name: str) -> None:
    program, pub, reason = ATTACKS[name]
    job_id = api.submit({"pubs": [pub]}, program)
    started = time.monotonic()
    api("GET", "/v1/jobs?limit=1", 200)
    served = time.monotonic() - started
    job = api.ended(job_id)
    assert job["status"] == "Failed", job
    assert reason in job["state"]["reason"]
    assert job["state"]["reason_code"] != 9500, job["state"]["reason"]
    # A second of CPU, and what a busy machine adds; far from the hours that these would take.
    assert job["usage"]["seconds"] < 15
    assert served < 10
    assert api.run({"pubs": [[BELL, None, 1]]})["status"] == "Completed"


@pytest.mark.parametrize("seed", [-1, 2**40, 0.5])
def test_a_seed_that_is_none_is_refused(api: Api, seed: Any) -> None:
    options = {"simulator": {"seed_simulator": seed}}
    body = {"program_id": "sampler", "backend": "ibm_fez",
            "params": {"pubs": [[BELL]], "options": options}}  # fmt: skip
    errors = api("POST", "/v1/jobs", 400, json=body).json()["errors"]
    assert "seed_simulator" in errors[0]["message"]


def connected(api: Api) -> socket.socket:
    parts = urlsplit(api.url)
    return socket.create_connection((parts.hostname or "", parts.port or 0), timeout=30)


def first_line(client: socket.socket) -> bytes:
    return client.makefile("rb").readline()


def test_credentials_are_looked_at_before_the_body(api: Api) -> None:
    with connected(api) as client:
        client.sendall(
            b"POST /api/v1/jobs HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\n"
            b"Content-Length: 209715200\r\n\r\n"
        )
        assert b" 401 " in first_line(client), "not a byte of the body was sent"


def test_a_form_of_the_token_service_is_bounded(api: Api) -> None:
    form = {"grant_type": "x", "apikey": "y" * 1_000_000}
    response = requests.post(emulator.iam_url(api.url), data=form, timeout=30)
    assert response.status_code == 413


@pytest.mark.parametrize("length", [b"Content-Length: 209715200", b"Transfer-Encoding: chunked"])
def test_a_body_over_the_bound_is_refused_without_being_read_whole(api: Api, length: bytes) -> None:
    head = (
        f"POST /api/v1/jobs HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {emulator.TOKEN}\r\nService-CRN: {emulator.CRN}\r\n"
    ).encode()
    with connected(api) as client:
        client.sendall(head + length + b"\r\n\r\n")
        if b"chunked" in length:
            for _ in range(5):
                client.sendall(b"100000\r\n" + b" " * (1 << 20) + b"\r\n")
        assert b" 413 " in first_line(client)
    assert api("GET", "/v1/versions", 200)


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":' * 100_000,
        b"[" + b"1" * 1_000_000 + b"]",
        b'{"program_id": "sampler", "backend": "ibm_fez", "params": {"pubs": ['
        + b"0," * 500_000
        + b"0]}}",
        b'{"program_id": "sampler", "backend": "ibm_fez", "params": {"pubs": ['
        + b'[""],' * 500_000
        + b"0]}}",
    ],
    ids=["nested", "digits", "wrong items", "too many items"],
)
def test_a_body_that_is_work_to_judge_is_refused_while_others_are_served(
    api: Api, body: bytes
) -> None:
    response = requests.post(
        f"{api.url}/v1/jobs",
        data=body,
        headers={
            "Authorization": f"Bearer {emulator.TOKEN}",
            "Service-CRN": emulator.CRN,
            "Content-Type": "application/json",
        },
        timeout=60,
    )
    assert response.status_code == 400
    assert len(response.content) < 20_000


def test_a_long_array_of_plain_numbers_is_taken_whole(api: Api) -> None:
    params = {"pubs": [[ROTATED, [[0.0]] * 9_999 + [[math.pi]], 1]]}
    samples = api.result(params)["results"][0]["data"]["c"]["samples"]
    assert samples == ["0x0"] * 9_999 + ["0x1"]
