"""A spreadsheet brought back: what it changes is shown first, then saved as if typed; what does not fit is refused."""

import datetime
import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core import signing
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from openpyxl import Workbook, load_workbook

from assessments.models import Answer, AnswerRevision, RevisionKind, SheetSection, SheetState
from projects.models import Project
from projects.permissions import Role
from reports.actions import imports as actions
from reports.actions.imports import Change
from reports.copies import brought, layout
from reports.forms.imports import UploadForm
from reports.models import Import
from tests.clients import signed_in
from tests.factories import assessments as work
from tests.factories.projects import member
from tests.reports.test_copies import VALUES, answered, bytes_of, coordinator_of, made
from toolkit.models import Institution

pytestmark = pytest.mark.django_db
PROGRAMS = Path(__file__).resolve().parents[1] / "fixtures" / "spreadsheets"
Edit = Callable[[Workbook], None]
OTHER_VALUES: dict[str, Any] = {  # what a person types over VALUES: by question, the cells of the answer column
    "G-1": {"G-1": 1500.25}, "G-2": {"G-2.1": 120000, "G-2.2": "eur"}, "G-3": {"G-3.1": None, "G-3.2": "YES"},
    "G-4": {"G-4": 12.5}, "G-5": {"G-5": "NO"}, "G-6": {"G-6": "port.example/new"}, "A.1-1": {"A.1-1": 4},
    "A.1-2": {"A.1-2": 3}, "A.1-3": {"A.1-3": datetime.datetime(2025, 1, 31)}, "A.1-4": {"A.1-4.2": "COLUMN"},
    "A.2-1": {"A.2-1": 2}, "A.2-2": {"A.2-2": "OPTION"}, "A.2-3": {"A.2-3": "=quoted\n+text"}, "B.1-1": {"B.1-1": 2},
}  # fmt: skip
OTHER_STORED: dict[str, Any] = {
    "G-1": "1500.25", "G-2": {"amount": "120000", "currency": "EUR"}, "G-3": ["ferry"], "G-4": "12.5", "G-5": "no",
    "G-6": "https://port.example/new", "A.1-1": 4, "A.1-2": 3, "A.1-3": "2025-01-31",
    "A.1-4": {"north": "crane", "south": "store"}, "A.2-1": 2, "A.2-2": "pilot", "A.2-3": "=quoted\n+text", "B.1-1": 2,
}  # fmt: skip
WORDS = {
    "en": {"YES": "Yes", "NO": "No", "COLUMN": "A store", "OPTION": "A harbour pilot"},
    "fr": {"YES": "Oui", "NO": "Non", "COLUMN": "Un entrepôt", "OPTION": "Un pilote du port"},
}


def row_of(book: Workbook, key: str) -> tuple[Any, int]:
    for sheet in book.worksheets:
        for row in range(layout.FIRST_ROW, sheet.max_row + 1):
            if sheet.cell(row, 1).value == key:
                return sheet, row
    raise KeyError(key)


def put(book: Workbook, key: str, value: Any, column: int = layout.ANSWER) -> None:
    sheet, row = row_of(book, key)
    sheet.cell(row, column).value = value
    if isinstance(value, str) and column == layout.ANSWER and value.startswith("="):
        sheet.cell(row, column).data_type = "s"


def edited(file: bytes, edit: Edit) -> bytes:
    """The file as a program saves it after a person has typed into it."""
    book = load_workbook(io.BytesIO(file))
    edit(book)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def fetched(project: Project, language: str = "en", **wanted: Any) -> bytes:
    return bytes_of(made(project, format="xlsx", language=language, **wanted))


def read(project: Project, file: bytes, *, by: Any = None) -> Import:
    """The file, uploaded and read."""
    sheet = work.national_sheet(project)
    form = UploadForm({}, {"file": SimpleUploadedFile("questionnaire.xlsx", file)}, sheet=sheet)
    assert form.is_valid(), form.errors
    return actions.keep_import(
        sheet, name=form.name, sha256="a" * 64, language=form.brought.language, rows=form.rows(),
        by=by or coordinator_of(project),
    )  # fmt: skip


