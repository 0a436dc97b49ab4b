"""The faces that documents are printed in, and what they cannot print: replaced visibly, never left out.

A character that no bundled face holds would become an empty box and fail PDF/UA; it is printed as `[U+1F600]` and
listed at the end of the document.
"""

import re
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from fontTools.ttLib import TTFont

ASSETS = Path(settings.BASE_DIR) / "static" / "report"
# Every weight and style of a family holds the same characters, so that bold text never falls out of its family.
FAMILIES = (
    ("NotoSans-Regular", "NotoSans-Bold", "NotoSerif-Regular", "NotoSerif-Italic", "NotoSerif-Bold"),
    ("Vazirmatn-Regular", "Vazirmatn-Bold"),
    ("NotoSansMath-Regular",),
    ("NotoSansSymbols2-Regular",),
)
# Right-to-left letters with what stands between them: one run of another direction inside a text.
RIGHT_TO_LEFT = re.compile(
    r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc](?:[^\x00-\x7f\u00a0-\u024f]|[ \d.,:-](?=[^\x00-\x7f\u00a0-\u024f]))*"
)


@cache
def coverage() -> frozenset[str]:
    """Every character that some family holds in all its faces."""
    held: set[int] = set()
    for faces in FAMILIES:
        held |= set.intersection(*(_characters_of(face) for face in faces))
    return frozenset(map(chr, held)) | {"\n"}


def _characters_of(face: str) -> set[int]:
    with TTFont(ASSETS / "fonts" / f"{face}.ttf", lazy=True) as font:
        return set(font.getBestCmap())


def printable(value: Any, replaced: set[str]) -> Any:
    """The value (a tree of mappings, lists and texts) with what no face holds replaced; adds that to `replaced`."""
    if isinstance(value, str):
        return _printable_text(value, replaced)
    if isinstance(value, dict):
        return {key: printable(entry, replaced) for key, entry in value.items()}
    if isinstance(value, list):
        return [printable(entry, replaced) for entry in value]
    return value


def _printable_text(text: str, replaced: set[str]) -> str:
    held = coverage()
    if held.issuperset(text):
        return text
    shown = []
    for character in unicodedata.normalize("NFC", text):
        if character in held:
            shown.append(character)
        elif character == "\t":
            shown.append(" ")
        elif not _is_ignorable(character):
            replaced.add(character)
            shown.append(f"[{name_of(character)}]")
    return "".join(shown)


def _is_ignorable(character: str) -> bool:
    """Joiners, variation selectors, control characters: they have no picture of their own."""
    return unicodedata.category(character) in {"Cf", "Cc"} or "\ufe00" <= character <= "\ufe0f"


def name_of(character: str) -> str:
    return f"U+{ord(character):04X}"
