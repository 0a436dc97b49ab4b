"""Words explained on a tap: a file per framework under fixtures/glossary, read once. Pure: no queries, no request."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

FOLDER = Path(__file__).resolve().parent.parent / "fixtures" / "glossary"


@dataclass(frozen=True)
class Term:
    """A word as the texts use it. Texts by language; `forms`: how it stands in them."""

    code: str
    term: Mapping[str, str]
    forms: Mapping[str, tuple[str, ...]]
    meaning: Mapping[str, str]


@dataclass(frozen=True, eq=False)
class Glossary:
    """The terms of a framework, and each level told by an example: texts by language, by number of the level."""

    terms: tuple[Term, ...]
    levels: Mapping[int, Mapping[str, str]]

    def used(self, texts: Iterable[str], language: str) -> list[Term]:
        """The terms that stand in these texts, in the order of a dictionary of that language."""
        codes = {code for text in texts for code in _codes(self, text, language)}
        found = [term for term in self.terms if term.code in codes]
        return sorted(found, key=lambda term: alphabetically(term.term[language]))

    def marked(self, text: str, language: str) -> SafeString:
        """The text as HTML: the first time that a term stands in it, it leads to its explanation on the page."""
        return _marked(self, text, language)


NOTHING = Glossary((), {})


def alphabetically(word: str) -> tuple[str, str]:
    """What sorts words as a dictionary does: neither accents nor capitals count, unless all else is alike."""
    letters = unicodedata.normalize("NFKD", word.replace("œ", "oe").replace("Œ", "Oe").casefold())
    return "".join(letter for letter in letters if letter.isalnum()), word


@lru_cache(maxsize=16)
def glossary(framework: str) -> Glossary:
    """The glossary of the framework of that code; without a file, an empty one."""
    file = FOLDER / f"{framework}.yaml"
    if not re.fullmatch(r"[a-z0-9_-]+", framework) or not file.exists():
        return NOTHING
    written = yaml.safe_load(file.read_text(encoding="utf-8"))
    terms = [
        Term(
            entry["code"],
            entry["term"],
            {language: tuple(forms) for language, forms in entry["forms"].items()},
            entry["meaning"],
        )
        for entry in written["terms"]
    ]
    return Glossary(tuple(terms), written["levels"])


@lru_cache(maxsize=64)
def _pattern(words: Glossary, language: str) -> tuple[re.Pattern[str], dict[str, str]]:
    """What finds a form in a text, and the term's code by the form as found. Longer forms are tried first."""
    codes = {form: term.code for term in words.terms for form in term.forms.get(language, ())}
    forms = sorted(codes, key=len, reverse=True)
    exact = "|".join(re.escape(form) for form in forms if form != form.lower())
    either = "|".join(re.escape(form) for form in forms if form == form.lower())
    alternatives = "|".join(part for part in (exact, f"(?i:{either})" if either else "") if part) or "(?!)"
    return re.compile(rf"(?<![\w-])(?:{alternatives})(?![\w-])"), codes


@lru_cache(maxsize=4096)
def _codes(words: Glossary, text: str, language: str) -> frozenset[str]:
    pattern, codes = _pattern(words, language)
    return frozenset(_code(codes, found.group()) for found in pattern.finditer(text))


def _code(codes: Mapping[str, str], form: str) -> str:
    return codes.get(form) or codes[form.lower()]


@lru_cache(maxsize=4096)
def _marked(words: Glossary, text: str, language: str) -> SafeString:
    pattern, codes = _pattern(words, language)
    parts, end, seen = [], 0, set()
    for found in pattern.finditer(text):
        code = _code(codes, found.group())
        if code in seen:
            continue
        seen.add(code)
        link = f'<a class="term" href="#word-{escape(code)}">{escape(found.group())}</a>'
        parts += [escape(text[end : found.start()]), link]
        end = found.end()
    return mark_safe("".join([*parts, escape(text[end:])]))
