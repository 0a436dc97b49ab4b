"""The demonstration: what it holds, that it adds nothing twice, and what each account sees of it."""

import datetime
from collections import Counter
from io import StringIO
from itertools import pairwise
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from accounts.models import User
from assessments import outline
from assessments.actions.submissions import canonical
from assessments.models import (
    Answer,
    AnswerRevision,
    AnswerStatus,
    Evidence,
    EvidenceUse,
    Observation,
    Recommendation,
    Reservation,
    SheetState,
    Source,
    StrategyAim,
    Submission,
    ValidatedLevel,
)
from assessments.progress import mend, totals
from foundation import files
from foundation.models import Job, Mail, StoredFile
from projects.models import Country, CountryRequest, Invitation, Membership, Project, ProjectEvent
from reports import demo
from reports.models import EditorialText, Report
from tests.factories import toolkit
from toolkit.models import Kind

pytestmark = pytest.mark.django_db
ACCOUNTS = ["admin", "ib", "expert", "focal", "contributor", "regulator", "signatory", "observer"]
COUNTED = [
    User, Country, CountryRequest, Project, Membership, Invitation, ProjectEvent, Answer, AnswerRevision, Evidence,
    EvidenceUse, Submission, ValidatedLevel, Reservation, Observation, Recommendation, StrategyAim, Source,
    EditorialText, Report, Job, Mail, StoredFile,
]  # fmt: skip


@pytest.fixture(autouse=True)
def _allowed_here(settings: Any) -> None:
    """On PostgreSQL too, where it has to be asked for by name."""
    settings.DEMO_ALLOWED = True


def load() -> str:
    toolkit.dre()
    out = StringIO()
    call_command("demo", stdout=out)
    return out.getvalue()


def project(code: str) -> Project:
    return Project.objects.get(country__code=f"demo-{code}")


def criteria(sheet: Any) -> set[str]:
    questions = outline.structure(sheet.instrument).questions.values()
    return {question.code for question in questions if question.kind == Kind.CRITERION}


def test_the_whole_demonstration() -> None:
    said = load()
    assert said.endswith("The demonstration is loaded.\n")
    for check in (
        check_people, check_follow_up_project, check_special_answers, check_experts_work, check_story, check_times,
        check_project_in_the_middle, check_new_project, check_counters,
    ):  # fmt: skip
        check()

    before = [model.objects.count() for model in COUNTED]
    assert load() == "The demonstration was loaded before; nothing was changed.\n"
    assert [model.objects.count() for model in COUNTED] == before


def check_people() -> None:
    assert [user.email for user in User.objects.order_by("pk")[:8]] == [f"{name}@demo.example" for name in ACCOUNTS]
    known = [user.email.partition("@")[0] for user in User.objects.order_by("pk") if user.has_usable_password()]
    assert known == ACCOUNTS
    assert User.objects.get(email="focal@demo.example").check_password("demo-readiness")
    assert list(Country.objects.filter(is_fictitious=False)) == []
    assert sorted(CountryRequest.objects.values_list("country__code", "status")) == [
        ("demo-tamaraque", "received"),
        ("demo-valmara", "accepted"),
    ]


def check_follow_up_project() -> None:
    valmara = project("valmara")
    sheet = outline.national_sheet(valmara)
    assert sheet.state == SheetState.ACCEPTED
    assert [step.done_at is not None for step in valmara.steps.all()] == [True] * 6 + [False]
    assert valmara.is_released
    assert valmara.released_on < timezone.now().date()
    assert [submission.number for submission in sheet.submissions.all()] == [1, 2]
    last = sheet.submissions.last()
    _text, revisions = canonical(sheet)
    assert last.revisions == revisions
    assert last.name == "Hélène Marchessan"
    assert sorted(sheet.returns.values_list("section__code", flat=True)) == ["P1.3", "P3.4"]
    unanswered = {
        question.code
        for question in outline.structure(sheet.instrument).questions.values()
        if not sheet.answers.filter(question=question).exists()
    }
    hidden = totals(outline.structure(sheet.instrument), list(sheet.answers.all())).hidden
    assert {code for code in unanswered - hidden if not code.startswith("P2.4")} == set()
    assert sheet.answers.filter(question__code__startswith="P2.4").count() == 0
    assert Counter(Report.objects.filter(project=valmara).values_list("kind", "language")) == Counter(
        (kind, language) for kind in ("capability", "toolkit", "strategy") for language in ("fr", "en")
    )
    assert set(Report.objects.values_list("job__state", flat=True)) == {"queued"}


