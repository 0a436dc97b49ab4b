"""From a question's posted fields to what is saved. The same fields come from the script and from the plain form.

Fields of question CODE: CODE:value (several for choices), CODE:amount, CODE:currency, CODE:cell:ROW, CODE:status
(dont_know, not_applicable), CODE:reason, CODE:note, CODE:basis, CODE:confidential, CODE:base, CODE:save_id,
CODE:for (the institution for which it is typed in, when that is not one's own); from the script also CODE:language, of
the page in which it was typed, and CODE:proposal, where it confirms one. New fields are optional: pages of the previous
release, and what they left on a device, are sent without them.
"""

import uuid
from collections.abc import Iterable
from typing import Any

from django import forms
from django.conf import settings
from django.http import QueryDict
from django.utils.translation import gettext

from assessments import values
from assessments.actions.answers import Content
from assessments.models import NATIONAL_INSTITUTIONS, AnswerStatus, Basis
from assessments.outline import SPECIAL_VALUES
from foundation.languages import active_language
from toolkit.models import Kind, Question


def typed_fields(question: Question, fields: QueryDict) -> dict[str, Any]:
    """What was typed, as the page shows it again: value, status, reason, note, basis, is_confidential."""
    code = question.code
    if question.kind == Kind.MONEY:
        value: Any = {"amount": fields.get(f"{code}:amount", ""), "currency": fields.get(f"{code}:currency", "")}
    elif question.kind == Kind.TABLE:
        rows = [option.code for option in question.options.all() if option.axis == "row"]
        value = {row: fields.get(f"{code}:cell:{row}", "") for row in rows}
    elif question.kind == Kind.CHOICES:
        value = fields.getlist(f"{code}:value")
    else:
        value = fields.get(f"{code}:value", "")
    special = set(fields.getlist(f"{code}:status"))
    if isinstance(value, str) and value in SPECIAL_VALUES:
        special, value = {value}, ""
    status = next((name for name in reversed(SPECIAL_VALUES) if name in special), AnswerStatus.ANSWERED)
    return {
        "status": status,
        "value": value,
        "reason": fields.get(f"{code}:reason", ""),
        "note": fields.get(f"{code}:note", ""),
        "basis": fields.get(f"{code}:basis", ""),
        "is_confidential": f"{code}:confidential" in fields,
    }


def read_content(question: Question, typed: dict[str, Any], *, levels: Iterable[int], language: str) -> Content:
    """The content to save. Raises values.ImpossibleValue with a sentence that says what to do."""
    options = list(question.options.all())
    value = None
    status = typed["status"]
    if status == AnswerStatus.ANSWERED:
        value = values.parse(
            question.kind,
            typed["value"],
            options=_codes(question, options, levels),
            rows=[option.code for option in options if option.axis == "row"],
            columns=[option.code for option in options if option.axis == "column"],
            language=language,
        )
        if value is None:
            status = AnswerStatus.BLANK
    reason = values.clean_text(typed["reason"]) if status == AnswerStatus.NOT_APPLICABLE else ""
    if status == AnswerStatus.NOT_APPLICABLE and not reason:
        raise values.ImpossibleValue(gettext("Say why this does not apply; the experts read the reason."))
    basis = typed["basis"]
    if basis not in {"", *Basis.values}:
        raise values.ImpossibleValue(
            gettext("This is not one of the choices. Load the page again and choose once more.")
        )
    return Content(
        status=str(status),
        value=value,
        reason=reason,
        note=values.clean_text(typed["note"]),
        basis=basis if question.is_scored and status == AnswerStatus.ANSWERED else "",
        is_confidential=typed["is_confidential"],
    )


def _codes(question: Question, options: list[Any], levels: Iterable[int]) -> list[str]:
    if question.kind == Kind.YES_PARTLY_NO:
        return list(values.YES_PARTLY_NO)
    if question.kind == Kind.RATING:
        return [str(number) for number in levels]
    return [option.code for option in options if option.axis == "option"]


def read_behalf(question: Question, fields: QueryDict) -> str:
    """The institution for which it is typed in; "": one's own. Raises values.ImpossibleValue."""
    institution = fields.get(f"{question.code}:for", "")
    if institution not in {"", *NATIONAL_INSTITUTIONS}:
        raise values.ImpossibleValue(
            gettext("This is not one of the choices. Load the page again and choose once more.")
        )
    return institution


def read_proposal(question: Question, fields: QueryDict) -> uuid.UUID | None:
    """The proposal that it confirms. Raises values.ImpossibleValue."""
    proposal = fields.get(f"{question.code}:proposal", "")
    try:
        return uuid.UUID(proposal) if proposal else None
    except ValueError as error:
        raise _incomplete() from error


def read_language(question: Question, fields: QueryDict) -> str:
    """The language of the page in which it was typed: its numbers are in that notation, also when it is sent later."""
    typed_in = fields.get(f"{question.code}:language", "")
    return typed_in if typed_in in dict(settings.LANGUAGES) else active_language()


def read_base(question: Question, fields: QueryDict) -> tuple[int, uuid.UUID]:
    """The revision that was typed over, and the save's id. Raises values.ImpossibleValue."""
    base = read_number(fields.get(f"{question.code}:base", ""))
    try:
        return base, uuid.UUID(fields.get(f"{question.code}:save_id", ""))
    except ValueError as error:
        raise _incomplete() from error


def read_number(base: str) -> int:
    """The number of a version. Raises values.ImpossibleValue."""
    if not base.isascii() or not base.isdigit() or len(base) > 9:
        raise _incomplete()
    return int(base)


def _incomplete() -> values.ImpossibleValue:
    return values.ImpossibleValue(
        gettext("The page is not complete. Load it again; what you typed stays on this device.")
    )


class RestoreForm(forms.Form):
    """Which version is to stand again, over which one; `save_id` keeps a form sent twice from saving twice."""

    version = forms.UUIDField()
    base = forms.IntegerField(min_value=0, max_value=999_999_999)
    save_id = forms.UUIDField()
