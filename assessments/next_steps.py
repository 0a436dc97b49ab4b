"""What comes next for the person who looks: one action with its date, or what is awaited and from whom."""

import datetime
import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext, ngettext

from assessments import outline
from assessments.desk import decisions_on, differs
from assessments.models import Answer, AnswerSheet, SheetState
from assessments.outline import SectionEntry
from assessments.situations import Needs, Situation, needs, with_needs
from foundation.languages import active_language
from projects.models import Country, CountryRequest, Project, ProjectStatus, StaffGrant
from projects.permissions import Role, StaffRole
from toolkit.models import Institution

OPEN_QUESTION = "#open-question"  # the first question of a section's page that has no answer


@dataclass(frozen=True)
class NextStep:
    title: str
    text: str
    url: str = ""
    button: str = ""  # "": there is nothing to do now, the text says what is awaited
    due: datetime.date | None = None

    @property
    def is_action(self) -> bool:
        return bool(self.button)


@dataclass(frozen=True)
class Reader:
    """Who looks, at what: the situation, and the questionnaire's sections where the person may read them."""

    situation: Situation
    user: Any
    institutions: frozenset[str]
    national: AnswerSheet | None
    sections: Sequence[SectionEntry]

    def url(self, name: str) -> str:
        return reverse(name, args=[self.situation.project.public_id])

    def sheet_url(self, name: str, *more: str) -> str:
        assert self.national is not None
        return reverse(name, args=[self.situation.project.public_id, self.national.instrument.code, *more])

    @property
    def own(self) -> list[SectionEntry]:
        """The sections that the person was given, by name or with the institution."""
        return [entry for entry in self.sections if entry.is_for(self.user, self.institutions)]

    @property
    def waiting(self) -> list[SectionEntry]:
        """The sections that the person can go on with."""
        return outline.waiting_for(self.sections, self.own)

    @property
    def with_others(self) -> list[SectionEntry]:
        """The sections that wait for somebody else."""
        return [entry for entry in self.sections if entry.is_to_fill and entry not in self.waiting]

    def knows(self, entry: SectionEntry) -> bool:
        """Whether the person's institution usually knows an answer of the section."""
        assert self.national is not None
        questions = outline.structure(self.national.instrument).of_section(entry.section)
        return any(question.knows in self.institutions for question in questions)


def next_step(
    here: Situation, user: Any, *, national: AnswerSheet | None = None, sections: Sequence[SectionEntry] = ()
) -> NextStep | None:
    """The next step of a person, in all their roles: the first that is an action, else what they wait for.

    None when the project is not running: its page says so.
    """
    if not here.project.is_running:
        return None
    places = here.project.places_of(user)
    reader = Reader(here, user, places.institutions, national, sections)
    steps = [of_role(reader) for role, of_role in BY_ROLE.items() if role in places.roles]
    return next((step for step in steps if step.is_action), steps[0] if steps else None)


@dataclass(frozen=True)
class Task:
    """A line of what needs a person of the International Bureau today."""

    country: Country
    step: NextStep
    since: datetime.date | None = None  # it waits, without a deadline


@dataclass(frozen=True)
class Tasks:
    """The most urgent ones, and how many more there are."""

    shown: list[Task]
    more: int


def tasks(visible: QuerySet[Project], user: Any, grants: Sequence[StaffGrant], *, limit: int) -> Tasks:
    """Requests to decide, then what the projects that the person manages need, the most urgent first. Two queries."""
    requests = CountryRequest.objects.received().in_working_order().select_related("country")
    waiting = [request for request in requests if any(grant.covers(request.country.region) for grant in grants)]
    managed = visible.filter(manager=user, status=ProjectStatus.RUNNING).select_related("country").order_by("pk")
    found = [(here, need) for here in map(needs, with_needs(managed)) if (need := manager_need(here))]
    found.sort(key=lambda pair: due_of(*pair) or datetime.date.max)
    shown = [Task(request.country, _decide(request), since=request.received_on) for request in waiting[:limit]]
    shown += [Task(here.project.country, _needed(here, need)) for here, need in found[: limit - len(shown)]]
    return Tasks(shown, more=len(waiting) + len(found) - len(shown))


