"""Which turn of the questionnaire is told to whom, in whose language. When is decided by the actions."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import formats, translation
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from assessments.models import AnswerSheet, Evidence, OtherAnswer, SectionAssignment, Submission, Thread
from foundation import mails
from projects.models import Membership, Project
from projects.permissions import Role
from toolkit.models import Section


@dataclass(frozen=True)
class Notice:
    """A subject and what happened, each with %(country)s and %(who)s; then what the reader can do."""

    subject: Promise
    sentence: Promise
    to_do: Promise


TO_SIGN = Notice(
    _("%(country)s: the questionnaire waits for your signature"),
    _("%(who)s has sent you the answers to the questionnaire of this country: %(country)s."),
    _("Read them as one document, then sign them, or return them to the team:"),
)
SECTIONS_TO_SIGN = Notice(
    _("%(country)s: sections of the questionnaire wait for your signature"),
    _("%(who)s asks you to sign the sections that your institution answers, in the questionnaire of: %(country)s."),
    _("Read the answers, then sign them, before the whole questionnaire is submitted:"),
)
TAKEN_BACK = Notice(
    _("%(country)s: the questionnaire is open again, without a signature"),
    _("%(who)s has opened the questionnaire of this country again: %(country)s."),
    _("See what was said, and complete the answers:"),
)
SIGNED = Notice(
    _("%(country)s: the questionnaire is signed and submitted"),
    _("%(who)s has signed the questionnaire of this country: %(country)s."),
    _("Read the answers, and validate them or return them:"),
)
SIGNED_ON_PAPER = Notice(
    _("%(country)s: the questionnaire is signed and submitted"),
    _("%(who)s has sent in the questionnaire of this country, signed on paper: %(country)s."),
    _("Read the answers, and validate them or return them:"),
)
RETURNED = Notice(
    _("%(country)s: the questionnaire comes back to be completed"),
    _("%(who)s has returned the questionnaire of this country, with comments: %(country)s."),
    _("Read the comments, and complete the answers:"),
)
RELEASED = Notice(
    _("%(country)s: the levels are released to you"),
    _("%(who)s has released the validated levels to this country: %(country)s."),
    _("Read the levels, the observations and the recommendations:"),
)
ASSIGNED = Notice(
    _("%(country)s: sections of the questionnaire for you"),
    _("%(who)s asks you to answer these sections of the questionnaire of this country: %(country)s."),
    _("Each answer saves by itself; you can stop at any time. Your sections stand first on this page:"),
)
MENTIONED = Notice(
    _("%(country)s: a discussion about question %(question)s"),
    _("%(who)s points you to a discussion about question %(question)s of this country: %(country)s."),
    _("Read it and reply:"),
)
TO_SETTLE = Notice(
    _("%(country)s: a discussion for you to settle, question %(question)s"),
    _("%(who)s asks you to settle a discussion about question %(question)s of this country: %(country)s."),
    _("Read it, reply, and mark it as settled:"),
)
INFECTED = Notice(
    _("%(country)s: a virus was found in a file that you added"),
    _("ClamAV found a virus in a file that you added as evidence. Nobody can open it here any more:"),
    _("Have the device it came from checked. Then remove the file here, and add a clean copy:"),
)
INFECTED_PAPER = Notice(
    _("%(country)s: a virus was found in the scan of the signed paper"),
    _("ClamAV found a virus in the scan of the signed paper that was sent in. Nobody can open it here any more:"),
    _("What was submitted stands. Have the device that the scan came from checked, and keep the paper:"),
)
DIFFERING = Notice(
    _("%(country)s: another institution sees an answer differently"),
    _("%(who)s has recorded a differing view beside an answer of this country: %(country)s."),
    _("Your answer goes on counting; the experts read both. Read the view and its reason:"),
)
TEAM = (Role.COORDINATOR, Role.CONTRIBUTOR, Role.SIGNATORY)
ANSWERING = (Role.COORDINATOR, Role.CONTRIBUTOR)


def ask_to_sign(sheet: AnswerSheet, *, by: Any, besides: Collection[str] = ()) -> None:
    """To sign the whole: but for the signatories of institutions that sign sections of their own, if there are others.

    `besides`: these institutions.
    """
    path = reverse("assessments:sheet_document", args=[sheet.project.public_id, sheet.instrument.code])
    members = list(_current(sheet.project, Role.SIGNATORY))
    whole = [member for member in members if member.institution not in besides] or members
    _tell(TO_SIGN, sheet.project, [member.user for member in whole], by, path)


def ask_to_sign_sections(sheet: AnswerSheet, sections: Mapping[str, Sequence[Section]], *, by: Any) -> list[str]:
    """One message a signatory with their institution’s sections, by institution; the institutions that have one."""
    path = reverse("assessments:sections_sign", args=[sheet.project.public_id, sheet.instrument.code])
    members = [member for member in _current(sheet.project, Role.SIGNATORY) if member.institution in sections]
    own: dict[Any, list[Section]] = {}
    for member in members:
        own.setdefault(member.user, []).extend(sections[member.institution])
    for person, parts in own.items():
        _tell(SECTIONS_TO_SIGN, sheet.project, [person], by, path, partial(_section_lines, parts))
    return [place for place in sections if any(member.institution == place for member in members)]


def _section_lines(parts: Iterable[Section], language: str) -> list[str]:
    return [f"{part.code} {part.name.in_(language)}" for part in parts]


def tell_taken_back(sheet: AnswerSheet, *, by: Any) -> None:
    people = _members(sheet.project, Role.COORDINATOR, Role.SIGNATORY)
    _tell(TAKEN_BACK, sheet.project, people, by, _questionnaire(sheet.project))


def tell_signed(sheet: AnswerSheet, *, by: Any) -> None:
    _tell_of_submission(SIGNED, sheet, by, Role.EXPERT, Role.COORDINATOR)


def tell_signed_on_paper(sheet: AnswerSheet, *, by: Any) -> None:
    """Also to the signatory, in whose name it was sent in."""
    _tell_of_submission(SIGNED_ON_PAPER, sheet, by, Role.EXPERT, Role.COORDINATOR, Role.SIGNATORY)


def _tell_of_submission(notice: Notice, sheet: AnswerSheet, by: Any, *roles: Role) -> None:
    project = sheet.project
    _tell(notice, project, [project.manager, *_members(project, *roles)], by, _questionnaire(project))


def tell_returned(sheet: AnswerSheet, *, by: Any) -> None:
    people = _members(sheet.project, Role.COORDINATOR, Role.CONTRIBUTOR)
    _tell(RETURNED, sheet.project, people, by, _questionnaire(sheet.project))


def tell_differing(view: OtherAnswer, *, by: Any) -> None:
    """To the coordinators who may read it: to others a confidential one does not exist."""
    project = view.sheet.project
    people = [person for person in _members(project, Role.COORDINATOR) if view.is_readable_by(person, project)]
    path = reverse("assessments:question", args=[project.public_id, view.sheet.instrument.code, view.question.code])
    _tell(DIFFERING, project, people, by, path)


def tell_released(project: Project, *, by: Any) -> None:
    path = reverse("assessments:findings", args=[project.public_id])
    _tell(RELEASED, project, _members(project, *TEAM, Role.OBSERVER), by, path)


def tell_assigned(sheet: AnswerSheet, assigned: Iterable[SectionAssignment], *, by: Any) -> None:
    """One message a person with all their new sections: to who is named, else to those who answer there."""
    project = sheet.project
    answering = list(_current(project, *ANSWERING))
    own: dict[Any, list[SectionAssignment]] = {}
    for row in assigned:
        members = [row.member] if row.member else [one for one in answering if one.institution == row.institution]
        for person in dict.fromkeys(member.user for member in members):
            own.setdefault(person, []).append(row)
    for person, rows in own.items():
        _tell(ASSIGNED, project, [person], by, _questionnaire(project), partial(_assigned_lines, rows))


def tell_mentioned(thread: Thread, people: Iterable[Any], *, by: Any) -> None:
    _tell(MENTIONED, thread.project, people, by, _thread(thread), question=thread.question.code)


def tell_thread_assigned(thread: Thread, person: Any, *, by: Any) -> None:
    _tell(TO_SETTLE, thread.project, [person], by, _thread(thread), question=thread.question.code)


def _thread(thread: Thread) -> str:
    about = [thread.project.public_id, thread.sheet.instrument.code, thread.question.code]
    return reverse("assessments:question", args=about) + f"#thread-{thread.public_id}"


def _assigned_lines(rows: Iterable[SectionAssignment], language: str) -> list[str]:
    """Each section, with the day by which it is due where there is one."""
    lines = []
    for row in rows:
        section = row.sheet_section.section
        name = f"{section.code} {section.name.in_(language)}"
        day = formats.date_format(row.due_on, "DATE_FORMAT") if row.due_on else ""
        lines.append(gettext("%(section)s, by %(day)s") % {"section": name, "day": day} if day else name)
    return lines


def tell_infected(piece: Evidence, signature: str) -> None:
    """To who added it: others may not know that it exists."""
    project = piece.sheet.project
    path = reverse("assessments:evidence_piece", args=[project.public_id, piece.sheet.instrument.code, piece.public_id])
    _tell(INFECTED, project, [piece.added_by], None, path, lambda language: [f"{piece.title}: {signature}"])


def tell_infected_paper(submission: Submission, signature: str) -> None:
    """To who sent it in, and to the manager, whom the experts will ask for it."""
    sheet, name = submission.sheet, submission.scan.name if submission.scan else ""
    path = reverse("assessments:sheet_document", args=[sheet.project.public_id, sheet.instrument.code])
    people = [submission.signed_by, sheet.project.manager]
    _tell(INFECTED_PAPER, sheet.project, people, None, path, lambda language: [f"{name}: {signature}"])


def _questionnaire(project: Project) -> str:
    return reverse("assessments:questionnaire", args=[project.public_id])


def _members(project: Project, *roles: Role) -> list[Any]:
    return [membership.user for membership in _current(project, *roles)]


def _current(project: Project, *roles: Role) -> Iterable[Membership]:
    current = Membership.objects.current().filter(project=project, role__in=roles)
    return current.select_related("user").order_by("pk")


def _tell(
    notice: Notice,
    project: Project,
    people: Iterable[Any],
    by: Any | None,
    path: str,
    lines: Callable[[str], list[str]] = lambda language: [],
    **more: str,
) -> None:
    """One message a person, however many roles they have; none to who did it. `lines`: what it is about."""
    for person in {person.pk: person for person in people if person != by and person.is_active}.values():
        with translation.override(person.language):
            about = {"country": project.country.name.in_(person.language), "who": by.name if by else "", **more}
            mails.write(
                to=person.email,
                language=person.language,
                subject=notice.subject % about,
                body=render_to_string(
                    "assessments/notice_mail.txt",
                    {
                        "name": person.name,
                        "sentence": notice.sentence % about,
                        "lines": lines(person.language),
                        "to_do": notice.to_do,
                        "link": settings.SITE_URL + path,
                    },
                ),
            )
