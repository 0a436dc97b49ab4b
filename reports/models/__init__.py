"""Output: frozen snapshots and the deliverables made from them (DESIGN, Output and Jobs)."""

from reports.models.deliverables import (
    Deliverable,
    EditorialText,
    Problem,
    Report,
    ReportQuerySet,
    Snapshot,
    Stage,
    languages_of,
    slots_of,
)

__all__ = [
    "Deliverable",
    "EditorialText",
    "Problem",
    "Report",
    "ReportQuerySet",
    "Snapshot",
    "Stage",
    "languages_of",
    "slots_of",
]
