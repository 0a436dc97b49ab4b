"""From a snapshot and a language to what the print templates show: pure, no queries."""

from reports.documents.document import Document
from reports.documents.page import html_of

__all__ = ["Document", "html_of"]
