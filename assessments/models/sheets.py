"""The sheet: an instrument applied to a project, its counters and its way to the experts."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from assessments.models.texts import USER, language_field
from assessments.scoring import answered_percent
from foundation.constraints import one_of
from foundation.fields import public_id
from projects.models import MoveNotAllowed, Project
from toolkit.models import Instrument, Section


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
