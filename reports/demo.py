"""The demonstration (fixtures/demo): fictitious countries, played through the actions that people use.

So counters, revisions and history are what they would be. Only the times are set back afterwards, by `set_back_times`.
Whatever is there already stays as it is: a second load adds nothing.
"""

import datetime
import html
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.db import models, transaction
from django.utils import timezone, translation

from accounts.models import User
from assessments import outline
from assessments.actions import (
    evidence,
    observations,
    others,
    recommendations,
    reservations,
    sources,
    strategy,
    submissions,
    teamwork,
    threads,
)
from assessments.actions.answers import Content, save_answer
from assessments.actions.projects import start_project
from assessments.actions.releases import release_levels
from assessments.actions.validation import Decision, record_decision
from assessments.actions.versions import restore_version
from assessments.models import (
    Answer,
    AnswerRevision,
    AnswerSheet,
    AnswerStatus,
    Comment,
    Evidence,
    EvidenceUse,
    Observation,
    OtherAnswer,
    Recommendation,
    Reservation,
    SectionAssignment,
    SheetReturn,
    SignatureRequest,
    Source,
    StrategyAim,
    StrategyReview,
    Submission,
    Thread,
    ThreadAudience,
    ValidatedLevel,
)
from foundation.models import Job, StoredFile
from projects.actions.projects import VisitDates, mark_step_done
from projects.actions.requests import accept_request, record_request
from projects.actions.team import accept_invitation, invite
from projects.models import (
    Country,
    CountryRequest,
    Invitation,
    Membership,
    Project,
    ProjectEvent,
    StaffGrant,
    Step,
)
from reports import pdf
from reports.actions import reports
from reports.models import Deliverable, EditorialText, Report, Snapshot
from toolkit.models import FrameworkVersion, Guidance, Lever, Question, Tool

FOLDER = Path(settings.BASE_DIR) / "fixtures" / "demo"
FRAMEWORK = ("dre", "2026.1")
PROJECTS = ("valmara", "perlines", "kestorie")  # one folder each
MANAGER = "ib"  # does what the International Bureau does
OPENS, WORKS = 8, 10  # hour UTC, hours a day, of the times set back


class CannotLoad(Exception):
    """The demonstration cannot be loaded; `str()` is a sentence that says what to do."""


def load(say: Callable[[str], None]) -> bool:
    """Load what is missing, and say so; whether there was anything to load."""
    framework = FrameworkVersion.objects.filter(code=FRAMEWORK[0], version=FRAMEWORK[1]).first()
    if framework is None:
        raise CannotLoad(
            f"The framework {FRAMEWORK[0]} {FRAMEWORK[1]} is not loaded. Load it first: "
            f"manage.py load_framework fixtures/framework/{FRAMEWORK[0]}-{FRAMEWORK[1]}.yaml"
        )
    changed = [load_people(say), load_countries(say)]
    for name in PROJECTS:
        changed.append(load_project(name, framework, say))
    return any(changed)


def read(*path: str) -> Any:
    return yaml.safe_load(FOLDER.joinpath(*path).read_text(encoding="utf-8"))


def day(offset: int, base: datetime.date | None = None) -> datetime.date:
    """The day so many days from `base`, or from today; at a week-end, the Friday before."""
    on = (base or timezone.now().date()) + datetime.timedelta(days=offset)
    return on - datetime.timedelta(days=max(0, on.weekday() - 4))


# ── People and countries ─────────────────────────────────────────────────────
@transaction.atomic
def load_people(say: Callable[[str], None]) -> bool:
    """The people; those with an account have DEMO_PASSWORD as it is now."""
    known = {user.email: user for user in User.objects.filter(email__in=[row["email"] for row in _people()])}
    password = cache(lambda: make_password(settings.DEMO_PASSWORD))  # one hash for all: it is slow on purpose
    is_right = cache(lambda encoded: check_password(settings.DEMO_PASSWORD, encoded))
    new = 0
    for row in _people():
        user = known.get(row["email"])
        if user is None:
            user = User(email=row["email"], name=row["name"], language=row["language"], time_zone=row["time_zone"])
            user.password = password() if row.get("account") else make_password(None)
            user.save()
            new += 1
            if role := row.get("staff"):
                StaffGrant.objects.create(user=user, role=role)
        elif row.get("account") and not is_right(user.password):
            User.objects.filter(pk=user.pk).update(password=password())
            new += 1
    if new:
        say(f"{len(_people())} people")
    return bool(new)


