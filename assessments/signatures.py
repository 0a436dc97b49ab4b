"""Which institution has signed its own sections, and whether what it signed still stands."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from assessments import outline
from assessments.models import Answer, AnswerRevision, AnswerSheet, SectionSignature, Submission
from assessments.outline import SectionEntry
from foundation import checksums
from projects.models import Membership
from projects.permissions import Role
from toolkit.models import Institution

Signatures = dict[tuple[int, str], SectionSignature]  # by section and institution


@dataclass(frozen=True)
class SignedSection:
    """A section of an institution, with its last signature, and whether the answers are still those signed."""

    entry: SectionEntry
    sha256: str  # of the answers as they are now
    signature: SectionSignature | None
    has_answers: bool

    @property
    def is_signed(self) -> bool:
        return self.signature is not None and self.signature.sha256 == self.sha256

    @property
    def is_void(self) -> bool:
        """Signed once, and changed since."""
        return self.signature is not None and not self.is_signed

    @property
    def can_be_signed(self) -> bool:
        return self.has_answers and not self.is_signed


@dataclass(frozen=True)
class Signatory:
    """An institution besides the Post, whose signatory signs the whole, with the sections assigned to it."""

    institution: Institution
    sections: Sequence[SignedSection]

    @property
    def has_signed(self) -> bool:
        return all(section.is_signed for section in self.sections)

    @property
    def to_sign(self) -> list[SignedSection]:
        return [section for section in self.sections if section.can_be_signed]

    @property
    def signed(self) -> list[SignedSection]:
        return [section for section in self.sections if section.is_signed]

    @property
    def void(self) -> list[SignedSection]:
        return [section for section in self.sections if section.is_void]

    @property
    def unsigned(self) -> list[SignedSection]:
        return [section for section in self.sections if section.signature is None]


def signatories(sheet: AnswerSheet, entries: Iterable[SectionEntry]) -> list[Signatory]:
    """The institutions besides the Post that answer sections, and what they signed. Two queries, or none."""
    own = [
        (entry, entry.assignment.institution)
        for entry in entries
        if entry.assignment and entry.assignment.institution != Institution.POST
    ]
    if not own:
        return []
    answers = list(Answer.objects.filter(sheet=sheet).order_by("question"))
    return _signatories(sheet, own, answers, _last(SectionSignature.objects.filter(sheet_section__sheet=sheet)))


def signatories_of(submission: Submission) -> list[Signatory]:
    """The same as it stood when the whole was signed, and never changes again but for one thing. Four queries.

    A section that was given to another institution since, and that nobody had signed, is no longer known as unsigned.
    """
    sheet, until = submission.sheet, submission.signed_at
    last = _last(SectionSignature.objects.filter(sheet_section__sheet=sheet, signed_at__lte=until))
    own = []
    for entry in outline.section_entries(sheet):
        places = {place for section, place in last if section == entry.section.pk}
        if entry.assignment and entry.assignment.at <= until:
            places.add(entry.assignment.institution)
        own += [(entry, place) for place in places - {Institution.POST}]
    by_id = outline.structure(sheet.instrument).by_id
    revisions = AnswerRevision.objects.filter(sheet=sheet, number__isnull=False).order_by("question")
    signed = [row for row in revisions if submission.revisions.get(by_id[row.question_id].code) == row.number]
    return _signatories(sheet, own, signed, last)


def _last(rows: QuerySet[SectionSignature]) -> Signatures:
    """The last signature by section and institution. One query."""
    rows = rows.select_related("sheet_section").order_by("pk")
    return {(row.sheet_section.section_id, row.institution): row for row in rows}


def _signatories(
    sheet: AnswerSheet,
    own: Sequence[tuple[SectionEntry, str]],
    answers: Sequence[Answer | AnswerRevision],
    last: Signatures,
) -> list[Signatory]:
    return [
        Signatory(
            Institution(place),
            [
                _signed(sheet, entry, place, answers, last.get((entry.section.pk, place)))
                for entry, of in own
                if of == place
            ],
        )
        for place in Institution.values
        if any(of == place for _entry, of in own)
    ]


def _signed(
    sheet: AnswerSheet,
    entry: SectionEntry,
    place: str,
    answers: Sequence[Answer | AnswerRevision],
    row: SectionSignature | None,
) -> SignedSection:
    content = signed_content(sheet, entry, place, answers)
    return SignedSection(
        entry, checksum(content), row, has_answers=any(said["status"] != "blank" for said in content.values())
    )


def signed_content(
    sheet: AnswerSheet, entry: SectionEntry, place: str, answers: Iterable[Answer | AnswerRevision]
) -> dict[str, dict[str, Any]]:
    """What an institution signs of a section: its answers by code, but for another institution's in confidence.

    Evidence is not in it: a document that is added later takes nothing back.
    """
    by_id = outline.structure(sheet.instrument).by_id
    return {
        by_id[answer.question_id].code: answer.content()
        for answer in answers
        if by_id[answer.question_id].section_id == entry.section.pk
        and (not answer.is_confidential or answer.institution == place)
    }


def checksum(content: dict[str, Any]) -> str:
    return checksums.sha256(checksums.canonical(content))


def signs_whole(sheet: AnswerSheet, user: Any) -> bool:
    """Whether the person signs for the country: the Post's signatory; where it has none, any signatory. One query."""
    signs = Membership.objects.current().filter(project=sheet.project, role=Role.SIGNATORY)
    places = list(signs.order_by("pk").values_list("user", "institution"))
    own = {place for person, place in places if person == user.pk}
    return Institution.POST in own or (bool(own) and all(place != Institution.POST for _person, place in places))


def signs_for(sheet: AnswerSheet, user: Any) -> set[str]:
    """The institutions whose signatory the person is in this project. One query."""
    members = Membership.objects.current().filter(project=sheet.project, user=user, role=Role.SIGNATORY)
    return set(members.values_list("institution", flat=True))
