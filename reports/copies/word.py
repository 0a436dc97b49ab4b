"""The questionnaire for Word: headings, a table a question, boxes to tick and fields to type in."""

import io
from typing import Any

from django.utils.translation import gettext
from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor
from docx.table import _Cell
from docx.text.paragraph import Paragraph

from reports.copies.asked import Asked, Choice, Part, Questionnaire
from reports.copies.printed import Paper
from toolkit.models import Kind

W14 = "http://schemas.microsoft.com/office/word/2010/wordml"
TICKED, EMPTY = "☒", "☐"
INK, QUIET, ACCENT = RGBColor(0x1A, 0x24, 0x30), RGBColor(0x4A, 0x57, 0x64), RGBColor(0x0D, 0x54, 0x70)
LABELS, FIELDS = Cm(3.6), Cm(13.4)
# Control characters but tab and line end, and what is no character: XML has no place for them.
UNWRITABLE = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF])


def make(questionnaire: Questionnaire) -> bytes:
    """The file, in the active language, which is the copy's."""
    paper = Paper(questionnaire)
    document = Document()
    dress(document, paper)
    document.add_heading(paper.title, 0)
    line = document.add_paragraph(f"{paper.country} · {questionnaire.sheet.project.operator.name}\n{paper.state}")
    line.style = document.styles["Subtitle"]
    for rule in [
        gettext("Tick a box by clicking it, and type into the grey fields; they grow with the text."),
        *paper.rules,
    ]:
        document.add_paragraph(rule, style="List Bullet")
    for number, part in enumerate(paper.parts):
        add_part(document, part, is_first=number == 0)
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def dress(document: Any, paper: Paper) -> None:
    """Language, faces, page, header and footer."""
    document.core_properties.title = f"{paper.country} – {paper.title}"
    document.core_properties.author = "Readiness"
    document.core_properties.comments = ""
    document.core_properties.language = paper.language
    document.core_properties.created = document.core_properties.modified = paper.questionnaire.taken_at.replace(
        tzinfo=None
    )
    styles = document.styles
    defaults = styles.element.find(f"{qn('w:docDefaults')}/{qn('w:rPrDefault')}/{qn('w:rPr')}")
    for language in defaults.findall(qn("w:lang")):
        defaults.remove(language)
    language = OxmlElement("w:lang")
    language.set(qn("w:val"), {"fr": "fr-FR", "en": "en-GB"}.get(paper.language, paper.language))
    defaults.append(language)
    for name, size, colour in (
        ("Normal", 10, INK), ("Title", 22, INK), ("Subtitle", 10.5, QUIET), ("Heading 1", 16, INK),
        ("Heading 2", 11, INK),
    ):  # fmt: skip
        face = styles[name].font
        face.name, face.size, face.color.rgb, face.italic = "Calibri", Pt(size), colour, False
        fonts = styles[name].element.get_or_add_rPr().get_or_add_rFonts()
        for attribute in list(fonts.attrib):
            if attribute.endswith("Theme"):
                del fonts.attrib[attribute]
        fonts.set(qn("w:hAnsi"), "Calibri")
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2)
    section.top_margin = section.bottom_margin = Cm(2)
    section.header.paragraphs[0].text = f"{paper.country} – {paper.title}"
    foot = section.footer.paragraphs[0]
    foot.add_run(f"{paper.foot} · {paper.page_words[0]}")
    add_counter(foot, "PAGE")
    foot.add_run(paper.page_words[1])
    add_counter(foot, "NUMPAGES")
    for paragraph in (section.header.paragraphs[0], foot):
        paragraph.alignment = WD_ALIGN_PARAGRAPH.LEFT
        for run in paragraph.runs:
            run.font.size, run.font.color.rgb = Pt(8), QUIET


def add_counter(paragraph: Paragraph, name: str) -> None:
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), name)
    run = paragraph.add_run("1")
    field.append(run._r)
    paragraph._p.append(field)
    run.font.size, run.font.color.rgb = Pt(8), QUIET


def add_part(document: Any, part: Part, *, is_first: bool) -> None:
    code = f"{part.section.code} " if part.section.lever_id else ""
    heading = document.add_heading(f"{code}{part.name}", 1)
    heading.paragraph_format.page_break_before = not is_first
    if part.text:
        document.add_paragraph(part.text)
    for asked in part.questions:
        add_question(document, asked)


