"""The questionnaire as a spreadsheet: to fill in with Excel or LibreOffice without a line, and to bring back."""

import io
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.core import signing
from django.utils import formats, timezone
from django.utils.translation import gettext
from openpyxl import Workbook
from openpyxl.cell.cell import Cell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.utils import get_column_letter
from openpyxl.workbook.protection import WorkbookProtection
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from assessments import values
from reports.copies import layout
from reports.copies.asked import Asked, Part, Questionnaire
from reports.copies.layout import (
    ANSWER,
    BASIS,
    CONFIDENTIAL,
    FIRST_ROW,
    NONE,
    NOTE,
    NUMBER,
    POSSIBLE,
    QUESTION,
    REASON,
    Line,
)
from toolkit.models import Kind

WIDTHS = {
    NUMBER: 11, QUESTION: 46, POSSIBLE: 52, ANSWER: 32, NONE: 18, REASON: 32, BASIS: 24, NOTE: 36, CONFIDENTIAL: 14,
}  # fmt: skip
INK, QUIET, ACCENT = "1A2430", "4A5764", "0D5470"
TO_FILL = PatternFill("solid", start_color="FFF8E5")
HEAD = PatternFill("solid", start_color="E9F1F4")
EDGE = Side(style="thin", color="7D8790")
BOX = Border(left=EDGE, right=EDGE, top=EDGE, bottom=EDGE)
RULE = Border(top=Side(style="thin", color="DDDBD4"))
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")
INLINE = 250  # characters of a list that stands in its cells' own rule


def make(questionnaire: Questionnaire) -> bytes:
    """The file, in the active language, which is the copy's."""
    book = Workbook()
    book.properties.creator = "Readiness"
    book.properties.title = questionnaire.sheet.instrument.name.in_(questionnaire.language)
    book.properties.language = questionnaire.language
    first: Worksheet = book.active  # type: ignore[assignment]
    hidden = book.create_sheet(layout.HIDDEN)
    writer = Writer(hidden)
    rows = layout.sheets(questionnaire)
    for part, (name, found) in zip(questionnaire.parts, rows.items(), strict=True):
        writer.section(book.create_sheet(name), part, found)
    first.title = layout.first_name()
    front(first, questionnaire, list(rows))
    put(hidden, 1, 1, signature(questionnaire))
    hidden.sheet_state = "hidden"
    book.move_sheet(hidden, offset=len(rows))
    for sheet in book.worksheets:
        sheet.protection.sheet = True
        sheet.protection.formatColumns = sheet.protection.formatRows = False  # False: allowed
    book.security = WorkbookProtection(lockStructure=True)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def signature(questionnaire: Questionnaire) -> str:
    """What tells the file from that of another country, questionnaire or version; and what was typed over, signed."""
    return signing.dumps(
        {
            "format": layout.FORMAT,
            "sheet": str(questionnaire.sheet.public_id),
            "framework": questionnaire.sheet.instrument.framework.digest,
            "language": questionnaire.language,
            "section": questionnaire.section.code if questionnaire.section else "",
            "bases": {asked.code: asked.number for asked in questionnaire.questions if not is_closed(asked)},
        },
        salt=layout.SALT,
        compress=True,
    )


def is_closed(asked: Asked) -> bool:
    """What cannot be answered in the spreadsheet: another institution's confidence, a text too long for a cell."""
    texts = [asked.reason, asked.note, asked.written]
    return asked.is_withheld or not all(layout.fits_cell(text) for text in texts)


def put(sheet: Worksheet, row: int, column: int, value: Any, **style: Any) -> Cell:
    """Write a value; a text stays a text, whatever it begins with."""
    cell: Cell = sheet.cell(row, column)  # type: ignore[assignment]
    if isinstance(value, str):
        cell.value = layout.escaped(value)
        cell.data_type = "s"
        cell.quotePrefix = value.startswith(FORMULA_SIGNS)
    else:
        cell.value = value
    for name, wanted in style.items():
        setattr(cell, name, wanted)
    return cell


def face(*, size: int = 11, **options: Any) -> Font:
    return Font(name="Calibri", size=size, **options)


