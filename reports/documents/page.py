"""A document as HTML. What depends on all of its text, the list of acronyms, is put in at the end."""

from django.template.loader import render_to_string
from django.utils.translation import override

from reports.documents import acronyms
from reports.documents.document import Document

ACRONYMS = "<!-- acronyms -->"  # where the template wants them


def html_of(document: Document) -> str:
    template = f"reports/print/{document.kind.value}.html"
    with override(document.language):
        found, document.replaced = document.replaced, []
        html = render_to_string(template, {"document": document})
        # What was replaced is listed where this document, of all made from the snapshot, prints it.
        document.replaced = [name for name in found if f"[{name}]" in html]
        if document.replaced:
            html = render_to_string(template, {"document": document})
        listed = render_to_string("reports/print/_acronyms.html", {"acronyms": acronyms.explained(html)})
    return html.replace(ACRONYMS, listed)