def found(brought_back: Import, *, by: Any = None) -> dict[str, Change]:
    differences = actions.differences(brought_back, by or brought_back.read_by)
    return {difference.question.code: difference.change for difference in differences}


def take(brought_back: Import, *codes: str) -> actions.Accepted:
    """Accept these changes as the page shows them."""
    seen = {
        difference.question.code: difference.seen
        for difference in actions.differences(brought_back, brought_back.read_by)
    }
    return actions.accept(
        brought_back, {code: seen[code] for code in codes}, by=brought_back.read_by, institution="post"
    )


def stored(project: Project) -> dict[str, Any]:
    answers = Answer.objects.filter(sheet__project=project).select_related("question").order_by("pk")
    return {answer.question.code: answer.value for answer in answers}


# ── There and back ───────────────────────────────────────────────────────────


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_file_that_nobody_touched_changes_nothing(language):
    project = answered(A_1_1="Une remarque\nsur deux lignes", B_1_1="@mention")
    assert found(read(project, fetched(project, language))) == {}


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("there_before", [True, False], ids=["changed", "new"])
def test_every_kind_of_answer_comes_back(language, there_before):
    project = answered() if there_before else work.opened_project()
    word = WORDS[language]

    def type_in(book: Workbook) -> None:
        for cells in OTHER_VALUES.values():
            for key, value in cells.items():
                put(book, key, word.get(value, value) if isinstance(value, str) else value)
        if not there_before:
            put(book, "A.1-4.1", {"en": "A crane", "fr": "Une grue"}[language])

    file = edited(fetched(project, language), type_in)
    brought_back = read(project, file)
    expected = Change.CHANGED if there_before else Change.NEW
    assert found(brought_back) == dict.fromkeys(VALUES, expected)
    accepted = take(brought_back, *VALUES)
    assert (list(accepted.saved), list(accepted.overtaken)) == (list(VALUES), [])
    assert stored(project) == OTHER_STORED
    revisions = AnswerRevision.objects.filter(kind=RevisionKind.IMPORTED)
    assert revisions.count() == len(VALUES)
    assert set(revisions.values_list("language", "saved_by")) == {(language, brought_back.read_by_id)}
    # The same file again changes nothing, whoever brings it.
    assert found(read(project, file)) == {}
    assert found(read(project, file, by=member(project, Role.CONTRIBUTOR))) == {}
    assert list(take(brought_back).saved) == []


def test_what_stands_beside_an_answer_comes_back():
    project = answered()

    def type_in(book: Workbook) -> None:
        put(book, "A.1-1", "Seen on site, not kept", layout.BASIS)
        put(book, "A.1-1", "A note: 100 % – “sure”", layout.NOTE)
        put(book, "A.2-1", "Yes", layout.CONFIDENTIAL)
        put(book, "G-1", None)
        put(book, "G-1", "I don’t know", layout.NONE)
        put(book, "B.1-1", None)
        put(book, "B.1-1", "not applicable", layout.NONE)
        put(book, "B.1-1", "There is no school.", layout.REASON)

    brought_back = read(project, edited(fetched(project), type_in))
    assert set(found(brought_back)) == {"G-1", "A.1-1", "A.2-1", "B.1-1"}
    take(brought_back, "G-1", "A.1-1", "A.2-1", "B.1-1")
    answers = {answer.question.code: answer for answer in Answer.objects.select_related("question").order_by("pk")}
    assert (answers["A.1-1"].basis, answers["A.1-1"].note) == ("seen", "A note: 100 % – “sure”")
    assert answers["A.2-1"].is_confidential
    assert answers["G-1"].status == "dont_know"
    assert (answers["B.1-1"].status, answers["B.1-1"].reason) == ("not_applicable", "There is no school.")