def _decide(request: CountryRequest) -> NextStep:
    return NextStep(
        gettext("Accept or decline the request"),
        gettext("Received on %(day)s from %(sender)s.") % {"day": _day(request.received_on), "sender": request.sender},
        reverse("projects:requests"),
        gettext("Open the requests"),
    )


def differences_without_word(sheet: AnswerSheet) -> int:
    """How many validated levels differ from what the country claimed, and have no response from it. Two queries."""
    answers = {answer.question_id: answer for answer in Answer.objects.filter(sheet=sheet).order_by("pk")}
    return sum(
        differs(answers.get(pk), level) and not hasattr(level, "reservation")
        for pk, level in decisions_on(sheet).items()
    )


# ── The national team ────────────────────────────────────────────────────────
def _coordinator(reader: Reader) -> NextStep:
    here = reader.situation
    if here.project.is_released:
        return _after_release(reader)
    if here.state == SheetState.AWAITING_SIGNATURE:
        return NextStep(
            gettext("The questionnaire is with the signatory"),
            gettext("It goes to the experts once it is signed. You can take it back until then, to change answers."),
            reader.url("assessments:questionnaire"),
            due=here.project.questionnaire_due,
        )
    if here.is_signed:
        return _awaiting_experts(reader)
    if here.is_returned:
        return _complete(reader)
    if reader.waiting:
        return _fill(reader, reader.waiting[0])
    if reader.with_others:
        return _awaiting_colleagues(reader)
    if not here.has_signatory:
        return NextStep(
            gettext("Invite the signatory"),
            gettext("Every question has an answer. The person who signs for the institution is not in the team yet."),
            reader.url("projects:team"),
            gettext("Open the team"),
            here.project.questionnaire_due,
        )
    return NextStep(
        gettext("Send the questionnaire to the signatory"),
        gettext("Every question has an answer. Read them once more as one document, then send them."),
        reader.url("assessments:questionnaire"),
        gettext("Read and send"),
        here.project.questionnaire_due,
    )


def _contributor(reader: Reader) -> NextStep:
    here = reader.situation
    if here.project.is_released:
        return _read_findings(reader)
    if not here.is_open:
        return _awaiting_experts(reader) if here.is_signed else _awaiting_signature(reader)
    if here.is_returned:
        return _complete(reader)
    if waiting := reader.waiting:
        first = waiting[0]
        if first not in reader.own:
            first = next(filter(reader.knows, waiting), first)
        return _fill(reader, first)
    if reader.with_others:
        return _own_part_done(reader)
    return NextStep(
        gettext("Every question has an answer"),
        gettext("The national coordinator sends the questionnaire to the signatory. You can still change answers."),
        reader.url("assessments:questionnaire"),
        due=here.project.questionnaire_due,
    )


def _complete(reader: Reader) -> NextStep:
    """It came back with comments: what they ask for is on the questionnaire's page."""
    return NextStep(
        gettext("Complete what was returned"),
        gettext("Read the comments, change or complete the answers; then the questionnaire is signed again."),
        reader.url("assessments:questionnaire"),
        gettext("Read the comments"),
        reader.situation.project.questionnaire_due,
    )


def _fill(reader: Reader, entry: SectionEntry) -> NextStep:
    """Go on with a section."""
    here, counters = reader.situation, entry.counters
    name = entry.section.name.in_(active_language())
    if counters.answered:
        title = gettext("Continue “%(section)s”") % {"section": name}
    elif here.answered:
        title = gettext("Start “%(section)s”") % {"section": name}
    else:
        title = gettext("Start the questionnaire with “%(section)s”") % {"section": name}
    done = ngettext(
        "%(answered)s of %(applicable)s question has an answer.",
        "%(answered)s of %(applicable)s questions have an answer.",
        counters.applicable,
    ) % {"answered": counters.answered, "applicable": counters.applicable}
    time = ngettext("Allow about %(minutes)s minute.", "Allow about %(minutes)s minutes.", entry.minutes_left) % {
        "minutes": entry.minutes_left
    }
    return NextStep(
        title,
        " ".join(filter(None, [_own_so_far(reader), done, time])),
        reader.sheet_url("assessments:section", entry.section.code) + (OPEN_QUESTION if counters.answered else ""),
        gettext("Continue the section") if counters.answered else gettext("Start the section"),
        entry.due_on or here.project.questionnaire_due,
    )


