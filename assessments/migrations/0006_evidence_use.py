import uuid

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

INSTITUTIONS = [
    ("post", "Post"), ("regulator", "Regulator"), ("ministry", "Ministry"), ("ib", "International Bureau"),
    ("other", "Other institution"),
]


class Migration(migrations.Migration):
    """A piece of evidence may support several answers. What is filled in 0007 goes from the piece in 0008."""

    dependencies = [
        ("assessments", "0005_entered_for"),
        ("foundation", "0002_job_followed"),
        ("toolkit", "0002_checklist_lever"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions("evidence", {"ordering": ["sheet", "added_at", "pk"]}),
        migrations.AddField("evidence", "file_name", models.CharField(blank=True, default="", max_length=200), preserve_default=False),
        migrations.AddField("evidence", "document_date", models.DateField(blank=True, null=True)),
        migrations.AddField("evidence", "language", models.CharField(blank=True, default="", max_length=5), preserve_default=False),
        migrations.AlterField(
            "evidence",
            "question",
            models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="toolkit.question"
            ),
        ),
        migrations.CreateModel(
            name="EvidenceUse",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("pages", models.CharField(blank=True, max_length=60)),
                ("is_late", models.BooleanField(default=False)),
                ("institution", models.CharField(choices=INSTITUTIONS, max_length=10)),
                ("added_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("removed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "added_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "piece",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="uses", to="assessments.evidence"
                    ),
                ),
                (
                    "question",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="toolkit.question"
                    ),
                ),
                (
                    "removed_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["added_at", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(removed_at__isnull=True), fields=["piece", "question"],
                        name="evidence_use_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(removed_at__isnull=False, removed_by__isnull=False)
                        | models.Q(removed_at__isnull=True, removed_by__isnull=True),
                        name="evidence_use_removed_at_with_by",
                    ),
                ],
            },
        ),
    ]