def check_special_answers() -> None:
    sheet = outline.national_sheet(project("valmara"))
    answers = {answer.question.code: answer for answer in sheet.answers.select_related("question")}
    assert len(answers["P2.1-1"].note.split()) > 1400
    assert {code for code, answer in answers.items() if answer.status == AnswerStatus.NOT_APPLICABLE} == {
        "P3.3-2",
        "P3.4-3",
    }
    assert {code for code, answer in answers.items() if answer.status == AnswerStatus.DONT_KNOW} == {"P2.1-5", "P2.3-3"}
    assert answers["P1.1-1"].language == "en"
    assert answers["P1.1-6"].is_counted is False
    assert "خدمات البريد" in answers["P2.3-1"].note
    assert "📦" in answers["P3.1-2"].note
    assert list(sheet.revisions.filter(kind="refused").values_list("question__code", flat=True)) == ["G-12"]
    whole = outline.structure(sheet.instrument)
    facts = outline.given(sheet.answers.all(), whole.by_id)
    holding = [
        warning.code
        for question in whole.questions.values()
        for warning in outline.holding_warnings(whole, question, facts, set())
    ]
    assert holding == ["W-P2.1-budget"]
    uses = EvidenceUse.objects.filter(piece__sheet=sheet).select_related("piece__file", "question")
    assert [use.question.code for use in uses if use.is_late] == ["P2.2-3"]
    assert [use.question.code for use in uses if use.piece.is_confidential] == ["G-8"]
    for piece in sheet.evidence.select_related("file"):
        if piece.file:
            content = files.path_of(piece.file).read_bytes()
            assert len(content) == piece.file.size
            assert content.startswith(b"%PDF") == (piece.file.content_type == "application/pdf")


def check_experts_work() -> None:
    valmara = project("valmara")
    sheet = outline.national_sheet(valmara)
    decided = {level.question.code: level for level in sheet.validated_levels.select_related("question")}
    assert criteria(sheet) - set(decided) == {"P2.4-1", "P2.4-2"}
    assert decided["P3.4-3"].accepts_not_applicable is True
    assert decided["P3.3-2"].accepts_not_applicable is False
    responses = dict(Reservation.objects.values_list("validated_level__question__code", "kind"))
    assert [code for code, kind in responses.items() if kind == "reservation"] == ["P1.3-2"]
    assert Counter(responses.values()) == {"acknowledged": 12, "reservation": 1}
    checklist = outline.experts_sheet(valmara)
    assert checklist is not None
    assert checklist.answered == checklist.applicable == checklist.answers.count()
    assert valmara.observations.count() == 19
    assert Counter(valmara.observations.values_list("kind", flat=True)).keys() == {"strength", "gap", "risk"}
    assert valmara.recommendations.count() == 17
    assert valmara.recommendations.filter(guidance__isnull=False).count() == 7
    assert valmara.strategy_review.conclusion == "revise"
    assert valmara.strategy_aims.count() == 6
    assert list(valmara.recommendations.filter(resources="")) == []
    assert Counter(valmara.recommendations.values_list("language", flat=True)) == {"fr": 9, "en": 8}
    written = EditorialText.objects.filter(project=valmara)
    slots = {"message", "context", "pillar:P1", "pillar:P2", "pillar:P3", "conclusion"}
    assert set(written.values_list("kind", "slot", "language")) == {
        (kind, slot, language)
        for kind in ("capability", "toolkit", "strategy")
        for slot in slots
        for language in ("fr", "en")
    }


def check_story() -> None:
    """What one text says of another holds, whatever the day of loading."""
    valmara = project("valmara")
    visit, sheet = valmara.visit, outline.national_sheet(valmara)
    assert visit is not None
    met = Source.objects.filter(project=valmara, kind=Source.Kind.PERSON).values_list("dated_on", flat=True)
    assert [day for day in met if not (day and visit.starts_on <= day <= visit.ends_on)] == []
    last_report = datetime.date.fromisoformat(sheet.answers.get(question__code="P2.1-7").value)
    assert visit.starts_on - last_report < datetime.timedelta(days=365)  # as P2.1-1, validated at 4, asks
    assert Source.objects.filter(project=valmara, title__startswith="Deuxième bilan", dated_on=last_report).exists()
    named = set(sheet.evidence.values_list("uses__question__code", flat=True))
    claimed = {
        answer.question.code
        for answer in sheet.answers.filter(basis="document", is_confidential=False).select_related("question")
    }
    assert claimed - named == {"P1.1-3", "P2.1-3", "P3.4-7"}  # a document claimed, none attached: on purpose
    revision = valmara.recommendations.get(number=17)
    assert [needed.number for needed in revision.needs.all()] == [7]


