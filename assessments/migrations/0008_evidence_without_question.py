from django.db import migrations, models


class Migration(migrations.Migration):
    """What 0007 wrote down as uses goes from the piece; a link has no name of a file."""

    dependencies = [("assessments", "0007_fill_evidence_use")]

    operations = [
        migrations.RemoveConstraint("evidence", "evidence_removed_at_with_by"),
        migrations.RemoveConstraint("evidence", "evidence_file_or_link"),
        migrations.RemoveField("evidence", "question"),
        migrations.RemoveField("evidence", "is_late"),
        migrations.RemoveField("evidence", "removed_at"),
        migrations.RemoveField("evidence", "removed_by"),
        migrations.AddConstraint(
            "evidence",
            models.CheckConstraint(
                condition=models.Q(file__isnull=False, url="")
                | (models.Q(file__isnull=True, file_name="") & ~models.Q(url="")),
                name="evidence_file_or_link",
            ),
        ),
    ]
