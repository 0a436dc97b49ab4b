"""Work: sheets, answers, evidence, submissions, validated levels, observations, recommendations (DESIGN, Work)."""

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from assessments.scoring import answered_percent
from foundation.constraints import all_or_none, one_of, only_when
from foundation.fields import public_id
from foundation.models import StoredFile
from projects.models import MoveNotAllowed, Project
from projects.permissions import Role, StaffRole
from toolkit.models import Guidance, Horizon, Institution, Instrument, Lever, Question, Section, Tool

USER = settings.AUTH_USER_MODEL
READ_CONFIDENTIAL = {Role.EXPERT, StaffRole.PROJECT_MANAGER, StaffRole.ADMINISTRATOR}


def language_field() -> "models.CharField[str, str]":
    """The language in which a person wrote a text; "" when the row holds no text."""
    return models.CharField(max_length=5, blank=True)


class SheetState(models.TextChoices):
    OPEN = "open", _("Open")
    AWAITING_SIGNATURE = "awaiting_signature", _("Awaiting signature")
    SUBMITTED = "submitted", _("Submitted")
    ACCEPTED = "accepted", _("Accepted")


SHEET_MOVES = {
    SheetState.OPEN: {SheetState.AWAITING_SIGNATURE},
    SheetState.AWAITING_SIGNATURE: {SheetState.SUBMITTED, SheetState.OPEN},
    SheetState.SUBMITTED: {SheetState.ACCEPTED, SheetState.OPEN},
    SheetState.ACCEPTED: {SheetState.OPEN},
}


class AnswerSheet(models.Model):
    """One instrument applied to one project: the questionnaire, or the experts' checklist. Counters are rows."""

    public_id = public_id()
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="sheets")
    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=20, choices=SheetState.choices, default=SheetState.OPEN)
    answered = models.PositiveIntegerField(default=0)  # core questions with an answer, don't know or N/A
    applicable = models.PositiveIntegerField(default=0)  # core questions whose condition holds
    undecided = models.PositiveIntegerField(default=0, db_default=0)  # criteria that apply without the experts’ word
    moved_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["project", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["project", "instrument"], name="sheet_once"),
            one_of("state", SheetState.values, name="sheet_state_known"),
            models.CheckConstraint(
                condition=Q(answered__lte=models.F("applicable")), name="sheet_answered_at_most_all"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.project} {self.instrument}"

    @property
    def is_open(self) -> bool:
        return self.state == SheetState.OPEN

    @property
    def percent(self) -> int:
        return answered_percent(self.answered, self.applicable) or 0

    def move(self, to: SheetState) -> None:
        """One guarded UPDATE; the loser of two clicks is told."""
        if to not in SHEET_MOVES[SheetState(self.state)] or not AnswerSheet.objects.filter(
            pk=self.pk, state=self.state
        ).update(state=to, moved_at=timezone.now()):
            raise MoveNotAllowed(_("The questionnaire’s state has changed meanwhile. Look at the page again."))
        self.refresh_from_db()


