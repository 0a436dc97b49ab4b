"""From what was typed to an answer's value, and back to words. Pure: no queries, no request.

Shapes of the values: see AnswerValue in models.py. Numbers are read in the notation of the page's language
(1 234,5 in French, 1,234.5 in English) and stored as decimal text; the page echoes them as understood.
"""

import datetime
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils import formats
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from toolkit.models import Kind

LONGEST_TEXT = 20_000  # characters
LARGEST_NUMBER = Decimal(10) ** 15
YES_PARTLY_NO = {"yes": _("Yes"), "partly": _("Partly"), "no": _("No")}
SEPARATORS = {"fr": (",", (" ", "\u00a0", "\u202f")), "en": (".", (",", " ", "\u00a0", "\u202f"))}
_is_url = URLValidator(schemes=["http", "https"])


class ImpossibleValue(ValueError):
    """Not a possible answer; `str()` is a sentence that says what to do."""


def parse_number(typed: str, language: str) -> Decimal:
    """A number in the language's notation. Raises ImpossibleValue, also where the notation is ambiguous."""
    point, groups = SEPARATORS.get(language, SEPARATORS["en"])
    text = typed.strip().replace("−", "-")
    group = "|".join(re.escape(sign) for sign in groups)
    if not re.fullmatch(rf"-?(\d+|\d{{1,3}}((?:{group})\d{{3}})+)({re.escape(point)}\d+)?", text, re.ASCII):
        example = "1 234,5" if point == "," else "1,234.5"
        raise ImpossibleValue(
            gettext("“%(typed)s” is not a number. Write it like %(example)s.")
            % {"typed": typed[:40], "example": example}
        )
    for sign in groups:
        text = text.replace(sign, "")
    number = Decimal(text.replace(point, "."))
    if abs(number) > LARGEST_NUMBER:
        raise ImpossibleValue(gettext("This number is too large. Check it, or write it in the note."))
    return number


def clean_text(typed: Any) -> str:
    """Text without NUL bytes or control characters, with one kind of line end; ImpossibleValue when too long."""
    if not isinstance(typed, str):
        raise ImpossibleValue(gettext("This is not a text."))
    if "\x00" in typed:
        raise ImpossibleValue(gettext("The text holds a character that cannot be kept. Type the text again."))
    text = typed.replace("\r\n", "\n").replace("\r", "\n").strip()
    if any(0xD800 <= ord(character) <= 0xDFFF for character in text):
        raise ImpossibleValue(gettext("The text holds a character that cannot be kept. Type the text again."))
    if len(text) > LONGEST_TEXT:
        raise ImpossibleValue(
            gettext("The text has %(length)s characters; at most %(most)s are kept. Attach it as a document instead.")
            % {"length": formats.number_format(len(text), 0), "most": formats.number_format(LONGEST_TEXT, 0)}
        )
    return text


def parse(
    kind: str, typed: Any, *, options: Sequence[str], rows: Sequence[str], columns: Sequence[str], language: str
) -> Any:
    """The value of an answer of this kind; None when nothing was typed. Raises ImpossibleValue.

    `typed` is text; a list of texts for `choices`; {"amount", "currency"} for money; {row: column} for a table.
    """
    if kind == Kind.CHOICES:
        chosen = [typed] if isinstance(typed, str) and typed else typed or []
        if not isinstance(chosen, list) or any(code not in options for code in chosen):
            raise ImpossibleValue(_not_an_option())
        if "none" in chosen and len(set(chosen)) > 1:
            raise ImpossibleValue(gettext("“None” cannot stand beside other choices. Keep one or the other."))
        return [code for code in options if code in chosen] or None
    if kind == Kind.TABLE:
        if not isinstance(typed or {}, Mapping):
            raise ImpossibleValue(_not_an_option())
        cells = {row: column for row, column in (typed or {}).items() if column}
        if any(row not in rows or column not in columns for row, column in cells.items()):
            raise ImpossibleValue(_not_an_option())
        return {row: cells[row] for row in rows if row in cells} or None
    if kind == Kind.MONEY:
        return _money(typed, language)
    text = clean_text("" if typed is None else str(typed) if isinstance(typed, int) else typed)
    if not text:
        return None
    if kind in {Kind.CRITERION, Kind.RATING, Kind.CHOICE, Kind.YES_PARTLY_NO}:
        if text not in options:
            raise ImpossibleValue(_not_an_option())
        return int(text) if kind in {Kind.CRITERION, Kind.RATING} else text
    if kind == Kind.NUMBER:
        return plain(parse_number(text, language))
    if kind == Kind.PERCENTAGE:
        number = parse_number(text.removesuffix("%").strip(), language)
        if not 0 <= number <= 100:
            raise ImpossibleValue(gettext("A percentage lies between 0 and 100."))
        return plain(number)
    if kind == Kind.DATE:
        return _date(text)
    if kind == Kind.LINK:
        return _link(text)
    return text


