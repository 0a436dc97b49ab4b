"""Answers beside the one that counts: proposed to the country, or held by another of its institutions."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from assessments.models.answers import AnswerStatus, AnswerValue, Basis, ConfidentialQuerySet
from assessments.models.sheets import AnswerSheet, Submission
from assessments.models.texts import USER
from foundation.constraints import all_or_none, one_of
from foundation.fields import public_id
from toolkit.models import Institution, Question


class OtherKind(models.TextChoices):
    PROPOSED = "proposed", _("Proposed answer")
    DIFFERING = "differing", _("Differing view")


class OtherAnswerQuerySet(ConfidentialQuerySet):
    def standing(self) -> "OtherAnswerQuerySet":
        return self.filter(withdrawn_at__isnull=True)

    def proposed(self) -> "OtherAnswerQuerySet":
        return self.filter(kind=OtherKind.PROPOSED)

    def differing(self) -> "OtherAnswerQuerySet":
        return self.filter(kind=OtherKind.DIFFERING)


class OtherAnswer(AnswerValue):
    """What the IB (or the previous round) proposes, until the country confirms it; or what another institution holds.

    Neither is the answer nor counts as one. What is said anew replaces the row, which is then withdrawn and kept.
    """

    public_id = public_id()
    sheet = models.ForeignKey(AnswerSheet, on_delete=models.CASCADE, related_name="others")
    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=OtherKind.choices)
    grounds = models.TextField(blank=True)  # the source of a proposal; why the institution sees it differently
    year = models.PositiveSmallIntegerField(null=True, blank=True)  # of which the proposal speaks
    submission = models.ForeignKey(  # of the previous round, from which it was taken over
        Submission, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    saved_at = models.DateTimeField(default=timezone.now)
    saved_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    objects = OtherAnswerQuerySet.as_manager()

    class Meta:
        ordering = ["sheet", "question", "pk"]
        constraints = [
            one_of("kind", OtherKind.values, name="other_answer_kind_known"),
            one_of("institution", Institution.values, name="other_answer_institution_known"),
            one_of("basis", ["", *Basis.values], name="other_answer_basis_known"),
            models.CheckConstraint(
                condition=~Q(grounds="") | Q(submission__isnull=False), name="other_answer_has_grounds"
            ),
            models.CheckConstraint(
                condition=Q(kind="proposed") | Q(year__isnull=True, submission__isnull=True),
                name="other_answer_year_of_proposal",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["answered", "not_applicable"])
                | Q(kind="differing", status=AnswerStatus.DONT_KNOW),
                name="other_answer_says_something",
            ),
            all_or_none("withdrawn_at", "withdrawn_by", name="other_answer_withdrawn_at_with_by"),
            models.UniqueConstraint(
                fields=["sheet", "question"],
                condition=Q(kind="proposed", withdrawn_at__isnull=True),
                name="proposal_once",
            ),
            models.UniqueConstraint(
                fields=["sheet", "question", "institution"],
                condition=Q(kind="differing", withdrawn_at__isnull=True),
                name="differing_view_once",
            ),
        ]

    @property
    def confirmed_content(self) -> dict[str, Any]:
        """What the country says when it takes the proposal for its answer."""
        return {**self.content(), "is_confidential": self.is_confidential or self.question.is_confidential}

    def __str__(self) -> str:
        return f"{self.sheet} {self.question}: {self.kind}"
