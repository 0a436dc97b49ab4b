"""The questionnaire's pages and the save address, as a browser meets them (issue 2, sections 4 and 8)."""

import re
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from assessments.models import Answer, AnswerRevision, Evidence
from assessments.outline import structure
from projects.permissions import Role
from tests.clients import signed_in
from tests.factories.assessments import (
    WHY_MISSING,
    answer,
    checklist,
    national_sheet,
    opened_project,
    release,
    submit,
)
from tests.factories.projects import MembershipFactory, member, staff
from tests.factories.toolkit import dre
from toolkit.models import Institution, Kind

pytestmark = pytest.mark.django_db


def of_kind(sheet, kind):
    """A question of that kind, shown without a condition where there is one."""
    found = [question for question in structure(sheet.instrument).questions.values() if question.kind == kind]
    return min(found, key=lambda question: question.condition is not None)


def save_url(project, question):
    return reverse("assessments:answer_save", args=[project.public_id, question.section.instrument.code, question.code])


def section_url(project, question):
    return reverse(
        "assessments:section", args=[project.public_id, question.section.instrument.code, question.section.code]
    )


def fields(question, base=0, **typed):
    posted = {f"{question.code}:base": base, f"{question.code}:save_id": uuid.uuid4()}
    return posted | {f"{question.code}:{name}": value for name, value in typed.items()}


def post(client, project, question, base=0, **typed):
    return client.post(
        save_url(project, question), fields(question, base, **typed), headers={"Accept": "application/json"}
    )


def test_save_replies_with_number_time_author_and_completeness(project, sheet, focal, as_focal):
    question = of_kind(sheet, Kind.CHOICES)
    option = next(entry.code for entry in question.options.all())
    reply = post(as_focal, project, question, value=option)
    assert reply.status_code == 200
    said = reply.json()
    assert (said["outcome"], said["number"], said["head"]) == ("saved", 1, 1)
    assert said["section"]["answered"] == int(question.is_core)
    assert "by you" in said["message"]


def test_number_is_echoed_as_understood(project, sheet, as_focal, focal):
    question = of_kind(sheet, Kind.NUMBER)
    assert post(as_focal, project, question, value="1,234.5").json()["shown"] == "1,234.5"
    focal.language = "fr"
    focal.save()
    assert post(as_focal, project, question, base=1, value="1 234,5").json()["shown"] == "1\u202f234,5"
    assert Answer.objects.get(question=question).value == "1234.5"


@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        (Kind.CRITERION, {"value": "77"}),
        (Kind.CHOICE, {"value": "no such option"}),
        (Kind.NUMBER, {"value": "many"}),
        (Kind.TEXT, {"value": "a\x00b"}),
        (Kind.TEXT, {"value": "x" * 1_000_000}),
        (Kind.TEXT, {"status": "not_applicable"}),
        (Kind.CRITERION, {"value": "1", "basis": "hearsay"}),
    ],
)
def test_impossible_value_is_422_with_a_sentence(project, sheet, as_focal, kind, typed):
    reply = post(as_focal, project, of_kind(sheet, kind), **typed)
    assert (reply.status_code, reply.json()["problem"]) == (422, "impossible")
    assert reply.json()["message"].endswith(".")
    assert not AnswerRevision.objects.exists()


@pytest.mark.parametrize("broken", [{"base": "x"}, {"base": "-1"}, {"save_id": "1"}, {"base": "9" * 30}])
def test_broken_save_is_422(project, sheet, as_focal, broken):
    question = of_kind(sheet, Kind.TEXT)
    posted = fields(question, value="a") | {f"{question.code}:{name}": value for name, value in broken.items()}
    assert as_focal.post(save_url(project, question), posted).status_code == 422


def test_conflict_is_409_with_the_other_text_author_and_time(project, sheet, as_focal):
    question = of_kind(sheet, Kind.TEXT)
    colleague = member(project, Role.CONTRIBUTOR)
    post(signed_in(colleague), project, question, value="theirs")
    reply = post(as_focal, project, question, value="mine")
    assert (reply.status_code, reply.json()["problem"]) == (409, "conflict")
    assert (reply.json()["theirs"]["author"], reply.json()["theirs"]["lines"]) == (colleague.name, ["theirs"])
    page = as_focal.get(section_url(project, question)).content.decode()
    assert "mine" in page
    assert "theirs" in page


