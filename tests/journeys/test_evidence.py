"""Evidence from a phone: in pieces through a bad line, past a killed web process, past a page that is left and a
browser that dies; images made smaller, once."""

import hashlib
import io
import json
import os
import random
import re
import signal
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Page, Playwright, Request, expect

from tests import servers
from tests.factories.accounts import PASSWORD
from tests.journeys.browsing import PHONE, browser_dies, has_no_sideways_scroll, problems, sign_in
from tests.line import FAULTS, FINE, Line, line

pytestmark = [pytest.mark.browser, pytest.mark.server]

CREATE = """
import json
from projects.permissions import Role
from tests.factories.accounts import UserFactory
from tests.factories.assessments import opened_project
from tests.factories.projects import member
project = opened_project()
people = [member(project, Role.COORDINATOR, user=UserFactory(language=language)).email for language in ("en", "fr")]
print(json.dumps({"project": str(project.public_id), "people": people}))
"""
STORED = """
import json
from assessments.models import Evidence, EvidenceUse, Upload
from foundation import files
uses = EvidenceUse.objects.filter(piece__file__isnull=False).select_related("piece__file", "question").order_by("pk")
rows = [
    (use.question.code, piece.title, piece.is_confidential, piece.file.sha256, str(files.path_of(piece.file)))
    for use in uses for piece in [use.piece]
]
print(json.dumps(rows))
"""
TO_UPLOADS = b"/uploads/"
KEEPS_NOTHING = "Object.defineProperty(window, 'indexedDB', { value: undefined })"
FILES_KEPT = """async () => {
  const done = (asked) => new Promise((resolve) => { asked.onsuccess = () => resolve(asked.result); });
  let files = 0;
  for (const { name } of await indexedDB.databases()) {
    const base = await done(indexedDB.open(name));
    files += await done(base.transaction("files").objectStore("files").count());
    base.close();
  }
  return files;
}"""

A_WEEK_AGO = """async () => {
  const done = (asked) => new Promise((resolve) => { asked.onsuccess = () => resolve(asked.result); });
  for (const { name } of await indexedDB.databases()) {
    const base = await done(indexedDB.open(name)), store = base.transaction("files", "readwrite").objectStore("files");
    for (const file of await done(store.getAll())) await done(store.put({ ...file, since: file.since - 8 * 86400000 }));
    base.close();
  }
}"""


def is_upload(request: bytes) -> bool:
    return TO_UPLOADS in request.split(b"\r\n", 1)[0]


def document(kind: int, size: int) -> bytes:
    return b"%PDF-1.7\n" + random.Random(kind).randbytes(size)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Site]:
    with servers.site(
        tmp_path_factory.mktemp("evidence") / "var", DEMO="no", ADMIN_EMAIL="ib@ib.example", ADMIN_PASSWORD=PASSWORD
    ) as running:
        yield running


@pytest.fixture(scope="module")
def made(site: servers.Site) -> dict[str, Any]:
    return json.loads(site.manage("shell", "--verbosity=0", "--command", CREATE))


def stored(site: servers.Site) -> dict[str, list[Any]]:
    """The files that support an answer, by question: title, confidential, checksum, path."""
    rows = json.loads(site.manage("shell", "--verbosity=0", "--command", STORED))
    return {code: [row for row in rows if row[0] == code] for code, *_rest in rows}


def open_section(
    at: Line, made: dict[str, Any], browser_of: Callable[..., BrowserContext], person: int, section: str,
    script: str = "",
) -> Page:  # fmt: skip
    context = browser_of(base_url=at.url, viewport=PHONE)
    context.set_default_timeout(30_000)
    if script:
        context.add_init_script(script)
    page = context.new_page()
    page.on("pageerror", lambda error: pytest.fail(f"{page.url}: {error}"))
    sign_in(page, made["people"][person], PASSWORD)
    page.goto(f"/projects/{made['project']}/sheets/questionnaire/sections/{section}/")
    return page


