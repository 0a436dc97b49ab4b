"""Every page of the demonstration, as each account finds it: no dead link, no violation that axe-core knows.

Each account follows the links from its first page. Of addresses with the same URL name in the same project it opens
the first two. axe-core then looks at one page of every URL name, the one with the most kinds of elements, and at
as many more as it takes to have seen every kind of element that occurs anywhere. Then the pages of its documents.
"""

import sqlite3
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from django.urls import resolve
from playwright.sync_api import Browser, BrowserContext, Page

from tests import servers
from tests.journeys.browsing import DESK, mail_to, problems, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.server]

ACCOUNTS = ("admin", "ib", "expert", "focal", "contributor", "regulator", "signatory", "observer")
PASSWORD = "demo-readiness"
FEWEST = 420  # characters on a page: with fewer it looks as if something were missing
ALIKE = 2  # addresses of the same name that an account opens in a project
LANGUAGES = ("fr", "en")


# ── The crawl ────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Found:
    """A page as an account got it."""

    account: str
    path: str
    status: int
    name: str  # its URL name
    kinds: frozenset[tuple[str, str, str]]  # of its elements: tag, classes, type
    missing: tuple[str, ...]  # fragments that are linked to on this page and are not there


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.kinds: set[tuple[str, str, str]] = set()
        self.ids: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.kinds.add((tag, given.get("class", ""), given.get("type", "")))
        self.ids.add(given.get("id", ""))
        if tag == "a" and "href" in given:
            self.links.append(given["href"])


def crawl(site: servers.Site, context: BrowserContext, account: str) -> Iterator[Found]:
    sign_in(context.new_page(), f"{account}@demo.example", PASSWORD)
    waiting, known, alike = ["/"], {"/"}, Counter[tuple[str, str]]()
    while waiting:
        path = waiting.pop(0)
        response = context.request.get(path)
        reader = Reader()
        if response.headers["content-type"].startswith("text/html"):
            reader.feed(response.text())
        here = urlsplit(response.url)
        fragments = [link[1:] for link in reader.links if link.startswith("#")]
        missing = tuple(fragment for fragment in fragments if fragment not in reader.ids)
        yield Found(account, path, response.status, resolve(here.path).view_name, frozenset(reader.kinds), missing)
        for link in reader.links:
            target = urlsplit(urljoin(response.url, link))
            address = target.path + (f"?{target.query}" if target.query else "")
            if target.netloc != here.netloc or address in known:
                continue
            known.add(address)
            match = resolve(target.path)
            key = match.view_name, str(match.kwargs.get("project_id", ""))
            alike[key] += 1
            if alike[key] <= ALIKE:
                waiting.append(address)


@pytest.fixture(scope="module")
def made_site(demo_site: servers.Site) -> servers.Site:
    """The demonstration, once its documents are made."""
    unfinished = "SELECT 1 FROM foundation_job WHERE state NOT IN ('done', 'failed')"
    servers.wait_for("the documents are made", lambda: not rows(demo_site, unfinished), seconds=180, every=0.5)
    return demo_site


@pytest.fixture(scope="module")
def found(made_site: servers.Site, browser: Browser) -> list[Found]:
    """What each account finds."""
    pages: list[Found] = []
    for account in ACCOUNTS:
        with closing(browser.new_context(base_url=made_site.url, viewport=DESK)) as context:
            pages += crawl(made_site, context, account)
    return pages


def rows(site: servers.Site, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"file:{site.folder / 'readiness.sqlite3'}?mode=ro", uri=True, timeout=20)) as base:
        return base.execute(query).fetchall()


def chosen(found: list[Found]) -> list[Found]:
    """One page of every name and, together, every kind of element."""
    richest = sorted(found, key=lambda page: (-len(page.kinds), page.path))
    names: set[str] = set()
    kinds: set[tuple[str, str, str]] = set()
    picked = []
    for page in richest:
        if page.kinds and (page.name not in names or page.kinds - kinds):
            names.add(page.name)
            kinds |= page.kinds
            picked.append(page)
    return picked


def test_no_link_is_dead(found: list[Found]) -> None:
    assert [(page.account, page.path, page.status) for page in found if page.status != 200] == []
    assert [(page.account, page.path, page.missing) for page in found if page.missing] == []


