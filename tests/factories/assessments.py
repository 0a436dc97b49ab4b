"""The work: sheets and answers, evidence, validated levels, observations, recommendations, the strategy review.

`opened_project`, `answer`, `submit`, `decide` and `release` go the way people go, through the actions; the factories
write single rows.
"""

import datetime
import uuid
from typing import Any

import factory
from django.utils import timezone

from assessments import outline
from assessments.actions import submissions
from assessments.actions.answers import Content, save_answer
from assessments.actions.releases import release_levels
from assessments.actions.sheets import open_sheets
from assessments.actions.validation import Decision, record_decision
from assessments.models import (
    Answer,
    AnswerRevision,
    AnswerSheet,
    AnswerStatus,
    Basis,
    Comment,
    Evidence,
    EvidenceUse,
    Observation,
    ObservationKind,
    OtherAnswer,
    OtherKind,
    Priority,
    Recommendation,
    Reservation,
    ReservationKind,
    ReviewMark,
    RevisionKind,
    SectionAssignment,
    SectionSignature,
    SheetReturn,
    SheetSection,
    SheetState,
    SheetVisit,
    SignatureRequest,
    SignatureWay,
    Source,
    StrategyAim,
    StrategyConclusion,
    StrategyReview,
    Submission,
    Thread,
    ThreadAudience,
    Upload,
    ValidatedLevel,
)
from foundation import files
from projects.models import Project
from tests.factories.projects import ProjectFactory
from toolkit.models import Audience, Horizon, Institution, Kind, Lever, Question, Section


def _first_lever(project: Project) -> Lever:
    return Lever.objects.filter(pillar__framework=project.framework).order_by("pillar__position", "position").first()


def _first_criterion(sheet: AnswerSheet) -> Question:
    return (
        Question.objects.filter(section__instrument=sheet.instrument, kind__in=[Kind.CRITERION, Kind.RATING])
        .order_by("section__position", "position")
        .first()
    )


class AnswerSheetFactory(factory.django.DjangoModelFactory):
    """The national sheet without its sections; `opened_project` makes both sheets whole."""

    class Meta:
        model = AnswerSheet

    class Params:
        experts = factory.Trait(
            instrument=factory.LazyAttribute(
                lambda sheet: sheet.project.framework.instruments.get(audience=Audience.EXPERTS)
            )
        )
        submitted = factory.Trait(state=SheetState.SUBMITTED)

    project = factory.SubFactory(ProjectFactory)
    instrument = factory.LazyAttribute(
        lambda sheet: sheet.project.framework.instruments.get(audience=Audience.NATIONAL)
    )


class SheetSectionFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = SheetSection

    sheet = factory.SubFactory(AnswerSheetFactory)
    section = factory.LazyAttribute(lambda row: row.sheet.instrument.sections.order_by("position").first())


class SectionAssignmentFactory(factory.django.DjangoModelFactory):
    """The first section of a sheet, for the Post and nobody there by name."""

    class Meta:
        model = SectionAssignment

    sheet_section = factory.SubFactory(SheetSectionFactory)
    institution = Institution.POST
    by = factory.SelfAttribute("sheet_section.sheet.project.manager")


class SectionSignatureFactory(factory.django.DjangoModelFactory):
    """Of answers that are no longer there: see `sign_sections` for one that holds."""

    class Meta:
        model = SectionSignature

    sheet_section = factory.SubFactory(SheetSectionFactory)
    institution = Institution.REGULATOR
    sha256 = "0" * 64
    name = "Réza Régulateur"
    function = "Directeur général"
    statement = "J’ai lu ces réponses."
    language = "fr"
    signed_by = factory.SelfAttribute("sheet_section.sheet.project.manager")


class SheetVisitFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = SheetVisit

    sheet = factory.SubFactory(AnswerSheetFactory)
    user = factory.SelfAttribute("sheet.project.manager")
    seen_at = factory.LazyFunction(timezone.now)


class ThreadFactory(factory.django.DjangoModelFactory):
    """Of the national team, on the first criterion, without a word yet."""

    class Meta:
        model = Thread

    class Params:
        resolved = factory.Trait(
            resolved_at=factory.LazyFunction(timezone.now), resolved_by=factory.SelfAttribute("opened_by")
        )

    sheet = factory.SubFactory(AnswerSheetFactory)
    question = factory.LazyAttribute(lambda thread: _first_criterion(thread.sheet))
    audience = ThreadAudience.TEAM
    opened_by = factory.SelfAttribute("sheet.project.manager")


class CommentFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Comment

    thread = factory.SubFactory(ThreadFactory)
    text = factory.Sequence(lambda n: f"Comment {n}: is this the figure of 2025?")
    language = "en"
    written_by = factory.SelfAttribute("thread.opened_by")


class ReviewMarkFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ReviewMark

    sheet = factory.SubFactory(AnswerSheetFactory)
    question = factory.LazyAttribute(lambda mark: _first_criterion(mark.sheet))
    marked_by = factory.SelfAttribute("sheet.project.manager")


class SignatureRequestFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = SignatureRequest

    sheet = factory.SubFactory(AnswerSheetFactory)
    number = 1
    revisions = factory.LazyFunction(dict)
    sha256 = "3f2a91c7" + "0" * 56
    answered = applicable = 0
    language = "fr"
    sent_by = factory.SelfAttribute("sheet.project.manager")


class SubmissionFactory(factory.django.DjangoModelFactory):
    """Signed on the screen; `on_paper` is the trait."""

    class Meta:
        model = Submission

    class Params:
        on_paper = factory.Trait(
            way=SignatureWay.PAPER,
            scan=factory.LazyFunction(
                lambda: files.store([b"%PDF-1.7"], folder="signatures", name="s.pdf", content_type="application/pdf")
            ),
        )

    sheet = factory.SubFactory(AnswerSheetFactory, submitted=True)
    number = 1
    revisions = factory.LazyFunction(dict)
    sha256 = "0" * 64
    name = "Hélène Marchetti"
    function = "Directrice générale"
    signed_on = datetime.date(2026, 5, 21)
    statement = "J’ai lu ces réponses."
    language = "fr"
    signed_by = factory.SelfAttribute("sheet.project.manager")


class SheetReturnFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = SheetReturn

    sheet = factory.SubFactory(AnswerSheetFactory)
    comment = "Please give the year of each figure."
    language = "en"
    by = factory.SelfAttribute("sheet.project.manager")


class AnswerFactory(factory.django.DjangoModelFactory):
    """Level 3, by a document, on the first criterion of the sheet; the traits are the other statuses."""

    class Meta:
        model = Answer

    class Params:
        blank = factory.Trait(status=AnswerStatus.BLANK, value=None, basis="")
        dont_know = factory.Trait(status=AnswerStatus.DONT_KNOW, value=None, basis="")
        not_applicable = factory.Trait(
            status=AnswerStatus.NOT_APPLICABLE, value=None, basis="", reason="There is no such service in the country."
        )

    sheet = factory.SubFactory(AnswerSheetFactory)
    question = factory.LazyAttribute(lambda answer: _first_criterion(answer.sheet))
    status = AnswerStatus.ANSWERED
    value = 3
    basis = Basis.DOCUMENT
    institution = Institution.POST
    language = "en"
    number = 1
    saved_at = factory.LazyFunction(timezone.now)
    saved_by = factory.SelfAttribute("sheet.project.manager")


class AnswerRevisionFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = AnswerRevision

    class Params:
        refused = factory.Trait(kind=RevisionKind.REFUSED, number=None)
        late = factory.Trait(kind=RevisionKind.LATE, number=None)

    sheet = factory.SubFactory(AnswerSheetFactory)
    question = factory.LazyAttribute(lambda revision: _first_criterion(revision.sheet))
    kind = RevisionKind.ACCEPTED
    number = 1
    base = 0
    status = AnswerStatus.ANSWERED
    value = 3
    institution = Institution.POST
    language = "en"
    saved_by = factory.SelfAttribute("sheet.project.manager")


class ProposalFactory(factory.django.DjangoModelFactory):
    """The IB proposes level 2 on the first criterion."""

    class Meta:
        model = OtherAnswer

    class Params:
        withdrawn = factory.Trait(
            withdrawn_at=factory.LazyFunction(timezone.now), withdrawn_by=factory.SelfAttribute("saved_by")
        )

    sheet = factory.SubFactory(AnswerSheetFactory)
    question = factory.LazyAttribute(lambda other: _first_criterion(other.sheet))
    kind = OtherKind.PROPOSED
    status = AnswerStatus.ANSWERED
    value = 2
    grounds = "UPU postal statistics"
    year = 2024
    institution = Institution.IB
    language = "en"
    saved_by = factory.SelfAttribute("sheet.project.manager")


class DifferingViewFactory(ProposalFactory):
    """The regulator sees level 2 where the Post answered otherwise."""

    kind = OtherKind.DIFFERING
    grounds = "The decree is not in force yet."
    year = None
    institution = Institution.REGULATOR


