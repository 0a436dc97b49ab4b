"""The questionnaire on paper, for Word and as a spreadsheet: what a copy says, to whom, and how long it is kept."""

import io
from datetime import timedelta
from typing import Any

import docx
import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation
from openpyxl import load_workbook

from assessments.models import Answer
from foundation.files import path_of
from foundation.models import Job, JobState, StoredFile
from projects.models import MoveNotAllowed, Project
from projects.permissions import Role
from reports.actions.copies import AT_ONCE, forget_expired, request_copy
from reports.copies import asked, layout
from reports.models import KEPT_FOR, Copy, CopyFormat, Problem
from reports.tasks import make_copy
from tests.clients import signed_in
from tests.factories import assessments as work
from tests.factories.projects import member
from tests.factories.reports import CopyFactory, ImportFactory
from tests.reports.test_pdf import flat, opened, text_of
from toolkit.models import Institution

pytestmark = [pytest.mark.django_db, pytest.mark.pdf]
VALUES: dict[str, Any] = {  # a question of every kind
    "G-1": "1234.5", "G-2": {"amount": "98000.5", "currency": "XOF"}, "G-3": ["sail", "ferry"], "G-4": "62.5",
    "G-5": "partly", "G-6": "https://port.example/plan", "A.1-1": 3, "A.1-2": 2, "A.1-3": "2024-06-30",
    "A.1-4": {"north": "crane"}, "A.2-1": 1, "A.2-2": "captain", "A.2-3": "Trois lignes\nde «texte»", "B.1-1": 4,
}  # fmt: skip
TICKS = 2 + 1 + 2 * 4 + 1 + 1  # choices, partly, criteria with what they rest on, a row of the table, a choice


def answered(**notes: str) -> Project:
    """A project with an answer of every kind, some with a note."""
    project = work.opened_project()
    for code, value in VALUES.items():
        work.answer(project, code, value, note=notes.get(code.replace("-", "_").replace(".", "_"), ""))
    return project


def coordinator_of(project: Project) -> Any:
    found = project.memberships.filter(role=Role.COORDINATOR).order_by("pk").first()
    return found.user if found else member(project, Role.COORDINATOR)


def made(project: Project, *, by: Any = None, **wanted: Any) -> Copy:
    """A copy that a worker has made."""
    wanted = {"format": "pdf", "section": None, "is_filled": True, "language": "en", **wanted}
    copy = request_copy(work.national_sheet(project), by=by or coordinator_of(project), **wanted)
    make_copy(copy.job_id)
    copy = Copy.objects.select_related("job", "file", "sheet__project__country").get(pk=copy.pk)
    assert copy.job.state == JobState.DONE, (copy.job.problem, copy.job.detail)
    return copy


def bytes_of(copy: Copy) -> bytes:
    assert copy.file is not None
    return path_of(copy.file).read_bytes()


def words_of(document: bytes) -> str:
    """Everything that a Word document says, fields included, in order."""
    body = docx.Document(io.BytesIO(document)).element.body
    return flat(" ".join(node.text or "" for node in body.iter() if node.tag.endswith("}t")))


# ── What a copy says ─────────────────────────────────────────────────────────


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("form", ["pdf", "docx"])
def test_a_filled_copy_says_every_question_and_every_answer(form, language):
    project = answered(A_1_1="Nous avons tout vérifié.")
    copy = made(project, format=form, language=language)
    says = flat(text_of(bytes_of(copy))) if form == "pdf" else words_of(bytes_of(copy))
    whole = work.outline.structure(work.national_sheet(project).instrument)
    with translation.override(language):
        for question in whole.questions.values():
            assert flat(question.text.in_(language)) in says
            assert question.code in says
        for words in ("XOF", "https://port.example/plan", "Trois lignes", "de «texte»", "Nous avons tout vérifié."):
            assert words in says
    assert says.count("☒") == TICKS
    numbers = {"en": ("1,234.5", "98,000.5", "62.5"), "fr": ("1 234,5", "98 000,5", "62,5")}[language]
    assert [number for number in numbers if number not in says.replace("\u202f", " ").replace("\xa0", " ")] == []


def test_a_blank_copy_asks_and_says_nothing():
    project = answered(A_1_1="SECRET")
    for form in ("pdf", "docx"):
        copy = made(project, format=form, is_filled=False)
        says = text_of(bytes_of(copy)) if form == "pdf" else words_of(bytes_of(copy))
        assert "☐" in says
        for words in ("SECRET", "XOF", "Trois lignes"):
            assert words not in says
        assert "-blank-" in copy.file_name


