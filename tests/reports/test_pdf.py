"""The PDF files themselves: their text in both languages, structure, marks, and nothing from outside."""

import io
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from django.utils import translation

from reports import pdf
from reports.documents import Document
from reports.models import Deliverable
from tests.factories.reports import SECRETS

pytestmark = [pytest.mark.django_db, pytest.mark.pdf]  # the project behind `frozen` is gathered once from a database
KINDS = [kind.value for kind in Deliverable]
Render = Callable[..., pdf.Printed]


def text_of(document: bytes, *options: str) -> str:
    """The text layer, as a person selects it."""
    return subprocess.run(
        ["pdftotext", *options, "-", "-"], input=document, capture_output=True, check=True
    ).stdout.decode()


def flat(text: str) -> str:
    return " ".join(text.split())


def page(body: str) -> str:
    return f'<html lang="en"><head><title>A page</title></head><body>{body}</body></html>'


def opened(document: bytes) -> pikepdf.Pdf:
    return pikepdf.open(io.BytesIO(document))


def pages_of_bookmarks(document: bytes) -> dict[str, int]:
    """Each bookmark's title with its page's number."""
    with opened(document) as file, file.open_outline() as outline:
        numbers = {page.objgen: number for number, page in enumerate(file.pages, 1)}
        found = {}
        waiting = list(outline.root)
        while waiting:
            item = waiting.pop(0)
            waiting += item.children
            found[str(item.title)] = numbers[item.destination[0].objgen]
        return found


# ── Text ─────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("kind", KINDS)
def test_every_document_says_what_it_is(rendered: Render, compose: Callable[..., Document], kind: str):
    document = compose(kind)
    text = flat(text_of(rendered(kind).pdf))
    with translation.override("en"):
        said = [
            document.country,
            document.operator,
            document.cycle,
            "DRE 2026.1",
            "14 September 2026",
            "Version 2, draft",
        ]
    assert [part for part in said if flat(part) not in text] == []
    assert document.sha256 in text.replace(" ", "")
    assert f"page 2 of {rendered(kind).pages}" in text


@pytest.mark.parametrize(
    ("language", "summary", "after"),
    [("en", "Summary", "Minimum requirements"), ("fr", "Synthèse", "Exigences minimales")],
)
def test_the_summary_is_one_page(rendered: Render, language: str, summary: str, after: str):
    pages = {
        title.lstrip("0123456789 "): page
        for title, page in pages_of_bookmarks(rendered("capability", language).pdf).items()
    }
    assert pages[after] - pages[summary] == 1


@pytest.mark.parametrize("kind", KINDS)
def test_no_document_says_what_it_may_not(rendered: Render, kind: str):
    for language in ("en", "fr"):
        text = text_of(rendered(kind, language).pdf)
        assert [secret for secret in SECRETS if secret in text] == []


def test_the_english_assessment_reads_in_english(rendered: Render):
    text = flat(text_of(rendered("capability").pdf))
    for part in (
        "How to read this document",
        "Decide on the licence first.",
        "P1.1 Ensure legislative and regulatory frameworks enable digital opportunities",
        "The licence names no digital service.",
        "La licence est en cours de révision. (original in French)",
        "Confidential: kept in the tool",
        "1 confidential piece: kept in the tool.",
        "(reconstructed wording, unofficial translation)",
        "Les cinq lois sont en vigueur [U+1F600].",
    ):
        assert part in text


def test_the_french_assessment_reads_in_french(rendered: Render):
    text = flat(text_of(rendered("capability", "fr").pdf))
    for part in (
        "Sommaire",
        "Exigences minimales",
        "P1.1 Veiller à ce que les cadres législatif et réglementaire rendent possibles",
        "The licence names no digital service. (original en anglais)",
        "La licence est en cours de révision.",
        "libellé reconstitué",
        "14 septembre 2026",
        f"page 2 sur {rendered('capability', 'fr').pages}",
    ):
        assert part in text
    assert "original en français" not in text


