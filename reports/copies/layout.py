"""Where everything stands in the spreadsheet: the same rows when it is written and when it is read again.

A sheet a section, a row a question; under a question of several parts (choices, table, money) a row a part.
"""

import datetime
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext

from assessments import values
from assessments.models import AnswerStatus, Basis
from reports.copies.asked import Asked, Questionnaire
from toolkit.models import Kind, Option

FORMAT = 1  # of the spreadsheet; one of another format is asked for anew
HIDDEN = "_readiness"  # the sheet with the signature and the lists to choose from
SALT = "reports.copies.spreadsheet"
FIRST_ROW = 4  # under name, introduction and heads
NUMBER, QUESTION, POSSIBLE, ANSWER, NONE, REASON, BASIS, NOTE, CONFIDENTIAL = range(1, 10)  # columns
LONGEST_IN_CELL = 32_000  # of the 32,767 UTF-16 units that a cell holds
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")  # XML has no place for them
ESCAPED = re.compile(r"_x(?!0000|[Dd][89A-Fa-f])([0-9A-Fa-f]{4})_")  # NUL and halves of characters are no text


@dataclass(frozen=True)
class Line:
    """A row of a section's sheet. `part`: "" of the question itself; otherwise what of it stands in this row."""

    key: str  # in the first column: the question's code, or the code with a number for its parts
    asked: Asked
    part: str = ""  # option, row, amount, currency
    option: Option | None = None

    @property
    def has_answer(self) -> bool:
        """Whether its answer column is filled in here, not in the rows of its parts."""
        return bool(self.part) or self.asked.kind not in {Kind.CHOICES, Kind.TABLE, Kind.MONEY}


def lines(asked: Asked) -> Iterator[Line]:
    """The rows of a question."""
    yield Line(asked.code, asked)
    if asked.kind == Kind.MONEY:
        parts: list[tuple[str, Option | None]] = [("amount", None), ("currency", None)]
    elif asked.kind in {Kind.CHOICES, Kind.TABLE}:
        axis = "row" if asked.kind == Kind.TABLE else "option"
        parts = [(axis, option) for option in asked.options(axis)]
    else:
        parts = []
    for number, (part, option) in enumerate(parts, 1):
        yield Line(f"{asked.code}.{number}", asked, part, option)


def sheets(questionnaire: Questionnaire) -> dict[str, list[Line]]:
    """The rows of each section's sheet, by the sheet's name."""
    return {
        sheet_name(part.section.code): [line for asked in part.questions for line in lines(asked)]
        for part in questionnaire.parts
    }


def sheet_name(code: str) -> str:
    return re.sub(r"[\[\]:*?/\\']", "-", code)[:31]


def possible_words(line: Line) -> Mapping[str, str]:
    """What can be chosen in the answer column of the row, by code; {} where one writes."""
    asked = line.asked
    if line.part == "option":
        return {"yes": gettext("Yes")}
    if line.part == "row":
        return {option.code: asked.say(option.text) for option in asked.options("column")}
    if asked.kind in {Kind.CRITERION, Kind.RATING}:
        return {choice.code: choice.code for choice in asked.choices}
    if asked.kind == Kind.YES_PARTLY_NO:
        return {code: str(words) for code, words in values.YES_PARTLY_NO.items()}
    if asked.kind == Kind.CHOICE:
        return {choice.code: choice.text for choice in asked.choices}
    return {}


def none_words() -> dict[str, str]:
    """Why there is no answer, by status."""
    return {
        str(AnswerStatus.DONT_KNOW): gettext("I don’t know"),
        str(AnswerStatus.NOT_APPLICABLE): gettext("Not applicable"),
    }


def basis_words() -> dict[str, str]:
    return {code: str(label) for code, label in Basis.choices}


def yes_words() -> dict[str, str]:
    return {"yes": gettext("Yes"), "no": gettext("No")}


def plain(words: Any) -> str:
    """Words as they are compared: any space is a space, capitals do not count."""
    return " ".join(unicodedata.normalize("NFC", str(words)).split()).casefold()


def escaped(text: str) -> str:
    """The text as a cell holds it: control characters, and what looks like an escape, are written as _x0008_."""
    return CONTROL.sub(lambda found: f"_x{ord(found.group()):04X}_", text)


def unescaped(text: str) -> str:
    return ESCAPED.sub(lambda found: chr(int(found.group(1), 16)), text)


def fits_cell(text: str) -> bool:
    return len(escaped(text).encode("utf-16-le")) // 2 <= LONGEST_IN_CELL


def first_name() -> str:
    """The name of the first sheet, which explains."""
    return gettext("Read me")


def day_of(iso: str) -> datetime.date | str:
    """The stored date as a cell holds one; spreadsheets know none before 1900, those stay text."""
    day = datetime.date.fromisoformat(iso)
    return day if day.year > 1900 else f"{day:%d/%m/%Y}"