def test_a_section_alone_is_printed_with_its_pages_counted():
    project = answered()
    copy = made(project, section=work.section(project, "A.1"))
    says = flat(text_of(bytes_of(copy)))
    assert "A.1-1" in says
    assert "A.2-1" not in says
    assert copy.pages == len(opened(bytes_of(copy)).pages)
    assert f"page 1 of {copy.pages}" in says
    assert copy.file_name.endswith(f"-questionnaire-a-1-en-{timezone.now().date()}.pdf")


def test_a_condition_is_said_in_words():
    project = answered()
    sheet = work.national_sheet(project)
    with translation.override("en"):
        found = asked.read(sheet, section=None, is_filled=False, language="en", reader=coordinator_of(project))
        said = {question.code: question.condition for question in found.questions if question.condition}
    assert all(words.startswith("Only if ") and words.endswith(".") for words in said.values())
    assert set(said) == {
        question.code for question in work.outline.structure(sheet.instrument).questions.values() if question.condition
    }
    assert said


def test_the_pdf_is_tagged_in_its_language():
    with opened(bytes_of(made(answered(), language="fr"))) as file:
        assert str(file.Root.Lang) == "fr"
        assert file.Root.MarkInfo.Marked


def test_the_word_document_has_headings_language_and_fields():
    project = answered()
    document = docx.Document(io.BytesIO(bytes_of(made(project, format="docx", language="fr"))))
    whole = work.outline.structure(work.national_sheet(project).instrument)
    headings = [paragraph.text for paragraph in document.paragraphs if paragraph.style.name == "Heading 2"]
    assert headings == [f"{code}  {question.text.in_('fr')}" for code, question in whole.questions.items()]
    assert 'w:lang w:val="fr-FR"' in document.styles.element.xml
    xml = document.element.xml
    assert xml.count("<w14:checkbox>") > 40
    assert xml.count('<w:text w:multiLine="1"/>') > 20


def test_what_another_institution_said_in_confidence_is_in_its_own_copies_only():
    project = work.opened_project()
    regulator = member(project, Role.CONTRIBUTOR, institution=Institution.REGULATOR)
    coordinator = member(project, Role.COORDINATOR)
    work.answer(
        project, "A.2-3", "SECRET-confidential", by=regulator, institution="regulator", is_confidential=True,
        note="SECRET-note",
    )  # fmt: skip
    for form in CopyFormat.values:
        own, other = (made(project, format=form, by=by) for by in (regulator, coordinator))
        says = {
            "pdf": lambda copy: text_of(bytes_of(copy)), "docx": lambda copy: words_of(bytes_of(copy)),
            "xlsx": lambda copy: str(cells(bytes_of(copy))),
        }[form]  # fmt: skip
        assert "SECRET-confidential" in says(own)
        assert "SECRET-note" in says(own)
        assert "SECRET" not in says(other)
        assert "confidential answer" in flat(says(other))


@pytest.mark.parametrize("form", ["pdf", "docx"])
def test_a_filled_copy_says_for_whom_it_was_entered_and_who_sees_it_differently(form):
    project = work.opened_project()
    focal = member(project, Role.COORDINATOR, user__name="Amina Focal")
    regulator, ministry = (member(project, Role.CONTRIBUTOR, institution=place) for place in ("regulator", "ministry"))
    work.answer(project, "A.2-3", "From the letter", by=focal, institution="ministry")
    Answer.objects.update(is_on_behalf=True)
    work.answer(project, "G-1", "1200", by=focal, is_confidential=True)
    sheet = work.national_sheet(project)
    for code, value, why, is_confidential in (
        ("A.2-3", "No such letter", "It was \x0bwithdrawn in 2019", False), ("G-1", "900", "SECRET-withheld", False),
        ("B.1-1", 1, "SECRET-view", True),
    ):  # fmt: skip
        work.DifferingViewFactory(
            sheet=sheet, question=work.question(project, code), value=value, grounds=why, saved_by=regulator,
            institution="regulator", is_confidential=is_confidential,
        )  # fmt: skip
    says = {by: said_by(made(project, format=form, by=by)) for by in (ministry, regulator, focal)}
    for words in (
        "Entered for: Ministry, by Amina Focal", "Differing view: Regulator", "No such letter", "withdrawn in 2019",
    ):  # fmt: skip
        assert words in says[ministry]
    assert "SECRET" not in says[ministry]
    assert ("SECRET-withheld" in says[focal], "SECRET-view" in says[focal]) == (True, False)
    assert ("SECRET-withheld" in says[regulator], "SECRET-view" in says[regulator]) == (False, True)
    blank = said_by(made(project, format=form, by=focal, is_filled=False))
    assert "Entered for" not in blank
    assert "Differing view" not in blank


