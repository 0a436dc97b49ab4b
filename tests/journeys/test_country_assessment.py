"""A country's assessment in the browser, from its letter to the documents: web server, worker and clock over Redis."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests import servers
from tests.journeys.browsing import (
    DESK,
    PHONE,
    has_no_sideways_scroll,
    mail_to,
    pdf_text,
    problems,
    sign_in,
    squeezed,
)

pytestmark = [pytest.mark.browser, pytest.mark.server]

MANAGER, PASSWORD = "manager@ib.example", "a-long-enough-password"
COORDINATOR, CONTRIBUTOR = "amara.dell@post.journeyland.example", "noor.vance@regulator.journeyland.example"
SIGNATORY, EXPERT = "paul.kest@post.journeyland.example", "ines.morel@experts.example"
COUNTRY = """
from foundation.fields import Texts
from projects.models import Country
Country.objects.create(code="journey-land", name=Texts(fr="République du Voyage", en="Republic of Journeyland"),
                       region="africa", languages=["en", "fr"], is_fictitious=True)
"""
REASON = "Consumer protection is still a bill, so the third level is not reached."
NOTE = "Ask the ministry again before the closing meeting."
OBSERVATION = "The five laws are published on paper only."
MESSAGE = "Pass the consumer protection bill first."
RESERVATION = "The bill was passed in June and is in force."


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, redis_server: str) -> Iterator[servers.Site]:
    """An installation with its administrator and one fictitious country; its own part of Redis."""
    variables = {
        "DEMO": "no", "ADMIN_EMAIL": MANAGER, "ADMIN_PASSWORD": PASSWORD,
        "REDIS_URL": redis_server.removesuffix("/0") + "/1", "CLOCK_SECONDS": "1",
    }  # fmt: skip
    with servers.site(tmp_path_factory.mktemp("journey") / "var", **variables) as running:
        running.manage("shell", "--verbosity=0", "--command", COUNTRY)
        yield running


@dataclass
class Journey:
    """The site, a browser for each person, and where the project is."""

    site: servers.Site
    browser_of: Callable[..., BrowserContext]
    folder: Path
    project: str = ""
    told: list[str] = field(default_factory=list)  # by axe-core

    def look(self, page: Page, name: str) -> None:
        """Have axe-core look at a page that the demonstration does not have: only here is somebody working on it."""
        size = page.viewport_size
        self.told += problems(page, name)
        assert size is not None
        page.set_viewport_size(size)

    def open(self, size: dict[str, int] = DESK) -> Page:
        """A page of a person who was not here before."""
        context = self.browser_of(base_url=self.site.url, viewport=size)
        context.set_default_timeout(20_000)
        page = context.new_page()
        page.on("pageerror", lambda error: pytest.fail(f"{page.url}: {error}"))
        return page

    def download(self, page: Page, link: Locator) -> str:
        """The text of the document behind the link."""
        with page.expect_download() as downloading:
            link.click()
        path = self.folder / downloading.value.suggested_filename
        downloading.value.save_as(path)
        return pdf_text(path)


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def follow(page: Page, name: str, **options: Any) -> None:
    page.locator("main").get_by_role("link", name=name, **options).click()


def test_a_countrys_assessment(site: servers.Site, new_context: Callable[..., BrowserContext], tmp_path: Path) -> None:
    journey = Journey(site, new_context, tmp_path)
    manager = journey.open()
    create_the_project(journey, manager)
    coordinator = join_by_link(journey)
    contributor = invite_contributor_who_joins_by_code(journey, coordinator)
    signatory = invite_signatory(journey, coordinator)
    answer_every_kind_of_question(journey, coordinator, contributor)
    lose_the_line(coordinator)
    send_and_sign(journey, coordinator, signatory)
    expert = join(journey, EXPERT, DESK)
    validate(journey, expert)
    rate_the_checklist(journey, expert)
    recommend(journey, expert)
    read_a_draft(journey, expert)
    sees_nothing_before_the_release(journey, coordinator)
    release(journey, manager)
    read_the_documents(journey, coordinator)
    enter_a_reservation(journey, coordinator)
    assert journey.told == []


# ── The International Bureau ─────────────────────────────────────────────────


def create_the_project(journey: Journey, page: Page) -> None:
    sign_in(page, MANAGER, PASSWORD)
    press(page, "English")
    today = datetime.now(UTC).date()
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Requests").click()
    follow(page, "Record a request")
    page.get_by_label("Country").select_option(label="Republic of Journeyland")
    page.get_by_label("Date received").fill(str(today))
    page.get_by_label("Sender").fill("Chief executive, Journeyland Post")
    press(page, "Record the request")
    press(page, "Accept – Republic of Journeyland")

    journey.look(page, "new project")
    page.get_by_label("Designated operator").fill("Journeyland Post")
    page.get_by_label("Language of the project").select_option("en")
    page.get_by_label("Questionnaire due on").fill(str(today + timedelta(days=21)))
    page.get_by_label("Visit: first day").fill(str(today + timedelta(days=40)))
    page.get_by_label("Visit: last day").fill(str(today + timedelta(days=43)))
    page.get_by_label("National coordinator: full name").fill("Amara Dell")
    page.get_by_label("National coordinator: e-mail address").fill(COORDINATOR)
    page.get_by_label("Expert 1: full name").fill("Inès Morel")
    page.get_by_label("Expert 1: e-mail address").fill(EXPERT)
    press(page, "Create the project")
    expect(page.get_by_role("heading", level=1)).to_have_text("Republic of Journeyland")
    journey.project = page.url.removeprefix(journey.site.url)


def release(journey: Journey, page: Page) -> None:
    """All three documents in both languages; the page shows each as soon as the worker has made it."""
    page.goto(f"{journey.project}deliverables/")
    follow(page, "Write its texts – Digital capability assessment")
    page.get_by_label("Message to management").fill(MESSAGE)
    press(page, "Save the texts")
    follow(page, "Prepare the release")
    page.get_by_label("Date of the release to the country").fill(str(datetime.now(UTC).date()))
    page.get_by_label("Show the overall level").check()
    expect(page.get_by_role("checkbox", checked=True)).to_have_count(6)
    journey.look(page, "release")
    press(page, "Release to the country")
    expect(page.get_by_role("link", name=re.compile(r"^Download version"))).to_have_count(6, timeout=120_000)


# ── Invitations ──────────────────────────────────────────────────────────────


def join(journey: Journey, address: str, size: dict[str, int]) -> Page:
    """Open the link of one's invitation, as it came by mail, and choose a password."""
    page = journey.open(size)
    links = re.findall(rf"{journey.site.url}(/invitations/[\w-]+/)\s", mail_to(journey.site, address))
    page.goto(links[0])
    journey.look(page, "invitation")
    choose_password(page)
    return page