class EvidenceFactory(factory.django.DjangoModelFactory):
    """A link that supports the first criterion, or `use__question`; `as_file=True` stores a small text file."""

    class Meta:
        model = Evidence
        skip_postgeneration_save = True

    class Params:
        as_file = factory.Trait(
            url="",
            file_name=factory.LazyAttribute(lambda piece: f"{piece.title}.txt"),
            file=factory.LazyAttribute(
                lambda piece: files.store(
                    [piece.title.encode()], folder="evidence", name=piece.file_name, content_type="text/plain"
                )
            ),
        )

    sheet = factory.SubFactory(AnswerSheetFactory)
    url = "https://poste.valmara.example/decret"
    title = factory.Sequence(lambda n: f"Decree {n}")
    institution = Institution.POST
    added_by = factory.SelfAttribute("sheet.project.manager")
    use = factory.RelatedFactory("tests.factories.assessments.EvidenceUseFactory", factory_related_name="piece")


class EvidenceUseFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = EvidenceUse

    class Params:
        removed = factory.Trait(
            removed_at=factory.LazyFunction(timezone.now), removed_by=factory.SelfAttribute("added_by")
        )

    piece = factory.SubFactory(EvidenceFactory, use=None)
    question = factory.LazyAttribute(lambda use: _first_criterion(use.piece.sheet))
    institution = factory.SelfAttribute("piece.institution")
    added_by = factory.SelfAttribute("piece.added_by")


class UploadFactory(factory.django.DjangoModelFactory):
    """Of which nothing has arrived yet."""

    class Meta:
        model = Upload

    sheet = factory.SubFactory(AnswerSheetFactory)
    question = factory.LazyAttribute(lambda upload: _first_criterion(upload.sheet))
    name = "report.pdf"
    size = 3_000_000
    fingerprint = "0" * 64
    institution = Institution.POST
    started_by = factory.SelfAttribute("sheet.project.manager")


class ValidatedLevelFactory(factory.django.DjangoModelFactory):
    """Level 2, seen on site, on the first criterion; `private_note` and `reason` are empty unless given."""

    class Meta:
        model = ValidatedLevel

    class Params:
        accepts = factory.Trait(level=None, basis="", accepts_not_applicable=True)
        refuses = factory.Trait(
            level=None, basis="", accepts_not_applicable=False, reason="The service is offered in two cities."
        )

    sheet = factory.SubFactory(AnswerSheetFactory, submitted=True)
    question = factory.LazyAttribute(lambda row: _first_criterion(row.sheet))
    level = 2
    basis = Basis.SEEN
    language = "en"
    saved_by = factory.SelfAttribute("sheet.project.manager")


class ReservationFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Reservation

    class Params:
        acknowledged = factory.Trait(kind=ReservationKind.ACKNOWLEDGED, text="")

    validated_level = factory.SubFactory(ValidatedLevelFactory, reason="Half of the orders are confirmed by hand.")
    kind = ReservationKind.RESERVATION
    text = "Since June all orders are confirmed by the system."
    language = "en"
    by = factory.SelfAttribute("validated_level.sheet.project.manager")


class ObservationFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Observation

    class Params:
        strength = factory.Trait(kind=ObservationKind.STRENGTH)
        risk = factory.Trait(kind=ObservationKind.RISK)

    project = factory.SubFactory(ProjectFactory)
    kind = ObservationKind.GAP
    lever = factory.LazyAttribute(lambda row: _first_lever(row.project))
    text = factory.Sequence(lambda n: f"Observation {n}: consumer complaints are not counted.")
    language = "en"
    by = factory.SelfAttribute("project.manager")


class RecommendationFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Recommendation

    class Params:
        removed = factory.Trait(
            removed_at=factory.LazyFunction(timezone.now), removed_by=factory.SelfAttribute("saved_by")
        )

    project = factory.SubFactory(ProjectFactory)
    number = factory.LazyAttribute(lambda row: row.project.recommendations.count() + 1)
    lever = factory.LazyAttribute(lambda row: _first_lever(row.project))
    text = factory.Sequence(lambda n: f"Recommendation {n}: draft the law on electronic transactions.")
    language = "en"
    priority = Priority.HIGH
    horizon = Horizon.SHORT
    owner = Institution.MINISTRY
    saved_by = factory.SelfAttribute("project.manager")


