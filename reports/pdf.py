"""From HTML to PDF/UA-1, with the project's own faces only, and with nothing read from outside the assets folder.

WeasyPrint is slow to load and is imported here only, when the first document is made. Stylesheet and faces are read
once a worker; a document's dates are given, so that the same HTML makes the same bytes.
"""

import atexit
import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings

from reports.faces import ASSETS

FONTCONFIG = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>{fonts}</dir><cachedir>{cache}</cachedir></fontconfig>
"""


@dataclass(frozen=True)
class Printed:
    pdf: bytes
    pages: int


@dataclass(frozen=True)
class Engine:
    """WeasyPrint with what one worker reads once."""

    html: Any
    stylesheet: Any
    fonts: Any
    fetcher: Any

    def stays(self) -> bool:
        """Keep the folder of faces young, so that the clock leaves it alone; False when it is gone."""
        try:
            os.utime(self.fonts._folder)
        except FileNotFoundError:
            return False
        return True


@cache
def engine() -> Engine:
    """Load the library behind a font configuration that knows only the bundled faces."""
    folder = Path(settings.DATA_DIR) / "fontconfig"
    folder.mkdir(parents=True, exist_ok=True)
    configuration = folder / "fonts.conf"
    whole = folder / f"fonts.{os.getpid()}.part"  # other workers may be reading it
    whole.write_text(FONTCONFIG.format(fonts=ASSETS / "fonts", cache=folder / "cache"))
    whole.replace(configuration)
    os.environ["FONTCONFIG_FILE"] = str(configuration)
    from weasyprint import CSS, HTML
    from weasyprint.text.fonts import FontConfiguration
    from weasyprint.urls import URLFetcher

    class AssetsFetcher(URLFetcher):  # type: ignore[misc]
        """Reads files below the assets folder; refuses every other address, so that no text can draw one in."""

        def fetch(self, url: str, headers: Any = None) -> Any:
            if not is_asset(url):
                raise ValueError(f"not an asset of the documents: {url[:100]}")
            return super().fetch(url, headers)

    fetcher = AssetsFetcher(allowed_protocols={"file"}, allow_redirects=False)
    fonts = FontConfiguration()
    atexit.register(engine.cache_clear)  # its folder of faces is removed while Python still can
    stylesheet = CSS(filename=ASSETS / "report.css", font_config=fonts, url_fetcher=fetcher)
    gc.freeze()  # library, stylesheet and faces stay for good: no collection looks at them again
    return Engine(html=HTML, stylesheet=stylesheet, fonts=fonts, fetcher=fetcher)


def is_asset(url: str) -> bool:
    """Whether the address is of a file below the assets folder."""
    parts = urlsplit(url)
    path = Path(unquote(parts.path))
    return parts.scheme == "file" and not parts.netloc and path.resolve().is_relative_to(ASSETS.resolve())


@contextmanager
def no_collection() -> Iterator[None]:
    """A render makes millions of objects that live until its end; collecting among them costs a third of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def render(html: str, *, identifier: bytes) -> Printed:
    """The document as tagged PDF/UA-1. `identifier` stands for the file's identity instead of a random one."""
    machine = engine()
    if not machine.stays():  # a day without a document, and the clock took it for a leftover
        engine.cache_clear()
        machine = engine()
    with no_collection():
        document = machine.html(string=html, base_url=ASSETS.as_uri() + "/", url_fetcher=machine.fetcher).render(
            font_config=machine.fonts, stylesheets=[machine.stylesheet], pdf_variant="pdf/ua-1", pdf_tags=True
        )
        pdf = document.write_pdf(pdf_variant="pdf/ua-1", pdf_tags=True, pdf_identifier=identifier)
    return Printed(pdf=pdf, pages=len(document.pages))
