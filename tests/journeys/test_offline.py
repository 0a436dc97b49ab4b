"""Without a line: what a person opened opens again, says how old it is, and takes answers; nobody else ever gets it."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests import servers
from tests.factories.accounts import PASSWORD
from tests.journeys.browsing import DESK, PHONE, has_no_sideways_scroll, problems, sign_in
from tests.line import FINE, Line, line

pytestmark = [pytest.mark.browser, pytest.mark.server]

CREATE = """
import json
from projects.permissions import Role
from tests.factories.accounts import UserFactory
from tests.factories.assessments import opened_project
from tests.factories.projects import member
project = opened_project()
print(json.dumps({
    "project": str(project.public_id),
    "english": member(project, Role.COORDINATOR, user=UserFactory(language="en")).email,
    "french": member(project, Role.CONTRIBUTOR, user=UserFactory(language="fr")).email,
    "expert": member(project, Role.EXPERT, user=UserFactory(language="en")).email,
}))
"""
COPIES = """async () => {
    const names = (await caches.keys()).filter((name) => name.startsWith("pages:"));
    const kept = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
    const paths = kept.map((requests) => requests.map((request) => new URL(request.url).pathname).sort());
    return paths.map((some) => some.filter((path) => !path.includes("/answers/")));
}"""
CONTROLLED = "async () => { await navigator.serviceWorker.ready; return navigator.serviceWorker.controller !== null; }"


@dataclass
class Place:
    """A site at the other end of a line, and who works there."""

    line: Line
    sheet: str
    english: str
    french: str
    expert: str
    browser_of: Callable[..., BrowserContext]

    def device(self, size: dict[str, int] = PHONE) -> Page:
        """The browser of a device that was not here before."""
        context = self.browser_of(base_url=self.line.url, viewport=size)
        context.set_default_timeout(20_000)
        return context.new_page()

    def section(self, code: str) -> str:
        return f"{self.sheet}sheets/questionnaire/sections/{code}/"


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_context_args, "service_workers": "allow"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Site]:
    with servers.site(
        tmp_path_factory.mktemp("offline") / "var", DEMO="no", ADMIN_EMAIL="ib@ib.example", ADMIN_PASSWORD=PASSWORD
    ) as running:
        yield running


@pytest.fixture(scope="module")
def made(site: servers.Site) -> dict[str, str]:
    return json.loads(site.manage("shell", "--verbosity=0", "--command", CREATE))


@pytest.fixture
def place(site: servers.Site, made: dict[str, str], new_context: Callable[..., BrowserContext]) -> Iterator[Place]:
    people = {name: made[name] for name in ("english", "french", "expert")}
    with line(site.url) as opened:
        yield Place(opened, f"/projects/{made['project']}/", browser_of=new_context, **people)


def open_questionnaire(place: Place, page: Page, person: str) -> None:
    """Signed in, with the service worker at work and this page kept."""
    sign_in(page, person, PASSWORD)
    page.goto(f"{place.sheet}questionnaire/")
    expect(page.locator("[data-offline]")).to_be_visible()
    assert page.evaluate(CONTROLLED)


def copies(page: Page) -> list[list[str]]:
    """The addresses of the pages that this device keeps, person by person."""
    return page.evaluate(COPIES)


def test_what_was_opened_opens_without_a_line_and_says_how_old_it_is(place: Place) -> None:
    page = place.device()
    open_questionnaire(place, page, place.english)
    expect(page.locator("[data-offline] [data-state]")).to_contain_text("No section can be opened without a line")
    page.goto(place.section("A.1"))
    page.goto(f"{place.sheet}questionnaire/")
    expect(page.locator("[data-offline] [data-state]")).to_contain_text("1 section can be opened without a line")
    assert page.locator("th [data-mark]").all_text_contents() == ["opens without a line"]
    assert problems(page, "questionnaire") == []
    place.line.cut()

    page.goto(place.section("A.1"))
    expect(page.locator("[data-kept][role=status]")).to_contain_text("Shown as it was on")
    assert has_no_sideways_scroll(page)
    assert page.evaluate("getComputedStyle(document.querySelector('.masthead')).borderTopWidth") == "4px"
    page.goto(place.section("A.2"))
    expect(page.get_by_role("heading", level=1)).to_have_text("There is no line")
    assert problems(page, "offline") == []
    names = page.locator("[data-pages] a").all_text_contents()
    assert len(names) == 2
    page.locator("[data-pages] a", has_text="A.1").click()
    expect(page.locator("[data-question='A.1-1']")).to_be_visible()

    place.line.mend()
    page.goto(place.section("A.2"))
    expect(page.locator("[data-question='A.2-1']")).to_be_visible()
    expect(page.locator("[data-kept][role=status]")).to_be_hidden()


def test_the_whole_questionnaire_is_taken_home(place: Place) -> None:
    page = place.device()
    open_questionnaire(place, page, place.french)
    sections = [str(link.get_attribute("href")) for link in page.locator("main tbody th a").all()]
    page.get_by_role("button", name="Garder toutes les sections sur cet appareil").click()
    state = page.locator("[data-offline] [data-state]")
    expect(state).to_have_text("Toutes les sections peuvent être ouvertes et remplies sans connexion sur cet appareil.")
    assert copies(page) == [sorted([*sections, f"{place.sheet}questionnaire/"])]
    place.line.cut()
    for path in sections:
        page.goto(path)
        expect(page.locator("[data-kept][role=status]")).to_contain_text("Page affichée dans son état du")
    page.goto(f"{place.sheet}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Il n’y a pas de connexion")
    assert problems(page, "offline") == []
    page.goto(f"{place.sheet}questionnaire/")
    page.get_by_role("button", name="Retirer les sections de cet appareil").click()
    expect(state).to_contain_text("Aucune section")
    assert copies(page) == []


def test_a_copy_is_shown_when_the_line_is_slow_or_the_site_away(place: Place) -> None:
    page = place.device()
    open_questionnaire(place, page, place.english)
    page.goto(place.section("A.1"))
    place.line.late = 8
    place.line.faults = iter(["reply late"] * 9)
    page.goto(place.section("A.1"))
    expect(page.locator("[data-kept][role=status]")).to_be_visible()
    place.line.faults = iter([FINE] * 99)
    place.line.port, port = servers.free_port(), place.line.port
    page.goto(place.section("A.1"))
    expect(page.locator("[data-kept][role=status]")).to_be_visible()
    place.line.port = port
    page.goto(place.section("A.1"))
    expect(page.locator("[data-kept][role=status]")).to_be_hidden()


def test_signing_out_removes_what_was_kept_and_another_person_never_gets_it(place: Place) -> None:
    page = place.device(DESK)
    open_questionnaire(place, page, place.english)
    page.goto(place.section("A.1"))
    assert len(copies(page)[0]) == 2
    page.locator("details.menu summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.locator("#id_login")).to_be_visible()
    assert copies(page) == []

    open_questionnaire(place, page, place.english)
    page.goto(place.section("A.1"))
    page.context.clear_cookies()  # the session is over
    page.goto(place.section("A.1"))
    expect(page.locator("#id_login")).to_be_visible()
    place.line.cut()
    page.goto(place.section("A.1"))
    expect(page.locator("[data-locked]")).to_be_visible()
    expect(page.locator("[data-pages]")).to_be_hidden()
    place.line.mend()
    sign_in(page, place.french, PASSWORD)
    assert copies(page) == []
    place.line.cut()
    page.goto(place.section("A.1"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Il n’y a pas de connexion")


def test_nothing_of_an_expert_is_kept(place: Place) -> None:
    page = place.device(DESK)
    open_questionnaire(place, page, place.english)  # whose worker answers for whoever comes after
    page.context.clear_cookies()
    sign_in(page, place.expert, PASSWORD)
    for path in (f"{place.sheet}questionnaire/", place.section("A.1"), f"{place.sheet}validation/"):
        page.goto(path)
        expect(page.locator("details.menu")).to_be_visible()
    assert copies(page) == []
