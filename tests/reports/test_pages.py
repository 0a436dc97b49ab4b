"""The deliverables' pages: what each reader sees, asks for, downloads and releases."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from foundation.models import JobState
from projects.models import Project, ProjectEvent
from reports.models import Deliverable, EditorialText, Report
from tests.factories import assessments as work
from tests.factories.accounts import UserFactory
from tests.factories.projects import VisitFactory, member, staff
from tests.factories.reports import EditorialTextFactory, ReportFactory, SnapshotFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return work.opened_project(language="en")


@pytest.fixture
def snapshot(project: Project) -> Any:
    return SnapshotFactory(project=project)


def signed_in(client: Client, user: Any) -> Client:
    client.force_login(user)
    return client


def page(name: str, project: Project, *more: Any) -> str:
    return reverse(f"reports:{name}", args=[project.public_id, *more])


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


# ── The tab ──────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("role", ["coordinator", "contributor", "signatory", "observer"])
def test_before_the_release_the_country_is_told_what_will_come(client, project, snapshot, role):
    VisitFactory(project=project)
    ReportFactory(snapshot=snapshot, made=True)
    shown = text(signed_in(client, member(project, role)).get(page("deliverables", project)))
    assert "No document is released yet" in shown
    assert project.manager.name in shown
    assert "version 1" not in shown.lower()
    assert "Draft" not in shown


def test_an_expert_sees_drafts_and_can_ask(client, project, snapshot):
    report = ReportFactory(snapshot=snapshot, made=True)
    shown = text(signed_in(client, member(project, "expert")).get(page("deliverables", project)))
    assert page("report_file", project, report.public_id) in shown
    assert "Make a new draft" in shown
    assert "Prepare the release" not in shown


def test_the_manager_can_release_a_draft(client, project, snapshot):
    work.submit(project)
    work.release(project)
    draft = ReportFactory(snapshot=snapshot, made=True)
    manager = signed_in(client, staff())
    assert page("report_release", project, draft.public_id) in text(manager.get(page("deliverables", project)))
    assert manager.post(page("report_release", project, draft.public_id)).status_code == 302
    final = Report.objects.get(version=2)
    assert (final.snapshot, final.is_draft) == (snapshot, False)


def test_earlier_versions_stay(client, project, snapshot):
    reports = [ReportFactory(snapshot=snapshot, made=True) for _time in range(3)]
    shown = text(signed_in(client, staff()).get(page("deliverables", project)))
    assert "2 earlier versions" in shown
    assert all(page("report_file", project, report.public_id) in shown for report in reports)


def test_the_tab_needs_the_same_queries_for_many_versions(client, project, snapshot):
    manager = signed_in(client, staff())
    counts = []
    for _time in range(2):
        ReportFactory(snapshot=snapshot, made=True, kind=Deliverable.TOOLKIT)
        ReportFactory(snapshot=snapshot, made=True, language="fr")
        with CaptureQueriesContext(
            connection,
        ) as queries:
            manager.get(page("deliverables", project))
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert counts[1] <= 15


@pytest.mark.parametrize("name", ["deliverables", "release"])
def test_a_stranger_finds_nothing(client, project, name):
    assert signed_in(client, UserFactory()).get(page(name, project)).status_code == 404


# ── Asking and watching ──────────────────────────────────────────────────────
def test_asking_queues_a_document(client, project):
    response = signed_in(client, member(project, "expert")).post(
        page("report_request", project), {"kind": "toolkit", "language": "fr"}, follow=True
    )
    assert "The document is being made." in text(response)
    assert "Version 1 is being made. Waiting for its turn." in text(response).replace('<span class="quiet">', "")
    assert Report.objects.get().language == "fr"


@pytest.mark.parametrize("wrong", [{"kind": "poster"}, {"language": "ar"}, {"language": ""}])
def test_asking_for_what_there_is_not_is_answered(client, project, wrong):
    asked = {"kind": "toolkit", "language": "fr"} | wrong
    response = signed_in(client, staff()).post(page("report_request", project), asked, follow=True)
    assert "Choose a document and a language from this page." in text(response)
    assert Report.objects.count() == 0


def test_asking_twice_is_answered(client, project, snapshot):
    ReportFactory(snapshot=snapshot)
    address = page("report_request", project)
    response = signed_in(client, staff()).post(
        address,
        {"kind": "capability", "language": "en"},
        follow=True,
        headers={"referer": f"http://testserver{page('deliverables', project)}"},
    )
    assert "This document is being made already." in text(response)


def test_asking_is_a_post(client, project):
    assert signed_in(client, staff()).get(page("report_request", project)).status_code == 405


@pytest.mark.parametrize("role", ["coordinator", "observer"])
def test_the_country_does_not_ask(client, project, role):
    asked = {"kind": "toolkit", "language": "fr"}
    assert signed_in(client, member(project, role)).post(page("report_request", project), asked).status_code == 403


def test_a_document_in_the_making_asks_for_itself(client, project, snapshot):
    report = ReportFactory(snapshot=snapshot)
    report.job.state, report.job.progress, report.job.stage = JobState.RUNNING, 35, "rendering"
    report.job.token, report.job.lease_until = report.public_id, timezone.now()
    report.job.save()
    shown = text(signed_in(client, staff()).get(page("report_progress", project, report.public_id)))
    assert 'hx-trigger="every 2s"' in shown
    assert "Laying out the pages" in shown
    assert "35%" in shown


@pytest.mark.parametrize("state", ["made", "failed"])
def test_a_finished_document_stops_asking(client, project, snapshot, state):
    report = ReportFactory(snapshot=snapshot, **{state: True})
    shown = text(signed_in(client, staff()).get(page("report_progress", project, report.public_id)))
    assert "hx-get" not in shown


def test_a_failed_document_says_why_and_can_be_asked_for_again(client, project, snapshot):
    report = ReportFactory(snapshot=snapshot, failed=True)
    expert = signed_in(client, member(project, "expert"))
    assert "It was tried three times without success." in text(expert.get(page("deliverables", project)))
    assert expert.post(page("report_again", project, report.public_id)).status_code == 302
    report.job.refresh_from_db()
    assert report.job.state == JobState.QUEUED


# ── The file ─────────────────────────────────────────────────────────────────
def test_the_file_is_a_download_with_a_name_one_finds_again(client, project, snapshot):
    report = ReportFactory(snapshot=snapshot, made=True)
    response = signed_in(client, staff()).get(page("report_file", project, report.public_id))
    assert b"".join(response.streaming_content) == b"%PDF-1.7"
    response.close()
    assert response["Content-Disposition"] == f'attachment; filename="{project.country.code}-capability-en-v1.pdf"'
    assert (response["Content-Type"], response["X-Content-Type-Options"]) == ("application/pdf", "nosniff")
    assert "no-store" in response["Cache-Control"]


def test_a_draft_does_not_exist_for_the_country(client, project, snapshot):
    work.submit(project)
    work.release(project)
    draft, final = (
        ReportFactory(snapshot=snapshot, made=True),
        ReportFactory(snapshot=snapshot, made=True, released=True),
    )
    coordinator = signed_in(client, member(project, "coordinator"))
    assert coordinator.get(page("report_file", project, draft.public_id)).status_code == 404
    assert coordinator.get(page("report_progress", project, draft.public_id)).status_code == 404
    response = coordinator.get(page("report_file", project, final.public_id))
    assert b"".join(response.streaming_content) == b"%PDF-1.7"
    response.close()


def test_a_document_of_another_project_is_not_found_here(client, project):
    other = ReportFactory(made=True)
    assert signed_in(client, staff()).get(page("report_file", project, other.public_id)).status_code == 404


def test_a_document_that_is_not_made_has_no_file(client, project, snapshot):
    report = ReportFactory(snapshot=snapshot)
    assert signed_in(client, staff()).get(page("report_file", project, report.public_id)).status_code == 404


# ── The release ──────────────────────────────────────────────────────────────
RELEASE = {"on": "2026-09-10", "show_overall": "on", "kinds": ["capability", "strategy"], "languages": ["fr", "en"]}


def test_the_release_gives_levels_and_documents(client, project):
    work.submit(project)
    response = signed_in(client, staff()).post(page("release", project), RELEASE, follow=True)
    assert "Released. 4 documents are being made" in text(response)
    project.refresh_from_db()
    assert (project.is_released, project.show_overall, str(project.released_on)) == (True, True, "2026-09-10")
    assert Report.objects.filter(released_at__isnull=False).count() == 4


def test_the_release_tells_what_has_no_level(client, project):
    work.submit(project)
    shown = text(signed_in(client, staff()).get(page("release", project)))
    assert "have no validated level" in shown


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"on": "2099-01-01"}, "cannot be dated in the future"),
        ({"on": ""}, "This field is required."),
        ({"languages": []}, "Choose at least one language for the documents."),
    ],
)
def test_a_wrong_release_says_what_to_do_and_keeps_the_rest(client, project, wrong, said):
    work.submit(project)
    response = signed_in(client, staff()).post(page("release", project), RELEASE | wrong)
    assert response.status_code == 422
    assert said in text(response)
    assert 'name="show_overall"' in text(response)
    assert "checked" in text(response)
    project.refresh_from_db()
    assert not project.is_released


def test_an_unsigned_questionnaire_is_not_released(client, project):
    response = signed_in(client, staff()).post(
        page("release", project),
        RELEASE,
        follow=True,
        headers={"referer": f"http://testserver{page('release', project)}"},
    )
    assert "Levels can be released once it is signed." in text(response)
    assert Report.objects.count() == 0


def test_after_the_release_further_documents_can_be_made(client, project):
    work.submit(project)
    work.release(project)
    manager = signed_in(client, staff())
    assert "Make the final documents" in text(manager.get(page("release", project)))
    manager.post(page("release", project), {"kinds": ["toolkit"], "languages": ["fr"]})
    assert [report.is_draft for report in Report.objects.all()] == [False]


@pytest.mark.parametrize("role", ["expert", "coordinator", "signatory", "observer"])
def test_only_the_bureau_releases(client, project, role):
    work.submit(project)
    person = signed_in(client, member(project, role))
    assert person.get(page("release", project)).status_code == 403
    assert person.post(page("release", project), RELEASE).status_code == 403


# ── The texts ────────────────────────────────────────────────────────────────
def test_texts_are_written_by_slot_and_language(client, project):
    address = f"{page('editorial', project, 'toolkit')}?language=fr"
    expert = signed_in(client, member(project, "expert"))
    response = expert.post(address, {"message": "À décider d’abord.", "pillar:A": "Les quais."}, follow=True)
    assert "The texts are saved." in text(response)
    assert list(EditorialText.objects.order_by("slot").values_list("slot", "language", "text")) == [
        ("message", "fr", "À décider d’abord."), ("pillar:A", "fr", "Les quais."),
    ]  # fmt: skip


def test_a_text_that_was_not_touched_is_left_alone(client, project):
    """Another expert's text in another slot is not written over."""
    standing = EditorialTextFactory(project=project, slot="context", text="By another expert.")
    expert = member(project, "expert")
    signed_in(client, expert).post(
        f"{page('editorial', project, 'capability')}?language=en", {"message": "Mine.", "context": "By another expert."}
    )
    standing.refresh_from_db()
    assert (standing.text, standing.saved_by) == ("By another expert.", project.manager)


