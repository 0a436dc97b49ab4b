"""Output: frozen snapshots and the deliverables made from them."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from foundation.constraints import all_or_none, one_of
from foundation.fields import public_id
from foundation.models import Job, JobState, StoredFile
from projects.models import Project
from projects.permissions import Permission, allows
from toolkit.models import FrameworkVersion

USER = settings.AUTH_USER_MODEL


class Deliverable(models.TextChoices):
    """The three deliverables (METHODOLOGY 4)."""

    CAPABILITY = "capability", _("Digital capability assessment")
    TOOLKIT = "toolkit", _("Transformation toolkit")
    STRATEGY = "strategy", _("Postal digital strategy assessment")


def languages_of(framework: FrameworkVersion) -> list[str]:
    """The languages in which documents can be made: of the interface, and with every text of the framework."""
    return [code for code, _name in settings.LANGUAGES if code in framework.languages]


def slots_of(framework: FrameworkVersion) -> list[str]:
    """Where an expert can write in a document, in the order of the page."""
    pillars = framework.pillars.order_by("position").values_list("code", flat=True)
    return ["message", "context", *(f"pillar:{code}" for code in pillars), "conclusion"]


class Stage(models.TextChoices):
    """How far a document in the making is; the code stands on its job."""

    GATHERED = "gathered", _("Reading what was frozen")
    RENDERING = "rendering", _("Laying out the pages")
    WRITING = "writing", _("Writing the file")


class Problem(models.TextChoices):
    """Why a document failed, each with what a person can do; the code stands on its job."""

    ATTEMPTS_USED = (
        "attempts_used",
        _("It was tried three times without success. Ask again; if it fails again, tell the administrator."),
    )
    LANGUAGE_MISSING = (
        "language_missing",
        _("The framework of this project has no texts in this language. Ask for the document in another one."),
    )
    SNAPSHOT_UNREADABLE = (
        "snapshot_unreadable",
        _("The state it was to be made from cannot be read by this version of the tool. Ask for a new document."),
    )
    TOO_LONG = "too_long", _("It took too long to lay out. Shorten the longest texts, then ask for a new document.")
    NO_SPACE = "no_space", _("There was no room to store the file. Tell the administrator, then ask again.")
    STORE_CLOSED = (
        "store_closed",
        _("The place where files are kept cannot be written. Tell the administrator, then ask again."),
    )
    GONE = "gone", _("The project was deleted while the document was made.")
    ASSETS_MISSING = (
        "assets_missing",
        _("A file that every document needs is missing from the installation. Tell the administrator, then ask again."),
    )


class MadeByJob:
    """What is said of a file that a job makes: how far it is, or why it failed."""

    job: Any

    @property
    def stage_words(self) -> str:
        stage = self.job.stage
        return str(Stage(stage).label) if stage in Stage.values else gettext("Waiting for its turn")

    @property
    def problem_words(self) -> str:
        """Why it failed, and what to do."""
        problem = self.job.problem
        return str(Problem(problem if problem in Problem.values else Problem.ATTEMPTS_USED).label)


def country_slug(project: Project) -> str:
    """The country in a file's name."""
    return slugify(project.country.code).removeprefix("demo-") or "country"


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
    def in_the_making(self) -> "ReportQuerySet":
        return self.filter(job__state__in=[JobState.QUEUED, JobState.RUNNING])

    def visible_to(self, user: object, project: Project) -> "ReportQuerySet":
        """Drafts for those who read findings; the country and observers see only what was released to them."""
        if allows(user, Permission.READ_FINDINGS, project):  # type: ignore[arg-type]
            return self.filter(project=project)
        if allows(user, Permission.READ_RELEASED, project) and project.is_released:  # type: ignore[arg-type]
            return self.filter(project=project, released_at__isnull=False)
        return self.none()


class Report(MadeByJob, models.Model):
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

    @property
    def file_name(self) -> str:
        """As a person finds it among their downloads: valmara-capability-fr-v2.pdf."""
        return f"{country_slug(self.project)}-{self.kind}-{self.language}-v{self.version}.pdf"