def choose(page: Page, code: str, *files: dict[str, Any]) -> None:
    page.evaluate(f"document.getElementById('{code}-file').closest('details').open = true")
    page.locator(f"[id='{code}-file']").set_input_files(list(files))


def pdf(name: str, content: bytes) -> dict[str, Any]:
    return {"name": name, "mimeType": "application/pdf", "buffer": content}


def test_several_files_arrive_whole_and_once_through_a_bad_line(
    site: servers.Site, made: dict[str, Any], new_context: Callable[..., BrowserContext]
) -> None:
    with line(site.url, [way for fault in FAULTS for way in (fault, FINE)], only=is_upload) as bad:
        page = open_section(bad, made, new_context, 0, "A.1")
        first, second = document(1, 6_000_000), document(2, 400_000)
        page.locator("[id='A.1-1-evidence-confidential']").evaluate("box => box.checked = true")
        choose(page, "A.1-1", pdf("law.pdf", first), pdf("decree.pdf", second))
        place = page.locator("[data-evidence='A.1-1']")
        expect(place.get_by_role("progressbar")).to_have_count(2)
        assert has_no_sideways_scroll(page)
        expect(place.locator("[data-pieces] li")).to_have_count(2, timeout=120_000)
        expect(place.locator("[data-uploads] li")).to_have_count(0)
        assert problems(page, "with evidence") == []
        use_again(page, "A.1-2", "law.pdf")
        assert set(bad.seen) >= set(FAULTS)
    found = stored(site)["A.1-1"]
    assert [(title, secret, digest) for _code, title, secret, digest, _path in found] == [
        ("law.pdf", True, hashlib.sha256(first).hexdigest()),
        ("decree.pdf", True, hashlib.sha256(second).hexdigest()),
    ]


def use_again(page: Page, code: str, title: str) -> None:
    """A piece that was added before is chosen beside the question."""
    page.evaluate(f"document.getElementById('{code}-file').closest('details').open = true")
    place = page.locator(f"[data-evidence='{code}']")
    place.get_by_role("link", name="Or use a piece that was added before").click()
    place.get_by_role("combobox", name="Piece").select_option(label=title)
    place.get_by_role("textbox", name="Where to look").fill("page 3")
    assert problems(page, "choosing a piece") == []
    place.get_by_role("button", name="Add it to this answer").click()
    expect(place.locator("[data-pieces] li")).to_contain_text("where to look: page 3")


def test_after_a_killed_web_process_it_goes_on_and_after_a_reload_when_chosen_again(
    site: servers.Site, made: dict[str, Any], new_context: Callable[..., BrowserContext]
) -> None:
    """In a browser that keeps no file, as in a private window."""
    content = document(3, 6_000_000)
    with line(site.url) as at:
        page = open_section(at, made, new_context, 1, "A.2", KEEPS_NOTHING)
        sent: list[str] = []

        def stop_after_two(request: Any) -> None:
            if "offset=" in request.url:
                sent.append(request.url)
                if len(sent) == 3:
                    os.kill(min(site.pids("gunicorn")), signal.SIGKILL)
                if len(sent) == 6 and at.up:
                    at.cut()

        page.on("request", stop_after_two)
        choose(page, "A.2-1", pdf("plan.pdf", content))
        place = page.locator("[data-evidence='A.2-1']")
        expect(place.get_by_text("Pas de connexion pour le moment.")).to_be_visible(timeout=60_000)
        expect(place).to_contain_text("Laissez cette page ouverte")
        for _tenth in range(900):
            if at.up:
                page.wait_for_timeout(100)  # here the browser's requests are heard of
        assert not at.up
        page.remove_listener("request", stop_after_two)
        page.on("request", lambda request: sent.append(request.url) if "offset=" in request.url else None)
        page.on("dialog", lambda dialog: dialog.accept())
        servers.wait_for("the web process is back", lambda: servers.status_of(site.url) == 200, seconds=60)
        at.mend()
        page.reload()
        left = page.locator("[data-begun]")
        expect(left).to_contain_text("«plan.pdf»")
        assert "sont arrivés" in left.inner_text()
        expect(page.locator("#unfinished")).to_contain_text("plan.pdf (A.2-1)")
        assert problems(page, "begun before") == []
        began = len(sent)
        with page.expect_file_chooser() as chooser:
            left.get_by_role("button", name="Choisir le fichier").click()
        chooser.value.set_files(pdf("plan.pdf", content))
        expect(place.locator("[data-pieces] li")).to_have_count(1, timeout=60_000)
        expect(left).to_have_count(0)
        expect(page.locator("#unfinished")).to_be_hidden()
        assert "offset=0&" not in sent[began]
    ((_code, title, _secret, digest, _path),) = stored(site)["A.2-1"]
    assert (title, digest) == ("plan.pdf", hashlib.sha256(content).hexdigest())


