"""Deliverables: snapshots, reports with a job in any state, texts of experts; and a project rich in cases."""

import datetime
from typing import Any

import factory
from django.utils import timezone

from assessments.models import Basis, ObservationKind, Priority, StrategyConclusion
from foundation import checksums, files
from foundation.models import Job, JobState
from projects.models import Project
from reports import content
from reports.models import Copy, CopyFormat, Deliverable, EditorialText, Import, Receipt, Report, Snapshot
from tests.factories import assessments as work
from tests.factories.projects import ProjectFactory, VisitFactory, member
from tests.factories.toolkit import dre
from toolkit.models import Horizon, Institution, Lever

# Planted where no document may say it; a test looks for each in every document.
SECRETS = ("SECRET-NOTE", "SECRET-PRIVATE", "SECRET-EVIDENCE", "SECRET-REASON", "SECRET-REMOVED")


class JobFactory(factory.django.DjangoModelFactory):
    """A job that waits; the traits are how it ended."""

    class Meta:
        model = Job

    class Params:
        done = factory.Trait(state=JobState.DONE, progress=100, finished_at=factory.LazyFunction(timezone.now))
        failed = factory.Trait(
            state=JobState.FAILED, problem="attempts_used", finished_at=factory.LazyFunction(timezone.now)
        )

    task = "reports.render_report"


class SnapshotFactory(factory.django.DjangoModelFactory):
    """What may be said of the project as it stands; the project needs its sheets (`opened_project`)."""

    class Meta:
        model = Snapshot

    project = factory.LazyFunction(work.opened_project)
    content = factory.LazyAttribute(lambda snapshot: checksums.canonical(content.gather(snapshot.project)))
    sha256 = factory.LazyAttribute(lambda snapshot: checksums.sha256(snapshot.content))
    taken_at = datetime.datetime(2026, 9, 14, 16, 0, tzinfo=datetime.UTC)
    taken_by = factory.SelfAttribute("project.manager")


class ReceiptFactory(factory.django.DjangoModelFactory):
    """A receipt in French that waits for a worker."""

    class Meta:
        model = Receipt

    submission = factory.SubFactory(work.SubmissionFactory)
    language = "fr"
    job = factory.SubFactory(JobFactory, task="reports.render_receipt")
    requested_by = factory.SelfAttribute("submission.signed_by")


class ReportFactory(factory.django.DjangoModelFactory):
    """A draft in English that waits for a worker; `made`, `failed`, `released` are the traits."""

    class Meta:
        model = Report

    class Params:
        made = factory.Trait(
            job=factory.SubFactory(JobFactory, done=True),
            file=factory.LazyFunction(
                lambda: files.store([b"%PDF-1.7"], folder="reports", name="report.pdf", content_type="application/pdf")
            ),
            pages=1,
        )
        failed = factory.Trait(job=factory.SubFactory(JobFactory, failed=True))
        released = factory.Trait(
            released_at=datetime.datetime(2026, 9, 15, 9, 0, tzinfo=datetime.UTC),
            released_by=factory.SelfAttribute("project.manager"),
        )

    snapshot = factory.SubFactory(SnapshotFactory)
    project = factory.SelfAttribute("snapshot.project")
    kind = Deliverable.CAPABILITY
    language = "en"
    version = factory.LazyAttribute(
        lambda report: (
            Report.objects.filter(project=report.project, kind=report.kind, language=report.language).count() + 1
        )
    )
    job = factory.SubFactory(JobFactory)
    requested_by = factory.SelfAttribute("project.manager")


class EditorialTextFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = EditorialText

    project = factory.SubFactory(ProjectFactory)
    kind = Deliverable.CAPABILITY
    slot = "message"
    text = "Decide on the licence first."
    language = "en"
    saved_by = factory.SelfAttribute("project.manager")


def lever(project: Project, code: str) -> Lever:
    return Lever.objects.get(code=code, pillar__framework=project.framework)


def rich_project(*, released: bool = True, **fields: Any) -> Project:
    """A project of the real framework, validated, with every case that a document has to print or to keep."""
    project = work.opened_project(framework=dre(), **fields)
    VisitFactory(project=project)
    expert = member(project, "expert", user__name="Tomás Rivera")
    _answer(project)
    work.submit(project)
    _validate(project, expert)
    _write(project, expert)
    if released:
        work.release(project)
    return project


