"""Answers are never lost, in the browser, on a phone, in both languages: DESIGN's table of replies and the outbox."""

import contextlib
import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, Playwright, Route, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tests import servers
from tests.factories.accounts import PASSWORD
from tests.journeys.browsing import PHONE, browser_dies, has_no_sideways_scroll, problems

pytestmark = [pytest.mark.browser, pytest.mark.server]
TEAMS = 60
CREATE = f"""
import json
from importlib import import_module
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from assessments.outline import national_sheet
from projects.permissions import Role
from tests.factories import assessments, projects
from toolkit.models import FrameworkVersion
store = import_module(settings.SESSION_ENGINE).SessionStore
framework = FrameworkVersion.objects.get(code="dre")

def session(user):
    here = store()
    here[SESSION_KEY], here[HASH_SESSION_KEY] = str(user.pk), user.get_session_auth_hash()
    here[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    here.save()
    return here.session_key

teams = []
for number in range({TEAMS}):
    project = assessments.opened_project(framework=framework)
    language = ("fr", "en")[number % 2]
    people = [
        projects.member(project, role, user__email=f"{{name}}-{{number}}@post.example", user__language=language,
                        user__name=f"{{name.capitalize()}} {{number}}")
        for name, role in (("awa", Role.COORDINATOR), ("ben", Role.CONTRIBUTOR))
    ]
    teams.append({{
        "project": f"/projects/{{project.public_id}}/", "sheet": national_sheet(project).pk, "language": language,
        "people": [
            {{"id": str(user.public_id), "email": user.email, "name": user.name, "session": session(user)}}
            for user in people
        ],
    }})
print("TEAMS" + json.dumps(teams))
"""
DOWNLOAD = re.compile("Download my answers|Télécharger mes réponses")
DEVICE = re.compile("On this device|Sur cet appareil")
SAVED = re.compile(r"^\s*(Saved (at|on) .* by you|Enregistré .* par vous)\s*$")
IN_THE_OUTBOX = """async (person) => {
  const done = (asked) => new Promise((resolve) => { asked.onsuccess = () => resolve(asked.result); });
  const base = await done(indexedDB.open("readiness-outbox-" + person));
  if (!base.objectStoreNames.contains("answers")) return [];
  const all = await done(base.transaction("answers").objectStore("answers").getAll());
  base.close();
  return all.map((record) => [record.code, (record.next ?? record.flying)?.words ?? ""]);
}"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, redis_server: str) -> Iterator[servers.Site]:
    variables = {
        "DEMO": "no", "ADMIN_EMAIL": "first@ib.example", "ADMIN_PASSWORD": PASSWORD,
        "REDIS_URL": redis_server.removesuffix("/0") + "/4",
    }  # fmt: skip
    with servers.site(tmp_path_factory.mktemp("outbox") / "var", seconds=300, **variables) as running:
        yield running


@pytest.fixture(scope="module")
def teams(site: servers.Site) -> Iterator[dict[str, Any]]:
    """Projects that nobody has worked in, every other one in French."""
    printed = site.manage("shell", "--verbosity=0", "--command", CREATE)
    return iter(json.loads(printed.partition("TEAMS")[2]))


@dataclass
class Team:
    """A project, its coordinator and its contributor, and the browsers they use."""

    site: servers.Site
    browser_of: Callable[..., BrowserContext]
    project: str
    sheet: int
    language: str
    people: list[dict[str, str]]
    errors: list[str] = field(default_factory=list)

    @property
    def section(self) -> str:
        return f"{self.project}sheets/questionnaire/sections/G/"

    @property
    def question(self) -> str:
        return f"{self.project}sheets/questionnaire/questions/G-2/"

    def browser(self, person: int = 0) -> BrowserContext:
        """A browser of its own in which the person is signed in."""
        context = self.browser_of(base_url=self.site.url, viewport=PHONE)
        self.sign_in(context, person)
        return context

    def sign_in(self, context: BrowserContext, person: int = 0) -> None:
        context.add_cookies([{"name": "session", "value": self.people[person]["session"], "url": self.site.url}])

    def open(self, context: BrowserContext, path: str = "") -> Page:
        page = context.new_page()
        page.on("pageerror", lambda error: self.errors.append(f"{page.url}: {error}"))
        page.goto(path or self.section)
        return page

    def answers(self, code: str) -> list[tuple[str, str, int]]:
        """Every version the server has: what it says, whether it counts, and its author."""
        query = """
            SELECT revision.value, revision.kind, revision.saved_by_id
            FROM assessments_answerrevision AS revision JOIN toolkit_question AS question ON question.id = question_id
            WHERE sheet_id = ? AND question.code = ? ORDER BY revision.id"""
        place = f"file:{self.site.folder / 'readiness.sqlite3'}?mode=ro"
        with closing(sqlite3.connect(place, uri=True, timeout=20)) as base:
            return [(json.loads(value), kind, by) for value, kind, by in base.execute(query, (self.sheet, code))]

    def notes(self, code: str) -> list[str]:
        """The note of every version."""
        query = """
            SELECT note
            FROM assessments_answerrevision AS revision JOIN toolkit_question AS question ON question.id = question_id
            WHERE sheet_id = ? AND question.code = ? ORDER BY revision.id"""
        place = f"file:{self.site.folder / 'readiness.sqlite3'}?mode=ro"
        with closing(sqlite3.connect(place, uri=True, timeout=20)) as base:
            return [note for (note,) in base.execute(query, (self.sheet, code))]

    def counting(self, code: str) -> list[str]:
        return [value for value, kind, _by in self.answers(code) if kind == "accepted"]

    def confirmed(self, code: str) -> int:
        """How many of the versions confirm a proposal."""
        query = """
            SELECT count(*)
            FROM assessments_answerrevision JOIN toolkit_question AS question ON question.id = question_id
            WHERE sheet_id = ? AND question.code = ? AND proposal_id IS NOT NULL"""
        place = f"file:{self.site.folder / 'readiness.sqlite3'}?mode=ro"
        with closing(sqlite3.connect(place, uri=True, timeout=20)) as base:
            return int(base.execute(query, (self.sheet, code)).fetchone()[0])

    def has_empty_outbox(self, page: Page) -> None:
        servers.wait_for("the outbox is empty", lambda: self.outbox(page) == [], seconds=10)

    def outbox(self, page: Page, person: int = 0) -> list[list[str]]:
        return page.evaluate(IN_THE_OUTBOX, self.people[person]["id"])

    def end_session(self, context: BrowserContext) -> None:
        context.clear_cookies(name="session")


@pytest.fixture
def team(
    site: servers.Site, teams: Iterator[dict[str, Any]], new_context: Callable[..., BrowserContext]
) -> Iterator[Team]:
    here = Team(site, new_context, **next(teams))
    yield here
    assert here.errors == []


def text(page: Page, code: str = "G-2") -> Locator:
    return page.locator(f"[name='{code}:value']")


def written(file: Path) -> dict[str, Any]:
    """What can be brought in again of a file of unsent answers."""
    return json.loads(re.search(r"<script[^>]*>(.*)</script>", file.read_text(), re.S)[1])  # type: ignore[index]


def open_fold(field: Locator) -> None:
    """The part of the page that the field is folded away in, if it is."""
    field.evaluate("field => { const fold = field.closest('details'); if (fold) fold.open = true; }")


def state(page: Page, code: str = "G-2") -> Locator:
    return page.locator(f"[data-question='{code}'] [data-state]")


def saved(page: Page, code: str = "G-2") -> None:
    expect(state(page, code)).to_have_text(SAVED)


def more_of_the_bar(page: Page) -> Locator:
    """The bar of what is not sent, with all that it says."""
    bar = page.locator("[data-outbox]")
    expect(bar).to_be_visible()
    if not bar.locator("details").evaluate("(part) => part.open"):
        assert bar.bounding_box()["height"] <= 56  # type: ignore[index]
        bar.locator("summary").click(timeout=5_000)
    return bar


def send_now(page: Page) -> None:
    """Unless it has gone by itself meanwhile; what comes next in the test says whether it went."""
    if page.locator("[data-outbox]").is_visible():
        with contextlib.suppress(PlaywrightTimeout):
            button = more_of_the_bar(page).get_by_role("button", name=re.compile("Send now|Envoyer maintenant"))
            button.click(timeout=5_000)


def in_the_outbox(team: Team, page: Page, words: str, code: str = "G-2", person: int = 0) -> None:
    servers.wait_for(f"{words} is on the device", lambda: [code, words] in team.outbox(page, person), seconds=10)


# ── Reload, crash, second tab ────────────────────────────────────────────────


def test_what_was_typed_offline_survives_a_reload_and_is_sent_once(team: Team) -> None:
    page = team.open(team.browser())
    page.context.set_offline(True)
    text(page).fill("Décret no 12")
    expect(state(page)).to_have_text(DEVICE)
    bar = page.locator("[data-outbox]")
    expect(bar).to_contain_text("1 réponse pas encore envoyée." if team.language == "fr" else "1 answer not sent yet.")
    assert has_no_sideways_scroll(page)
    page.route("**/answers/**", lambda route: route.abort())
    page.context.set_offline(False)
    page.reload()
    expect(text(page)).to_have_value("Décret no 12")
    expect(bar).to_be_visible()
    page.unroute("**/answers/**")
    send_now(page)
    saved(page)
    expect(bar).to_be_hidden()
    assert team.counting("G-2") == ["Décret no 12"]
    team.has_empty_outbox(page)


def test_left_over_answers_are_sent_from_another_page_of_the_site(team: Team) -> None:
    page = team.open(team.browser())
    page.route("**/answers/**", lambda route: route.abort())
    text(page).fill("Typed on the section")
    expect(state(page)).to_have_text(DEVICE)
    page.close()
    other = team.open(page.context, f"{team.project}questionnaire/")
    servers.wait_for("it is sent", lambda: team.counting("G-2") == ["Typed on the section"])
    team.has_empty_outbox(other)


def test_a_tab_killed_in_mid_save_loses_nothing_and_saves_once(
    team: Team, playwright: Playwright, browser_type_launch_args: dict[str, Any], tmp_path: Path
) -> None:
    """The whole browser is killed with SIGKILL while a save is on its way and more was typed; then it starts again."""
    options = {**browser_type_launch_args, "viewport": PHONE, "base_url": team.site.url}
    first = playwright.chromium.launch_persistent_context(tmp_path / "profile", **options)
    team.sign_in(first)
    page = team.open(first)
    arrived = []

    def swallow(route: Route) -> None:  # the server has it, the browser never hears of it
        arrived.append(route.fetch().status)

    page.route("**/answers/**", swallow)
    text(page).fill("First half")
    page.locator("[name='G-3:value']").focus()
    servers.wait_for("the save arrives", lambda: bool(page.evaluate("1")) and arrived == [200])
    text(page).fill("First half, second half")
    in_the_outbox(team, page, "First half, second half")
    browser_dies(tmp_path / "profile")
    again = playwright.chromium.launch_persistent_context(tmp_path / "profile", **options)
    team.sign_in(again)
    page = team.open(again)
    expect(text(page)).to_have_value("First half, second half")
    saved(page)
    assert team.counting("G-2") == ["First half", "First half, second half"]
    team.has_empty_outbox(page)
    again.close()


def test_two_tabs_of_one_person_keep_both_texts(team: Team) -> None:
    context = team.browser()
    one, two = team.open(context), team.open(context)
    text(one).fill("In one tab")
    saved(one)
    expect(text(two)).to_have_value("In one tab")  # nothing was typed there: it follows
    for page in (one, two):
        page.route("**/answers/**", lambda route: route.abort())
    text(one).fill("One tab, without a line")
    text(two).fill("The other tab, without a line")
    for page in (one, two):
        expect(state(page)).to_have_text(DEVICE)
    one.unroute("**/answers/**")
    one.evaluate("window.readinessOutbox.sendAll()")
    saved(one)
    two.unroute("**/answers/**")
    two.evaluate("window.readinessOutbox.sendAll()")
    box = two.locator("[data-question='G-2'] [data-conflict]")
    expect(box).to_contain_text("One tab, without a line")
    box.locator("[data-keep]:not([data-mine])").last.click()  # both together
    saved(two)
    assert team.counting("G-2")[-1] == "The other tab, without a line\n\nOne tab, without a line"


# ── Words on a slow line ─────────────────────────────────────────────────────


def test_twelve_words_of_twelve_arrive_whatever_the_line_does(
    site: servers.Site, teams: Iterator[dict[str, Any]], new_context: Callable[..., BrowserContext]
) -> None:
    """At +0, +700, +1,500 and +5,000 ms, offline then online, and with a reload in the middle: typed side by side."""
    words = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
    team = Team(site, new_context, **next(teams))
    codes = dict(zip((0, 700, 1500, 5000, "offline", "reload"), texts_of(team), strict=False))
    pages = {}
    for way, code in codes.items():
        pages[way] = page = team.open(team.browser())
        if way == "reload" or isinstance(way, int):
            slow(page, 700 if way == "reload" else way)
        text(page, code).focus()
    for number, word in enumerate(words, 1):
        for way, page in pages.items():
            field = text(page, codes[way])
            field.press("End")
            field.press_sequentially(word if number == 1 else f" {word}")
            if way == "offline" and number in {4, 9}:
                page.context.set_offline(number == 4)
            if way == "reload" and number == 6:
                page.reload()
                text(page, codes[way]).focus()
        if number % 3 == 0:
            pages[0].wait_for_timeout(1600)
    for way, page in pages.items():
        saved(page, codes[way])
        assert team.counting(codes[way])[-1].split() == words, way
        assert text(page, codes[way]).input_value().split() == words, way
        assert [kind for _value, kind, _by in team.answers(codes[way]) if kind != "accepted"] == [], way
    assert team.errors == []


def texts_of(team: Team) -> list[str]:
    query = """
        SELECT question.code FROM toolkit_question AS question
        JOIN toolkit_section AS section ON section.id = section_id
        JOIN assessments_answersheet AS sheet ON sheet.instrument_id = section.instrument_id
        WHERE sheet.id = ? AND section.code = 'G' AND question.kind = 'text' ORDER BY question.position"""
    with closing(sqlite3.connect(f"file:{team.site.folder / 'readiness.sqlite3'}?mode=ro", uri=True)) as base:
        return [code for (code,) in base.execute(query, (team.sheet,))]


def slow(page: Page, milliseconds: int) -> None:
    line = page.context.new_cdp_session(page)
    line.send("Network.enable")
    line.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": milliseconds, "downloadThroughput": -1, "uploadThroughput": -1},
    )


# ── What the server replies ──────────────────────────────────────────────────


def sign_in_dialog(page: Page) -> Locator:
    return page.get_by_role("dialog", name=re.compile("Sign in again|Se connecter de nouveau"))


def test_an_expired_session_is_renewed_in_place_by_the_same_person_only(team: Team) -> None:
    context = team.browser()
    page = team.open(context)
    team.end_session(context)
    text(page).fill("Typed after the session was over")
    dialog = sign_in_dialog(page)
    expect(dialog).to_be_visible()
    assert team.answers("G-2") == []
    assert problems(page, "sign in again") == []
    dialog.locator("[type=password]").fill("not-the-password")
    dialog.get_by_role("button").first.click()
    expect(dialog.get_by_role("alert")).not_to_be_empty()
    dialog.locator("[type=password]").fill(PASSWORD)
    dialog.get_by_role("button").first.click()
    expect(dialog).to_be_hidden()
    saved(page)
    text(page, "G-3").fill("And on")
    saved(page, "G-3")
    assert team.counting("G-2") == ["Typed after the session was over"]


def test_a_second_person_on_the_same_device_neither_sees_nor_sends_the_firsts_texts(team: Team) -> None:
    context = team.browser()
    page = team.open(context)
    page.route("**/answers/**", lambda route: route.abort())
    text(page).fill("Awa’s words")
    expect(state(page)).to_have_text(DEVICE)
    team.sign_in(context, person=1)
    other = team.open(context)
    expect(text(page)).to_have_count(0)  # the first page is closed
    expect(page.locator("main")).to_contain_text(
        "Someone else has signed in" if team.language == "en" else "Une autre personne s’est connectée"
    )
    expect(page.locator("[data-outbox]")).to_have_count(0)  # it gives the texts out as a file
    expect(text(other)).to_have_value("")
    assert "Awa’s words" not in other.content()
    assert team.outbox(other, person=1) == []
    in_the_outbox(team, other, "Awa’s words")
    page.close()
    other.reload()
    other.wait_for_timeout(1000)
    assert team.answers("G-2") == []
    other.close()
    team.sign_in(context)
    saved(team.open(context))
    assert [(value, kind) for value, kind, _by in team.answers("G-2")] == [("Awa’s words", "accepted")]


def test_signing_out_closes_the_other_pages_too(team: Team) -> None:
    context = team.browser()
    left = team.open(context)
    text(left).fill("Awa’s words")
    saved(left)
    page = team.open(context)
    page.locator("details.menu summary").click()
    page.locator("details.menu form button").click()
    expect(page.locator("#id_login")).to_be_visible()
    expect(text(left)).to_have_count(0)
    assert "Awa’s words" not in left.content()
    expect(left.locator("main a[href='/']")).to_be_visible()


def test_back_shows_nobody_what_another_person_had_typed(team: Team) -> None:
    context = team.browser()
    page = team.open(context, team.question)
    comment = page.locator("textarea[name=text]").last
    page.evaluate("for (const part of document.querySelectorAll('main details')) part.open = true")
    comment.fill("Awa’s words")
    page.goto(team.section)
    page.go_back()
    expect(comment).to_have_value("Awa’s words")  # the browser does so for its own person
    page.goto(team.section)
    team.sign_in(context, person=1)
    page.go_back()
    page.wait_for_load_state("load")
    page.wait_for_timeout(300)
    expect(comment).to_have_value("")
    assert "Awa’s words" not in page.content()


def test_a_save_is_refused_where_someone_else_has_signed_in_unseen(team: Team) -> None:
    """As from a browser without BroadcastChannel: the server tells."""
    context = team.browser()
    context.add_init_script("delete window.BroadcastChannel")
    page = team.open(context)
    team.sign_in(context, person=1)
    text(page).fill("Awa’s words")
    expect(text(page)).to_have_count(0)
    assert team.answers("G-2") == []
    in_the_outbox(team, page, "Awa’s words")


REPLIES = {  # status → what the page says; then the line is good again
    503: (None, ""),
    429: (re.compile("too much came at once|trop d’envois à la fois"), "1"),
    413: (re.compile("the text is too large|trop long|trop volumineux"), ""),
    404: (re.compile("access has ended|accès a pris fin"), ""),
}


@pytest.mark.parametrize("status", REPLIES)
def test_what_is_not_taken_is_kept_said_and_sent_later(team: Team, status: int) -> None:
    said, wait = REPLIES[status]
    page = team.open(team.browser())
    headers = {"Retry-After": wait} if wait else {}
    page.route("**/answers/**", lambda route: route.fulfill(status=status, json={"problem": "x"}, headers=headers))
    text(page).fill("Once")
    expect(state(page)).to_have_text(said or DEVICE)
    expect(page.locator("[data-outbox]")).to_be_visible()
    in_the_outbox(team, page, "Once")
    assert has_no_sideways_scroll(page)
    page.unroute("**/answers/**")
    if status == 413:
        text(page).fill("Once more")
    else:
        send_now(page)
    saved(page)
    assert team.counting("G-2") == ["Once more" if status == 413 else "Once"]


def test_an_impossible_value_is_kept_over_a_reload_and_not_sent_again(team: Team) -> None:
    page = team.open(team.browser())
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if "/answers/" in request.url else None)
    text(page, "G-5").fill("viele")
    page.locator("[name='G-3:value']").focus()
    wrong = re.compile("is not a number|n’est pas un nombre")
    expect(state(page, "G-5")).to_have_text(wrong)
    page.reload()
    expect(text(page, "G-5")).to_have_value("viele")
    expect(state(page, "G-5")).to_have_text(wrong)
    page.wait_for_timeout(1000)
    assert len(sent) == 1
    text(page, "G-5").fill("12")
    saved(page, "G-5")
    team.has_empty_outbox(page)


def test_an_old_token_is_renewed(team: Team) -> None:
    page = team.open(team.browser())
    page.evaluate("for (const f of document.querySelectorAll('[name=csrfmiddlewaretoken]')) f.value = 'x'.repeat(64)")
    text(page).fill("With an old token")
    saved(page)
    assert team.counting("G-2") == ["With an old token"]


def test_the_same_question_in_two_browsers_keeps_both_over_a_reload(team: Team) -> None:
    awa, ben = team.open(team.browser(0)), team.open(team.browser(1))
    text(ben).fill("La licence de 2016")
    saved(ben)
    text(awa).fill("La loi de 2014")
    box = awa.locator("[data-question='G-2'] [data-conflict]")
    expect(box).to_contain_text("Ben")
    assert box.locator("mark").all_inner_texts() == ["loi", "2014", "licence", "2016"]
    assert problems(awa, "two answers") == []
    awa.reload()
    expect(box).to_be_visible()
    assert team.outbox(awa) == []
    expect(text(awa)).to_have_value("La licence de 2016")
    box.locator("[data-mine]").click()
    saved(awa)
    expect(box).to_be_hidden()
    expect(text(awa)).to_have_value("La loi de 2014")
    assert [(value, kind) for value, kind, _by in team.answers("G-2")] == [
        ("La licence de 2016", "accepted"), ("La loi de 2014", "refused"), ("La loi de 2014", "accepted"),
    ]  # fmt: skip


def test_an_hour_offline_ends_in_a_choice_not_in_an_overwritten_text(team: Team) -> None:
    awa, ben = team.open(team.browser(0)), team.open(team.browser(1))
    awa.context.set_offline(True)
    text(awa).fill("Offline")
    expect(state(awa)).to_have_text(DEVICE)
    text(ben).fill("Meanwhile")
    saved(ben)
    awa.context.set_offline(False)
    box = awa.locator("[data-question='G-2'] [data-conflict]")
    expect(box).to_contain_text("Meanwhile")
    expect(text(awa)).to_have_value("Offline")
    text(awa).fill("Offline, and mended")
    box.locator("[data-mine]").click()
    saved(awa)
    assert team.counting("G-2") == ["Meanwhile", "Offline, and mended"]
    team.has_empty_outbox(awa)


def test_all_that_was_typed_before_a_choice_is_shown_and_kept(team: Team) -> None:
    """A level that was on its way, and the explanation typed after it, are one text to who wrote them."""
    awa, ben = team.open(team.browser(0)), team.open(team.browser(1))
    awa.context.set_offline(True)
    with awa.expect_event("requestfailed"):
        text(awa).fill("La loi de 2014")
    note = awa.locator("[name='G-2:note']")
    open_fold(note)
    note.fill("Dix-neuf mots d’explication")
    in_the_outbox(team, awa, "La loi de 2014\nDix-neuf mots d’explication")
    text(ben).fill("La licence de 2016")
    saved(ben)
    awa.context.set_offline(False)
    box = awa.locator("[data-question='G-2'] [data-conflict]")
    expect(box).to_contain_text("Dix-neuf mots d’explication")
    box.locator("[data-keep]:not([data-mine])").first.click()
    expect(state(awa)).to_contain_text(re.compile("Your own text is kept|Votre texte est gardé"))
    expect(text(awa)).to_have_value("La licence de 2016")
    assert team.notes("G-2") == ["", "", "Dix-neuf mots d’explication", ""]
    team.has_empty_outbox(awa)
    awa.locator("[data-question='G-2'] a[href*='/questions/G-2/']").first.click()
    expect(awa.locator("main")).to_contain_text("Dix-neuf mots d’explication")


def test_what_is_typed_beside_a_choice_is_kept_whatever_is_chosen(team: Team) -> None:
    awa, ben = team.open(team.browser(0)), team.open(team.browser(1))
    text(ben).fill("La licence de 2016")
    saved(ben)
    text(awa).fill("La loi de 2014")
    box = awa.locator("[data-question='G-2'] [data-conflict]")
    expect(box).to_be_visible()
    text(awa).fill("La loi de 2014, article 7")
    box.locator("[data-keep]:not([data-mine])").first.click()  # before it went
    expect(state(awa)).to_contain_text(re.compile("Your own text is kept|Votre texte est gardé"))
    expect(text(awa)).to_have_value("La licence de 2016")
    expect(box).to_have_count(0)
    kept = [value for value, kind, _by in team.answers("G-2") if kind == "refused"]
    assert kept[-1] == "La loi de 2014, article 7"
    assert team.counting("G-2")[-1] == "La licence de 2016"
    team.has_empty_outbox(awa)
    ben.reload()
    text(ben).fill("La licence de 2017")
    saved(ben)
    text(awa).fill("La loi de 2018")
    expect(box).to_contain_text("2017")
    text(awa).fill("La loi de 2019")
    expect(box.locator(".version").first).to_contain_text("2019")  # the box follows
    text(awa).fill("La loi de 2020")
    box.locator("[data-mine]").click()
    servers.wait_for("it counts", lambda: bool(awa.evaluate("1")) and team.counting("G-2")[-1] == "La loi de 2020")
    team.has_empty_outbox(awa)


def test_a_date_of_which_a_part_is_missing_is_not_taken_for_none(team: Team) -> None:
    page = team.open(team.browser())
    date = text(page, "G-4")
    date.fill("2025-12-31")
    saved(page, "G-4")
    date.press("Delete")
    expect(state(page, "G-4")).to_have_text(re.compile("the date is not complete|la date n’est pas complète"))
    page.wait_for_timeout(2500)
    assert team.counting("G-4") == ["2025-12-31"]
    date.fill("2025-11-30")
    saved(page, "G-4")
    assert team.counting("G-4") == ["2025-12-31", "2025-11-30"]
    team.has_empty_outbox(page)


# ── The back button ──────────────────────────────────────────────────────────


CUT = """
const real = window.fetch;  // not the page's route: a request that outlives its page passes that by
window.fetch = (url, ...more) =>
  sessionStorage.cut && String(url).includes("/answers/") ? Promise.reject(new TypeError("cut")) : real(url, ...more);
