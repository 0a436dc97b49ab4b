"""Which institution has signed its own sections, and whether what it signed still stands."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from assessments import outline
from assessments.models import Answer, AnswerSheet, SectionSignature
from assessments.outline import SectionEntry
from projects.models import Membership
from projects.permissions import Role
from toolkit.models import Institution


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
    own: dict[str, list[SectionEntry]] = {}
    for entry in entries:
        if entry.assignment and entry.assignment.institution != Institution.POST:
            own.setdefault(entry.assignment.institution, []).append(entry)
    if not own:
        return []
    answers = list(Answer.objects.filter(sheet=sheet).order_by("question"))
    rows = SectionSignature.objects.filter(sheet_section__sheet=sheet).select_related("sheet_section")
    last = {(row.sheet_section.section_id, row.institution): row for row in rows.order_by("pk")}
    return [
        Signatory(
            Institution(place),
            [_signed(sheet, entry, place, answers, last.get((entry.section.pk, place))) for entry in own[place]],
        )
        for place in Institution.values
        if place in own
    ]


def _signed(
    sheet: AnswerSheet, entry: SectionEntry, place: str, answers: Sequence[Answer], row: SectionSignature | None
) -> SignedSection:
    content = signed_content(sheet, entry, place, answers)
    return SignedSection(
        entry, checksum(content), row, has_answers=any(said["status"] != "blank" for said in content.values())
    )


def signed_content(
    sheet: AnswerSheet, entry: SectionEntry, place: str, answers: Iterable[Answer]
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
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def signs_for(sheet: AnswerSheet, user: Any) -> set[str]:
    """The institutions whose signatory the person is in this project. One query."""
    members = Membership.objects.current().filter(project=sheet.project, user=user, role=Role.SIGNATORY)
    return set(members.values_list("institution", flat=True))
