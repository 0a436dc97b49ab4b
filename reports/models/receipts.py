"""The receipt: what was submitted, when, by whom and how, with the checksum of what was signed."""

from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone, translation
from django.utils.translation import pgettext

from assessments.models import Submission
from foundation.fields import public_id
from foundation.models import Job, StoredFile
from projects.models import Project
from projects.permissions import Permission, allows
from reports.models.deliverables import MadeByJob, country_slug

USER = settings.AUTH_USER_MODEL


class ReceiptQuerySet(models.QuerySet["Receipt"]):
    def visible_to(self, user: Any, project: Project) -> "ReceiptQuerySet":
        """Those of the project, for who may read its answers: a receipt says how many there are, and none of them."""
        if not allows(user, Permission.READ_ANSWERS, project):
            return self.none()
        return self.filter(submission__sheet__project=project)


class Receipt(MadeByJob, models.Model):
    """A submission's receipt in one language, made by a job from rows that never change again."""

    public_id = public_id()
    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="receipts")
    language = models.CharField(max_length=5, choices=settings.LANGUAGES)
    job = models.OneToOneField(Job, on_delete=models.PROTECT, related_name="receipt")
    file = models.OneToOneField(StoredFile, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    requested_at = models.DateTimeField(default=timezone.now)
    requested_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")

    objects = ReceiptQuerySet.as_manager()

    class Meta:
        ordering = ["submission", "language"]
        constraints = [models.UniqueConstraint(fields=["submission", "language"], name="receipt_once")]

    def __str__(self) -> str:
        return f"{self.submission} {self.language}"

    @property
    def file_name(self) -> str:
        """As a person finds it among their downloads: valmara-accuse-de-reception-2-fr.pdf."""
        with translation.override(self.language):
            word = pgettext("in a file name", "receipt")
        return f"{country_slug(self.submission.sheet.project)}-{word}-{self.submission.number}-{self.language}.pdf"
