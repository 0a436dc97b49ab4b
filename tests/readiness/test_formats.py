"""Dates as each language writes them."""

import datetime

import pytest
from django.utils import formats, translation


@pytest.mark.parametrize(
    ("language", "day", "text"),
    [
        ("fr", 1, "1er\xa0mai\xa02026"),
        ("fr", 2, "2\xa0mai\xa02026"),
        ("fr", 21, "21\xa0mai\xa02026"),
        ("en", 1, "1\xa0May\xa02026"),
    ],
)
def test_the_first_of_the_month_is_an_ordinal_in_french_only(language: str, day: int, text: str):
    with translation.override(language):
        found = formats.date_format(datetime.date(2026, 5, day), "DATE_FORMAT").replace(" ", "\xa0")
        assert found == text