class SheetSection(models.Model):
    """A section's counters in a sheet, and whether it was returned for completion."""

    sheet = models.ForeignKey(AnswerSheet, on_delete=models.CASCADE, related_name="sections")
    section = models.ForeignKey(Section, on_delete=models.PROTECT, related_name="+")
    answered = models.PositiveIntegerField(default=0)
    applicable = models.PositiveIntegerField(default=0)
    is_open = models.BooleanField(default=True)  # False: not among the sections returned

    class Meta:
        ordering = ["sheet", "section__position"]
        constraints = [
            models.UniqueConstraint(fields=["sheet", "section"], name="sheet_section_once"),
            models.CheckConstraint(
                condition=Q(answered__lte=models.F("applicable")), name="sheet_section_answered_at_most_all"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sheet} {self.section}"

    @property
    def percent(self) -> int:
        return answered_percent(self.answered, self.applicable) or 0


class Submission(models.Model):
    """A signed state of a sheet: which revision of each answer, and the checksum of what was signed."""

    public_id = public_id()
    sheet = models.ForeignKey(AnswerSheet, on_delete=models.CASCADE, related_name="submissions")
    number = models.PositiveSmallIntegerField()
    revisions = models.JSONField()  # question code → number of the answer's revision
    sha256 = models.CharField(max_length=64)  # of the canonical JSON of all answers
    name = models.CharField(max_length=150)
    function = models.CharField(max_length=150)
    signed_on = models.DateField()
    statement = models.TextField()
    language = language_field()
    signed_at = models.DateTimeField(default=timezone.now)
    signed_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["sheet", "number"]
        constraints = [models.UniqueConstraint(fields=["sheet", "number"], name="submission_once")]

    def __str__(self) -> str:
        return f"{self.sheet} {self.number}"


class SheetReturn(models.Model):
    """The experts (or the signatory) return the sheet for completion: all of it, or one section, with a comment."""

    sheet = models.ForeignKey(AnswerSheet, on_delete=models.CASCADE, related_name="returns")
    section = models.ForeignKey(Section, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    comment = models.TextField()
    language = language_field()
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["sheet", "-at", "-pk"]
        constraints = [models.CheckConstraint(condition=~Q(comment=""), name="sheet_return_has_comment")]

    def __str__(self) -> str:
        return f"{self.sheet} {self.section or '*'}"


class AnswerStatus(models.TextChoices):
    BLANK = "blank", _("No answer")
    ANSWERED = "answered", _("Answered")
    DONT_KNOW = "dont_know", _("Don’t know")
    NOT_APPLICABLE = "not_applicable", _("Not applicable")


class Basis(models.TextChoices):
    """What a claim rests on (METHODOLOGY 5.6)."""

    DOCUMENT = "document", _("A document, attached")
    SEEN = "seen", _("Seen on site, not kept")
    INTERVIEW = "interview", _("An interview")
    NONE = "none", _("Nothing for now")


class AnswerValue(models.Model):
    """What an answer says: shared by the current answer and its revisions.

    `value` by kind: criterion, rating: int; choice, yes_partly_no: code; choices: list of codes; number, percentage:
    decimal as text; money: {"amount": text, "currency": code}; date: ISO text; text, link: text; table: {row: column}.
    null unless the status is "answered".
    """

    status = models.CharField(max_length=15, choices=AnswerStatus.choices, default=AnswerStatus.BLANK)
    value = models.JSONField(null=True, blank=True)
    reason = models.TextField(blank=True)  # of "not applicable"
    note = models.TextField(blank=True)
    basis = models.CharField(max_length=10, choices=Basis.choices, blank=True)
    is_confidential = models.BooleanField(default=False)
    institution = models.CharField(max_length=10, choices=Institution.choices, blank=True)  # of who saved it
    language = language_field()

    class Meta:
        abstract = True

    def content(self) -> dict[str, Any]:
        """The fields that make two answers the same or not."""
        return {
            "status": self.status, "value": self.value, "reason": self.reason, "note": self.note,
            "basis": self.basis, "is_confidential": self.is_confidential,
        }  # fmt: skip

    @property
    def is_given(self) -> bool:
        return self.status != AnswerStatus.BLANK

    def is_readable_by(self, user: Any, project: Project) -> bool:
        """The same rule as `ConfidentialQuerySet.readable_by`, for a row at hand."""
        if not self.is_confidential:
            return True
        places = project.places_of(user)
        return bool(places.roles & READ_CONFIDENTIAL) or self.institution in places.institutions


class ConfidentialQuerySet(models.QuerySet[Any]):
    """Rows that may be confidential: to their own institution, the IB and the experts (DESIGN, secrecy of fields)."""

    def readable_by(self, user: Any, project: Project) -> "ConfidentialQuerySet":
        places = project.places_of(user)
        if places.roles & READ_CONFIDENTIAL:
            return self
        return self.filter(Q(is_confidential=False) | Q(institution__in=places.institutions))


class Answer(AnswerValue):
    """The current answer to a question of a sheet; `number` is its accepted revision's."""

    sheet = models.ForeignKey(AnswerSheet, on_delete=models.CASCADE, related_name="answers")
    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    is_counted = models.BooleanField(default=True)  # False: hidden by a condition, kept but not counted
    saved_at = models.DateTimeField()
    saved_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")

    objects = ConfidentialQuerySet.as_manager()

    class Meta:
        ordering = ["sheet", "question__section__position", "question__position"]
        constraints = [
            models.UniqueConstraint(fields=["sheet", "question"], name="answer_once"),
            one_of("status", AnswerStatus.values, name="answer_status_known"),
            one_of("basis", ["", *Basis.values], name="answer_basis_known"),
        ]

    def __str__(self) -> str:
        return f"{self.sheet} {self.question}"


class RevisionKind(models.TextChoices):
    ACCEPTED = "accepted", _("Saved")
    REFUSED = "refused", _("Kept beside another text")
    LATE = "late", _("Arrived after the questionnaire was closed")
    RESTORED = "restored", _("Restored")
    IMPORTED = "imported", _("Imported")


class AnswerRevision(AnswerValue):
    """Append-only: everything anyone sent, whether it became the answer or not."""

    sheet = models.ForeignKey(AnswerSheet, on_delete=models.CASCADE, related_name="revisions")
    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=RevisionKind.choices)
    number = models.PositiveIntegerField(null=True, blank=True)  # only of what became the answer
    base = models.PositiveIntegerField()  # the number it was typed over; 0: nothing
    save_id = models.UUIDField(default=uuid.uuid4)
    saved_at = models.DateTimeField(default=timezone.now)
    saved_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["sheet", "question", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["sheet", "save_id"], name="answer_revision_save_id_once"),
            models.UniqueConstraint(
                fields=["sheet", "question", "number"],
                condition=Q(number__isnull=False),
                name="answer_revision_number_once",
            ),
            one_of("kind", RevisionKind.values, name="answer_revision_kind_known"),
            models.CheckConstraint(
                condition=Q(kind__in=["accepted", "restored", "imported"], number__isnull=False)
                | Q(kind__in=["refused", "late"], number__isnull=True),
                name="answer_revision_number_when_accepted",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sheet} {self.question} {self.number or self.kind}"


class EvidenceQuerySet(ConfidentialQuerySet):
    def readable_by(self, user: Any, project: Project) -> "EvidenceQuerySet":
        """Confidential by its own tick, or by the tick of the answer that it supports."""
        places = project.places_of(user)
        if places.roles & READ_CONFIDENTIAL:
            return self
        withheld = Answer.objects.filter(
            sheet=OuterRef("sheet"), question=OuterRef("question"), is_confidential=True
        ).exclude(institution__in=places.institutions)
        return self.filter(Q(institution__in=places.institutions) | Q(is_confidential=False) & ~Exists(withheld))

    def kept(self) -> "EvidenceQuerySet":
        return self.filter(removed_at__isnull=True)


class Evidence(models.Model):
    """A file or a link that supports an answer."""

    public_id = public_id()
    sheet = models.ForeignKey(AnswerSheet, on_delete=models.CASCADE, related_name="evidence")
    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="+")
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    url = models.URLField(max_length=500, blank=True)
    title = models.CharField(max_length=200)
    is_confidential = models.BooleanField(default=False)
    is_late = models.BooleanField(default=False)  # added after submission
    institution = models.CharField(max_length=10, choices=Institution.choices)  # of who added it
    added_at = models.DateTimeField(default=timezone.now)
    added_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    removed_at = models.DateTimeField(null=True, blank=True)  # kept, no longer shown
    removed_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")

    objects = EvidenceQuerySet.as_manager()

    class Meta:
        ordering = ["sheet", "question", "added_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(file__isnull=False, url="") | (Q(file__isnull=True) & ~Q(url="")),
                name="evidence_file_or_link",
            ),
            all_or_none("removed_at", "removed_by", name="evidence_removed_at_with_by"),
        ]

    def __str__(self) -> str:
        return self.title


