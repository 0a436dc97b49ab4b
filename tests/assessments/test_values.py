"""What was typed → the value of an answer; numbers in either language's notation (issue 2, section 8)."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessments import values
from assessments.values import ImpossibleValue, clean_text, parse, parse_number, plain


@pytest.mark.parametrize(
    ("typed", "language", "number"),
    [
        ("1 234,5", "fr", "1234.5"),
        ("1\u202f234,5", "fr", "1234.5"),
        ("1\u00a0234 567", "fr", "1234567"),
        ("1234,50", "fr", "1234.5"),
        ("-3", "fr", "-3"),
        ("−3,25", "fr", "-3.25"),
        ("1,234.5", "en", "1234.5"),
        ("1 234.5", "en", "1234.5"),
        ("1234", "en", "1234"),
        ("0.05", "en", "0.05"),
    ],
)
def test_number_is_read_in_the_pages_notation(typed, language, number):
    assert plain(parse_number(typed, language)) == number


@pytest.mark.parametrize(
    ("typed", "language"),
    [
        ("1,234.5", "fr"),
        ("1.5", "fr"),
        ("1 234,5", "en"),
        ("12 34", "fr"),
        ("1,23", "en"),
        ("many", "en"),
        ("1e5", "en"),
        ("٣", "en"),
        ("", "fr"),
    ],
)
def test_number_in_another_notation_is_refused_not_guessed(typed, language):
    with pytest.raises(ImpossibleValue):
        parse_number(typed, language)


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=3))
def test_stored_number_loses_nothing(number):
    assert Decimal(plain(number)) == number


def ask(kind, typed, language="fr", options=("a", "b", "none"), rows=("r1", "r2"), columns=("yes", "no")):
    return parse(kind, typed, options=list(options), rows=list(rows), columns=list(columns), language=language)


@pytest.mark.parametrize(
    ("kind", "typed", "value"),
    [
        ("choice", "a", "a"),
        ("choice", "", None),
        ("choices", ["b", "a"], ["a", "b"]),
        ("choices", [], None),
        ("choices", ["none"], ["none"]),
        ("table", {"r1": "yes", "r2": ""}, {"r1": "yes"}),
        ("table", {}, None),
        ("percentage", "12,5 %", "12.5"),
        ("money", {"amount": "1 200 000", "currency": "xof"}, {"amount": "1200000", "currency": "XOF"}),
        ("money", {"amount": "", "currency": ""}, None),
        ("date", "31/12/2026", "2026-12-31"),
        ("date", "2026-12-31", "2026-12-31"),
        ("link", "www.example.org/a", "https://www.example.org/a"),
        ("text", "  a\r\nb  ", "a\nb"),
        ("text", "", None),
    ],
)
def test_value_of_each_kind(kind, typed, value):
    assert ask(kind, typed) == value


def test_level_is_a_number():
    assert parse("criterion", "3", options=list("12345"), rows=[], columns=[], language="fr") == 3


@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        ("choice", "z"),
        ("choices", ["a", "z"]),
        ("choices", ["a", "none"]),
        ("choices", {"a": "b"}),
        ("table", {"r9": "yes"}),
        ("table", {"r1": "maybe"}),
        ("table", ["r1"]),
        ("percentage", "101"),
        ("percentage", "-1"),
        ("money", {"amount": "5", "currency": "€"}),
        ("money", {"amount": "-5", "currency": "EUR"}),
        ("money", "5 EUR"),
        ("number", "9" * 20),
        ("date", "31/02/2026"),
        ("date", "yesterday"),
        ("link", "javascript:alert(1)"),
        ("link", "ftp://example.org"),
        ("link", "not a link"),
        ("text", "a\x00b"),
        ("text", "\ud800"),
        ("text", "x" * 20_001),
        ("text", ["a"]),
        ("criterion", "7"),
    ],
)
def test_impossible_value_is_refused_with_a_sentence(kind, typed):
    with pytest.raises(ImpossibleValue) as refusal:
        ask(kind, typed)
    assert str(refusal.value).endswith(".")


@given(st.text(max_size=300))
def test_clean_text_keeps_words_or_refuses(text):
    try:
        cleaned = clean_text(text)
    except ImpossibleValue:
        assert "\x00" in text
    else:
        assert cleaned.split() == text.replace("\r\n", "\n").replace("\r", "\n").split()


def test_stored_number_is_echoed_in_the_readers_notation():
    from django.utils import translation

    with translation.override("fr"):
        assert values.number_text("1234567.5") == "1\u202f234\u202f567,5"
    with translation.override("en"):
        assert values.number_text("1234567.5") == "1,234,567.5"
