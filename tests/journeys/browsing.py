"""What the journeys share: signing in, and reading the mails and documents that the site made."""

import contextlib
import email
import email.policy
import os
import re
import signal
import subprocess
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests import servers

PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 900}
AXE = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
OPEN_ALL = "for (const part of document.querySelectorAll('main details')) part.open = true"


def sign_in(page: Page, address: str, password: str) -> None:
    page.goto("/accounts/login/")
    page.locator("#id_login").fill(address)
    page.locator("#id_password").fill(password)
    page.locator("main form button").click()
    expect(page.locator("details.menu")).to_be_visible()


def browser_dies(profile: Path) -> None:
    """The whole browser with this profile is killed, by SIGKILL."""
    running = servers.processes_with("DJANGO_ALLOW_ASYNC_UNSAFE=true")
    pids = [pid for pid, command in running.items() if f"--user-data-dir={profile}" in command]
    assert pids
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def has_no_sideways_scroll(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


def problems(page: Page, name: str) -> list[str]:
    """What axe-core finds at both widths, everything opened, and whether one scrolls sideways at the smaller."""
    told = []
    page.evaluate(OPEN_ALL)
    for size in (DESK, PHONE):
        page.set_viewport_size(size)
        for violation in Axe().run(page, options=AXE).response["violations"]:
            places = [node["target"] for node in violation["nodes"][:3]]
            told.append(f"{name} {page.url} at {size['width']}: {violation['id']} {places}")
    if not has_no_sideways_scroll(page):
        told.append(f"{name} {page.url}: scrolls sideways at {PHONE['width']}")
    return told


def mail_to(site: servers.Site, address: str) -> str:
    """The text of the one message to this address, once a worker has sent it."""
    found: list[str] = []

    def arrived() -> bool:
        found[:] = [text for to, text in mails(site.folder / "mail") if to == address]
        return bool(found)

    servers.wait_for(f"a mail to {address}", arrived)
    assert len(found) == 1
    return found[0]


def mails(folder: Path) -> list[tuple[str, str]]:
    """To whom and what, of every message that was written as a file."""
    read = []
    for path in folder.glob("*.log"):
        for part in re.split(rb"^-{79}\n", path.read_bytes(), flags=re.MULTILINE):
            if part.strip():
                message = email.message_from_bytes(part.strip(), policy=email.policy.default)
                read.append((message["To"], message.get_content()))
    return read


def pdf_text(path: Path) -> str:
    """Its text as `squeezed`, in the order in which it is written; the mark of a draft comes letter by letter."""
    return squeezed(subprocess.run(["pdftotext", "-raw", path, "-"], check=True, capture_output=True, text=True).stdout)


def squeezed(text: str) -> str:
    """Without spaces, line ends and hyphens, which a line break adds."""
    return re.sub(r"[\s\u00ad\u2010-]+", "", text)
