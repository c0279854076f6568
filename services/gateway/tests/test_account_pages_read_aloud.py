"""The account's own pages as a screen reader and a keyboard meet them: every page there is, in every language."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from html.parser import HTMLParser
from typing import Any

import pytest

from gateway.account_pages.words import TEXTS

from .conftest import Front
from .pages import (
    ASKED,
    BRAND,
    DISABLED,
    LOCKED,
    OVER,
    SESSION,
    Browse,
    browser_on,
    refusing,
)

NO_PAGES = {"/style.css", "/logo", "/sso"}
"""What answers no page of its own: a style sheet, an image, and where a link leads on from."""
LANDMARKS = ("header", "main", "footer", "h1", "title")
NAMED_BY_CONTENT = {"a", "button", "h1", "label", "title"}
WITHOUT_CONTENT = {"input", "img", "link", "meta"}
TRANSFER = "/transfer?transfer=trf_1&token=t"


class Page(HTMLParser):
    """The elements of a page, with what they hold."""

    def __init__(self, written: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str], list[str]]] = []
        self._open: list[tuple[str, list[str]]] = []
        self.feed(written)
        self.close()
        assert self._open == [], f"never closed: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        text: list[str] = []
        self.elements.append((tag, {name: value or "" for name, value in attrs}, text))
        if tag not in WITHOUT_CONTENT:
            self._open.append((tag, text))

    def handle_endtag(self, tag: str) -> None:
        name, _ = self._open.pop()
        assert name == tag

    def handle_data(self, data: str) -> None:
        for _, text in self._open:
            text.append(data.strip())

    def all(self, *tags: str) -> list[tuple[dict[str, str], str]]:
        """What the elements of these tags say."""
        return [(given, "".join(text)) for tag, given, text in self.elements if tag in tags]

    def faults(self) -> Iterator[str]:
        """Everything that somebody could stumble over."""
        counted = Counter(tag for tag, _, _ in self.elements)
        yield from (f"{counted[tag]} {tag}" for tag in LANDMARKS if counted[tag] != 1)
        yield from (f"<{tag}>" for tag in ("script", "style", "iframe", "object") if counted[tag])
        labels = [given["for"] for given, _ in self.all("label")]
        ids = [given["id"] for _, given, _ in self.elements if "id" in given]
        yield from (f"{name} is no single id" for name, times in Counter(ids + labels).items() if times != 1 + (name in labels))
        for tag, given, text in self.elements:
            yield from (f"{tag} has {name}" for name in given if name.startswith("on") or name in {"style", "tabindex", "accesskey"})
            described_by = given.get("aria-describedby", "").split()
            yield from (f"{tag} is described by nothing called {name}" for name in described_by if name not in ids)
            if tag in NAMED_BY_CONTENT and not "".join(text):
                yield f"{tag} has no text"
            if tag == "img" and not given.get("alt"):
                yield "img has no alt"
            if tag == "input" and given.get("type") != "hidden" and given.get("id") not in labels:
                yield f"{given} has no label"
            if tag == "input" and given.get("type") != "hidden" and not given.get("autocomplete"):
                yield f"{given} cannot be filled in by a password manager (WCAG 2.2, 1.3.5)"
            if tag == "form" and given.get("method") != "post":
                yield "form is not sent by post"
        forms, tokens = counted["form"], sum(given.get("name") == "form_token" for given, _ in self.all("input"))
        if forms != tokens:
            yield f"{forms} forms have {tokens} tokens"


@pytest.fixture
def browse(front: Callable[..., Front]) -> Browse:
    return partial(browser_on, front)


def written_pages(browse: Browse, look: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Every page, by what it is."""
    signed_in = browse(look, identity__session=lambda _: SESSION, accounts__transfer_to_confirm=lambda _: ASKED).keep_session()
    rules = {rule.rule for rule in signed_in.front.app.pages.url_map.iter_rules() if "GET" in (rule.methods or ())}
    assert len(rules) >= 9
    for path in rules - NO_PAGES:
        yield path, signed_in.get(f"{path}?transfer=trf_1&token=t").text
    yield "nothing there", signed_in.get("/nothing-there").text
    for closed in ({**DISABLED, "message": "Call us."}, DISABLED, {**OVER, "status": "expired"}, {**OVER, "status": "creating"}):
        yield f"closed as {closed['status']}", browse({**look, **closed}).get("/login").text
    wrong = browse(look, identity__log_in=refusing("unauthenticated", "login_failed"))
    yield "a wrong attempt", wrong.send("/login", username="admin", password="p").text
    yield "a lock", browse(look, identity__log_in=LOCKED).send("/login", username="admin", password="p").text
    for code in ("password_unfit", "current_password_wrong"):
        settings = browse(look, identity__session=lambda _: SESSION, identity__change_password=refusing("invalid", code)).keep_session()
        yield code, settings.send("/settings/password", current_password="p", new_password="p").text
    asked = browse(look, identity__request_password_reset=refusing("invalid", "invalid_request"))
    yield "no address", asked.send("/forgotten-password", email="me").text
    used = browse(look, accounts__transfer_to_confirm=refusing("gone", "transfer_expired"))
    yield "a late answer", used.get(TRANSFER).text


@pytest.mark.parametrize("language", sorted(TEXTS))
@pytest.mark.parametrize("brand", [None, BRAND], ids=["plain", "branded"])
def test_every_page_can_be_used_without_eyes_and_without_a_mouse(browse: Browse, language: str, brand: dict[str, Any] | None) -> None:
    faults = []
    for name, written in written_pages(browse, {"language": language, "brand": brand}):
        page = Page(written)
        faults += [f"{name}: {fault}" for fault in page.faults()]
        assert page.all("html")[0][0]["lang"] == language
        assert re.match(r"<!doctype html>\n<html", written)
    assert faults == []


def test_a_page_that_somebody_could_stumble_over_is_named() -> None:
    faults = set(
        Page('<html><body onload="x"><h1></h1><form><input id="a"><label for="b">B</label></form><script></script></body></html>').faults()
    )
    for fault in (
        "0 main",
        "<script>",
        "body has onload",
        "h1 has no text",
        "b is no single id",
        "form is not sent by post",
        "1 forms have 0 tokens",
    ):
        assert fault in faults
    assert any("has no label" in fault for fault in faults)
