"""The instrument: one version of a framework, frozen once published (METHODOLOGY 2 to 7; docs/framework.md)."""

from fractions import Fraction
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from foundation.constraints import one_of
from foundation.fields import TextsField, public_id


class Certainty(models.TextChoices):
    CERTAIN = "certain", _("As published")
    PROBABLE = "probable", _("Probable wording")
    GUESS = "guess", _("Reconstructed wording")


class Aggregation(models.TextChoices):
    MEAN = "mean", _("Mean")
    WEIGHTED_MEAN = "weighted_mean", _("Weighted mean")
    WEAKEST_LINK = "weakest_link", _("Weakest link")
    NONE = "none", _("No level")


class SupportKind(models.TextChoices):
    ON_REQUEST = "on_request", _("On request")
    ON_REQUEST_SUBJECT_TO_FUNDS = "on_request_subject_to_funds", _("On request, subject to available funds")
    OPEN = "open", _("Open to every country")


class Phase(models.TextChoices):
    PREPARATORY = "preparatory", _("Preparatory phase")
    ON_SITE = "on_site", _("On-site process review")
    FOLLOW_UP = "follow_up", _("Follow-up")


class Audience(models.TextChoices):
    NATIONAL = "national", _("National team")
    EXPERTS = "experts", _("Experts")


class Institution(models.TextChoices):
    POST = "post", _("Post")
    REGULATOR = "regulator", _("Regulator")
    MINISTRY = "ministry", _("Ministry")
    IB = "ib", _("International Bureau")
    OTHER = "other", _("Other institution")


class Horizon(models.TextChoices):
    SHORT = "short", _("Up to 6 months")
    MEDIUM = "medium", _("6 to 18 months")
    LONG = "long", _("Over 18 months")


class Kind(models.TextChoices):
    CRITERION = "criterion", _("Criterion")
    RATING = "rating", _("Rating")
    CHOICE = "choice", _("Single choice")
    CHOICES = "choices", _("Several choices")
    YES_PARTLY_NO = "yes_partly_no", _("Yes, partly, no")
    NUMBER = "number", _("Number")
    PERCENTAGE = "percentage", _("Percentage")
    MONEY = "money", _("Amount of money")
    DATE = "date", _("Date")
    TEXT = "text", _("Text")
    LINK = "link", _("Link")
    TABLE = "table", _("Table")


SCORED = {Kind.CRITERION, Kind.RATING}


class FrameworkStatus(models.TextChoices):
    DRAFT = "draft", _("Draft")
    PUBLISHED = "published", _("Published")
    RETIRED = "retired", _("Retired")


class Node(models.Model):
    """Something whose level is made of parts: the rule, and the least share of scored parts for a level (5.5, 5.10)."""

    aggregation = models.CharField(max_length=20, choices=Aggregation.choices)
    minimum_share = models.CharField(max_length=10)  # a fraction as text: "0", "2/3", "1"

    class Meta:
        abstract = True

    @property
    def minimum_fraction(self) -> Fraction:
        return Fraction(self.minimum_share)


class FrameworkVersion(Node):
    """A published framework, with the rule of its overall level."""

    public_id = public_id()
    code = models.CharField(max_length=60)
    version = models.CharField(max_length=20)
    languages = models.JSONField()  # the first is the source language
    name = TextsField()
    notice = TextsField()
    digest = models.CharField(max_length=64)  # SHA-256 of the canonical file
    status = models.CharField(max_length=10, choices=FrameworkStatus.choices, default=FrameworkStatus.PUBLISHED)

    class Meta:
        ordering = ["code", "version"]
        constraints = [
            models.UniqueConstraint(fields=["code", "version"], name="framework_version_once"),
            one_of("status", FrameworkStatus.values, name="framework_status_known"),
        ]

    def __str__(self) -> str:
        return f"{self.code.upper()} {self.version}"


class Part(models.Model):
    """What stands in a framework under a code, in an order."""

    code = models.CharField(max_length=60)
    position = models.PositiveSmallIntegerField()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.code


