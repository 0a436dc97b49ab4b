"""What every template says of the framework: its texts in the reader's language, levels, sizes."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django import template
from django.utils import formats
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext

from foundation.languages import active_language
from toolkit.glossary import Glossary

register = template.Library()


@register.filter
def say(texts: dict[str, str] | None, language: str = "") -> str:
    """The text in the reader's language (or the one named). A language that the framework lacks is an error."""
    if not texts:
        return ""
    return texts[language or active_language()]


@register.filter
def explained(text: str, words: Glossary) -> SafeString:
    """The text, its terms leading to their explanation on the page."""
    return words.marked(text, active_language())


@register.filter
def figure(value: Decimal | int | None) -> str:
    """A level as shown: one decimal, half up, once, in the reader's notation; "–" when there is none (5.8)."""
    if value is None:
        return "–"
    if isinstance(value, int):
        return str(value)
    return formats.number_format(Decimal(value).quantize(Decimal("0.1"), ROUND_HALF_UP), 1)


@register.filter
def reached(value: Decimal | int | None) -> int:
    """The level that is reached, rounded down, for colour and word; 0: no level."""
    return int(value) if value is not None else 0


@register.inclusion_tag("components/level.html")
def level(
    value: Decimal | int | None, levels: dict[int, Any], word: bool = True, unsupported: bool = False
) -> dict[str, Any]:
    """A level's three marks at once: figure, staircase, colour; with or without the word (look)."""
    number = reached(value)
    return {
        "number": number,
        "shown": figure(value),
        "name": levels[number].name if number else None,
        "word": word,
        "unsupported": unsupported,
    }


@register.filter
def file_size(size: int) -> str:
    """Bytes in the reader's notation: 820 KB, 1.4 MB; evidence.js rounds alike."""
    if size < 1_000_000:
        return gettext("%(size)s KB") % {"size": max(1, (size + 500) // 1000)}
    megabytes = (Decimal(size) / 1_000_000).quantize(Decimal("0.1"), ROUND_HALF_UP)
    return gettext("%(size)s MB") % {"size": formats.number_format(megabytes, 1)}


@register.filter
def per_cent(share: int | Decimal | None) -> str:
    if share is None:
        return "–"
    return gettext("%(share)s%%") % {"share": share}


@register.filter
def duration(minutes: int) -> str:
    """About how long it takes: minutes under an hour, half hours above."""
    if minutes < 60:
        return ngettext("%(minutes)s minute", "%(minutes)s minutes", minutes) % {"minutes": minutes}
    hours = Decimal(-(-minutes // 30)) / 2
    return gettext("%(hours)s h") % {"hours": formats.number_format(hours, 1 if hours % 1 else 0)}