class ValidatedLevel(models.Model):
    """The experts' decision on a criterion: a level with their own basis, or "not applicable" accepted or refused."""

    sheet = models.ForeignKey(AnswerSheet, on_delete=models.CASCADE, related_name="validated_levels")
    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="+")
    level = models.PositiveSmallIntegerField(null=True, blank=True)
    accepts_not_applicable = models.BooleanField(null=True, blank=True)
    basis = models.CharField(max_length=10, choices=Basis.choices, blank=True)
    reason = models.TextField(blank=True)  # where it differs; the country reads it once released
    private_note = models.TextField(blank=True)  # between experts; never shown to the country
    language = language_field()
    saved_at = models.DateTimeField(default=timezone.now)
    saved_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["sheet", "question__section__position", "question__position"]
        constraints = [
            models.UniqueConstraint(fields=["sheet", "question"], name="validated_level_once"),
            models.CheckConstraint(
                condition=Q(level__isnull=True) | Q(basis__in=["document", "seen", "interview", "none"]),
                name="validated_level_with_basis",
            ),
            models.CheckConstraint(
                condition=Q(level__isnull=True) | ~Q(accepts_not_applicable=True),
                name="validated_level_or_not_applicable",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sheet} {self.question}"


class ReservationKind(models.TextChoices):
    ACKNOWLEDGED = "acknowledged", _("Acknowledged")
    RESERVATION = "reservation", _("Reservation")


class Reservation(models.Model):
    """The country's word on a validated level that differs: it acknowledges it or enters a reservation (5.7)."""

    validated_level = models.OneToOneField(ValidatedLevel, on_delete=models.CASCADE, related_name="reservation")
    kind = models.CharField(max_length=15, choices=ReservationKind.choices)
    text = models.TextField(blank=True)  # printed verbatim
    language = language_field()
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["validated_level"]
        constraints = [
            one_of("kind", ReservationKind.values, name="reservation_kind_known"),
            only_when("kind", "reservation", ~Q(text=""), name="reservation_has_text"),
        ]

    def __str__(self) -> str:
        return f"{self.validated_level} {self.kind}"


class ObservationKind(models.TextChoices):
    STRENGTH = "strength", _("Strength")
    GAP = "gap", _("Gap")
    RISK = "risk", _("Risk")


class Observation(models.Model):
    """What the experts saw: a strength, a gap or a risk, on a question or a lever."""

    public_id = public_id()
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="observations")
    kind = models.CharField(max_length=10, choices=ObservationKind.choices)
    lever = models.ForeignKey(Lever, on_delete=models.PROTECT, related_name="+")
    question = models.ForeignKey(Question, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    text = models.TextField()
    language = language_field()
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["project", "lever__pillar__position", "lever__position", "pk"]
        constraints = [
            one_of("kind", ObservationKind.values, name="observation_kind_known"),
            models.CheckConstraint(condition=~Q(text=""), name="observation_has_text"),
        ]

    def __str__(self) -> str:
        return self.text[:60]


class Priority(models.TextChoices):
    HIGH = "high", _("High")
    MEDIUM = "medium", _("Medium")
    LOW = "low", _("Low")


class Activity(models.TextChoices):
    """The six kinds of activity in scope (METHODOLOGY 1), tags of recommendations."""

    TRANSFORMATION = "transformation", _("Digital transformation of postal services")
    DIGITAL_SERVICES = "digital_services", _("Offering digital postal services")
    NATIONAL_ECONOMY = "national_economy", _("Speeding up the national digital economy")
    WITH_OTHERS = "with_others", _("Offering services with other institutions")
    IMPROVEMENT = "improvement", _("Improving existing services")
    FRAMEWORKS = "frameworks", _("Frameworks, methodologies and knowledge sharing")


class RecommendationQuerySet(models.QuerySet["Recommendation"]):
    def kept(self) -> "RecommendationQuerySet":
        return self.filter(removed_at__isnull=True)


class Recommendation(models.Model):
    """What the experts recommend, adopted from the guidance, edited, or new (5.11)."""

    public_id = public_id()
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="recommendations")
    number = models.PositiveSmallIntegerField()  # R1, R2 …, never used again
    lever = models.ForeignKey(Lever, on_delete=models.PROTECT, related_name="+")
    guidance = models.ForeignKey(Guidance, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    text = models.TextField()
    language = language_field()
    priority = models.CharField(max_length=10, choices=Priority.choices)
    horizon = models.CharField(max_length=10, choices=Horizon.choices)
    owner = models.CharField(max_length=10, choices=Institution.choices)
    owner_detail = models.CharField(max_length=150, blank=True)  # the department or person, in the writer's words
    resources = models.CharField(max_length=300, blank=True)
    tags = models.JSONField(default=list, blank=True)  # of Activity
    tool = models.ForeignKey(Tool, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    needs = models.ManyToManyField("self", symmetrical=False, blank=True, related_name="needed_by")  # prerequisites
    saved_at = models.DateTimeField(default=timezone.now)
    saved_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    removed_at = models.DateTimeField(null=True, blank=True)
    removed_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")

    objects = RecommendationQuerySet.as_manager()

    class Meta:
        ordering = ["project", "number"]
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="recommendation_number_once"),
            one_of("priority", Priority.values, name="recommendation_priority_known"),
            one_of("horizon", Horizon.values, name="recommendation_horizon_known"),
            one_of("owner", Institution.values, name="recommendation_owner_known"),
            models.CheckConstraint(condition=~Q(text=""), name="recommendation_has_text"),
            all_or_none("removed_at", "removed_by", name="recommendation_removed_at_with_by"),
        ]

    def __str__(self) -> str:
        return f"R{self.number}"