def lose_uploads_after(page: Page, at: Line, count: int) -> list[int]:
    """Nothing of a file passes any more once so many of its pieces have; the offsets of all that leave."""
    offsets: list[int] = []
    picked, passed = at.only, 0

    def is_lost(request: bytes) -> bool:
        nonlocal passed
        if not picked(request) or passed == count:
            return picked(request)
        passed += b"offset=" in request.partition(b"\r\n")[0]
        return False

    def leaves(request: Request) -> None:
        if found := re.search(r"offset=(\d+)", request.url):
            offsets.append(int(found[1]))

    page.context.on("request", leaves)
    at.only, at.faults = is_lost, cycle(["request lost"])
    return offsets


def never_asked_to_stay(page: Page) -> list[str]:
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    return asked


KEPT = re.compile("You may leave this page|Vous pouvez quitter cette page")
NO_LINE = re.compile("No line at present|Pas de connexion pour le moment")
NOT_SENT = re.compile("1 file not sent yet|1 fichier pas encore envoyé")


@pytest.mark.parametrize(("person", "code", "other"), [(0, "A.1-4", "G"), (1, "G-1", "A.1")])
def test_a_file_goes_on_from_another_section_when_the_line_is_back(
    site: servers.Site, made: dict[str, Any], new_context: Callable[..., BrowserContext], person: int, code: str,
    other: str,
) -> None:  # fmt: skip
    content, section = document(5 + person, 6_000_000), code.partition("-")[0]
    with line(site.url, only=is_upload) as at:
        page = open_section(at, made, new_context, person, section)
        asked, offsets = never_asked_to_stay(page), lose_uploads_after(page, at, 3)
        choose(page, code, pdf("plan.pdf", content))
        place = page.locator(f"[data-evidence='{code}']")
        expect(place).to_contain_text(NO_LINE)
        expect(place).to_contain_text(KEPT)
        expect(page.locator("[data-outbox-files]")).to_contain_text(NOT_SENT)
        assert problems(page, "kept on this device") == []
        page.goto(page.url.replace(f"/{section}/", f"/{other}/"))
        expect(page.locator("[data-outbox-files]")).to_contain_text(NOT_SENT)
        expect(page.locator("[data-outbox-files-link]")).to_have_attribute("href", re.compile(rf"/{section}/#{code}$"))
        gone = len(offsets)
        at.faults = cycle([FINE])
        expect(page.locator("[data-outbox]")).to_be_hidden(timeout=60_000)
        page.goto(page.url.replace(f"/{other}/", f"/{section}/"))
        expect(page.locator(f"[data-evidence='{code}'] [data-pieces] li")).to_have_count(1)
        expect(page.locator("[data-begun], [data-uploads] li")).to_have_count(0)
        assert 0 not in offsets[gone + 1 :]  # the first only asks how far it is
        assert asked == []
    assert [row[1:4:2] for row in stored(site)[code]] == [["plan.pdf", hashlib.sha256(content).hexdigest()]]


