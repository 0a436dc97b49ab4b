"""Pages in Debian's chromium: what comes over the line, when a page can be used on a slow one, what a save takes."""

import contextlib
from collections.abc import Iterator
from typing import Any

from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, sync_playwright

QUIET = ["quic", "background-networking", "component-update", "sync", "gpu"]


def throttled(kilobits: int, milliseconds: int) -> dict[str, Any]:
    speed = kilobits * 1000 / 8
    return {"offline": False, "latency": milliseconds, "downloadThroughput": speed, "uploadThroughput": speed}


SLOW, SLOWEST = throttled(400, 400), throttled(100, 800)
FREE = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
# Painted, and the scripts, all of them deferred, have run: the first question on the page takes an answer.
USABLE = """() => Math.max(performance.getEntriesByType("navigation")[0].domContentLoadedEventEnd,
                           performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0)"""


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", *(f"--disable-{name}" for name in QUIET)]
        )
        yield browser
        browser.close()


def device(browser: Browser, url: str, page: dict[str, Any]) -> BrowserContext:
    """With an empty cache and the page's session. No service worker: bytes and time are those of the line."""
    context = browser.new_context(locale="en-GB", service_workers="block")
    pairs = [pair.split("=", 1) for pair in page["cookie"].split("; ")]
    context.add_cookies([{"name": name, "value": value, "url": url} for name, value in pairs])
    return context


def opened(url: str, pages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of each page: requests, bytes with their headers as they came, milliseconds until usable on the slow line."""
    with chromium() as browser:
        found = []
        for page in pages:
            with contextlib.closing(device(browser, url, page)) as context:
                found.append({"name": page["name"], **Tab(context, SLOW).open(url + page["path"])})
        return found


class Tab:
    """A tab whose line is as slow as said; counts what comes over it."""

    def __init__(self, context: BrowserContext, speed: dict[str, Any]) -> None:
        self.page: Page = context.new_page()
        self.line: CDPSession = context.new_cdp_session(self.page)
        self.line.send("Network.enable")
        self.line.send("Network.emulateNetworkConditions", speed)
        self.requests, self.bytes = 0, 0
        self.line.on("Network.requestWillBeSent", self._asked)
        self.line.on("Network.loadingFinished", self._came)

    def _asked(self, event: dict[str, Any]) -> None:
        self.requests += not event["request"]["url"].startswith("data:")

    def _came(self, event: dict[str, Any]) -> None:
        self.bytes += int(event["encodedDataLength"])

    def open(self, address: str) -> dict[str, Any]:
        """Requests, bytes and milliseconds until usable; `read` from the device: what the cache had is no byte."""
        self.requests = self.bytes = 0
        response = self.page.goto(address, wait_until="load", timeout=60_000)
        assert response is not None
        assert response.status == 200, address
        self.page.wait_for_timeout(200)  # the last events come
        return {"requests": self.requests, "bytes": self.bytes, "usable": self.page.evaluate(USABLE)}


def section_on(url: str, page: dict[str, Any], other: str, speed: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The section at such a speed: `cold` with an empty cache; `warm` after another section was open."""
    with chromium() as browser:
        with contextlib.closing(device(browser, url, page)) as context:
            cold = Tab(context, speed).open(url + page["path"])
        with contextlib.closing(device(browser, url, page)) as context:
            tab = Tab(context, FREE)
            tab.open(url + other)
            tab.line.send("Network.emulateNetworkConditions", speed)
            warm = tab.open(url + page["path"])
        return {"cold": cold, "warm": warm}


def saved(url: str, page: dict[str, Any], text: str) -> dict[str, int]:
    """A note typed into the section's first question: bytes of its save up, without the note, and of the reply down."""
    up: dict[str, dict[str, Any]] = {}
    sizes: dict[str, int] = {}
    with chromium() as browser, contextlib.closing(device(browser, url, page)) as context:
        tab = Tab(context, FREE)
        tab.open(url + page["path"])
        tab.line.on("Network.requestWillBeSent", lambda event: up.setdefault(event["requestId"], {}).update(event))
        tab.line.on(
            "Network.requestWillBeSentExtraInfo",
            lambda event: up.setdefault(event["requestId"], {}).update(sent=event["headers"]),
        )
        tab.line.on(
            "Network.loadingFinished", lambda event: sizes.update({event["requestId"]: int(event["encodedDataLength"])})
        )
        question = tab.page.locator("[data-question]:not([hidden])").first
        question.evaluate("box => { for (const part of box.querySelectorAll('details')) part.open = true; }")
        with tab.page.expect_response(lambda response: "/answers/" in response.url) as answer:
            question.locator("textarea[name$=':note']").fill(text)
        assert answer.value.status == 200, answer.value.text()
        answer.value.finished()
        tab.page.wait_for_timeout(200)
    [save] = [event for event in up.values() if "/answers/" in event.get("request", {}).get("url", "")]
    body = save["request"]["postData"]
    head = f"POST {save['request']['url'].removeprefix(url)} HTTP/1.1\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in save["sent"].items()) + "\r\n"
    return {"up": len(head) + len(body) - len(text), "down": sizes[save["requestId"]]}
