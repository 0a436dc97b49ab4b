"""What a page says of a question to everyone: written once per language, with gaps for one reader's answer.

Most of a section page is the framework's words, the same for every country. `{% unchanging "fields" entry %}` renders
`assessments/unchanging/fields.html` the first time and keeps it beside the question, which lives as long as the
framework in memory; each reader's words go into its gaps. The template sees the question and nothing of a reader, so
nothing of one can be kept for another.
"""

import uuid
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from django import template
from django.conf import settings
from django.template.loader import get_template
from django.urls import reverse
from django.utils import translation
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import ngettext

from assessments.models import AnswerStatus, Basis
from assessments.outline import QuestionEntry
from toolkit.glossary import Glossary
from toolkit.models import Axis, Option
from toolkit.templatetags.framework import say

register = template.Library()

MARK = "\0"  # where a gap is: no text of a framework holds it
Gap = Callable[["Here"], str]


@register.simple_tag(takes_context=True)
def unchanging(context: template.Context, name: str, entry: QuestionEntry, **flags: bool) -> SafeString:
    """The template of that name about the entry's question, filled in for the entry; `flags`: its other variables."""
    kept = vars(entry.question).setdefault("kept_html", {})
    words = context.get("words")
    key = (name, translation.get_language(), words, *flags.values())
    if key not in kept:
        kept[key] = _written(name, entry, flags, words)
    texts, gaps = kept[key]
    here = Here(entry, context)
    return mark_safe(texts[0] + "".join(gap(here) + text for gap, text in zip(gaps, texts[1:], strict=True)))


def _written(
    name: str, entry: QuestionEntry, flags: dict[str, bool], words: Glossary | None
) -> tuple[list[str], list["Gap"]]:
    """The texts between the gaps, and what is to be in each gap."""
    gaps: list[Gap] = []
    question = entry.question
    options: dict[str, list[Option]] = {axis: [] for axis in Axis.values}
    for option in question.options.all():
        options[option.axis].append(option)
    said = {
        "question": question, "code": question.code, "options": options, "levels": entry.levels, "words": words,
        "bases": Basis.choices, "upload_megabytes": settings.UPLOAD_MEGABYTES, "gaps": gaps,
    }  # fmt: skip
    html = get_template(f"assessments/unchanging/{name}.html").render(said | flags)
    return html.split(MARK), gaps


@register.simple_tag(takes_context=True)
def gap(context: template.Context, name: str, *values: Any) -> SafeString:
    """A place for what a method of `Here` says of the reader's answer."""
    method = getattr(Here, name)
    context["gaps"].append(lambda here: method(here, *values))
    return mark_safe(MARK)


class Here:
    """What one reader's page says in the gaps: attributes and values of an answer's fields, as HTML."""

    def __init__(self, entry: QuestionEntry, context: template.Context) -> None:
        self.entry, self.context = entry, context
        self.status, self.said = entry.status, entry.value

    def base(self) -> str:
        return str(self.entry.number)

    def save_id(self) -> str:
        return str(self.entry.save_id)

    def behalf(self) -> str:
        """The institution for which the coordinator types it in."""
        if not (behalf := self.context.get("behalf")):
            return ""
        return format_html('<input type="hidden" name="{}:for" value="{}">', self.entry.code, behalf)

    def described(self) -> str:
        return format_html(' aria-describedby="{}-error"', self.entry.code) if self.entry.error else ""

    def chosen(self, code: str) -> str:
        """Of options that exclude each other."""
        return checked(self.status == AnswerStatus.ANSWERED and self.said == code)

    def ticked(self, code: str) -> str:
        """Of options that do not."""
        return checked(code in self.said)

    def cell(self, row: str, column: str) -> str:
        return checked((self.said or {}).get(row) == column)

    def special(self, status: str) -> str:
        return checked(self.status == status)

    def value(self) -> str:
        return conditional_escape(self.said)

    def part(self, name: str) -> str:
        """Of a sum: its amount, its currency."""
        return conditional_escape((self.said or {}).get(name) or "")

    def reason(self) -> str:
        return conditional_escape(self.entry.reason)

    def no_reason(self) -> str:
        return "" if self.status == AnswerStatus.NOT_APPLICABLE else " hidden"

    def basis(self, basis: str) -> str:
        return checked(self.entry.basis == basis)

    def note(self) -> str:
        return conditional_escape(self.entry.note)

    def confidential(self) -> str:
        return checked(self.entry.is_confidential)

    def no_evidence(self) -> str:
        """The form for evidence is open where evidence is asked for and there is none."""
        return " open" if self.entry.question.evidence and not self.entry.evidence else ""

    def address(self, name: str) -> str:
        """The address of that name of this question, in this project."""
        sheet = self.context["sheet"]
        return address(name, sheet.project.public_id, sheet.instrument.code).replace("CODE", self.entry.code)

    def use_address(self) -> str:
        """Where a piece that was added before is chosen for the question."""
        sheet = self.context["sheet"]
        return f"{address('evidence_use', sheet.project.public_id, sheet.instrument.code)}?question={self.entry.code}"

    def hidden(self) -> str:
        return " hidden" if self.entry.is_hidden else ""

    def refused(self) -> str:
        return " state-refused" if self.entry.error else ""

    def nothing_to_say(self) -> str:
        return "" if self.entry.answer or self.entry.error else " hidden"

    def state(self) -> str:
        """When it was saved, or why it was not."""
        if self.entry.error or not self.entry.answer:
            return conditional_escape(self.entry.error)
        return self.live("assessments/questions/_saved.html", version=self.entry.answer)

    def warnings(self) -> str:
        return format_html_join(
            "", '<p class="note note-warn mt-2 mb-0">{}</p>', ([say(warning.text)] for warning in self.entry.warnings)
        )

    def otherwise(self) -> str:
        entry = self.entry
        is_needed = entry.proposal or entry.views or entry.conflicts
        return self.live("assessments/questions/_otherwise.html") if is_needed else ""

    def versions(self) -> str:
        number = self.entry.number
        return " · " + (ngettext("one version", "%(number)s versions", number) % {"number": number}) if number else ""

    def talk(self) -> str:
        """Open discussions and the mark, or the button that marks it."""
        if self.entry.beside:
            said = self.live("assessments/questions/_beside.html")
        elif self.context.get("may_mark"):
            said = unchanging(self.context, "unmarked", self.entry)
        else:
            return ""
        return format_html('<p class="small mb-0">{}</p>', said)

    def live(self, template: str, **said: Any) -> str:
        """A template that says something else to each reader, in the page's own context."""
        with self.context.push(entry=self.entry, **said):
            return get_template(template).template.render(self.context)


@lru_cache(maxsize=4096)
def address(name: str, project_id: uuid.UUID, instrument: str) -> str:
    """The address of that name, CODE standing for the question; resolving it anew for each would take longer."""
    place = [project_id, instrument]
    return reverse(f"assessments:{name}", args=place if name == "evidence_use" else [*place, "CODE"])


def checked(holds: bool) -> str:
    return " checked" if holds else ""