def test_a_file_outlives_the_browser_and_arrives_once(
    site: servers.Site, made: dict[str, Any], playwright: Playwright, browser_type_launch_args: dict[str, Any],
    tmp_path: Path,
) -> None:  # fmt: skip
    """The browser is killed while it sends; the questionnaire's first page is enough for the rest."""
    content = document(8, 6_000_000)
    with line(site.url, only=is_upload) as at:
        options = {**browser_type_launch_args, "viewport": PHONE, "base_url": at.url, "service_workers": "block"}
        first = playwright.chromium.launch_persistent_context(tmp_path / "profile", **options)
        page = open_section(at, made, lambda **_options: first, 1, "G")
        lose_uploads_after(page, at, 3)
        choose(page, "G-2", pdf("plan.pdf", content))
        expect(page.locator("[data-evidence='G-2']")).to_contain_text(NO_LINE)
        browser_dies(tmp_path / "profile")
        at.faults = cycle([FINE])
        again = playwright.chromium.launch_persistent_context(tmp_path / "profile", **options)
        page = again.new_page()
        if not again.cookies():
            sign_in(page, made["people"][1], PASSWORD)
        page.goto(f"/projects/{made['project']}/questionnaire/")
        servers.wait_for("the file", lambda: bool(page.evaluate("1")) and "G-2" in stored(site))
        expect(page.locator("[data-outbox]")).to_be_hidden()
        expect(page.locator("#unfinished")).to_be_hidden()
        page.reload()
        page.wait_for_timeout(1000)
        assert page.evaluate(FILES_KEPT) == 0
        again.close()
    assert [row[3] for row in stored(site)["G-2"]] == [hashlib.sha256(content).hexdigest()]


def test_another_person_on_the_device_neither_sees_nor_sends_a_file(
    site: servers.Site, made: dict[str, Any], new_context: Callable[..., BrowserContext]
) -> None:
    content = document(9, 3_000_000)
    with line(site.url, only=is_upload) as at:
        page = open_section(at, made, new_context, 0, "A.2")
        offsets = lose_uploads_after(page, at, 2)
        choose(page, "A.2-2", pdf("secret plan.pdf", content))
        expect(page.locator("[data-evidence='A.2-2']")).to_contain_text(NO_LINE)
        at.faults = cycle([FINE])
        page.context.clear_cookies()  # the session is over, and nobody has signed out
        gone = len(offsets)
        other = page.context.new_page()
        sign_in(other, made["people"][1], PASSWORD)
        other.goto(page.url)
        expect(page.locator("main")).to_contain_text("Someone else has signed in")
        other.wait_for_timeout(3000)
        assert "secret plan" not in other.content()
        expect(other.locator("[data-outbox]")).to_be_hidden()
        assert other.evaluate(FILES_KEPT) == 1
        assert "A.2-2" not in stored(site)
        assert len(offsets) <= gone + 1
        page.close()
        other.context.clear_cookies()
        sign_in(other, made["people"][0], PASSWORD)
        other.goto(f"/projects/{made['project']}/sheets/questionnaire/sections/A.2/")
        expect(other.locator("[data-evidence='A.2-2'] [data-pieces] li")).to_have_count(1, timeout=60_000)
    assert [row[3] for row in stored(site)["A.2-2"]] == [hashlib.sha256(content).hexdigest()]


def test_of_two_pages_one_sends_a_file_and_the_other_follows(
    site: servers.Site, made: dict[str, Any], new_context: Callable[..., BrowserContext]
) -> None:
    with line(site.url, only=is_upload) as at:
        page = open_section(at, made, new_context, 0, "A.2")
        lose_uploads_after(page, at, 2)
        choose(page, "A.2-3", pdf("plan.pdf", document(12, 3_000_000)))
        expect(page.locator("[data-evidence='A.2-3']")).to_contain_text(NO_LINE)
        two = page.context.new_page()
        two.goto(page.url)
        expect(two.locator("[data-evidence='A.2-3']")).to_contain_text("Waiting its turn")
        at.faults = cycle([FINE])
        for each in (page, two):
            expect(each.locator("[data-evidence='A.2-3'] [data-pieces] li")).to_have_count(1, timeout=60_000)
            expect(each.locator("[data-uploads] li")).to_have_count(0)
            expect(each.locator("[data-outbox]")).to_be_hidden()
    assert len(stored(site)["A.2-3"]) == 1