def _own_so_far(reader: Reader) -> str:
    """Where the person has sections of their own: how many of them are done."""
    own = reader.own
    if not own:
        return ""
    complete = sum(entry.is_complete for entry in own)
    return gettext("Your sections: %(complete)s of %(all)s complete.") % {"complete": complete, "all": len(own)}


def _own_part_done(reader: Reader) -> NextStep:
    return NextStep(
        gettext("Your sections are complete") if reader.own else gettext("No section waits for you"),
        gettext("Others answer the remaining sections. You can still change answers."),
        reader.url("assessments:questionnaire"),
        due=reader.situation.project.questionnaire_due,
    )


def _awaiting_colleagues(reader: Reader) -> NextStep:
    """For the coordinator, who can ask them, or type in what they give on paper."""
    late = [entry for entry in reader.with_others if entry.is_overdue]
    due = [entry.due_on for entry in reader.with_others if entry.due_on]
    many = len(reader.with_others)
    waits = ngettext(
        "%(many)s section waits for others: %(who)s.", "%(many)s sections wait for others: %(who)s.", many
    ) % {"many": many, "who": _holders(reader.with_others)}  # fmt: skip
    overdue = ngettext("%(many)s is late.", "%(many)s are late.", len(late)) % {"many": len(late)} if late else ""
    paper = gettext("What they give you on paper, you can type in for them.")
    return NextStep(
        gettext("Ask for what is missing"),
        " ".join(filter(None, [_own_so_far(reader), waits, overdue, paper])),
        reader.sheet_url("assessments:sheet_missing"),
        gettext("See what is missing, and from whom"),
        min(due, default=None) or reader.situation.project.questionnaire_due,
    )


def _holders(entries: Sequence[SectionEntry]) -> str:
    """Who answers these sections: the person named, else the institution; each once, in the sections’ order."""
    rows = [entry.assignment for entry in entries if entry.assignment]
    return ", ".join(
        dict.fromkeys(row.person.name if row.person else str(row.get_institution_display()) for row in rows)
    )


def _signatory(reader: Reader) -> NextStep:
    here = reader.situation
    if here.project.is_released:
        return _after_release(reader)
    if here.state == SheetState.AWAITING_SIGNATURE and reader.national:
        if here.has_posts_signatory and Institution.POST not in reader.institutions:
            return NextStep(
                gettext("Sign your institution’s sections"),
                gettext("The Post’s signatory signs the whole. Until then you can sign what your institution answers."),
                reader.sheet_url("assessments:sections_sign"),
                gettext("Read your sections"),
                here.project.questionnaire_due,
            )
        return NextStep(
            gettext("Read and sign the questionnaire"),
            gettext("%(answered)s of %(applicable)s questions have an answer. Sign it, or return it with a comment.")
            % {"answered": here.answered, "applicable": here.applicable},
            reader.sheet_url("assessments:sheet_document"),
            gettext("Read the questionnaire"),
            here.project.questionnaire_due,
        )
    if here.is_signed:
        return _awaiting_experts(reader)
    return _awaiting_answers(reader)


def _after_release(reader: Reader) -> NextStep:
    """Coordinator and signatory: the country's word on what differs, then reading."""
    many = reader.situation.differences
    if not many:
        return _read_findings(reader)
    return NextStep(
        ngettext(
            "Respond to %(many)s level that differs", "Respond to %(many)s levels that differ", many
        ) % {"many": many},
        gettext("The experts validated another level than the one you claimed. Acknowledge it or enter a reservation."),
        reader.url("assessments:findings"),
        gettext("Read the differences"),
        reader.situation.step_due,
    )  # fmt: skip


def _read_findings(reader: Reader) -> NextStep:
    return NextStep(
        gettext("Read what was released"),
        gettext("The International Bureau released levels and documents to the country on %(day)s.")
        % {"day": _day(reader.situation.project.released_on)},
        reader.url("assessments:findings"),
        gettext("Read the findings"),
    )