class Level(models.Model):
    framework = models.ForeignKey(FrameworkVersion, on_delete=models.CASCADE, related_name="levels")
    number = models.PositiveSmallIntegerField()
    name = TextsField()
    text = TextsField()
    colour = models.CharField(max_length=7)
    ink = models.CharField(max_length=7)

    class Meta:
        ordering = ["framework", "number"]
        constraints = [models.UniqueConstraint(fields=["framework", "number"], name="level_once")]

    def __str__(self) -> str:
        return str(self.number)


class Requirement(Part):
    """A minimum requirement: a gate (yes, partly, no), never scored (5.9)."""

    framework = models.ForeignKey(FrameworkVersion, on_delete=models.CASCADE, related_name="requirements")
    name = TextsField()
    text = TextsField()
    certainty = models.CharField(max_length=10, choices=Certainty.choices)

    class Meta:
        ordering = ["framework", "position"]
        constraints = [models.UniqueConstraint(fields=["framework", "code"], name="requirement_once")]


class MethodStep(models.Model):
    framework = models.ForeignKey(FrameworkVersion, on_delete=models.CASCADE, related_name="steps")
    number = models.PositiveSmallIntegerField()
    phase = models.CharField(max_length=20, choices=Phase.choices)
    name = TextsField()
    text = TextsField()
    owner = TextsField()
    output = TextsField()
    certainty = models.CharField(max_length=10, choices=Certainty.choices)

    class Meta:
        ordering = ["framework", "number"]
        constraints = [
            models.UniqueConstraint(fields=["framework", "number"], name="method_step_once"),
            one_of("phase", Phase.values, name="method_step_phase_known"),
        ]

    def __str__(self) -> str:
        return str(self.number)


class Pillar(Node, Part):
    framework = models.ForeignKey(FrameworkVersion, on_delete=models.CASCADE, related_name="pillars")
    name = TextsField()
    note = TextsField()
    certainty = models.CharField(max_length=10, choices=Certainty.choices)

    class Meta:
        ordering = ["framework", "position"]
        constraints = [models.UniqueConstraint(fields=["framework", "code"], name="pillar_once")]


class Lever(Node, Part):
    pillar = models.ForeignKey(Pillar, on_delete=models.CASCADE, related_name="levers")
    name = TextsField()
    short = TextsField()
    certainty = models.CharField(max_length=10, choices=Certainty.choices)
    weight = models.DecimalField(max_digits=6, decimal_places=3)
    support_kind = models.CharField(max_length=30, choices=SupportKind.choices, blank=True)
    support_text = TextsField()
    support_certainty = models.CharField(max_length=10, choices=Certainty.choices, blank=True)

    class Meta:
        ordering = ["pillar", "position"]
        constraints = [
            models.UniqueConstraint(fields=["pillar", "code"], name="lever_once"),
            models.CheckConstraint(condition=Q(weight__gt=0), name="lever_weight_above_0"),
        ]


class Tool(Part):
    lever = models.ForeignKey(Lever, on_delete=models.CASCADE, related_name="tools")
    name = TextsField()
    certainty = models.CharField(max_length=10, choices=Certainty.choices)

    class Meta:
        ordering = ["lever", "position"]
        constraints = [models.UniqueConstraint(fields=["lever", "code"], name="tool_once")]


class Guidance(models.Model):
    """What to do to get from a level to the next, suggested to experts as a recommendation."""

    lever = models.ForeignKey(Lever, on_delete=models.CASCADE, related_name="guidance")
    from_level = models.PositiveSmallIntegerField()
    text = TextsField()
    tool = models.ForeignKey(Tool, on_delete=models.CASCADE, null=True, blank=True)
    who = models.CharField(max_length=10, choices=Institution.choices)
    horizon = models.CharField(max_length=10, choices=Horizon.choices)

    class Meta:
        ordering = ["lever", "from_level"]
        constraints = [models.UniqueConstraint(fields=["lever", "from_level"], name="guidance_once")]

    def __str__(self) -> str:
        return f"{self.lever} {self.from_level}→{self.from_level + 1}"


