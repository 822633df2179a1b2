"""`python -m benchmarks.corpus DIR`: load every document of a folder, compile every operation.

--jobs N       how many documents are looked at side by side (default 1)
--filter GLOB  only documents whose path below DIR fits
--limit SEC    the time one document may take before it counts as a hang (default 900)
--shown N      how many failures of a group are listed (default 10)
--json FILE    where everything found goes, one entry a document

Each document has a process of its own, so that a hang, a crash or its memory is its own. A failure
is the document's own fault when the document says so (a DocumentError with a JSON pointer) and
what it says holds in the raw data; everything else is a fault of dynclient, and makes the exit
status 1: another exception, a time-out, a dead process, an operation that is missing.
"""

from __future__ import annotations

import argparse
import fnmatch
import json
import logging
import multiprocessing
import re
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from dynclient.document import Document, load
from dynclient.errors import DocumentError
from dynclient.operation import Operation, Operations, base_url

__all__ = ["examine", "main", "method_entries", "survey"]

_ENDINGS = {".json", ".yaml", ".yml"}
_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
#: Headers that are no parameters, since a call has other places for them (Parameter Object).
_OTHERWISE_SENT = {"accept", "content-type", "authorization"}
#: How a DocumentError starts that tells of a bound of the `Trust` policy.
_BOUNDS = ("a schema reaches more than", "the chain of $refs from here never ends")
#: What a server may lawfully lack: a document read from a file has no web address.
_NO_ADDRESS = ("is relative, and the document has no web address", "has no default for its")


# ── one document ─────────────────────────────────────────────────────────────────────────────────


def examine(path: Path) -> dict[str, Any]:
    """Everything there is to know of one document, as plain data.

    `kind` is "document", "other" for a file that is no OpenAPI document, or "refused" for one that
    can't be read; `failures` and `problems` are lists of objects, `seconds` is processor time.
    """
    started = time.process_time()
    _reset_peak()
    found: dict[str, Any] = {"kind": "document", "operations": 0, "failures": [], "problems": []}
    try:
        document = load(path)
        operations = Operations(document)
        found |= {"version": document.version, "operations": len(operations)}
        found["loaded"] = time.process_time() - started
        for batch in _batches(list(operations)):
            # Compiled operations are kept by who holds them; all of a document may fill memory.
            some = Operations(document)
            for name in batch:
                found["failures"] += _compile(document, some, name)
        found["failures"] += _unreachable(operations)
        found["problems"] = [problem.as_dict() for problem in document.problems]
        found |= {"seconds": time.process_time() - started, "peak": _peak()}
        found["entries"] = sum(1 for _ in method_entries(document.data))
        found["failures"] += _lost(document, operations, found["problems"])
    except DocumentError as error:
        found["kind"] = "other" if error.problem.startswith("no OpenAPI document") else "refused"
        found["failures"].append(_failure("", error.problem, error.pointer or "", False))
    except Exception as error:  # noqa: BLE001 - what a broken document may never raise is told
        found["failures"].append(_failure("", _named(error), "", True))
    return {"seconds": time.process_time() - started, "peak": _peak(), **found}


def _batches(names: list[str]) -> Iterator[list[str]]:
    yield from (names[start : start + 500] for start in range(0, len(names), 500))


def _compile(document: Document, operations: Operations, name: str) -> Iterator[dict[str, Any]]:
    """The failures of one operation: to compile it, to describe it, to reach it by its names."""
    operation = operations[name]
    for what, act in _ACTS.items():
        try:
            act(operation)
        except DocumentError as error:
            if what == "base_url" and any(text in error.problem for text in _NO_ADDRESS):
                continue
            ours = error.pointer is None or not _holds(document, error)
            text = error.problem if what == "compile" else f"{what}: {error.problem}"
            yield _failure(name, text, error.pointer or "", ours)
        except Exception as error:  # noqa: BLE001 - see above
            yield _failure(name, f"{what}: {_named(error)}", operation.at.pointer, True)
    if operations[f"{operation.method} {operation.path}"] is not operation:
        yield _failure(name, "its path is another operation's", operation.at.pointer, True)


def _unreachable(operations: Operations) -> Iterator[dict[str, Any]]:
    """Operations whose alias leads to another one, unless that has the alias for a name."""
    for alias, name in operations.aliases.items():
        if name is not None and operations[alias].name not in (name, alias):
            place = operations[name].at.pointer
            yield _failure(name, f"its alias {alias!r} is another's", place, True)


_ACTS: Mapping[str, Any] = {
    "compile": Operation.compile,
    "parameters": lambda operation: [p.serializer() for p in operation.parameters],
    "signature": lambda operation: str(operation.signature),
    "docstring": lambda operation: operation.docstring,
    "accept": lambda operation: operation.accept,
    "redactor": lambda operation: operation.redactor,
    "security": lambda operation: operation.security,
    "base_url": lambda operation: base_url(operation.document, operation.servers),
}


