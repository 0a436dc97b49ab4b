"""Bringing a spreadsheet back: what it would change, shown first; then saved as if it had been typed."""

import enum
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from django.utils.translation import gettext

from assessments.actions.answers import (
    CLOSED,
    Content,
    ImpossibleBase,
    Outcome,
    SaveIdTaken,
    Withheld,
    save_answer,
    takes_answers,
)
from assessments.models import Answer, AnswerRevision, AnswerSheet, AnswerStatus, RevisionKind
from assessments.outline import QuestionEntry, Structure, structure
from projects.models import MoveNotAllowed
from reports.models import Import
from toolkit.models import Question

NAMESPACE = uuid.UUID("5b0c8a52-6a0e-5d0b-9d0f-6c1e54f3a7d1")  # of the ids of saves that come from spreadsheets


class Change(enum.Enum):
    NEW = "new"
    CHANGED = "changed"
    EMPTIED = "emptied"
    CONFLICT = "conflict"
    REFUSED = "refused"


@dataclass(frozen=True)
class Difference:
    """Where the spreadsheet says something else than the site: `brought` in the file, `standing` on the site."""

    change: Change
    question: Question
    cell: str
    seen: int  # the revision that stands; what is accepted is based on it
    brought: QuestionEntry | None = None
    standing: QuestionEntry | None = None
    content: Content | None = None
    problem: str = ""  # why it is refused

    @property
    def is_to_choose(self) -> bool:
        return self.change is not Change.REFUSED

    @property
    def is_chosen(self) -> bool:
        """Whether it is taken over unless the person says otherwise: nothing that would replace or remove blindly."""
        return self.change in {Change.NEW, Change.CHANGED}


def keep_import(
    sheet: AnswerSheet, *, name: str, sha256: str, language: str, rows: Sequence[Mapping[str, Any]], by: Any
) -> Import:
    """Keep what was read, to be looked at and accepted. Raises MoveNotAllowed when the questionnaire is closed."""
    _require_open(sheet)
    return Import.objects.create(sheet=sheet, name=name, sha256=sha256, language=language, rows=list(rows), read_by=by)


def _require_open(sheet: AnswerSheet) -> None:
    if not (sheet.project.is_running and sheet.is_open):
        raise MoveNotAllowed(CLOSED)


def differences(brought: Import, reader: Any) -> list[Difference]:
    """What the spreadsheet would change, in the questionnaire's order, compared with what stands now. Three queries.

    What was not touched in the spreadsheet is no difference, whatever the site says by now. What is withheld from the
    reader is compared with nothing: whether a guess was right would be told by that.
    """
    sheet = brought.sheet
    whole = structure(sheet.instrument)
    answers = Answer.objects.filter(sheet=sheet).select_related("saved_by").order_by("pk")
    standing = {answer.question_id: answer for answer in answers}
    typed_over = _typed_over(brought, whole, reader)
    open_sections = {
        row.section_id for row in sheet.sections.order_by("pk") if takes_answers(sheet, row)
    }  # fmt: skip
    found = []
    for row in brought.rows:
        if (question := whole.questions.get(row["question"])) is None:
            continue
        head = standing.get(question.pk)
        difference = Difference(Change.REFUSED, question, row["cell"], seen=head.number if head else 0)
        if "problem" in row:
            found.append(replace(difference, problem=row["problem"]))
            continue
        content, base = Content(**row["content"]), row["base"]
        blank = Content(status=str(AnswerStatus.BLANK), is_confidential=question.is_confidential)
        before = typed_over.get((question.pk, base)) if base else blank
        is_withheld = head is not None and not head.is_readable_by(reader, sheet.project)
        stands = _as_asked(question, Content(**head.content())) if head and not is_withheld else blank
        if content == before or (content == stands and not is_withheld):
            continue
        if is_withheld:
            problem = gettext("Another institution has given a confidential answer here.")
        elif question.section_id not in open_sections:
            problem = gettext("This section is closed: its answers stay as they were signed.")
        else:
            problem = ""
        if problem:
            found.append(replace(difference, problem=problem))
            continue
        version = AnswerRevision(
            sheet=sheet, question=question, saved_by=reader, language=brought.language, **row["content"]
        )
        found.append(
            replace(
                difference,
                change=_change(content, stands, is_behind=base != difference.seen),
                brought=_entry(question, version, whole),
                standing=_entry(question, head, whole) if head else None,
                content=content,
            )
        )
    return found


