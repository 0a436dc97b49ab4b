"""What the bench asks with the site's own settings: `python -m tests.bench.inside VERB`, JSON in, JSON out."""

import json
import os
import re
import sys
import uuid
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "readiness.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402
from django.contrib.sessions.models import Session  # noqa: E402
from django.db import connection  # noqa: E402
from django.middleware.csrf import _get_new_csrf_string  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts.models import User  # noqa: E402
from assessments import outline  # noqa: E402
from assessments.models import AnswerRevision, AnswerSheet, SheetSection, SheetState  # noqa: E402
from foundation.models import Job  # noqa: E402
from projects.models import Membership, Project, ProjectStatus  # noqa: E402
from projects.permissions import Role, StaffRole  # noqa: E402
from reports.actions import reports as actions  # noqa: E402
from reports.models import Report  # noqa: E402
from toolkit.models import Audience, Institution, Question  # noqa: E402

NOT_COUNTED = re.compile(r"BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE")
ANSWERS = (Role.COORDINATOR, Role.CONTRIBUTOR)


# ── Who signs in, and what they do ───────────────────────────────────────────
def signed_in(users: Iterable[User]) -> dict[int, dict[str, str]]:
    """A session and a token of each, as a browser that signed in has them: `cookie` and `csrf`, by the user's id."""
    sessions, found = [], {}
    for user in users:
        store = SessionStore()
        values = {
            SESSION_KEY: str(user.pk), BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0],
            HASH_SESSION_KEY: user.get_session_auth_hash(),
        }  # fmt: skip
        key, token = uuid.uuid4().hex, _get_new_csrf_string()
        sessions.append(Session(session_key=key, session_data=store.encode(values), expire_date=in_a_day()))
        names = settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME
        found[user.pk] = {"cookie": f"{names[0]}={key}; {names[1]}={token}", "csrf": token, "session": key}
    Session.objects.bulk_create(sessions)
    return found


def in_a_day() -> Any:
    return timezone.now() + timezone.timedelta(days=1)


def save_request(member: Membership, sheet: AnswerSheet, question: Question, base: int) -> dict[str, Any]:
    """A save of a level in turn; its basis and note as the page sends them."""
    code = question.code
    fields = {f"{code}:value": ["2", "3"], f"{code}:basis": ["none"], f"{code}:note": ["Load test note"]}
    path = f"/projects/{sheet.project.public_id}/sheets/{sheet.instrument.code}/answers/{code}/"
    return {
        "method": "POST", "path": path, "user": member.user_id,
        "save": {"code": code, "fields": fields, "base": base},
    }  # fmt: skip


def open_sheets() -> list[AnswerSheet]:
    """The questionnaires that take answers, with a team, the fullest first."""
    sheets = AnswerSheet.objects.filter(
        instrument__audience=Audience.NATIONAL, state=SheetState.OPEN, project__status=ProjectStatus.RUNNING,
        project__released_at__isnull=True, project__memberships__role=Role.COORDINATOR,
    )  # fmt: skip
    return list(sheets.select_related("project", "instrument__framework").order_by("-answered", "pk"))


def criteria(sheet: AnswerSheet) -> list[Question]:
    """Those that every reader may read and whose section is open."""
    is_open = set(SheetSection.objects.filter(sheet=sheet, is_open=True).values_list("section", flat=True))
    whole = outline.structure(sheet.instrument)
    hidden = whole.hidden(outline.given(list(sheet.answers.all()), whole.by_id))
    return [
        question
        for question in whole.questions.values()
        if question.is_scored
        and not question.is_confidential
        and question.section_id in is_open
        and question.code not in hidden
    ]