def _lost(
    document: Document, operations: Operations, problems: list[dict[str, str]]
) -> Iterator[dict[str, Any]]:
    """Operations and parameters that are in the data and not in ours, and of which nobody told."""
    told = {problem["pointer"] for problem in problems}
    for path, method, entry in method_entries(document.data):
        key = f"{method.upper()} {path}"
        value = entry[method]
        if key not in operations:
            if not told & set(_above(path, method)):
                yield _failure(key, "the operation is missing", "", True)
            continue
        declared: set[tuple[str, str]] = set()
        for group in (entry.get("parameters"), value.get("parameters")):
            for member in group if isinstance(group, list) else ():
                parameter, places = _followed(document.data, member)
                if isinstance(parameter, dict) and not told & places:
                    declared.add((str(parameter.get("in")), str(parameter.get("name"))))
        ours = {(p.location, p.name) for p in operations[key].parameters}
        for location, name in declared - ours:
            if (location == "header" and name.lower() in _OTHERWISE_SENT) or not name:
                continue
            if not any(pointer.startswith(operations[key].at.pointer) for pointer in told):
                yield _failure(key, f"the parameter {name!r} in {location} is missing", "", True)


def _above(path: str, method: str) -> Iterator[str]:
    place = "/paths/" + path.replace("~", "~0").replace("/", "~1")
    yield from ("/paths", place, f"{place}/{method}")


def _followed(data: Any, value: Any) -> tuple[Any, set[str]]:
    """The end of a chain of references, and the places on the way."""
    places: set[str] = set()
    while isinstance(value, dict) and isinstance(reference := value.get("$ref"), str):
        if reference in places:
            return None, places
        places.add(reference)
        value = _target(data, reference)
    return value, {unquote(place.removeprefix("#")) for place in places}


def method_entries(data: Any) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """(path, method, path item) of every operation in data, told without dynclient's help."""
    paths = data.get("paths") if isinstance(data, dict) else None
    for path, item in paths.items() if isinstance(paths, dict) else ():
        if str(path).startswith("x-"):
            continue
        entry = item
        for _ in range(100):
            if not (isinstance(entry, dict) and isinstance(entry.get("$ref"), str)):
                break
            entry = {**(_target(data, entry["$ref"]) or {}), **_without_ref(entry)}
        for method in _METHODS:
            if isinstance(entry, dict) and method in entry:
                yield path, method, entry


def _without_ref(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if key != "$ref"}


def _target(data: Any, reference: str) -> Any:
    """What a reference within a document leads to; None if it leads nowhere."""
    if reference != "#" and not reference.startswith("#/"):
        return None
    value = data
    for token in unquote(reference[1:]).split("/")[1:]:
        name = token.replace("~1", "/").replace("~0", "~")
        try:
            value = value[int(name)] if isinstance(value, list) else value[name]
        except (KeyError, IndexError, ValueError, TypeError):
            return None
    return value


def _holds(document: Document, error: DocumentError) -> bool:
    """Whether what a DocumentError says of the document is so, looked up in the raw data."""
    if error.problem.startswith(_BOUNDS) or error.source not in (None, document.uri):
        return True
    if not error.problem.startswith("$ref "):
        return False
    data = document.data
    stands = _target(data, f"#{error.pointer}")
    return isinstance(stands, dict) and _target(data, str(stands.get("$ref"))) is None


def _failure(operation: str, reason: str, pointer: str, ours: bool) -> dict[str, Any]:
    return {"operation": operation, "reason": reason, "pointer": pointer, "ours": ours}


def _named(error: BaseException) -> str:
    return f"{type(error).__name__}: {str(error)[:200]}"


def _reset_peak() -> None:
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return  # elsewhere than on Linux the peak includes the imports' own


def _peak() -> int:
    """The highest resident size of this process so far, in bytes."""
    import resource

    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    found = re.search(r"VmHWM:\s+(\d+)", status)
    return int(found[1]) * 1024 if found else 0


# ── many documents ───────────────────────────────────────────────────────────────────────────────