def test_the_toolkit_tells_what_to_do_and_how_to_ask(rendered: Render):
    text = flat(text_of(rendered("toolkit").pdf))
    for part in (
        "Quick wins",
        "Change two articles of the licence.",
        "(after R1)",
        "R2 starts after R1.",
        "Q1 2028",
        "On request",
        "First answer the 2 questions",
        "Resources: not stated",
        "La licence est en cours de révision. (original in French)",  # the reservation, in the list of annex A
        "UPU cycle Dubai 2026–2029",
    ):
        assert part in text


def test_the_strategy_tells_the_text_and_the_conclusion(rendered: Render):
    text = flat(text_of(rendered("strategy").pdf))
    for part in (
        "Stratégie numérique 2025–2029 (original in French)",
        "Revise the strategy",
        "Quoted by heart in four of six interviews.",
        "No agreement on payment yet",
        "A domain’s level is the mean of its rated items.",
        "1 of 4 items rated",
    ):
        assert part in text


def test_arabic_can_be_selected_and_read(rendered: Render):
    """Logical order of the letters, whatever form they are drawn in."""
    text = text_of(rendered("capability").pdf)
    assert [word for word in ("خدمات", "البريد", "الرقمية") if word not in text] == []


# ── Drafts ───────────────────────────────────────────────────────────────────
def marked_pages(document: bytes, word: str) -> list[int]:
    """The pages across which the word stands: turned, so each letter is a line of its own in the text layer."""
    with opened(document) as file:
        count = len(file.pages)
    texts = {number: text_of(document, "-raw", "-f", str(number), "-l", str(number)) for number in range(1, count + 1)}
    return [number for number, text in texts.items() if "\n".join(word) in text]


@pytest.mark.parametrize(("language", "word"), [("en", "DRAFT"), ("fr", "PROJET")])
def test_a_draft_is_marked_across_every_page(rendered: Render, language: str, word: str):
    printed = rendered("strategy", language)
    assert marked_pages(printed.pdf, word) == list(range(1, printed.pages + 1))


def test_the_cover_of_a_draft_says_so(rendered: Render):
    assert "Draft, not released" in text_of(rendered("strategy").pdf, "-l", "1")


def test_a_released_document_bears_no_mark(rendered: Render):
    printed = rendered("strategy", released=True)
    assert marked_pages(printed.pdf, "DRAFT") == []
    assert "Version 2, 15 September 2026" in flat(text_of(printed.pdf))


def test_the_overall_level_is_never_on_the_cover(rendered: Render):
    assert not re.search(r"\b[1-5]\.\d\b", text_of(rendered("capability").pdf, "-l", "1").replace("DRE 2026.1", ""))


def test_the_head_is_what_the_page_begins_in():
    heading = '<h1 class="chapter-title" data-running="HEAD-{0}" data-label="x">T-{0}</h1>'
    lines = "<p>One line.</p>" * 50
    body = (
        f'<section class="chapter">{heading.format("A")}{lines}</section>'
        f'<section class="chapter flows">{heading.format("B")}{lines}</section>'
    )
    printed = pdf.render(page(body), identifier=b"head")
    pages = [text_of(printed.pdf, "-f", str(number), "-l", str(number)) for number in range(1, printed.pages + 1)]
    heads = [re.findall("HEAD-[AB]", text) for text in pages]
    begins = next(number for number, text in enumerate(pages) if "T-B" in text)
    assert 0 < begins < len(pages) - 1
    assert heads == [["HEAD-A"]] * (begins + 1) + [["HEAD-B"]] * (len(pages) - begins - 1)


