"""What the experts saw and recommend."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from assessments.models.texts import USER, language_field
from foundation.constraints import all_or_none, one_of
from foundation.fields import public_id
from projects.models import Project
from toolkit.models import Guidance, Horizon, Institution, Lever, Question, Tool


class ObservationKind(models.TextChoices):
    STRENGTH = "strength", _("Strength")
    GAP = "gap", _("Gap")
    RISK = "risk", _("Risk")


class Observation(models.Model):
    """What the experts saw: a strength, a gap or a risk, on a question or a lever."""

    public_id = public_id()
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="observations")
    kind = models.CharField(max_length=10, choices=ObservationKind.choices)
    lever = models.ForeignKey(Lever, on_delete=models.PROTECT, related_name="+")
    question = models.ForeignKey(Question, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    text = models.TextField()
    language = language_field()
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["project", "lever__pillar__position", "lever__position", "pk"]
        constraints = [
            one_of("kind", ObservationKind.values, name="observation_kind_known"),
            models.CheckConstraint(condition=~Q(text=""), name="observation_has_text"),
        ]

    def __str__(self) -> str:
        return self.text[:60]


class Priority(models.TextChoices):
    HIGH = "high", _("High")
    MEDIUM = "medium", _("Medium")
    LOW = "low", _("Low")


class Activity(models.TextChoices):
    """The six kinds of activity in scope (METHODOLOGY 1), tags of recommendations."""

    TRANSFORMATION = "transformation", _("Digital transformation of postal services")
    DIGITAL_SERVICES = "digital_services", _("Offering digital postal services")
    NATIONAL_ECONOMY = "national_economy", _("Speeding up the national digital economy")
    WITH_OTHERS = "with_others", _("Offering services with other institutions")
    IMPROVEMENT = "improvement", _("Improving existing services")
    FRAMEWORKS = "frameworks", _("Frameworks, methodologies and knowledge sharing")


class RecommendationQuerySet(models.QuerySet["Recommendation"]):
    def kept(self) -> "RecommendationQuerySet":
        return self.filter(removed_at__isnull=True)


class Recommendation(models.Model):
    """What the experts recommend, adopted from the guidance, edited, or new (5.11)."""

    public_id = public_id()
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="recommendations")
    number = models.PositiveSmallIntegerField()  # R1, R2 …, never used again
    lever = models.ForeignKey(Lever, on_delete=models.PROTECT, related_name="+")
    guidance = models.ForeignKey(Guidance, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    text = models.TextField()
    language = language_field()
    priority = models.CharField(max_length=10, choices=Priority.choices)
    horizon = models.CharField(max_length=10, choices=Horizon.choices)
    owner = models.CharField(max_length=10, choices=Institution.choices)
    owner_detail = models.CharField(max_length=150, blank=True)  # the department or person, in the writer's words
    resources = models.CharField(max_length=300, blank=True)
    tags = models.JSONField(default=list, blank=True)  # of Activity
    tool = models.ForeignKey(Tool, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    needs = models.ManyToManyField("self", symmetrical=False, blank=True, related_name="needed_by")  # prerequisites
    saved_at = models.DateTimeField(default=timezone.now)
    saved_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    removed_at = models.DateTimeField(null=True, blank=True)
    removed_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")

    objects = RecommendationQuerySet.as_manager()

    class Meta:
        ordering = ["project", "number"]
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="recommendation_number_once"),
            one_of("priority", Priority.values, name="recommendation_priority_known"),
            one_of("horizon", Horizon.values, name="recommendation_horizon_known"),
            one_of("owner", Institution.values, name="recommendation_owner_known"),
            models.CheckConstraint(condition=~Q(text=""), name="recommendation_has_text"),
            all_or_none("removed_at", "removed_by", name="recommendation_removed_at_with_by"),
        ]

    def __str__(self) -> str:
        return f"R{self.number}"