def _answer(project: Project) -> None:
    """Levels, "not applicable", "don't know", an unsupported claim, confidential answers, and an emoji."""
    work.answer(project, "P1.1-1", 3, note="Les cinq lois sont en vigueur 😀.")
    work.answer(project, "P1.1-2", 3, basis=Basis.INTERVIEW)
    work.answer(project, "P1.1-3", 2, note="SECRET-NOTE of the ministry", is_confidential=True)
    work.answer(project, "P1.2-1", status="not_applicable", reason="There is no such body.")
    work.answer(project, "P1.2-2", status="dont_know")
    work.answer(project, "P2.1-1", 4)
    work.answer(project, "P3.4-1", status="not_applicable", reason="SECRET-REASON", is_confidential=True)
    for piece in (
        {"title": "Recueil des lois"},
        {"title": "SECRET-EVIDENCE", "is_confidential": True},
        {"title": "SECRET-REMOVED piece", "use__removed": True},
    ):
        work.EvidenceFactory(
            sheet=work.national_sheet(project),
            use__question=work.question(project, "P1.1-1"),
            added_by=project.manager,
            **piece,
        )


def _validate(project: Project, expert: Any) -> None:
    work.decide(project, "P1.1-1", 3, by=expert)
    work.decide(
        project, "P1.1-2", 2, by=expert, reason="The licence names no digital service.", private_note="SECRET-PRIVATE"
    )
    work.decide(project, "P1.2-1", by=expert, accepts_not_applicable=True)
    work.decide(project, "P2.1-1", 4, by=expert)
    work.ReservationFactory(
        validated_level=work.national_sheet(project).validated_levels.get(question__code="P1.1-2"),
        text="La licence est en cours de révision.", language="fr",
    )  # fmt: skip
    work.answer(project, "D1-1", 3, by=expert, note="Quoted by heart in four of six interviews.")


def _write(project: Project, expert: Any) -> None:
    """Observations, recommendations with a prerequisite, the strategy, sources, and the texts of the documents."""
    work.ObservationFactory(
        project=project, lever=lever(project, "P1.1"), kind=ObservationKind.STRENGTH, language="fr", by=expert,
        text="Un cadre presque complet («خدمات البريد الرقمية»).",
    )  # fmt: skip
    first = work.RecommendationFactory(
        project=project, lever=lever(project, "P1.1"), text="Change two articles of the licence.", saved_by=expert
    )
    second = work.RecommendationFactory(
        project=project, lever=lever(project, "P3.4"), text="Open the shop to merchants.", saved_by=expert,
        priority=Priority.MEDIUM, horizon=Horizon.MEDIUM, owner=Institution.POST,
    )  # fmt: skip
    second.needs.add(first)
    work.RecommendationFactory(
        project=project, lever=lever(project, "P1.2"), text="SECRET-REMOVED advice", removed=True
    )
    work.StrategyReviewFactory(project=project, conclusion=StrategyConclusion.REVISE, saved_by=expert)
    work.StrategyAimFactory(project=project, saved_by=expert)
    work.SourceFactory(project=project, title="Hélène Marchetti, directrice générale", language="fr", saved_by=expert)
    work.SourceFactory(project=project, document=True, saved_by=expert)
    for kind in Deliverable.values:
        for slot, text in (("message", "Decide on the licence first."), ("pillar:P1", "The laws are nearly complete.")):
            EditorialTextFactory(project=project, kind=kind, slot=slot, text=text, saved_by=expert)


class CopyFactory(factory.django.DjangoModelFactory):
    """The whole questionnaire as a spreadsheet in English that waits for a worker; `made`, `failed` are traits."""

    class Meta:
        model = Copy

    class Params:
        made = factory.Trait(
            job=factory.SubFactory(JobFactory, done=True),
            file=factory.LazyFunction(
                lambda: files.store([b"PK"], folder="copies", name="a.xlsx", content_type="application/x")
            ),
            taken_at=factory.LazyFunction(timezone.now),
        )
        failed = factory.Trait(job=factory.SubFactory(JobFactory, failed=True))

    sheet = factory.LazyFunction(lambda: work.national_sheet(work.opened_project()))
    format = CopyFormat.XLSX
    is_filled = True
    language = "en"
    job = factory.SubFactory(JobFactory, task="reports.make_copy")
    requested_by = factory.SelfAttribute("sheet.project.manager")


class ImportFactory(factory.django.DjangoModelFactory):
    """A spreadsheet that was read and says nothing."""

    class Meta:
        model = Import

    sheet = factory.LazyFunction(lambda: work.national_sheet(work.opened_project()))
    name = "questionnaire.xlsx"
    sha256 = "0" * 64
    language = "en"
    rows = factory.LazyFunction(list)
    read_by = factory.SelfAttribute("sheet.project.manager")