def check_times() -> None:
    """A history that began months ago, in the order of what happened."""
    events = list(ProjectEvent.objects.filter(project=project("valmara")).order_by("pk"))
    assert [event.at for event in events] == sorted(event.at for event in events)
    assert timezone.now() - events[0].at > datetime.timedelta(days=180)
    for answer in Answer.objects.select_related("sheet", "question"):
        revision = AnswerRevision.objects.get(sheet=answer.sheet, question=answer.question, number=answer.number)
        assert revision.saved_at == answer.saved_at
        assert answer.saved_at < timezone.now()


def check_project_in_the_middle() -> None:
    perlines = project("perlines")
    sheet = outline.national_sheet(perlines)
    assert sheet.state == SheetState.OPEN
    assert 55 <= sheet.percent <= 65
    assert sheet.revisions.filter(kind="refused").count() == 3
    contributor = User.objects.get(email="contributor@demo.example")
    conflicts = [texts[0].question.code for texts in outline.open_conflicts(sheet, contributor).values()]
    assert sorted(conflicts) == ["G-5", "P2.3-1"]
    assert sorted(sheet.others.values_list("question__code", "kind")) == [
        ("P1.2-3", "differing"), ("P2.3-5", "proposed"), ("P3.1-3", "proposed"),
    ]  # fmt: skip
    assert [revision.question.code for revision in sheet.revisions.filter(kind="restored")] == ["P2.2-2"]
    assert not sheet.answers.filter(question__code__in=["P2.3-5", "P3.1-3"]).exists()
    days_left = (perlines.questionnaire_due - timezone.now().date()).days
    assert 6 <= days_left <= 9


def check_new_project() -> None:
    kestorie = project("kestorie")
    assert outline.national_sheet(kestorie).answers.count() == 0
    assert [invitation.is_open for invitation in kestorie.invitations.all()] == [True]
    assert [mail.to for mail in Mail.objects.all()] == [kestorie.invitations.get().email]


def check_counters() -> None:
    for name in ("valmara", "perlines", "kestorie"):
        assert [mend(pk, write=False) for pk in project(name).sheets.values_list("pk", flat=True)] == [[], []]


def test_each_account_sees_its_projects_and_nothing_more() -> None:
    load()
    every = {"valmara", "perlines", "kestorie"}
    both = {"valmara", "perlines"}
    sees = {
        "admin": every, "ib": every, "expert": both, "focal": both, "contributor": both, "regulator": both,
        "signatory": both, "observer": {"valmara"},
    }  # fmt: skip
    assert list(sees) == ACCOUNTS
    for name, countries in sees.items():
        client = Client()
        client.force_login(User.objects.get(email=f"{name}@demo.example"))
        for country in every:
            response = client.get(project(country).get_absolute_url())
            assert response.status_code == (200 if country in countries else 404), (name, country)


def test_a_changed_password_is_set_for_the_accounts(settings: Any) -> None:
    demo.load_people(lambda text: None)
    settings.DEMO_PASSWORD = "another-password-for-all"
    assert demo.load_people(lambda text: None) is True
    assert demo.load_people(lambda text: None) is False
    assert User.objects.get(email="ib@demo.example").check_password("another-password-for-all")
    assert not User.objects.get(email="keiko.narisawa@demo.example").has_usable_password()


def test_refused_where_it_was_not_asked_for(settings: Any) -> None:
    settings.DEMO_ALLOWED = False
    with pytest.raises(CommandError, match="DEMO_ALLOWED=yes"):
        call_command("demo")
    assert User.objects.count() == 0


def test_says_that_the_framework_has_to_be_loaded_first() -> None:
    with pytest.raises(CommandError, match=r"load_framework fixtures/framework/dre-2026\.1\.yaml"):
        call_command("demo")
    assert User.objects.count() == 0


@pytest.mark.parametrize("shift", range(7))
def test_stages_follow_each_other_whatever_the_day_of_the_week(shift: int) -> None:
    base = datetime.date(2026, 11, 23) + datetime.timedelta(days=shift)
    for name in demo.PROJECTS:
        days = dict(demo.read(name, "project.yaml")["days"])
        for unplayed in ("questionnaire_due", "visit", "visit_length"):
            days.pop(unplayed, None)
        spans = [span if isinstance(span, list) else [span, span] for span in days.values()]
        played = [(demo.day(first, base), demo.day(last, base)) for first, last in spans]
        assert all(first <= last for first, last in played)
        assert all(one[1] < other[0] for one, other in pairwise(played))