def add_question(document: Any, asked: Asked) -> None:
    heading = document.add_heading("", 2)
    code = heading.add_run(f"{asked.code}  ")
    code.font.color.rgb = ACCENT
    heading.add_run(asked.text)
    for words in filter(None, (asked.condition, asked.help)):
        hint = document.add_paragraph()
        hint.paragraph_format.keep_with_next = True
        hint.paragraph_format.space_after = Pt(3)
        run = hint.add_run(words)
        run.font.size, run.font.color.rgb = Pt(9), QUIET
    if asked.is_withheld:
        document.add_paragraph(
            gettext(
                "Another institution has given a confidential answer here. Only that institution, the experts and the "
                "International Bureau read it."
            )
        )
        return
    if asked.kind == Kind.TABLE:
        add_grid(document, asked)
    if asked.entered_for:
        said = document.add_paragraph().add_run(asked.entered_for.translate(UNWRITABLE))
        said.font.size, said.font.color.rgb = Pt(9), QUIET
    table = document.add_table(rows=0, cols=2)
    table.style, table.autofit = "Table Grid", False
    table.columns[0].width, table.columns[1].width = LABELS, FIELDS
    if asked.kind != Kind.TABLE:
        add_reply(row(table, gettext("Answer")), asked)
    cell = row(table, gettext("No answer"))
    tick(cell.paragraphs[0], Choice("", gettext("I don’t know"), asked.is_unknown))
    reason = cell.add_paragraph()
    tick(reason, Choice("", f"{gettext('Not applicable, because:')} ", asked.does_not_apply))
    field(reason, asked.reason, f"{asked.code} {gettext('Why it does not apply')}")
    if asked.bases:
        tick_each(row(table, gettext("What it rests on")), asked.bases)
    note = row(table, gettext("Note"))
    if asked.evidence:
        words = gettext("Evidence asked for: %(what)s") % {"what": asked.evidence}
        run = note.paragraphs[0].add_run(words)
        run.font.size, run.font.color.rgb = Pt(9), QUIET
        note.add_paragraph()
    field(note.paragraphs[-1], asked.note, f"{asked.code} {gettext('Note')}")
    if asked.pieces:
        row(table, gettext("Evidence added so far")).paragraphs[0].add_run(
            "\n".join(asked.pieces).translate(UNWRITABLE)
        )
    tick(row(table, gettext("Confidential")).paragraphs[0], Choice("", gettext("Yes"), asked.is_confidential))
    for view in asked.views:
        cell = row(table, view.title)
        why = f"{gettext('Reason:')} {view.why}"
        cell.paragraphs[0].add_run("\n".join([*view.lines, why]).translate(UNWRITABLE))


def row(table: Any, label: str) -> _Cell:
    """A new row of the question's table; its field."""
    added = table.add_row()
    added._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
    cells = added.cells
    cells[0].width, cells[1].width = LABELS, FIELDS
    run = cells[0].paragraphs[0].add_run(label)
    run.font.color.rgb, run.font.size = QUIET, Pt(9)
    return cells[1]


def add_reply(cell: _Cell, asked: Asked) -> None:
    paragraph = cell.paragraphs[0]
    if asked.choices:
        tick_each(cell, asked.choices)
    elif asked.kind == Kind.MONEY:
        field(paragraph, asked.amount, f"{asked.code} {gettext('Amount')}")
        paragraph.add_run("  ")
        field(paragraph, asked.currency, f"{asked.code} {gettext('Currency, three letters')}")
    else:
        field(paragraph, asked.written, f"{asked.code} {gettext('Answer')}")
        if asked.unit:
            paragraph.add_run(f"  {asked.unit}")


def add_grid(document: Any, asked: Asked) -> None:
    """One choice in each row."""
    table = document.add_table(rows=1, cols=1 + len(asked.columns))
    table.style = "Table Grid"
    for cell, words in zip(table.rows[0].cells[1:], asked.columns, strict=True):
        cell.paragraphs[0].add_run(words).bold = True
    table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    for words, chosen in asked.rows:
        cells = table.add_row().cells
        cells[0].text = words
        for cell, is_chosen in zip(cells[1:], chosen, strict=True):
            tick(cell.paragraphs[0], Choice("", "", is_chosen))
    document.add_paragraph().paragraph_format.keep_with_next = True


def tick_each(cell: _Cell, choices: list[Choice]) -> None:
    for number, choice in enumerate(choices):
        tick(cell.add_paragraph() if number else cell.paragraphs[0], choice)


def tick(paragraph: Paragraph, choice: Choice) -> None:
    """A box that a click ticks, and its words."""
    box = parse_xml(
        f'<w:sdt xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:w14="{W14}"><w:sdtPr>'
        f'<w14:checkbox><w14:checked w14:val="{int(choice.is_chosen)}"/>'
        '<w14:checkedState w14:val="2612" w14:font="MS Gothic"/>'
        '<w14:uncheckedState w14:val="2610" w14:font="MS Gothic"/>'
        '</w14:checkbox></w:sdtPr><w:sdtContent><w:r><w:rPr><w:rFonts w:ascii="MS Gothic" w:hAnsi="MS Gothic" '
        'w:eastAsia="MS Gothic" w:hint="eastAsia"/></w:rPr>'
        f"<w:t>{TICKED if choice.is_chosen else EMPTY}</w:t></w:r></w:sdtContent></w:sdt>"
    )
    paragraph._p.append(box)
    if choice.words:
        paragraph.add_run(f" {choice.words}")


def field(paragraph: Paragraph, text: str, label: str) -> None:
    """A field to type in; what stands in it already, or an invitation that goes away with the first letter."""
    control = OxmlElement("w:sdt")
    properties = OxmlElement("w:sdtPr")
    alias = OxmlElement("w:alias")
    alias.set(qn("w:val"), label[:64])
    properties.append(alias)
    if not text:
        properties.append(OxmlElement("w:showingPlcHdr"))
    kind = OxmlElement("w:text")
    kind.set(qn("w:multiLine"), "1")
    properties.append(kind)
    content = OxmlElement("w:sdtContent")
    run = paragraph.add_run((text or gettext("Type here")).translate(UNWRITABLE))
    if not text:
        run.font.color.rgb = QUIET
    content.append(run._r)
    control.append(properties)
    control.append(content)
    paragraph._p.append(control)
