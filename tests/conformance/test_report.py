"""Reports for tools and browsers: SARIF, the JSON form with its schema, and the page."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from conformance.shop import SHOP, URL
from dynclient import Headers, HttpRequest, HttpResponse
from dynclient.cli.program import program
from dynclient.conformance import Judge, Ledger, Tally
from dynclient.conformance.report import FORMATS, render
from dynclient.document.places import Place, Places

ROOT = Path(__file__).parents[2]
EVIL = "</script><script>document.title='broken'</script><img src=x onerror=\"document.title='x'\">"
KEY = "pl4nted-key"


def exchanges() -> Iterator[tuple[HttpRequest, HttpResponse | None]]:
    """One right exchange, and some that are wrong in ways of their own."""
    asked = Headers({"X-Key": KEY, "Accept": "application/json"})
    for data, status in (
        ([{"id": 1, "state": "open"}], 200),
        ([{"id": "one", "state": "open"}], 200),
        ([{"id": 1, "state": EVIL}, {"id": 1, "state": "lost"}], 200),
        ({"what": EVIL}, 299),
    ):
        told = Headers({"Content-Type": "application/json", "X-Total": "1", "X-Evil": EVIL})
        content = json.dumps(data).encode()
        yield HttpRequest("GET", f"{URL}/orders", asked), HttpResponse(status, told, content)
    yield HttpRequest("GET", f"{URL}/{EVIL.replace(' ', '%20')}", asked), None


def judged(document: Any = SHOP) -> tuple[Judge, Tally]:
    from dynclient.conformance import Exchange

    judge, tally = Judge(document), Tally()
    for number, (request, response) in enumerate(exchanges()):
        exchange = Exchange(request, response, 1_800_000_000.0, f"a.har, entry {number}")
        tally.add(judge.check_exchange(exchange), exchange)
    return judge, tally


def report(form: str, document: Any = SHOP, most: int | None = None) -> str:
    judge, tally = judged(document)
    return render(tally, judge.document, judge.operations, form, most=most)


@pytest.mark.parametrize("form", FORMATS)
def test_no_form_shows_a_secret_and_all_take_a_bound(form):
    assert KEY not in report(form)
    assert len(report(form, most=1)) < len(report(form))


# ── JSON ─────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def schema() -> Any:
    done = CliRunner().invoke(program, ["conform", "explain", "--schema"])
    found = json.loads(done.stdout)
    Draft202012Validator.check_schema(found)
    return found


def test_json_keeps_to_its_schema(schema, tmp_path):
    found = json.loads(report("json"))
    Draft202012Validator(schema).validate(found)
    assert len(found["findings"]) > 3
    judge, tally = judged()
    with Ledger(tmp_path / "a.db") as ledger:
        ledger.add_tally(tally)
        again = render(ledger.tally(), judge.document, judge.operations, "json")
    Draft202012Validator(schema).validate(json.loads(again))
    empty = render(Tally(), judge.document, judge.operations, "json")
    Draft202012Validator(schema).validate(json.loads(empty))


def test_the_schema_lets_nothing_else_pass(schema):
    found = json.loads(report("json"))
    judge = Draft202012Validator(schema)
    for place in (found, found["findings"][0], found["findings"][0]["example"]["request"]):
        place["more"] = 1
        assert not judge.is_valid(found)
        del place["more"]
    assert judge.is_valid(found)


# ── SARIF ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("suffix", [".json", ".yaml"])
def test_sarif_names_places_in_the_document(tmp_path, suffix):
    import yaml

    path = tmp_path / f"shop{suffix}"
    path.write_text(json.dumps(SHOP, indent=1) if suffix == ".json" else yaml.safe_dump(SHOP))
    log = json.loads(report("sarif", path))
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    lines = path.read_text().splitlines()
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in ("error", "warning", "note")
        assert result["message"]["text"]
        assert result["occurrenceCount"] >= 1
        physical = result["locations"][0]["physicalLocation"]
        assert physical["artifactLocation"]["uri"] == path.as_uri()
        region = physical["region"]
        assert 1 <= region["startLine"] <= len(lines)
        assert 1 <= region["startColumn"] <= len(lines[region["startLine"] - 1]) + 1
    enums = [each for each in run["results"] if each["ruleId"] == "DC222"]
    at = enums[0]["locations"][0]["physicalLocation"]["region"]["startLine"]
    assert "enum" in "".join(lines[at - 2 : at])
    prints = [result["partialFingerprints"]["key/v1"] for result in run["results"]]
    assert len(set(prints)) == len(prints)


def test_sarif_of_a_document_without_a_file_has_logical_places():
    (run,) = json.loads(report("sarif"))["runs"]
    assert all("physicalLocation" not in each["locations"][0] for each in run["results"])
    assert all(each["locations"][0]["logicalLocations"] for each in run["results"])


def test_places_are_those_of_the_nearest_value():
    places = Places('a:\n  b:\n  - x\n  - {c: "y"}\n')
    assert places.of("") == Place(1, 1)
    assert places.of("/a/b/1/c") == Place(4, 9)
    assert places.of("/a/b/1/none") == Place(4, 5)
    assert places.of("/a/b/9") == Place(3, 3)
    assert Places(None).of("/a") is None
    assert Places("{").of("") is None


# ── the page ─────────────────────────────────────────────────────────────────────────────────


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.loads: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.loads += [value for name, value in attrs if name in ("src", "href", "onerror")]


def test_the_page_needs_nothing_else_and_nothing_in_it_runs():
    shop = {**SHOP, "info": {"title": f"Shop {EVIL}", "version": "1"}}
    page = _Page()
    page.feed(report("html", shop))
    assert page.loads == []
    assert page.tags.count("script") == 1
    assert "img" not in page.tags
    assert page.tags.count("details") == len(json.loads(report("json", shop))["findings"])


@pytest.fixture
def browser(tmp_path):
    selenium = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    driver, chromium = shutil.which("chromedriver"), shutil.which("chromium")
    if driver is None or chromium is None:
        pytest.skip("Debian's chromium and chromium-driver are not installed")
    from selenium.webdriver.chrome.service import Service

    options = selenium.ChromeOptions()
    options.binary_location = chromium
    for flag in (
        *("headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run"),
        *("disable-background-networking", "disable-component-update", "disable-sync"),
        *(f"user-data-dir={tmp_path / 'profile'}", "window-size=1100,900"),
    ):
        options.add_argument(f"--{flag}")
    service = Service(driver)
    found = selenium.Chrome(options=options, service=service)
    yield found
    found.quit()


@pytest.mark.long
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_the_page_in_a_browser(browser, tmp_path):
    shop = {**SHOP, "info": {"title": f"Shop {EVIL}", "version": "1"}}
    path = tmp_path / "report.html"
    path.write_text(report("html", shop), encoding="utf-8")
    browser.get(path.as_uri())
    assert browser.title == f"Shop {EVIL}: conformance"
    shown = lambda: browser.find_element("id", "shown").text  # noqa: E731
    total = len(browser.find_elements("css selector", ".finding"))
    assert shown() == f"{total} of {total} findings shown"
    field = browser.find_element("id", "filter")
    field.send_keys("DC222 enum")
    assert shown() == f"1 of {total} findings shown"
    field.clear()
    field.send_keys("DC201")
    (finding,) = [
        each for each in browser.find_elements("css selector", ".finding") if each.is_displayed()
    ]
    finding.find_element("css selector", "summary").send_keys("\ue007")  # the Enter key
    assert finding.get_attribute("open") is not None
    text = finding.text
    for part in ("HTTP 299", "curl", "In the document", "status 299 is not declared"):
        assert part in text
    assert KEY not in browser.page_source
    field.clear()
    field.send_keys(" ")
    browser.find_element("css selector", "[value=error]").click()
    assert re.fullmatch(rf"\d+ of {total} findings shown", shown())
    assert not any(
        each.is_displayed() for each in browser.find_elements("css selector", ".finding.error")
    )
    assert browser.title == f"Shop {EVIL}: conformance"  # no script of the traffic ran
