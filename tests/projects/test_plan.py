"""When steps are due, how countries are sorted, what is warned of: plain values."""

import datetime

import pytest
from django.utils import translation

from foundation.fields import Texts
from projects.countries import by_name, choices_by_region, folded
from projects.models import Country, Region
from projects.plan import VisitDates, due_dates, experts_until, experts_warning, visit_warning

SEVEN = ["preparatory"] * 2 + ["on_site"] * 3 + ["follow_up"] * 2
DUE = datetime.date(2026, 5, 22)
VISIT = VisitDates(datetime.date(2026, 6, 29), datetime.date(2026, 7, 3))


def day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


def test_due_dates_follow_the_questionnaire_and_the_visit():
    assert due_dates(SEVEN, DUE, VISIT) == [
        DUE, day("2026-06-15"), day("2026-06-30"), day("2026-07-02"), day("2026-07-03"), day("2026-09-01"),
        day("2027-02-28"),
    ]  # fmt: skip


def test_due_dates_are_empty_where_nothing_is_known():
    assert due_dates(SEVEN, DUE, None) == [DUE, None, None, None, None, None, None]
    assert due_dates(SEVEN, None, None) == [None] * 7


def test_preparation_is_never_due_before_the_questionnaire():
    late = datetime.date(2026, 6, 25)
    assert due_dates(SEVEN, late, VISIT)[1] == late


def test_due_dates_fit_a_method_of_three_steps():
    assert due_dates(["preparatory", "on_site", "follow_up"], DUE, VISIT) == [DUE, day("2026-07-03"), day("2026-09-01")]


@pytest.mark.parametrize(("days", "warns"), [(None, False), (1, True), (2, True), (3, False), (5, False), (6, True)])
def test_visit_outside_three_to_five_days_is_warned_of(days, warns):
    assert bool(visit_warning(days)) is warns


@pytest.mark.parametrize(("experts", "warns"), [(0, True), (1, True), (2, False), (3, False), (4, True)])
def test_team_outside_two_or_three_experts_is_warned_of(experts, warns):
    assert bool(experts_warning(experts)) is warns


@pytest.mark.parametrize(
    ("visit", "until"),
    [(VISIT, "2026-09-01"), (None, "2027-05-12"), (VisitDates(day("2025-01-06"), day("2025-01-09")), "2027-05-12")],
)
def test_experts_access_always_ends_and_never_in_the_past(visit, until):
    assert experts_until(visit, day("2026-05-12")) == day(until)


@pytest.mark.parametrize(
    ("text", "expected"), [("Éthiopie", "ethiopie"), ("Îles Åland", "iles aland"), ("Côte d’Ivoire ", "cote d'ivoire")]
)
def test_folded_text_has_no_accents_and_no_capitals(text, expected):
    assert folded(text) == expected


def country(fr: str, en: str, region: str = Region.AFRICA) -> Country:
    return Country(code=en.lower(), name=Texts(fr=fr, en=en), region=region)


def test_countries_are_sorted_in_the_language_without_regard_to_accents():
    some = [country("Zambie", "Zambia"), country("Éthiopie", "Ethiopia"), country("Eswatini", "Swazi")]
    assert [one.name["fr"] for one in by_name(some, "fr")] == ["Eswatini", "Éthiopie", "Zambie"]
    assert [one.name["en"] for one in by_name(some, "en")] == ["Ethiopia", "Swazi", "Zambia"]


def test_choices_are_grouped_by_region_in_the_language():
    some = [country("Zambie", "Zambia"), country("Égypte", "Egypt", Region.ARAB), country("Bénin", "Benin")]
    with translation.override("en"):
        assert choices_by_region(some, "en") == [
            ("Africa", [("benin", "Benin"), ("zambia", "Zambia")]),
            ("Arab region", [("egypt", "Egypt")]),
        ]
