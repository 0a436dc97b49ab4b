"""Asking for documents, asking again, releasing, and the texts that experts write."""

import datetime

import pytest

from assessments.actions.writing import Seen, WrittenMeanwhile, stamp
from foundation.models import Job, JobState
from projects.models import MoveNotAllowed, ProjectEvent
from reports.actions import reports as actions
from reports.models import Deliverable, EditorialText, Report, Snapshot
from tests.factories import assessments as work
from tests.factories.projects import member
from tests.factories.reports import ReportFactory, SnapshotFactory

pytestmark = pytest.mark.django_db
TOOLKIT, CAPABILITY = Deliverable.TOOLKIT, Deliverable.CAPABILITY


def released_project():
    return work.opened_project(released=True)


# ── Asking ───────────────────────────────────────────────────────────────────
def test_a_request_freezes_the_state_and_queues_a_job():
    project = work.opened_project()
    report = actions.request_report(project, TOOLKIT, "fr", by=project.manager)
    assert (report.kind, report.language, report.version, report.is_draft) == ("toolkit", "fr", 1, True)
    assert list(Snapshot.objects.filter(project=project)) == [report.snapshot]
    assert (report.job.task, report.job.state) == ("reports.render_report", JobState.QUEUED)


def test_a_second_request_while_one_is_made_is_refused():
    project = work.opened_project()
    actions.request_report(project, TOOLKIT, "fr", by=project.manager)
    with pytest.raises(MoveNotAllowed):
        actions.request_report(project, TOOLKIT, "fr", by=project.manager)
    assert Report.objects.count() == Snapshot.objects.count() == Job.objects.count() == 1


def test_another_language_or_kind_can_be_asked_for_meanwhile():
    project = work.opened_project()
    for kind, language in ((TOOLKIT, "fr"), (TOOLKIT, "en"), (CAPABILITY, "fr")):
        assert actions.request_report(project, kind, language, by=project.manager).version == 1


def test_versions_are_counted_by_kind_and_language():
    first = ReportFactory(made=True)
    second = actions.request_report(first.project, first.kind, first.language, by=first.project.manager)
    assert second.version == 2


def test_a_language_that_the_framework_lacks_is_refused():
    project = work.opened_project()
    with pytest.raises(MoveNotAllowed):
        actions.request_report(project, TOOLKIT, "ar", by=project.manager)


def test_a_failed_document_is_made_again_from_its_snapshot(django_capture_on_commit_callbacks):
    report = ReportFactory(failed=True)
    with django_capture_on_commit_callbacks() as callbacks:
        actions.ask_again(report, by=report.project.manager)
    report.job.refresh_from_db()
    assert (report.job.state, report.job.attempt, report.job.problem) == (JobState.QUEUED, 0, "")
    assert len(callbacks) == 1


def test_a_document_that_has_not_failed_is_not_made_again():
    report = ReportFactory(made=True)
    with pytest.raises(MoveNotAllowed):
        actions.ask_again(report, by=report.project.manager)


# ── Releasing ────────────────────────────────────────────────────────────────
def test_final_documents_share_one_snapshot():
    project = released_project()
    made = actions.release_reports(project, [CAPABILITY, TOOLKIT], ["fr", "en"], by=project.manager)
    assert {(report.kind, report.language) for report in made} == {
        ("capability", "fr"), ("capability", "en"), ("toolkit", "fr"), ("toolkit", "en"),
    }  # fmt: skip
    assert {report.snapshot_id for report in made} == set(Snapshot.objects.values_list("pk", flat=True))
    assert Snapshot.objects.count() == 1
    assert all(report.released_by == project.manager for report in made)


def test_documents_are_not_released_before_the_levels():
    project = work.opened_project()
    with pytest.raises(MoveNotAllowed):
        actions.release_reports(project, [CAPABILITY], ["fr"], by=project.manager)
    assert Report.objects.count() == 0


def test_levels_and_documents_are_released_together():
    project = work.opened_project()
    work.submit(project)
    actions.release_to_country(
        project, on=datetime.date(2026, 9, 10), show_overall=True, kinds=[CAPABILITY], languages=["fr"],
        by=project.manager,
    )  # fmt: skip
    project.refresh_from_db()
    assert (project.released_on, project.show_overall) == (datetime.date(2026, 9, 10), True)
    (report,) = Report.objects.all()
    assert '"released_on":"2026-09-10"' in report.snapshot.content