def people(wanted: dict[str, Any]) -> dict[str, Any]:
    """Requests by row: saves over an answer on 20 sheets and on one, first answers, and every page by reader."""
    sheets = open_sheets()
    full = [sheet for sheet in sheets if len(answered(sheet)) > 11][: wanted["sheets"]]
    plans: dict[str, Any] = {"edits": [], "one": [], "firsts": []}
    for sheet in full:
        member = sheet.project.memberships.filter(role=Role.COORDINATOR).first()
        plans["edits"].append(save_request(member, sheet, *answered(sheet)[0]))
    team = list(full[0].project.memberships.filter(role__in=ANSWERS).order_by("pk"))
    for number, (question, base) in enumerate(answered(full[0])[1:11]):
        plans["one"].append(save_request(team[number % len(team)], full[0], question, base))
    for sheet in reversed(sheets):
        taken = set(sheet.answers.values_list("question", flat=True))
        member = sheet.project.memberships.filter(role=Role.COORDINATOR).first()
        free = [question for question in criteria(sheet) if question.pk not in taken]
        plans["firsts"] += [save_request(member, sheet, question, 0) for question in free]
    pages = pages_by_reader()
    users = {request["user"] for row in plans.values() for request in row} | {page["user"] for page in pages}
    give_sessions([*(request for row in plans.values() for request in row), *pages], users)
    return plans | {"pages": pages}


def answered(sheet: AnswerSheet) -> list[tuple[Question, int]]:
    """The criteria that have an answer everyone may read, with its number."""
    heads = {answer.question_id: answer for answer in sheet.answers.filter(is_confidential=False)}
    return [(question, heads[question.pk].number) for question in criteria(sheet) if question.pk in heads]


def give_sessions(requests: list[dict[str, Any]], users: set[int]) -> None:
    sessions = signed_in(User.objects.filter(pk__in=users))
    for request in requests:
        request |= sessions[request["user"]]


def pages_by_reader() -> list[dict[str, Any]]:
    """Every page that an administrator, a regional manager, an expert, a coordinator or a signatory opens."""
    latest = Project.objects.filter(status=ProjectStatus.RUNNING).select_related("manager").order_by("pk")
    answering = open_sheets()[0].project
    review = latest.filter(sheets__state=SheetState.ACCEPTED, released_at__isnull=True)[0]
    released = latest.filter(released_at__isnull=False)[0]
    administrator = User.objects.filter(grants__role=StaffRole.ADMINISTRATOR).first()
    member = {
        (project.pk, role): Membership.objects.filter(project=project, role=role).first().user
        for project in (answering, review, released)
        for role in (Role.COORDINATOR, Role.SIGNATORY, Role.EXPERT)
    }
    shared = ["", "team/", "questionnaire/", "sheets/questionnaire/document/", "history/", "findings/", "deliverables/"]
    section = "sheets/questionnaire/sections/P1.1/"
    desk = ["validation/", "validation/P1.1-1/", "strategy/", "sheets/checklist/sections/D1/"]
    of_project = [
        (member[answering.pk, Role.COORDINATOR], answering, [*shared, section, "team/invite/"]),
        (member[review.pk, Role.EXPERT], review, [*shared, section, *desk, "deliverables/capability/texts/"]),
        (review.manager, review, [*shared, *desk[:1], "edit/", "release/", "deliverables/toolkit/texts/"]),
        (member[released.pk, Role.SIGNATORY], released, shared),
    ]
    found = [
        (administrator, "/projects/"), (administrator, "/projects/?page=30"), (administrator, "/projects/?text=ma"),
        (administrator, "/requests/"), (administrator, "/projects/new/"), (review.manager, "/projects/"),
        (member[answering.pk, Role.COORDINATOR], "/projects/"), (member[review.pk, Role.EXPERT], "/projects/"),
        (member[answering.pk, Role.COORDINATOR], "/profile/"),
    ]  # fmt: skip
    found += [(user, f"/projects/{project.public_id}/{page}") for user, project, pages in of_project for page in pages]
    names = {administrator.pk: "administrator", review.manager_id: "manager"}
    names |= {user.pk: role for (_project, role), user in member.items()}
    return [
        {
            "method": "GET", "path": path, "user": user.pk,
            "name": f"{names[user.pk]} {re.sub(r'[0-9a-f-]{36}', '…', path)}",
        }
        for user, path in found
    ]  # fmt: skip