"""
FROM_THE_BACK_BUTTON = "dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))"


def cut(page: Page, *, off: bool = True) -> None:
    page.evaluate("(off) => { if (off) sessionStorage.cut = 'yes'; else sessionStorage.removeItem('cut'); }", off)


@pytest.fixture(params=["fr", "en"])
def pair(
    request: pytest.FixtureRequest, site: servers.Site, teams: Iterator[dict[str, Any]],
    new_context: Callable[..., BrowserContext],
) -> Iterator[tuple[Team, Page, Page]]:  # fmt: skip
    """A team that works in that language; Awa, whose line can be cut, and Ben, each in a browser of theirs."""
    team = Team(site, new_context, **next(each for each in teams if each["language"] == request.param))
    context = team.browser(0)
    context.add_init_script(CUT)
    yield team, team.open(context), team.open(team.browser(1))
    assert team.errors == []


def go_on(page: Page) -> None:
    page.locator("#answers .row-line a").last.click()
    page.wait_for_url(lambda url: not url.endswith("/sections/G/"))


def saves_meanwhile(team: Team, page: Page, words: str) -> None:
    """As someone does who sees what stands."""
    page.reload()
    text(page).fill(words)
    servers.wait_for("it is saved", lambda: bool(page.evaluate("1")) and team.counting("G-2")[-1:] == [words])


def keeps_both(team: Team, page: Page, mine: str, theirs: str) -> None:
    box = page.locator("[data-question='G-2'] [data-conflict]")
    expect(box).to_contain_text(theirs)
    expect(box).to_contain_text("Deux réponses" if team.language == "fr" else "Two answers")
    expect(text(page)).to_have_value(mine)
    assert team.counting("G-2")[-1] == theirs
    assert team.answers("G-2")[-1][:2] == (mine, "refused")


def test_going_back_shows_what_was_saved_since_and_keeps_what_was_not_sent(pair: tuple[Team, Page, Page]) -> None:
    team, awa, ben = pair
    text(awa).fill("What Awa wrote")
    saved(awa)
    go_on(awa)
    saves_meanwhile(team, ben, "What Ben wrote since")
    awa.go_back()
    expect(text(awa)).to_have_value("What Ben wrote since")
    text(awa).press_sequentially(", and Awa after it")
    saved(awa)
    cut(awa)
    text(awa).fill("Not sent when the page was left")
    expect(state(awa)).to_have_text(DEVICE)
    go_on(awa)
    saves_meanwhile(team, ben, "What Ben wrote last")
    awa.go_back()
    expect(text(awa)).to_have_value("Not sent when the page was left")
    text(awa).press("End")
    text(awa).press_sequentially(", mended")
    expect(state(awa)).to_have_text(DEVICE)
    cut(awa, off=False)
    awa.evaluate("readinessOutbox.sendAll()")
    unsent = "Not sent when the page was left"
    keeps_both(team, awa, f"{unsent}, mended", "What Ben wrote last")
    awa.locator("[data-question='G-2'] [data-mine]").click()
    saved(awa)
    assert team.counting("G-2")[-2:] == ["What Ben wrote last", f"{unsent}, mended"]


def test_a_page_that_the_browser_kept_whole_is_read_anew_and_loses_nothing(pair: tuple[Team, Page, Page]) -> None:
    """Chromium keeps none of these pages, others may: they come back as they were left, with this event."""
    team, awa, ben = pair
    text(awa).fill("What Awa wrote")
    saved(awa)
    saves_meanwhile(team, ben, "What Ben wrote since")
    expect(text(awa)).to_have_value("What Awa wrote")
    awa.evaluate(FROM_THE_BACK_BUTTON)
    expect(text(awa)).to_have_value("What Ben wrote since")
    cut(awa)
    text(awa).press("End")
    text(awa).press_sequentially(" – and Awa")
    expect(state(awa)).to_have_text(DEVICE)
    saves_meanwhile(team, ben, "What Ben wrote last")
    asked: list[str] = []
    awa.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    with awa.expect_navigation():
        awa.evaluate(FROM_THE_BACK_BUTTON)
    expect(text(awa)).to_have_value("What Ben wrote since – and Awa")
    cut(awa, off=False)
    awa.evaluate("readinessOutbox.sendAll()")
    keeps_both(team, awa, "What Ben wrote since – and Awa", "What Ben wrote last")
    assert asked == []


def test_an_old_page_that_nothing_renewed_overwrites_nothing(pair: tuple[Team, Page, Page]) -> None:
    team, awa, ben = pair
    saves_meanwhile(team, ben, "What Ben wrote since")
    text(awa).fill("What Awa wrote on the old page")
    keeps_both(team, awa, "What Awa wrote on the old page", "What Ben wrote since")


# ── Closed meanwhile; asking the browser to keep ─────────────────────────────


def test_what_comes_after_the_questionnaire_was_closed_stays_on_the_page_and_with_the_coordinator(
    pair: tuple[Team, Page, Page],
) -> None:
    team, awa, ben = pair
    cut(awa)
    text(awa).fill("Typed before it was closed")
    expect(state(awa)).to_have_text(DEVICE)
    team.site.manage("shell", "--verbosity=0", "--command", CLOSE.format(sheet=team.sheet))
    cut(awa, off=False)
    awa.evaluate("readinessOutbox.sendAll()")
    closed = re.compile("was closed meanwhile|a été clos entre-temps")
    expect(state(awa)).to_have_text(closed)
    expect(text(awa)).to_have_value("Typed before it was closed")
    assert text(awa).evaluate("(field) => { field.select(); return getSelection().toString(); }")
    assert team.answers("G-2") == [("Typed before it was closed", "late", team.answers("G-2")[0][2])]
    team.has_empty_outbox(awa)
    ben.goto(f"{team.project}sheets/questionnaire/questions/G-2/")
    expect(ben.locator("main")).to_contain_text("Typed before it was closed")
    cut(awa)
    text(awa).fill("Typed on although it is closed")
    in_the_outbox(team, awa, "Typed on although it is closed")
    awa.goto(f"{team.project}questionnaire/")
    with awa.expect_download() as downloading:
        more_of_the_bar(awa).get_by_role("button", name=DOWNLOAD).click()
    file = written(downloading.value.path())
    assert [entry["answer"] for entry in file["answers"]] == ["Typed on although it is closed"]
    cut(awa, off=False)
    send_now(awa)
    expect(awa.locator("[data-outbox]")).to_contain_text(closed)
    servers.wait_for("it arrives", lambda: bool(awa.evaluate("1")) and len(team.answers("G-2")) == 2)
    assert [kind for _value, kind, _by in team.answers("G-2")] == ["late", "late"]


CLOSE = """
from assessments.actions.submissions import send_to_signatory
from assessments.models import AnswerSheet
sheet = AnswerSheet.objects.select_related("project", "instrument__framework").get(pk={sheet})
send_to_signatory(sheet, reason="More comes later.", by=sheet.project.manager)
"""


def test_the_browser_is_asked_once_to_throw_nothing_away(team: Team) -> None:
    context = team.browser()
    context.add_init_script(
        "window.asked = 0; const real = StorageManager.prototype.persist;"
        "StorageManager.prototype.persist = function () { window.asked += 1; return real.call(this); };"
    )
    page = team.open(context)
    assert page.evaluate("asked") == 0  # not before there is something to keep
    text(page).fill("Once")
    saved(page)
    servers.wait_for("it is asked", lambda: page.evaluate("asked") == 1)
    text(page).fill("Twice")
    servers.wait_for("it is saved", lambda: bool(page.evaluate("1")) and len(team.counting("G-2")) == 2)
    assert page.evaluate("asked") == 1


# ── A proposal is confirmed ──────────────────────────────────────────────────


PROPOSE = """
from assessments.models import AnswerSheet
from assessments.outline import structure
from tests.factories.assessments import ProposalFactory
sheet = AnswerSheet.objects.select_related("project", "instrument__framework").get(pk={sheet})
for code in ("G-2", "G-3"):
    ProposalFactory(sheet=sheet, question=structure(sheet.instrument).questions[code], value="Proposed " + code)
