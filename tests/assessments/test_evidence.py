"""Evidence: a piece serves several answers, is stored once, and is as secret as the most secret of them."""

import datetime
from pathlib import Path

import pytest

from assessments.actions import evidence
from assessments.models import Evidence, EvidenceUse
from foundation.models import StoredFile
from projects.models import MoveNotAllowed
from projects.permissions import Role
from tests.factories import assessments as work
from tests.factories.projects import member
from toolkit.models import Institution

pytestmark = pytest.mark.django_db
SECRET = evidence.Piece(is_confidential=True)


@pytest.fixture
def regulator(project):
    return member(project, Role.CONTRIBUTOR, institution=Institution.REGULATOR)


def question(project, code):
    return work.question(project, code)


def add(project, code, content, by, institution="post", said=None, name="law.txt", sheet=None):
    return evidence.add_file(
        sheet or work.national_sheet(project), question(project, code), [content], name=name,
        content_type="text/plain", said=said or evidence.Piece(), institution=institution, by=by,
    )  # fmt: skip


def stored(settings):
    return [path for path in Path(settings.FILES_DIR).rglob("*") if path.is_file()]


def read(user, project):
    """What the person reads: (title, question) of each use."""
    uses = EvidenceUse.objects.kept().readable_by(user, project)
    return sorted(uses.values_list("piece__title", "question__code"))


# ── Stored once ──────────────────────────────────────────────────────────────
def test_the_same_file_twice_is_one_piece_that_supports_two_answers(project, focal, settings):
    first, second = add(project, "G-1", b"law", focal), add(project, "G-2", b"law", focal, name="again.txt")
    again = add(project, "G-2", b"law", focal)
    assert first.piece == second.piece
    assert again == second
    assert (Evidence.objects.count(), EvidenceUse.objects.count(), StoredFile.objects.count()) == (1, 2, 1)
    assert len(stored(settings)) == 1


def test_what_another_institution_has_in_confidence_is_shared_and_never_named(project, focal, regulator, settings):
    theirs = add(project, "G-1", b"merger", regulator, "regulator", SECRET, name="secret-merger.txt")
    ours = add(project, "G-1", b"merger", focal, name="plan.txt")
    assert ours.piece != theirs.piece
    assert ours.piece.file == theirs.piece.file
    assert (ours.piece.title, ours.piece.file_name) == ("plan.txt", "plan.txt")
    assert len(stored(settings)) == 1
    assert read(focal, project) == [("plan.txt", "G-1")]


def test_a_confidential_piece_does_not_become_open_by_adding_it_again(project, focal):
    secret, open_ = add(project, "G-1", b"law", focal, said=SECRET), add(project, "G-2", b"law", focal)
    assert (secret.piece.is_confidential, open_.piece.is_confidential) == (True, False)
    assert secret.piece.file == open_.piece.file


def test_two_projects_know_nothing_of_each_others_files(project, focal, settings):
    elsewhere = work.opened_project(framework=project.framework)
    first = add(project, "G-1", b"law", focal)
    other = add(elsewhere, "G-1", b"law", member(elsewhere, Role.COORDINATOR))
    assert first.piece.file != other.piece.file
    assert len(stored(settings)) == 2


def test_a_file_that_the_project_has_takes_no_room_twice(project, focal, settings):
    settings.PROJECT_MEGABYTES = 1
    add(project, "G-1", b"a" * 700_000, focal)
    add(project, "G-2", b"a" * 700_000, focal, said=SECRET)
    with pytest.raises(evidence.NoRoom):
        add(project, "G-2", b"b" * 700_000, focal)
    assert len(stored(settings)) == 1


def test_the_same_link_twice_is_one_piece(sheet, project, focal):
    for code in ("G-1", "G-2", "G-2"):
        evidence.add_link(
            sheet, question(project, code), url="https://a.example", said=evidence.Piece(), institution="post", by=focal
        )
    assert (Evidence.objects.count(), EvidenceUse.objects.count()) == (1, 2)