def choose_password(page: Page) -> None:
    page.locator("#id_password").fill(PASSWORD)
    page.locator("main form:has(#id_password) button").click()
    expect(page.locator("details.menu")).to_be_visible()


def join_by_link(journey: Journey) -> Page:
    page = join(journey, COORDINATOR, PHONE)
    page.goto(journey.project)
    expect(page.get_by_role("heading", level=1)).to_have_text("Republic of Journeyland")
    assert has_no_sideways_scroll(page)
    return page


def invite(journey: Journey, page: Page, *, name: str, address: str, **choices: str) -> None:
    page.goto(f"{journey.project}team/")
    follow(page, "Invite a person")
    page.get_by_label("Full name").fill(name)
    page.get_by_label("E-mail address").fill(address)
    page.locator(f"[name=role][value={choices['role']}]").check()
    page.get_by_role("combobox", name="Institution").select_option(choices["institution"])
    page.get_by_role("combobox", name="Function").select_option(choices["function"])
    page.get_by_label("Language of the invitation").select_option(choices["language"])
    press(page, "Invite the person")


def invite_contributor_who_joins_by_code(journey: Journey, coordinator: Page) -> Page:
    invite(
        journey, coordinator, name="Noor Vance", address=CONTRIBUTOR, role="contributor", institution="regulator",
        function="regulator", language="en",
    )  # fmt: skip
    code = coordinator.get_by_label("One-time code").input_value()
    page = journey.open()
    page.goto("/accounts/login/")
    follow(page, "Enter a one-time code")
    page.get_by_label("One-time code").fill(code.lower())
    press(page, "Open my invitation")
    choose_password(page)
    return page


