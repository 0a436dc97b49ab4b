"""Output: frozen snapshots, the deliverables made from them, copies of the questionnaire (DESIGN, Output and Jobs)."""

from reports.models.copies import CONTENT_TYPES, KEPT_FOR, Copy, CopyFormat, Import
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
from reports.models.receipts import Receipt

__all__ = [
    "CONTENT_TYPES",
    "KEPT_FOR",
    "Copy",
    "CopyFormat",
    "Deliverable",
    "EditorialText",
    "Import",
    "Problem",
    "Receipt",
    "Report",
    "ReportQuerySet",
    "Snapshot",
    "Stage",
    "languages_of",
    "slots_of",
]
