"""A database as large as the whole membership after several rounds, to measure on (`manage.py world`).

Everything is made up by a seeded generator and says so: the countries are real, so every text is plainly a machine's
("Load test answer 17"), and so are operators, people and cycles. It is written in bulk, past the actions, but leaves
what they would have left: the database's constraints hold, and `manage.py recount --check` finds every counter right.
"""

import datetime
import hashlib
import itertools
import random
import shutil
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import astuple, dataclass, field
from functools import cached_property
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import connection, models, transaction
from django.utils import timezone

from accounts.models import User
from assessments import outline, progress
from assessments.actions import submissions
from assessments.desk import claims_not_applicable, differs, self_assessed
from assessments.models import (
    Activity,
    Answer,
    AnswerRevision,
    AnswerSheet,
    AnswerStatus,
    Basis,
    Comment,
    Evidence,
    EvidenceUse,
    Observation,
    ObservationKind,
    OtherAnswer,
    OtherKind,
    Priority,
    Recommendation,
    Reservation,
    ReservationKind,
    ReviewMark,
    RevisionKind,
    SectionAssignment,
    SectionSignature,
    SheetReturn,
    SheetSection,
    SheetState,
    SheetVisit,
    SignatureRequest,
    Source,
    StrategyAim,
    StrategyConclusion,
    StrategyReview,
    Submission,
    Thread,
    ThreadAudience,
    ValidatedLevel,
)
from assessments.unanswered import without_answer
from foundation import checksums, files
from foundation.models import Job, JobState, StoredFile
from projects import plan
from projects.models import (
    Country,
    CountryRequest,
    DesignatedOperator,
    Function,
    Invitation,
    Membership,
    Project,
    ProjectEvent,
    ProjectStatus,
    Region,
    RequestStatus,
    StaffGrant,
    Step,
    Visit,
)
from projects.permissions import Role, StaffRole
from reports import content, pdf
from reports.models import (
    Copy,
    CopyFormat,
    Deliverable,
    EditorialText,
    Import,
    Receipt,
    Report,
    Snapshot,
    languages_of,
    slots_of,
)
from toolkit.models import Audience, FrameworkVersion, Guidance, Horizon, Institution, Kind, Lever, Question

FRAMEWORK = ("dre", "2026.1")
TOGETHER = 32  # projects written at once
PHASES = (  # of the latest round, one after the other; earlier rounds are closed
    "created", "begun", "answering", "awaiting_signature", "submitted", "returned", "accepted", "released",
)  # fmt: skip
SHARE_ANSWERED = {"created": 0.0, "begun": 0.3, "answering": 0.9}  # of the questions; all but a few in later phases
STATE = {
    "awaiting_signature": SheetState.AWAITING_SIGNATURE, "submitted": SheetState.SUBMITTED,
    "accepted": SheetState.ACCEPTED, "released": SheetState.ACCEPTED, "closed": SheetState.ACCEPTED,
}  # fmt: skip
SHARE_DECIDED = {"submitted": 0.5, "returned": 0.6, "accepted": 1.0, "released": 1.0, "closed": 1.0}
STEPS_DONE = {"submitted": 1, "returned": 0, "accepted": 5, "released": 6, "closed": 7}
WRITTEN_UP = {"accepted", "released", "closed"}  # with findings and documents
ROUND_LASTS = datetime.timedelta(days=400)


class CannotFill(Exception):
    """The world cannot be made; `str()` is a sentence that says what to do."""


@dataclass(frozen=True)
class Size:
    countries: int
    rounds: int
    people: int  # who answer, a country


def fill(size: Size, *, seed: int, say: Callable[[str], None]) -> None:
    """Fill an empty database, in one transaction. Raises CannotFill where it is not empty, or too small."""
    if User.objects.count() > 1 or Project.objects.exists():  # a first start makes one administrator
        raise CannotFill("The database is not empty: it has people or projects. Name an empty one.")
    framework = FrameworkVersion.objects.filter(code=FRAMEWORK[0], version=FRAMEWORK[1]).first()
    countries = list(Country.objects.filter(is_fictitious=False).order_by("code")[: size.countries])
    if framework is None or len(countries) < size.countries:
        raise CannotFill(f"{len(countries)} countries and framework {framework}: load them first, as a start does.")
    with transaction.atomic():
        world = World(framework, size, random.Random(seed))  # noqa: S311 (chance, no secret)
        world.bring_people(countries)
        every = [(country, number) for number in range(1, size.rounds + 1) for country in countries]
        for start in range(0, len(every), TOGETHER):
            world.write_projects(every[start : start + TOGETHER])
            if start // TOGETHER % 5 == 4:
                say(f"{start + TOGETHER} of {len(every)} projects")
        world.record_requests(countries)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    say(f"{len(every)} projects, {User.objects.count()} people, {AnswerRevision.objects.count()} saved answers")


