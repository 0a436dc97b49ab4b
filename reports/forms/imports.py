"""From the cells of a spreadsheet to answers, by the same rules as what is typed on the site."""

import datetime
import math
from collections.abc import Mapping
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils import translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from openpyxl.utils.datetime import from_excel

from assessments import values
from assessments.forms.answers import read_content
from assessments.models import NATIONAL_INSTITUTIONS, AnswerSheet, AnswerStatus
from assessments.outline import structure
from reports.copies import brought, layout
from reports.copies.brought import Brought, Found
from reports.copies.layout import ANSWER, BASIS, CONFIDENTIAL, NONE, NOTE, REASON, Line
from toolkit.models import Kind

EMPTY = Found(None, "n", "", "")


class UploadForm(forms.Form):
    """A spreadsheet that is brought back; `brought` is what it says."""

    file = forms.FileField(
        label=_("The filled spreadsheet"),
        help_text=_("The file that you fetched here and filled in, saved as .xlsx."),
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx"}),
        error_messages={"required": _("Choose a file first."), "invalid": _("Choose a file first.")},
    )

    def __init__(self, *args: Any, sheet: AnswerSheet, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sheet = sheet

    def clean_file(self) -> bytes:
        upload: UploadedFile = self.cleaned_data["file"]
        self.name = values.clean_text((upload.name or "").replace("\x00", ""))[-200:] or "questionnaire.xlsx"
        content = upload.read(brought.LARGEST + 1)
        try:
            self.brought = brought.read(content, self.sheet)
        except brought.Refused as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
        return content

    def rows(self) -> list[dict[str, Any]]:
        """What the spreadsheet says on each question, as `Import.rows` keeps it."""
        return rows_of(self.brought, self.sheet)


class WhoseForm(forms.Form):
    """Whose answers a spreadsheet holds: the coordinator brings back what another institution filled in."""

    institution = forms.ChoiceField(
        label=_("Whose answers are these?"),
        help_text=_(
            "Each answer that you take over counts as that institution’s, and says that you entered it. A confidential "
            "one is read by them, the experts and the International Bureau, and by you until someone there changes it."
        ),
        required=False,
    )

    def __init__(self, *args: Any, own: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = [(place.value, place.label) for place in NATIONAL_INSTITUTIONS if place != own]
        self.fields["institution"].choices = [("", _("My own institution")), *others]


class Impossible(Exception):
    """A cell that says nothing possible."""

    def __init__(self, cell: Found, why: str) -> None:
        super().__init__(why)
        self.cell = cell


def rows_of(found: Brought, sheet: AnswerSheet) -> list[dict[str, Any]]:
    levels = structure(sheet.instrument).levels
    rows = []
    for code, lines in found.lines.items():
        if code not in found.bases:  # it was not open in the file
            continue
        reader = Reader(found, lines)
        row: dict[str, Any] = {"question": code, "base": found.bases[code], "cell": reader.place}
        try:
            content = read_content(reader.question, reader.typed(), levels=levels, language=found.language)
            row["content"] = asdict(content)
        except Impossible as refusal:
            row |= {"cell": refusal.cell.place, "problem": str(refusal)}
        except values.ImpossibleValue as refusal:
            row |= {"cell": reader.place_of_problem(), "problem": str(refusal)}
        rows.append(row)
    return rows


class Reader:
    """The rows of one question, read as the fields of the page would be."""

    def __init__(self, found: Brought, lines: list[tuple[Line, Mapping[int, Found]]]) -> None:
        self.found, self.lines = found, lines
        self.first, self.cells = lines[0]
        self.question = self.first.asked.question

    @property
    def place(self) -> str:
        """Where its answer stands."""
        return self.place_in(0)

    def place_in(self, row: int) -> str:
        """The answer column of one of its rows."""
        return self.lines[row][1][layout.NUMBER].place.replace("!A", "!D")

    def place_of_problem(self) -> str:
        """Of an amount of money, which of its two cells is refused; of anything else, where the answer stands."""
        if self.question.kind != Kind.MONEY:
            return self.place
        letters = self.text(self.lines[2][1].get(ANSWER, EMPTY)).strip()
        return self.place_in(1 if len(letters) == 3 and letters.isalpha() else 2)

    def cell(self, column: int) -> Found:
        return self.cells.get(column, EMPTY)

    def typed(self) -> dict[str, Any]:
        """Value, status and what stands beside them, as `read_content` takes them. Raises Impossible."""
        status = self.word(self.cell(NONE), layout.none_words)
        value = self.value()
        if status and value not in ("", [], {}, {"amount": "", "currency": ""}):
            raise Impossible(
                self.cell(NONE),
                gettext("There is an answer, and a reason why there is none. Empty one of the two cells."),
            )
        reason = self.text(self.cell(REASON))
        if status == AnswerStatus.NOT_APPLICABLE and not reason.strip():
            raise Impossible(self.cell(NONE), gettext("Say why this does not apply; the experts read the reason."))
        return {
            "status": status or AnswerStatus.ANSWERED,
            "value": value,
            "reason": reason,
            "note": self.text(self.cell(NOTE)),
            "basis": self.word(self.cell(BASIS), layout.basis_words),
            "is_confidential": self.word(self.cell(CONFIDENTIAL), layout.yes_words) == "yes",
        }

    def value(self) -> Any:
        kind = self.question.kind
        parts = [(line, cells.get(ANSWER, EMPTY)) for line, cells in self.lines[1:]]
        if kind == Kind.MONEY:
            (_amount, amount), (_currency, currency) = parts
            return {"amount": self.number(amount), "currency": self.text(currency).strip()}
        if kind == Kind.CHOICES:
            return [line.option.code for line, cell in parts if line.option and self.is_ticked(line, cell)]
        if kind == Kind.TABLE:
            return {line.option.code: self.one_of(line, cell) for line, cell in parts if line.option}
        cell = self.cell(ANSWER)
        if layout.possible_words(self.first):
            return self.one_of(self.first, cell)
        if kind in {Kind.NUMBER, Kind.PERCENTAGE}:
            return self.number(cell)
        if kind == Kind.DATE:
            return self.day(cell)
        return self.text(cell)

    def is_ticked(self, line: Line, cell: Found) -> bool:
        """Whether an option is chosen; a "no" and an x are understood too."""
        with translation.override(self.found.language):
            answers = {layout.plain(text): code for code, text in layout.yes_words().items()}
        typed = layout.plain(self.text(cell))
        return (
            cell.value is not False
            and answers.get(typed) != "no"
            and (typed == "x" or self.one_of(line, cell) == "yes")
        )

    def one_of(self, line: Line, cell: Found) -> str:
        return self.word(cell, lambda: layout.possible_words(line))

    def word(self, cell: Found, words: Any) -> str:
        """The code of what was chosen in a list; "" where nothing was. Words are those of the file's language."""
        if cell.is_empty:
            return ""
        typed = layout.plain(self.text(cell))
        with translation.override(self.found.language):
            known = {layout.plain(text): code for code, text in words().items()}
        if isinstance(cell.value, bool):
            typed = next((text for text, code in known.items() if code == ("yes" if cell.value else "no")), typed)
        if typed not in known:
            raise Impossible(
                cell,
                gettext("“%(typed)s” is not in the list of this cell. Choose one of its entries.")
                % {"typed": self.text(cell)[:60]},
            )
        return known[typed]

    def text(self, cell: Found) -> str:
        """What the cell says, as a text."""
        if cell.kind == "e":
            raise Impossible(cell, gettext("This cell holds an error. Empty it, and type the answer again."))
        value = cell.value
        if value is None:
            return ""
        if isinstance(value, datetime.datetime | datetime.date):
            return f"{value:%d/%m/%Y}"
        if isinstance(value, int | float) and not isinstance(value, bool):
            return self.in_notation(cell, 1)
        return layout.unescaped(str(value))

    def number(self, cell: Found) -> str:
        """A number in the notation of the file's language. One shown as a percentage is a hundred times as much."""
        is_number = isinstance(cell.value, int | float) and not isinstance(cell.value, bool)
        if not is_number:
            return self.text(cell)
        is_share = self.question.kind == Kind.PERCENTAGE and "%" in cell.number_format
        return self.in_notation(cell, 100 if is_share else 1)

    def in_notation(self, cell: Found, times: int) -> str:
        if isinstance(cell.value, float) and not math.isfinite(cell.value):
            raise Impossible(cell, gettext("This cell holds an error. Empty it, and type the answer again."))
        point, _groups = values.SEPARATORS.get(self.found.language, values.SEPARATORS["en"])
        return values.plain(Decimal(repr(cell.value)) * times).replace(".", point)

    def day(self, cell: Found) -> str:
        """A date as one; the number that stands for a day, or a text, read as one."""
        value = cell.value
        if isinstance(value, int | float) and not isinstance(value, bool):
            try:
                value = from_excel(value, self.found.epoch)
            except (ValueError, OverflowError):
                return self.text(cell)
        return f"{value:%d/%m/%Y}" if isinstance(value, datetime.date) else self.text(cell)