@pytest.mark.parametrize("form", ["pdf", "docx"])
def test_the_evidence_stands_beside_its_question_for_those_who_may_read_it(form):
    project = answered()
    sheet, focal = work.national_sheet(project), coordinator_of(project)
    regulator = member(project, Role.CONTRIBUTOR, institution=Institution.REGULATOR)
    asks = work.question(project, "A.1-1")
    link = work.EvidenceFactory(sheet=sheet, use__question=asks, title="Law of 2014", use__pages="annex 2")
    work.EvidenceFactory(
        sheet=sheet, use__question=asks, title="SECRET-licence", as_file=True, is_confidential=True,
        institution=Institution.REGULATOR, added_by=regulator,
    )  # fmt: skip
    work.EvidenceFactory(sheet=sheet, use__question=asks, title="Taken away", use__removed=True)
    says = {by: said_by(made(project, format=form, by=by)) for by in (focal, regulator)}
    for said in says.values():
        assert f"Law of 2014, where to look: annex 2, {link.url}" in said
        assert "Taken away" not in said
    assert ["SECRET-licence" in says[by] for by in (focal, regulator)] == [False, True]
    assert "Evidence added so far" not in said_by(made(project, format=form, by=focal, is_filled=False))


def test_a_level_has_its_name_on_paper():
    project = answered()
    names = [
        level.name["en"] for level in work.outline.structure(work.national_sheet(project).instrument).levels.values()
    ]
    for form in ("pdf", "docx"):
        says = said_by(made(project, format=form, is_filled=False))
        assert [name for number, name in enumerate(names, 1) if f"{number} {name}." not in says] == []


def said_by(copy: Copy) -> str:
    return flat(text_of(bytes_of(copy))) if copy.format == "pdf" else words_of(bytes_of(copy))


# ── The spreadsheet ──────────────────────────────────────────────────────────


def cells(workbook: bytes) -> dict[str, list[tuple[Any, ...]]]:
    book = load_workbook(io.BytesIO(workbook))
    return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book.worksheets}


def test_the_spreadsheet_has_a_protected_sheet_a_section_and_a_hidden_one():
    project = answered()
    book = load_workbook(io.BytesIO(bytes_of(made(project, format="xlsx"))))
    whole = work.outline.structure(work.national_sheet(project).instrument)
    codes = [section.code for section in whole.sections]
    assert book.sheetnames == ["Read me", *codes, layout.HIDDEN]
    assert [sheet.title for sheet in book.worksheets if sheet.sheet_state != "visible"] == [layout.HIDDEN]
    assert all(sheet.protection.sheet for sheet in book.worksheets)
    assert book.security.lockStructure
    sheet = book["A.1"]
    open_cells = {cell.coordinate for row in sheet.iter_rows() for cell in row if not cell.protection.locked}
    assert "D4" in open_cells
    assert open_cells.isdisjoint({"A4", "B4", "C4"})
    assert sheet.freeze_panes == "B4"
    heights = [sheet.row_dimensions[row].height for row in range(4, sheet.max_row + 1)]
    assert min(heights) >= 15  # a row without one is a single line in LibreOffice
    assert heights[0] > 4 * 15  # a criterion's levels
    assert sheet.print_title_rows == "$3:$3"
    assert "Evidence asked for" in " ".join(
        cell.comment.text for sheet in book.worksheets for row in sheet.iter_rows() for cell in row if cell.comment
    )


def test_a_text_that_looks_like_a_formula_stays_a_text():
    project = work.opened_project()
    for sign in "=+-@":
        work.answer(project, "A.2-3", f"{sign}HYPERLINK(1)", note=f"{sign}1+1")
        book = load_workbook(io.BytesIO(bytes_of(made(project, format="xlsx"))))
        found = [cell for row in book["A.2"].iter_rows() for cell in row if str(cell.value or "").startswith(sign)]
        assert [(cell.value, cell.data_type, cell.quotePrefix) for cell in found] == [
            (f"{sign}HYPERLINK(1)", "s", True), (f"{sign}1+1", "s", True),
        ]  # fmt: skip


@pytest.mark.parametrize("form", ["pdf", "docx", "xlsx"])
def test_no_character_that_someone_typed_keeps_a_copy_from_being_made(form):
    project = work.opened_project()
    odd = member(project, Role.COORDINATOR, user__name="Odd \uffff")
    work.answer(project, "A.2-3", "port \x0b\x1f\u0085\u202e\ufffe\uffff of call", note="\uffff", by=odd)
    Answer.objects.update(is_on_behalf=True)
    made(project, format=form)  # asks that its job did not fail


# ── Asking, watching, forgetting ─────────────────────────────────────────────