def crowd(wanted: dict[str, Any]) -> list[dict[str, Any]]:
    """The heaviest day: every country's latest questionnaire takes answers. Of each person a save, and its section."""
    sheets = AnswerSheet.objects.filter(
        instrument__audience=Audience.NATIONAL, project__status=ProjectStatus.RUNNING
    ).select_related("project__country", "instrument__framework")
    Project.objects.filter(sheets__in=sheets).update(released_at=None, released_by=None, released_on=None)
    SheetSection.objects.filter(sheet__in=sheets).update(is_open=True)
    AnswerSheet.objects.filter(pk__in=sheets).update(state=SheetState.OPEN)
    requests = []
    for sheet in sheets.order_by("pk"):
        team = list(sheet.project.memberships.filter(role__in=ANSWERS).order_by("pk")) or new_team(sheet.project)
        numbers = {answer.question_id: answer.number for answer in sheet.answers.all()}
        sections = {part.pk: part.code for part in outline.structure(sheet.instrument).sections}
        sheet.answers.update(is_confidential=False)
        for member, question in zip(team, criteria(sheet), strict=False):
            save = save_request(member, sheet, question, numbers.get(question.pk, 0))
            code = sections[question.section_id]
            path = f"/projects/{sheet.project.public_id}/sheets/{sheet.instrument.code}/sections/{code}/"
            requests.append({"save": save, "page": {"method": "GET", "path": path, "user": member.user_id}})
    give_sessions(
        [request for both in requests for request in both.values()], {both["save"]["user"] for both in requests}
    )
    return requests


def new_team(project: Project) -> list[Membership]:
    """The people of the country, who were in the team of the round before."""
    earlier = Membership.objects.filter(project__country=project.country, role__in=ANSWERS).order_by("-project", "pk")
    users = dict.fromkeys(earlier.values_list("user", flat=True))
    return Membership.objects.bulk_create(
        Membership(
            project=project, user_id=pk, role=Role.CONTRIBUTOR, institution=Institution.POST, function="specialist"
        )
        for pk in users
    )


# ── What is asked of the database ────────────────────────────────────────────
def captured(ask: Callable[[], Any]) -> tuple[list[str], Any]:
    with CaptureQueriesContext(connection) as queries:
        response = ask()
    return [query["sql"] for query in queries.captured_queries], response


def client_of(request: dict[str, Any]) -> Client:
    client = Client(headers={"Host": settings.ALLOWED_HOSTS[0]})
    client.cookies[settings.SESSION_COOKIE_NAME] = request["session"]
    client.cookies[settings.CSRF_COOKIE_NAME] = request["csrf"]
    return client


def counted(statements: list[str]) -> int:
    return sum(not NOT_COUNTED.match(sql) for sql in statements)


def queries(pages: list[dict[str, Any]]) -> dict[str, int]:
    """How many queries each page takes, once the framework is in memory."""
    found = {}
    for page in pages:
        client = client_of(page)
        client.get(page["path"])
        statements, response = captured(lambda client=client, page=page: client.get(page["path"]))
        assert response.status_code == 200, (page["path"], response.status_code)
        found[page["name"]] = counted(statements)
    return found


def save(request: dict[str, Any]) -> tuple[list[str], Any]:
    """The statements of a save, and the reply; the base goes up."""
    code = request["save"]["code"]
    request["save"]["turn"] = turn = request["save"].get("turn", 0) + 1
    fields = {name: values[turn % len(values)] for name, values in request["save"]["fields"].items()}
    fields |= {f"{code}:base": request["save"]["base"], f"{code}:save_id": uuid.uuid4()}
    client = client_of(request)
    statements, response = captured(
        lambda: client.post(request["path"], fields, headers={"Accept": "application/json"})
    )
    assert response.status_code == 200, response.content
    request["save"]["base"] = response.json()["number"]
    return statements, (response.json(), fields[f"{code}:save_id"])