class StrategyConclusion(models.TextChoices):
    MAINTAIN = "maintain", _("Maintain the strategy")
    REVISE = "revise", _("Revise the strategy")
    DRAW_UP = "draw_up", _("Draw up a strategy")


class StrategyReview(models.Model):
    """The strategy text that the experts reviewed, or that there is none; their conclusion and outline (step 4)."""

    project = models.OneToOneField(Project, on_delete=models.CASCADE, related_name="strategy_review")
    has_text = models.BooleanField(null=True, blank=True)  # None: not yet said
    title = models.CharField(max_length=250, blank=True)
    dated_on = models.DateField(null=True, blank=True)
    status = models.CharField(max_length=150, blank=True)  # approved by whom, draft, expired, in the expert's words
    conclusion = models.CharField(max_length=10, choices=StrategyConclusion.choices, blank=True)
    findings = models.TextField(blank=True)
    outline = models.TextField(blank=True)  # one heading a line
    language = language_field()
    saved_at = models.DateTimeField(default=timezone.now)
    saved_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            one_of("conclusion", ["", *StrategyConclusion.values], name="strategy_review_conclusion_known"),
            models.CheckConstraint(condition=~Q(has_text=True) | ~Q(title=""), name="strategy_review_text_has_title"),
        ]

    def __str__(self) -> str:
        return self.title or str(self.project)