def sent(response: Any, **typed: str) -> dict[str, str]:
    """What a browser sends of the form on this page."""
    form = response.context["form"]
    return {field.html_name: field.value() or "" for field in form} | typed


def test_texts_that_two_experts_change_are_both_shown(client, project):
    address = f"{page('editorial', project, 'capability')}?language=en"
    EditorialTextFactory(project=project, slot="context", text="At first.\n\nA second paragraph.")
    ana, ben = signed_in(client, member(project, "expert")), signed_in(Client(), member(project, "expert"))
    opened = ana.get(address)
    for changed in ({"message": "Ben’s message."}, {"context": "Ben’s context."}):
        assert ben.post(address, sent(ben.get(address), **changed)).status_code == 302

    refused = ana.post(address, sent(opened, message="Ana’s message.", conclusion="Ana’s conclusion."))
    assert refused.status_code == 422
    assert [each.theirs for other in refused.context["form"].meanwhile for each in other.differences] == [
        "Ben’s message."
    ]
    shown = text(refused)
    for words in ("Ben’s message.", "Ana’s message.", "Ana’s conclusion.", "Saving again replaces theirs with yours"):
        assert words in shown
    assert not EditorialText.objects.filter(text__startswith="Ana").exists()

    assert ana.post(address, sent(refused)).status_code == 302
    assert dict(EditorialText.objects.values_list("slot", "text")) == {
        "message": "Ana’s message.", "context": "Ben’s context.", "conclusion": "Ana’s conclusion.",
    }  # fmt: skip
    (event,) = ProjectEvent.objects.filter(kind="editorial_replaced")
    assert (event.about["text"], event.for_findings) == ("Ben’s message.", True)