def test_a_file_that_nobody_came_back_for_is_cleared_by_the_next_person(
    site: servers.Site, made: dict[str, Any], new_context: Callable[..., BrowserContext]
) -> None:
    with line(site.url, ["request lost"], only=is_upload) as at:
        page = open_section(at, made, new_context, 0, "A.1")
        choose(page, "A.1-1", pdf("plan.pdf", document(14, 400_000)))
        expect(page.locator("[data-evidence='A.1-1']")).to_contain_text(NO_LINE)
        page.goto(f"/projects/{made['project']}/")  # no page that sends
        page.evaluate(A_WEEK_AGO)
        assert page.evaluate(FILES_KEPT) == 1
        page.context.clear_cookies()
        sign_in(page, made["people"][1], PASSWORD)
        page.goto(f"/projects/{made['project']}/sheets/questionnaire/sections/A.1/")
        servers.wait_for("it is cleared", lambda: page.evaluate(FILES_KEPT) == 0)


def test_a_session_that_is_over_is_renewed_in_place_and_the_file_goes_on(
    site: servers.Site, made: dict[str, Any], new_context: Callable[..., BrowserContext]
) -> None:
    content = document(13, 2_000_000)
    with line(site.url, only=is_upload) as at:
        page = open_section(at, made, new_context, 1, "A.1")
        lose_uploads_after(page, at, 1)
        choose(page, "A.1-3", pdf("plan.pdf", content))
        place = page.locator("[data-evidence='A.1-3']")
        expect(place).to_contain_text(NO_LINE)
        page.context.clear_cookies()
        at.faults = cycle([FINE])
        dialog = page.get_by_role("dialog", name="Se connecter de nouveau")
        expect(dialog).to_be_visible(timeout=60_000)
        expect(place).to_contain_text("Votre session est terminée")
        dialog.locator("[type=password]").fill(PASSWORD)
        dialog.get_by_role("button").first.click()
        expect(place.locator("[data-pieces] li")).to_have_count(1, timeout=60_000)
    assert [row[3] for row in stored(site)["A.1-3"]] == [hashlib.sha256(content).hexdigest()]


def test_signing_out_says_that_a_file_is_not_sent_and_takes_it_off_the_device(
    site: servers.Site, made: dict[str, Any], new_context: Callable[..., BrowserContext]
) -> None:
    with line(site.url, ["request lost"], only=is_upload) as at:
        page = open_section(at, made, new_context, 1, "B.1")
        choose(page, "B.1-1", pdf("plan.pdf", document(10, 400_000)))
        expect(page.locator("[data-evidence='B.1-1']")).to_contain_text(NO_LINE)
        page.locator("details.menu summary").click()
        page.get_by_role("button", name="Se déconnecter").click()
        asked = page.get_by_role("dialog")
        expect(asked).to_contain_text("1 fichier pas encore envoyé")
        expect(asked.get_by_role("button", name="Télécharger")).to_be_hidden()
        assert problems(page, "signing out") == []
        asked.get_by_role("button", name="Se déconnecter").click()
        expect(page.locator("details.menu")).to_have_count(0)
        assert page.evaluate(FILES_KEPT) == 0


def test_a_device_without_room_says_so_and_sends_all_the_same(
    site: servers.Site, made: dict[str, Any], new_context: Callable[..., BrowserContext]
) -> None:
    with line(site.url, ["request late"], only=is_upload) as at:
        page = open_section(at, made, new_context, 0, "G")
        expect(page.locator("[data-outbox]")).to_be_hidden()
        session = page.context.new_cdp_session(page)
        session.send("Storage.overrideQuotaForOrigin", {"origin": at.url, "quotaSize": 1})
        choose(page, "G-4", pdf("plan.pdf", document(11, 400_000)))
        place = page.locator("[data-evidence='G-4']")
        expect(place).to_contain_text("this device has no room left")
        expect(place.locator("[data-pieces] li")).to_have_count(1)