class StrategyAim(models.Model):
    """A row of the matrix national aim ↔ postal aim ↔ gap."""

    public_id = public_id()
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="strategy_aims")
    national_aim = models.TextField()
    postal_aim = models.TextField(blank=True)  # "": the postal strategy says nothing of it
    gap = models.TextField(blank=True)
    language = language_field()
    saved_at = models.DateTimeField(default=timezone.now)
    saved_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["project", "pk"]
        constraints = [models.CheckConstraint(condition=~Q(national_aim=""), name="strategy_aim_has_national_aim")]

    def __str__(self) -> str:
        return self.national_aim[:60]


class Source(models.Model):
    """A person met or a document consulted, as the reports list them."""

    class Kind(models.TextChoices):
        PERSON = "person", _("Person met")
        DOCUMENT = "document", _("Document consulted")

    public_id = public_id()
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="sources")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    title = models.CharField(max_length=250)  # the person's name and function, or the document's title
    detail = models.CharField(max_length=250, blank=True)  # institution, date, address
    dated_on = models.DateField(null=True, blank=True)
    language = language_field()
    saved_at = models.DateTimeField(default=timezone.now)
    saved_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["project", "kind", "pk"]
        constraints = [one_of("kind", ["person", "document"], name="source_kind_known")]

    def __str__(self) -> str:
        return self.title
