"""Write down what each piece supported, with when and by whom; name files as their people did.

A piece of evidence that was removed has a removed use, and so stays where it is, not shown. Done twice it gives the
same. Backwards, each piece gets its first question again.
"""

from django.db import migrations
from django.db.models import F, OuterRef, Subquery


def fill(apps, schema_editor):
    Evidence = apps.get_model("assessments", "Evidence")
    EvidenceUse = apps.get_model("assessments", "EvidenceUse")
    StoredFile = apps.get_model("foundation", "StoredFile")
    names = StoredFile.objects.filter(pk=OuterRef("file")).values("name")[:1]
    Evidence.objects.filter(file__isnull=False, file_name="").update(file_name=Subquery(names))
    known = EvidenceUse.objects.values("piece")
    pieces = Evidence.objects.filter(question__isnull=False).exclude(pk__in=known).order_by("pk")
    EvidenceUse.objects.bulk_create(
        (
            EvidenceUse(
                piece=piece, question_id=piece.question_id, is_late=piece.is_late, institution=piece.institution,
                added_at=piece.added_at, added_by_id=piece.added_by_id, removed_at=piece.removed_at,
                removed_by_id=piece.removed_by_id,
            )
            for piece in pieces.iterator()
        ),
        batch_size=1000,
    )  # fmt: skip


def take_back(apps, schema_editor):
    Evidence = apps.get_model("assessments", "Evidence")
    EvidenceUse = apps.get_model("assessments", "EvidenceUse")
    kept_first = EvidenceUse.objects.order_by("piece", F("removed_at").asc(nulls_first=True), "pk")
    done = set()
    for use in kept_first.iterator():
        if use.piece_id in done:
            continue
        done.add(use.piece_id)
        Evidence.objects.filter(pk=use.piece_id).update(
            question=use.question_id, is_late=use.is_late, removed_at=use.removed_at, removed_by=use.removed_by_id
        )
    EvidenceUse.objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("assessments", "0006_evidence_use")]

    operations = [migrations.RunPython(fill, take_back)]