def test_closed_sheet_is_409_closed(project, sheet, as_focal):
    submit(project)
    reply = post(as_focal, project, of_kind(sheet, Kind.TEXT), value="late")
    assert (reply.status_code, reply.json()["problem"]) == (409, "closed")
    assert AnswerRevision.objects.get().kind == "late"


def test_signed_out_is_401_in_json_never_a_redirect(project, sheet):
    reply = post(Client(), project, of_kind(sheet, Kind.TEXT), value="a")
    assert (reply.status_code, reply.json()) == (401, {"problem": "signed_out"})


def test_old_token_is_403_csrf_in_json(project, sheet, focal):
    reply = post(signed_in(focal, enforce_csrf_checks=True), project, of_kind(sheet, Kind.TEXT), value="a")
    assert (reply.status_code, reply.json()) == (403, {"problem": "csrf"})


def test_who_may_not_answer_is_403_and_a_stranger_404(project, sheet):
    question = of_kind(sheet, Kind.TEXT)
    assert post(signed_in(member(project, Role.EXPERT)), project, question, value="a").status_code == 403
    assert post(signed_in(staff()), project, question, value="a").status_code == 403
    assert post(signed_in(MembershipFactory().user), project, question, value="a").status_code == 404
    assert not AnswerRevision.objects.exists()


def test_unknown_question_is_404(project, as_focal):
    url = reverse("assessments:answer_save", args=[project.public_id, "questionnaire", "NO-SUCH"])
    assert as_focal.post(url).status_code == 404


def test_wrong_method_is_405(project, sheet, as_focal):
    assert as_focal.get(save_url(project, of_kind(sheet, Kind.TEXT))).status_code == 405


def test_checklist_does_not_exist_for_the_country(project, as_focal):
    question = next(iter(structure(checklist(project).instrument).questions.values()))
    assert as_focal.get(section_url(project, question)).status_code == 404
    assert post(as_focal, project, question, value="2").status_code == 404
    expert = signed_in(member(project, Role.EXPERT))
    assert expert.get(section_url(project, question)).status_code == 200
    assert post(expert, project, question, value="2", basis="document").status_code == 200


def test_confidential_answer_of_another_institution_is_withheld(project, sheet, as_focal):
    question = of_kind(sheet, Kind.TEXT)
    regulator = member(project, Role.CONTRIBUTOR, institution=Institution.REGULATOR)
    post(signed_in(regulator), project, question, value="SECRET-OF-THE-REGULATOR", confidential="on")
    for name in ("section", "document"):
        url = (
            section_url(project, question)
            if name == "section"
            else reverse("assessments:sheet_document", args=[project.public_id, "questionnaire"])
        )
        page = as_focal.get(url.replace("questionnaire", sheet.instrument.code)).content.decode()
        assert "SECRET-OF-THE-REGULATOR" not in page
    refused = post(as_focal, project, question, base=1, value="mine")
    assert refused.status_code == 422  # not 403: nobody's access has ended, and the page says what has happened
    assert "Another institution has given a confidential answer here." in refused.json()["message"]
    assert "SECRET" not in refused.content.decode()
    assert (
        "SECRET-OF-THE-REGULATOR"
        in signed_in(member(project, Role.EXPERT)).get(section_url(project, question)).content.decode()
    )


def test_warning_beside_a_withheld_answer_is_withheld_too(project, sheet, as_focal):
    questions = structure(sheet.instrument).questions
    regulator = signed_in(member(project, Role.CONTRIBUTOR, institution=Institution.REGULATOR))
    own = post(regulator, project, questions["A.1-1"], value="3", basis="document", confidential="on").json()
    assert own["warnings"]["A.1-1"] == ["Level 3 is claimed, but no date of a decision is given."]
    theirs = post(as_focal, project, questions["A.1-2"], value="2", basis="document").json()
    assert "A.1-1" not in theirs["warnings"]
    assert theirs["warnings"]["A.1-2"] == []