def _people() -> list[dict[str, Any]]:
    return list(read("people.yaml")["people"])


def people() -> dict[str, User]:
    """The demonstration's people by key."""
    emails = {row["email"]: row["key"] for row in _people()}
    return {emails[user.email]: user for user in User.objects.filter(email__in=emails)}


@transaction.atomic
def load_countries(say: Callable[[str], None]) -> bool:
    """The fictitious countries, with the requests they sent."""
    content, manager = read("countries.yaml"), people()[MANAGER]
    known = set(Country.objects.filter(code__startswith="demo-").values_list("code", flat=True))
    new = [row for row in content["countries"] if row["code"] not in known]
    for row in new:
        Country.objects.create(is_fictitious=True, **row)
    for row in content["requests"]:
        if row["country"] in known:
            continue
        request = record_request(
            country=Country.objects.get(code=row["country"]), received_on=day(row["day"]), sender=row["sender"],
            note=row["note"], by=manager,
        )  # fmt: skip
        CountryRequest.objects.filter(pk=request.pk).update(recorded_at=_at(day(row["day"]), 0.5))
        if decided := row.get("accepted"):
            accept_request(request, by=manager)
            CountryRequest.objects.filter(pk=request.pk).update(decided_at=_at(day(decided), 0.5))
    if new:
        say(f"{len(new)} fictitious countries")
    return bool(new)


# ── Projects ─────────────────────────────────────────────────────────────────
def load_project(name: str, framework: FrameworkVersion, say: Callable[[str], None]) -> bool:
    """One country's project, as its folder tells it, in one transaction."""
    plan = read(name, "project.yaml")
    if Project.objects.filter(country__code=plan["country"]).exists():
        return False
    with transaction.atomic(), translation.override(plan["language"]):
        story = Story(name, plan, framework)
        story.begin()
        say(f"{story.project.operator}: project created")
        if "team" in plan:
            story.gather_team()
        if "invitation" in plan:
            story.leave_invitation_open()
        if "sections" in plan:
            story.share_out()
        if (FOLDER / name / "answers.yaml").exists():
            story.answer()
            say(f"{story.project.operator}: {story.sheet.revisions.count()} answers saved")
        if "discussions" in plan:
            story.discuss()
        if "signed" in plan["days"]:
            story.submit()
            story.review()
            say(f"{story.project.operator}: validated, with observations and recommendations")
            story.hand_over()
            say(f"{story.project.operator}: released to the country; six reports wait for the worker")
        drop_messages(story.project)
    return True


