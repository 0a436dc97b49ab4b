"""What was said on a question over time: everything anyone sent, in runs, each with what it changed."""

import datetime
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.utils.translation import gettext

from assessments import values
from assessments.differences import Stretch, by_lines, by_words
from assessments.models import Answer, AnswerRevision, AnswerSheet, AnswerStatus, AnswerValue, RevisionKind
from assessments.outline import QuestionEntry
from foundation.languages import active_language
from toolkit.models import Kind, Question

SAME_SITTING = datetime.timedelta(minutes=15)  # between two saves of one person that are shown as one
PER_PAGE = 60  # versions
WRITTEN = {Kind.TEXT, Kind.LINK}  # kinds whose value is in the writer's language


@dataclass(frozen=True)
class Change:
    """One part of an answer, with what became another in it. `label` is "" for the answer itself."""

    label: str
    stretches: Sequence[Stretch]
    language: str = ""  # of what stands and what was added; "": the reader's
    was_language: str = ""  # of what was removed
    is_text: bool = True  # False: each stretch is a line


@dataclass(frozen=True)
class Version:
    """A revision as the history shows it."""

    revision: AnswerRevision
    changes: Sequence[Change]
    is_standing: bool
    says_the_same: bool  # as what stands: nothing to restore


@dataclass(frozen=True)
class Run:
    """What one person saved in one sitting, as its last version, with what changed since before the sitting."""

    last: Version
    versions: Sequence[Version]  # newest first, each with what changed since the one before; the last one among them
    first_at: datetime.datetime

    @property
    def is_several(self) -> bool:
        return len(self.versions) > 1


@dataclass(frozen=True)
class History:
    """A page of the versions that the reader may read, newest first."""

    runs: Sequence[Run]
    page: Page[Any] | None
    kept_from_reader: int  # versions that became the answer, and which only another institution reads


def history(sheet: AnswerSheet, entry: QuestionEntry, user: Any, page: str | None) -> History:
    """What the reader may read of a question's versions; nothing while the answer itself is withheld. Three queries.

    A version is also read by nobody but its own institution when it was confidential itself.
    """
    if entry.is_withheld:
        return History([], None, 0)
    rows = AnswerRevision.objects.filter(sheet=sheet, question=entry.question)
    readable = rows.readable_by(user, sheet.project).select_related("saved_by", "proposal__submission").order_by("-pk")
    accepted = readable.filter(number__isnull=False)
    shown = Paginator(readable, PER_PAGE).get_page(page)
    newest_first = list(shown.object_list)
    before = accepted.filter(pk__lt=newest_first[-1].pk).first() if shown.has_next() else None
    return History(
        runs=list(_runs(entry.question, newest_first[::-1], before, entry.answer))[::-1],
        page=shown,
        kept_from_reader=entry.number - accepted.count(),
    )


def _runs(
    question: Question, revisions: Iterable[AnswerRevision], before: AnswerRevision | None, head: Answer | None
) -> Iterator[Run]:
    """The runs of these revisions, oldest first; `before` is what stood before the first of them."""
    sitting: list[tuple[AnswerRevision, AnswerRevision | None]] = []
    stood = before
    for revision in revisions:
        if sitting and not _goes_on(sitting[-1][0], revision):
            yield _run(question, sitting, head)
            sitting = []
        sitting.append((revision, stood))
        if revision.number is not None:
            stood = revision
    if sitting:
        yield _run(question, sitting, head)


def _goes_on(one: AnswerRevision, following: AnswerRevision) -> bool:
    """Whether a save belongs to the sitting of the one before it: one person's saves of a kind, close in time."""
    is_close = one.saved_by_id == following.saved_by_id and following.saved_at - one.saved_at < SAME_SITTING
    if one.kind == following.kind == RevisionKind.REFUSED:
        return is_close
    return (
        one.kind == following.kind == RevisionKind.ACCEPTED
        and is_close
        and one.number is not None
        and one.proposal_id == following.proposal_id
        and following.number == one.number + 1
    )


def _run(
    question: Question, sitting: Sequence[tuple[AnswerRevision, AnswerRevision | None]], head: Answer | None
) -> Run:
    def version(revision: AnswerRevision, before: AnswerRevision | None) -> Version:
        return Version(
            revision,
            changes=changes(
                question, before if revision.number else None, revision
            ),  # what does not count stands clean
            is_standing=head is not None and revision.number == head.number,
            says_the_same=head is not None and revision.content() == head.content(),
        )

    first, last = sitting[0], sitting[-1]
    return Run(
        last=version(last[0], first[1]),
        versions=[version(revision, before) for revision, before in reversed(sitting)],
        first_at=first[0].saved_at,
    )


def changes(question: Question, old: AnswerValue | None, new: AnswerValue) -> list[Change]:
    """The parts of `new`, each with what it changed of `old`; without `old` nothing is marked."""
    was = old or new
    is_anyones = not (was.is_confidential or new.is_confidential)
    parts = [
        _value(question, was, new),
        _text(gettext("Reason"), was.reason, new.reason, was, new),
        _text(gettext("Note"), was.note, new.note, was, new),
        _line(gettext("It rests on"), was.basis and was.get_basis_display(), new.basis and new.get_basis_display()),
        _line(gettext("Who reads it"), "" if is_anyones else _readers(was), "" if is_anyones else _readers(new)),
    ]
    return [part for part in parts if part.stretches]


def _value(question: Question, was: AnswerValue, new: AnswerValue) -> Change:
    if question.kind in WRITTEN and was.status == new.status == AnswerStatus.ANSWERED:
        return _text("", was.value, new.value, was, new)
    return Change("", by_lines(_lines(question, was), _lines(question, new)), is_text=False)


def _lines(question: Question, version: AnswerValue) -> list[str]:
    language = active_language()
    return values.in_words(question, version.value, language) or [str(version.get_status_display())]


def _text(label: str, was: str, new: str, old: AnswerValue, version: AnswerValue) -> Change:
    return Change(label, by_words(was, new), version.language, old.language)


def _line(label: str, was: Any, new: Any) -> Change:
    return Change(label, by_lines([str(was)] if was else [], [str(new)] if new else []), is_text=False)


def _readers(version: AnswerValue) -> str:
    if not version.is_confidential:
        return gettext("The whole team")
    return gettext("Confidential")
