"""The strategy that the experts review, and what reports list as consulted."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from assessments.models.texts import USER, language_field
from foundation.constraints import one_of
from foundation.fields import public_id
from projects.models import Project


class StrategyConclusion(models.TextChoices):
    MAINTAIN = "maintain", _("Maintain the strategy")
    REVISE = "revise", _("Revise the strategy")
    DRAW_UP = "draw_up", _("Draw up a strategy")


class StrategyReview(models.Model):
    """The strategy text that the experts reviewed, or that there is none; their conclusion and outline (step 4)."""

    project = models.OneToOneField(Project, on_delete=models.CASCADE, related_name="strategy_review")
    has_text = models.BooleanField(null=True, blank=True)  # None: not yet said
    title = models.CharField(max_length=250, blank=True)
    dated_on = models.DateField(null=True, blank=True)
    status = models.CharField(max_length=150, blank=True)  # approved by whom, draft, expired, in the expert's words
    conclusion = models.CharField(max_length=10, choices=StrategyConclusion.choices, blank=True)
    findings = models.TextField(blank=True)
    outline = models.TextField(blank=True)  # one heading a line
    language = language_field()
    saved_at = models.DateTimeField(default=timezone.now)
    saved_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            one_of("conclusion", ["", *StrategyConclusion.values], name="strategy_review_conclusion_known"),
            models.CheckConstraint(condition=~Q(has_text=True) | ~Q(title=""), name="strategy_review_text_has_title"),
        ]

    def __str__(self) -> str:
        return self.title or str(self.project)


class StrategyAim(models.Model):
    """A row of the matrix national aim ↔ postal aim ↔ gap."""

    public_id = public_id()
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="strategy_aims")
    national_aim = models.TextField()
    postal_aim = models.TextField(blank=True)  # "": the postal strategy says nothing of it
    gap = models.TextField(blank=True)
    language = language_field()
    saved_at = models.DateTimeField(default=timezone.now)
    saved_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["project", "pk"]
        constraints = [models.CheckConstraint(condition=~Q(national_aim=""), name="strategy_aim_has_national_aim")]

    def __str__(self) -> str:
        return self.national_aim[:60]


class Source(models.Model):
    """A person met or a document consulted, as the reports list them."""

    class Kind(models.TextChoices):
        PERSON = "person", _("Person met")
        DOCUMENT = "document", _("Document consulted")

    public_id = public_id()
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="sources")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    title = models.CharField(max_length=250)  # the person's name and function, or the document's title
    detail = models.CharField(max_length=250, blank=True)  # institution, date, address
    dated_on = models.DateField(null=True, blank=True)
    language = language_field()
    saved_at = models.DateTimeField(default=timezone.now)
    saved_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["project", "kind", "pk"]
        constraints = [one_of("kind", ["person", "document"], name="source_kind_known")]

    def __str__(self) -> str:
        return self.title