def height_of(cells: Sequence[Cell]) -> float:
    """Points that a row needs for its longest text: LibreOffice opens a row without a height as one line."""
    lines = [
        sum(-(-max(len(part), 1) // (WIDTHS[cell.column] - 2)) for part in str(cell.value or "").split("\n"))
        for cell in cells
        if cell.column in WIDTHS
    ]
    return min(15.0 * max(lines, default=1) + 4, 409)  # the most that a row can have


def wrapped(**options: Any) -> Alignment:
    return Alignment(wrap_text=True, vertical="top", **options)


def front(sheet: Worksheet, questionnaire: Questionnaire, names: Sequence[str]) -> None:
    """The first sheet: whose questionnaire it is, of when, how to fill it in, and the way to each section."""
    project, language = questionnaire.sheet.project, questionnaire.language
    taken = formats.date_format(timezone.localtime(questionnaire.taken_at), "DATETIME_FORMAT")
    sheet.sheet_view.showGridLines = False
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 14, 90
    title = questionnaire.sheet.instrument.name.in_(language)
    put(sheet, 1, 1, title, font=face(bold=True, size=18, color=INK))
    put(sheet, 2, 1, f"{project.country.name.in_(language)} · {project.operator.name} · {project.framework}")
    put(sheet, 3, 1, gettext("With the answers as they stood on %(when)s (UTC).") % {"when": taken})
    rules = [
        gettext("Fill in only the yellow cells. Everything else is locked."),
        gettext("Where a list opens, choose from it. Where a cell has a note, the note explains the question."),
        gettext("No answer? Say why in the column beside it: “I don’t know”, or “Not applicable” with the reason."),
        gettext("Do not use formulas, do not add, delete or move rows or sheets: the file would be refused."),
        gettext("Save as .xlsx and bring the file back on the page where you fetched it: “On paper and offline”."),
        gettext("Before anything is saved you will see each change, and choose what to take over."),
    ]
    for number, rule in enumerate(rules, 1):
        put(sheet, 4 + number, 1, number, alignment=Alignment(horizontal="right", vertical="top"))
        put(sheet, 4 + number, 2, rule, alignment=wrapped())
    row = 5 + len(rules) + 1
    put(sheet, row, 1, gettext("Sections"), font=face(bold=True, size=13, color=INK))
    for number, (name, part) in enumerate(zip(names, questionnaire.parts, strict=True), row + 1):
        link = put(sheet, number, 1, name, font=face(color=ACCENT, underline="single"))
        link.hyperlink = f"#'{name}'!A1"  # type: ignore[assignment]
        put(sheet, number, 2, part.name)
    print_setup(sheet, title)


def print_setup(sheet: Worksheet, title: str) -> None:
    sheet.page_setup.paperSize = 9  # A4
    sheet.page_setup.orientation = "landscape"
    sheet.sheet_properties.pageSetUpPr.fitToPage = True  # type: ignore[union-attr]
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.page_margins.left = sheet.page_margins.right = 0.4
    sheet.oddFooter.left.text = title.replace("&", "&&")
    sheet.oddFooter.right.text = "&P / &N"


class Writer:
    """Writes the sections' sheets; the lists to choose from stand in the hidden sheet, a column each."""

    def __init__(self, hidden: Worksheet) -> None:
        self.hidden = hidden
        self.lists = 1  # the column last used

    def section(self, sheet: Worksheet, part: Part, rows: Sequence[Line]) -> None:
        self.sheet, self.rules = sheet, dict[Any, DataValidation]()
        code = f"{part.section.code} " if part.section.lever_id else ""
        put(sheet, 1, 1, f"{code}{part.name}", font=face(bold=True, size=14, color=INK))
        put(sheet, 2, 1, part.text, font=face(color=QUIET))
        heads = {
            NUMBER: gettext("No."), QUESTION: gettext("Question"), POSSIBLE: gettext("What can be answered"),
            ANSWER: gettext("Answer"), NONE: gettext("No answer, because"), REASON: gettext("Why it does not apply"),
            BASIS: gettext("What it rests on"), NOTE: gettext("Note"), CONFIDENTIAL: gettext("Confidential"),
        }  # fmt: skip
        for column, words in heads.items():
            style = {"font": face(bold=True, color=INK), "fill": HEAD, "border": BOX, "alignment": wrapped()}
            put(sheet, FIRST_ROW - 1, column, words, **style)
            sheet.column_dimensions[get_column_letter(column)].width = WIDTHS[column]
        for number, line in enumerate(rows, FIRST_ROW):
            self.line(number, line)
        for cells in sheet.iter_rows(min_row=FIRST_ROW - 1):
            sheet.row_dimensions[cells[0].row].height = height_of(cells)  # type: ignore[index, arg-type]
        for rule in self.rules.values():
            sheet.add_data_validation(rule)
        sheet.freeze_panes = sheet.cell(FIRST_ROW, QUESTION)
        sheet.print_title_rows = f"{FIRST_ROW - 1}:{FIRST_ROW - 1}"
        print_setup(sheet, f"{code}{part.name}")

    def line(self, row: int, line: Line) -> None:
        asked = line.asked
        is_question = not line.part
        common = {"border": RULE} if is_question else {}
        put(self.sheet, row, NUMBER, line.key, font=face(color=QUIET), alignment=wrapped(), **common)
        text = asked.text if is_question else part_text(line)
        indent = wrapped() if is_question else wrapped(indent=2)
        put(self.sheet, row, QUESTION, text, font=face(bold=is_question, color=INK), alignment=indent, **common)
        put(self.sheet, row, POSSIBLE, possible(line), font=face(color=QUIET), alignment=wrapped(), **common)
        if is_question and (words := notes(asked)):
            comment = Comment(layout.escaped(words), "Readiness", height=60 + 20 * (len(words) // 45), width=380)
            self.sheet.cell(row, QUESTION).comment = comment
        if is_closed(asked):
            if is_question:
                put(self.sheet, row, ANSWER, closed_words(asked), font=face(color=QUIET), alignment=wrapped(), **common)
            return
        if line.has_answer:
            self.answer(row, line)
        if is_question:
            self.beside(row, asked)

    def beside(self, row: int, asked: Asked) -> None:
        """What is said of the answer as a whole."""
        self.fill_in(row, NONE, layout.none_words().get(asked.status, ""))
        self.choose(row, NONE, list(layout.none_words().values()))
        self.fill_in(row, REASON, asked.reason)
        if asked.question.is_scored:
            self.fill_in(row, BASIS, layout.basis_words().get(asked.answer.basis if asked.answer else "", ""))
            self.choose(row, BASIS, list(layout.basis_words().values()))
        self.fill_in(row, NOTE, asked.note)
        yes = layout.yes_words()
        self.fill_in(row, CONFIDENTIAL, yes["yes" if asked.is_confidential else "no"])
        self.choose(row, CONFIDENTIAL, list(yes.values()))

    def answer(self, row: int, line: Line) -> None:
        self.fill_in(row, ANSWER, answer_value(line), number_format=number_format(line))
        words = layout.possible_words(line)
        if words:
            self.choose(row, ANSWER, list(words.values()))
        elif line.part == "amount":
            self.limit(row, "amount", gettext("Type an amount in figures only, without the currency."), least=0)
        elif line.part == "currency":
            self.limit_length(row, gettext("Give the currency by its three letters, for example USD, EUR or XOF."))
        elif line.asked.kind == Kind.PERCENTAGE:
            self.limit(row, "percentage", gettext("A percentage lies between 0 and 100."), least=0, most=100)
        elif line.asked.kind == Kind.NUMBER:
            self.limit(row, "number", gettext("Type a number, in figures only."), least=-(10**15))

    def fill_in(self, row: int, column: int, value: Any, *, number_format: str = "@") -> None:
        """A cell that is open to be typed in."""
        style = {
            "fill": TO_FILL, "border": BOX, "alignment": wrapped(horizontal="left"),
            "protection": Protection(locked=False), "number_format": number_format,
        }  # fmt: skip
        put(self.sheet, row, column, None if value == "" else value, **style)

    def choose(self, row: int, column: int, words: Sequence[str]) -> None:
        """A list to choose from: in the rule itself where it fits, otherwise in the hidden sheet."""
        inline = ",".join(words)
        if len(inline) <= INLINE and not any(sign in word for word in words for sign in ',"'):
            source = f'"{inline}"'
        else:
            source = self.listed(words)
        rule = self.rule(source, type="list", formula1=source)
        rule.error = gettext("Choose one entry of the list.")
        rule.add(self.sheet.cell(row, column))

    def listed(self, words: Sequence[str]) -> str:
        self.lists += 1
        letter = get_column_letter(self.lists)
        for number, word in enumerate(words, 1):
            put(self.hidden, number, self.lists, word)
        return f"'{layout.HIDDEN}'!${letter}$1:${letter}${len(words)}"

    def limit(self, row: int, kind: str, error: str, *, least: int, most: int = 10**15) -> None:
        rule = self.rule(kind, type="decimal", operator="between", formula1=str(least), formula2=str(most))
        rule.error = error
        rule.add(self.sheet.cell(row, ANSWER))

    def limit_length(self, row: int, error: str) -> None:
        rule = self.rule("currency", type="textLength", operator="equal", formula1="3")
        rule.error = error
        rule.add(self.sheet.cell(row, ANSWER))

    def rule(self, key: str, **options: Any) -> DataValidation:
        """One rule for all cells of a sheet that follow it."""
        if key not in self.rules:
            self.rules[key] = DataValidation(allow_blank=True, showErrorMessage=True, **options)
        return self.rules[key]


def part_text(line: Line) -> str:
    if line.option is not None:
        return line.asked.say(line.option.text)
    return gettext("Amount") if line.part == "amount" else gettext("Currency, three letters")


def possible(line: Line) -> str:
    """What can be answered, in words, with the condition."""
    asked = line.asked
    if line.part == "row":
        return " / ".join(asked.columns)
    if line.part == "option":
        return gettext("Choose “Yes” if this is so; otherwise leave it empty.")
    if line.part:
        return ""
    ways = {
        Kind.CHOICES: lambda: gettext("Several choices: answer in the rows below."),
        Kind.TABLE: lambda: gettext("One choice in each row below."),
        Kind.MONEY: lambda: gettext("Amount and currency in the rows below."),
        Kind.NUMBER: lambda: (
            gettext("A number: %(unit)s") % {"unit": asked.unit} if asked.unit else gettext("A number")
        ),
        Kind.PERCENTAGE: lambda: gettext("A percentage between 0 and 100, without the sign"),
        Kind.DATE: lambda: gettext("A date: day, month and year, like 31/12/2026"),
        Kind.LINK: lambda: gettext("A web address"),
        Kind.TEXT: lambda: gettext("A text"),
    }
    words = ways[Kind(asked.kind)]() if asked.kind in ways else "\n".join(choice.words for choice in asked.choices)
    return "\n".join(filter(None, [asked.condition, words]))


def notes(asked: Asked) -> str:
    """The note that opens on the question: help, evidence, who knows."""
    evidence = gettext("Evidence asked for: %(what)s") % {"what": asked.evidence} if asked.evidence else ""
    knows = gettext("Who usually knows: %(who)s") % {"who": asked.knows}
    return "\n".join(filter(None, [asked.help, evidence, knows]))


def closed_words(asked: Asked) -> str:
    if asked.is_withheld:
        return gettext("Another institution has given a confidential answer here.")
    return gettext("This answer is too long for a cell. Change it on the site.")


def answer_value(line: Line) -> Any:
    """What stands in the answer column of the row: numbers and dates as such."""
    asked, value = line.asked, line.asked.value
    if value is None:
        return ""
    if line.part == "option":
        return layout.possible_words(line)["yes"] if line.option and line.option.code in value else ""
    if line.part == "row":
        return layout.possible_words(line).get(value.get(line.option.code if line.option else ""), "")
    if line.part == "amount":
        return exact(value["amount"])
    if line.part == "currency":
        return value["currency"]
    if asked.kind in {Kind.NUMBER, Kind.PERCENTAGE}:
        return exact(value)
    if asked.kind in {Kind.CRITERION, Kind.RATING}:
        return int(value)
    words = layout.possible_words(line)
    return words[value] if words else layout.day_of(value) if asked.kind == Kind.DATE else str(value)


def exact(number: str) -> Any:
    """As a number, where a cell keeps all its figures (15); otherwise as text."""
    value = Decimal(number)
    if len(value.as_tuple().digits) > 15:
        return values.number_text(number)
    return int(value) if value == value.to_integral_value() else float(value)


def number_format(line: Line) -> str:
    if line.asked.kind == Kind.DATE:
        return "dd/mm/yyyy"
    is_number = line.part == "amount" or line.asked.kind in {
        Kind.NUMBER, Kind.PERCENTAGE, Kind.CRITERION, Kind.RATING,
    }  # fmt: skip
    return "General" if is_number else "@"