class Rows:
    """Rows of one batch, written model by model in the order of ORDER: what others point to comes first."""

    ORDER = (
        DesignatedOperator, CountryRequest, Project, Visit, Step, Membership, Invitation, AnswerSheet, SheetSection,
        SectionAssignment, Thread, Comment, ReviewMark, SheetVisit, SectionSignature,
        Answer, AnswerRevision, StoredFile, Evidence, EvidenceUse, ValidatedLevel, Reservation,
        SheetReturn, SignatureRequest, Submission, OtherAnswer,
        Observation, Recommendation, StrategyReview, StrategyAim, Source, EditorialText, Snapshot, Job, Report,
        Receipt, Copy, Import, ProjectEvent,
    )  # fmt: skip

    def __init__(self) -> None:
        self.waiting: dict[type[models.Model], list[Any]] = {model: [] for model in self.ORDER}

    def add(self, row: Any) -> Any:
        self.waiting[type(row)].append(row)
        return row

    def write(self) -> None:
        for model, rows in self.waiting.items():
            model._default_manager.bulk_create(rows, batch_size=2000)
            rows.clear()


@dataclass
class Work:
    """A project on its way to the database, and when its round began and ended (or today)."""

    project: Project
    phase: str
    began: datetime.datetime
    ended: datetime.datetime
    team: list[Membership] = field(default_factory=list)
    sheets: dict[str, AnswerSheet] = field(default_factory=dict)  # by audience
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    decisions: list[ValidatedLevel] = field(default_factory=list)

    def at(self, share: float) -> datetime.datetime:
        """The time when so much of the round was over."""
        return self.began + (self.ended - self.began) * share

    def members(self, *roles: str) -> list[Membership]:
        return [member for member in self.team if member.role in roles]

    @property
    def is_submitted(self) -> bool:
        return self.phase in SHARE_DECIDED


