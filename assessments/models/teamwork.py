"""How a national team shares the questionnaire: who answers which section, until when."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone

from assessments.models.sheets import AnswerSheet, SheetSection
from assessments.models.texts import USER, language_field
from foundation.constraints import one_of
from projects.models import Membership
from toolkit.models import Institution

NATIONAL_INSTITUTIONS: list[Institution] = [
    Institution.POST,
    Institution.REGULATOR,
    Institution.MINISTRY,
    Institution.OTHER,
]


class SectionAssignment(models.Model):
    """Which institution answers a section, by whom of the team, and until when."""

    sheet_section = models.OneToOneField(SheetSection, on_delete=models.CASCADE, related_name="assignment")
    institution = models.CharField(max_length=10, choices=Institution.choices)
    member = models.ForeignKey(Membership, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    due_on = models.DateField(null=True, blank=True)
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["sheet_section"]
        constraints = [one_of("institution", [*NATIONAL_INSTITUTIONS], name="section_assignment_institution_national")]

    def __str__(self) -> str:
        return f"{self.sheet_section}: {self.institution}"

    @property
    def person(self) -> Any:
        """The person named, as long as their access lasts; None: whoever of the institution."""
        return self.member.user if self.member and self.member.is_current else None

    @property
    def is_late(self) -> bool:
        return self.due_on is not None and self.due_on < timezone.localdate()


class SheetVisit(models.Model):
    """Until when a person says that they have seen what others saved; nothing but their own word writes it."""

    sheet = models.ForeignKey(AnswerSheet, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(USER, on_delete=models.CASCADE, related_name="+")
    seen_at = models.DateTimeField()

    class Meta:
        ordering = ["sheet", "user"]
        constraints = [models.UniqueConstraint(fields=["sheet", "user"], name="sheet_visit_once")]

    def __str__(self) -> str:
        return f"{self.sheet} {self.user}"


class SectionSignature(models.Model):
    """An institution's signature of one of its sections: what its answers said then, by checksum. Append-only."""

    sheet_section = models.ForeignKey(SheetSection, on_delete=models.CASCADE, related_name="signatures")
    institution = models.CharField(max_length=10, choices=Institution.choices)
    sha256 = models.CharField(max_length=64)
    name = models.CharField(max_length=150)
    function = models.CharField(max_length=150)
    statement = models.TextField()
    language = language_field()
    signed_at = models.DateTimeField(default=timezone.now)
    signed_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["sheet_section", "pk"]
        constraints = [
            one_of("institution", [*NATIONAL_INSTITUTIONS], name="section_signature_institution_national"),
            models.CheckConstraint(condition=~Q(name="") & ~Q(function=""), name="section_signature_by_name"),
        ]

    def __str__(self) -> str:
        return f"{self.sheet_section}: {self.institution}"