def test_what_programs_make_of_cells_is_understood():
    """Numbers as floats, a percentage with its sign, a day as its number, yes as TRUE, a year in a text cell."""
    project = work.opened_project()

    def type_in(book: Workbook) -> None:
        put(book, "G-1", 1234.0)
        put(book, "G-2.1", "1,234.50")
        put(book, "G-2.2", " xof ")
        put(book, "G-3.1", "x")
        put(book, "G-4", 0.45)
        sheet, row = row_of(book, "G-4")
        sheet.cell(row, layout.ANSWER).number_format = "0%"
        put(book, "G-5", True)
        put(book, "A.1-1", "3")
        put(book, "A.1-3", 45473)
        sheet, row = row_of(book, "A.1-3")
        sheet.cell(row, layout.ANSWER).number_format = "General"
        put(book, "A.2-3", 2015)
        put(book, "A.2-3", "Line one_x000D_\nline two _x005F_x0041_", layout.NOTE)

    brought_back = read(project, edited(fetched(project), type_in))
    codes = [code for code, change in found(brought_back).items() if change is not Change.REFUSED]
    take(brought_back, *codes)
    assert stored(project) == {
        "G-1": "1234", "G-2": {"amount": "1234.5", "currency": "XOF"}, "G-3": ["sail"], "G-4": "45", "G-5": "yes",
        "A.1-1": 3, "A.1-3": "2024-06-30", "A.2-3": "2015",
    }  # fmt: skip
    assert Answer.objects.get(question__code="A.2-3").note == "Line one\nline two _x0041_"


def saved_by(program: str, project: Project) -> bytes:
    """A file of the small framework that this program has saved, signed as if it had been fetched here."""
    file = (PROGRAMS / f"{program}.xlsx").read_bytes()
    token = load_workbook(io.BytesIO(file))[layout.HIDDEN]["A1"].value
    now = load_workbook(io.BytesIO(fetched(project)))[layout.HIDDEN]["A1"].value

    def sign(content: bytes) -> bytes:
        assert token.encode() in content
        return content.replace(token.encode(), now.encode())

    return repacked(file, xl__sharedStrings_dot_xml=sign)


def test_a_file_that_libreoffice_saved_is_understood():
    project = answered()
    brought_back = read(project, saved_by("libreoffice-7.4", project))
    assert found(brought_back) == dict.fromkeys(VALUES, Change.CHANGED)
    take(brought_back, *VALUES)
    assert stored(project) == OTHER_STORED


def test_what_a_fact_rests_on_is_not_asked_and_no_difference():
    project = work.opened_project()
    work.answer(project, "G-1", "5", basis="document")
    assert found(read(project, fetched(project))) == {}


def test_a_text_that_looks_like_an_escape_comes_back_as_it_was():
    project = work.opened_project()
    work.answer(project, "A.2-3", "_x0041_ and \x0b and \uffff and =1+1")
    assert found(read(project, fetched(project))) == {}


@pytest.mark.parametrize("half", ["_xD83D_", "_x0000_"])
def test_an_escape_of_what_is_no_character_is_a_text_like_any_other(half):
    """As a character it could neither be shown nor stored: the page of the spreadsheet would fail for good."""
    project = answered()

    def type_in(book: Workbook) -> None:
        put(book, "A.2-3", f"a{half}")
        put(book, "G-5", half)

    upload(client := signed_in(coordinator_of(project)), project, edited(fetched(project), type_in))
    page = reverse("reports:import_review", args=[project.public_id, Import.objects.get().public_id])
    assert f"“{half}” is not in the list" in client.get(page).content.decode()
    take(Import.objects.get(), "A.2-3")
    assert stored(project)["A.2-3"] == f"a{half}"
    assert found(read(project, fetched(project))) == {}


# ── Conflicts, closed sections, confidence ───────────────────────────────────


