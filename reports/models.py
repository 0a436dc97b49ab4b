"""Output: frozen snapshots and the deliverables made from them (DESIGN, Output and Jobs)."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from foundation.constraints import all_or_none, one_of
from foundation.fields import public_id
from foundation.models import Job, StoredFile
from projects.models import Project
from projects.permissions import Permission, allows

USER = settings.AUTH_USER_MODEL


class Deliverable(models.TextChoices):
    """The three deliverables (METHODOLOGY 4)."""

    CAPABILITY = "capability", _("Digital capability assessment")
    TOOLKIT = "toolkit", _("Transformation toolkit")
    STRATEGY = "strategy", _("Postal digital strategy assessment")


class EditorialText(models.Model):
    """What an expert wrote for a deliverable in the browser: message, context, introductions, conclusion."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="editorial_texts")
    kind = models.CharField(max_length=12, choices=Deliverable.choices)
    slot = models.CharField(max_length=70)  # message, context, conclusion, or pillar:CODE
    text = models.TextField(blank=True)
    language = models.CharField(max_length=5)
    saved_at = models.DateTimeField(default=timezone.now)
    saved_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["project", "kind", "slot", "language"]
        constraints = [
            models.UniqueConstraint(fields=["project", "kind", "slot", "language"], name="editorial_text_once"),
            one_of("kind", Deliverable.values, name="editorial_text_kind_known"),
        ]

    def __str__(self) -> str:
        return f"{self.project} {self.kind} {self.slot}"


class Snapshot(models.Model):
    """Canonical JSON of everything a document may say, and its SHA-256. Never served."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="snapshots")
    content = models.TextField()  # canonical JSON: sorted keys, no spaces, UTF-8
    sha256 = models.CharField(max_length=64)
    taken_at = models.DateTimeField(default=timezone.now)
    taken_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["project", "taken_at"]

    def __str__(self) -> str:
        return self.sha256[:12]


class ReportQuerySet(models.QuerySet["Report"]):
    def visible_to(self, user: object, project: Project) -> "ReportQuerySet":
        """Drafts for those who read findings; the country and observers see only what was released to them."""
        if allows(user, Permission.READ_FINDINGS, project):  # type: ignore[arg-type]
            return self.filter(project=project)
        if allows(user, Permission.READ_RELEASED, project) and project.is_released:  # type: ignore[arg-type]
            return self.filter(project=project, released_at__isnull=False)
        return self.none()


class Report(models.Model):
    """One PDF: a kind, a language, a version, made from a snapshot by a job."""

    public_id = public_id()
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="reports")
    kind = models.CharField(max_length=12, choices=Deliverable.choices)
    language = models.CharField(max_length=5, choices=settings.LANGUAGES)
    version = models.PositiveSmallIntegerField()  # counted by project, kind and language
    snapshot = models.ForeignKey(Snapshot, on_delete=models.PROTECT, related_name="reports")
    job = models.OneToOneField(Job, on_delete=models.PROTECT, related_name="report")
    file = models.OneToOneField(StoredFile, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    pages = models.PositiveSmallIntegerField(null=True, blank=True)
    requested_at = models.DateTimeField(default=timezone.now)
    requested_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    released_at = models.DateTimeField(null=True, blank=True)  # empty: a draft, marked so on every page
    released_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")

    objects = ReportQuerySet.as_manager()

    class Meta:
        ordering = ["project", "kind", "language", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["project", "kind", "language", "version"], name="report_version_once"),
            one_of("kind", Deliverable.values, name="report_kind_known"),
            all_or_none("released_at", "released_by", name="report_released_at_with_by"),
            models.CheckConstraint(condition=Q(version__gte=1), name="report_version_from_1"),
        ]

    def __str__(self) -> str:
        return f"{self.project} {self.kind} {self.language} {self.version}"

    @property
    def is_draft(self) -> bool:
        return self.released_at is None