def statements(plans: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """Queries of a save over an answer and of a first one; and pgbench scripts of the statements of each of `edits`."""
    for row in (plans["edits"][:1], plans["firsts"][-1:]):
        save(row[0])  # the framework is in memory from now on
    first = counted(save(plans["firsts"][-2])[0])
    scripts, edit = [], 0
    for request in plans["edits"]:
        sql, (reply, save_id) = save(request)
        edit = counted(sql)
        assert len(sql) == edit + 2, sql
        scripts.append(script_of(sql, str(save_id), reply["number"]))
    return {"edit": edit, "first": first, "scripts": scripts, "edits": plans["edits"]}


def script_of(sql: list[str], save_id: str, number: int) -> str:
    """The statements for pgbench: each run with a save id and a number of its own."""
    lines = ["\\set number random(1000000, 2000000000)"]
    for statement in sql:
        statement = statement.replace("\n", " ").replace(f"'{save_id}'::uuid", "gen_random_uuid()")
        if statement.startswith("INSERT"):
            statement = re.sub(rf"(, 'accepted', ){number}(, {number - 1}, )", r"\1:number\2", statement)
            assert ":number" in statement, statement
        lines.append(statement.rstrip(";") + ";")
    return "\n".join(lines) + "\n"


# ── What became of it ────────────────────────────────────────────────────────
def verify(saves: list[tuple[str, int]]) -> dict[str, int]:
    """Of the confirmed saves, those that are not in the database under their number, and those that are there twice."""
    found: Counter[str] = Counter()
    numbers = dict(saves)
    ids = list(numbers)
    for start in range(0, len(ids), 500):
        part = AnswerRevision.objects.filter(save_id__in=ids[start : start + 500]).values_list("save_id", "number")
        for save_id, number in part:
            found[str(save_id)] += 1 if numbers[str(save_id)] == number else 0
    return {
        "confirmed": len(saves),
        "lost": sum(found[save_id] == 0 for save_id in ids),
        "doubled": len(saves) - len(ids) + sum(found[save_id] > 1 for save_id in ids),
    }


def order_reports(wanted: dict[str, Any]) -> list[int]:
    """Ask for so many documents, of different projects; the ids of their jobs."""
    found = []
    kinds = wanted.get("kinds", ["toolkit"])
    projects = Project.objects.filter(sheets__state=SheetState.ACCEPTED, sheets__instrument__audience="national")
    for number, project in enumerate(projects.order_by("-pk")[wanted["skip"] : wanted["skip"] + wanted["count"]]):
        report = actions.request_report(
            project, kinds[number % len(kinds)], wanted.get("language", "en"), by=project.manager
        )
        found.append(report.job_id)
    return found


def jobs(ids: list[int]) -> dict[str, Any]:
    rows = list(Job.objects.filter(pk__in=ids).order_by("pk"))
    return {
        "states": Counter(row.state for row in rows),
        "seconds": [(row.finished_at - row.queued_at).total_seconds() for row in rows if row.finished_at],
        "span": (max(row.finished_at for row in rows) - min(row.queued_at for row in rows)).total_seconds()
        if all(row.finished_at for row in rows)
        else None,
        "pages": list(Report.objects.filter(job__in=ids).order_by("pk").values_list("pages", flat=True)),
    }


def floor(ids: list[int]) -> dict[str, Any]:
    """WeasyPrint alone on the HTML of these documents, in this process: seconds of each once the first is made."""
    import gc
    import time

    from reports import pdf, tasks

    seconds = []
    for report in Report.objects.filter(job__in=ids).select_related("snapshot", "project__country").order_by("pk"):
        html, machine = tasks.compose(report), pdf.engine()
        gc.collect()
        gc.disable()
        began = time.perf_counter()
        document = machine.html(string=html, base_url=pdf.ASSETS.as_uri() + "/", url_fetcher=machine.fetcher)
        document.write_pdf(
            font_config=machine.fonts, stylesheets=[machine.stylesheet], pdf_variant="pdf/ua-1", pdf_tags=True
        )
        seconds.append(time.perf_counter() - began)
        gc.enable()
    return {"seconds": seconds}


VERBS: dict[str, Callable[[Any], Any]] = {
    verb.__name__: verb for verb in (people, crowd, queries, statements, verify, order_reports, jobs, floor)
}

if __name__ == "__main__":
    json.dump(VERBS[sys.argv[1]](json.load(sys.stdin)), sys.stdout, default=str)
