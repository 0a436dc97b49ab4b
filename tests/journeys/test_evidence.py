"""Evidence from a phone: in pieces through a bad line, past a killed web process and a reload; images made smaller."""

import hashlib
import io
import json
import os
import random
import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Page, expect

from tests import servers
from tests.factories.accounts import PASSWORD
from tests.journeys.browsing import PHONE, has_no_sideways_scroll, problems, sign_in
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
    at: Line, made: dict[str, Any], browser_of: Callable[..., BrowserContext], person: int, section: str
) -> Page:
    context = browser_of(base_url=at.url, viewport=PHONE)
    context.set_default_timeout(30_000)
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
    content = document(3, 6_000_000)
    with line(site.url) as at:
        page = open_section(at, made, new_context, 1, "A.2")
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
        assert problems(page, "begun before") == []
        began = len(sent)
        with page.expect_file_chooser() as chooser:
            left.get_by_role("button", name="Choisir le fichier").click()
        chooser.value.set_files(pdf("plan.pdf", content))
        expect(place.locator("[data-pieces] li")).to_have_count(1, timeout=60_000)
        expect(left).to_have_count(0)
        assert "offset=0&" not in sent[began]
    ((_code, title, _secret, digest, _path),) = stored(site)["A.2-1"]
    assert (title, digest) == ("plan.pdf", hashlib.sha256(content).hexdigest())


def photograph() -> bytes:
    """Of more than a megabyte, lying on its side as telephones store them: the left half is red."""
    image = Image.frombytes("RGB", (600, 450), random.Random(4).randbytes(600 * 450 * 3)).resize((2600, 1950))
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
        place.get_by_role("button", name="Send the smaller one").click()
        expect(place.locator("[data-pieces] li")).to_have_count(1)
        choose(page, "B.1-1", {**photo, "name": "as it is.jpeg"})
        place.get_by_role("button", name="Send it as it is").click()
        expect(place.locator("[data-pieces] li")).to_have_count(2)
    smaller, whole = stored(site)["B.1-1"]
    assert (smaller[1], whole[1:2], whole[3]) == ("counter.jpg", ["as it is.jpeg"], hashlib.sha256(content).hexdigest())
    with Image.open(smaller[4]) as image:
        assert (image.format, image.size, image.getexif().get(0x0112)) == ("JPEG", (1500, 2000), None)
        red, _green, blue = image.getpixel((750, 300))  # the red half is above now
        assert (red > 230, blue < 30) == (True, True)
        assert os.path.getsize(smaller[4]) < 0.7 * len(content)