def invite_signatory(journey: Journey, coordinator: Page) -> Page:
    """Who reads French."""
    invite(
        journey, coordinator, name="Paul Kest", address=SIGNATORY, role="signatory", institution="post",
        function="chief_executive", language="fr",
    )  # fmt: skip
    page = join(journey, SIGNATORY, DESK)
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    return page


# ── The national team ────────────────────────────────────────────────────────


def section(journey: Journey, page: Page, code: str) -> None:
    page.goto(f"{journey.project}sheets/questionnaire/sections/{code}/")


def saved(page: Page, code: str, by: str = "you") -> None:
    expect(page.locator(f"[data-question='{code}'] [data-state]")).to_have_text(
        re.compile(rf"^\s*Saved .* by {by}\s*$")
    )


def part(page: Page, code: str, name: str = "value", value: str | None = None) -> Locator:
    chosen = f"[value='{value}']" if value is not None else ""
    return page.locator(f"[name='{code}:{name}']{chosen}")


def answer_every_kind_of_question(journey: Journey, page: Page, contributor: Page) -> None:
    """Each answer is saved by itself, and stands there when the page is opened again."""
    section(journey, page, "G")
    assert has_no_sideways_scroll(page)
    part(page, "G-1", value="state_company").check()
    saved(page, "G-1")
    part(page, "G-2").fill("Decree No. 12 of 3 March 2014.")
    part(page, "G-4").fill("2025-12-31")
    saved(page, "G-2")
    saved(page, "G-4")
    expect(page.locator("[data-question='G-6']")).to_be_hidden()
    part(page, "G-5").fill("1 214")
    expect(page.locator("[data-question='G-6']")).to_be_visible()
    part(page, "G-6").fill("68.5")
    part(page, "G-8", "amount").fill("1200000.5")
    part(page, "G-8", "currency").fill("usd")
    saved(page, "G-6")
    part(page, "G-9", "cell:e_commerce", "partner").check()
    saved(page, "G-8")
    saved(page, "G-9")
    part(page, "G-10", value="ips").check()
    part(page, "G-10", value="cds").check()
    saved(page, "G-10")
    part(page, "G-12", "status", "not_applicable").check()
    expect(page.locator("[data-question='G-12'] [data-state]")).to_have_text(
        "Not sent yet: say why this does not apply."
    )
    part(page, "G-12", "reason").fill("The Post sells nothing online.")
    part(page, "G-13", "status", "dont_know").check()
    saved(page, "G-12")
    saved(page, "G-13")
    expect(page.locator("[data-outbox]")).to_be_hidden()

    page.reload()
    expect(part(page, "G-1", value="state_company")).to_be_checked()
    expect(part(page, "G-2")).to_have_value("Decree No. 12 of 3 March 2014.")
    expect(part(page, "G-4")).to_have_value("2025-12-31")
    expect(part(page, "G-5")).to_have_value("1,214")
    expect(part(page, "G-6")).to_have_value("68.5")
    expect(part(page, "G-8", "amount")).to_have_value(re.compile(r"^1,200,000\.50?$"))
    expect(part(page, "G-8", "currency")).to_have_value("USD")
    expect(part(page, "G-9", "cell:e_commerce", "partner")).to_be_checked()
    expect(part(page, "G-10", value="cds")).to_be_checked()
    expect(part(page, "G-12", "reason")).to_have_value("The Post sells nothing online.")
    expect(part(page, "G-13", "status", "dont_know")).to_be_checked()
    settle_two_answers(journey, page, contributor)

    section(journey, page, "MR")
    part(page, "MR1-1", value="partly").check()
    saved(page, "MR1-1")

    section(journey, page, "P1.1")
    assert has_no_sideways_scroll(page)
    for code, level in {"P1.1-1": "3", "P1.1-2": "2", "P1.1-3": "3"}.items():
        part(page, code, value=level).check()
        part(page, code, "basis", "document").check()
        saved(page, code)
    part(page, "P1.1-7").fill("https://trade.journeyland.example/policy")
    saved(page, "P1.1-7")
    page.locator("[id='P1.1-1-file']").set_input_files(
        {"name": "laws.txt", "mimeType": "text/plain", "buffer": b"Five laws, in force since 2022."}
    )
    expect(page.get_by_role("link", name="laws.txt", exact=True)).to_be_visible()


