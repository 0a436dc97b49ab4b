"""How the print templates say things: people's texts with their language, level chips, headings."""

from collections.abc import Sequence
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from reports.documents.marks import Mark
from reports.documents.parts import Source
from reports.documents.texts import Label, Said, bounded
from reports.faces import RIGHT_TO_LEFT

register = template.Library()


@register.filter
def runs(text: str) -> SafeString:
    """The text, its line ends kept, its right-to-left runs marked so that they do not reorder their surroundings."""
    parts: list[SafeString] = []
    for index, line in enumerate(bounded(str(text).split("\n"))):
        if index:
            parts.append(mark_safe("<br>"))
        start = 0
        for found in RIGHT_TO_LEFT.finditer(line):
            parts.append(format_html("{}", line[start : found.start()]))
            parts.append(format_html('<span lang="ar" dir="rtl">{}</span>', found.group()))
            start = found.end()
        parts.append(format_html("{}", line[start:]))
    return SafeString("".join(parts))


@register.filter
def said(text: Said | None) -> SafeString:
    """A person's text in a line, in its own language, marked where that is not the document's."""
    if text is None:
        return mark_safe("–")
    if not text.is_foreign:
        return runs(text.text)
    return format_html(
        '<span lang="{}">{}</span> <span class="mark">({})</span>', text.language, runs(text.text), text.mark
    )


@register.filter
def any_dated(sources: Sequence[Source]) -> bool:
    return any(source.dated_on for source in sources)


@register.filter
def paragraphs(text: Said | None) -> SafeString:
    """A person's text in paragraphs, the mark of a foreign original after the last."""
    if text is None:
        return SafeString("")
    body = format_html_join("", '<p lang="{}">{}</p>', ((text.language, runs(part)) for part in text.paragraphs))
    return body + format_html('<p class="mark">({})</p>', text.mark) if text.is_foreign else body


@register.filter
def labelled(text: Label) -> SafeString:
    """A framework label; a wording that we reconstructed says so, always."""
    if not text.is_reconstructed:
        return format_html("{}", text.text)
    return format_html('{} <span class="mark">({})</span>', text.text, text.remarks[0])


@register.simple_tag
def chip(mark: Mark, word: bool = False) -> SafeString:
    """A level's figure, staircase and colour; with `word`, its name after it."""
    if mark.reached:
        edge = "#8d7f55" if mark.ink != "#ffffff" and mark.reached <= 2 else mark.colour
        style = f"background:{mark.colour};color:{mark.ink};border-color:{edge}"
    else:
        style = ""
    shown = format_html(
        '<span class="lv{}" style="{}">{} {}</span>', "" if mark.reached else " l0", style, mark.figure, staircase(mark)
    )
    return shown + format_html(" {}", mark.name) if word else shown


def staircase(mark: Mark) -> SafeString:
    """One step a level, those reached filled. Its title is the level's name: what a screen reader says of it."""
    count = max(len(mark.steps), 1)
    width, pitch = 26 / count, 31 / count
    bars = format_html_join(
        "",
        '<rect x="{}" y="{}" width="{}" height="{}" fill="{}" fill-opacity="{}"/>',
        (
            (
                f"{index * pitch:.1f}", f"{20 - 20 * (index + 1) / count:.1f}", f"{width:.1f}",
                f"{20 * (index + 1) / count:.1f}", mark.ink, "1" if filled else "0.25",
            )
            for index, filled in enumerate(mark.steps)
        ),
    )  # fmt: skip
    return format_html('<svg viewBox="0 0 31 20" role="img"><title>{}</title>{}</svg>', mark.name, bars)


@register.simple_tag(takes_context=True)
def heading(context: dict[str, Any], key: str) -> SafeString:
    """The heading of a chapter or page: its id and bookmark are the contents' own."""
    entry = context["document"].entries[key]
    tag, kind = ("h1", "chapter-title") if entry.depth == 1 else ("h2", "page-title")
    return format_html(
        '<{} id="{}" class="{}" data-label="{}" data-running="{}">{}</{}>',
        mark_safe(tag), entry.key, kind, entry.label, entry.running, entry.title, mark_safe(tag),
    )  # fmt: skip