def test_what_someone_wrote_since_is_a_conflict_and_stays_until_it_is_ticked():
    project = answered()
    file = edited(fetched(project), lambda book: (put(book, "G-1", 7), put(book, "A.1-1", 1)))  # type: ignore[func-returns-value]
    other = member(project, Role.CONTRIBUTOR)
    work.answer(project, "G-1", "99", by=other)
    work.answer(project, "B.1-1", 1, by=other)  # not touched in the file: no difference
    brought_back = read(project, file)
    assert found(brought_back) == {"G-1": Change.CONFLICT, "A.1-1": Change.CHANGED}
    ticked = {d.question.code: d.is_chosen for d in actions.differences(brought_back, brought_back.read_by)}
    assert ticked == {"G-1": False, "A.1-1": True}
    take(brought_back, "A.1-1")
    assert stored(project)["G-1"] == "99"
    take(brought_back, "G-1")
    assert stored(project)["G-1"] == "7"
    assert found(brought_back) == {}


def test_an_answer_saved_between_looking_and_accepting_is_not_replaced():
    project = answered()
    brought_back = read(project, edited(fetched(project), lambda book: put(book, "G-1", 7)))
    (difference,) = actions.differences(brought_back, brought_back.read_by)
    work.answer(project, "G-1", "99", by=member(project, Role.CONTRIBUTOR))
    done = actions.accept(brought_back, {"G-1": difference.seen}, by=brought_back.read_by, institution="post")
    assert (list(done.saved), list(done.overtaken)) == ([], ["G-1"])
    assert stored(project)["G-1"] == "99"
    assert AnswerRevision.objects.get(kind=RevisionKind.REFUSED).value == "7"


def test_the_same_acceptance_twice_saves_once():
    project = answered()
    brought_back = read(project, edited(fetched(project), lambda book: put(book, "G-1", 7)))
    (difference,) = actions.differences(brought_back, brought_back.read_by)
    for _ in range(2):
        actions.accept(brought_back, {"G-1": difference.seen}, by=brought_back.read_by, institution="post")
    assert AnswerRevision.objects.filter(question__code="G-1").count() == 2


def test_an_answer_given_back_after_another_change_is_saved_again():
    project = answered()
    file = edited(fetched(project), lambda book: put(book, "G-1", 7))
    take(read(project, file), "G-1")
    work.answer(project, "G-1", "99", by=coordinator_of(project))
    brought_back = read(project, file)
    assert found(brought_back) == {"G-1": Change.CONFLICT}
    take(brought_back, "G-1")
    assert stored(project)["G-1"] == "7"


def test_an_emptied_answer_is_shown_and_not_ticked():
    project = answered()
    brought_back = read(project, edited(fetched(project), lambda book: put(book, "G-1", None)))
    (difference,) = actions.differences(brought_back, brought_back.read_by)
    assert (difference.change, difference.is_chosen) == (Change.EMPTIED, False)


def test_a_section_that_was_not_returned_refuses_its_answers():
    project = answered()
    file = edited(fetched(project), lambda book: (put(book, "G-1", 7), put(book, "A.1-1", 1)))  # type: ignore[func-returns-value]
    SheetSection.objects.filter(section__code="A.1").update(is_open=False)
    brought_back = read(project, file)
    assert found(brought_back) == {"G-1": Change.CHANGED, "A.1-1": Change.REFUSED}
    assert list(take(brought_back, "G-1", "A.1-1").saved) == ["G-1"]


def test_a_confidential_answer_of_another_institution_is_neither_shown_nor_replaced():
    project = work.opened_project()
    coordinator = coordinator_of(project)
    regulator = member(project, Role.CONTRIBUTOR, institution=Institution.REGULATOR)
    before = fetched(project)
    work.answer(project, "A.2-3", "SECRET", by=regulator, institution="regulator", is_confidential=True)
    file = edited(before, lambda book: put(book, "A.2-3", "Ours"))
    brought_back = read(project, file, by=coordinator)
    (difference,) = actions.differences(brought_back, coordinator)
    assert (difference.change, difference.standing) == (Change.REFUSED, None)
    actions.accept(brought_back, {"A.2-3": 1}, by=coordinator, institution="post")
    assert stored(project)["A.2-3"] == "SECRET"
    after = fetched(project)
    assert b"SECRET" not in b"".join(zipfile.ZipFile(io.BytesIO(after)).read(name) for name in names_of(after))
    assert found(read(project, edited(after, lambda book: put(book, "A.2-3", "Ours")))) == {}


