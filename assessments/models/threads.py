"""What is said about a question, to a declared audience; and the mark that asks to look at it again."""

from collections.abc import Sequence
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from assessments.models.sheets import AnswerSheet
from assessments.models.texts import USER, language_field
from foundation.constraints import all_or_none, one_of
from foundation.fields import public_id
from projects.models import MoveNotAllowed, Project
from projects.permissions import Permission, allows
from toolkit.models import Audience, Question


class ThreadAudience(models.TextChoices):
    """Who reads a thread; it never changes."""

    TEAM = "team", _("The national team")
    SHARED = "shared", _("The national team, the experts and the International Bureau")
    EXPERTS = "experts", _("The experts and the International Bureau only")


DISCUSSES = {
    ThreadAudience.TEAM: Permission.DISCUSS_IN_TEAM,
    ThreadAudience.SHARED: Permission.DISCUSS_TOGETHER,
    ThreadAudience.EXPERTS: Permission.DISCUSS_AS_EXPERTS,
}


def audiences_of(user: Any, sheet: AnswerSheet) -> list[ThreadAudience]:
    """The audiences to which the person belongs; of the experts' own checklist nothing is said to the country."""
    found = [audience for audience, permission in DISCUSSES.items() if allows(user, permission, sheet.project)]
    if sheet.instrument.audience == Audience.EXPERTS:
        return [audience for audience in found if audience == ThreadAudience.EXPERTS]
    return found


class ThreadQuerySet(models.QuerySet["Thread"]):
    def readable_by(self, user: Any, sheet: AnswerSheet) -> "ThreadQuerySet":
        """The threads of the sheet that are said to the person's audiences; every look-up starts here."""
        return self.of_audiences(sheet, audiences_of(user, sheet))

    def of_audiences(self, sheet: Any, audiences: Sequence[ThreadAudience]) -> "ThreadQuerySet":
        return self.filter(sheet=sheet, audience__in=audiences)

    def open(self) -> "ThreadQuerySet":
        return self.filter(resolved_at__isnull=True)


class Thread(models.Model):
    """A discussion of a question, with one audience from its first word to its last."""

    public_id = public_id()
    sheet = models.ForeignKey(AnswerSheet, on_delete=models.CASCADE, related_name="threads")
    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="+")
    audience = models.CharField(max_length=10, choices=ThreadAudience.choices)
    opened_at = models.DateTimeField(default=timezone.now)
    opened_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    assigned_to = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    assigned_at = models.DateTimeField(null=True, blank=True)
    assigned_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    objects = ThreadQuerySet.as_manager()

    class Meta:
        ordering = ["sheet", "question", "pk"]
        constraints = [
            one_of("audience", ThreadAudience.values, name="thread_audience_known"),
            all_or_none("assigned_to", "assigned_at", "assigned_by", name="thread_assigned_to_at_by"),
            all_or_none("resolved_at", "resolved_by", name="thread_resolved_at_with_by"),
        ]

    def __str__(self) -> str:
        return f"{self.sheet} {self.question} {self.audience}"

    @property
    def is_open(self) -> bool:
        return self.resolved_at is None

    @property
    def project(self) -> Project:
        return self.sheet.project

    def assign(self, to: Any, *, by: Any) -> None:
        """`to` None: nobody in particular. Of an open thread only."""
        given = {"assigned_to": to, "assigned_at": timezone.now(), "assigned_by": by}
        self._move(Q(resolved_at__isnull=True), **(given if to else dict.fromkeys(given)))

    def resolve(self, *, by: Any) -> None:
        self._move(Q(resolved_at__isnull=True), resolved_at=timezone.now(), resolved_by=by)

    def reopen(self) -> None:
        self._move(Q(resolved_at__isnull=False), resolved_at=None, resolved_by=None)

    def _move(self, stands: Q, **changes: Any) -> None:
        """One guarded UPDATE; the loser of two clicks is told."""
        if not Thread.objects.filter(stands, pk=self.pk).update(**changes):
            raise MoveNotAllowed(_("Someone changed this discussion meanwhile. Look at it again."))
        self.refresh_from_db()


class Comment(models.Model):
    """Append-only: what one person said in a thread, and by which names others were told of it."""

    thread = models.ForeignKey(Thread, on_delete=models.CASCADE, related_name="comments")
    text = models.TextField()
    language = language_field()
    told = models.JSONField(default=list, blank=True)  # names of those who were written to
    written_at = models.DateTimeField(default=timezone.now)
    written_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["thread", "pk"]
        constraints = [models.CheckConstraint(condition=~Q(text=""), name="comment_has_text")]

    def __str__(self) -> str:
        return f"{self.thread} {self.written_by}"


class ReviewMark(models.Model):
    """Someone of the national team asks the team to look at a question again."""

    sheet = models.ForeignKey(AnswerSheet, on_delete=models.CASCADE, related_name="marks")
    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="+")
    marked_at = models.DateTimeField(default=timezone.now)
    marked_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["sheet", "question"]
        constraints = [models.UniqueConstraint(fields=["sheet", "question"], name="review_mark_once")]

    def __str__(self) -> str:
        return f"{self.sheet} {self.question}"
