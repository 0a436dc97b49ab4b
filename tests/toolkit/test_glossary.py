"""The words explained on a tap, and the texts that must fit a phone."""

from typing import Any

import pytest
import yaml

from tests.factories.toolkit import DRE, document
from toolkit.glossary import FOLDER, NOTHING, alphabetically, glossary

WORDS = glossary("dre")
WRITTEN = yaml.safe_load((FOLDER / "dre.yaml").read_text(encoding="utf-8"))
QUESTIONS = [
    question
    for instrument in document(DRE)["instruments"]
    for section in instrument["sections"]
    for question in section["questions"]
]
LONGEST = {"text": 110, "help": 220, "evidence": 90, "example": 200}


def texts(question: dict[str, Any], language: str) -> list[str]:
    parts = [question.get(name) for name in ("text", "help", "evidence")]
    parts += [option["text"] for axis in ("options", "rows", "columns") for option in question.get(axis, [])]
    return [part[language] for part in parts if part]


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_term_stands_in_a_question_and_is_explained_in_a_sentence(language: str) -> None:
    used = {term.code for question in QUESTIONS for term in WORDS.used(texts(question, language), language)}
    assert [term.code for term in WORDS.terms if term.code not in used] == []
    assert [term.code for term in WORDS.terms if not term.meaning[language].endswith(".")] == []
    assert [term.code for term in WORDS.terms if len(term.meaning[language]) > 150] == []


def test_codes_and_forms_stand_once_and_in_order() -> None:
    codes = [entry["code"] for entry in WRITTEN["terms"]]
    assert codes == sorted(set(codes))
    for language in ("fr", "en"):
        forms = [form.lower() for entry in WRITTEN["terms"] for form in entry["forms"][language]]
        assert len(forms) == len(set(forms))


def test_each_level_is_told_by_an_example() -> None:
    assert sorted(WORDS.levels) == [level["number"] for level in document(DRE)["levels"]]
    assert all(set(example) == {"fr", "en"} for example in WORDS.levels.values())


def test_a_term_is_marked_once_and_the_text_escaped() -> None:
    marked = WORDS.marked("Which <domain name>? A Domain Name is no domain names.", "en")
    assert marked == (
        'Which &lt;<a class="term" href="#word-domain">domain name</a>&gt;? A Domain Name is no domain names.'
    )


def test_an_abbreviation_is_found_only_in_capitals_and_as_a_word() -> None:
    assert WORDS.used(["des tics, un TICKET, uit"], "fr") == []
    assert [term.code for term in WORDS.used(["l’UIT et les TIC"], "fr")] == ["ict", "itu"]


def test_terms_come_in_the_order_of_a_dictionary() -> None:
    found = WORDS.used(["UIT, HTTPS, feuille de route, étude d’impact, .POST, CTP, code source"], "fr")
    terms = [term.term["fr"] for term in found]
    assert terms == ["code source", "CTP", "étude d’impact", "feuille de route", "HTTPS", ".POST", "UIT"]
    assert sorted(["zone", "œuvre", "offre", "Oasis"], key=alphabetically) == ["Oasis", "œuvre", "offre", "zone"]


def test_longer_form_wins() -> None:
    assert [term.code for term in WORDS.used(["une place de marché virtuelle"], "fr")] == ["marketplace"]


@pytest.mark.parametrize("code", ["none-such", "../dre", ""])
def test_framework_without_a_glossary_has_no_terms(code: str) -> None:
    assert glossary(code) is NOTHING
    assert NOTHING.marked("UPU & co.", "en") == "UPU &amp; co."


@pytest.mark.parametrize("language", ["fr", "en"])
def test_texts_are_short_enough_for_a_phone(language: str) -> None:
    long = [
        (question["code"], name)
        for question in QUESTIONS
        for name, most in LONGEST.items()
        if name in question and len(question[name][language]) > most
    ]
    assert long == []
    options = [option["text"][language] for question in QUESTIONS for option in question.get("options", [])]
    assert [text for text in options if len(text) > 160] == []