# ── axe-core ─────────────────────────────────────────────────────────────────


def speak(page: Page, language: str) -> None:
    page.goto("/profile/")
    if page.locator("html").get_attribute("lang") != language:
        page.locator(f"button[lang={language}]").click()
        page.wait_for_load_state()
    assert page.locator("html").get_attribute("lang") == language


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_accessible(
    language: str, found: list[Found], demo_site: servers.Site, new_context: Callable[..., BrowserContext]
) -> None:
    told = []
    for account in ACCOUNTS:
        pages = [page for page in chosen(found) if page.account == account]
        if not pages:
            continue
        page = new_context(base_url=demo_site.url, viewport=DESK).new_page()
        sign_in(page, f"{account}@demo.example", PASSWORD)
        speak(page, language)
        for entry in pages:
            page.goto(entry.path)
            told += problems(page, f"{account} {entry.name}")
        page.context.close()
    assert told == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_before_signing_in_is_accessible(
    language: str, demo_site: servers.Site, new_context: Callable[..., BrowserContext]
) -> None:
    page = new_context(base_url=demo_site.url, viewport=DESK).new_page()
    page.context.add_cookies([{"name": "language", "value": language, "url": demo_site.url}])
    invitation = demo_site.manage("shell", "--verbosity=0", "--command", INVITATION).strip()
    told = []
    for path in ("/accounts/login/", "/accounts/password/reset/", "/invitations/", invitation, "/no-such-page/"):
        page.goto(path)
        assert page.locator("html").get_attribute("lang") == language
        told += problems(page, "visitor")
    page.goto("/accounts/login/")
    page.locator("#id_login").fill("nobody@demo.example")
    page.locator("#id_password").fill("not-the-password")
    page.locator("main form button").click()
    told += problems(page, "visitor, refused")
    assert told == []


INVITATION = """
from django.urls import reverse
from projects.models import Invitation
print(reverse("projects:invitation", args=[Invitation.objects.unanswered().first().token]))
"""


def test_the_pages_of_a_new_password_are_accessible(
    demo_site: servers.Site, new_context: Callable[..., BrowserContext]
) -> None:
    page = new_context(base_url=demo_site.url, viewport=DESK).new_page()
    page.goto("/accounts/password/reset/")
    page.locator("#id_email").fill("observer@demo.example")
    page.locator("main form button").click()
    told = problems(page, "asked")
    link = next(word for word in mail_to(demo_site, "observer@demo.example").split() if "/password/reset/key/" in word)
    page.goto(link)
    told += problems(page, "open link")
    page.goto(link.rstrip("/") + "x/")
    told += problems(page, "wrong link")
    assert told == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_refusals_are_accessible(
    language: str, found: list[Found], demo_site: servers.Site, new_context: Callable[..., BrowserContext]
) -> None:
    """403 and 404, to someone signed in."""
    project = next(page.path for page in found if page.account == "ib" and page.name == "assessments:project_detail")
    page = new_context(base_url=demo_site.url, viewport=DESK).new_page()
    sign_in(page, "contributor@demo.example", PASSWORD)
    speak(page, language)
    told = []
    for path, status in ((f"{project}validation/", 403), ("/no-such-page/", 404)):
        response = page.goto(path)
        assert response is not None
        assert response.status == status
        told += problems(page, str(status))
    assert told == []


# ── The documents ────────────────────────────────────────────────────────────


def test_no_page_of_a_deliverable_is_nearly_empty(made_site: servers.Site) -> None:
    """But the cover, and the last."""
    reports = rows(
        made_site,
        "SELECT kind, language, path FROM reports_report JOIN foundation_storedfile AS file ON file.id = file_id",
    )
    assert len(reports) == 6
    empty = []
    for kind, language, path in reports:
        command = ["pdftotext", "-layout", made_site.folder / "files" / path, "-"]
        pages = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\f")[:-1]
        lengths = {number: len(" ".join(page.split())) for number, page in enumerate(pages, 1)}
        assert len(lengths) > 10
        empty += [(kind, language, number) for number in list(lengths)[1:-1] if lengths[number] < FEWEST]
    assert empty == []
