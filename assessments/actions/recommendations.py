"""What the experts recommend: adopted from the guidance, edited, or new (METHODOLOGY 5.11)."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from assessments.actions.writing import Seen, Standing, joined, locked_for_writing
from assessments.models import Recommendation
from projects.models import MoveNotAllowed, Project, log
from toolkit.models import Guidance, Lever, Tool


@dataclass(frozen=True)
class Advice:
    """What a recommendation says; codes as in Recommendation."""

    text: str
    language: str
    priority: str
    horizon: str
    owner: str
    owner_detail: str = ""
    resources: str = ""
    tags: list[str] = field(default_factory=list)
    tool: Tool | None = None

    def columns(self) -> dict[str, Any]:
        return asdict(self) | {"tool": self.tool}


@transaction.atomic
def add_recommendation(
    project: Project,
    *,
    lever: Lever,
    advice: Advice,
    needs: Sequence[Recommendation] = (),
    guidance: Guidance | None = None,
    by: Any,
) -> Recommendation:
    """Write it under the next number; numbers are never used again. With `guidance` it is adopted from there."""
    locked = locked_for_writing(project)
    if guidance and Recommendation.objects.kept().filter(project=locked, guidance=guidance).exists():
        raise MoveNotAllowed(_("This suggestion was adopted meanwhile. Edit the recommendation that came of it."))
    highest = Recommendation.objects.filter(project=locked).aggregate(highest=Max("number"))["highest"] or 0
    recommendation = Recommendation.objects.create(
        project=locked, number=highest + 1, lever=lever, guidance=guidance, saved_by=by, **advice.columns()
    )
    recommendation.needs.set(needs)
    log(locked, "recommendation_added", by=by, for_findings=True, number=recommendation.number, lever=lever.code)
    return recommendation


@transaction.atomic
def edit_recommendation(
    recommendation: Recommendation,
    *,
    advice: Advice,
    needs: Sequence[Recommendation],
    by: Any,
    seen: Seen | None = None,
) -> None:
    """Raises WrittenMeanwhile when someone else changed it after what was `seen`."""
    locked = locked_for_writing(recommendation.project)
    kept = Recommendation.objects.kept().select_related("tool", "saved_by").prefetch_related("needs")
    row = kept.filter(pk=recommendation.pk).first()
    if row is None:
        raise MoveNotAllowed(_("This recommendation was removed meanwhile."))
    standing = Standing(row, by=row.saved_by, at=row.saved_at)
    if standing.says(advice.columns()) and set(row.needs.all()) == set(needs):
        return
    if standing.gives_way(by=by, seen=seen):
        log(
            locked,
            "recommendation_replaced",
            by=by,
            for_findings=True,
            name=row.saved_by.name,
            number=row.number,
            text=joined(row.text, row.owner_detail, row.resources),
            text_language=row.language,
        )
    Recommendation.objects.filter(pk=row.pk).update(saved_by=by, saved_at=timezone.now(), **advice.columns())
    recommendation.needs.set(needs)


@transaction.atomic
def remove_recommendation(recommendation: Recommendation, *, by: Any) -> None:
    """No longer shown; the row and its number stay. Nothing waits for it any more."""
    locked = locked_for_writing(recommendation.project)
    removed = (
        Recommendation.objects.kept().filter(pk=recommendation.pk).update(removed_at=timezone.now(), removed_by=by)
    )
    if not removed:
        raise MoveNotAllowed(_("This recommendation was removed meanwhile."))
    recommendation.needed_by.clear()
    log(locked, "recommendation_removed", by=by, for_findings=True, number=recommendation.number)