def survey(
    folder: Path, *, jobs: int = 1, pattern: str = "*", limit: float = 900.0
) -> Iterator[tuple[str, dict[str, Any]]]:
    """(path below `folder`, what `examine` found) of every document, as they are done."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["dynclient.operation", "jsonschema_rs", "yaml"])
    waiting = [path for path in _files(folder) if fnmatch.fnmatch(_name(path, folder), pattern)]
    waiting.reverse()
    running: dict[Connection, tuple[Any, Path, float]] = {}
    while waiting or running:
        while waiting and len(running) < jobs:
            path = waiting.pop()
            ours, theirs = context.Pipe(duplex=False)
            process = context.Process(target=_work, args=(theirs, path), daemon=True)
            process.start()
            theirs.close()
            running[ours] = (process, path, time.monotonic() + limit)
        first = min(end for _, _, end in running.values())
        ready = wait(list(running), timeout=max(0.0, first - time.monotonic()))
        for pipe, (process, path, end) in list(running.items()):
            if pipe in ready or time.monotonic() > end:
                yield _name(path, folder), _outcome(pipe, process, pipe in ready, limit)
                del running[pipe]


def _outcome(pipe: Connection, process: Any, answered: bool, limit: float) -> dict[str, Any]:
    found: dict[str, Any] | None = None
    if answered:
        try:
            found = pipe.recv()
        except EOFError:
            found = None
    else:
        process.kill()
    process.join()
    if found is None:
        reason = f"the process died ({process.exitcode})" if answered else f"no end in {limit:g} s"
        failures = [_failure("", reason, "", True)]
        found = {"kind": "document", "operations": 0, "problems": [], "failures": failures}
        found |= {"seconds": limit, "peak": 0}
    pipe.close()
    return found


def _work(pipe: Connection, path: Path) -> None:
    logging.getLogger("dynclient").setLevel(logging.CRITICAL)
    pipe.send(examine(path))
    pipe.close()


def _files(folder: Path) -> list[Path]:
    """The files below a folder that may be documents; of a folder of parts, all of them."""
    files = sorted(p for p in folder.rglob("*") if p.suffix in _ENDINGS and p.is_file())
    return [folder] if folder.is_file() else files


def _name(path: Path, folder: Path) -> str:
    return path.name if path == folder else path.relative_to(folder).as_posix()


# ── the report ───────────────────────────────────────────────────────────────────────────────────


def _kind(reason: str) -> str:
    """A reason without what is peculiar to one place, to group by."""
    return re.sub(r"\d+", "N", re.sub(r"(['\"]).*?\1", "…", reason))


def report(results: Mapping[str, dict[str, Any]], shown: int) -> Iterator[str]:
    """The lines of the report."""
    documents = {name: found for name, found in results.items() if found["kind"] != "other"}
    failures = [(name, f) for name, found in documents.items() for f in found["failures"]]
    seconds = [found["seconds"] for found in documents.values()] or [0.0]
    peaks = [found["peak"] for found in documents.values()] or [0]
    problems = [(name, p) for name, found in documents.items() for p in found["problems"]]
    rows = {
        "documents": len(documents),
        "not read at all": sum(found["kind"] == "refused" for found in documents.values()),
        "other files": len(results) - len(documents),
        "method entries in the raw data": sum(f.get("entries", 0) for f in documents.values()),
        "operations": sum(found["operations"] for found in documents.values()),
        "failures, dynclient's": sum(failure["ours"] for _, failure in failures),
        "failures, the document's own": sum(not failure["ours"] for _, failure in failures),
        "problems": len(problems),
        "processor seconds": f"{sum(seconds):.1f}",
        "slowest document, seconds": f"{max(seconds):.1f}",
        "peak memory of one, MB": f"{max(peaks) / 1e6:.0f}",
    }
    width = max(map(len, rows))
    yield from (f"{key:{width}}  {value:>10}" for key, value in rows.items())
    yield from _grouped(
        "Failures",
        [(("ours: " if f["ours"] else "") + _kind(f["reason"]), (name, f)) for name, f in failures],
        lambda name, f: f"{name} {f['operation']} #{f['pointer']}: {f['reason']}",
        shown,
    )
    yield from _grouped(
        "Problems told, by rule",
        [(p["rule"], (name, p)) for name, p in problems],
        lambda name, p: f"{name} {p['source']}#{p['pointer']}: {p['message']}",
        min(shown, 2),
    )


def _grouped(
    title: str, entries: list[tuple[str, tuple[str, Any]]], line: Any, shown: int
) -> Iterator[str]:
    groups: dict[str, list[tuple[str, Any]]] = defaultdict(list)
    for kind, entry in entries:
        groups[kind].append(entry)
    yield from ("", title) if groups else ()
    for kind, group in sorted(groups.items(), key=lambda pair: -len(pair[1])):
        yield f"  {len(group)} in {len({name for name, _ in group})} documents: {kind}"
        yield from (f"      {line(name, entry)[:300]}" for name, entry in group[:shown])
        if len(group) > shown:
            yield f"      and {len(group) - shown} more"


def main() -> int:
    """Returns 0 when no failure is dynclient's own, 1 otherwise."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--filter", default="*")
    parser.add_argument("--limit", type=float, default=900.0)
    parser.add_argument("--shown", type=int, default=10)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if not options.folder.exists():
        parser.error(f"there is no {options.folder}")
    results: dict[str, dict[str, Any]] = {}
    started = time.monotonic()
    found = survey(options.folder, jobs=options.jobs, pattern=options.filter, limit=options.limit)
    for number, (name, outcome) in enumerate(found, 1):
        results[name] = outcome
        if number % 100 == 0:
            print(f"{number} files, {time.monotonic() - started:.0f} s", file=sys.stderr)
    print("\n".join(report(results, options.shown)))
    print(f"\n{time.monotonic() - started:.1f} seconds in all, {options.jobs} at a time")
    if options.json is not None:
        options.json.write_text(json.dumps(results, indent=1, sort_keys=True))
    return int(any(f["ours"] for found in results.values() for f in found["failures"]))


if __name__ == "__main__":
    sys.exit(main())