# ── What is awaited ──────────────────────────────────────────────────────────
def _awaiting_answers(reader: Reader) -> NextStep:
    here = reader.situation
    return NextStep(
        gettext("The national team is answering the questionnaire"),
        gettext("%(answered)s of %(applicable)s questions have an answer. There is nothing for you to do yet.")
        % {"answered": here.answered, "applicable": here.applicable},
        due=here.project.questionnaire_due,
    )


def _awaiting_signature(reader: Reader) -> NextStep:
    return NextStep(
        gettext("The questionnaire is with the signatory"),
        gettext("It goes to the experts once it is signed. There is nothing for you to do now."),
        due=reader.situation.project.questionnaire_due,
    )


def _awaiting_experts(reader: Reader) -> NextStep:
    here = reader.situation
    if here.state == SheetState.ACCEPTED:
        text = gettext(
            "The experts accepted the questionnaire. The International Bureau releases the levels and the documents "
            "to the country after the visit."
        )
    else:
        text = gettext("The experts read it, and accept it or return it for completion. Evidence can still be added.")
    return NextStep(gettext("The questionnaire is submitted"), text)


# ── The experts ──────────────────────────────────────────────────────────────
def _expert(reader: Reader) -> NextStep:
    here = reader.situation
    if here.project.is_released:
        return _read_findings(reader)
    if not here.is_signed:
        return _awaiting_answers(reader) if here.is_open else _awaiting_signature(reader)
    if here.to_validate:
        return NextStep(
            ngettext("Validate %(many)s criterion", "Validate %(many)s criteria", here.to_validate)
            % {"many": here.to_validate},
            gettext("Read what the country says, then set a level with your own basis for each of them."),
            reader.url("assessments:validation"),
            gettext("Continue validating"),
            here.step_due,
        )
    if here.state == SheetState.SUBMITTED:
        return NextStep(
            gettext("Accept the questionnaire, or return it"),
            gettext("Every criterion is decided. Say whether the questionnaire is complete."),
            reader.url("assessments:questionnaire"),
            gettext("Open the questionnaire"),
            here.step_due,
        )
    if here.checklist_answered < here.checklist_applicable:
        return NextStep(
            gettext("Fill in the strategy checklist"),
            gettext("%(answered)s of %(applicable)s items are rated.")
            % {"answered": here.checklist_answered, "applicable": here.checklist_applicable},
            reader.url("assessments:strategy"),
            gettext("Continue the checklist"),
            here.step_due,
        )
    if not here.has_recommendations:
        return NextStep(
            gettext("Write the recommendations"),
            gettext("Adopt those suggested for the levels reached, edit them, or write new ones."),
            reader.url("assessments:findings"),
            gettext("Open the findings"),
            here.step_due,
        )
    return NextStep(
        gettext("Your part is done"),
        gettext("The International Bureau releases the levels and the documents to the country."),
        reader.url("reports:deliverables"),
        due=here.step_due,
    )


# ── The International Bureau ─────────────────────────────────────────────────
class Need(enum.Enum):
    """What a project needs from its manager; the order is that in which it is asked for."""

    COORDINATOR = "coordinator"
    REMINDER = "reminder"
    EXPERTS = "experts"
    RELEASE = "release"
    STEP = "step"


def manager_need(here: Needs) -> Need | None:
    if not here.has_coordinator and not here.coordinator_is_invited:
        return Need.COORDINATOR
    if here.is_questionnaire_late:
        return Need.REMINDER
    if here.is_signed and not here.experts:
        return Need.EXPERTS
    if here.state == SheetState.ACCEPTED and not here.to_validate and not here.project.is_released:
        return Need.RELEASE
    if here.step_due and here.step_due < here.today:
        return Need.STEP
    return None


def due_of(here: Needs, need: Need) -> datetime.date | None:
    return here.project.questionnaire_due if need in {Need.COORDINATOR, Need.REMINDER} else here.step_due


def _manager(reader: Reader) -> NextStep:
    need = manager_need(reader.situation)
    return _needed(reader.situation, need) if need else _manager_waits(reader)