def _change(content: Content, stands: Content, *, is_behind: bool) -> Change:
    if is_behind:
        return Change.CONFLICT
    if stands.status == AnswerStatus.BLANK:
        return Change.NEW
    return Change.EMPTIED if content.status == AnswerStatus.BLANK else Change.CHANGED


def _as_asked(question: Question, content: Content) -> Content:
    """Without what a spreadsheet does not ask: what a fact rests on."""
    return content if question.is_scored else replace(content, basis="")


def _typed_over(brought: Import, whole: Structure, reader: Any) -> dict[tuple[int, int], Content]:
    """What stood when the spreadsheet was made, by question and number, so far as the reader may read it."""
    bases = {row["question"]: row["base"] for row in brought.rows}
    revisions = AnswerRevision.objects.filter(sheet=brought.sheet, number__in=set(bases.values())).order_by("pk")
    return {
        (revision.question_id, revision.number): _as_asked(
            whole.by_id[revision.question_id], Content(**revision.content())
        )
        for revision in revisions
        if bases.get(whole.by_id[revision.question_id].code) == revision.number
        and revision.number
        and revision.is_readable_by(reader, brought.sheet.project)
    }


def _entry(question: Question, version: Any, whole: Structure) -> QuestionEntry:
    """An answer or what would become one, as pages show it."""
    return QuestionEntry(
        question=question, answer=version, evidence=[], warnings=[], is_hidden=False, is_withheld=False,
        levels=whole.levels,
    )  # fmt: skip


@dataclass(frozen=True)
class Accepted:
    """What became of the changes that were chosen: the codes saved, and those that someone was faster with."""

    saved: Sequence[str]
    overtaken: Sequence[str]


def accept(
    brought: Import, chosen: Mapping[str, int], *, by: Any, institution: str, is_on_behalf: bool = False
) -> Accepted:
    """Save what was chosen of the spreadsheet, over the revision that its reader had seen (by question code).

    `institution`: whose answers they are; `is_on_behalf`: entered for it by who brings them.

    Each is saved by itself, by the save protocol: the same again changes nothing, and where someone was faster both
    texts are kept. Raises MoveNotAllowed when the questionnaire is closed.
    """
    sheet = brought.sheet
    _require_open(sheet)
    saved: list[str] = []
    overtaken: list[str] = []
    for difference in differences(brought, by):
        code = difference.question.code
        if code not in chosen or difference.content is None:
            continue
        try:
            reply = save_answer(
                sheet, difference.question, difference.content, base=chosen[code],
                save_id=_save_id(brought, difference, chosen[code], by), by=by, language=brought.language,
                institution=institution, is_on_behalf=is_on_behalf, kind=RevisionKind.IMPORTED,
            )  # fmt: skip
        except (ImpossibleBase, SaveIdTaken, Withheld):
            overtaken.append(code)
            continue
        (saved if reply.outcome is Outcome.SAVED else overtaken).append(code)
    return Accepted(saved, overtaken)


def _save_id(brought: Import, difference: Difference, base: int, by: Any) -> uuid.UUID:
    """The same for the same answer of the same file over the same revision: sent twice, it is saved once."""
    content = json.dumps(asdict(difference.content), sort_keys=True) if difference.content else ""
    return uuid.uuid5(NAMESPACE, f"{brought.sha256} {by.pk} {difference.question.code} {base} {content}")