@dataclass
class Story:
    """A project of the demonstration, played step by step."""

    name: str
    plan: Mapping[str, Any]
    framework: FrameworkVersion

    def __post_init__(self) -> None:
        self.started = timezone.now()
        self.people = people()
        self.manager = self.people[MANAGER]
        self.days: Mapping[str, Any] = self.plan["days"]
        self.project: Project
        self.institutions = {row["person"]: row["institution"] for row in self.plan.get("team", [])}

    @cached_property
    def sheet(self) -> AnswerSheet:
        return outline.national_sheet(self.project)

    @cached_property
    def checklist(self) -> AnswerSheet:
        sheet = outline.experts_sheet(self.project)
        assert sheet is not None
        return sheet

    @cached_property
    def questions(self) -> dict[str, Question]:
        return {
            code: question
            for sheet in (self.sheet, self.checklist)
            for code, question in outline.structure(sheet.instrument).questions.items()
        }

    @cached_property
    def levers(self) -> dict[str, Lever]:
        return {lever.code: lever for lever in Lever.objects.filter(pillar__framework=self.framework)}

    @cached_property
    def files(self) -> dict[str, Any]:
        return dict(read(self.name, "evidence.yaml"))

    def happened(self, *days: int) -> None:
        """What was done since the last time happened on this day, or from the first day to the last."""
        self.happened_on(day(days[0]), day(days[-1]))

    def happened_on(self, first: datetime.date, last: datetime.date) -> None:
        set_back_times(self.project, since=self.started, first=first, last=last)
        self.project.refresh_from_db()

    # Preparation
    def begin(self) -> None:
        visit = None
        if "visit" in self.days:
            monday = day(self.days["visit"]) - datetime.timedelta(days=day(self.days["visit"]).weekday())
            length = datetime.timedelta(days=self.days["visit_length"] - 1)
            visit = VisitDates(starts_on=monday, ends_on=monday + length, place=self.plan["visit_place"])
        country = Country.objects.get(code=self.plan["country"])
        self.project = start_project(
            by=self.manager, manager=self.manager, country=country, operator=self.plan["operator"],
            framework=self.framework, language=self.plan["language"], cycle=self.plan["cycle"],
            round=self.plan["round"], request=CountryRequest.objects.filter(country=country, status="accepted").first(),
            questionnaire_due=day(self.days["questionnaire_due"]), visit=visit,
        )  # fmt: skip
        self.happened(self.days["created"])

    def gather_team(self) -> None:
        """Everyone is invited and accepts."""
        for row in self.plan["team"]:
            person = self.people[row["person"]]
            invitation = invite(
                self.project, by=self.manager, email=person.email, name=person.name, role=row["role"],
                institution=row["institution"], function=row["function"], language=person.language,
                until=day(row["until"]) if "until" in row else None,
            )  # fmt: skip
            accept_invitation(invitation, by=person)
        self.happened(self.days["team"])
        end = models.F("invited_at") + datetime.timedelta(days=14)
        self.project.invitations.update(expires_at=end)

    def share_out(self) -> None:
        """Who answers which section, until when."""
        sections = {section.code: section for section in outline.structure(self.sheet.instrument).sections}
        members = {member.user_id: member for member in self.project.memberships.select_related("user").order_by("-pk")}
        wanted = {
            sections[row["section"]]: teamwork.Assigned(
                row["institution"], members[self.people[row["person"]].pk], day(row["due"])
            )
            for row in self.plan["sections"]
        }
        teamwork.assign_sections(self.sheet, wanted, by=self.people["focal"])
        self.happened(self.days["team"])

    def discuss(self) -> None:
        """What people of the team ask each other about a question."""
        for row in self.plan["discussions"]:
            first, *more = row["comments"]
            thread = threads.open_thread(
                self.sheet, self.questions[row["question"]], audience=ThreadAudience(row["audience"]),
                text=first["text"], told=[], language=self.plan["language"], by=self.people[first["by"]],
            )  # fmt: skip
            threads.assign_thread(thread, to=self.people[row["assigned"]], by=self.people[first["by"]])
            for comment in more:
                by = self.people[comment["by"]]
                threads.reply(thread, text=comment["text"], told=[], language=self.plan["language"], by=by)
        self.happened(self.days["answers"][-1])

    def leave_invitation_open(self) -> None:
        row = self.plan["invitation"]
        invite(self.project, by=self.manager, language=self.plan["language"], until=None, **row)

    # The questionnaire
    def answer(self) -> None:
        """Every answer, with what it replaced and what was typed over it at the same time."""
        for code, entry in read(self.name, "answers.yaml").items():
            if before := entry.get("before"):
                self.save(self.sheet, code, entry | before)
            if "status" in entry or "value" in entry:
                self.save(self.sheet, code, entry)
            if conflict := entry.get("conflict"):
                self.save(self.sheet, code, conflict, base=0)
                if settled := conflict.get("settled"):
                    self.save(self.sheet, code, settled | {"by": conflict["by"]})
            self.attach(code, entry, late=False)
            self.say_otherwise(code, entry)
        self.happened(*self.days["answers"])

    def say_otherwise(self, code: str, entry: Mapping[str, Any]) -> None:
        """What happened around an answer: typed over by mistake and restored, differed from, or only proposed."""
        question = self.questions[code]
        if mistaken := entry.get("mistaken"):
            self.save(self.sheet, code, mistaken)
            version = AnswerRevision.objects.get(sheet=self.sheet, question=question, number=1)
            restore_version(
                self.sheet, question, version, base=2, save_id=uuid.uuid4(), by=self.people[entry["by"]],
                institution=self.institutions[entry["by"]],
            )  # fmt: skip
        for kind in ("differs", "proposed"):
            if other := entry.get(kind):
                content = Content(AnswerStatus.ANSWERED, _value(other["value"]), basis=other.get("basis", ""))
                language = self.language_of(other)
                if kind == "proposed":
                    others.propose(
                        self.sheet, question, content, source=other["source"], year=other["year"], by=self.manager,
                        language=language,
                    )  # fmt: skip
                else:
                    others.differ(
                        self.sheet, question, content, why=other["why"], by=self.people[other["by"]],
                        institution=self.institutions[other["by"]], language=language,
                    )  # fmt: skip

    def save(self, sheet: AnswerSheet, code: str, entry: Mapping[str, Any], *, base: int | None = None) -> None:
        """Save over the answer that stands, or over revision `base`."""
        question = self.questions[code]
        head = Answer.objects.filter(sheet=sheet, question=question).first()
        note = (FOLDER / self.name / entry["note_file"]).read_text("utf-8") if "note_file" in entry else None
        content = Content(
            status=entry.get("status", AnswerStatus.ANSWERED),
            value=_value(entry.get("value")),
            reason=entry.get("reason", ""),
            note=(note or entry.get("note", "")).strip(),
            basis=entry.get("basis", ""),
            is_confidential=entry.get("confidential", question.is_confidential),
        )
        save_answer(
            sheet, question, content, base=(head.number if head else 0) if base is None else base,
            save_id=uuid.uuid4(), by=self.people[entry["by"]], language=self.language_of(entry),
            institution=self.institutions[entry["by"]],
        )  # fmt: skip

    def language_of(self, entry: Mapping[str, Any]) -> str:
        return str(entry.get("language", self.plan["language"]))

    def attach(self, code: str, entry: Mapping[str, Any], *, late: bool) -> None:
        """The evidence of an answer that was added before, or after, the questionnaire was submitted."""
        for piece in entry.get("evidence", []):
            if piece.get("late", False) != late:
                continue
            said = evidence.Piece(
                title=piece["title"], language=self.language_of(entry), pages=piece.get("pages", ""),
                is_confidential=piece.get("confidential", False),
            )  # fmt: skip
            common = {"said": said, "by": self.people[entry["by"]], "institution": self.institutions[entry["by"]]}
            if "url" in piece:
                evidence.add_link(self.sheet, self.questions[code], url=piece["url"], **common)
                continue
            content, content_type = file_of(piece["file"], self.files[piece["file"]], self.language_of(entry))
            evidence.add_file(
                self.sheet, self.questions[code], [content], name=piece["file"], content_type=content_type, **common
            )

    def submit(self) -> None:
        """Signed, returned for two sections, completed, signed again and accepted."""
        coordinator = self.people["focal"]
        submissions.send_to_signatory(self.sheet, reason=self.plan["signature"]["missing"], by=coordinator)
        self.happened(self.days["sent"])
        self.sign("statement", self.days["signed"])
        returned = self.plan["return"]
        sections = {section.code: section for section in outline.structure(self.sheet.instrument).sections}
        submissions.return_sheet(
            self.sheet, whole="", by=self.people[returned["by"]],
            sections={sections[code]: comment for code, comment in returned["sections"].items()},
        )  # fmt: skip
        self.happened(self.days["returned"])
        for code, entry in read(self.name, "answers.yaml").items():
            if again := entry.get("returned"):
                again = again | {"by": entry["by"], "language": self.language_of(entry)}
                self.save(self.sheet, code, again)
                self.attach(code, again, late=False)
        self.happened(*self.days["completed"])
        submissions.send_to_signatory(self.sheet, reason=self.plan["signature"]["missing_again"], by=coordinator)
        self.happened(self.days["sent_again"])
        self.sign("statement_again", self.days["signed_again"])
        submissions.accept_sheet(self.sheet, by=self.people[returned["by"]])
        self.finish_step(1)
        self.happened(self.days["accepted"])
        self.finish_step(2)
        self.happened(self.days["prepared"])

    def sign(self, statement: str, on: int) -> None:
        signature = self.plan["signature"]
        signatory = self.people[signature["by"]]
        submissions.sign(
            self.sheet,
            submissions.Signature(signatory.name, signature["function"], day(on), signature[statement]),
            by=signatory,
        )
        self.happened(on)

    def finish_step(self, number: int) -> None:
        mark_step_done(self.project.steps.select_related("step", "project").get(step__number=number), by=self.manager)

    # The experts' work
    def review(self) -> None:
        """On site: a document arrives, levels are set, the checklist is filled; then everything is written up."""
        self.sheet.refresh_from_db()
        visit = self.project.visit
        assert visit is not None
        for code, entry in read(self.name, "answers.yaml").items():
            self.attach(code, entry, late=True)
        self.happened_on(visit.starts_on, visit.starts_on)
        for code, entry in read(self.name, "validation.yaml").items():
            decision = Decision(
                level=entry.get("level"), accepts_not_applicable=entry.get("accepts_not_applicable"),
                basis=entry.get("basis", ""), reason=entry.get("reason", ""), private_note=entry.get("private", ""),
            )  # fmt: skip
            by = self.people[entry["by"]]
            record_decision(self.sheet, self.questions[code], decision, by=by, language=self.language_of(entry))
        for code, entry in read(self.name, "checklist.yaml").items():
            self.save(self.checklist, code, entry)
        self.happened_on(visit.starts_on + datetime.timedelta(days=1), visit.ends_on)
        for number in (3, 4, 5):
            self.finish_step(number)
        self.happened_on(visit.ends_on + datetime.timedelta(days=1), visit.ends_on + datetime.timedelta(days=1))
        self.write_findings(read(self.name, "findings.yaml"))
        self.write_texts(read(self.name, "texts.yaml"))
        self.happened(*self.days["written"])

    def write_findings(self, findings: Mapping[str, Any]) -> None:
        for row in findings["observations"]:
            observations.add_observation(
                self.project, lever=self.levers[row["lever"]], question=self.questions.get(row.get("question", "")),
                kind=row["kind"], text=row["text"], by=self.people[row["by"]], language=self.language_of(row),
            )  # fmt: skip
        self.recommend(findings["recommendations"])
        row = findings["strategy"]
        review = strategy.Review(
            **{key: value for key, value in row.items() if key != "by"}, language=self.language_of(row)
        )
        strategy.save_review(self.project, review, by=self.people[row["by"]])
        for row in findings["aims"]:
            strategy.add_aim(
                self.project, national_aim=row["national_aim"], postal_aim=row["postal_aim"], gap=row["gap"],
                by=self.people[row["by"]], language=self.language_of(row),
            )  # fmt: skip
        for row in findings["sources"]:
            sources.add_source(
                self.project, kind=row["kind"], title=row["title"], detail=row["detail"],
                dated_on=self.date_of(row.get("dated_on")), by=self.people[row["by"]], language=self.language_of(row),
            )  # fmt: skip

    def date_of(self, value: Any) -> datetime.date | None:
        """A date of the file; {"visit": n} is day n of the visit, counted from 0; otherwise as in `_value`."""
        if isinstance(value, dict) and set(value) == {"visit"}:
            visit = self.project.visit
            assert visit is not None
            return visit.starts_on + datetime.timedelta(days=value["visit"])
        found = _value(value)
        return datetime.date.fromisoformat(found) if isinstance(found, str) else found

    def recommend(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Recommendations: adopted from the guidance, as it stands or edited, or of the experts' own.

        `needs` names earlier keys.
        """
        written: dict[str, Recommendation] = {}
        for row in rows:
            lever, language = self.levers[row["lever"]], self.language_of(row)
            guidance = Guidance.objects.get(lever=lever, from_level=row["guidance"]) if "guidance" in row else None
            tool = Tool.objects.get(lever=lever, code=row["tool"]) if "tool" in row else None
            advice = recommendations.Advice(
                text=guidance.text.in_(language) if guidance and "text" not in row else row["text"], language=language,
                priority=row["priority"], horizon=row["horizon"], owner=row["owner"],
                owner_detail=row.get("owner_detail", ""), resources=row.get("resources", ""), tags=row["tags"],
                tool=guidance.tool if guidance else tool,
            )  # fmt: skip
            written[row["key"]] = recommendations.add_recommendation(
                self.project, lever=lever, advice=advice, needs=[written[key] for key in row.get("needs", [])],
                guidance=guidance, by=self.people[row["by"]],
            )  # fmt: skip

    def write_texts(self, texts: Mapping[str, Mapping[str, Mapping[str, str]]]) -> None:
        for kind, slots in texts.items():
            for slot, wordings in slots.items():
                for language, text in wordings.items():
                    reports.save_editorial(
                        self.project, kind, slot, text=text, language=language, by=self.people["expert"]
                    )

    # The country
    def hand_over(self) -> None:
        """Released to the country, which responds to most differences; then all reports are asked for."""
        on = day(self.days["released"])
        release_levels(self.project, by=self.manager, on=on, show_overall=self.plan["show_overall"])
        self.finish_step(6)
        self.happened(self.days["released"])
        coordinator = self.people["focal"]
        for code, entry in read(self.name, "validation.yaml").items():
            if response := entry.get("response"):
                reservations.respond(
                    ValidatedLevel.objects.get(sheet=self.sheet, question=self.questions[code]), kind=response["kind"],
                    text=response.get("text", ""), by=coordinator, language=self.plan["language"],
                )  # fmt: skip
        self.happened(*self.days["responses"])
        languages = [code for code, _name in settings.LANGUAGES]
        reports.release_reports(self.project, list(Deliverable), languages, by=self.manager)
        self.happened(self.days["documents"])


def _value(value: Any) -> Any:
    """A value of the file; {"days": n} is the date n days from today."""
    return day(value["days"]).isoformat() if isinstance(value, dict) and set(value) == {"days"} else value


def file_of(name: str, content: Mapping[str, Any], language: str) -> tuple[bytes, str]:
    """A piece of evidence as bytes, and its type."""
    if not name.endswith(".pdf"):
        return content["text"].encode(), "text/plain"
    body = "".join(f"<p>{html.escape(line)}</p>" for line in content["lines"])
    title = html.escape(content["title"])
    style = "<style>@page { @bottom-left { content: none } @bottom-right { content: none } }</style>"
    page = (
        f'<html lang="{language}"><head><title>{title}</title>{style}</head><body><h1>{title}</h1>{body}</body></html>'
    )
    return pdf.render(page, identifier=name.encode()).pdf, "application/pdf"


def drop_messages(project: Project) -> None:
    """Nobody of the demonstration is written to about what happened in its past."""
    people = User.objects.filter(models.Q(memberships__project=project) | models.Q(managed_projects=project)).values(
        "email"
    )
    Job.objects.unfinished().filter(mail__to__in=people).delete()


# ── Times ────────────────────────────────────────────────────────────────────
TIMES: Sequence[tuple[type[models.Model], str, str]] = (  # model, its time, the way to its project
    (Project, "created_at", "pk"),
    (Project, "released_at", "pk"),
    (Step, "done_at", "project"),
    (ProjectEvent, "at", "project"),
    (Invitation, "invited_at", "project"),
    (Invitation, "accepted_at", "project"),
    (Membership, "added_at", "project"),
    (AnswerSheet, "moved_at", "project"),
    (Answer, "saved_at", "sheet__project"),
    (AnswerRevision, "saved_at", "sheet__project"),
    (OtherAnswer, "saved_at", "sheet__project"),
    (Evidence, "added_at", "sheet__project"),
    (EvidenceUse, "added_at", "piece__sheet__project"),
    (SignatureRequest, "sent_at", "sheet__project"),
    (Submission, "signed_at", "sheet__project"),
    (SheetReturn, "at", "sheet__project"),
    (ValidatedLevel, "saved_at", "sheet__project"),
    (Reservation, "at", "validated_level__sheet__project"),
    (Observation, "at", "project"),
    (Recommendation, "saved_at", "project"),
    (StrategyReview, "saved_at", "project"),
    (StrategyAim, "saved_at", "project"),
    (Source, "saved_at", "project"),
    (EditorialText, "saved_at", "project"),
    (Snapshot, "taken_at", "project"),
    (Report, "requested_at", "project"),
    (Report, "released_at", "project"),
    (SectionAssignment, "at", "sheet_section__sheet__project"),
    (Thread, "opened_at", "sheet__project"),
    (Thread, "assigned_at", "sheet__project"),
    (Comment, "written_at", "thread__sheet__project"),
)


def set_back_times(project: Project, *, since: datetime.datetime, first: datetime.date, last: datetime.date) -> None:
    """Spread what was done since then over the working hours from `first` to `last`, in the order in which it was done.

    What happened at one time stays at one time: an answer and its revision, the sections returned together.
    """
    found = [
        (model, field, way, at)
        for model, field, way in TIMES
        for at in set(
            model._default_manager.filter(**{way: project.pk, f"{field}__gte": since}).values_list(field, flat=True)
        )
    ]
    done = sorted({at for _model, _field, _way, at in found})
    span = [first + datetime.timedelta(days=count) for count in range((last - first).days + 1)]
    days = [on for on in span if on.weekday() < 5] or [first]
    then = {}
    for place, at in enumerate(done):
        number, share = divmod((place + 0.5) * len(days) / len(done), 1)
        then[at] = _at(days[int(number)], share)
    for model, field, way, at in found:
        model._default_manager.filter(**{way: project.pk, field: at}).update(**{field: then[at]})
    files = StoredFile.objects.filter(
        stored_at__gte=since, pk__in=Evidence.objects.filter(sheet__project=project).values("file")
    )
    for piece in Evidence.objects.filter(file__in=files):
        StoredFile.objects.filter(pk=piece.file_id).update(stored_at=piece.added_at)


def _at(on: datetime.date, share: float) -> datetime.datetime:
    """A time in the working hours of the day: 0 is the morning, 1 the evening."""
    morning = datetime.datetime.combine(on, datetime.time(OPENS), tzinfo=datetime.UTC)
    return morning + datetime.timedelta(hours=WORKS) * share
