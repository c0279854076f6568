"""The page of the documentation as a developer meets it: in a browser without the internet, with a keyboard, on a telephone, in a shell."""

import re
import shlex
import threading
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from werkzeug.serving import WSGIRequestHandler, make_server

from gateway.app import create_app
from gateway.app.observation import AccessLog
from gateway.routes import docs_page

from .conftest import Front, Services
from .test_account_pages_read_aloud import Page as Written
from .test_openapi import DOCUMENT, OPERATIONS, reach

MOST_BYTES = 1_000_000
IDS = {operation["operationId"] for *_, operation in OPERATIONS}
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
SHOWN = "[...document.querySelectorAll('article.operation')].filter(each => each.checkVisibility()).map(each => each.id)"
LOW_CONTRAST = """() => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const light = (color) => {
    canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1);
    const linear = (c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((c) => linear(c / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (e) => {
    const color = e ? getComputedStyle(e).backgroundColor : "white";
    return color === "rgba(0, 0, 0, 0)" ? behind(e.parentElement) : color;
  };
  const faint = new Set();
  for (const e of document.querySelectorAll("body *")) {
    if (![...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()) || !e.checkVisibility()) continue;
    const [a, b] = [light(getComputedStyle(e).color), light(behind(e))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) faint.add(`${e.tagName} ${e.className}`);
  }
  return [...faint];
}"""
"""WCAG 2.2, 1.4.3: text that is less than 4.5 times lighter or darker than what is behind it."""


class Quiet(WSGIRequestHandler):
    """Nothing is said of requests."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The gateway, listening; it asks no service for the page."""
    app = create_app(Services((), {}), access_log=AccessLog(write=lambda _: None))
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture
def opened(browser: Browser, address: str) -> Iterator[Callable[..., Page]]:
    """The page in a window; whatever it asks of another host, and whatever the console says, makes the test fail."""
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def open_page(fragment: str = "", **options: Any) -> Page:
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: faults.append(message.text))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("request", lambda request: faults.append(request.url) if request.url.partition("#")[0] != f"{address}/docs" else None)
        page.goto(f"{address}/docs{fragment}")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert faults == []


def shown(page: Page) -> set[str]:
    return set(page.evaluate(SHOWN))


def written() -> str:
    return reach().get("/docs", key=None).text


# --- what is on it ----------------------------------------------------------------------------------------------------------------------


def test_it_is_one_file_of_reasonable_size() -> None:
    assert len(written().encode()) < MOST_BYTES


