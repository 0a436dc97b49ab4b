"""Each institution signs its own sections: who may, what is signed, what voids it, and that it is stated."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from assessments import outline
from assessments.actions.signatures import ask_institutions, sign_sections
from assessments.actions.submissions import send_to_signatory
from assessments.actions.teamwork import Assigned, assign_sections
from assessments.models import SectionSignature
from assessments.signatures import signatories
from foundation.models import Mail
from projects.models import MoveNotAllowed, ProjectEvent
from projects.permissions import Role
from tests.clients import signed_in
from tests.factories.assessments import (
    EvidenceUseFactory,
    SectionSignatureFactory,
    answer,
    national_sheet,
    question,
    section,
    submit,
)
from tests.factories.projects import member
from toolkit.models import Institution

pytestmark = pytest.mark.django_db


@pytest.fixture
def sheet(project):
    """A.1 and B.1 are the regulator's, A.2 the Post's; A.1 and A.2 have an answer."""
    sheet = national_sheet(project)
    focal = member(project, Role.COORDINATOR)
    wanted = {"A.1": "regulator", "B.1": "regulator", "A.2": "post"}
    assign_sections(sheet, {section(project, code): Assigned(place) for code, place in wanted.items()}, by=focal)
    answer(project, "A.1-1", 2, institution="regulator")
    answer(project, "A.2-1", 2)
    return sheet


@pytest.fixture
def regulator(project):
    """The signatory of the regulator."""
    return member(project, Role.SIGNATORY, institution=Institution.REGULATOR, user__name="Réza Régulateur")


def of(sheet, institution="regulator"):
    """What the institution has signed, and what it reads now."""
    found = signatories(sheet, outline.section_entries(sheet))
    return next(signatory for signatory in found if signatory.institution == institution)


def states(sheet) -> dict[str, str]:
    return {
        row.entry.section.code: "signed" if row.is_signed else "void" if row.is_void else "not"
        for row in of(sheet).sections
    }


def read(sheet, *codes) -> dict[str, str]:
    return {row.entry.section.code: row.sha256 for row in of(sheet).sections if row.entry.section.code in codes}


def sign(sheet, by, *codes, **changes):
    fields = {"read": read(sheet, *codes), "name": by.name, "function": "DG", "statement": "Ours."} | changes
    return sign_sections(sheet, **fields, by=by)


def url(sheet, name="sections_sign") -> str:
    more = [] if name == "questionnaire" else [sheet.instrument.code]
    return reverse(f"assessments:{name}", args=[sheet.project.public_id, *more])


def test_the_regulators_signatory_signs_its_sections_and_no_others(sheet, regulator):
    sign(sheet, regulator, "A.1")
    assert states(sheet) == {"A.1": "signed", "B.1": "not"}
    row = SectionSignature.objects.get()
    assert (row.institution, row.name, row.signed_by) == ("regulator", "Réza Régulateur", regulator)
    assert ProjectEvent.objects.get(kind="sections_signed").about["sections"] == ["A.1"]
    assert [found.institution for found in signatories(sheet, outline.section_entries(sheet))] == ["regulator"]
    with pytest.raises(MoveNotAllowed):
        sign(sheet, regulator, read={"A.2": "0" * 64})


@pytest.mark.parametrize("institution", ["post", "ministry"])
def test_another_institutions_signatory_cannot(project, sheet, institution):
    with pytest.raises(MoveNotAllowed):
        sign(sheet, member(project, Role.SIGNATORY, institution=institution), "A.1")


def test_who_is_signatory_elsewhere_and_contributor_here_cannot(project, sheet):
    person = member(project, Role.SIGNATORY)
    member(project, Role.CONTRIBUTOR, institution=Institution.REGULATOR, user=person)
    with pytest.raises(MoveNotAllowed):
        sign(sheet, person, "A.1")


def test_a_later_change_voids_the_signature_and_the_same_answer_again_restores_it(project, sheet, regulator):
    sign(sheet, regulator, "A.1")
    answer(project, "A.1-1", 3, institution="regulator")
    assert states(sheet)["A.1"] == "void"
    page = signed_in(regulator).get(url(sheet, "questionnaire")).content.decode()
    assert "changed since: that signature no longer holds" in page
    answer(project, "A.1-1", 2, institution="regulator")
    assert states(sheet)["A.1"] == "signed"
    sign(sheet, regulator, "A.1")
    assert states(sheet)["A.1"] == "signed"


def test_what_others_answer_and_evidence_void_nothing(project, sheet, regulator):
    sign(sheet, regulator, "A.1")
    answer(project, "A.2-1", 3)
    answer(project, "A.1-2", 3, institution="ministry", is_confidential=True)
    EvidenceUseFactory(piece__sheet=sheet, question=question(project, "A.1-1"))
    assert states(sheet)["A.1"] == "signed"
    answer(project, "A.1-3", status="dont_know", institution="regulator", is_confidential=True)
    assert states(sheet)["A.1"] == "void"


def test_nobody_signs_what_they_did_not_read(project, sheet, regulator):
    old = read(sheet, "A.1")
    answer(project, "A.1-1", 3, institution="regulator")
    with pytest.raises(MoveNotAllowed):
        sign(sheet, regulator, read=old)
    with pytest.raises(MoveNotAllowed):
        sign(sheet, regulator, read={})
    assert not SectionSignature.objects.exists()


def test_after_submission_it_is_too_late_and_nothing_was_blocked(project, sheet, regulator):
    submit(project)
    with pytest.raises(MoveNotAllowed):
        sign(sheet, regulator, "A.1")
    expert = signed_in(member(project, Role.EXPERT))
    for name in ("sheet_document", "questionnaire"):
        page = expert.get(url(sheet, name)).content.decode()
        assert "has not signed everything" in page
        assert "Sign your institution" not in page


def test_the_database_refuses_a_signature_without_a_name_or_of_the_bureau(sheet):
    row = sheet.sections.order_by("pk").first()
    for wrong in ({"name": ""}, {"function": ""}, {"institution": "ib"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            SectionSignatureFactory(sheet_section=row, **wrong)


def test_on_the_page_one_reads_the_answers_and_signs_those_that_have_some(project, sheet, regulator):
    client = signed_in(regulator)
    page = client.get(url(sheet))
    assert [part.code for part, _entries in page.context["by_section"]] == ["A.1"]
    typed = {"name": "Réza Régulateur", "function": "DG", "read": page.context["form"].initial["read"]}
    refused = client.post(url(sheet), typed)
    assert refused.status_code == 422
    assert "Tick the statement to sign" in refused.content.decode()
    assert client.post(url(sheet), {**typed, "agrees": "on"})["Location"] == url(sheet, "questionnaire")
    assert states(sheet) == {"A.1": "signed", "B.1": "not"}
    assert SectionSignature.objects.get().statement.startswith("I have read these answers.")


def test_a_signatory_without_sections_is_told_why(project, sheet):
    page = signed_in(member(project, Role.SIGNATORY)).get(url(sheet)).content.decode()
    assert "There is nothing for you to sign here" in page


def test_asks_no_more_for_more_signatures(sheet, regulator):
    client = signed_in(regulator)

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            client.get(url(sheet, "questionnaire"))
        return len(asked)

    queries()
    before = queries()
    for _time in range(3):
        sign(sheet, regulator, "A.1")
    assert queries() == before


# ── Asking for them ──────────────────────────────────────────────────────────


def sent() -> list[tuple[str, list[str]]]:
    """To whom, and what each message lists."""
    return [
        (mail.to, [line for line in mail.body.splitlines() if line.startswith("- ")])
        for mail in Mail.objects.order_by("to", "pk")
    ]


def asking(project):
    """The coordinator, who asks for signatures."""
    return project.memberships.get(role=Role.COORDINATOR).user


def test_the_coordinator_asks_the_signatories_for_the_sections_that_have_answers(project, sheet, regulator, settings):
    settings.SITE_URL = "https://readiness.example"
    member(project, Role.SIGNATORY)
    member(project, Role.CONTRIBUTOR, institution=Institution.REGULATOR)
    Mail.objects.all().delete()
    client = signed_in(asking(project))
    assert "Ask them to sign" in client.get(url(sheet, "questionnaire")).content.decode()
    settings.EMAIL_URL = "smtp://mail.example"
    page = client.post(url(sheet, "sections_ask"), follow=True).content.decode()
    assert "A message went to the signatories of: Regulator." in page
    name = section(project, "A.1").name["en"]
    assert sent() == [(regulator.email, [f"- A.1 {name}"])]
    assert f"https://readiness.example{url(sheet)}" in Mail.objects.get().body
    assert ProjectEvent.objects.get(kind="signatures_asked").about == {"institutions": ["regulator"]}
    again = client.post(url(sheet, "sections_ask"), follow=True).content.decode()
    assert "They were asked within the last day." in again
    assert len(sent()) == 1


def test_there_must_be_someone_to_ask_and_something_to_sign(project, sheet):
    with pytest.raises(MoveNotAllowed):
        ask_institutions(sheet, by=asking(project))
    regulator = member(project, Role.SIGNATORY, institution=Institution.REGULATOR)
    sign(sheet, regulator, "A.1")
    with pytest.raises(MoveNotAllowed):
        ask_institutions(sheet, by=asking(project))
    submit(project)
    with pytest.raises(MoveNotAllowed):
        ask_institutions(sheet, by=asking(project))
    assert not ProjectEvent.objects.filter(kind="signatures_asked").exists()


def test_sent_to_the_signatory_each_institution_is_asked_for_its_own(project, sheet, regulator):
    post = member(project, Role.SIGNATORY, user__email="post@post.example")
    Mail.objects.all().delete()
    send_to_signatory(sheet, reason="More comes in March.", by=asking(project))
    subjects = dict(Mail.objects.values_list("to", "subject"))
    country = project.country.name["en"]
    assert subjects == {
        post.email: f"{country}: the questionnaire waits for your signature",
        regulator.email: f"{country}: sections of the questionnaire wait for your signature",
    }


def test_where_only_institutions_have_signatories_they_are_asked_for_the_whole_too(project, sheet, regulator):
    Mail.objects.all().delete()
    send_to_signatory(sheet, reason="More comes in March.", by=asking(project))
    assert [to for to, _lines in sent()] == [regulator.email] * 2


def test_an_institutions_signatory_does_not_sign_the_whole_in_the_posts_place(project, sheet, regulator):
    post = member(project, Role.SIGNATORY)
    send_to_signatory(sheet, reason="More comes in March.", by=asking(project))
    client = signed_in(regulator)
    page = client.get(url(sheet, "sheet_document"))
    assert 'name="agrees"' not in page.content.decode()
    typed = {**page.context["form"].initial, "function": "DG", "agrees": "on", "comment": "No."}
    for name in ("sheet_sign", "sheet_sign_paper", "sheet_take_back"):
        assert client.post(url(sheet, name), typed).status_code == 403
    home = client.get(reverse("assessments:project_detail", args=[project.public_id])).content.decode()
    assert url(sheet) in home
    assert "The Post’s signatory signs the whole." in home
    project.memberships.get(user=post).delete()  # a country whose Post has none
    assert client.post(url(sheet, "sheet_sign"), typed).status_code == 302
    assert sheet.submissions.get().signed_by == regulator
