"""What the journeys share: signing in, and reading the mails and documents that the site made."""

import email
import email.policy
import re
import subprocess
from pathlib import Path

from playwright.sync_api import Page, expect

from tests import servers

PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 900}


def sign_in(page: Page, address: str, password: str) -> None:
    page.goto("/accounts/login/")
    page.locator("#id_login").fill(address)
    page.locator("#id_password").fill(password)
    page.locator("main form button").click()
    expect(page.locator("details.menu")).to_be_visible()


def has_no_sideways_scroll(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


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
