"""The register of evidence, a piece's own page, and using a piece again."""

import pytest
from django.urls import reverse

from assessments.models import EvidenceUse
from foundation.models import StoredFile
from projects.permissions import Role
from tests.clients import signed_in
from tests.factories import assessments as work
from tests.factories.projects import MembershipFactory, member
from toolkit.models import Institution

pytestmark = pytest.mark.django_db


@pytest.fixture
def coordinator(project):
    return signed_in(member(project, Role.COORDINATOR, user__name="Ibrahima Sarr"))


@pytest.fixture
def regulator(project):
    return signed_in(member(project, Role.CONTRIBUTOR, institution=Institution.REGULATOR, user__name="Awa Koné"))


def address(name, project, *more):
    return reverse(f"assessments:{name}", args=[project.public_id, "questionnaire", *more])


def page(client, project, query=""):
    reply = client.get(address("evidence_register", project) + query)
    assert reply.status_code == 200
    return reply


def piece(project, code, **fields):
    return work.EvidenceFactory(
        sheet=work.national_sheet(project), use__question=work.question(project, code), **fields
    )


# ── The register ─────────────────────────────────────────────────────────────
def test_the_register_lists_each_piece_with_the_answers_that_rest_on_it(project, coordinator):
    law = piece(project, "G-1", title="Postal law", as_file=True)
    work.EvidenceUseFactory(piece=law, question=work.question(project, "G-3"), pages="12")
    (entry,) = page(coordinator, project).context["entries"]
    assert (entry.piece, [(use.question.code, use.pages) for use in entry.uses]) == (law, [("G-1", ""), ("G-3", "12")])


def test_filters_show_a_part_and_an_unknown_one_does_not_exist(project, coordinator):
    file = piece(project, "G-1", as_file=True)
    link = piece(project, "G-2", is_confidential=True)
    late = piece(project, "G-3", use__is_late=True)
    shown = {
        name: [entry.piece for entry in page(coordinator, project, f"?show={name}").context["entries"]]
        for name in ("all", "files", "links", "late", "confidential")
    }
    assert shown == {
        "all": [file, link, late], "files": [file], "links": [link, late], "late": [late], "confidential": [link],
    }  # fmt: skip
    assert coordinator.get(address("evidence_register", project) + "?show=nothing").status_code == 404


def asked_for(reply):
    return [asked.question.code for questions in reply.context["register"].asked.values() for asked in questions]


def test_what_is_still_asked_for_is_said_by_institution_with_whom_to_ask(project, sheet, coordinator, regulator):
    whole = work.outline.structure(sheet.instrument)
    wanting = [question.code for question in whole.questions.values() if question.evidence and not question.condition]
    assert wanting
    missing = asked_for(page(coordinator, project))
    assert set(wanting) <= set(missing)
    question = whole.questions[wanting[0]]
    reply = page(coordinator, project)
    (people,) = [people for place, _asked, people in reply.context["register"].to_ask if place == question.knows]
    assert people == {"post": ["Ibrahima Sarr"], "regulator": ["Awa Koné"]}.get(question.knows, ())
    piece(project, wanting[0])
    assert asked_for(page(coordinator, project)) == [code for code in missing if code != wanting[0]]


def test_an_answer_that_claims_a_document_and_has_none_is_asked_for_it(project, sheet, coordinator):
    whole = work.outline.structure(sheet.instrument)
    silent = next(q.code for q in whole.questions.values() if q.is_scored and not q.evidence and not q.condition)
    assert silent not in asked_for(page(coordinator, project))
    work.answer(project, silent, 3, basis="document")
    assert silent in asked_for(page(coordinator, project))
    assert "it rests on a document; none is attached" in page(coordinator, project).content.decode()


def test_who_answers_a_section_is_who_is_asked_for_its_evidence(project, sheet, coordinator):
    part = work.question(project, "A.1-1").section
    work.SectionAssignmentFactory(
        sheet_section=sheet.sections.get(section=part),
        member=MembershipFactory(project=project, role=Role.CONTRIBUTOR, user__name="Noor Vance"),
    )
    assert "This section is answered by: Noor Vance" in page(coordinator, project).content.decode()


def test_of_a_withheld_answer_nothing_is_asked(project, coordinator, regulator):
    work.answer(project, "G-2", "in confidence", institution="regulator", is_confidential=True, basis="document")
    assert "G-2" not in asked_for(page(coordinator, project))
    assert "G-2" in asked_for(page(regulator, project))


def test_the_register_takes_as_many_queries_for_many_pieces_as_for_one(
    project, coordinator, django_assert_max_num_queries
):
    piece(project, "G-1")
    with django_assert_max_num_queries(12):
        page(coordinator, project)
    for code in ("G-1", "G-2", "G-3", "G-4"):
        piece(project, code, as_file=True)
    with django_assert_max_num_queries(12):
        page(coordinator, project)