def photograph(width: int = 600) -> bytes:
    """Of more than a megabyte, lying on its side as telephones store them: the left half is red, the other grained."""
    height = width * 3 // 4
    noise = random.Random(4).randbytes(width * height * 3)
    image = Image.frombytes("RGB", (width, height), noise).resize((2600, 1950))
    image.paste((255, 0, 0), (0, 0, 1300, 1950))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter to the right
    held = io.BytesIO()
    image.save(held, "JPEG", quality=98, exif=exif)
    return held.getvalue()


def test_a_large_image_is_made_smaller_if_its_person_agrees(
    site: servers.Site, made: dict[str, Any], new_context: Callable[..., BrowserContext]
) -> None:
    content = photograph()
    assert len(content) > 1_000_000
    photo = {"name": "counter.jpeg", "mimeType": "image/jpeg", "buffer": content}
    with line(site.url) as at:
        page = open_section(at, made, new_context, 0, "B.1")
        choose(page, "B.1-1", photo)
        place = page.locator("[data-evidence='B.1-1']")
        expect(place).to_contain_text("Made smaller on this device")
        assert problems(page, "asked about an image") == []
        sizes = [re.search(r"takes ([\d.]+ .B)\. Made", place.inner_text())[1]]  # type: ignore[index]
        smaller_one = place.get_by_role("button", name="Send the smaller one")
        sizes.append(re.search(r"\((.+)\)", smaller_one.inner_text())[1])  # type: ignore[index]
        smaller_one.click()
        expect(place.locator("[data-pieces] li")).to_have_count(1)
        choose(page, "B.1-1", {"name": "as it is.jpeg", "mimeType": "image/jpeg", "buffer": content + b"another"})
        place.get_by_role("button", name="Send it as it is").click()
        expect(place.locator("[data-pieces] li")).to_have_count(2)
        choose(page, "B.1-1", {**photo, "name": "again.jpeg"})
        expect(place).to_contain_text("“counter.jpg” is here already")
        expect(place.get_by_role("button", name="Send it as it is")).to_have_count(0)
        expect(place.locator("[data-pieces] li")).to_have_count(2)
        shown = page.locator("[data-pieces] li").all_inner_texts()
        assert [any(size in text for text in shown) for size in sizes] == [True, True]
    smaller, whole = stored(site)["B.1-1"]
    assert (smaller[1], whole[1:2], whole[3]) == (
        "counter.jpg",
        ["as it is.jpeg"],
        hashlib.sha256(content + b"another").hexdigest(),
    )
    with Image.open(smaller[4]) as image:
        assert (image.format, image.size, image.getexif().get(0x0112)) == ("JPEG", (1500, 2000), None)
        red, _green, blue = image.getpixel((750, 300))  # the red half is above now
        assert (red > 230, blue < 30) == (True, True)
        assert os.path.getsize(smaller[4]) < 0.7 * len(content)


@pytest.fixture
def left(site: servers.Site) -> Iterator[str]:
    """The name of a photo that no other test sees: of its uses nothing stays."""
    yield "left.jpeg"
    gone = "from assessments.models import EvidenceUse; EvidenceUse.objects.filter(piece__title='left.jpeg').delete()"
    site.manage("shell", "--verbosity=0", "--command", gone)


