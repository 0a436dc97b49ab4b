"""The project's history in the reader's language: for each kind of event, one whole sentence.

To add a kind: log it (`projects.models.log`) and add its line to SENTENCES, with `%(by)s` and the log's own keywords
as placeholders. Never remove a line: the log is append-only, and old projects keep their events.
"""

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.utils import formats
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from projects.models import Project, ProjectEvent
from projects.permissions import Permission, Role, allows
from toolkit.models import Institution

SENTENCES: dict[str, Any] = {
    # The project
    "project_created": _("%(by)s created the project."),
    "project_edited": _("%(by)s changed the project’s dates or settings."),
    "project_suspended": _("%(by)s suspended the project: %(reason)s"),
    "project_resumed": _("%(by)s resumed the project."),
    "project_cancelled": _("%(by)s cancelled the project: %(reason)s"),
    "project_closed": _("%(by)s closed the project."),
    "project_reopened": _("%(by)s reopened the project."),
    "step_done": _("%(by)s marked step %(number)s as done."),
    "step_undone": _("%(by)s marked step %(number)s as not done."),
    # The team
    "member_invited": _("%(by)s invited %(name)s. Role: %(role)s."),
    "invitation_renewed": _("%(by)s renewed the invitation of %(name)s. Role: %(role)s."),
    "invitation_withdrawn": _("%(by)s withdrew the invitation of %(name)s. Role: %(role)s."),
    "member_joined": _("%(by)s joined the team. Role: %(role)s."),
    "member_left": _("%(by)s ended the access of %(name)s. Role: %(role)s."),
    "member_until_set": _("%(by)s set the last day of access of %(name)s: %(until)s. Role: %(role)s."),
    # The questionnaire
    "sections_assigned": _("%(by)s said who answers these sections: %(sections)s."),
    "signatures_asked": _("%(by)s asked these institutions to sign their sections: %(institutions)s."),
    "sections_signed": _("%(name)s (%(function)s) signed these sections for their institution: %(sections)s."),
    "sheet_sent_to_signatory": _(
        "%(by)s sent the questionnaire to the signatory, with %(answered)s of %(applicable)s questions answered."
    ),
    "sheet_taken_back": _("%(by)s gave the questionnaire back to the national team before it was signed."),
    "sheet_signed": _("%(name)s (%(function)s) signed the questionnaire and submitted it to the experts."),
    "sheet_signed_on_paper": _(
        "%(by)s sent in the questionnaire that %(name)s (%(function)s) signed on paper; it went to the experts."
    ),
    "sheet_returned": _("%(by)s returned the questionnaire for completion: %(sections)s."),
    "sheet_accepted": _("%(by)s accepted the questionnaire."),
    "evidence_added_late": _("%(by)s added evidence to question %(question)s after the questionnaire was submitted."),
    # Findings
    "level_validated": _("%(by)s decided on criterion %(question)s."),
    "recommendation_added": _("%(by)s wrote recommendation R%(number)s on lever %(lever)s."),
    "recommendation_removed": _("%(by)s removed recommendation R%(number)s."),
    "decision_replaced": _(
        "%(by)s replaced the decision of %(name)s on criterion %(question)s, saved meanwhile. Its level: %(level)s."
    ),
    "observation_replaced": _("%(by)s replaced the observation on lever %(lever)s that %(name)s had saved meanwhile."),
    "recommendation_replaced": _("%(by)s replaced recommendation R%(number)s, as %(name)s had saved it meanwhile."),
    "review_replaced": _("%(by)s replaced the review of the strategy that %(name)s had saved meanwhile."),
    "aim_replaced": _("%(by)s replaced the strategic aim that %(name)s had saved meanwhile."),
    "answers_taken_over": _(
        "%(by)s took answers over from the previous round, to be confirmed or corrected by the country: %(number)s."
    ),
    "levels_released": _("%(by)s released the levels to the country, dated %(on)s."),
    "difference_acknowledged": _("%(by)s acknowledged the experts’ reason on criterion %(question)s."),
    "reservation_entered": _("%(by)s entered a reservation on criterion %(question)s."),
    # Deliverables
    "document_requested": _("%(by)s asked for a document: %(kind)s, version %(version)s. Language: %(language)s."),
    "documents_released": _("%(by)s released documents to the country: %(count)s."),
    "editorial_replaced": _(
        "%(by)s replaced a text for a document, as %(name)s had saved it meanwhile: %(kind)s. Language: %(language)s."
    ),
}

# What experts wrote and another expert replaced: never the country's to read, not even once the findings are released.
BETWEEN_EXPERTS = {
    "decision_replaced",
    "observation_replaced",
    "recommendation_replaced",
    "review_replaced",
    "aim_replaced",
    "editorial_replaced",
}

# Coded values, by the log's keyword; and what an empty value is called.
WORDS: dict[str, Mapping[str, Any]] = {
    "role": dict(Role.choices),
    "institutions": dict(Institution.choices),
    "language": settings.LANGUAGE_NAMES_OF_CONTENT,
    "kind": {  # of deliverables, which are defined above this app
        "capability": _("Digital capability assessment"),
        "toolkit": _("Transformation toolkit"),
        "strategy": _("Postal digital strategy assessment"),
    },
}
EMPTY: dict[str, Any] = {"sections": _("all sections"), "until": _("none")}


@dataclass(frozen=True)
class Entry:
    """An event as the history shows it."""

    at: datetime.datetime
    sentence: str
    text: str = ""  # that was replaced, in its own language
    text_language: str = ""


def readable_events(project: Project, user: Any) -> QuerySet[ProjectEvent]:
    """What happened, newest first; events on findings only for their readers, or once released to the country."""
    events = ProjectEvent.objects.filter(project=project).select_related("by").order_by("-at", "-pk")
    if allows(user, Permission.READ_FINDINGS, project):
        return events
    if project.is_released:
        return events.exclude(kind__in=BETWEEN_EXPERTS)
    return events.filter(for_findings=False)


def entries(events: Iterable[ProjectEvent]) -> list[Entry]:
    return [
        Entry(event.at, sentence(event), event.about.get("text", ""), event.about.get("text_language", ""))
        for event in events
    ]


def sentence(event: ProjectEvent) -> str:
    about = {key: _in_words(key, value) for key, value in event.about.items()}
    return str(SENTENCES[event.kind]) % {**about, "by": event.by.name}


def _in_words(key: str, value: Any) -> str:
    """A logged value as the sentence says it: a code's word, a list's items, an ISO date in the reader's notation."""
    if value in ("", None, []):
        return str(EMPTY.get(key, gettext("none")))
    if isinstance(value, list):
        return ", ".join(_in_words(key, item) for item in value)
    if key in WORDS:
        return str(WORDS[key].get(value, value))
    if key in {"on", "until"} or key.endswith("_on"):
        return formats.date_format(datetime.date.fromisoformat(value), "DATE_FORMAT")
    return str(value)
