"""What an answer says, the one that stands, and everything that was ever sent."""

import uuid
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from assessments.models.sheets import AnswerSheet
from assessments.models.texts import USER, language_field
from foundation.constraints import one_of
from projects.models import Project
from projects.permissions import Role, StaffRole
from toolkit.models import Institution, Question

READ_CONFIDENTIAL = {Role.EXPERT, StaffRole.PROJECT_MANAGER, StaffRole.ADMINISTRATOR}


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


def known_words(prefix: str) -> list[models.CheckConstraint]:
    """Of a table of answers: status, basis and institution are words that there are."""
    return [
        one_of("status", AnswerStatus.values, name=f"{prefix}_status_known"),
        one_of("basis", ["", *Basis.values], name=f"{prefix}_basis_known"),
        one_of("institution", ["", *Institution.values], name=f"{prefix}_institution_known"),
    ]


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
    institution = models.CharField(max_length=10, choices=Institution.choices, blank=True)  # whose word it is
    is_on_behalf = models.BooleanField(default=False, db_default=False)  # typed in for them by another institution
    language = language_field()
    saved_by_id: int  # each has its own `saved_by`

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
        """The same rule as `ConfidentialQuerySet.readable_by`, for a row at hand.

        Who typed it in for another institution reads it too, and can mend it, until someone there saves it anew.
        """
        if not self.is_confidential or (self.is_on_behalf and self.saved_by_id == user.pk):
            return True
        places = project.places_of(user)
        return bool(places.roles & READ_CONFIDENTIAL) or self.institution in places.institutions


class ConfidentialQuerySet(models.QuerySet[Any]):
    """Rows that may be confidential: to their own institution, the IB and the experts (DESIGN, secrecy of fields).

    And to who typed them in for that institution. Beside an answer that is withheld from its reader stands no version.
    """

    def readable_by(self, user: Any, project: Project) -> "ConfidentialQuerySet":
        places = project.places_of(user)
        if places.roles & READ_CONFIDENTIAL:
            return self
        own = Q(institution__in=places.institutions) | Q(is_on_behalf=True, saved_by=user)
        return self.filter(Q(is_confidential=False) | own)


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
            *known_words("answer"),
        ]

    def __str__(self) -> str:
        return f"{self.sheet} {self.question}"


class RevisionKind(models.TextChoices):
    ACCEPTED = "accepted", _("Saved")
    REFUSED = "refused", _("Kept, does not count")
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
    proposal = models.ForeignKey(  # which the person confirmed by this version
        "OtherAnswer", on_delete=models.RESTRICT, null=True, blank=True, related_name="+"
    )

    objects = ConfidentialQuerySet.as_manager()

    class Meta:
        ordering = ["sheet", "question", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["sheet", "save_id"], name="answer_revision_save_id_once"),
            models.UniqueConstraint(
                fields=["sheet", "question", "number"],
                condition=Q(number__isnull=False),
                name="answer_revision_number_once",
            ),
            *known_words("answer_revision"),
            one_of("kind", RevisionKind.values, name="answer_revision_kind_known"),
            models.CheckConstraint(
                condition=Q(kind__in=["accepted", "restored", "imported"], number__isnull=False)
                | Q(kind__in=["refused", "late"], number__isnull=True),
                name="answer_revision_number_when_accepted",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sheet} {self.question} {self.number or self.kind}"
