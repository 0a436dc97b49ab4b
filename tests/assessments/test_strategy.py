"""The strategy review, the matrix of aims, and the country's responses."""

import datetime

import pytest

from assessments.actions.reservations import respond
from assessments.actions.strategy import Review, add_aim, edit_aim, remove_aim, save_review
from assessments.models import Reservation, StrategyAim, StrategyReview
from projects.models import MoveNotAllowed, ProjectEvent
from projects.permissions import Role
from tests.factories.assessments import StrategyAimFactory, answer, decide, release, submit
from tests.factories.projects import member


def test_a_review_is_saved_and_changed(project):
    expert = member(project, "expert")
    text = Review(
        has_text=True, language="fr", title="Cap numérique", dated_on=datetime.date(2025, 3, 14), status="Approuvée",
        conclusion="revise", findings="Sans indicateurs.", outline="Vision\nFeuille de route",
    )  # fmt: skip
    save_review(project, text, by=expert)
    save_review(project, Review(has_text=False, language="fr", title="Cap numérique", conclusion="draw_up"), by=expert)

    saved = StrategyReview.objects.get()
    assert (saved.has_text, saved.title, saved.dated_on, saved.conclusion, saved.saved_by) == (
        False, "", None, "draw_up", expert,
    )  # fmt: skip


def test_aims_are_added_edited_and_removed(project):
    aim = add_aim(project, national_aim="Half online", postal_aim="", gap="No aim", by=project.manager, language="en")
    edit_aim(aim, national_aim="All online", postal_aim="Counters", gap="", by=project.manager, language="en")
    aim.refresh_from_db()
    assert (aim.national_aim, aim.postal_aim, aim.gap) == ("All online", "Counters", "")
    remove_aim(aim, by=project.manager)
    assert not StrategyAim.objects.exists()
    with pytest.raises(MoveNotAllowed):
        edit_aim(aim, national_aim="Late", postal_aim="", gap="", by=project.manager, language="en")


def test_review_and_aims_stay_as_they_are_once_released(project):
    aim = StrategyAimFactory(project=project)
    submit(project)
    release(project)
    with pytest.raises(MoveNotAllowed):
        save_review(project, Review(has_text=False, language="en"), by=project.manager)
    with pytest.raises(MoveNotAllowed):
        remove_aim(aim, by=project.manager)
    assert list(StrategyAim.objects.all()) == [aim]


# ── The country's word on a difference (METHODOLOGY 5.7) ─────────────────────


@pytest.fixture
def difference(project):
    answer(project, "A.1-1", 3)
    answer(project, "A.2-1", 2)
    submit(project)
    decide(project, "A.2-1", 2)
    return decide(project, "A.1-1", 2, reason="Half of the quay")


def test_the_country_acknowledges_or_enters_a_reservation(project, difference):
    focal = member(project, Role.COORDINATOR)
    release(project)

    respond(difference, kind="acknowledged", text="not kept", by=focal, language="fr")
    assert (Reservation.objects.get().text, Reservation.objects.get().language) == ("", "")

    respond(difference, kind="reservation", text="Tout le quai sert depuis juin.", by=focal, language="fr")
    saved = Reservation.objects.get()
    assert (saved.kind, saved.text, saved.language, saved.by) == (
        "reservation", "Tout le quai sert depuis juin.", "fr", focal,
    )  # fmt: skip
    assert list(ProjectEvent.objects.order_by("pk").values_list("kind", flat=True))[-2:] == [
        "difference_acknowledged",
        "reservation_entered",
    ]


def test_nobody_responds_before_the_release(project, difference):
    with pytest.raises(MoveNotAllowed):
        respond(difference, kind="acknowledged", text="", by=project.manager, language="en")


def test_there_is_nothing_to_respond_where_the_levels_agree(project, difference):
    release(project)
    agreed = difference.sheet.validated_levels.get(question__code="A.2-1")
    with pytest.raises(MoveNotAllowed):
        respond(agreed, kind="acknowledged", text="", by=project.manager, language="en")
    assert not Reservation.objects.exists()
