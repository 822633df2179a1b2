"""The cache of parsed YAML documents."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from dynclient import DocumentError, Trust, load
from dynclient.document import cache, parse
from dynclient.document.parse import parse_document

TEXT = b"""\
openapi: 3.1.0
info: {title: Cached, version: "1"}
paths:
  /a:
    get:
      responses:
        200: {description: ok}
x-big: 123456789012345678901234567890
x-day: 2024-01-01
x-float: 1.0
"""
DATA = {
    "openapi": "3.1.0",
    "info": {"title": "Cached", "version": "1"},
    "paths": {"/a": {"get": {"responses": {"200": {"description": "ok"}}}}},
    "x-big": 123456789012345678901234567890,
    "x-day": "2024-01-01",
    "x-float": 1.0,
}
ROOT = hasattr(os, "geteuid") and os.geteuid() == 0


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the entries."""
    monkeypatch.setenv("DYNCLIENT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(cache, "_logged", set())
    return tmp_path / "cache" / "documents"


@pytest.fixture
def parses(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What was really parsed."""
    parsed: list[bytes] = []
    read = parse._read_yaml

    def spy(content: bytes, source: str, trust: Trust) -> tuple[Any, int]:
        parsed.append(content)
        return read(content, source, trust)

    monkeypatch.setattr(parse, "_read_yaml", spy)
    return parsed


def read(content: bytes = TEXT, trust: Trust = Trust()) -> Any:  # noqa: B008
    return parse_document(content, "doc.yaml", trust)


def files(place: Path) -> list[Path]:
    return sorted(place.iterdir()) if place.exists() else []


def same(one: Any, other: Any) -> bool:
    return json.dumps(one) == json.dumps(other)


def test_a_second_reading_parses_nothing_and_gives_the_same(
    parses: list[bytes], place: Path
) -> None:
    assert same(read(), DATA)
    assert same(read(), DATA)
    assert len(parses) == 1
    assert len(files(place)) == 1


def test_another_text_is_another_entry(parses: list[bytes], place: Path) -> None:
    read()
    assert read(TEXT.replace(b"Cached", b"Other"))["info"]["title"] == "Other"
    assert len(parses) == len(files(place)) == 2


def test_another_version_or_policy_is_another_entry(
    parses: list[bytes], place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read()
    read(trust=Trust(max_depth=500))
    monkeypatch.setattr(parse, "_READER", parse._READER + 1)
    read()
    monkeypatch.setattr("dynclient.document.cache.__version__", "0.0.0.test")
    read()
    assert len(parses) == len(files(place)) == 4


def test_a_stricter_policy_is_not_passed_by_what_a_looser_one_kept() -> None:
    read()
    with pytest.raises(DocumentError, match="deeper than 3 levels"):
        read(trust=Trust(max_depth=3))


@pytest.mark.parametrize(
    "damage",
    [
        lambda kept: b"",
        lambda kept: kept[:10],
        lambda kept: kept[:-1],
        lambda kept: kept[:100] + bytes([kept[100] ^ 1]) + kept[101:],
        lambda kept: bytes(len(kept)),
        lambda kept: b"{}",
        lambda kept: kept + b" ",
    ],
    ids=["empty", "short", "cut", "bit flip", "zeros", "foreign", "longer"],
)
def test_a_damaged_file_is_read_past_and_rewritten(
    damage: Any, parses: list[bytes], place: Path
) -> None:
    read()
    (file,) = files(place)
    kept = file.read_bytes()
    file.write_bytes(damage(kept))
    assert same(read(), DATA)
    assert len(parses) == 2
    assert file.read_bytes() == kept


@pytest.mark.parametrize(
    "content",
    [b"a: .inf\n", b"a: [.nan, 1]\n", b"just text\n", b"null\n"],
    ids=["infinity", "not a number", "text", "null"],
)
def test_what_has_no_json_form_is_not_kept(
    content: bytes, parses: list[bytes], place: Path
) -> None:
    assert repr(read(content)) == repr(read(content))
    assert len(parses) == 2
    assert not files(place)


def test_json_is_not_kept(place: Path) -> None:
    assert read(json.dumps(DATA).encode()) == DATA
    assert not files(place)


def test_a_text_that_its_aliases_multiply_is_not_kept(place: Path) -> None:
    many = ", ".join(["*a"] * 2_000)
    content = f"a: &a [{'x' * 500}]\nb: [{many}]\n".encode()
    assert len(read(content)["b"]) == 2_000
    assert not files(place)
    few = b"a: &a [x]\nb: *a\n"
    assert read(few) == read(few) == {"a": ["x"], "b": ["x"]}
    assert len(files(place)) == 1


def test_a_broken_text_is_not_kept_and_names_its_source_each_time(place: Path) -> None:
    for _ in range(2):
        with pytest.raises(DocumentError, match=r"doc\.yaml, line 1, column 5"):
            read(b"a: b: c\n")
    assert not files(place)


def test_errors_in_a_kept_document_name_the_file_that_was_opened(tmp_path: Path) -> None:
    for name in ("one.yaml", "two.yaml"):
        path = tmp_path / name
        path.write_bytes(b"openapi: 7.0.0\n")
        with pytest.raises(DocumentError) as caught:
            load(path)
        assert caught.value.source == str(path)


def test_off_keeps_nothing(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for setting in ("off", "OFF"):
        monkeypatch.setenv("DYNCLIENT_CACHE", setting)
        assert read() == DATA
        assert cache.folder() is None
    assert not files(place)


def test_the_folder_is_platformdirs_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import platformdirs

    for setting in (str(tmp_path / "xdg"), "", "relative"):
        monkeypatch.setenv("XDG_CACHE_HOME", setting)
        for unset in ("", None):
            if unset is None:
                monkeypatch.delenv("DYNCLIENT_CACHE", raising=False)
            else:
                monkeypatch.setenv("DYNCLIENT_CACHE", unset)
            expected = platformdirs.user_cache_path("dynclient", appauthor=False)
            assert cache.folder() == expected / "documents"


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
def test_only_the_user_may_read_what_is_kept(place: Path) -> None:
    before = os.umask(0)
    try:
        read()
    finally:
        os.umask(before)
    (file,) = files(place)
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def refused(
    caplog: pytest.LogCaptureFixture, parses: list[bytes], level: int = logging.DEBUG
) -> list[str]:
    """Read twice, parse twice; the logs."""
    caplog.set_level(level, "dynclient.document")
    assert same(read(), DATA)
    assert same(read(), DATA)
    assert len(parses) == 2
    return [record.getMessage() for record in caplog.records if "cache" in record.getMessage()]


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
@pytest.mark.parametrize("what", ["folder", "file"])
def test_what_another_user_may_write_is_not_trusted(
    what: str, place: Path, parses: list[bytes], caplog: pytest.LogCaptureFixture
) -> None:
    read()
    (file,) = files(place)
    victim, mode = (place, 0o777) if what == "folder" else (file, 0o666)
    forged = json.dumps(DATA).replace("Cached", "Forged").encode()
    file.write_bytes(hashlib.blake2b(forged, digest_size=32).digest() + forged)
    victim.chmod(mode)
    parses.clear()
    if what == "folder":
        assert len(refused(caplog, parses)) == 1
    else:
        assert same(read(), DATA)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.skipif(not ROOT, reason="only root can give a folder away")
def test_a_folder_of_another_user_is_left_alone(
    place: Path, parses: list[bytes], caplog: pytest.LogCaptureFixture
) -> None:
    place.mkdir(parents=True, mode=0o700)
    os.chown(place, 12345, 12345)
    assert all("another user" in log for log in refused(caplog, parses))
    assert not files(place)


def test_a_link_in_place_of_the_folder_is_left_alone(
    tmp_path: Path, place: Path, parses: list[bytes], caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    place.parent.mkdir()
    place.symlink_to(tmp_path / "elsewhere")
    assert refused(caplog, parses)
    assert not files(tmp_path / "elsewhere")


def test_a_folder_that_cannot_be_made_costs_one_debug_log(
    tmp_path: Path, parses: list[bytes], caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "cache").write_text("a file is in the way")
    assert len(refused(caplog, parses)) == 1
    assert all(record.levelno == logging.DEBUG for record in caplog.records)


def test_a_disk_that_is_full_or_read_only_leaves_nothing_behind(
    place: Path, parses: list[bytes], caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    def no(*_: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(Path, "replace", no)
    assert len(refused(caplog, parses)) == 1
    assert not files(place)


@pytest.mark.skipif(ROOT or os.name != "posix", reason="root writes anywhere")
def test_a_read_only_folder_is_worked_without(
    place: Path, parses: list[bytes], caplog: pytest.LogCaptureFixture
) -> None:
    place.mkdir(parents=True)
    place.chmod(0o500)
    assert len(refused(caplog, parses)) == 1
    place.chmod(0o700)


def test_the_oldest_give_way_to_the_newest(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read()
    size = files(place)[0].stat().st_size
    monkeypatch.setattr(cache, "_MAX_BYTES", size * 3 + 10)
    made = [files(place)[0]]
    for n in range(5):
        for age, path in enumerate(reversed(made[-3:])):
            os.utime(path, (time.time() - 60 * (age + 1),) * 2)
        known = set(files(place))
        read(TEXT.replace(b"Cached", b"Cach%02d" % n))
        made += set(files(place)) - known
    assert set(files(place)) == set(made[-3:])


def test_a_text_over_half_the_bound_is_not_kept(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "_MAX_BYTES", 100)
    read()
    assert not files(place)


def test_only_our_own_files_are_swept(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place.mkdir(parents=True, mode=0o700)
    name = "0" * 64 + ".json"
    (place / "yours.txt").write_bytes(b"x" * 1_000)
    (place / f"{name}.{'1' * 16}.tmp").write_bytes(b"in use")
    (place / f"{name}.{'2' * 16}.tmp").write_bytes(b"left behind")
    for left in ("yours.txt", f"{name}.{'2' * 16}.tmp"):
        os.utime(place / left, (0, 0))
    monkeypatch.setattr(cache, "_MAX_BYTES", 900)
    read()
    assert [path.name for path in files(place)][:1] == [f"{name}.{'1' * 16}.tmp"]
    assert (place / "yours.txt").exists()
    assert len(files(place)) == 3


def test_processes_that_start_at_once_agree(place: Path, tmp_path: Path) -> None:
    document = tmp_path / "big.yaml"
    document.write_bytes(TEXT + b"x-long:\n" + b"".join(b"- {n: %d}\n" % n for n in range(20_000)))
    program = f"""
import sys, time
from dynclient.document.parse import parse_document
from dynclient import Trust
content = open({str(document)!r}, "rb").read()
time.sleep(max(0, {time.time() + 2} - time.time()))
data = parse_document(content, "big.yaml", Trust())
print(len(data["x-long"]), data["x-big"])
"""
    running = [
        subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    answers = {process.communicate(timeout=60)[0] for process in running}
    assert answers == {f"20000 {DATA['x-big']}\n"}
    assert len(files(place)) == 1


def modules_after(program: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", program + "\nimport sys; print(*sys.modules)"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return set(done.stdout.split())


def test_a_warm_start_imports_no_yaml_reader() -> None:
    program = "from dynclient import load; load('qiskit-runtime')"
    assert "yaml12" in modules_after(program)
    warm = modules_after(program)
    assert warm.isdisjoint({"yaml", "yaml12"})
    if sys.platform == "linux":
        assert "platformdirs" not in warm


def test_reading_the_bundled_document_never_needs_the_reference() -> None:
    assert "yaml" not in modules_after("from dynclient import load; load('qiskit-runtime')")


def test_the_page_of_the_cache_names_what_there_is() -> None:
    page = (Path(__file__).parents[2] / "docs" / "loading.md").read_text(encoding="utf-8")
    assert f"{cache._MAX_BYTES >> 20} MiB" in page
    assert "DYNCLIENT_CACHE=off" in page
