"""From a snapshot and a language to what the print templates show: pure, no queries."""

from reports.documents.document import Document

__all__ = ["Document"]