def test_the_same_copy_is_not_made_twice_at_once_and_one_person_asks_for_some_only():
    project = answered()
    sheet = work.national_sheet(project)
    wanted = {"section": None, "language": "en", "by": coordinator_of(project)}
    one = request_copy(sheet, format="pdf", is_filled=True, **wanted)
    assert request_copy(sheet, format="pdf", is_filled=True, **wanted) == one
    for section in list(work.outline.structure(sheet.instrument).sections)[: AT_ONCE - 1]:
        request_copy(sheet, format="docx", is_filled=True, **(wanted | {"section": section}))
    for language in ("en", "fr"):
        if Copy.objects.in_the_making().count() < AT_ONCE:
            request_copy(sheet, format="xlsx", is_filled=True, **(wanted | {"language": language}))
    with pytest.raises(MoveNotAllowed, match="being made for you"):
        request_copy(sheet, format="pdf", is_filled=False, **wanted)


def test_a_job_delivered_twice_makes_one_file():
    copy = made(answered(), format="xlsx")
    make_copy(copy.job_id)
    assert list(StoredFile.objects.all()) == [copy.file]


def test_a_copy_for_someone_who_lost_access_is_not_made():
    project = answered()
    person = member(project, Role.CONTRIBUTOR)
    copy = request_copy(
        work.national_sheet(project), format="pdf", section=None, is_filled=True, language="en", by=person
    )
    project.memberships.filter(user=person).update(until=timezone.now().date() - timedelta(days=1))
    make_copy(copy.job_id)
    copy.job.refresh_from_db()
    assert (copy.job.state, copy.job.problem) == (JobState.FAILED, Problem.GONE)


def test_files_and_spreadsheets_read_are_forgotten_after_seven_days():
    project = answered()
    copy, other = made(project, format="xlsx"), made(project, format="docx")
    old = timezone.now() - KEPT_FOR - timedelta(minutes=1)
    Copy.objects.filter(pk=copy.pk).update(requested_at=old)
    waiting = CopyFactory(sheet=copy.sheet, requested_at=old)
    imported = ImportFactory(sheet=copy.sheet, read_at=old)
    kept = ImportFactory(sheet=copy.sheet)
    path, jobs = path_of(copy.file), Job.objects.count()
    call_command("clock", once=True)
    assert list(Copy.objects.all()) == [other]
    assert list(type(imported).objects.all()) == [kept]
    assert not path.exists()
    assert (StoredFile.objects.count(), Job.objects.count()) == (1, jobs - 2)
    assert not Job.objects.filter(pk=waiting.job_id).exists()
    assert forget_expired() == 0


def test_a_person_asks_watches_and_downloads():
    project = answered()
    person = member(project, Role.COORDINATOR)
    client = signed_in(person)
    page = reverse("reports:copies", args=[project.public_id])
    assert b"Make the file" in client.get(page).content
    form = {"format": "docx", "part": "A.1", "content": "filled", "language": "en"}
    response = client.post(reverse("reports:copy_request", args=[project.public_id]), form, follow=True)
    assert response.redirect_chain == [(page + "#files", 302)]
    copy = Copy.objects.get()
    progress = reverse("reports:copy_progress", args=[project.public_id, copy.public_id])
    assert b"hx-get" in client.get(progress).content
    make_copy(copy.job_id)
    content = client.get(progress).content
    assert b"hx-get" not in content
    assert b"Will be deleted on" in content
    file = client.get(reverse("reports:copy_file", args=[project.public_id, copy.public_id]))
    assert file["Content-Disposition"] == f'attachment; filename="{copy.file_name}"'
    assert docx.Document(io.BytesIO(b"".join(file.streaming_content))).paragraphs
    for other in (member(project, Role.COORDINATOR), project.manager):
        assert signed_in(other).get(progress).status_code == 404
        assert str(copy.public_id) not in signed_in(other).get(page).content.decode()


def test_a_failed_file_says_what_to_do():
    project = answered()
    copy = CopyFactory(sheet=work.national_sheet(project), failed=True, requested_by=member(project, Role.COORDINATOR))
    content = signed_in(copy.requested_by).get(reverse("reports:copies", args=[project.public_id])).content.decode()
    assert "This file could not be made." in content
    assert str(Problem.ATTEMPTS_USED.label) in content


@pytest.mark.parametrize("wrong", [{"format": "exe"}, {"part": "Z"}, {"language": "xx"}, {"content": ""}])
def test_what_is_not_on_offer_is_refused(wrong):
    project = answered()
    client = signed_in(member(project, Role.COORDINATOR))
    form = {"format": "pdf", "part": "", "content": "blank", "language": "en"} | wrong
    response = client.post(reverse("reports:copy_request", args=[project.public_id]), form)
    assert response.status_code == 422
    assert Copy.objects.count() == 0


def test_the_page_asks_as_much_of_many_files_as_of_few():
    project = answered()
    client, sheet = signed_in(coordinator_of(project)), work.national_sheet(project)
    asked_of = []
    for count in (1, 4):
        CopyFactory.create_batch(count, sheet=sheet, made=True, requested_by=coordinator_of(project))
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("reports:copies", args=[project.public_id]))
        asked_of.append(len(queries))
    assert asked_of[0] == asked_of[1] <= 12
