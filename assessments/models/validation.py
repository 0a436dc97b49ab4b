"""The experts’ levels, and the country’s word on them."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from assessments.models.answers import Basis
from assessments.models.sheets import AnswerSheet
from assessments.models.texts import USER, language_field
from foundation.constraints import one_of, only_when
from toolkit.models import Question


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