# ── Structure ────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("kind", KINDS)
def test_contents_numbers_are_the_bookmarks_pages(rendered: Render, compose: Callable[..., Document], kind: str):
    bookmarks = pages_of_bookmarks(rendered(kind).pdf)
    contents = flat(text_of(rendered(kind).pdf, "-f", "2", "-l", "2", "-layout"))
    with translation.override("en"):
        entries = compose(kind).contents
    assert list(bookmarks) != []
    assert set(bookmarks) == {entry.label for entry in entries}
    for entry in entries:
        assert re.search(rf"{re.escape(flat(entry.running))}[ .]* {bookmarks[entry.label]}\b", contents), entry


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_document_is_tagged_with_language_and_metadata(rendered: Render, language: str):
    with opened(rendered("capability", language).pdf) as file:
        root = file.Root
        assert bool(root.MarkInfo.Marked)
        assert str(root.Lang) == language
        assert root.StructTreeRoot is not None
        assert bool(root.ViewerPreferences.DisplayDocTitle)
        assert str(file.docinfo["/CreationDate"]) == "D:20260914160000Z"
        with file.open_metadata() as metadata:
            assert metadata["pdfuaid:part"] == "1"


def test_only_bundled_faces_are_embedded(rendered: Render):
    listed = subprocess.run(
        ["pdffonts", "-"], input=rendered("capability").pdf, capture_output=True, check=True
    ).stdout.decode()
    families = {re.sub(r"^[A-Z]{6}\+", "", line.split()[0]) for line in listed.splitlines()[2:]}
    assert {family for family in families if not family.startswith("Report-")} == set()


def test_tables_repeat_their_heads(rendered: Render):
    annex = pages_of_bookmarks(rendered("capability").pdf)["Annex A. Questions and answers"]
    following = text_of(rendered("capability").pdf, "-f", str(annex + 1), "-l", str(annex + 1))
    assert "Question" in following.split()


def test_the_same_html_makes_the_same_bytes():
    html = page("<h1>Twice</h1><p>é Ж ≥ خدمات</p>")
    first, second = (pdf.render(html, identifier=b"same") for _time in range(2))
    assert first.pdf == second.pdf


def test_a_worker_whose_faces_the_clock_took_away_reads_them_anew():
    html = page("<h1>Again</h1><p>é Ж ≥ خدمات</p>")
    before = pdf.render(html, identifier=b"same").pdf
    folder = Path(pdf.engine().fonts._folder)
    shutil.rmtree(folder)
    assert pdf.render(html, identifier=b"same").pdf == before
    assert Path(pdf.engine().fonts._folder).is_dir()


def test_a_document_keeps_the_faces_of_its_worker_young():
    pdf.render(page("<h1>Young</h1>"), identifier=b"x")
    folder = Path(pdf.engine().fonts._folder)
    os.utime(folder, (0, 0))
    pdf.render(page("<h1>Young</h1>"), identifier=b"x")
    assert folder.stat().st_mtime > 0


# ── Nothing from outside ─────────────────────────────────────────────────────
@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "file:///srv/../etc/passwd",
        "http://127.0.0.1/",
        "https://example.org/a.png",
        "data:text/plain,a",
        "ftp://example.org/a",
        f"{pdf.ASSETS.as_uri()}/../icon.svg",
        f"{pdf.ASSETS.as_uri()}/%2e%2e/icon.svg",
        "file://elsewhere/report.css",
    ],
)
def test_other_addresses_are_refused(url: str):
    assert not pdf.is_asset(url)
    with pytest.raises(ValueError, match=r"not an asset|disallowed"):
        pdf.engine().fetcher.fetch(url)


def test_the_assets_are_read():
    assert pdf.is_asset(f"{pdf.ASSETS.as_uri()}/fonts/NotoSans-Regular.ttf")


def test_a_link_to_a_local_file_draws_nothing_in(tmp_path: Any):
    secret = tmp_path / "secret.txt"
    secret.write_text("SECRET-FILE")
    address = secret.as_uri()
    html = page(f'<p>x</p><a rel="attachment" href="{address}">a</a><img alt="b" src="{address}">')
    printed = pdf.render(html, identifier=b"x").pdf
    with opened(printed) as file:
        assert list(file.attachments) == []
        assert all(
            b"SECRET-FILE" not in bytes(entry.read_bytes())
            for entry in file.objects
            if isinstance(entry, pikepdf.Stream)
        )