def _not_an_option() -> str:
    return gettext("This is not one of the choices. Load the page again and choose once more.")


def _money(typed: Any, language: str) -> dict[str, str] | None:
    if not isinstance(typed or {}, Mapping):
        raise ImpossibleValue(gettext("Give an amount and its currency."))
    amount = clean_text((typed or {}).get("amount") or "")
    currency = clean_text((typed or {}).get("currency") or "").upper()
    if not amount:
        return None
    number = parse_number(amount, language)
    if number < 0:
        raise ImpossibleValue(gettext("An amount cannot be below zero."))
    if not re.fullmatch(r"[A-Z]{3}", currency):
        raise ImpossibleValue(gettext("Give the currency by its three letters, for example USD, EUR or XOF."))
    return {"amount": plain(number), "currency": currency}


def _date(text: str) -> str:
    for pattern in formats.get_format("DATE_INPUT_FORMATS"):
        try:
            day = datetime.datetime.strptime(text, pattern).date()
        except ValueError:
            continue
        if not 1800 <= day.year <= 2200:
            break
        return day.isoformat()
    raise ImpossibleValue(
        gettext("“%(typed)s” is not a date. Write day, month and year, like 31/12/2026.") % {"typed": text[:40]}
    )


def _link(text: str) -> str:
    address = text if "://" in text else f"https://{text}"
    try:
        if len(address) > 500:
            raise ValidationError("long")
        _is_url(address)
    except ValidationError as error:
        raise ImpossibleValue(
            gettext("“%(typed)s” is not a web address. It looks like www.example.org.") % {"typed": text[:60]}
        ) from error
    return address


def plain(number: Decimal) -> str:
    """Decimal text without exponent or trailing zeros: the stored form of a number."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def typed_again(kind: str, value: Any) -> Any:
    """The stored value in the reader's notation, as a field shows it."""
    if value is None:
        return {} if kind in {Kind.MONEY, Kind.TABLE} else [] if kind == Kind.CHOICES else ""
    if kind in {Kind.NUMBER, Kind.PERCENTAGE}:
        return number_text(value)
    if kind == Kind.MONEY:
        return {"amount": number_text(value["amount"]), "currency": value["currency"]}
    if kind in {Kind.CRITERION, Kind.RATING}:
        return str(value)
    return value


def number_text(value: str) -> str:
    """A stored number in the reader's notation, with as many decimals as were given."""
    try:
        number = Decimal(value)
    except InvalidOperation:
        return value
    decimals = len(value.partition(".")[2])
    return formats.number_format(number, decimals, use_l10n=True, force_grouping=True)


def counted(number: str, unit: str) -> str:
    """The unit stands before the number: "Post offices: 1" needs no plural form, in any language."""
    return gettext("%(unit)s: %(number)s") % {"unit": unit[:1].upper() + unit[1:], "number": number} if unit else number


def in_words(question: Any, value: Any, language: str) -> list[str]:
    """The answer's value as a reader sees it, one entry a line, in `language`. Needs the question's options loaded."""
    if value is None:
        return []
    texts = {(option.axis, option.code): option.text.in_(language) for option in question.options.all()}
    if question.kind in {Kind.CRITERION, Kind.RATING}:
        descriptor = texts.get(("option", str(value)), "")
        return [f"{value}. {descriptor}" if descriptor else str(value)]
    if question.kind == Kind.CHOICE:
        return [texts[("option", value)]]
    if question.kind == Kind.YES_PARTLY_NO:
        return [str(YES_PARTLY_NO[value])]
    if question.kind == Kind.CHOICES:
        return [texts[("option", code)] for code in value]
    if question.kind == Kind.TABLE:
        return [
            gettext("%(row)s: %(choice)s") % {"row": texts[("row", row)], "choice": texts[("column", column)]}
            for row, column in value.items()
        ]
    if question.kind == Kind.NUMBER:
        return [counted(number_text(value), question.unit.in_(language))]
    if question.kind == Kind.PERCENTAGE:
        return [gettext("%(share)s%%") % {"share": number_text(value)}]
    if question.kind == Kind.MONEY:
        return [f"{number_text(value['amount'])} {value['currency']}"]
    if question.kind == Kind.DATE:
        return [formats.date_format(datetime.date.fromisoformat(value), "DATE_FORMAT")]
    return str(value).split("\n")
