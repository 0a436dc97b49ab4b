"""The questionnaire outside the tool: copies on paper, for Word and as a spreadsheet, and spreadsheets brought back."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone, translation
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from assessments.models import AnswerSheet
from foundation.constraints import all_or_none, one_of, only_when
from foundation.fields import public_id
from foundation.models import Job, JobState, StoredFile
from projects.models import Project
from projects.permissions import Permission, allows
from reports.models.deliverables import MadeByJob, country_slug
from toolkit.models import Section

USER = settings.AUTH_USER_MODEL
KEPT_FOR = timedelta(days=7)


class CopyFormat(models.TextChoices):
    PDF = "pdf", _("PDF, to print")
    DOCX = "docx", _("Word")
    XLSX = "xlsx", _("Spreadsheet")


OFFICE = "application/vnd.openxmlformats-officedocument."
CONTENT_TYPES = {
    CopyFormat.PDF: "application/pdf",
    CopyFormat.DOCX: f"{OFFICE}wordprocessingml.document",
    CopyFormat.XLSX: f"{OFFICE}spreadsheetml.sheet",
}


class CopyQuerySet(models.QuerySet["Copy"]):
    def visible_to(self, user: Any, project: Project) -> "CopyQuerySet":
        """Each person's own: a copy holds what its requester may read, confidential answers included."""
        if not allows(user, Permission.READ_ANSWERS, project):
            return self.none()
        return self.filter(sheet__project=project, requested_by=user)

    def in_the_making(self) -> "CopyQuerySet":
        return self.filter(job__state__in=[JobState.QUEUED, JobState.RUNNING])

    def expired(self) -> "CopyQuerySet":
        return self.filter(requested_at__lt=timezone.now() - KEPT_FOR)


class Copy(MadeByJob, models.Model):
    """The questionnaire, whole or a section, blank or with the answers, as one file for one person; made by a job."""

    public_id = public_id()
    sheet = models.ForeignKey(AnswerSheet, on_delete=models.CASCADE, related_name="copies")
    format = models.CharField(max_length=4, choices=CopyFormat.choices)
    section = models.ForeignKey(Section, on_delete=models.PROTECT, null=True, blank=True, related_name="+")  # None: all
    is_filled = models.BooleanField()  # with the answers as they stand, so far as the requester may read them
    language = models.CharField(max_length=5, choices=settings.LANGUAGES)
    job = models.OneToOneField(Job, on_delete=models.PROTECT, related_name="copy")
    file = models.OneToOneField(StoredFile, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    pages = models.PositiveSmallIntegerField(null=True, blank=True)  # of a PDF
    taken_at = models.DateTimeField(null=True, blank=True)  # when its answers were read; it says so
    requested_at = models.DateTimeField(default=timezone.now)
    requested_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")

    objects = CopyQuerySet.as_manager()

    class Meta:
        ordering = ["-requested_at", "-pk"]
        constraints = [
            one_of("format", CopyFormat.values, name="copy_format_known"),
            only_when("format", CopyFormat.XLSX.value, Q(is_filled=True), name="copy_spreadsheet_is_filled"),
            all_or_none("file", "taken_at", name="copy_file_with_taken_at"),
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def file_name(self) -> str:
        """As a person finds it among their downloads: valmara-questionnaire-p1-1-vierge-fr-2026-11-28.pdf."""
        with translation.override(self.language):
            words = ["" if self.is_filled else pgettext("in a file name", "blank")]
        section = [self.section.code.replace(".", "-")] if self.section else []
        parts = [self.sheet.instrument.code, *section, *words, self.language, self.requested_at.date().isoformat()]
        return f"{country_slug(self.sheet.project)}-{slugify('-'.join(filter(None, parts)))}.{self.format}"

    @property
    def expires_at(self) -> datetime:
        return self.requested_at + KEPT_FOR


class ImportQuerySet(models.QuerySet["Import"]):
    def visible_to(self, user: Any, project: Project) -> "ImportQuerySet":
        """Each person's own: it holds what they typed, confidential answers included."""
        if not allows(user, Permission.ANSWER, project):
            return self.none()
        return self.filter(sheet__project=project, read_by=user)

    def expired(self) -> "ImportQuerySet":
        return self.filter(read_at__lt=timezone.now() - KEPT_FOR)


class Import(models.Model):
    """A spreadsheet that was brought back and read: what it says on each question. Nothing of it is saved by itself.

    `rows`: {"question": code, "cell": where, "base": revision it was typed over} and either "content", the fields of
    an answer, or "problem", the sentence that says why it cannot be one.
    """

    public_id = public_id()
    sheet = models.ForeignKey(AnswerSheet, on_delete=models.CASCADE, related_name="imports")
    name = models.CharField(max_length=200)  # of the file
    sha256 = models.CharField(max_length=64)  # of the file
    language = models.CharField(max_length=5, choices=settings.LANGUAGES)  # in which it was written
    rows = models.JSONField()
    read_at = models.DateTimeField(default=timezone.now)
    read_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")

    objects = ImportQuerySet.as_manager()

    class Meta:
        ordering = ["-read_at", "-pk"]

    def __str__(self) -> str:
        return self.name