def settle_two_answers(journey: Journey, page: Page, contributor: Page) -> None:
    """Two people answer the same question from the same state: both texts are shown, one chooses."""
    section(journey, contributor, "G")
    part(contributor, "G-3").fill("The licence of 2016.")
    saved(contributor, "G-3")
    part(page, "G-3").fill("The law of 2014.")
    conflict = page.locator("[data-question='G-3'] [data-conflict]")
    expect(conflict).to_contain_text("Noor Vance")
    expect(conflict).to_contain_text("The licence of 2016.")
    journey.look(page, "two answers")
    conflict.get_by_role("button", name="Keep my answer").click()
    saved(page, "G-3")
    contributor.reload()
    expect(part(contributor, "G-3")).to_have_value("The law of 2014.")
    saved(contributor, "G-3", by="Amara Dell")


def lose_the_line(page: Page) -> None:
    """What is typed without a line stays in the page and is sent by itself once there is one."""
    outbox = page.locator("[data-outbox]")
    page.context.set_offline(True)
    part(page, "P1.1-5").fill("A data protection authority is planned.")
    expect(outbox).to_contain_text("1 answer not sent yet.")
    page.context.set_offline(False)
    saved(page, "P1.1-5")
    expect(outbox).to_be_hidden()


def send_and_sign(journey: Journey, coordinator: Page, signatory: Page) -> None:
    coordinator.goto(f"{journey.project}questionnaire/")
    coordinator.get_by_role("link", name="See what is missing, and send it although answers are missing").click()
    coordinator.get_by_label("Why are answers missing?").fill("The regulator’s figures come in March.")
    journey.look(coordinator, "missing")
    press(coordinator, "Send it although answers are missing")
    expect(coordinator.get_by_role("heading", name="Waiting for the signature")).to_be_visible()

    signatory.goto(f"{journey.project}sheets/questionnaire/document/")
    expect(signatory.locator("main")).to_contain_text("The law of 2014.")
    expect(signatory.locator("main")).to_contain_text("The regulator’s figures come in March.")
    journey.look(signatory, "signature")
    signatory.locator("#id_function").fill("Directeur général")
    signatory.locator("#id_agrees").check()
    signatory.locator("form[action$='/sign/'] button").click()
    signatory.goto(f"{journey.project}questionnaire/")
    expect(signatory.locator("main")).to_contain_text("Paul Kest, Directeur général")


def sees_nothing_before_the_release(journey: Journey, coordinator: Page) -> None:
    coordinator.goto(f"{journey.project}deliverables/")
    expect(coordinator.get_by_role("heading", name="No document is released yet")).to_be_visible()
    coordinator.goto(f"{journey.project}findings/")
    for secret in (REASON, OBSERVATION):
        expect(coordinator.locator("main")).not_to_contain_text(secret)


def enter_a_reservation(journey: Journey, page: Page) -> None:
    page.goto(f"{journey.project}findings/")
    main = page.locator("main")
    for told in (REASON, OBSERVATION):
        expect(main).to_contain_text(told)
    expect(main).not_to_contain_text(NOTE)
    assert has_no_sideways_scroll(page)
    page.locator("#lever-P1\\.1").get_by_role("link", name="Respond on P1.1-1").click()
    page.get_by_label("We enter a reservation").check()
    page.get_by_label("Text of the reservation").fill(RESERVATION)
    press(page, "Save the response")
    expect(page.locator("#lever-P1\\.1")).to_contain_text(RESERVATION)


# ── The expert ───────────────────────────────────────────────────────────────