class Instrument(Node, Part):
    framework = models.ForeignKey(FrameworkVersion, on_delete=models.CASCADE, related_name="instruments")
    audience = models.CharField(max_length=10, choices=Audience.choices)
    name = TextsField()
    lever = models.ForeignKey(Lever, on_delete=models.CASCADE, null=True, blank=True)  # the one it looks into (7)

    class Meta:
        ordering = ["framework", "position"]
        constraints = [
            models.UniqueConstraint(fields=["framework", "code"], name="instrument_once"),
            models.UniqueConstraint(fields=["framework", "audience"], name="instrument_once_for_audience"),
        ]


class Section(Node, Part):
    instrument = models.ForeignKey(Instrument, on_delete=models.CASCADE, related_name="sections")
    name = TextsField()
    text = TextsField()
    lever = models.ForeignKey(Lever, on_delete=models.CASCADE, null=True, blank=True, related_name="sections")
    minutes = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["instrument", "position"]
        constraints = [models.UniqueConstraint(fields=["instrument", "code"], name="section_once")]


class Question(Part):
    section = models.ForeignKey(Section, on_delete=models.CASCADE, related_name="questions")
    kind = models.CharField(max_length=15, choices=Kind.choices)
    text = TextsField()
    short = TextsField()
    help = TextsField()
    evidence = TextsField()
    example = TextsField()
    knows = models.CharField(max_length=10, choices=Institution.choices)
    is_core = models.BooleanField()
    is_confidential = models.BooleanField()  # by default; the answer has its own
    weight = models.DecimalField(max_digits=6, decimal_places=3, null=True, blank=True)
    requirement = models.ForeignKey(Requirement, on_delete=models.CASCADE, null=True, blank=True)
    unit = TextsField()
    replaces = models.CharField(max_length=60, blank=True)
    condition = models.JSONField(null=True, blank=True)  # {"question": code, "operator": …, "value": …}

    class Meta:
        ordering = ["section", "position"]
        constraints = [
            models.UniqueConstraint(fields=["section", "code"], name="question_once"),
            one_of("kind", Kind.values, name="question_kind_known"),
            models.CheckConstraint(condition=Q(weight__isnull=True) | Q(weight__gt=0), name="question_weight_above_0"),
            models.CheckConstraint(
                condition=Q(kind__in=["criterion", "rating"], weight__isnull=False)
                | (~Q(kind__in=["criterion", "rating"]) & Q(weight__isnull=True)),
                name="question_weight_when_scored",
            ),
        ]

    @property
    def is_scored(self) -> bool:
        return self.kind in SCORED

    @property
    def label(self) -> Any:
        """The short name where there is one, otherwise the whole question."""
        return self.short or self.text


class Axis(models.TextChoices):
    OPTION = "option", _("Option")
    ROW = "row", _("Row")
    COLUMN = "column", _("Column")


class Option(Part):
    """An option of a question, a descriptor of a criterion (its code is the level), a row or column of a table."""

    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="options")
    axis = models.CharField(max_length=10, choices=Axis.choices)
    text = TextsField()

    class Meta:
        ordering = ["question", "axis", "position"]
        constraints = [models.UniqueConstraint(fields=["question", "axis", "code"], name="option_once")]


class Warning(Part):
    """A consistency warning: shown beside its question when `when` holds and `unless` does not; never blocks."""

    instrument = models.ForeignKey(Instrument, on_delete=models.CASCADE, related_name="warnings")
    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="warnings")
    when = models.JSONField()
    unless = models.JSONField(null=True, blank=True)
    text = TextsField()

    class Meta:
        ordering = ["instrument", "position"]
        constraints = [models.UniqueConstraint(fields=["instrument", "code"], name="warning_once")]
