"""Evidence on its way: a file of which a part has arrived."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from assessments.models.evidence import EvidenceUse
from assessments.models.sheets import AnswerSheet
from assessments.models.texts import USER
from foundation.constraints import one_of
from foundation.fields import public_id
from toolkit.models import Institution, Question


class UploadQuerySet(models.QuerySet["Upload"]):
    def unfinished(self) -> "UploadQuerySet":
        return self.filter(use__isnull=True)

    def finished(self) -> "UploadQuerySet":
        """Those whose file still supports the answer."""
        return self.filter(use__isnull=False, use__removed_at__isnull=True)


class Upload(models.Model):
    """How much of a file has arrived. It goes on after a cut, known again by name, size and its first bytes."""

    public_id = public_id()  # also what its bytes are called while they arrive
    sheet = models.ForeignKey(AnswerSheet, on_delete=models.CASCADE, related_name="uploads")
    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=200)
    size = models.PositiveBigIntegerField()  # bytes
    fingerprint = models.CharField(max_length=64)  # SHA-256 of its first 64 KB
    source = models.CharField(max_length=64, blank=True)  # the same for a photo and what the device made smaller of it
    received = models.PositiveBigIntegerField(default=0)  # bytes, from the start without a gap
    is_confidential = models.BooleanField(default=False)
    institution = models.CharField(max_length=10, choices=Institution.choices)  # of who sends it
    started_at = models.DateTimeField(default=timezone.now)
    started_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    moved_at = models.DateTimeField(default=timezone.now)  # when bytes last arrived
    use = models.ForeignKey(EvidenceUse, on_delete=models.CASCADE, null=True, related_name="+")  # what it became

    objects = UploadQuerySet.as_manager()

    class Meta:
        ordering = ["sheet", "started_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["sheet", "question", "started_by", "name", "size", "fingerprint"],
                condition=Q(use__isnull=True),
                name="upload_once",
            ),
            one_of("institution", Institution.values, name="upload_institution_known"),
            models.CheckConstraint(condition=Q(received__lte=F("size")), name="upload_received_at_most_its_size"),
            models.CheckConstraint(
                condition=Q(use__isnull=True) | Q(received=F("size")), name="upload_became_evidence_when_whole"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.received}/{self.size})"

    @property
    def percent(self) -> int:
        return 100 * self.received // self.size