@pytest.mark.parametrize("person", [0, 1])
def test_a_photo_left_at_the_question_in_which_size_goes_as_it_is(
    site: servers.Site, made: dict[str, Any], new_context: Callable[..., BrowserContext], left: str, person: int
) -> None:
    """Whoever leaves before having answered has chosen the photo all the same."""
    question, content = "A.1-2", photograph() + bytes([person])
    digest = hashlib.sha256(content).hexdigest()

    def arrived() -> int:
        return [row[3] for rows in stored(site).values() for row in rows].count(digest)

    with line(site.url) as at:
        page = open_section(at, made, new_context, person, "A.1")
        asked = never_asked_to_stay(page)
        choose(page, question, {"name": left, "mimeType": "image/jpeg", "buffer": content})
        place = page.locator(f"[data-evidence='{question}']")
        expect(place).to_contain_text(re.compile("Made smaller on this device|Réduite sur cet appareil"))
        expect(place).to_contain_text(KEPT)
        other = page.context.new_page()  # while it is asked, no other page sends it
        other.goto(page.url.replace("/A.1/", "/G/"))
        other.wait_for_timeout(1500)
        assert arrived() == 0
        other.close()
        page.goto(page.url.replace("/A.1/", "/G/"))
        servers.wait_for("the photo", lambda: bool(page.evaluate("1")) and arrived() > 0)
        expect(page.locator("[data-outbox]")).to_be_hidden()
        assert page.evaluate(FILES_KEPT) == 0
        assert asked == []
    assert arrived() == 1


@pytest.mark.parametrize("way", ["Envoyer la plus petite", "L’envoyer telle quelle"])
def test_a_photo_chosen_again_goes_on_as_it_was_begun_without_a_question(
    site: servers.Site, made: dict[str, Any], new_context: Callable[..., BrowserContext], way: str
) -> None:
    """In a browser that keeps no file. One piece comes of it, whatever is chosen afterwards."""
    code = "G-3" if "petite" in way else "G-5"
    photo = {"name": "photo-guichet.jpeg", "mimeType": "image/jpeg", "buffer": photograph(2600)}
    with line(site.url, only=is_upload) as at:
        page = open_section(at, made, new_context, 1, "G", KEEPS_NOTHING)
        page.on("dialog", lambda dialog: dialog.accept())
        place = page.locator(f"[data-evidence='{code}']")
        offsets = lose_uploads_after(page, at, 1)
        choose(page, code, photo)
        place.get_by_role("button", name=way).click()
        expect(place).to_contain_text(NO_LINE)
        at.faults = cycle([FINE])
        page.reload()
        expect(place.locator("[data-begun]")).to_have_count(1)
        gone = len(offsets)
        choose(page, code, photo)
        expect(place.locator("[data-pieces] li")).to_have_count(1, timeout=60_000)
        expect(place.get_by_role("button", name="Envoyer la plus petite")).to_have_count(0)
        expect(page.locator("[data-begun]")).to_have_count(0)
        assert 0 not in offsets[gone:]
        page.reload()
        expect(place.locator("[data-pieces] li")).to_have_count(1)
        expect(page.locator("[data-begun]")).to_have_count(0)
    assert len(stored(site)[code]) == 1


def test_a_photo_on_its_way_is_chosen_again_and_sent_once(
    site: servers.Site, made: dict[str, Any], new_context: Callable[..., BrowserContext]
) -> None:
    """Kept on the device: neither a question nor a second row, on the page where it was chosen and on the next."""
    photo = {"name": "photo-guichet.jpeg", "mimeType": "image/jpeg", "buffer": photograph(2600)}
    with line(site.url, only=lambda request: is_upload(request) and request.startswith(b"POST")) as at:
        page = open_section(at, made, new_context, 0, "G")
        place = page.locator("[data-evidence='G-6']")
        lose_uploads_after(page, at, 1)
        choose(page, "G-6", photo)
        place.get_by_role("button", name="Send the smaller one").click()
        expect(place).to_contain_text(NO_LINE)
        for turn in ("here", "after a reload"):
            choose(page, "G-6", photo)
            expect(place).to_contain_text("“photo-guichet.jpeg” is on its way already")
            expect(place.get_by_role("button", name="Send the smaller one")).to_have_count(0)
            expect(place.locator("[data-uploads] li, [data-begun]")).to_have_count(1)
            if turn == "here":
                page.reload()
        at.faults = cycle([FINE])
        expect(place.locator("[data-uploads] li, [data-begun]")).to_have_count(0, timeout=60_000)
    assert len(stored(site)["G-6"]) == 1
