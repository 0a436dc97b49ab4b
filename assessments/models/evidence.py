"""What answers rest on."""

from typing import Any

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from assessments.models.answers import READ_CONFIDENTIAL, Answer, ConfidentialQuerySet
from assessments.models.sheets import AnswerSheet
from assessments.models.texts import USER
from foundation.constraints import all_or_none
from foundation.fields import public_id
from foundation.models import StoredFile
from projects.models import Project
from toolkit.models import Institution, Question


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