"""


def propose(team: Team) -> None:
    team.site.manage("shell", "--verbosity=0", "--command", PROPOSE.format(sheet=team.sheet))


def confirm(page: Page, code: str = "G-2") -> None:
    page.locator(f"[data-question='{code}'] [data-confirm]").click()


def test_a_proposal_confirmed_without_a_line_is_kept_and_sent_once(team: Team) -> None:
    propose(team)
    page = team.open(team.browser())
    page.route("**/answers/**", lambda route: route.abort())
    confirm(page)
    expect(text(page)).to_have_value("Proposed G-2")
    expect(state(page)).to_have_text(DEVICE)
    expect(page.locator("[data-question='G-2'] [data-proposal]")).to_be_hidden()
    in_the_outbox(team, page, "Proposed G-2")
    assert team.answers("G-2") == []
    page.reload()
    expect(text(page)).to_have_value("Proposed G-2")
    page.unroute("**/answers/**")
    page.evaluate("window.readinessOutbox.sendAll()")
    saved(page)
    team.has_empty_outbox(page)
    assert [(value, kind) for value, kind, _by in team.answers("G-2")] == [("Proposed G-2", "accepted")]
    assert team.confirmed("G-2") == 1
    assert page.url.endswith("/sections/G/")
    text(page).fill("Proposed G-2, corrected")  # what is typed on is one's own word
    saved(page)
    servers.wait_for("it is sent", lambda: len(team.counting("G-2")) == 2)
    assert team.confirmed("G-2") == 1


def test_confirming_after_something_was_typed_keeps_both_in_their_order(team: Team) -> None:
    propose(team)
    page = team.open(team.browser())
    page.route("**/answers/**", lambda route: route.abort())
    with page.expect_event("requestfailed"):
        text(page).fill("Typed first")
    text(page).fill("Typed first, and on")
    in_the_outbox(team, page, "Typed first, and on")
    confirm(page)
    expect(text(page)).to_have_value("Proposed G-2")
    page.wait_for_timeout(300)
    page.reload()
    expect(text(page)).to_have_value("Proposed G-2")
    page.unroute("**/answers/**")
    page.evaluate("window.readinessOutbox.sendAll()")
    servers.wait_for("all are sent", lambda: bool(page.evaluate("1")) and len(team.answers("G-2")) == 3)
    saved(page)
    assert team.counting("G-2") == ["Typed first", "Typed first, and on", "Proposed G-2"]
    assert team.confirmed("G-2") == 1
    team.has_empty_outbox(page)


def test_a_confirmed_proposal_and_an_answer_waiting_elsewhere_are_both_kept(team: Team) -> None:
    propose(team)
    awa, ben = team.open(team.browser(0)), team.open(team.browser(1))
    awa.route("**/answers/**", lambda route: route.abort())
    text(awa).fill("Typed without a line")
    expect(state(awa)).to_have_text(DEVICE)
    confirm(ben)
    saved(ben)
    awa.unroute("**/answers/**")
    awa.evaluate("window.readinessOutbox.sendAll()")
    box = awa.locator("[data-question='G-2'] [data-conflict]")
    expect(box).to_contain_text("Proposed G-2")
    expect(text(awa)).to_have_value("Typed without a line")
    confirm(awa)  # chooses nothing unseen
    expect(text(awa)).to_have_value("Typed without a line")
    box.locator("[data-mine]").click()
    saved(awa)
    assert [(value, kind) for value, kind, _by in team.answers("G-2")] == [
        ("Proposed G-2", "accepted"), ("Typed without a line", "refused"), ("Typed without a line", "accepted"),
    ]  # fmt: skip
    ben.route("**/answers/**", lambda route: route.abort())
    confirm(ben, "G-3")
    expect(state(ben, "G-3")).to_have_text(DEVICE)
    text(awa, "G-3").fill("Answered meanwhile")
    saved(awa, "G-3")
    ben.unroute("**/answers/**")
    ben.evaluate("window.readinessOutbox.sendAll()")
    expect(ben.locator("[data-question='G-3'] [data-conflict]")).to_contain_text("Answered meanwhile")
    assert team.counting("G-3") == ["Answered meanwhile"]


def test_without_a_script_a_proposal_is_confirmed_by_its_form(team: Team) -> None:
    propose(team)
    context = team.browser_of(base_url=team.site.url, viewport=PHONE, java_script_enabled=False)
    team.sign_in(context)
    page = team.open(context)
    confirm(page)
    assert (team.counting("G-2"), team.confirmed("G-2")) == (["Proposed G-2"], 1)


# ── Devices ──────────────────────────────────────────────────────────────────


def test_without_indexeddb_it_says_so_and_saves_online(team: Team) -> None:
    context = team.browser()
    context.add_init_script("delete window.indexedDB; Object.defineProperty(window, 'indexedDB', { value: undefined })")
    page = team.open(context)
    text(page).fill("In a private window")
    saved(page)
    page.route("**/answers/**", lambda route: route.abort())
    text(page).fill("In a private window, without a line")
    expect(state(page)).to_have_text(re.compile("In this page only|Dans cette page seulement"))
    expect(page.locator("[data-outbox]")).to_contain_text(re.compile("keeps nothing on this device|ne garde rien"))
    page.unroute("**/answers/**")
    send_now(page)
    saved(page)
    assert team.counting("G-2") == ["In a private window", "In a private window, without a line"]


def test_a_full_device_is_said_and_saves_online(team: Team) -> None:
    page = team.open(team.browser())
    expect(page.locator("[data-outbox]")).to_be_hidden()
    line = page.context.new_cdp_session(page)
    line.send("Storage.overrideQuotaForOrigin", {"origin": team.site.url, "quotaSize": 1})
    page.route("**/answers/**", lambda route: route.abort())
    text(page).fill("No room" * 1000)
    expect(state(page)).to_have_text(re.compile("In this page only|Dans cette page seulement"))
    expect(page.locator("[data-outbox]")).to_contain_text(re.compile("no room left|plus de place"))
    page.unroute("**/answers/**")
    send_now(page)
    saved(page)
    assert team.counting("G-2") == ["No room" * 1000]


def test_a_clock_that_is_wrong_by_a_day_changes_nothing(team: Team) -> None:
    context = team.browser()
    context.add_init_script("const now = Date.now; Date.now = () => now() - 86400000;")
    page = team.open(context)
    page.clock.set_fixed_time("2020-01-01T00:00:00Z")
    page.reload()
    page.route("**/answers/**", lambda route: route.abort())
    text(page).fill("Yesterday")
    expect(state(page)).to_have_text(DEVICE)
    page.unroute("**/answers/**")
    page.reload()
    saved(page)
    assert team.counting("G-2") == ["Yesterday"]


def test_leaving_and_signing_out_with_unsent_answers_warn(team: Team) -> None:
    page = team.open(team.browser())
    page.route("**/answers/**", lambda route: route.abort())
    text(page).press_sequentially("Unsent")
    expect(state(page)).to_have_text(DEVICE)
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.evaluate("location.href = 'about:blank'")
    servers.wait_for("the browser asks", lambda: bool(page.evaluate("1")) and asked == ["beforeunload"])
    page.locator("details.menu summary").click()
    page.locator("details.menu form button").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("1 réponse" if team.language == "fr" else "1 answer")
    assert problems(page, "sign out") == []
    with page.expect_download() as downloading:
        dialog.get_by_role("button", name=re.compile("Download|Télécharger")).click()
    file = written(downloading.value.path())
    assert (file["answers"][-1]["code"], file["answers"][-1]["answer"]) == ("G-2", "Unsent")
    page.unroute("**/answers/**")
    dialog.get_by_role("button").first.click()
    send_now(page)
    saved(page)


# ── As a file ────────────────────────────────────────────────────────────────


def test_what_was_downloaded_is_brought_in_elsewhere_once_and_by_its_author_only(team: Team, tmp_path: Path) -> None:
    page = team.open(team.browser())
    page.route("**/answers/**", lambda route: route.abort())
    text(page).fill(carried := "Carried </script> on a <b>stick</b>")
    text(page, "G-3").fill("This one too")
    expect(state(page, "G-3")).to_have_text(DEVICE)
    with page.expect_download() as downloading:
        more_of_the_bar(page).get_by_role("button", name=DOWNLOAD).click()
    downloading.value.save_as(tmp_path / "answers.html")
    file = written(tmp_path / "answers.html")
    assert [entry["answer"] for entry in file["answers"]] == [carried, "This one too"]
    assert all(entry["question"] and entry["place"] for entry in file["answers"])
    read = page.context.new_page()
    read.goto((tmp_path / "answers.html").as_uri())
    expect(read.locator("body")).to_contain_text(carried)
    expect(read.locator("html")).to_have_attribute("lang", team.language)
    read.close()

    for _time in range(2):
        elsewhere = team.open(team.browser(), f"{team.project}questionnaire/")
        bring_in(elsewhere, tmp_path / "answers.html")
        expect(elsewhere.locator("[data-bring-in] [data-list]")).to_contain_text(carried)
        assert problems(elsewhere, "bring in") == []
        elsewhere.locator("[data-bring-in] [data-send]").click()
        expect(elsewhere.locator("[data-bring-in] [data-said]")).to_have_text(re.compile(r"^(Saved|Enregistr).*: 2\.$"))
        team.has_empty_outbox(elsewhere)
    page.unroute("**/answers/**")  # and the device it came from sends the same again
    send_now(page)
    saved(page)
    saved(page, "G-3")
    assert [(value, kind) for value, kind, _by in team.answers("G-2")] == [(carried, "accepted")]
    assert [(value, kind) for value, kind, _by in team.answers("G-3")] == [("This one too", "accepted")]

    other = team.open(team.browser(1), f"{team.project}questionnaire/")
    bring_in(other, tmp_path / "answers.html")
    expect(other.locator("[data-bring-in] [data-said]")).to_contain_text("Awa")
    expect(other.locator("[data-bring-in] [data-send]")).to_be_hidden()


@pytest.mark.parametrize("change", [{"url": "/accounts/logout/"}, {"fields": [["csrfmiddlewaretoken", "x"]]}, None])
def test_a_file_that_is_not_one_of_ours_sends_nothing(
    team: Team, tmp_path: Path, change: dict[str, Any] | None
) -> None:
    page = team.open(team.browser(), f"{team.project}questionnaire/")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    sheet = f"{team.project}sheets/questionnaire"
    answer = {
        "place": "", "code": "G-2", "question": "", "answer": "", "page": f"{sheet}/sections/G/",
        "url": f"{sheet}/answers/G-2/", "save_id": "0b53b2b9-0000-4000-8000-000000000000", "base": 0,
        "language": "en", "fields": [["G-2:value", "x"]],
    }  # fmt: skip
    file = {"format": "readiness-outbox", "version": 1, "person": team.people[0]["id"], "answers": [answer]}
    path = tmp_path / "answers.json"
    path.write_text("{" if change is None else json.dumps({**file, "answers": [answer | change]}))
    bring_in(page, path)
    expect(page.locator("[data-bring-in] [data-said]")).to_have_text(re.compile("not a file|pas un fichier"))
    expect(page.locator("[data-bring-in] [data-send]")).to_be_hidden()
    good = tmp_path / "good.json"
    good.write_text(json.dumps(file))
    bring_in(page, good)
    expect(page.locator("[data-bring-in] [data-send]")).to_be_visible()
    assert sent == []


def bring_in(page: Page, path: Path) -> None:
    page.locator("[data-bring-in]").evaluate("(part) => { part.open = true }")
    page.locator("#bring-in-file").set_input_files(path)