# ── Its uses ─────────────────────────────────────────────────────────────────
def test_a_piece_is_shown_as_long_as_an_answer_rests_on_it(project, focal):
    first, second = add(project, "G-1", b"law", focal), add(project, "G-2", b"law", focal)
    evidence.remove_evidence(first, by=focal)
    assert list(Evidence.objects.kept()) == [first.piece]
    evidence.remove_evidence(second, by=focal)
    assert list(Evidence.objects.kept()) == []
    again = add(project, "G-1", b"law", focal)
    assert again.piece != first.piece
    assert again.piece.file == first.piece.file


def test_a_use_added_after_submission_is_late_and_what_was_signed_stays(project, sheet, focal):
    signed = add(project, "G-1", b"law", focal)
    work.submit(project)
    late = evidence.use_evidence(signed.piece, question(project, "G-2"), pages="12", institution="post", by=focal)
    assert (signed.is_late, late.is_late) == (False, True)
    said = evidence.Piece(title="Another title")
    for change in (
        lambda: evidence.describe_evidence(signed.piece, said, places={"post"}),
        lambda: evidence.change_pages(signed, "3"),
        lambda: evidence.remove_evidence(signed, by=focal),
    ):
        with pytest.raises(MoveNotAllowed):
            change()
    evidence.change_pages(late, "14")
    late.refresh_from_db()
    assert late.pages == "14"
    evidence.remove_evidence(late, by=focal)
    assert list(EvidenceUse.objects.kept()) == [signed]


def test_only_its_institution_says_whether_a_piece_is_confidential(project, focal, regulator):
    piece = add(project, "G-1", b"law", regulator, "regulator").piece
    day = datetime.date(2024, 5, 1)
    said = evidence.Piece(title="Postal law", document_date=day, language="fr", is_confidential=True)
    evidence.describe_evidence(piece, said, places={"post"})
    piece.refresh_from_db()
    assert (piece.title, piece.document_date, piece.language, piece.is_confidential) == ("Postal law", day, "fr", False)
    evidence.describe_evidence(piece, said, places={"regulator"})
    piece.refresh_from_db()
    assert piece.is_confidential


# ── Who reads it ─────────────────────────────────────────────────────────────
def test_a_piece_is_as_secret_as_the_most_secret_answer_that_rests_on_it(project, focal, regulator):
    shared = add(project, "G-2", b"law", regulator, "regulator")
    ministry = member(project, Role.CONTRIBUTOR, institution=Institution.MINISTRY)
    expert = member(project, Role.EXPERT)
    assert read(ministry, project) == [("law.txt", "G-2")]
    work.answer(project, "G-3", "in confidence", by=regulator, institution="regulator", is_confidential=True)
    secret = evidence.use_evidence(
        shared.piece, question(project, "G-3"), pages="", institution="regulator", by=regulator
    )
    everything = [("law.txt", "G-2"), ("law.txt", "G-3")]
    assert {user: read(user, project) for user in (focal, ministry, regulator, expert)} == {
        focal: [], ministry: [], regulator: everything, expert: everything,
    }  # fmt: skip
    assert list(Evidence.objects.readable_by(focal, project)) == []
    evidence.remove_evidence(secret, by=regulator)
    assert read(ministry, project) == [("law.txt", "G-2")]


def test_ones_own_piece_is_read_without_what_another_institution_rests_on_it(project, focal, regulator):
    ours = add(project, "G-2", b"law", focal).piece
    work.answer(project, "G-3", "in confidence", by=regulator, institution="regulator", is_confidential=True)
    evidence.use_evidence(ours, question(project, "G-3"), pages="", institution="regulator", by=regulator)
    assert read(focal, project) == [("law.txt", "G-2")]
    assert list(Evidence.objects.readable_by(focal, project)) == [ours]