class World:
    def __init__(self, framework: FrameworkVersion, size: Size, chance: random.Random) -> None:
        self.framework, self.size, self.chance = framework, size, chance
        self.now = timezone.now()
        self.rows = Rows()
        self.texts = 0
        self.steps = list(framework.steps.order_by("number"))
        self.instruments = list(framework.instruments.select_related("framework").order_by("position"))
        self.levers = list(Lever.objects.filter(pillar__framework=framework).order_by("pillar__position", "position"))
        self.guidance = {(row.lever_id, row.from_level): row for row in Guidance.objects.filter(lever__in=self.levers)}
        self.languages = languages_of(framework)

    def text(self, what: str) -> str:
        self.texts += 1
        return f"Load test {what} {self.texts}"

    def one_in(self, many: int) -> bool:
        return self.chance.randrange(many) == 0

    # ── People ───────────────────────────────────────────────────────────────
    def bring_people(self, countries: Sequence[Country]) -> None:
        """An administrator, a manager of each region and one of all; a team for each country; experts."""
        nobody = make_password(None)  # nobody signs in until someone sets a password

        def person(name: str, language: str = "en") -> User:
            return User(
                email=f"{name.replace(' ', '-')}@load-test.example".lower(), name=f"Load test {name}",
                language=language, password=nobody,
            )  # fmt: skip

        self.administrator = person("administrator")
        self.managers = {region: person(f"manager {region}") for region in Region.values}
        self.everywhere = person("manager")
        self.experts = [person(f"expert {number + 1}") for number in range(max(2, len(countries) // 4))]
        self.national = {
            country.code: [
                person(f"{country.code} {number + 1}", self.language_of(country))
                for number in range(self.size.people + 2)
            ]
            for country in countries
        }
        staff = [self.administrator, self.everywhere, *self.managers.values()]
        team = [user for users in self.national.values() for user in users]
        User.objects.bulk_create([*staff, *self.experts, *team], batch_size=2000)
        StaffGrant.objects.bulk_create(
            [
                StaffGrant(user=self.administrator, role=StaffRole.ADMINISTRATOR),
                StaffGrant(user=self.everywhere, role=StaffRole.PROJECT_MANAGER),
                *(
                    StaffGrant(user=user, role=StaffRole.PROJECT_MANAGER, regions=[region])
                    for region, user in self.managers.items()
                ),
            ]
        )
        self.operators = {
            country.code: DesignatedOperator(country=country, name=self.text("operator")) for country in countries
        }
        DesignatedOperator.objects.bulk_create(self.operators.values())

    def language_of(self, country: Country) -> str:
        return next((code for code in country.languages if code in self.languages), self.languages[0])

    def record_requests(self, countries: Sequence[Country]) -> None:
        """A few countries wait for a word on another project."""
        CountryRequest.objects.bulk_create(
            CountryRequest(
                country=country, received_on=self.day(self.now, -number), sender=self.text("sender"),
                recorded_by=self.administrator,
            )
            for number, country in enumerate(countries[:12])
        )  # fmt: skip

    @staticmethod
    def day(moment: datetime.datetime, offset: int = 0) -> datetime.date:
        return moment.date() + datetime.timedelta(days=offset)

    # ── Projects ─────────────────────────────────────────────────────────────
    def write_projects(self, rounds: Sequence[tuple[Country, int]]) -> None:
        works = [self.work(country, number) for country, number in rounds]
        for work in works:
            self.gather_team(work)
            self.plan_steps(work)
            for instrument in self.instruments:
                self.answer(work, instrument)
            if work.is_submitted:
                self.decide(work)
                self.return_sections(work)
            if work.phase in WRITTEN_UP:
                self.write_findings(work)
            self.count(work)
            self.share_out(work)
            self.discuss(work)
            self.tell(work)
        self.rows.write()
        # What is signed and what documents say is read from the rows, as the actions read it.
        for work in works:
            if work.is_submitted:
                self.sign(work)
        self.link_recommendations(works)
        self.rows.write()
        self.make_documents([work for work in works if work.phase in WRITTEN_UP])
        for work in works:
            self.take_copy(work)
        self.rows.write()

    def work(self, country: Country, number: int) -> Work:
        is_latest = number == self.size.rounds
        place = list(self.operators).index(country.code)
        phase = PHASES[place % len(PHASES)] if is_latest else "closed"
        age = ROUND_LASTS * (self.size.rounds - number)
        if is_latest:
            age += datetime.timedelta(days=30 + 30 * PHASES.index(phase))
        began = self.now - age - datetime.timedelta(days=self.chance.randrange(20))
        manager = self.managers[country.region]
        project = Project(
            country=country, operator=self.operators[country.code], framework=self.framework,
            cycle=f"Load test cycle {number}", round=number, language=self.language_of(country), manager=manager,
            status=ProjectStatus.RUNNING if is_latest else ProjectStatus.CLOSED, created_at=began, created_by=manager,
            questionnaire_due=self.day(began, 60), show_overall=self.one_in(2),
        )  # fmt: skip
        work = Work(project, phase, began, began + ROUND_LASTS * 0.9 if not is_latest else self.now)
        if phase in {"released", "closed"}:
            project.released_at, project.released_by = work.at(0.8), manager
            project.released_on = self.day(project.released_at)
        if is_latest:
            project.request = self.rows.add(
                CountryRequest(
                    country=country, received_on=self.day(began, -30), sender=self.text("sender"), recorded_by=manager,
                    recorded_at=began - datetime.timedelta(days=29), status=RequestStatus.ACCEPTED,
                    decided_at=began - datetime.timedelta(days=20), decided_by=manager,
                )
            )  # fmt: skip
        self.rows.add(project)
        return work

    def gather_team(self, work: Work) -> None:
        users = self.national[work.project.country.code]
        if work.phase == "created":
            self.rows.add(
                Invitation(
                    project=work.project, email=users[0].email, name=users[0].name, role=Role.COORDINATOR,
                    institution=Institution.POST, function=Function.COORDINATOR, language=work.project.language,
                    invited_by=work.project.manager,
                )
            )  # fmt: skip
            return
        answering = [(Role.COORDINATOR, Institution.POST, Function.COORDINATOR)]
        answering += [(Role.CONTRIBUTOR, Institution.POST, Function.SPECIALIST)] * (self.size.people - 3)
        answering += [
            (Role.CONTRIBUTOR, Institution.REGULATOR, Function.REGULATOR),
            (Role.CONTRIBUTOR, Institution.MINISTRY, Function.MINISTRY),
        ]
        places = answering[: self.size.people]
        places += [
            (Role.SIGNATORY, Institution.POST, Function.CHIEF_EXECUTIVE),
            (Role.OBSERVER, Institution.OTHER, Function.OBSERVER),
        ]
        until = plan.experts_until(None, self.day(self.now))
        for (role, institution, function), user in zip(places, users, strict=True):
            self.join(work, user, role, institution, function)
        for user in self.chance.sample(self.experts, 2):
            self.join(work, user, Role.EXPERT, Institution.OTHER, Function.EXPERT, until=until)

    def join(self, work: Work, user: User, role: str, institution: str, function: str, **until: Any) -> None:
        work.team.append(
            self.rows.add(
                Membership(
                    project=work.project, user=user, role=role, institution=institution, function=function,
                    added_at=work.at(0.02), **until,
                )
            )
        )  # fmt: skip

    def plan_steps(self, work: Work) -> None:
        monday = self.day(work.began, 150) - datetime.timedelta(days=self.day(work.began, 150).weekday())
        visit = plan.VisitDates(monday, monday + datetime.timedelta(days=4), self.text("place"))
        if work.phase != "created":
            self.rows.add(
                Visit(project=work.project, starts_on=visit.starts_on, ends_on=visit.ends_on, place=visit.place)
            )
        dates = plan.due_dates([step.phase for step in self.steps], work.project.questionnaire_due, visit)
        for position, (step, due) in enumerate(zip(self.steps, dates, strict=True)):
            row = Step(project=work.project, step=step, due_on=due)
            if position < STEPS_DONE.get(work.phase, 0):
                row.done_at, row.done_by = work.at(0.3 + 0.1 * position), work.project.manager
            self.rows.add(row)

    # ── Answers ──────────────────────────────────────────────────────────────
    def answer(self, work: Work, instrument: Any) -> None:
        """The sheet with its answers and what they replaced; the checklist once the experts write up."""
        whole = outline.structure(instrument)
        is_national = instrument.audience == Audience.NATIONAL
        sheet = AnswerSheet(
            project=work.project, instrument=instrument, moved_at=work.at(0.35),
            state=STATE.get(work.phase, SheetState.OPEN) if is_national else SheetState.OPEN,
        )  # fmt: skip
        work.sheets[instrument.audience] = self.rows.add(sheet)
        people = work.members(Role.COORDINATOR, Role.CONTRIBUTOR) if is_national else work.members(Role.EXPERT)
        share = SHARE_ANSWERED.get(work.phase, 0.98) if is_national else float(work.phase in WRITTEN_UP)
        given = [
            self.said(sheet, question, whole, self.chance.choice(people))
            for question in whole.questions.values()
            if self.chance.random() < share
        ]
        hidden = whole.hidden(outline.given(given, whole.by_id))
        # Of what a condition hides now, one in ten was answered before it was hidden.
        kept = [answer for answer in given if whole.by_id[answer.question_id].code not in hidden or self.one_in(10)]
        for answer in kept:
            self.save(work, answer, 0.05 if is_national else 0.5)
            if is_national:
                self.support(work, answer)
                self.say_otherwise(work, answer)
        work.answers[instrument.audience] = kept

    def said(self, sheet: AnswerSheet, question: Question, whole: Any, member: Membership) -> Answer:
        answer = Answer(
            sheet=sheet, question=question, status=AnswerStatus.ANSWERED, saved_by=member.user,
            institution=member.institution, language=member.user.language, is_confidential=question.is_confidential,
            note=self.text("note") if self.one_in(4) else "",
        )  # fmt: skip
        luck = self.chance.randrange(20)
        if luck == 0:
            answer.status = AnswerStatus.DONT_KNOW
        elif luck == 1:
            answer.status, answer.reason = AnswerStatus.NOT_APPLICABLE, self.text("reason")
        else:
            answer.value = self.value(question, whole)
            answer.basis = self.chance.choice(Basis.values) if question.is_scored else ""
        return answer

    def value(self, question: Question, whole: Any) -> Any:
        """A possible value; the shapes are AnswerValue's."""
        options = {
            axis: [o.code for o in question.options.all() if o.axis == axis] for axis in ("option", "row", "column")
        }
        number = self.chance.randint(1, 100)
        match question.kind:
            case Kind.CRITERION:
                return int(self.chance.choice(options["option"]))
            case Kind.RATING:
                return self.chance.choice(list(whole.levels))
            case Kind.CHOICE:
                return self.chance.choice(options["option"])
            case Kind.CHOICES:
                chosen = [code for code in options["option"] if code != "none" and self.one_in(2)]
                return chosen or options["option"][:1]
            case Kind.YES_PARTLY_NO:
                return self.chance.choice(["yes", "partly", "no"])
            case Kind.MONEY:
                return {"amount": str(number * 1000), "currency": "USD"}
            case Kind.DATE:
                return self.day(self.now, -number).isoformat()
            case Kind.TABLE:
                return {row: self.chance.choice(options["column"]) for row in options["row"]}
            case Kind.LINK:
                return f"https://load-test.example/{number}"
            case Kind.NUMBER | Kind.PERCENTAGE:
                return str(number)
            case _:
                return self.text("answer")

    def save(self, work: Work, answer: Answer, since: float) -> None:
        """One to three saves of the answer; at times someone typed over an older one."""
        answer.number = self.chance.choice([1, 1, 2, 3])
        answer.saved_at = work.at(since + 0.2 * self.chance.random())
        common = {name: getattr(answer, name) for name in (*answer.content(), "institution", "language", "saved_by")}
        for number in range(1, answer.number + 1):
            earlier = {"note": self.text("note")} if number < answer.number else {}
            self.revise(answer, RevisionKind.ACCEPTED, number, base=number - 1, **common | earlier)
        if self.one_in(50):
            self.revise(answer, RevisionKind.REFUSED, None, base=0, **common | {"note": self.text("note")})
        self.rows.add(answer)

    def revise(self, answer: Answer, kind: RevisionKind, number: int | None, **fields: Any) -> None:
        age = datetime.timedelta(hours=answer.number - (number or 0))
        self.rows.add(
            AnswerRevision(
                sheet=answer.sheet, question=answer.question, kind=kind, number=number,
                saved_at=answer.saved_at - age, save_id=self.uuid(), **fields,
            )
        )  # fmt: skip

    def uuid(self) -> uuid.UUID:
        return uuid.UUID(int=self.chance.getrandbits(128), version=4)

    def support(self, work: Work, answer: Answer) -> None:
        """A claim that rests on a document has a link, or one of a few stored files."""
        if answer.basis != Basis.DOCUMENT:
            return
        evidence = Evidence(
            sheet=answer.sheet, title=self.text("document"), institution=answer.institution,
            added_at=answer.saved_at, added_by=answer.saved_by,
        )  # fmt: skip
        if self.one_in(4):
            evidence.file = self.chance.choice(self.stored)
            evidence.file_name = evidence.file.name
        else:
            evidence.url = f"https://load-test.example/documents/{self.texts}"
        self.rows.add(evidence)
        self.rows.add(
            EvidenceUse(
                piece=evidence, question=answer.question, institution=answer.institution, added_at=answer.saved_at,
                added_by=answer.saved_by,
            )
        )  # fmt: skip

    def say_otherwise(self, work: Work, answer: Answer) -> None:
        """Beside some answers stands what the IB proposed, or another institution's view."""
        if answer.status != AnswerStatus.ANSWERED or not self.one_in(20):
            return
        is_proposal = self.one_in(2)
        institution = Institution.IB if is_proposal else self.other_institution(answer)
        self.rows.add(
            OtherAnswer(
                sheet=answer.sheet, question=answer.question, status=answer.status, value=answer.value,
                kind=OtherKind.PROPOSED if is_proposal else OtherKind.DIFFERING, grounds=self.text("reason"),
                year=work.began.year if is_proposal else None, institution=institution, language=answer.language,
                public_id=self.uuid(), saved_by=work.project.manager if is_proposal else answer.saved_by,
                saved_at=answer.saved_at,
            )
        )  # fmt: skip

    def other_institution(self, answer: Answer) -> str:
        return Institution.POST if answer.institution == Institution.REGULATOR else Institution.REGULATOR

    @cached_property
    def stored(self) -> list[StoredFile]:
        """Small files that many pieces of evidence share."""
        return [
            files.store(
                [self.text("document").encode()], folder="evidence", name="load-test.txt", content_type="text/plain"
            )
            for _number in range(8)
        ]

    # ── The experts ──────────────────────────────────────────────────────────
    def decide(self, work: Work) -> None:
        """A word on each criterion that applies; in later phases on all of them."""
        whole = outline.structure(work.sheets[Audience.NATIONAL].instrument)
        answers = {answer.question_id: answer for answer in work.answers[Audience.NATIONAL]}
        hidden = whole.hidden(outline.given(list(answers.values()), whole.by_id))
        share = SHARE_DECIDED[work.phase]
        for question in whole.questions.values():
            if not question.is_scored or question.code in hidden or self.chance.random() >= share:
                continue
            decision = self.decision(work, question, answers.get(question.pk))
            work.decisions.append(self.rows.add(decision))
            if work.project.released_at and differs(answers.get(question.pk), decision) and not self.one_in(4):
                self.respond(work, decision)

    def decision(self, work: Work, question: Question, answer: Answer | None) -> ValidatedLevel:
        decision = ValidatedLevel(
            sheet=work.sheets[Audience.NATIONAL], question=question, saved_at=work.at(0.5 + 0.1 * self.chance.random()),
            saved_by=self.chance.choice(work.members(Role.EXPERT)).user, language=work.project.language,
        )  # fmt: skip
        if claims_not_applicable(answer) and not self.one_in(5):
            decision.accepts_not_applicable = True
        else:
            claimed = self_assessed(answer) or 2
            decision.level = claimed if not self.one_in(4) else max(1, claimed - 1)
            decision.basis = self.chance.choice(Basis.values)
            decision.accepts_not_applicable = False if claims_not_applicable(answer) else None
        if differs(answer, decision):
            decision.reason = self.text("reason")
        if self.one_in(5):
            decision.private_note = self.text("private note")
        return decision

    def respond(self, work: Work, decision: ValidatedLevel) -> None:
        is_reservation = self.one_in(3)
        self.rows.add(
            Reservation(
                validated_level=decision, at=work.at(0.85), by=work.members(Role.COORDINATOR)[0].user,
                kind=ReservationKind.RESERVATION if is_reservation else ReservationKind.ACKNOWLEDGED,
                text=self.text("reservation") if is_reservation else "",
                language=work.project.language if is_reservation else "",
            )
        )  # fmt: skip

    def return_sections(self, work: Work) -> None:
        """Open again for two sections; a third of those that went on were returned once too."""
        if work.phase != "returned" and not self.one_in(3):
            return
        sheet = work.sheets[Audience.NATIONAL]
        for section in outline.structure(sheet.instrument).sections[2:4]:
            self.rows.add(
                SheetReturn(
                    sheet=sheet, section=section, comment=self.text("comment"), language=work.project.language,
                    at=work.at(0.36), by=work.members(Role.EXPERT)[0].user,
                )
            )  # fmt: skip

    def write_findings(self, work: Work) -> None:
        common = {"project": work.project, "language": work.project.language}
        experts = [member.user for member in work.members(Role.EXPERT)]
        saved = {**common, "saved_at": work.at(0.65), "saved_by": experts[0]}
        for number, lever in enumerate(self.levers, 1):
            self.rows.add(
                Observation(
                    **common, lever=lever, kind=self.chance.choice(ObservationKind.values), at=work.at(0.6),
                    text=self.text("observation"), by=self.chance.choice(experts),
                )
            )  # fmt: skip
            self.rows.add(
                Recommendation(
                    **saved, number=number, lever=lever, text=self.text("recommendation"),
                    guidance=self.guidance.get((lever.pk, self.chance.randint(1, 4))) if self.one_in(2) else None,
                    priority=self.chance.choice(Priority.values), horizon=self.chance.choice(Horizon.values),
                    owner=self.chance.choice(Institution.values), tags=self.chance.sample(Activity.values, 2),
                )
            )  # fmt: skip
        self.rows.add(
            StrategyReview(
                **saved, has_text=True, title=self.text("strategy"), findings=self.text("finding"),
                conclusion=self.chance.choice(StrategyConclusion.values), outline=self.text("heading"),
            )
        )  # fmt: skip
        for _number in range(4):
            aim = StrategyAim(**saved, national_aim=self.text("aim"), postal_aim=self.text("aim"), gap=self.text("gap"))
            self.rows.add(aim)
            self.rows.add(Source(**saved, kind="person", title=self.text("person")))
        for slot in slots_of(self.framework):
            self.rows.add(EditorialText(**saved, kind=Deliverable.CAPABILITY, slot=slot, text=self.text("paragraph")))

    def link_recommendations(self, works: Iterable[Work]) -> None:
        """Each second recommendation waits for the one before it."""
        projects = [work.project for work in works]
        first: dict[tuple[int, int], int] = {}
        links = []
        rows = Recommendation.objects.filter(project__in=projects).order_by("pk")
        for project, number, pk in rows.values_list("project", "number", "pk"):
            first[project, number] = pk
            if number % 2 == 0:
                links.append(
                    Recommendation.needs.through(
                        from_recommendation_id=pk, to_recommendation_id=first[project, number - 1]
                    )
                )
        Recommendation.needs.through.objects.bulk_create(links)

    # ── Counters, signatures, documents, history ─────────────────────────────
    def count(self, work: Work) -> None:
        """The counters, by the same computation as a save's."""
        returned = {row.section_id for row in self.rows.waiting[SheetReturn] if row.sheet.project is work.project}
        for audience, sheet in work.sheets.items():
            whole, answers = outline.structure(sheet.instrument), work.answers[audience]
            counted = progress.totals(whole, answers)
            sheet.answered, sheet.applicable = counted.sheet.answered, counted.sheet.applicable
            sheet.undecided = progress.undecided(whole, counted.hidden, answers, work.decisions)
            for answer in answers:
                answer.is_counted = whole.by_id[answer.question_id].code not in counted.hidden
            for section in whole.sections:
                count = counted.sections[section.pk]
                self.rows.add(
                    SheetSection(
                        sheet=sheet, section=section, answered=count.answered, applicable=count.applicable,
                        is_open=not returned or section.pk in returned if audience == Audience.NATIONAL else True,
                    )
                )  # fmt: skip

    def share_out(self, work: Work) -> None:
        """Each team said who answers which section: one after the other."""
        answering = work.members(Role.COORDINATOR, Role.CONTRIBUTOR)
        in_turn = itertools.cycle(answering)
        for row in self.rows.waiting[SheetSection]:
            if answering and row.sheet is work.sheets[Audience.NATIONAL]:
                member = next(in_turn)
                if member.institution == Institution.REGULATOR:
                    self.sign_section(row, work)
                self.rows.add(
                    SectionAssignment(
                        sheet_section=row, institution=member.institution, member=member, by=answering[0].user,
                        due_on=work.project.questionnaire_due, at=work.at(0.1),
                    )
                )  # fmt: skip

    def sign_section(self, row: SheetSection, work: Work) -> None:
        """By another institution than the Post, of answers that changed since."""
        self.rows.add(
            SectionSignature(
                sheet_section=row, institution=Institution.REGULATOR, sha256=hashlib.sha256(b"").hexdigest(),
                name=self.text("signatory"), function=self.text("function"), statement=self.text("statement"),
                language=work.project.language, signed_by=work.members(Role.SIGNATORY)[0].user, signed_at=work.at(0.3),
            )
        )  # fmt: skip

    def discuss(self, work: Work) -> None:
        """The team talks about one question in twenty, and marks as many."""
        answering = work.members(Role.COORDINATOR, Role.CONTRIBUTOR)
        if not answering:
            return
        sheet = work.sheets[Audience.NATIONAL]
        self.rows.add(SheetVisit(sheet=sheet, user=answering[0].user, seen_at=work.at(0.5)))
        for question in outline.structure(sheet.instrument).questions.values():
            if self.one_in(20):
                audience = self.chance.choice([ThreadAudience.TEAM, ThreadAudience.SHARED])
                by = self.chance.choice(answering).user
                thread = self.rows.add(
                    Thread(sheet=sheet, question=question, audience=audience, opened_by=by, opened_at=work.at(0.2))
                )
                self.rows.add(
                    Comment(
                        thread=thread, text=self.text("comment"), language=work.project.language, written_by=by,
                        written_at=work.at(0.2),
                    )
                )  # fmt: skip
            if self.one_in(20):
                by = self.chance.choice(answering).user
                self.rows.add(ReviewMark(sheet=sheet, question=question, marked_by=by, marked_at=work.at(0.2)))

    def sign(self, work: Work) -> None:
        sheet = work.sheets[Audience.NATIONAL]
        text, revisions = submissions.canonical(sheet)
        sha256 = checksums.sha256(text)
        signatory = work.members(Role.SIGNATORY)[0].user
        whole = outline.structure(sheet.instrument)
        counted = progress.totals(whole, work.answers[Audience.NATIONAL])
        sections = {section.code: [*astuple(counted.sections[section.pk])] for section in whole.sections}
        asked = self.rows.add(
            SignatureRequest(
                sheet=sheet, number=1, revisions=revisions, sha256=sha256, answered=sheet.answered,
                applicable=sheet.applicable, sections=sections,
                missing=[question.code for question in without_answer(whole, counted)],
                reason="" if sheet.is_complete else self.text("reason"), language=work.project.language,
                sent_at=work.at(0.34), sent_by=work.members(Role.COORDINATOR)[0].user,
            )
        )  # fmt: skip
        submission = self.rows.add(
            Submission(
                sheet=sheet, number=1, request=asked, revisions=revisions, sha256=sha256,
                name=signatory.name, function=self.text("function"), signed_on=self.day(work.at(0.35)),
                statement=self.text("statement"), language=work.project.language, signed_at=work.at(0.35),
                signed_by=signatory,
            )
        )  # fmt: skip
        at, language = work.at(0.36), work.project.language
        receipt = Receipt(
            submission=submission, language=language, job=self.job_done("reports.render_receipt", at), requested_at=at,
            requested_by=signatory,
        )  # fmt: skip
        receipt.file = self.copy_of_document(receipt.file_name)
        for row in (receipt.job, receipt.file, receipt):
            self.rows.add(row)

    def make_documents(self, works: Sequence[Work]) -> None:
        """A draft of each kind, and once released a final in each language; all say what the batch's first says."""
        frozen = content.gather(works[0].project) if works else {}
        for work in works:
            says = checksums.canonical({**frozen, "project": content.gather_project(work.project)})
            snapshot = self.rows.add(
                Snapshot(
                    project=work.project, content=says, sha256=checksums.sha256(says), taken_at=work.at(0.7),
                    taken_by=work.project.manager,
                )
            )  # fmt: skip
            for kind in Deliverable.values:
                self.make_document(work, snapshot, kind, work.project.language, 1, is_final=False)
                for language in self.languages if work.project.released_at else ():
                    version = 2 if language == work.project.language else 1
                    self.make_document(work, snapshot, kind, language, version, is_final=True)

    def make_document(
        self, work: Work, snapshot: Snapshot, kind: str, language: str, version: int, *, is_final: bool
    ) -> None:
        at, manager = work.at(0.81 if is_final else 0.7), work.project.manager
        job = self.job_done("reports.render_report", at)
        report = Report(
            project=work.project, kind=kind, language=language, version=version, snapshot=snapshot, job=job,
            pages=self.document[1], requested_at=at, requested_by=manager,
            released_at=at if is_final else None, released_by=manager if is_final else None,
        )  # fmt: skip
        report.file = self.copy_of_document(report.file_name)
        self.rows.add(job)
        self.rows.add(report.file)
        self.rows.add(report)

    def job_done(self, task: str, at: datetime.datetime) -> Job:
        return Job(task=task, state=JobState.DONE, attempt=1, progress=100, queued_at=at, due_at=at, finished_at=at)

    def take_copy(self, work: Work) -> None:
        """A printed questionnaire, and a spreadsheet brought back that says nothing new."""
        at, manager, sheet = work.at(0.2), work.project.manager, work.sheets[Audience.NATIONAL]
        copy = Copy(
            sheet=sheet, format=CopyFormat.PDF, is_filled=True, language=work.project.language,
            job=self.job_done("reports.make_copy", at), pages=self.document[1], taken_at=at, requested_at=at,
            requested_by=manager,
        )  # fmt: skip
        copy.file = self.copy_of_document(copy.file_name)
        self.rows.add(copy.job)
        self.rows.add(copy.file)
        self.rows.add(copy)
        self.rows.add(
            Import(
                sheet=sheet, name="load-test.xlsx", sha256=self.document[0].sha256, language=work.project.language,
                rows=[], read_at=at, read_by=manager,
            )
        )  # fmt: skip

    @cached_property
    def document(self) -> tuple[StoredFile, int]:
        """One small real document, of which every report has a copy; and its pages."""
        text = self.text("document")
        page = f'<html lang="en"><head><title>{text}</title></head><body><h1>{text}</h1></body></html>'
        made = pdf.render(page, identifier=text.encode())
        stored = files.store([made.pdf], folder="reports", name="load-test.pdf", content_type="application/pdf")
        return stored, made.pages

    def copy_of_document(self, name: str) -> StoredFile:
        original = self.document[0]
        copy = StoredFile(
            path=f"reports/{uuid.uuid4().hex}", name=name, content_type=original.content_type, size=original.size,
            sha256=original.sha256,
        )  # fmt: skip
        shutil.copyfile(files.path_of(original), files.path_of(copy))
        return copy

    def tell(self, work: Work) -> None:
        """The history that the actions would have written."""
        project, manager = work.project, work.project.manager
        self.log(work, 0, "project_created", manager)
        for member in work.team:
            self.log(work, 0.02, "member_joined", member.user, role=member.role)
        coordinator = next((member.user for member in work.members(Role.COORDINATOR)), manager)
        if work.phase not in SHARE_ANSWERED:
            sheet = work.sheets[Audience.NATIONAL]
            about = {"answered": sheet.answered, "applicable": sheet.applicable}
            self.log(work, 0.3, "sheet_sent_to_signatory", coordinator, **about)
        if not work.is_submitted:
            return
        signatory = work.members(Role.SIGNATORY)[0].user
        self.log(work, 0.35, "sheet_signed", signatory, number=1, name=signatory.name, function="Load test function")
        for decision in work.decisions:
            about = {"question": decision.question.code, "level": decision.level, "before": None}
            self.log(work, 0.5, "level_validated", decision.saved_by, for_findings=True, **about)
        for position in range(STEPS_DONE[work.phase]):
            self.log(work, 0.3 + 0.1 * position, "step_done", manager, number=position + 1)
        if work.phase in WRITTEN_UP:
            expert = work.members(Role.EXPERT)[0].user
            self.log(work, 0.5, "sheet_accepted", expert)
            for number, lever in enumerate(self.levers, 1):
                about = {"number": number, "lever": lever.code}
                self.log(work, 0.65, "recommendation_added", expert, for_findings=True, **about)
        if project.released_on:
            self.log(work, 0.8, "levels_released", manager, on=project.released_on.isoformat())
            self.log(work, 0.81, "documents_released", manager, count=3 * len(self.languages))
        if work.phase == "closed":
            self.log(work, 1, "project_closed", manager)

    def log(self, work: Work, share: float, kind: str, by: User, *, for_findings: bool = False, **about: Any) -> None:
        self.rows.add(
            ProjectEvent(
                project=work.project, kind=kind, about=about, for_findings=for_findings, at=work.at(share), by=by
            )
        )
