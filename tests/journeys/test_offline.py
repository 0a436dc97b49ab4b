"""Without a line: what a person opened opens again, says how old it is, and takes answers; nobody else ever gets it."""

import contextlib
import itertools
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

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
LEAVING = """
from projects.models import Project
from projects.permissions import Role
from tests.factories.accounts import UserFactory
from tests.factories.projects import member
member(Project.objects.get(), Role.CONTRIBUTOR, user=UserFactory(email="leaving@offline.example", language="en"))
"""
REMOVED = """
from projects.models import Membership
Membership.objects.get(user__email="leaving@offline.example").delete()
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
        context.set_default_timeout(40_000)  # a site that starts anew beside other tests
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


def test_a_copy_undoes_nothing_that_was_said_to_be_saved(place: Place) -> None:
    """A copy is older than the answers saved since: they stand in it all the same, and are counted."""
    page = place.device()
    open_questionnaire(place, page, place.english)
    page.goto(place.section("A.2"))
    count, state = page.locator("[data-section-count]"), page.locator("[data-question='A.2-1'] [data-state]")
    nothing = count.inner_text()
    choice, note = page.locator("[name='A.2-1:value']").first, page.locator("[name='A.2-1:note']")
    page.evaluate("for (const fold of document.querySelectorAll('.question details')) fold.open = true")
    choice.check()
    note.fill("A word that must not go")
    expect(state).to_contain_text("by you")
    servers.wait_for("both are saved", lambda: page.evaluate("window.readinessOutbox.count()") == 0)
    one = count.inner_text()
    assert one != nothing
    place.line.cut()
    page.goto(place.section("A.2"))
    expect(page.locator("[data-kept][role=status]")).to_be_visible()
    expect(choice).to_be_checked()
    expect(note).to_have_value("A word that must not go")
    expect(note).to_be_visible()
    expect(count).to_have_text(one)
    page.locator("[name='A.2-2:value']").first.check()
    expect(count).not_to_have_text(one)
    two = count.inner_text()
    page.locator("[data-outbox] summary").click()
    page.get_by_role("button", name="Send now").click()
    expect(page.locator("[data-outbox]")).to_contain_text("There is no line at the moment")
    page.reload()
    expect(count).to_have_text(two)
    place.line.mend()
    page.goto(place.section("A.2"))
    expect(page.locator("[data-question='A.2-2'] [data-state]")).to_contain_text("by you")
    expect(page.locator("[data-outbox]")).to_be_hidden()
    page.goto(place.section("A.2"))
    expect(count).to_have_text(two)


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


def test_a_page_that_comes_after_signing_out_is_not_kept_either(place: Place, site: servers.Site) -> None:
    """A slow line brings what another tab had asked for when its person has left already."""
    with line(site.url, ["reply late"], only=lambda request: b"/sections/A.1/ " in request) as slow:
        slow.late = 4.0
        page = replace(place, line=slow).device(DESK)
        open_questionnaire(place, page, place.english)
        other = page.context.new_page()
        other.goto("/projects/")
        other.evaluate("(path) => { setTimeout(() => { location.href = path; }); }", place.section("A.1"))
        servers.wait_for("the section to be asked for", lambda: slow.seen["reply late"] == 1)
        page.locator("details.menu summary").click()
        page.get_by_role("button", name="Sign out").click()
        expect(page.locator("#id_login")).to_be_visible()
        expect(other.locator("#answers")).to_be_visible()  # it was asked for by who was signed in
        page.wait_for_timeout(500)
        assert copies(page) == []
        slow.cut()
        page.goto(place.section("A.1"))
        expect(page.get_by_role("heading", level=1)).to_have_text("There is no line")


def test_who_is_removed_from_the_team_keeps_no_page_of_it(place: Place, site: servers.Site) -> None:
    site.manage("shell", "--verbosity=0", "--command", LEAVING)
    page = place.device(DESK)
    open_questionnaire(place, page, "leaving@offline.example")
    for code in ("A.1", "A.2"):
        page.goto(place.section(code))
    assert len(copies(page)[0]) == 3
    site.manage("shell", "--verbosity=0", "--command", REMOVED)
    page.goto(f"{place.sheet}questionnaire/")
    servers.wait_for("the pages to be gone", lambda: copies(page) == [[]])


def test_nothing_of_an_expert_is_kept(place: Place) -> None:
    page = place.device(DESK)
    open_questionnaire(place, page, place.english)  # whose worker answers for whoever comes after
    page.context.clear_cookies()
    sign_in(page, place.expert, PASSWORD)
    for path in (f"{place.sheet}questionnaire/", place.section("A.1"), f"{place.sheet}validation/"):
        page.goto(path)
        expect(page.locator("details.menu")).to_be_visible()
    assert copies(page) == []


def note(page: Page, code: str) -> Locator:
    return page.locator(f"[name='{code}:note']")


def state(page: Page, code: str) -> Locator:
    return page.locator(f"[data-question='{code}'] [data-state]")


def saved_notes(site: servers.Site, code: str) -> list[str]:
    """The note of every version that was accepted, in order."""
    asked = f"""
