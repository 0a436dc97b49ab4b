"""What answers rest on: pieces of evidence, and which answers each of them supports."""

from collections.abc import Collection
from typing import Any

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from assessments.models.answers import READ_CONFIDENTIAL, Answer, ConfidentialQuerySet
from assessments.models.sheets import AnswerSheet
from assessments.models.texts import USER, language_field
from foundation.constraints import all_or_none, one_of
from foundation.fields import public_id
from foundation.models import StoredFile
from projects.models import Places, Project
from toolkit.models import Institution, Question


def _withheld(sheet: str, question: str, institutions: Collection[str]) -> Exists:
    """That the question has another institution's confidential answer."""
    answers = Answer.objects.filter(sheet=OuterRef(sheet), question=OuterRef(question), is_confidential=True)
    return Exists(answers.exclude(institution__in=institutions))


def _is_open_to(institutions: Collection[str], way: str) -> Q:
    """Own, or neither confidential by its own tick nor by the tick of any answer that it supports.

    `way`: to the piece, from the row that is filtered; "" or ending in two underscores.
    """
    supports = EvidenceUse.objects.kept().filter(
        _withheld("piece__sheet", "question", institutions), piece=OuterRef(f"{way}pk")
    )
    is_own = Q(**{f"{way}institution__in": institutions})
    return is_own | Q(Q(**{f"{way}is_confidential": False}), ~Exists(supports))


class EvidenceQuerySet(ConfidentialQuerySet):
    def readable_by(self, user: Any, project: Project) -> "EvidenceQuerySet":
        places = project.places_of(user)
        return self if places.roles & READ_CONFIDENTIAL else self.filter(_is_open_to(places.institutions, ""))

    def kept(self) -> "EvidenceQuerySet":
        """Those that still support an answer."""
        return self.filter(Exists(EvidenceUse.objects.kept().filter(piece=OuterRef("pk"))))


class Evidence(models.Model):
    """A piece of evidence: a file or a link. What it supports are its uses; without one it is no longer shown."""

    public_id = public_id()
    sheet = models.ForeignKey(AnswerSheet, on_delete=models.CASCADE, related_name="evidence")
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    file_name = models.CharField(max_length=200, blank=True)  # as who added it called it: files are stored once
    url = models.URLField(max_length=500, blank=True)
    title = models.CharField(max_length=200)
    document_date = models.DateField(null=True, blank=True)
    language = language_field()  # of the document
    is_confidential = models.BooleanField(default=False)
    institution = models.CharField(max_length=10, choices=Institution.choices)  # of who added it
    added_at = models.DateTimeField(default=timezone.now)
    added_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")

    objects = EvidenceQuerySet.as_manager()

    class Meta:
        ordering = ["sheet", "added_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(file__isnull=False, url="") | (Q(file__isnull=True, file_name="") & ~Q(url="")),
                name="evidence_file_or_link",
            ),
            one_of("institution", Institution.values, name="evidence_institution_known"),
        ]

    def __str__(self) -> str:
        return self.title


class EvidenceUseQuerySet(models.QuerySet["EvidenceUse"]):
    def readable_by(self, user: Any, project: Project) -> "EvidenceUseQuerySet":
        return self.readable_from(project.places_of(user))

    def readable_from(self, places: Places) -> "EvidenceUseQuerySet":
        """Of readable pieces; but what a withheld answer rests on is withheld with it, save what one's own added."""
        if places.roles & READ_CONFIDENTIAL:
            return self
        is_shown = Q(institution__in=places.institutions) | ~_withheld("piece__sheet", "question", places.institutions)
        return self.filter(_is_open_to(places.institutions, "piece__"), is_shown)

    def kept(self) -> "EvidenceUseQuerySet":
        return self.filter(removed_at__isnull=True)


class EvidenceUse(models.Model):
    """That a piece supports the answer to a question, and where in it one has to look."""

    piece = models.ForeignKey(Evidence, on_delete=models.CASCADE, related_name="uses")
    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="+")
    pages = models.CharField(max_length=60, blank=True)  # as the person says it: "12-14", "annex 2"
    is_late = models.BooleanField(default=False)  # added after submission
    institution = models.CharField(max_length=10, choices=Institution.choices)  # of who added it
    added_at = models.DateTimeField(default=timezone.now)
    added_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    removed_at = models.DateTimeField(null=True, blank=True)  # kept, no longer shown
    removed_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")

    objects = EvidenceUseQuerySet.as_manager()

    class Meta:
        ordering = ["added_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["piece", "question"], condition=Q(removed_at__isnull=True), name="evidence_use_once"
            ),
            all_or_none("removed_at", "removed_by", name="evidence_use_removed_at_with_by"),
            one_of("institution", Institution.values, name="evidence_use_institution_known"),
        ]

    def __str__(self) -> str:
        return f"{self.piece} → {self.question}"