def validate(journey: Journey, page: Page) -> None:
    """Another level than the country's is refused without a reason; what was written stays."""
    page.goto(f"{journey.project}validation/P1.1-1/")
    expect(page.locator("main")).to_contain_text("laws.txt")
    page.locator("#verdict-2").check()
    page.locator("#basis-document").check()
    page.get_by_label("Note between experts").fill(NOTE)
    press(page, "Save and go to the next")
    expect(page.locator("#errors")).to_contain_text("Say why you see it differently from the country")
    expect(page.get_by_label("Note between experts")).to_have_value(NOTE)
    journey.look(page, "decision, refused")
    page.get_by_label("Reason for the difference").fill(REASON)
    press(page, "Save and go to the next")
    expect(page.get_by_role("heading", level=2, name="P1.1-2")).to_be_visible()
    page.goto(f"{journey.project}validation/P1.1-1/")
    follow(page, "Write an observation on this answer")
    journey.look(page, "observation")
    page.get_by_role("radio", name="Gap").check()
    page.get_by_role("textbox", name="Observation").fill(OBSERVATION)
    press(page, "Save the observation")
    expect(page.get_by_role("heading", level=2, name="P1.1-1")).to_be_visible()


def rate_the_checklist(journey: Journey, page: Page) -> None:
    page.goto(f"{journey.project}strategy/")
    journey.look(page, "strategy")
    page.locator("section[aria-labelledby=domains] a").first.click()
    part(page, "D1-1", value="2").check()
    saved(page, "D1-1")
    journey.look(page, "checklist")
    page.goto(f"{journey.project}sheets/questionnaire/return/")
    journey.look(page, "return")


def recommend(journey: Journey, page: Page) -> None:
    page.goto(f"{journey.project}findings/")
    lever = page.locator("#lever-P1\\.1")
    expect(lever).to_contain_text(OBSERVATION)
    lever.get_by_text("Suggestion, from level 2 to the next").click()
    lever.get_by_role("link", name="Adopt this suggestion").click()
    journey.look(page, "recommendation")
    page.get_by_label("Priority").select_option("high")
    press(page, "Save the recommendation")
    expect(lever).to_contain_text("Adopted as R1")


def read_a_draft(journey: Journey, page: Page) -> None:
    page.goto(f"{journey.project}deliverables/")
    press(page, "Make a draft – Digital capability assessment, English")
    made = page.get_by_role("link", name=re.compile(r"^Download version 1"))
    expect(made).to_be_visible(timeout=60_000)
    text = journey.download(page, made)
    assert "DRAFT" in text
    assert squeezed(REASON) in text


# ── What the country reads ───────────────────────────────────────────────────

ENGLISH = "Ensure legislative and regulatory frameworks enable digital opportunities"
FRENCH = "Veiller à ce que les cadres législatif et réglementaire rendent possibles des opportunités numériques"


def read_the_documents(journey: Journey, page: Page) -> None:
    page.goto(f"{journey.project}deliverables/")
    assert has_no_sideways_scroll(page)
    links = page.get_by_role("link", name=re.compile(r"^Download version"))
    expect(links).to_have_count(6)
    texts = {}
    for link in links.all():
        name = re.search(r"– (.*), (\w+)", link.inner_text())
        assert name is not None
        texts[name[1], name[2]] = journey.download(page, link)
    kinds = ("Digital capability assessment", "Transformation toolkit", "Postal digital strategy assessment")
    assert set(texts) == {(kind, language) for kind in kinds for language in ("English", "Français")}
    for (kind, language), text in texts.items():
        assert squeezed("Republic of Journeyland" if language == "English" else "République du Voyage") in text, kind
        for mark in ("DRAFT", "PROJET"):
            assert mark not in text, (kind, language)
        assert squeezed(NOTE) not in text, kind
    for language, lever in (("English", ENGLISH), ("Français", FRENCH)):
        for told in (lever, REASON, OBSERVATION):
            assert squeezed(told) in texts[kinds[0], language], (language, told)
        assert squeezed(lever) in texts[kinds[1], language]
    assert squeezed(MESSAGE) in texts[kinds[0], "English"]
    assert squeezed("Vision for e-commerce") in texts[kinds[2], "English"]
    assert squeezed("Vision pour le commerce électronique") in texts[kinds[2], "Français"]