# ── Opened ───────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("content_type", "shown"),
    [("application/pdf", True), ("image/png", True), ("text/plain", False), ("application/msword", False)],
)
def test_only_a_pdf_or_an_image_is_shown_and_everything_in_a_sandbox(project, coordinator, content_type, shown):
    law = piece(project, "G-1", as_file=True, title="Law", file_name="law")
    StoredFile.objects.update(content_type=content_type)
    for name, inline in (("evidence_view", shown), ("evidence_file", False)):
        reply = coordinator.get(address(name, project, law.public_id))
        assert b"".join(reply.streaming_content) == b"Law"
        assert reply["Content-Disposition"] == f'{"inline" if inline else "attachment"}; filename="law"'
        assert (reply["X-Content-Type-Options"], reply["Content-Type"]) == ("nosniff", content_type)
        assert reply["Content-Security-Policy"] == "sandbox; default-src 'none'; frame-ancestors 'none'"
    link = f'href="{address("evidence_view", project, law.public_id)}"'
    assert (link in coordinator.get(address("evidence_piece", project, law.public_id)).content.decode()) is shown


# ── One piece ────────────────────────────────────────────────────────────────
def test_a_piece_is_described_on_its_page(project, coordinator):
    law = piece(project, "G-1")
    form = {"title": "Loi postale de 2009", "document_date": "2009-07-01", "language": "fr", "is_confidential": "on"}
    assert coordinator.post(address("evidence_piece", project, law.public_id), form).status_code == 302
    law.refresh_from_db()
    assert (law.title, str(law.document_date), law.language, law.is_confidential) == (*list(form.values())[:3], True)
    refused = coordinator.post(address("evidence_piece", project, law.public_id), {**form, "title": ""})
    assert (refused.status_code, "2009-07-01" in refused.content.decode()) == (422, True)


def test_pages_are_said_for_each_answer(project, coordinator):
    law = piece(project, "G-1")
    pages = address("evidence_pages", project, law.public_id, "G-1")
    coordinator.post(pages, {"pages": " 12-14 "})
    assert EvidenceUse.objects.get().pages == "12-14"
    for impossible in ("x" * 61, "12\x00-14"):
        refused = coordinator.post(pages, {"pages": impossible}, follow=True)
        assert 'class="note note-bad' in refused.content.decode()
        assert EvidenceUse.objects.get().pages == "12-14"
    assert coordinator.post(address("evidence_pages", project, law.public_id, "G-2")).status_code == 404


def test_a_piece_of_another_sheet_or_institution_does_not_exist(project, coordinator):
    secret = piece(project, "G-1", institution="regulator", is_confidential=True)
    other = work.EvidenceFactory(sheet=work.checklist(project))
    for row in (secret, other):
        assert coordinator.get(address("evidence_piece", project, row.public_id)).status_code == 404
        form = {"piece": str(row.public_id), "question": "G-2"}
        assert coordinator.post(address("evidence_use", project), form).status_code == 422
    assert EvidenceUse.objects.count() == 2


def test_ones_own_piece_that_only_a_withheld_answer_rests_on_is_still_ones_own(project, coordinator, regulator):
    law = piece(project, "G-1")
    work.answer(project, "G-3", "in confidence", institution="regulator", is_confidential=True)
    regulator.post(address("evidence_use", project), {"piece": str(law.public_id), "question": "G-3"})
    coordinator.post(address("evidence_remove", project, law.public_id, "G-1"))
    reply = coordinator.get(address("evidence_piece", project, law.public_id))
    assert (reply.status_code, list(reply.context["uses"])) == (200, [])


# ── Used again ───────────────────────────────────────────────────────────────
def test_a_piece_is_used_for_another_answer(project, coordinator):
    law = piece(project, "G-1", title="Postal law")
    choice = coordinator.get(address("evidence_use", project) + "?question=G-3").content.decode()
    assert f'value="{law.public_id}"' in choice
    reply = coordinator.post(
        address("evidence_use", project), {"piece": str(law.public_id), "question": "G-3", "pages": "4"}
    )
    assert reply["Location"].endswith("#G-3")
    assert [(use.question.code, use.pages, use.institution) for use in law.uses.order_by("pk")] == [
        ("G-1", "", "post"), ("G-3", "4", "post"),
    ]  # fmt: skip
    assert "Postal law" in coordinator.get(reply["Location"]).content.decode()


def test_the_script_is_given_what_stands_beside_the_question(project, coordinator):
    law = piece(project, "G-1", title="Postal law")
    form = {"piece": str(law.public_id), "question": "G-3", "pages": "4"}
    reply = coordinator.post(address("evidence_use", project), form, headers={"Accept": "application/json"})
    assert "Postal law" in reply.json()["html"]
    assert law.uses.filter(question__code="G-3", pages="4").count() == 1


def test_a_use_without_a_question_is_refused_with_what_was_typed(project, coordinator):
    law = piece(project, "G-1")
    reply = coordinator.post(address("evidence_use", project), {"piece": str(law.public_id), "pages": "page 9"})
    assert (reply.status_code, "page 9" in reply.content.decode()) == (422, True)