def test_plain_form_saves_the_rest_beside_an_answer_withheld_meanwhile(project, sheet, as_focal):
    questions = structure(sheet.instrument).questions
    regulator = signed_in(member(project, Role.CONTRIBUTOR, institution=Institution.REGULATOR))
    post(regulator, project, questions["A.1-1"], value="3", basis="document", confidential="on")
    typed = fields(questions["A.1-1"], value="1", basis="none") | fields(
        questions["A.1-2"], value="2", basis="document"
    )
    response = as_focal.post(section_url(project, questions["A.1-1"]), typed)
    assert response.status_code == 422
    assert "Another institution has given a confidential answer here." in response.content.decode()
    assert set(Answer.objects.filter(sheet=sheet).values_list("question__code", "value")) == {
        ("A.1-1", 3),
        ("A.1-2", 2),
    }


def test_plain_form_saves_what_changed_and_keeps_what_is_wrong(project, sheet, as_focal):
    text, number = of_kind(sheet, Kind.TEXT), of_kind(sheet, Kind.NUMBER)
    url = section_url(project, text)
    both_here = text.section_id == number.section_id
    posted = fields(text, value="Bonjour") | (fields(number, value="viele") if both_here else {})
    reply = as_focal.post(url, posted)
    assert Answer.objects.get(sheet=sheet).value == "Bonjour"
    if both_here:
        assert reply.status_code == 422
        assert "viele" in reply.content.decode()
    else:
        assert reply.status_code == 302


def test_plain_form_sent_twice_saves_once(project, sheet, as_focal):
    text = of_kind(sheet, Kind.TEXT)
    posted = fields(text, value="Bonjour")
    as_focal.post(section_url(project, text), posted)
    as_focal.post(section_url(project, text), posted)
    assert AnswerRevision.objects.count() == 1


def test_plain_form_over_an_old_revision_shows_both(project, sheet, as_focal):
    text = of_kind(sheet, Kind.TEXT)
    answer(project, text.code, "theirs")
    reply = as_focal.post(section_url(project, text), fields(text, value="mine"))
    assert reply.status_code == 422
    assert {"mine", "theirs"} <= set(reply.content.decode().replace("<", " ").replace(">", " ").split())


def upload(client, project, question, name, content):
    url = reverse("assessments:evidence_add", args=[project.public_id, question.section.instrument.code, question.code])
    return client.post(url, {f"{question.code}:file": SimpleUploadedFile(name, content)})


def test_evidence_is_stored_and_served_only_to_readers(project, sheet, as_focal):
    question = of_kind(sheet, Kind.CRITERION)
    assert upload(as_focal, project, question, "décret.pdf", b"%PDF-1.4\n%x").status_code == 200
    piece = Evidence.objects.get()
    url = reverse("assessments:evidence_file", args=[project.public_id, sheet.instrument.code, piece.public_id])
    reply = as_focal.get(url)
    assert b"".join(reply.streaming_content) == b"%PDF-1.4\n%x"
    assert reply["Content-Disposition"].startswith("attachment")
    assert (reply["X-Content-Type-Options"], reply["Content-Security-Policy"][:7]) == ("nosniff", "sandbox")
    assert signed_in(member(project, Role.OBSERVER)).get(url).status_code == 403
    assert signed_in(MembershipFactory().user).get(url).status_code == 404


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.pdf", b"MZ\x00\x01" + bytes(200)), ("a.pdf", b"<html>\x00"), ("empty.pdf", b""), ("a.svg", b"\x00\x01\x02")],
)
def test_file_is_checked_by_its_content(project, sheet, as_focal, name, content):
    reply = upload(as_focal, project, of_kind(sheet, Kind.CRITERION), name, content)
    assert reply.status_code == 422
    assert not Evidence.objects.exists()


