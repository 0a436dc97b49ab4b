"""The sheet: an instrument applied to a project, its counters and its way to the experts."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from assessments.models.texts import USER, language_field
from assessments.scoring import answered_percent
from foundation.constraints import one_of, only_when
from foundation.fields import public_id
from foundation.models import StoredFile
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

    @property
    def is_complete(self) -> bool:
        return self.answered == self.applicable

    @property
    def waiting_request(self) -> "SignatureRequest | None":
        """What waits for a signature; None where nothing does."""
        if self.state != SheetState.AWAITING_SIGNATURE:
            return None
        return self.signature_requests.order_by("-number").first()

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


class SignatureRequest(models.Model):
    """What was sent to the signatory: the state that stands still until it is signed, or taken back."""

    sheet = models.ForeignKey(AnswerSheet, on_delete=models.CASCADE, related_name="signature_requests")
    number = models.PositiveSmallIntegerField()
    revisions = models.JSONField()  # question code → number of the answer's revision
    sha256 = models.CharField(max_length=64)  # of the canonical JSON of all answers
    answered = models.PositiveIntegerField()
    applicable = models.PositiveIntegerField()
    sections = models.JSONField(default=dict)  # section code → [answered, applicable]
    missing = models.JSONField(default=list, blank=True)  # codes of the questions without an answer
    reason = models.TextField(blank=True)  # why answers are missing
    language = language_field()  # of the reason
    sent_at = models.DateTimeField(default=timezone.now)
    sent_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["sheet", "number"]
        constraints = [
            models.UniqueConstraint(fields=["sheet", "number"], name="signature_request_once"),
            models.CheckConstraint(
                condition=Q(answered=models.F("applicable"), reason="")
                | (Q(answered__lt=models.F("applicable")) & ~Q(reason="")),
                name="signature_request_reason_when_incomplete",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sheet} {self.number}"

    @property
    def is_complete(self) -> bool:
        return self.answered == self.applicable

    @property
    def code(self) -> str:
        """The checksum's beginning as it is printed on the paper and typed from it: 3F2A-91C7."""
        return f"{self.sha256[:4]}-{self.sha256[4:8]}".upper()


class SignatureWay(models.TextChoices):
    SCREEN = "screen", _("On the screen")
    PAPER = "paper", _("On paper")


class Submission(models.Model):
    """A signed state of a sheet: which revision of each answer, and the checksum of what was signed."""

    public_id = public_id()
    sheet = models.ForeignKey(AnswerSheet, on_delete=models.CASCADE, related_name="submissions")
    number = models.PositiveSmallIntegerField()
    request = models.OneToOneField(
        SignatureRequest, on_delete=models.PROTECT, null=True, blank=True, related_name="submission"
    )  # null: signed before requests were kept
    revisions = models.JSONField()  # question code → number of the answer's revision
    sha256 = models.CharField(max_length=64)  # of the canonical JSON of all answers
    name = models.CharField(max_length=150)
    function = models.CharField(max_length=150)
    signed_on = models.DateField()
    statement = models.TextField()
    language = language_field()
    way = models.CharField(max_length=10, choices=SignatureWay.choices, default=SignatureWay.SCREEN)
    scan = models.OneToOneField(StoredFile, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    delegated_by = models.CharField(max_length=150, blank=True)  # whose signature it stands for
    delegation_ground = models.CharField(max_length=300, blank=True)  # the letter or decree that allows it
    signed_at = models.DateTimeField(default=timezone.now)
    signed_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")  # on paper: who sent it in

    class Meta:
        ordering = ["sheet", "number"]
        constraints = [
            models.UniqueConstraint(fields=["sheet", "number"], name="submission_once"),
            one_of("way", SignatureWay.values, name="submission_way_known"),
            only_when("way", SignatureWay.PAPER, Q(scan__isnull=False), name="submission_paper_with_scan"),
            only_when("way", SignatureWay.SCREEN, Q(scan__isnull=True), name="submission_screen_without_scan"),
            models.CheckConstraint(
                condition=Q(delegated_by="", delegation_ground="") | (~Q(delegated_by="") & ~Q(delegation_ground="")),
                name="submission_delegation_with_ground",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sheet} {self.number}"

    @property
    def is_on_paper(self) -> bool:
        return self.way == SignatureWay.PAPER


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