def test_a_page_opened_before_another_saved_writes_over_no_slot_it_did_not_change(client, project):
    address = f"{page('editorial', project, 'capability')}?language=en"
    standing = EditorialTextFactory(project=project, slot="context", text="Line\r\nends")
    expert = signed_in(client, member(project, "expert"))
    opened = expert.get(address)
    EditorialText.objects.filter(pk=standing.pk).update(text="Changed meanwhile.", saved_at=timezone.now())
    assert expert.post(address, sent(opened, message="Mine.", context="Line\nends")).status_code == 302
    assert dict(EditorialText.objects.values_list("slot", "text")) == {
        "message": "Mine.", "context": "Changed meanwhile.",
    }  # fmt: skip


def test_an_emptied_text_replaces_too(client, project):
    address = f"{page('editorial', project, 'capability')}?language=en"
    EditorialTextFactory(project=project, slot="context", text="At first.")
    ana = signed_in(client, member(project, "expert"))
    ana.post(address, sent(ana.get(address), context=""))
    assert EditorialText.objects.get().text == ""
    ben = signed_in(Client(), member(project, "expert"))
    assert ben.post(address, {"context": "Without having looked."}).status_code == 422


def test_a_text_that_cannot_be_kept_stays_on_the_page(client, project):
    long = "a" * 20_001
    response = signed_in(client, member(project, "expert")).post(
        page("editorial", project, "capability"), {"message": long}
    )
    assert response.status_code == 422
    assert long in response.content.decode()
    assert EditorialText.objects.count() == 0


@pytest.mark.parametrize("role", ["coordinator", "contributor", "signatory", "observer"])
def test_the_country_does_not_write_in_documents(client, project, role):
    person = signed_in(client, member(project, role))
    assert person.get(page("editorial", project, "capability")).status_code == 403


def test_there_are_three_kinds_of_documents(client, project):
    assert signed_in(client, staff()).get(page("editorial", project, "poster")).status_code == 404