class Requests(HTMLParser):
    """The example requests, by operation."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: dict[str, str] = {}
        self._open = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "pre":
            self._open = dict(attrs).get("data-of") or ""

    def handle_endtag(self, tag: str) -> None:
        self._open = "" if tag == "pre" else self._open

    def handle_data(self, data: str) -> None:
        if self._open:
            self.found[self._open] = self.found.get(self._open, "") + data


def test_every_example_request_reaches_a_service_as_it_is_typed() -> None:
    requests = Requests(written()).found
    assert requests.keys() == IDS
    client = reach("admin")
    for name, typed in requests.items():
        curl, *words = shlex.split(typed)
        assert curl == "curl"
        given = dict(pairwise(words))
        headers = dict(word.partition(": ")[::2] for before, word in pairwise(words) if before == "-H")
        assert headers.pop("Authorization") == "Bearer $COMPTOIR_API_KEY"
        [asked] = (word.removeprefix("$COMPTOIR_URL") for word in words if word.startswith("$COMPTOIR_URL"))
        sent = {header.replace("-", "_"): "key-1" if header == "Idempotency-Key" else value for header, value in headers.items()}
        answer = client.send(given.get("-X", "GET"), asked, data=given.get("-d", "").encode(), **sent)
        assert (name, answer.get_json()["code"]) == (name, "reached")


def test_codes_are_shown_where_the_document_says_them() -> None:
    answers = {
        "201": {"description": "Created"},
        "404": {"$ref": "#/components/responses/Problem404", "x-codes": ["no_such_thing"]},
        "409": {"$ref": "#/components/responses/Problem409"},
        "422": {"$ref": "#/components/responses/Problem422"},
    }
    said = {**DOCUMENT["paths"]["/v1/views"]["get"], "responses": answers, "x-codes": {"409": ["name_taken", "too_late"]}}
    changed = {**DOCUMENT, "paths": {**DOCUMENT["paths"], "/v1/views": {"get": said}}}
    page = docs_page.written(create_app(Services((), {}), access_log=AccessLog()), changed)
    for code in ("no_such_thing", "name_taken", "too_late"):
        assert f"<code>{code}</code>" in page
    assert 'data-codes="no_such_thing name_taken too_late"' in page


def test_no_tag_is_shown_as_text() -> None:
    assert re.findall(r"&lt;/?[a-z]+&gt;", written()) == []


def test_nobody_reads_the_numbers_of_our_requirements() -> None:
    assert re.findall(r"R\d+\.\d+", re.sub(r"<script>.*</script>", "", written())) == []


def test_every_link_on_it_leads_to_something_on_it() -> None:
    page = Written(written())
    ids = {given["id"] for _, given, _ in page.elements if "id" in given}
    hrefs = {given["href"] for given, _ in page.all("a")}
    assert {href for href in hrefs if href.removeprefix("#") not in ids} == {"/v1/openapi.json", "/v1/asyncapi.json"}
    assert {problem.removeprefix("/docs#") for problem in re.findall(r"/docs#[\w-]+", str(DOCUMENT))} <= ids


def test_it_can_be_used_without_eyes_and_without_a_mouse() -> None:
    page = Written(written())
    assert sorted(page.faults()) == ["<script>", "<style>"], "which the policy allows by their digests"
    levels = [int(tag[1]) for tag, *_ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert [(above, below) for above, below in zip([0, *levels], levels, strict=False) if below > above + 1] == []
    assert {given["aria-label"] for given, _ in page.all("nav")} == {"Contents"}


def test_the_policy_lets_in_its_own_style_and_script_and_nothing_else(front: Callable[..., Front]) -> None:
    policy = front().get("/docs", key=None).headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert re.findall(r"(\S+-src) 'sha256-[^']{44}'(?=;)", policy) == ["style-src", "script-src"]


# --- in a browser -----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("/v1/views/{view_id} patch", "change_view"),
        ("save a view", "create_view"),
        ("INVITE_user", "invite_user"),
    ],
)
def test_the_search_finds_an_operation_by_address_summary_and_name_and_hides_the_others(
    opened: Callable[..., Page], typed: str, name: str
) -> None:
    page = opened()
    assert shown(page) == IDS
    page.get_by_label("Search").fill(typed)
    assert shown(page) == {name}
    expect(page.get_by_role("status")).to_have_text("1 operation")
    expect(page.get_by_role("navigation").locator(f"a[href='#{name}']")).to_be_visible()
    assert page.locator("nav details ul a:visible").count() == 1


def test_the_keyboard_is_enough_to_search(opened: Callable[..., Page]) -> None:
    page = opened()
    search = page.get_by_label("Search")
    page.keyboard.press("/")
    expect(search).to_be_focused()
    page.keyboard.type("nothing is called so")
    expect(page.get_by_role("status")).to_have_text("No operation is like that.")
    assert shown(page) == set()
    page.keyboard.press("Escape")
    expect(search).to_have_value("")
    assert shown(page) == IDS
    page.keyboard.type("/v1/views")
    expect(search).to_have_value("/v1/views")
    page.keyboard.press("Enter")
    expect(page.locator("article:target")).to_be_in_viewport()
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"


def test_a_link_leads_to_an_operation_even_if_a_search_hides_it(opened: Callable[..., Page]) -> None:
    page = opened("#create_view")
    expect(page.locator("#create_view h3")).to_be_in_viewport()
    expect(page.get_by_role("navigation").locator("[aria-current]")).to_have_text(re.compile("Save a view"))
    page.get_by_label("Search").fill("create_view")
    page.locator("#create_view .next a", has_text="change_view").click()
    expect(page.locator("#change_view h3")).to_be_in_viewport()
    assert shown(page) == IDS


def test_an_operation_shows_what_it_takes_what_it_answers_and_what_goes_on_from_it(opened: Callable[..., Page], address: str) -> None:
    page = opened("#open_account")
    operation = page.locator("#open_account")
    for text in ("/v1/accounts", "accounts:write", "Idempotency-Key", "pricing_version", "client_email", "RateLimit-Policy", "Location"):
        expect(operation.get_by_text(text, exact=True).first).to_be_visible()
    operation.get_by_text("Example answer").click()
    expect(operation.locator(".answer pre")).to_contain_text('"status": "creating"')
    operation.locator(".problems summary").click()
    expect(operation.locator(".problems").get_by_role("link", name="The state of things does not allow this now.")).to_be_visible()
    expect(operation.get_by_role("link", name="edit_account")).to_be_visible()
    expect(page.locator("#start pre")).to_contain_text(f"COMPTOIR_URL={address}")


def test_an_example_is_copied_by_a_button(opened: Callable[..., Page]) -> None:
    page = opened("#get_account", permissions=["clipboard-read", "clipboard-write"])
    page.locator("#get_account").get_by_role("button", name="Copy").click()
    expect(page.locator("#get_account").get_by_role("button")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()").startswith('curl "$COMPTOIR_URL/v1/accounts/acc_')


def test_it_is_read_whole_without_its_script(opened: Callable[..., Page]) -> None:
    page = opened(java_script_enabled=False)
    expect(page.locator("#search")).to_be_hidden()
    expect(page.get_by_role("button")).to_have_count(0)
    page.locator("nav summary", has_text="views").click()
    page.locator("nav a[href='#create_view']").click()
    expect(page.locator("#create_view h3")).to_be_in_viewport()
    assert page.locator("article.operation:visible").count() == len(IDS)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [375, 1280])
def test_it_is_read_on_a_telephone_and_by_night(opened: Callable[..., Page], scheme: str, width: int) -> None:
    page = opened(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
    assert page.evaluate(OVERFLOW) == 0
    assert page.evaluate(LOW_CONTRAST) == []