def test_when_a_document_cannot_be_queued_the_levels_stay():
    project = work.opened_project()
    work.submit(project)
    with pytest.raises(MoveNotAllowed):
        actions.release_to_country(
            project, on=datetime.date(2026, 9, 10), show_overall=False, kinds=[CAPABILITY], languages=["ar"],
            by=project.manager,
        )  # fmt: skip
    project.refresh_from_db()
    assert not project.is_released


def test_a_draft_is_released_word_for_word():
    project = released_project()
    draft = ReportFactory(snapshot=SnapshotFactory(project=project), made=True)
    work.ObservationFactory(project=project)
    final = actions.release_report(draft, by=project.manager)
    assert (final.snapshot, final.version, final.is_draft) == (draft.snapshot, 2, False)


def test_a_draft_is_released_once():
    project = released_project()
    draft = ReportFactory(snapshot=SnapshotFactory(project=project), made=True)
    actions.release_report(draft, by=project.manager)
    with pytest.raises(MoveNotAllowed):
        actions.release_report(draft, by=project.manager)


def test_a_document_that_is_not_made_yet_is_not_released():
    draft = ReportFactory(snapshot=SnapshotFactory(project=released_project()))
    with pytest.raises(MoveNotAllowed):
        actions.release_report(draft, by=draft.project.manager)


def test_a_release_stands_in_the_history():
    project = released_project()
    actions.release_reports(project, [CAPABILITY], ["fr", "en"], by=project.manager)
    (event,) = ProjectEvent.objects.filter(kind="documents_released")
    assert event.about == {"count": 2}


# ── Who may see what ─────────────────────────────────────────────────────────
@pytest.mark.parametrize("role", ["coordinator", "contributor", "signatory", "observer"])
def test_the_country_sees_only_what_was_released(role: str):
    project = work.opened_project()
    draft = ReportFactory(snapshot=SnapshotFactory(project=project), made=True)
    final = ReportFactory(snapshot=draft.snapshot, made=True, released=True)
    person = member(project, role)
    assert list(Report.objects.visible_to(person, project)) == []
    work.submit(project)
    work.release(project)
    assert list(Report.objects.visible_to(person, project)) == [final]


def test_an_expert_sees_drafts_too():
    draft = ReportFactory(made=True)
    expert = member(draft.project, "expert")
    assert list(Report.objects.visible_to(expert, draft.project)) == [draft]


# ── Texts ────────────────────────────────────────────────────────────────────
def test_a_text_is_kept_once_a_slot_and_language():
    project = work.opened_project()
    for text in ("First.", "Second."):
        actions.save_editorial(project, CAPABILITY, "message", text=text, language="en", by=project.manager)
    actions.save_editorial(project, CAPABILITY, "message", text="Premier.", language="fr", by=project.manager)
    assert list(EditorialText.objects.order_by("language").values_list("language", "text")) == [
        ("en", "Second."), ("fr", "Premier."),
    ]  # fmt: skip


def test_texts_are_saved_all_or_none_and_compared_each_for_itself():
    project = work.opened_project()
    ana, ben = member(project, "expert"), member(project, "expert")
    standing = actions.save_editorial(project, CAPABILITY, "message", text="Ben’s.", language="en", by=ben)
    seen = Seen(stamp(standing.saved_at))

    def save(message: str, about: Seen, by: object = ana) -> None:
        texts = [
            actions.Written("context", "en", "A context.", Seen()), actions.Written("message", "en", message, about),
        ]  # fmt: skip
        actions.save_texts(project, CAPABILITY, texts, by=by)

    with pytest.raises(WrittenMeanwhile) as refused:
        save("Ana’s.", Seen())
    assert [each.row for each in refused.value.standing] == [standing]
    assert list(EditorialText.objects.all()) == [standing]
    save("Ben’s.", Seen())  # the same words
    save("Ben’s, mended.", Seen(), by=ben)  # the same person
    standing.refresh_from_db()
    assert standing.text == "Ben’s, mended."
    with pytest.raises(WrittenMeanwhile):
        save("Ana’s.", seen)
    save("Ana’s.", Seen(stamp(standing.saved_at), is_replacing=True))
    (event,) = ProjectEvent.objects.all()
    assert (event.kind, event.by, event.for_findings, event.about["name"], event.about["text"]) == (
        "editorial_replaced", ana, True, ben.name, "Ben’s, mended.",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "slot"), [("capability", "pillar:Z"), ("capability", "foreword"), ("poster", "message")]
)
def test_there_is_no_other_place_for_a_text(kind: str, slot: str):
    project = work.opened_project()
    with pytest.raises(ValueError, match="no place for a text"):
        actions.save_editorial(project, kind, slot, text="x", language="en", by=project.manager)
