"""A text of a form on a bad line: it is never lost with its page, and the server takes it once (static/forms.js)."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests import servers
from tests.factories.accounts import PASSWORD
from tests.journeys.browsing import PHONE, has_no_sideways_scroll, problems, sign_in
from tests.line import FINE, Line, line

pytestmark = [pytest.mark.browser, pytest.mark.server]

CREATE = """
import json
from projects.permissions import Role
from tests.factories.accounts import UserFactory
from tests.factories.assessments import opened_project
from tests.factories.projects import member
made = {}
for language in ("fr", "en"):
    project = opened_project()
    people = [member(project, Role.COORDINATOR, user=UserFactory(language=language)) for _ in range(2)]
    made[language] = {"project": str(project.public_id), "people": [person.email for person in people]}
print(json.dumps(made))
"""
SAID = """
import json
from assessments.models import Comment
comments = Comment.objects.filter(thread__sheet__project__public_id="{}").order_by("pk")
print(json.dumps([comment.text for comment in comments]))
"""
WORDS = "La loi de 2014 vaut encore, article 7."
OTHER_WORDS = "Le décret de 2019 la complète."


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Site]:
    with servers.site(
        tmp_path_factory.mktemp("forms") / "var", DEMO="no", ADMIN_EMAIL="ib@ib.example", ADMIN_PASSWORD=PASSWORD
    ) as running:
        yield running


@pytest.fixture(scope="module")
def made(site: servers.Site) -> dict[str, Any]:
    return json.loads(site.manage("shell", "--verbosity=0", "--command", CREATE))


@pytest.fixture(params=["fr", "en"])
def place(
    request: pytest.FixtureRequest, site: servers.Site, made: dict[str, Any], new_context: Callable[..., BrowserContext]
) -> Iterator[tuple[Line, Page, dict[str, Any]]]:
    """A coordinator on a phone, at the discussion of a question; the line; the project and its people."""
    with line(site.url) as opened:
        page = new_context(base_url=opened.url, viewport=PHONE).new_page()
        page.set_default_timeout(20_000)
        sign_in(page, made[request.param]["people"][0], PASSWORD)
        page.goto(question(made[request.param]))
        yield opened, page, made[request.param]


def question(here: dict[str, Any]) -> str:
    return f"/projects/{here['project']}/sheets/questionnaire/questions/G-2/"


def said(site: servers.Site, here: dict[str, Any]) -> list[str]:
    return json.loads(site.manage("shell", "--verbosity=0", "--command", SAID.format(here["project"])))


def start(page: Page, words: str) -> Locator:
    """Write the first text of a discussion; its form."""
    form = page.locator("form[action*='/threads/']").last
    form.evaluate("form => { form.closest('details').open = true; }")
    form.locator("[name=audience]").first.check()
    form.locator("textarea").fill(words)
    return form


def test_a_text_sent_without_a_line_stays_and_goes_once(
    site: servers.Site, place: tuple[Line, Page, dict[str, Any]]
) -> None:
    road, page, here = place
    before = said(site, here)
    form = start(page, WORDS)
    road.cut()
    form.locator("button:not([type=button])").click()
    state = form.locator("[role=status]")
    expect(state).to_have_text(re.compile("kept on this device|gardé sur cet appareil"))
    expect(form.locator("textarea")).to_have_value(WORDS)
    assert has_no_sideways_scroll(page)
    assert problems(page, "a text that was not sent") == []
    road.mend()
    page.reload()
    form = page.locator("form[action*='/threads/']").last
    expect(form.locator("textarea")).to_have_value(WORDS)
    expect(form.locator("textarea")).to_be_visible()
    expect(form.locator("[role=status]")).to_have_text(re.compile("stands here again|de nouveau ici"))
    form.locator("button:not([type=button])").click()
    expect(page.locator(".thread", has_text=WORDS)).to_be_visible()
    assert said(site, here) == [*before, WORDS]
    page.reload()
    expect(page.locator("form[action*='/threads/'] textarea").last).to_have_value("")
    assert page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('readiness-forms-'))") == []


def test_a_reply_that_is_lost_doubles_nothing(site: servers.Site, place: tuple[Line, Page, dict[str, Any]]) -> None:
    road, page, here = place
    before = said(site, here)
    form = start(page, OTHER_WORDS)
    road.faults = iter(["reply lost", *[FINE] * 99])
    form.locator("button:not([type=button])").click()
    expect(form.locator("[role=status]")).to_have_text(re.compile("kept on this device|gardé sur cet appareil"))
    servers.wait_for("the server has it", lambda: len(said(site, here)) == len(before) + 1)
    expect(page.locator(".thread", has_text=OTHER_WORDS)).to_be_visible()  # it went again by itself
    assert said(site, here) == [*before, OTHER_WORDS]


def test_another_person_on_the_device_does_not_see_it(place: tuple[Line, Page, dict[str, Any]]) -> None:
    _road, page, here = place
    start(page, "Not for others")
    servers.wait_for("it is kept", lambda: "Not for others" in page.evaluate("JSON.stringify({...localStorage})"))
    page.context.clear_cookies()
    sign_in(page, here["people"][1], PASSWORD)
    page.goto(question(here))
    expect(page.locator("form[action*='/threads/'] textarea").last).to_have_value("")
    assert "Not for others" not in page.content()
    page.context.clear_cookies()
    sign_in(page, here["people"][0], PASSWORD)
    page.goto(question(here))
    expect(page.locator("form[action*='/threads/'] textarea").last).to_have_value("Not for others")


def test_what_the_server_refuses_it_says_on_its_page(place: tuple[Line, Page, dict[str, Any]]) -> None:
    _road, page, here = place
    form = start(page, "Without an audience")
    form.locator("[name=audience]").first.evaluate("choice => { choice.checked = false; }")
    form.locator("button:not([type=button])").click()
    expect(page.locator(".note-bad")).to_be_visible()
    expect(page.locator("form[action*='/threads/'] textarea").last).to_have_value("Without an audience")
    form = page.locator("form[action*='/threads/']").last
    form.locator("[name=audience]").first.check()
    form.locator("button:not([type=button])").click()
    expect(page.locator("article", has_text="Without an audience")).to_be_visible()
    page.goto(question(here))
    expect(page.locator("form[action*='/threads/'] textarea").last).to_have_value("")
