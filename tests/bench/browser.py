"""Pages in Debian's chromium with an empty cache: what comes over the line, when a page can be used on a slow one."""

from typing import Any

from playwright.sync_api import Page, sync_playwright

QUIET = ["quic", "background-networking", "component-update", "sync", "gpu"]
SLOW = {"offline": False, "latency": 400, "downloadThroughput": 400_000 / 8, "uploadThroughput": 400_000 / 8}


def opened(url: str, pages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of each page: requests, bytes with their headers as they came, milliseconds until usable on the slow line."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", *(f"--disable-{name}" for name in QUIET)]
        )
        found = [first_load(browser, url, page) for page in pages]
        browser.close()
    return found


def first_load(browser: Any, url: str, page: dict[str, Any]) -> dict[str, Any]:
    context = browser.new_context(locale="en-GB")
    pairs = [pair.split("=", 1) for pair in page["cookie"].split("; ")]
    context.add_cookies([{"name": name, "value": value, "url": url} for name, value in pairs])
    tab: Page = context.new_page()
    line = context.new_cdp_session(tab)
    line.send("Network.enable")
    line.send("Network.emulateNetworkConditions", SLOW)
    counts = {"requests": 0, "bytes": 0}
    line.on("Network.requestWillBeSent", lambda event: count(counts, "requests", 1, event["request"]["url"]))
    line.on("Network.loadingFinished", lambda event: count(counts, "bytes", event["encodedDataLength"], ""))
    response = tab.goto(url + page["path"], wait_until="load", timeout=60_000)
    assert response is not None
    assert response.status == 200, page["path"]
    # Usable: painted, and the scripts, all of them deferred, have run.
    usable = tab.evaluate(
        """() => Math.max(performance.getEntriesByType("navigation")[0].domContentLoadedEventEnd,
                          performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0)"""
    )
    context.close()
    return {"name": page["name"], **counts, "usable": usable}


def count(counts: dict[str, int], what: str, amount: int, url: str) -> None:
    if not url.startswith("data:"):
        counts[what] += int(amount)
