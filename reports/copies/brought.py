"""Reading a spreadsheet that was brought back: nothing of it is trusted, what does not fit is refused as a whole."""

import io
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.core import signing
from django.utils import translation
from django.utils.translation import gettext
from openpyxl import Workbook, load_workbook

from assessments.models import AnswerSheet
from reports.copies import asked, layout
from reports.copies.layout import CONFIDENTIAL, FIRST_ROW, Line

LARGEST = 5 * 1024 * 1024  # bytes of the file: ours has a hundredth of that
LARGEST_UNPACKED = 30 * 1024 * 1024
MOST_ENTRIES = 300  # in the archive
MOST_TAGS = 150_000  # in all its parts: a reader makes objects of each, whatever its size
MOST_COLUMNS = 26
MOST_ROWS = 2000  # of a sheet, beyond those of the questionnaire
CHUNK = 256 * 1024
# Parts of a workbook that do something, or fetch something.
MACROS = ("vbaproject", "macrosheets/", "activex/", "ctrlprops/")
OUTSIDE = ("externallinks/", "connections.xml", "querytables/", "embeddings/", "webextensions/")


class Refused(Exception):
    """The file cannot be taken, nothing was changed; `str()` says why and what to do."""


@dataclass(frozen=True)
class Found:
    """What stands in a cell: its value, its kind as the file names it, how it is shown, and where it is."""

    value: Any
    kind: str
    number_format: str
    place: str  # A.1!D4

    @property
    def is_empty(self) -> bool:
        return self.value is None or (isinstance(self.value, str) and not self.value.strip())


@dataclass(frozen=True)
class Brought:
    """A spreadsheet of this very questionnaire, in order."""

    language: str
    bases: Mapping[str, int]  # by question: the revision that was typed over; those it could answer
    lines: Mapping[str, list[tuple[Line, Mapping[int, Found]]]]  # by question, its rows with their cells
    epoch: Any  # of its dates


def read(file: bytes, sheet: AnswerSheet) -> Brought:
    """What the file says, question by question. Raises Refused."""
    check_archive(file)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a library about dates and styles that it does not know
        try:
            book = load_workbook(io.BytesIO(file), read_only=True, keep_links=False)
            return _read(book, sheet)
        except (Refused, MemoryError):
            raise
        except Exception as error:  # a library meets what nobody foresaw: whatever it is, the file is not ours
            raise Refused(_not_readable()) from error


def check_archive(file: bytes) -> None:
    """The archive is small when unpacked, and holds nothing that runs, fetches or refers. Raises Refused."""
    if len(file) > LARGEST:
        raise Refused(gettext("The file is larger than a questionnaire can be. Bring back the file you fetched here."))
    if file.startswith(b"\xd0\xcf\x11\xe0"):
        raise Refused(
            gettext("The file is protected by a password, or of an old format. Save it as .xlsx without a password.")
        )
    if not file.startswith(b"PK\x03\x04"):
        raise Refused(gettext("The file is not a spreadsheet. Save it as .xlsx, the format in which you fetched it."))
    try:
        with zipfile.ZipFile(io.BytesIO(file)) as archive:
            _check_entries(archive)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        raise Refused(_not_readable()) from error


def _check_entries(archive: zipfile.ZipFile) -> None:
    entries = archive.infolist()
    names = [entry.filename.lower() for entry in entries]
    if len(entries) > MOST_ENTRIES or sum(entry.file_size for entry in entries) > LARGEST_UNPACKED:
        raise Refused(_too_much())
    if len(set(names)) != len(names) or any(entry.flag_bits & 1 for entry in entries):
        raise Refused(_not_readable())
    if any(part in name for name in names for part in MACROS):
        raise Refused(_has_macros())
    if any(part in name for name in names for part in OUTSIDE):
        raise Refused(
            gettext("The file is connected with other files or programs. Bring back the file you fetched here, filled.")
        )
    unpacked = tags = 0
    for entry in entries:
        tail = b""
        with archive.open(entry) as stream:
            while chunk := stream.read(CHUNK):
                unpacked += len(chunk)
                tags += chunk.count(b"<")
                if unpacked > LARGEST_UNPACKED or tags > MOST_TAGS:
                    raise Refused(_too_much())
                seen = tail + chunk
                _check_markup(seen)
                if b"\x00" in chunk and entry.filename.lower().endswith((".xml", ".rels", ".vml")):
                    raise Refused(_not_readable())
                tail = seen[-64:]


def _check_markup(seen: bytes) -> None:
    """XML without definitions of its own; any part may be read as XML, whatever it is called."""
    if b"<!DOCTYPE" in seen or b"<!ENTITY" in seen:
        raise Refused(_not_readable())
    if b"macroEnabled" in seen:
        raise Refused(_has_macros())