class StrategyReviewFactory(factory.django.DjangoModelFactory):
    """A strategy to revise; `without_text=True` where the Post has none."""

    class Meta:
        model = StrategyReview

    class Params:
        without_text = factory.Trait(
            has_text=False, title="", dated_on=None, status="", conclusion=StrategyConclusion.DRAW_UP
        )

    project = factory.SubFactory(ProjectFactory)
    has_text = True
    title = "Stratégie numérique 2025–2029"
    dated_on = datetime.date(2025, 3, 14)
    status = "Approuvée par le conseil d’administration"
    conclusion = StrategyConclusion.REVISE
    findings = "Les objectifs ne sont pas chiffrés."
    language = "fr"
    saved_by = factory.SelfAttribute("project.manager")


class StrategyAimFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = StrategyAim

    project = factory.SubFactory(ProjectFactory)
    national_aim = factory.Sequence(lambda n: f"Aim {n}: half of public services online by 2030")
    postal_aim = "Public services at 200 counters"
    gap = "No agreement on payment yet"
    language = "en"
    saved_by = factory.SelfAttribute("project.manager")


class SourceFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Source

    class Params:
        document = factory.Trait(kind=Source.Kind.DOCUMENT, title="Annual report 2025", detail="Valmara Post")

    project = factory.SubFactory(ProjectFactory)
    kind = Source.Kind.PERSON
    title = factory.Sequence(lambda n: f"Person met {n}, head of IT")
    detail = "Valmara Post"
    language = "en"
    saved_by = factory.SelfAttribute("project.manager")


# ── The way people go ────────────────────────────────────────────────────────


def opened_project(**fields: Any) -> Project:
    """A project with its sheets open, as it is after its creation."""
    project = ProjectFactory(**fields)
    open_sheets(project)
    return project


def national_sheet(project: Project) -> AnswerSheet:
    """The questionnaire's sheet, read anew."""
    return outline.national_sheet(project)


def checklist(project: Project) -> AnswerSheet:
    """The experts' sheet, read anew."""
    sheet = outline.experts_sheet(project)
    assert sheet is not None
    return sheet


def question(project: Project, code: str) -> Question:
    """The project's question of this code, with its section and lever."""
    return Question.objects.select_related("section__lever", "section__instrument").get(
        code=code, section__instrument__framework=project.framework
    )


def section(project: Project, code: str) -> Section:
    return Section.objects.get(code=code, instrument__framework=project.framework)


def answer(
    project: Project, code: str, value: Any = None, *, by: Any = None, institution: str = "post", **content: Any
) -> Answer:
    """Save an answer by the protocol, over what stands. No value: `status` says what it is.

    A criterion's level rests on a document unless `basis` says otherwise.
    """
    asked = question(project, code)
    sheet = AnswerSheet.objects.select_related("instrument__framework").get(
        project=project, instrument=asked.section.instrument
    )
    given = {"status": AnswerStatus.ANSWERED if value is not None else AnswerStatus.BLANK, "value": value}
    if asked.is_scored and value is not None:
        given["basis"] = Basis.DOCUMENT
    standing = Answer.objects.filter(sheet=sheet, question=asked).first()
    reply = save_answer(
        sheet,
        asked,
        Content(**(given | content)),
        base=standing.number if standing else 0,
        save_id=uuid.uuid4(),
        by=by or project.manager,
        language="en",
        institution=institution,
    )
    assert reply.number is not None, reply.outcome
    return reply.head


WHY_MISSING = "Les chiffres du régulateur arrivent en mars."
SIGNATURE = submissions.Signature(
    name="Hélène Marchetti", function="Directrice générale", signed_on=datetime.date(2026, 5, 21),
    statement="J’ai lu ces réponses.",
)  # fmt: skip


def submit(project: Project, *, by: Any = None) -> Submission:
    """Send the questionnaire to the signatory and sign it."""
    sheet, person = national_sheet(project), by or project.manager
    submissions.send_to_signatory(sheet, reason=WHY_MISSING, by=person)
    return submissions.sign(sheet, SIGNATURE, by=person)


def decide(project: Project, code: str, level: int | None = None, *, by: Any = None, **decision: Any) -> ValidatedLevel:
    """The experts' decision on a criterion of a submitted questionnaire; a level was seen on site unless said."""
    given: dict[str, Any] = {"basis": Basis.SEEN} if level is not None else {}
    return record_decision(
        national_sheet(project), question(project, code), Decision(level=level, **(given | decision)),
        by=by or project.manager, language="en",
    )  # fmt: skip


def release(project: Project, *, by: Any = None, show_overall: bool = False) -> None:
    """Release the levels to the country, and read the project anew."""
    release_levels(project, by=by or project.manager, on=datetime.date(2026, 9, 10), show_overall=show_overall)
    project.refresh_from_db()
