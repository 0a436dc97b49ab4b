"""The contents of each deliverable: its chapters and pages, in order (the issue's three deliverables)."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext

from reports.documents.parts import Domain, Entry, Lever
from reports.models import Deliverable

if TYPE_CHECKING:
    from reports.documents.document import Document

Page = tuple[str, str, str]  # key, title, running head
Chapter = tuple[str, str, list[Page]]  # key, title, pages; an annex's key begins so, and has no number


def entries(document: "Document") -> list[Entry]:
    chapters = {
        Deliverable.CAPABILITY: _capability,
        Deliverable.TOOLKIT: _toolkit,
        Deliverable.STRATEGY: _strategy,
    }[document.kind](document)
    found: list[Entry] = []
    number = 0
    for key, title, pages in filter(None, chapters):
        is_annex = key.startswith("annex")
        number += not is_annex
        found.append(Entry(key, "" if is_annex else str(number), title, 1, title))
        found += [Entry(page_key, "", page_title, 2, running) for page_key, page_title, running in pages]
    return found


def lever_page(lever: Lever) -> Page:
    return lever.key, lever.name, lever.running


def domain_page(domain: Domain) -> Page:
    name = f"{domain.code} {domain.name}"
    return domain.key, name, name


def _opening(document: "Document") -> list[Chapter | None]:
    return [("message", gettext("Message to management"), [])] if document.message else []


def _closing(document: "Document") -> list[Chapter | None]:
    return [("conclusion", gettext("Conclusion"), [])] if document.conclusion else []


def _capability(document: "Document") -> list[Chapter | None]:
    return [
        *_opening(document),
        ("summary", gettext("Summary"), []),
        ("requirements", gettext("Minimum requirements"), []),
        ("context", gettext("Context"), []),
        *(
            (pillar.key, pillar.label.text, [lever_page(lever) for lever in pillar.levers])
            for pillar in document.pillars
        ),
        *_closing(document),
        ("sources", gettext("Persons met, documents consulted"), []),
        ("differences", gettext("Differences and reservations"), []),
        ("annex-answers", gettext("Annex A. Questions and answers"), []),
        ("annex-method", gettext("Annex B. Method"), []),
        ("annex-acronyms", gettext("Annex C. Acronyms"), []),
    ]


def _toolkit(document: "Document") -> list[Chapter | None]:
    return [
        *_opening(document),
        ("summary", gettext("Levers by priority"), []),
        ("pillars", gettext("Where the pillars stand"), []),
        ("context", gettext("Context"), []) if document.context else None,
        (
            "levers",
            gettext("What to do, lever by lever"),
            [lever_page(lever) for lever in document.levers_by_priority],
        ),
        ("roadmap", gettext("Roadmap"), []),
        ("support", gettext("How to ask for the UPU’s support"), []),
        *_closing(document),
        ("annex-list", gettext("Annex A. Observations and recommendations submitted to management"), []),
        ("annex-acronyms", gettext("Annex B. Acronyms"), []),
    ]


def _strategy(document: "Document") -> list[Chapter | None]:
    return [
        *_opening(document),
        ("summary", gettext("Summary"), []),
        ("context", gettext("Context"), []) if document.context else None,
        ("text", gettext("The text reviewed"), []),
        ("domains", gettext("The domains"), [domain_page(domain) for domain in document.domains]),
        ("aims", gettext("National aims and postal aims"), []),
        ("pillars", gettext("The strategy among the pillars"), []) if document.has_introductions else None,
        ("answers", gettext("What the country answered"), []) if document.strategy_lever else None,
        ("decision", gettext("Conclusion and outline"), []),
        ("recommendations", gettext("Recommendations"), []),
        ("annex-checklist", gettext("Annex A. Checklist"), []),
        ("annex-method", gettext("Annex B. Method"), []),
        ("annex-acronyms", gettext("Annex C. Acronyms"), []),
    ]
