"""What a snapshot freezes, and what it may not hold."""

import json
from typing import Any

import pytest

from assessments import outline
from assessments.models import AnswerSheet, ValidatedLevel
from assessments.signatures import signatories
from foundation import checksums
from reports import content
from reports.documents import document
from reports.models import Snapshot
from tests.factories import assessments as work
from tests.factories.reports import SECRETS, SnapshotFactory, rich_project


def question(frozen: dict[str, Any], code: str) -> dict[str, Any]:
    (found,) = [
        entry
        for section in frozen["questionnaire"]["sections"]
        for entry in section["questions"]
        if entry["code"] == code
    ]
    return found


def test_content_holds_nothing_that_documents_may_not_say(frozen: dict[str, Any]):
    written = checksums.canonical(frozen)
    assert [secret for secret in SECRETS if secret in written] == []


@pytest.mark.django_db
def test_the_secrets_were_there_to_leak():
    project = rich_project()
    sheet = work.national_sheet(project)
    written = [
        *sheet.answers.values_list("note", flat=True),
        *sheet.answers.values_list("reason", flat=True),
        *sheet.evidence.values_list("title", flat=True),
        *sheet.validated_levels.values_list("private_note", flat=True),
        *project.recommendations.values_list("text", flat=True),
    ]
    found = {secret for secret in SECRETS if any(secret in text for text in written)}
    assert found == set(SECRETS)


def test_of_a_confidential_answer_only_that_there_is_one_is_kept(frozen: dict[str, Any]):
    assert question(frozen, "P1.1-3")["answer"] == {"status": "answered", "is_confidential": True}


def test_confidential_evidence_is_counted_not_named(frozen: dict[str, Any]):
    entry = question(frozen, "P1.1-1")
    assert [piece["title"] for piece in entry["evidence"]] == ["Recueil des lois"]
    assert entry["withheld_evidence"] == 1


def test_a_persons_text_keeps_its_language(frozen: dict[str, Any]):
    (observation,) = frozen["observations"]
    assert observation["said"] == {"text": "Un cadre presque complet («خدمات البريد الرقمية»).", "language": "fr"}


def test_framework_texts_stand_in_every_language(frozen: dict[str, Any]):
    assert set(frozen["framework"]["pillars"][0]["name"]) == {"fr", "en"}


def test_levels_are_exact_fractions_in_two_series(frozen: dict[str, Any]):
    levels = frozen["levels"]
    assert (levels["self"]["levers"]["P1.1"]["value"], levels["validated"]["levers"]["P1.1"]["value"]) == ("8/3", "5/2")


def test_canonical_text_does_not_depend_on_the_order_of_keys():
    assert checksums.canonical({"b": 1, "a": {"d": "é", "c": None}}) == '{"a":{"c":null,"d":"é"},"b":1}'


@pytest.mark.django_db
def test_the_same_state_has_the_same_checksum():
    project = work.opened_project()
    first, second = SnapshotFactory(project=project), SnapshotFactory(project=project)
    assert first.sha256 == second.sha256
    assert json.loads(Snapshot.objects.get(pk=first.pk).content) == content.gather(project)


@pytest.mark.django_db
def test_another_state_has_another_checksum():
    project = work.opened_project()
    before = SnapshotFactory(project=project).sha256
    work.ObservationFactory(project=project)
    assert SnapshotFactory(project=project).sha256 != before


@pytest.mark.django_db
def test_what_institutions_signed_and_did_not_is_frozen_and_said():
    project = work.opened_project()
    sheet = work.national_sheet(project)
    for code, place in (("A.1", "regulator"), ("B.1", "regulator"), ("A.2", "ministry"), ("G", "post")):
        row = sheet.sections.get(section__code=code)
        work.SectionAssignmentFactory(sheet_section=row, institution=place)
    regulator = signatories(sheet, outline.section_entries(sheet))[0]
    first = regulator.sections[0]
    work.SectionSignatureFactory(sheet_section=first.entry.counters, sha256=first.sha256)
    frozen = content.gather(project)
    assert frozen["questionnaire"]["signatories"] == [
        {"institution": "regulator", "signed": ["A.1"], "changed": [], "unsigned": ["B.1"]},
        {"institution": "ministry", "signed": [], "changed": [], "unsigned": ["A.2"]},
    ]
    work.answer(project, "A.1-1", 2)
    said = [document.signed_by(row) for row in content.gather(project)["questionnaire"]["signatories"]]
    assert said == [
        "Regulator signed these sections, and they were changed since: A.1. "
        "Regulator has not signed its sections: B.1. This blocks nothing.",
        "Ministry has not signed its sections: A.2. This blocks nothing.",
    ]


@pytest.mark.django_db
class TestDecisions:
    """A decision stands in a document as it does on the pages: as far as it fits the answer it was made on."""

    @pytest.fixture
    def sheet(self) -> AnswerSheet:
        return work.national_sheet(work.opened_project())

    def printed(self, sheet: AnswerSheet, decision: ValidatedLevel) -> dict[str, Any]:
        return question(content.gather(sheet.project), decision.question.code)

    def test_refused_not_applicable_differs_and_keeps_its_reservation(self, sheet: AnswerSheet):
        work.AnswerFactory(sheet=sheet, not_applicable=True)
        decision = work.ValidatedLevelFactory(sheet=sheet, refuses=True)
        work.ReservationFactory(validated_level=decision)
        entry = self.printed(sheet, decision)
        assert (entry["differs"], entry["validated"]["accepts_not_applicable"]) == (True, False)
        assert entry["validated"]["response"]["kind"] == "reservation"

    def test_consent_lapses_when_the_country_answers_after_all(self, sheet: AnswerSheet):
        work.AnswerFactory(sheet=sheet)
        entry = self.printed(sheet, work.ValidatedLevelFactory(sheet=sheet, accepts=True))
        assert (entry["differs"], entry["validated"]) == (False, None)

    def test_private_note_alone_is_no_decision(self, sheet: AnswerSheet):
        work.AnswerFactory(sheet=sheet, not_applicable=True)
        noted = work.ValidatedLevelFactory(sheet=sheet, level=None, basis="", private_note="Ask the ministry.")
        entry = self.printed(sheet, noted)
        assert (entry["differs"], entry["validated"]) == (False, None)