def _read(book: Workbook, sheet: AnswerSheet) -> Brought:
    claims = _claims(book)
    if claims["sheet"] != str(sheet.public_id):
        raise Refused(
            gettext("This is the questionnaire of another country or round. Open the project that it belongs to.")
        )
    if claims["framework"] != sheet.instrument.framework.digest:
        raise Refused(
            gettext("The questionnaire has another version by now. Fetch a new file, and copy your answers into it.")
        )
    language = claims["language"]
    with translation.override(language):
        blank = asked.read(
            sheet, section=asked.section_of(sheet, claims["section"]), is_filled=False, language=language, reader=None
        )
        expected, first = layout.sheets(blank), layout.first_name()
    _check_sheets(book, [first, *expected])
    found: dict[str, list[tuple[Line, Mapping[int, Found]]]] = {}
    for name, lines in expected.items():
        for line, cells in _rows(book[name], lines):
            found.setdefault(line.asked.code, []).append((line, cells))
    for _row in _cells(book[first]):  # formulas are refused there too
        pass
    return Brought(language=language, bases=claims["bases"], lines=found, epoch=book.epoch)


def _claims(book: Workbook) -> dict[str, Any]:
    """What the site wrote and signed into the hidden sheet."""
    if layout.HIDDEN not in book.sheetnames:
        raise Refused(_not_ours())
    first = next(_cells(book[layout.HIDDEN]), {})
    try:
        claims = signing.loads(str(first[1].value), salt=layout.SALT)
    except (KeyError, signing.BadSignature) as error:
        raise Refused(_not_ours()) from error
    if claims.get("format") != layout.FORMAT:
        raise Refused(
            gettext(
                "The file was made by an older release of this site. Fetch a new one, and copy your answers into it."
            )
        )
    return dict(claims)


def _check_sheets(book: Workbook, expected: list[str]) -> None:
    known = {*expected, layout.HIDDEN}
    hidden = [name for name in book.sheetnames if book[name].sheet_state != "visible" and name != layout.HIDDEN]
    if hidden:
        raise Refused(
            gettext("The file has a hidden sheet: “%(name)s”. Show it or delete it, and save the file again.")
            % {"name": hidden[0]}
        )
    if extra := [name for name in book.sheetnames if name not in known]:
        raise Refused(
            gettext("The file has a sheet that is not of the questionnaire: “%(name)s”. Delete it, and save it again.")
            % {"name": extra[0]}
        )
    if missing := [name for name in expected if name not in book.sheetnames]:
        raise Refused(
            gettext("The sheet “%(name)s” is missing. Fetch a new file, and copy your answers into it.")
            % {"name": missing[0]}
        )


def _rows(sheet: Any, lines: list[Line]) -> Iterator[tuple[Line, Mapping[int, Found]]]:
    """The rows of a section with their questions. Raises Refused where one is missing, moved or added."""
    rows = list(_cells(sheet))[FIRST_ROW - 1 :]
    for number, line in enumerate(lines):
        cells = rows[number] if number < len(rows) else {}
        key = str(cells[1].value).strip() if 1 in cells else ""
        if key != line.key:
            raise Refused(
                gettext(
                    "In sheet “%(sheet)s” the row of %(code)s is missing or was moved. Fetch a new file, and copy your "
                    "answers into it."
                )
                % {"sheet": sheet.title, "code": line.key}
            )
        yield line, cells
    for cells in rows[len(lines) :]:
        if strange := next((cell for cell in cells.values() if not cell.is_empty), None):
            raise Refused(
                gettext("Cell %(cell)s lies below the questionnaire. Empty it, and save the file again.")
                % {"cell": strange.place}
            )


def _cells(sheet: Any) -> Iterator[dict[int, Found]]:
    """The cells of each row that hold something, by column. Raises Refused for a formula, and beside the form."""
    sheet.reset_dimensions()
    for row, cells in enumerate(sheet.iter_rows(max_col=MOST_COLUMNS), 1):
        if row > FIRST_ROW + MOST_ROWS:
            return
        found = {}
        for column, cell in enumerate(cells, 1):
            if cell.value is None:
                continue
            place = f"{sheet.title}!{cell.coordinate}"
            if cell.data_type == "f":
                raise Refused(
                    gettext("Cell %(cell)s holds a formula. Type its result instead, and save the file again.")
                    % {"cell": place}
                )
            found[column] = Found(cell.value, cell.data_type, cell.number_format or "", place)
            if column > CONFIDENTIAL and sheet.title != layout.HIDDEN and not found[column].is_empty:
                raise Refused(
                    gettext("Cell %(cell)s lies beside the questionnaire. Empty it, and save the file again.")
                    % {"cell": place}
                )
        yield found


def _not_readable() -> str:
    return gettext("The file cannot be read. Open it, save it again as .xlsx, and bring it back.")


def _not_ours() -> str:
    return gettext(
        "This is not a file that was fetched here, or its hidden part was changed. Fetch a new one, and copy your "
        "answers into it."
    )


def _too_much() -> str:
    return gettext("The file unpacks to more than a questionnaire can hold. Bring back the file you fetched here.")


def _has_macros() -> str:
    return gettext("The file holds macros. Save it as .xlsx, without macros.")