def test_a_guess_at_a_withheld_answer_is_told_nothing():
    """A file from before the answer was given could be brought back with every level in turn: all are refused alike."""
    project = work.opened_project()
    coordinator = coordinator_of(project)
    regulator = member(project, Role.CONTRIBUTOR, institution=Institution.REGULATOR)
    before = fetched(project)
    work.answer(project, "A.1-1", 4, by=regulator, institution="regulator", is_confidential=True)

    def guess(level: int) -> bytes:
        def type_in(book: Workbook) -> None:
            put(book, "A.1-1", level)
            put(book, "A.1-1", "Yes", layout.CONFIDENTIAL)

        return edited(before, type_in)

    told = [found(read(project, guess(level), by=coordinator)) for level in (3, 4, 5)]
    assert told == [{"A.1-1": Change.REFUSED}] * 3
    of_regulator = bytes_of(made(project, format="xlsx", by=regulator))  # the file of who may read it, in other hands
    assert found(read(project, of_regulator, by=regulator)) == {}
    assert found(read(project, of_regulator, by=coordinator)) == {"A.1-1": Change.REFUSED}
    assert found(read(project, before, by=coordinator)) == {}


# ── Single cells that are refused ────────────────────────────────────────────


@pytest.mark.parametrize(
    ("key", "column", "value", "cell", "why"),
    [
        ("G-1", layout.ANSWER, "many", "G!D4", "is not a number"),
        ("G-1", layout.ANSWER, 1e18, "G!D4", "too large"),
        ("G-2.1", layout.ANSWER, -5, "G!D6", "below zero"),
        ("G-2.2", layout.ANSWER, "francs", "G!D7", "three letters"),
        ("G-4", layout.ANSWER, 101, "G!D12", "between 0 and 100"),
        ("G-5", layout.ANSWER, "perhaps", "G!D13", "not in the list"),
        ("A.1-1", layout.ANSWER, 6, "A.1!D4", "not in the list"),
        ("A.1-1", layout.ANSWER, 2.5, "A.1!D4", "not in the list"),
        ("A.1-3", layout.ANSWER, "yesterday", "A.1!D6", "is not a date"),
        ("A.1-4.1", layout.ANSWER, "A boat", "A.1!D8", "not in the list"),
        ("A.1-1", layout.BASIS, "hearsay", "A.1!G4", "not in the list"),
        ("A.1-1", layout.NONE, "I don’t know", "A.1!E4", "Empty one of the two cells"),
        ("G-6", layout.ANSWER, "#REF!", "G!D14", "holds an error"),
        ("A.2-3", layout.ANSWER, "x" * 20_001, "A.2!D6", "characters"),
    ],
)
def test_an_impossible_value_is_refused_with_its_cell_and_reason(key, column, value, cell, why):
    project = answered()

    def type_in(book: Workbook) -> None:
        put(book, key, value, column)
        put(book, "B.1-1", 1)

    brought_back = read(project, edited(fetched(project), type_in))
    refused, good = actions.differences(brought_back, brought_back.read_by)
    assert (refused.change, refused.cell) == (Change.REFUSED, cell)
    assert why in refused.problem
    assert good.change is Change.CHANGED


def test_not_applicable_needs_its_reason():
    project = answered()

    def type_in(book: Workbook) -> None:
        put(book, "A.1-1", None)
        put(book, "A.1-1", "Not applicable", layout.NONE)

    (difference,) = actions.differences(read(project, edited(fetched(project), type_in)), coordinator_of(project))
    assert (difference.change, difference.cell) == (Change.REFUSED, "A.1!E4")


# ── Files that are refused as a whole ────────────────────────────────────────


def names_of(file: bytes) -> list[str]:
    return zipfile.ZipFile(io.BytesIO(file)).namelist()


