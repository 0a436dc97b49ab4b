"""Discussions of a question: who reads them, who is told, settling; and the mark for review."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from assessments import threads
from assessments.actions import threads as actions
from assessments.models import Comment, ReviewMark, Thread, ThreadAudience
from foundation.models import Mail
from projects.models import MoveNotAllowed, ProjectStatus
from projects.permissions import Role, StaffRole
from tests.clients import signed_in
from tests.factories.assessments import (
    CommentFactory,
    ReviewMarkFactory,
    ThreadFactory,
    checklist,
    national_sheet,
    opened_project,
    question,
)
from tests.factories.projects import member, staff
from toolkit.models import Institution

pytestmark = pytest.mark.django_db
CODE = "A.1-1"


@pytest.fixture
def project(settings):
    settings.SITE_URL = "https://readiness.example"
    return opened_project(manager=staff(user__name="Iris Bureau"))


@pytest.fixture
def asked(project):
    return question(project, CODE)


@pytest.fixture
def people(project):
    return {
        "focal": member(project, Role.COORDINATOR, user__name="Amina Focal"),
        "regulator": member(project, Role.CONTRIBUTOR, institution=Institution.REGULATOR, user__name="Réza Régulateur"),
        "signatory": member(project, Role.SIGNATORY, user__name="Hélène Signataire"),
        "expert": member(project, Role.EXPERT, user__name="Ernst Expert"),
        "observer": member(project, Role.OBSERVER, user__name="Olga Observer"),
        "manager": project.manager,
        "administrator": staff(StaffRole.ADMINISTRATOR),
    }


def url(sheet, name, *more):
    return reverse(f"assessments:{name}", args=[sheet.project.public_id, sheet.instrument.code, CODE, *more])


def opened(client, sheet, audience="team", text="Is this the figure of 2025?", **more):
    return client.post(url(sheet, "thread_open"), {"audience": audience, "text": text, **more})


def told() -> list[str]:
    return list(Mail.objects.order_by("to").values_list("to", flat=True))


# ── Who reads what ───────────────────────────────────────────────────────────


def test_each_reads_the_threads_of_their_audiences_and_no_others(sheet, asked, people):
    for audience in ThreadAudience:
        CommentFactory(thread__sheet=sheet, thread__question=asked, thread__audience=audience, text=f"for {audience}")
    read = {
        who: [
            audience.value
            for audience in ThreadAudience
            if f"for {audience}" in signed_in(person).get(url(sheet, "question")).content.decode()
        ]
        for who, person in people.items()
    }
    national, others = ["team", "shared"], ["shared", "experts"]
    assert read == {
        "focal": national, "regulator": national, "signatory": national, "expert": others, "observer": [],
        "manager": others, "administrator": others,
    }  # fmt: skip


def test_an_audience_one_does_not_belong_to_cannot_be_chosen(sheet, people):
    assert opened(signed_in(people["focal"]), sheet, "experts").status_code == 422
    assert opened(signed_in(people["expert"]), sheet, "team").status_code == 422
    assert not Thread.objects.exists()


def test_on_the_checklist_only_experts_speak(project, people):
    sheet = checklist(project)
    assert threads.people_by_audience(sheet, people["focal"]) == {}
    assert list(threads.people_by_audience(sheet, people["expert"])) == [ThreadAudience.EXPERTS]


def test_the_database_knows_the_audiences_and_keeps_pairs_whole(sheet, asked, people):
    for wrong in (
        {"audience": "everyone"}, {"resolved_by": people["focal"]}, {"assigned_to": people["focal"]},
    ):  # fmt: skip
        with pytest.raises(IntegrityError), transaction.atomic():
            ThreadFactory(sheet=sheet, question=asked, **wrong)
    with pytest.raises(IntegrityError), transaction.atomic():
        CommentFactory(text="")


# ── Saying, telling ──────────────────────────────────────────────────────────


def test_who_is_chosen_or_named_is_told_once_in_their_language_without_the_text(sheet, people):
    people["regulator"].language = "fr"
    people["regulator"].save()
    text = "SECRET-words for @réza régulateur"
    reply = opened(
        signed_in(people["focal"]),
        sheet,
        text=text,
        told=[people["regulator"].public_id, people["signatory"].public_id],
    )
    thread = Thread.objects.get()
    assert reply["Location"] == url(sheet, "question") + f"#thread-{thread.public_id}"
    assert sorted(told()) == sorted([people["regulator"].email, people["signatory"].email])
    mail = Mail.objects.get(to=people["regulator"].email)
    assert mail.language == "fr"
    assert CODE in mail.subject
    assert f"https://readiness.example{url(sheet, 'question')}#thread-{thread.public_id}" in mail.body
    assert not Mail.objects.filter(body__contains="SECRET").exists()
    comment = Comment.objects.get()
    assert (comment.text, comment.language) == (text, "en")
    assert sorted(comment.told) == ["Hélène Signataire", "Réza Régulateur"]


def test_a_mail_is_spoken_of_only_where_mails_leave(sheet, people, settings):
    client, said = signed_in(people["focal"]), []
    for settings.EMAIL_URL in ("", "smtp://mail.example"):
        reply = opened(client, sheet, told=[people["regulator"].public_id])
        said.append(client.get(reply["Location"]).content.decode())
    assert ["does not send e-mails yet: tell them yourself: Réza" in page for page in said] == [True, False]
    assert ["A message is on its way to: Réza" in page for page in said] == [False, True]
    assert ["They get an e-mail" in page for page in said] == [False, True]


def test_who_does_not_read_it_cannot_be_told(sheet, people):
    reply = opened(signed_in(people["focal"]), sheet, "team", told=[people["expert"].public_id])
    assert reply.status_code == 422
    assert "Ernst Expert" in reply.content.decode()
    assert "Is this the figure of 2025?" in reply.content.decode()
    assert opened(signed_in(people["focal"]), sheet, "team", text="@Ernst Expert, look").status_code == 302
    assert told() == []
    assert opened(signed_in(people["focal"]), sheet, "shared", text="@Ernst Expert, look").status_code == 302
    assert told() == [people["expert"].email]


def test_a_refused_form_is_come_back_to_where_it_stands(sheet, asked, people):
    """The page is long: the browser goes to the errors, with or without a script, and they lead to the fields."""
    thread = CommentFactory(thread__sheet=sheet, thread__question=asked).thread
    client = signed_in(people["focal"])
    page = client.get(url(sheet, "question")).content.decode()
    assert page.count('id="errors"') == 0
    for name, sent, more in (("thread_open", {"text": "Said"}, []), ("thread_reply", {"text": ""}, [thread.public_id])):
        assert f'action="{url(sheet, name, *more)}#errors"' in page
        refused = client.post(url(sheet, name, *more), sent).content.decode()
        assert refused.count('id="errors"') == 1
        assert ('<a href="#id_audience_0">' in refused) == (name == "thread_open")


def test_a_reply_joins_the_thread_and_an_empty_one_is_told(sheet, asked, people):
    thread = CommentFactory(thread__sheet=sheet, thread__question=asked).thread
    client = signed_in(people["regulator"])
    refused = client.post(url(sheet, "thread_reply", thread.public_id), {"text": "  "})
    assert refused.status_code == 422
    assert "Write what you have to say." in refused.content.decode()
    client.post(url(sheet, "thread_reply", thread.public_id), {"text": "Yes."})
    assert [comment.text for comment in thread.comments.order_by("pk")][1:] == ["Yes."]


def test_one_person_is_asked_to_settle_it_and_told_once(sheet, asked, people):
    thread = CommentFactory(thread__sheet=sheet, thread__question=asked).thread
    client = signed_in(people["focal"])
    for _time in range(2):
        client.post(url(sheet, "thread_assign", thread.public_id), {"to": people["regulator"].public_id})
    thread.refresh_from_db()
    assert (thread.assigned_to, thread.assigned_by) == (people["regulator"], people["focal"])
    assert told() == [people["regulator"].email]
    page = signed_in(people["regulator"]).get(url(sheet, "question")).content.decode()
    assert "It is yours to settle." in page
    assert (
        client.post(url(sheet, "thread_assign", thread.public_id), {"to": people["expert"].public_id}).status_code
        == 404
    )
    client.post(url(sheet, "thread_assign", thread.public_id), {"to": ""})
    thread.refresh_from_db()
    assert (thread.assigned_to, thread.assigned_at, thread.assigned_by) == (None, None, None)


def test_settled_once_reopened_once_and_closed_to_replies_between(sheet, asked, people):
    thread = CommentFactory(thread__sheet=sheet, thread__question=asked).thread
    actions.resolve_thread(thread, by=people["focal"])
    with pytest.raises(MoveNotAllowed):
        actions.assign_thread(thread, to=people["regulator"], by=people["focal"])
    assert (thread.resolved_by, thread.is_open) == (people["focal"], False)
    with pytest.raises(MoveNotAllowed):
        actions.resolve_thread(Thread.objects.get(), by=people["regulator"])
    with pytest.raises(MoveNotAllowed):
        actions.reply(thread, text="But…", told=[], language="en", by=people["regulator"])
    actions.reopen_thread(thread)
    assert thread.is_open
    with pytest.raises(MoveNotAllowed):
        actions.reopen_thread(thread)
    actions.reply(thread, text="But…", told=[], language="en", by=people["regulator"])


def test_nothing_is_said_in_a_project_that_does_not_run(project, people):
    project.move(ProjectStatus.SUSPENDED, reason="A strike.")
    opened(signed_in(people["focal"]), national_sheet(project))
    assert not Thread.objects.exists()


# ── Beside the questions ─────────────────────────────────────────────────────


def test_open_threads_are_counted_for_those_who_read_them(sheet, asked, people):
    ThreadFactory(sheet=sheet, question=asked)
    ThreadFactory(sheet=sheet, question=asked, audience="shared")
    ThreadFactory(sheet=sheet, question=asked, audience="experts")
    ThreadFactory(sheet=sheet, question=asked, resolved=True)
    counts = {
        who: threads.beside(sheet, person).get(asked.pk, threads.Beside()).threads for who, person in people.items()
    }
    assert counts == {
        "focal": 2, "regulator": 2, "signatory": 2, "expert": 2, "observer": 0, "manager": 2, "administrator": 2,
    }  # fmt: skip


def test_a_mark_is_the_teams_says_who_and_is_taken_away_again(sheet, asked, people):
    client = signed_in(people["regulator"])
    section = reverse("assessments:section", args=[sheet.project.public_id, sheet.instrument.code, asked.section.code])
    reply = client.post(url(sheet, "mark"), {"back": "section"})
    assert reply["Location"] == f"{section}#{CODE}"
    signed_in(people["focal"]).post(url(sheet, "mark"))
    assert ReviewMark.objects.get().marked_by == people["regulator"]
    assert "Marked for review by Réza Régulateur" in signed_in(people["focal"]).get(section).content.decode()
    assert "Marked for review" not in signed_in(people["expert"]).get(section).content.decode()
    signed_in(people["focal"]).post(url(sheet, "unmark"))
    assert not ReviewMark.objects.exists()


def test_two_queries_however_many_threads_and_marks(sheet, people, asked):
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked_for:
            threads.beside(sheet, people["focal"])
        return len(asked_for)

    threads.beside(sheet, people["focal"])
    assert queries() == 2
    ReviewMarkFactory(sheet=sheet, question=asked)
    for code in (CODE, "A.1-2", "B.1-1"):
        ThreadFactory(sheet=sheet, question=question(sheet.project, code))
    assert queries() == 2


def test_the_page_asks_no_more_for_more_comments(sheet, people, asked):
    client = signed_in(people["focal"])
    thread = CommentFactory(thread__sheet=sheet, thread__question=asked).thread

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked_for:
            client.get(url(sheet, "question"))
        return len(asked_for)

    queries()
    before = queries()
    CommentFactory.create_batch(3, thread=thread, written_by=people["regulator"])
    CommentFactory(thread__sheet=sheet, thread__question=asked, thread__resolved=True)
    assert queries() == before
