"""Who is written to when the questionnaire goes on, and in which language."""

import datetime

import pytest
from django.urls import reverse

from assessments.actions import submissions
from foundation.models import Mail
from projects.permissions import Role
from tests.factories.assessments import SIGNATURE, national_sheet, opened_project, release, section, submit
from tests.factories.projects import member, staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def project(settings):
    settings.SITE_URL = "https://readiness.example"
    return opened_project(manager=staff(user__email="manager@ib.example"))


@pytest.fixture
def team(project):
    """One person of each role; the signatory reads French."""
    return {
        role: member(
            project, role, user__email=f"{role}@valmara.example", user__language="fr" if role == "signatory" else "en"
        )
        for role in Role
    }


def told() -> set[str]:
    """To whom the messages go, each once; the messages are then gone."""
    to = list(Mail.objects.order_by("to").values_list("to", flat=True))
    assert len(to) == len(set(to))
    Mail.objects.all().delete()
    return {address.split("@")[0] for address in to}


def test_the_signatory_is_asked_in_their_language_with_a_link(project, team):
    sheet = national_sheet(project)
    submissions.send_to_signatory(sheet, reason="More comes in March.", by=team["coordinator"])
    mail = Mail.objects.get()
    country = project.country.name["fr"]
    assert (mail.to, mail.language) == ("signatory@valmara.example", "fr")
    assert mail.subject == f"{country}: le questionnaire attend votre signature"
    page = reverse("assessments:sheet_document", args=[project.public_id, sheet.instrument.code])
    assert f"https://readiness.example{page}" in mail.body
    assert team["coordinator"].name in mail.body


def test_each_turn_is_told_to_those_who_go_on_with_it_and_not_to_who_made_it(project, team):
    sheet = national_sheet(project)
    submissions.send_to_signatory(sheet, reason="More comes in March.", by=team["coordinator"])
    assert told() == {"signatory"}
    submissions.take_back(sheet, comment="", by=team["signatory"])
    assert told() == {"coordinator"}
    submissions.send_to_signatory(sheet, reason="More comes in March.", by=team["coordinator"])
    Mail.objects.all().delete()
    submissions.sign(sheet, SIGNATURE, by=team["signatory"])
    assert told() == {"coordinator", "expert", "manager"}
    submissions.return_sheet(sheet, whole="", sections={section(project, "A.1"): "One more."}, by=team["expert"])
    assert told() == {"coordinator", "contributor"}
    submit(project, by=team["coordinator"])
    Mail.objects.all().delete()
    release(project, by=project.manager)
    assert told() == {"coordinator", "contributor", "signatory", "observer"}


def test_paper_is_told_to_the_signatory_in_whose_name_it_came_too(project, team):
    sheet = national_sheet(project)
    asked = submissions.send_to_signatory(sheet, reason="More comes in March.", by=team["coordinator"])
    Mail.objects.all().delete()
    submissions.send_in_paper(
        sheet, SIGNATURE, [b"%PDF-1.7"], code=asked.code, name="a.pdf", content_type="application/pdf",
        by=team["coordinator"],
    )  # fmt: skip
    assert told() == {"signatory", "expert", "manager"}


def test_no_message_says_what_was_written(project, team):
    sheet = national_sheet(project)
    submit(project, by=team["coordinator"])
    Mail.objects.all().delete()
    submissions.return_sheet(sheet, whole="SECRET-comment", sections={}, by=team["expert"])
    assert not Mail.objects.filter(body__contains="SECRET").exists()


def test_who_left_and_who_is_there_twice(project, team):
    project.memberships.filter(user=team["signatory"]).update(until=datetime.date(2026, 1, 1))
    submissions.send_to_signatory(national_sheet(project), reason="More comes in March.", by=project.manager)
    assert told() == set()
