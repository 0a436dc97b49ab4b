"""What forms do in a browser beyond saving: explain a word, give a text its room, warn of what is unsaved."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Dialog, Page, expect

from tests import servers
from tests.journeys.browsing import PHONE, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.server]


@pytest.fixture
def page(demo_site: servers.Site, new_context: Callable[..., BrowserContext]) -> Page:
    """The coordinator's questionnaire of Perlines, which is being answered."""
    page = new_context(base_url=demo_site.url, viewport=PHONE).new_page()
    page.on("pageerror", lambda error: pytest.fail(f"{page.url}: {error}"))
    sign_in(page, "focal@demo.example", "demo-readiness")
    page.goto("/projects/")
    page.get_by_role("link", name=re.compile("Perlines")).first.click()
    page.locator(".tabs a[href$='/questionnaire/']").click()
    return page


def test_a_word_is_explained_below_its_sentence_and_a_note_grows_with_its_text(page: Page) -> None:
    page.locator("table a[href*='/sections/']").first.click()
    term = page.locator("p > a.term").first
    sentence = term.locator("..")
    before = sentence.inner_text()
    term.click()
    meaning = sentence.locator("> .meaning:last-child")
    expect(meaning).to_be_visible()
    assert sentence.inner_text().startswith(before)
    term.click()
    expect(meaning).to_have_count(0)

    page.context.set_offline(True)  # the demonstration is read by other tests, too
    note = page.locator("textarea[name$=':note']").first
    expect(note).to_be_visible()
    note.fill("A line\n" * 12)
    assert note.evaluate("box => box.scrollHeight <= box.clientHeight")


def test_what_is_not_saved_is_warned_of_and_nothing_else(page: Page) -> None:
    warnings: list[str] = []

    def stay(dialog: Dialog) -> None:
        warnings.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    page.locator("a[href$='/assignments/']").first.click()
    here, leave = page.url, page.locator(".save-bar a")
    leave.click()
    expect(page).not_to_have_url(here)
    page.goto(here)
    choice = page.locator("select[name$=':institution']").last
    choice.select_option(choice.locator("option:not(:checked)").last.get_attribute("value"))
    expect(page.locator(".save-bar button")).to_be_in_viewport()
    leave.click()
    assert (warnings, page.url) == (["beforeunload"], here)