@pytest.mark.parametrize(
    ("name", "content", "kept"),
    [
        ("Rapport.PDF", b"%PDF-1.4\n%x", "Rapport.PDF"),
        ("budget.pdf.bat", b"@echo off\nformat c:", "budget.pdf.bat.txt"),
        ("page.html", b"<script>alert(1)</script>", "page.html.txt"),
        ("drawing.svg", b"<svg onload='alert(1)'/>", "drawing.svg.txt"),
        ("figures.csv", b"a;b\n1;2", "figures.csv"),
        ("notes", b"%PDF-1.4\n%x", "notes.pdf"),
        ("../../etc/passwd", b"root", "passwd.txt"),
        ("a\u202efdp.exe", b"text", "afdp.exe.txt"),
        ("x" * 300 + ".exe", b"text", "x" * 192 + ".exe.txt"),
    ],
)
def test_file_is_given_the_ending_of_what_it_holds(project, sheet, as_focal, name, content, kept):
    assert upload(as_focal, project, of_kind(sheet, Kind.CRITERION), name, content).status_code == 200
    piece = Evidence.objects.get()
    assert (piece.title, piece.file_name, piece.file.name) == (kept, kept, kept)


def test_file_over_the_limit_is_refused_with_the_limit(project, sheet, as_focal, settings):
    settings.UPLOAD_MEGABYTES = 1
    reply = upload(as_focal, project, of_kind(sheet, Kind.CRITERION), "a.txt", b"a" * (1024 * 1024 + 1))
    assert (reply.status_code, "1 MB" in reply.content.decode()) == (422, True)


def test_confidential_evidence_of_another_institution_does_not_exist(project, sheet, as_focal):
    question = of_kind(sheet, Kind.CRITERION)
    regulator = signed_in(member(project, Role.CONTRIBUTOR, institution=Institution.REGULATOR))
    url = reverse("assessments:evidence_add", args=[project.public_id, sheet.instrument.code, question.code])
    regulator.post(
        url,
        {f"{question.code}:link": "https://secret.example", f"{question.code}:evidence-confidential": "on"},
    )
    assert Evidence.objects.get().institution == "regulator"
    assert "secret.example" not in as_focal.get(section_url(project, question)).content.decode()


def test_evidence_of_a_confidential_answer_of_another_institution_does_not_exist(project, sheet, as_focal):
    question = of_kind(sheet, Kind.CRITERION)
    regulator = signed_in(member(project, Role.CONTRIBUTOR, institution=Institution.REGULATOR))
    url = reverse("assessments:evidence_add", args=[project.public_id, sheet.instrument.code, question.code])
    regulator.post(url, {f"{question.code}:link": "https://secret.example"})
    assert "secret.example" in as_focal.get(section_url(project, question)).content.decode()
    post(regulator, project, question, value="3", basis="document", confidential="on")
    assert "secret.example" not in as_focal.get(section_url(project, question)).content.decode()
    assert "secret.example" in regulator.get(section_url(project, question)).content.decode()


def test_signatory_signs_and_wrong_date_keeps_what_was_typed(project, sheet):
    signatory = signed_in(member(project, Role.SIGNATORY))
    coordinator = signed_in(member(project, Role.COORDINATOR))
    arguments = [project.public_id, sheet.instrument.code]
    assert (
        coordinator.post(reverse("assessments:sheet_send", args=arguments), {"reason": WHY_MISSING}).status_code == 302
    )
    document = reverse("assessments:sheet_document", args=arguments)
    sent_at = signatory.get(document).context["form"].initial["sent_at"]
    wrong = {"name": "Hélène M.", "function": "DG", "signed_on": "2999-01-01", "agrees": "on", "sent_at": sent_at}
    reply = signatory.post(reverse("assessments:sheet_sign", args=arguments), wrong)
    assert (reply.status_code, "Hélène M." in reply.content.decode()) == (422, True)
    right = wrong | {"signed_on": "2026-05-21"}
    assert coordinator.post(reverse("assessments:sheet_sign", args=arguments), right).status_code == 403
    assert signatory.post(reverse("assessments:sheet_sign", args=arguments), right).status_code == 302
    assert sheet.submissions.get().name == "Hélène M."