def _needed(here: Needs, need: Need) -> NextStep:
    title, text, button, url = {
        Need.COORDINATOR: _invite_coordinator,
        Need.REMINDER: _remind,
        Need.EXPERTS: _invite_experts,
        Need.RELEASE: _release,
        Need.STEP: _late_step,
    }[need](here)
    return NextStep(title, text, url, button, due_of(here, need))


def _page(here: Needs, name: str) -> str:
    return reverse(name, args=[here.project.public_id])


def _invite_coordinator(here: Needs) -> tuple[str, str, str, str]:
    return (
        gettext("Invite the national coordinator"),
        gettext("Nobody can answer for the country yet. The coordinator brings in the rest of the national team."),
        gettext("Invite the coordinator"),
        _page(here, "projects:invite"),
    )


def _remind(here: Needs) -> tuple[str, str, str, str]:
    return (
        gettext("Remind the national team of the questionnaire"),
        gettext("%(answered)s of %(applicable)s questions have an answer, and it is not signed.")
        % {"answered": here.answered, "applicable": here.applicable},
        gettext("Open the team"),
        _page(here, "projects:team"),
    )


def _invite_experts(here: Needs) -> tuple[str, str, str, str]:
    return (
        gettext("Invite the experts"),
        gettext("The questionnaire is submitted, and no expert is in the team or invited."),
        gettext("Invite an expert"),
        _page(here, "projects:invite"),
    )


def _release(here: Needs) -> tuple[str, str, str, str]:
    return (
        gettext("Release the levels to the country"),
        gettext("The questionnaire is accepted and every criterion is decided. Nothing is visible to the country yet."),
        gettext("Prepare the release"),
        _page(here, "reports:release"),
    )


def _late_step(here: Needs) -> tuple[str, str, str, str]:
    return (
        gettext("Mark step %(number)s as done, or move its date") % {"number": here.step_number},
        gettext("It was due on %(day)s.") % {"day": _day(here.step_due)},
        gettext("Look at the steps"),
        f"{here.project.get_absolute_url()}#steps",
    )


def _manager_waits(reader: Reader) -> NextStep:
    here = reader.situation
    if here.project.is_released:
        return NextStep(
            gettext("The levels are released"),
            gettext("The country has had its levels and documents since %(day)s. Follow-up goes on.")
            % {"day": _day(here.project.released_on)},
            due=here.step_due,
        )
    if not here.is_signed:
        if not here.has_coordinator:
            return NextStep(
                gettext("The national coordinator is invited"),
                gettext(
                    "The invitation has not been accepted yet. You can hand over its link or code from the team page."
                ),
                reader.url("projects:team"),
                due=here.project.questionnaire_due,
            )
        return _awaiting_answers(reader) if here.is_open else _awaiting_signature(reader)
    return NextStep(
        gettext("The experts are at work"),
        ngettext(
            "%(many)s criterion is still to be decided.", "%(many)s criteria are still to be decided.", here.to_validate
        )
        % {"many": here.to_validate}
        if here.to_validate
        else gettext("Every criterion is decided. The experts have to accept the questionnaire."),
        due=here.step_due,
    )


def _observer(reader: Reader) -> NextStep:
    if reader.situation.project.is_released:
        return NextStep(
            gettext("Read what was released"),
            gettext("The International Bureau released levels and documents on %(day)s.")
            % {"day": _day(reader.situation.project.released_on)},
            reader.url("reports:deliverables"),
            gettext("Open the deliverables"),
        )
    return NextStep(
        gettext("Nothing is released yet"),
        gettext("You can read the levels and the documents here once the International Bureau has released them."),
    )


def _day(day: datetime.date | None) -> str:
    return formats.date_format(day, "DATE_FORMAT") if day else ""


BY_ROLE: dict[str, Callable[[Reader], NextStep]] = {
    Role.COORDINATOR: _coordinator,
    Role.SIGNATORY: _signatory,
    Role.CONTRIBUTOR: _contributor,
    Role.EXPERT: _expert,
    StaffRole.PROJECT_MANAGER: _manager,
    StaffRole.ADMINISTRATOR: _manager,
    Role.OBSERVER: _observer,
}