def repacked(file: bytes, **changes: Any) -> bytes:
    """The archive with entries added or changed: a name, with __ for / and _dot_ for a dot, and its bytes."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(file)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        wanted = {name.replace("__", "/").replace("_dot_", "."): content for name, content in changes.items()}
        for name in old.namelist():
            content = old.read(name)
            change = wanted.pop(name, None)
            new.writestr(name, change(content) if callable(change) else content if change is None else change)
        for name, content in wanted.items():
            new.writestr(name, content)
    return stream.getvalue()


def formula(book: Workbook) -> None:
    sheet, row = row_of(book, "G-1")
    sheet.cell(row, layout.ANSWER).value = "=1+1"


def formula_in_front(book: Workbook) -> None:
    book["Read me"]["B40"] = "=HYPERLINK(1)"


def hidden_sheet(book: Workbook) -> None:
    book["A.1"].sheet_state = "hidden"


def further_sheet(book: Workbook) -> None:
    book.create_sheet("Notes")


def missing_sheet(book: Workbook) -> None:
    del book["A.1"]


def missing_row(book: Workbook) -> None:
    book["A.1"].delete_rows(5)


def moved_row(book: Workbook) -> None:
    one, two = row_of(book, "A.1-1"), row_of(book, "A.1-2")
    for column in range(1, 10):
        cells = one[0].cell(one[1], column), two[0].cell(two[1], column)
        cells[0].value, cells[1].value = cells[1].value, cells[0].value


def further_row(book: Workbook) -> None:
    book["A.1"].cell(60, 4).value = "More"


def beside(book: Workbook) -> None:
    book["A.1"].cell(4, 12).value = "More"


def without_hidden(book: Workbook) -> None:
    del book[layout.HIDDEN]


def forged(book: Workbook) -> None:
    token = book[layout.HIDDEN]["A1"].value
    book[layout.HIDDEN]["A1"] = token[:-3] + ("aaa" if token[-3:] != "aaa" else "bbb")


def claiming(**changes: Any) -> Edit:
    def sign(book: Workbook) -> None:
        claims = signing.loads(book[layout.HIDDEN]["A1"].value, salt=layout.SALT)
        book[layout.HIDDEN]["A1"] = signing.dumps(claims | changes, salt=layout.SALT, compress=True)

    return sign


EDITS: list[tuple[Edit, str]] = [
    (formula, r"G!D4 holds a formula"), (formula_in_front, "holds a formula"),
    (hidden_sheet, "hidden sheet: “A.1”"), (further_sheet, "“Notes”"), (missing_sheet, "“A.1” is missing"),
    (missing_row, "row of A.1-2 is missing or was moved"), (moved_row, "row of A.1-1 is missing or was moved"),
    (further_row, r"A.1!D60 lies below"), (beside, r"A.1!L4 lies beside"), (without_hidden, "fetched here"),
    (forged, "fetched here"), (claiming(framework="0" * 64), "another version"), (claiming(format=0), "older release"),
]  # fmt: skip


@pytest.mark.parametrize(("edit", "why"), EDITS, ids=[getattr(edit, "__name__", "") + why for edit, why in EDITS])
def test_a_file_that_was_changed_otherwise_is_refused(edit, why):
    project = answered()
    refused(project, edited(fetched(project), edit), why)


def refused(project: Project, file: bytes, why: str) -> None:
    """The page says why, and nothing was changed or kept."""
    before, client = stored(project), signed_in(coordinator_of(project))
    url = reverse("reports:import_read", args=[project.public_id])
    response = client.post(url, {"file": SimpleUploadedFile("a.xlsx", file)})
    assert response.status_code == 422
    assert re.search(why, response.content.decode()), [*response.context["upload"].errors.values()]
    assert (stored(project), Import.objects.count()) == (before, 0)


def bomb(file: bytes) -> bytes:
    return repacked(file, xl__media__a_dot_xml=b" " * (brought.LARGEST_UNPACKED + 1))


def lying_bomb(file: bytes) -> bytes:
    """An archive whose directory says that the bomb is small."""
    packed = bytearray(bomb(file))
    declared = (brought.LARGEST_UNPACKED + 1).to_bytes(4, "little")
    while (place := packed.find(declared)) >= 0:
        packed[place : place + 4] = (10).to_bytes(4, "little")
    return bytes(packed)


def many_entries(file: bytes) -> bytes:
    return repacked(file, **{f"xl__media__{number}_dot_xml": b"" for number in range(brought.MOST_ENTRIES + 1)})


def entities(file: bytes) -> bytes:
    def declare(content: bytes) -> bytes:
        return content.replace(b"<worksheet", b'<!DOCTYPE x [<!ENTITY a "b">]><worksheet', 1)

    return repacked(file, xl__worksheets__sheet2_dot_xml=declare)


def tags(file: bytes) -> bytes:
    """A small file of which a reader makes gigabytes of objects."""
    return repacked(
        file, xl__styles_dot_xml=lambda content: content.replace(b"</cellXfs>", b"<xf/>" * 200_000 + b"</cellXfs>")
    )


FILES: list[tuple[Callable[[bytes], bytes], str]] = [
    (lambda file: b"", "empty"),
    (lambda file: b"not a spreadsheet", "not a spreadsheet"),
    (lambda file: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "password"),
    (lambda file: file[: len(file) // 2], "cannot be read"),
    (lambda file: file + b" " * (brought.LARGEST + 1), "larger than"),
    (bomb, "unpacks to more"), (lying_bomb, "cannot be read"), (many_entries, "unpacks to more"),
    (lambda file: repacked(file, xl__vbaProject_dot_bin=b"x"), "macros"),
    (lambda file: repacked(file, **{"[Content_Types]_dot_xml": lambda content: content.replace(
        b"spreadsheetml.sheet.main", b"sheet.macroEnabled.main")}), "macros"),
    (lambda file: repacked(file, xl__externalLinks__externalLink1_dot_xml=b"<a/>"), "connected with other"),
    (lambda file: repacked(file, xl__connections_dot_xml=b"<a/>"), "connected with other"),
    (tags, "unpacks to more"), (entities, "cannot be read"),
    (lambda file: repacked(file, xl__other_dot_bin=b"<!DOCTYPE a>"), "cannot be read"),
    (lambda file: repacked(file, xl__worksheets__sheet2_dot_xml=b"<worksheet>"), "cannot be read"),
    (lambda file: repacked(b"PK\x05\x06" + b"\0" * 18, a_dot_xml=b"<a/>"), "cannot be read"),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(FILES)))
def test_a_file_that_is_no_such_spreadsheet_is_refused(number):
    change, why = FILES[number]
    project = answered()
    refused(project, change(fetched(project)), why)


def test_the_file_of_another_country_is_refused():
    project, other = answered(), answered()
    refused(project, fetched(other), "another country or round")


# ── Pages ────────────────────────────────────────────────────────────────────


def test_a_person_brings_a_file_back_looks_and_takes_over():
    project = answered()
    client = signed_in(coordinator_of(project))
    file = edited(fetched(project), lambda book: (put(book, "G-1", 7), put(book, "A.1-1", 99)))  # type: ignore[func-returns-value]
    response = upload(client, project, file)
    brought_back = Import.objects.get()
    page = reverse("reports:import_review", args=[project.public_id, brought_back.public_id])
    assert response.redirect_chain == [(page, 302)]
    content = response.content.decode()
    assert stored(project)["G-1"] == "1234.5"
    for words in ("Changed: 1", "Refused: 1", "A.1!D4", "not in the list", "Take over from the spreadsheet"):
        assert words in content
    accept = reverse("reports:import_accept", args=[project.public_id, brought_back.public_id])
    content = client.post(accept, {"take": ["G-1"], "G-1:seen": "1"}, follow=True).content.decode()
    assert "1 answer was taken over." in content
    assert client.post(accept, {"take": ["G-1"], "G-1:seen": "9" * 5000}).status_code == 302
    assert stored(project)["G-1"] == "7"
    assert "Nothing was ticked" in client.post(accept, follow=True).content.decode()
    assert upload(client, project, fetched(project)).content.decode().count("Nothing new") == 1


def test_the_coordinator_says_whose_answers_the_spreadsheet_holds():
    project = work.opened_project()
    coordinator = coordinator_of(project)
    ministry, colleague = (member(project, Role.CONTRIBUTOR, institution=place) for place in ("ministry", "post"))

    def type_in(book: Workbook) -> None:
        put(book, "G-1", 7)
        put(book, "A.2-3", "SECRET of the ministry")
        put(book, "A.2-3", "Yes", layout.CONFIDENTIAL)

    brought_back = read(project, edited(fetched(project), type_in))
    client = signed_in(coordinator)
    page = reverse("reports:import_review", args=[project.public_id, brought_back.public_id])
    assert "Whose answers are these?" in client.get(page).content.decode()
    accept = reverse("reports:import_accept", args=[project.public_id, brought_back.public_id])
    chosen = {"take": ["G-1", "A.2-3"], "G-1:seen": "0", "A.2-3:seen": "0"}
    refused = client.post(accept, chosen | {"institution": "ib"})
    assert refused.status_code == 422
    assert stored(project) == {}
    for _time in range(2):
        client.post(accept, chosen | {"institution": "ministry"})
    versions = AnswerRevision.objects.order_by("pk").values_list("institution", "is_on_behalf", "saved_by", "kind")
    assert list(versions) == [("ministry", True, coordinator.pk, "imported")] * 2
    section = reverse("assessments:section", args=[project.public_id, brought_back.sheet.instrument.code, "A.2"])
    reads = [
        "SECRET of the ministry" in signed_in(person).get(section).content.decode()
        for person in (ministry, coordinator, colleague)
    ]
    assert reads == [True, True, False]


def test_a_contributor_brings_back_their_own_only():
    project = work.opened_project()
    contributor = member(project, Role.CONTRIBUTOR)
    brought_back = read(project, edited(fetched(project), lambda book: put(book, "G-1", 7)), by=contributor)
    client = signed_in(contributor)
    page = reverse("reports:import_review", args=[project.public_id, brought_back.public_id])
    assert "Whose answers" not in client.get(page).content.decode()
    accept = reverse("reports:import_accept", args=[project.public_id, brought_back.public_id])
    assert client.post(accept, {"take": ["G-1"], "G-1:seen": "0", "institution": "ministry"}).status_code == 403
    assert stored(project) == {}
    client.post(accept, {"take": ["G-1"], "G-1:seen": "0"})
    assert AnswerRevision.objects.get().is_on_behalf is False


def upload(client: Client, project: Project, file: bytes) -> Any:
    url = reverse("reports:import_read", args=[project.public_id])
    return client.post(url, {"file": SimpleUploadedFile("filled in.xlsx", file)}, follow=True)


def test_nothing_is_brought_back_into_a_closed_questionnaire():
    project = answered()
    file = fetched(project)
    client = signed_in(coordinator_of(project))
    brought_back = read(project, edited(file, lambda book: put(book, "G-1", 7)))
    type(brought_back.sheet).objects.filter(pk=brought_back.sheet_id).update(state=SheetState.AWAITING_SIGNATURE)
    assert "The questionnaire is closed" in upload(client, project, file).content.decode()
    accept = reverse("reports:import_accept", args=[project.public_id, brought_back.public_id])
    client.post(accept, {"take": ["G-1"], "G-1:seen": "1"})
    assert stored(project)["G-1"] == "1234.5"
    assert Import.objects.count() == 1


def test_what_one_brought_back_another_does_not_find():
    project = answered()
    brought_back = read(project, fetched(project))
    page = reverse("reports:import_review", args=[project.public_id, brought_back.public_id])
    assert signed_in(brought_back.read_by).get(page).status_code == 200
    assert signed_in(member(project, Role.CONTRIBUTOR)).get(page).status_code == 404