def test_nobody_signs_what_was_opened_again_since_they_read_it(project, sheet):
    signatory = signed_in(member(project, Role.SIGNATORY))
    coordinator = signed_in(member(project, Role.COORDINATOR))
    arguments = [project.public_id, sheet.instrument.code]
    coordinator.post(reverse("assessments:sheet_send", args=arguments), {"reason": WHY_MISSING})
    form = signatory.get(reverse("assessments:sheet_document", args=arguments)).context["form"]
    signed = form.initial | {"function": "DG", "agrees": "on"}
    coordinator.post(reverse("assessments:sheet_take_back", args=arguments))
    coordinator.post(reverse("assessments:sheet_send", args=arguments), {"reason": WHY_MISSING})
    signatory.post(reverse("assessments:sheet_sign", args=arguments), signed)
    assert not sheet.submissions.exists()
    form = signatory.get(reverse("assessments:sheet_document", args=arguments)).context["form"]
    signatory.post(reverse("assessments:sheet_sign", args=arguments), signed | {"sent_at": form.initial["sent_at"]})
    assert sheet.submissions.count() == 1


def test_expert_returns_a_section_and_accepts(project, sheet):
    expert = signed_in(member(project, Role.EXPERT))
    arguments = [project.public_id, sheet.instrument.code]
    submit(project)
    part = structure(sheet.instrument).sections[0]
    assert expert.post(reverse("assessments:sheet_return", args=arguments), {}).status_code == 422
    assert (
        expert.post(
            reverse("assessments:sheet_return", args=arguments), {f"section-{part.pk}": "Please date the figures."}
        ).status_code
        == 302
    )
    page = signed_in(member(project, Role.COORDINATOR)).get(
        reverse("assessments:questionnaire", args=[project.public_id])
    )
    assert "Please date the figures." in page.content.decode()
    submit(project)
    assert expert.post(reverse("assessments:sheet_accept", args=arguments)).status_code == 302


def test_queries_of_section_and_save_do_not_grow_with_answers(project, sheet, as_focal):
    question = of_kind(sheet, Kind.TEXT)
    as_focal.get(section_url(project, question))

    def counted():
        with CaptureQueriesContext(
            connection,
        ) as page:
            as_focal.get(section_url(project, question))
        with CaptureQueriesContext(connection) as saved:
            standing = Answer.objects.filter(sheet=sheet, question=question).first()
            post(as_focal, project, question, base=standing.number if standing else 0, value=str(uuid.uuid4()))
        return len(page), len(saved)

    post(as_focal, project, question, value="a")
    one = counted()
    for other in structure(sheet.instrument).questions.values():
        if other.code != question.code and not other.condition:
            answer(project, other.code, status="dont_know")
    many = counted()
    assert many == one
    assert one[0] <= 15


def test_released_checklist_is_closed_to_ratings(project):
    question = next(iter(structure(checklist(project).instrument).questions.values()))
    submit(project)
    release(project)
    reply = post(signed_in(member(project, Role.EXPERT)), project, question, value="2", basis="document")
    assert (reply.status_code, reply.json()["problem"]) == (409, "closed")


def test_words_are_explained_on_the_page_that_uses_them():
    real = opened_project(framework=dre())
    page = signed_in(member(real, Role.COORDINATOR)).get(
        section_url(real, structure(national_sheet(real).instrument).questions["P3.2-2"])
    )
    text = page.content.decode()
    assert '<a class="term" href="#word-dkim">' in text
    assert text.count('id="word-dkim"') == 1
    assert [code for code in set(re.findall(r'href="#word-(\w+)"', text)) if f'id="word-{code}"' not in text] == []


def test_next_level_is_named_beside_what_is_claimed(project, sheet, focal):
    asked = of_kind(sheet, Kind.CRITERION)
    answer(project, asked.code, 3, by=focal)
    submit(project)
    page = signed_in(focal).get(section_url(project, asked)).content.decode()
    descriptor = next(option for option in asked.options.all() if option.code == "4")
    assert f"For the next level:</span> {descriptor.text['en']}" in page