from assessments.models import AnswerRevision
print(json.dumps(list(AnswerRevision.objects.filter(kind="accepted", question__code={code!r}).order_by("pk")
    .values_list("note", flat=True))))"""
    return json.loads(site.manage("shell", "--verbosity=0", "--command", f"import json{asked}"))


def test_a_section_is_filled_without_a_line_and_arrives_once_when_it_is_back(place: Place, site: servers.Site) -> None:
    page = place.device()
    open_questionnaire(place, page, place.english)
    page.goto(place.section("A.1"))
    note(page, "A.1-1").fill("saved after the copy was made")
    expect(state(page, "A.1-1")).to_contain_text("Saved")
    place.line.cut()
    page.goto(f"{place.sheet}questionnaire/")
    page.goto(place.section("A.1"))
    expect(note(page, "A.1-1")).to_have_value("saved after the copy was made")
    note(page, "A.1-1").fill("typed without a line")
    note(page, "A.1-2").fill("so was this")
    page.wait_for_timeout(500)
    page.close()  # and the device is taken home
    page = page.context.new_page()
    page.goto(place.section("A.1"))
    expect(note(page, "A.1-1")).to_have_value("typed without a line")
    place.line.mend()
    page.reload()
    for code in ("A.1-1", "A.1-2"):
        expect(state(page, code)).to_contain_text("Saved")
    assert saved_notes(site, "A.1-1") == ["saved after the copy was made", "typed without a line"]
    assert saved_notes(site, "A.1-2") == ["so was this"]


# ── From one release to the next ─────────────────────────────────────────────
WORKERS = """async () => {
    const registration = await navigator.serviceWorker.ready;
    await registration.update();
    for (let waited = 0; registration.installing && waited < 100; waited += 1)
        await new Promise((resolve) => setTimeout(resolve, 100));
    return registration.waiting !== null;
}"""


PIECES = """
from assessments.models import EvidenceUse
print(*EvidenceUse.objects.values_list("question__code", "piece__title", "piece__file__size"))
"""


def test_a_file_chosen_without_a_line_arrives_once_when_it_is_back(place: Place, site: servers.Site) -> None:
    page = place.device()
    open_questionnaire(place, page, place.french)
    page.goto(place.section("A.2"))
    page.goto(f"{place.sheet}questionnaire/")
    expect(page.locator("[data-offline] [data-state]")).to_contain_text("1 section")
    place.line.cut()
    page.goto(place.section("A.2"))
    page.evaluate("document.getElementById('A.2-1-file').closest('details').open = true")
    content = b"%PDF-1.7" + bytes(400_000)
    page.locator("[id='A.2-1-file']").set_input_files(
        {"name": "plan.pdf", "mimeType": "application/pdf", "buffer": content}
    )
    expect(page.locator("[data-evidence='A.2-1']")).to_contain_text("Vous pouvez quitter cette page")
    page.goto(f"{place.sheet}questionnaire/")
    expect(page.locator("[data-outbox-files]")).to_contain_text("1 fichier pas encore envoyé")
    expect(page.locator("#unfinished")).to_contain_text("plan.pdf (A.2-1)")
    assert problems(page, "a file waits") == []
    place.line.mend()
    expect(page.locator("[data-outbox]")).to_be_hidden(timeout=60_000)
    expect(page.locator("#unfinished")).to_be_hidden()
    assert (
        site.manage("shell", "--verbosity=0", "--command", PIECES).strip() == f"('A.2-1', 'plan.pdf', {len(content)})"
    )


def next_release(folder: Path) -> Path:
    """The tree as it is, with another release and another script."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=servers.ROOT, check=True, capture_output=True, text=True)
    for name in filter(None, listed.stdout.split("\0")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        if (servers.ROOT / name).exists():
            shutil.copyfile(servers.ROOT / name, folder / name)
    for name, old, new in (
        ("readiness/settings.py", 'RELEASE = "', 'RELEASE = "9.'),
        ("static/answers.js", '"use strict";', '"use strict"; '),
    ):  # fmt: skip
        text = (folder / name).read_text()
        assert old in text
        (folder / name).write_text(text.replace(old, new, 1))
    return folder


def test_a_new_release_waits_for_what_is_not_sent_and_breaks_no_open_page(
    tmp_path: Path, new_context: Callable[..., BrowserContext]
) -> None:
    variables = {"DEMO": "no", "ADMIN_EMAIL": "ib@ib.example", "ADMIN_PASSWORD": PASSWORD}
    folder = tmp_path / "var"
    with contextlib.ExitStack() as opened:
        with servers.site(folder, **variables) as site:
            made = json.loads(site.manage("shell", "--verbosity=0", "--command", CREATE))
            people = {name: made[name] for name in ("english", "french", "expert")}
            bad = opened.enter_context(line(site.url, only=is_save))
            place = Place(bad, f"/projects/{made['project']}/", browser_of=new_context, **people)
            page = place.device(DESK)
            open_questionnaire(place, page, place.english)
            page.goto(place.section("A.1"))
            bad.faults = itertools.repeat("request lost")
            note(page, "A.1-1").fill("typed before the release")
            expect(state(page, "A.1-1")).to_contain_text("this device")
            bad.cut()
        for file in (folder / "static").glob("answers.*.js*"):
            file.unlink()  # only this device has the old script now
        with servers.site(folder, place=next_release(tmp_path / "next"), **variables) as site:
            bad.port = int(site.url.rpartition(":")[2])
            bad.mend()
            other = page.context.new_page()
            other.goto(place.section("A.1"))
            assert other.evaluate(WORKERS), "the new release has to wait"
            script = page.locator("script[src*='answers.']").get_attribute("src")
            assert other.locator(f"script[src='{script}']").count() == 0
            assert page.evaluate("path => fetch(path).then((reply) => reply.status)", script) == 200
            expect(note(page, "A.1-1")).to_have_value("typed before the release")

            bad.faults = itertools.repeat(FINE)
            page.evaluate("dispatchEvent(new Event('online'))")
            expect(state(page, "A.1-1")).to_contain_text("Saved")
            other.goto(f"{place.sheet}questionnaire/")
            other.wait_for_function(
                "navigator.serviceWorker.ready.then((registration) => registration.waiting === null)"
            )
            page.goto(place.section("A.1"))
            expect(note(page, "A.1-1")).to_have_value("typed before the release")
            assert page.locator("script[src*='answers.']").get_attribute("src") != script
            assert saved_notes(site, "A.1-1") == ["typed before the release"]


def is_save(request: bytes) -> bool:
    return request.startswith(b"POST ") and b"/answers/" in request.split(b" ", 2)[1]
