"""Every address × every role × one's own and another country × released or not: deny by default, held by one table.

Columns: coordinator, contributor, signatory, expert, observer, manager and administrator (of the International Bureau),
stranger (coordinator of another country), visitor (not signed in).
+ allowed · - forbidden (403) · 0 does not exist (404) · > sign in first. Two strings: before and after release.
"""

from collections import Counter

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse

from tests.access.world import ROLES, World, world

pytestmark = pytest.mark.django_db

PUBLIC = {  # open to everyone by nature: signing in, an invitation's link, the language; what machines ask
    "live",
    "ready",
    "metrics",
    "worker",
    "offline",
    "account_login",
    "account_logout",
    "account_change_password",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
    "accounts:set_language",
    "accounts:session",
    "projects:invitation",
    "projects:invitation_code",
}
READERS = "++++-++0>"  # who reads the questionnaire
ANSWERS = "++-----0>"
COORDINATOR = "+------0>"
TEAM = "+++0-000>"  # for the others there is no such thread; an observer reads no answers
EXPERTS = "---+---0>"  # validates
FINDINGS = "---+-++0>"  # reads and writes findings before release
RESPONDS = ("0-0----0>", "+-+----0>")  # before release there is nothing to respond to
STAFF = "-----++0>"
BUREAU = "-----++->"  # not about a project
INVITES = "+----++0>"
CHECKLIST = "000+0++0>"  # does not even exist for the country
OWN_TYPED = "+0-----0>"  # what the coordinator brought back: other people who answer do not find it
OWN = "+0000000>"  # what the coordinator asked for: to others it does not exist
MEMBERS = "+++++++0>"
ANYONE = "++++++++>"

ACCESS: dict[tuple[str, str], str | tuple[str, str]] = {
    ("GET", "assessments:home"): ANYONE,
    ("GET", "assessments:portfolio"): ANYONE,
    ("GET", "assessments:project_new"): BUREAU,
    ("POST", "assessments:project_new"): BUREAU,
    ("GET", "assessments:project_detail"): MEMBERS,
    ("GET", "assessments:questionnaire"): READERS,
    ("GET", "assessments:section"): READERS,
    ("POST", "assessments:section"): ANSWERS,
    ("GET", "assessments:section of the checklist"): CHECKLIST,
    ("POST", "assessments:section of the checklist"): CHECKLIST,
    ("GET", "assessments:question"): READERS,
    ("GET", "assessments:question of the checklist"): CHECKLIST,
    ("POST", "assessments:answer_restore"): ANSWERS,
    ("POST", "assessments:answer_restore of the checklist"): CHECKLIST,
    ("GET", "assessments:submissions_compare"): READERS,
    ("POST", "assessments:proposal_add"): STAFF,
    ("POST", "assessments:proposal_confirm"): ANSWERS,
    ("POST", "assessments:view_add"): ANSWERS,
    ("POST", "assessments:other_withdraw"): STAFF,
    ("POST", "assessments:answers_take_over"): STAFF,
    ("POST", "assessments:answer_save"): ANSWERS,
    ("POST", "assessments:answer_save of the checklist"): CHECKLIST,
    ("POST", "assessments:evidence_add"): ANSWERS,
    ("GET", "assessments:evidence_register"): READERS,
    ("GET", "assessments:evidence_register of the checklist"): CHECKLIST,
    ("GET", "assessments:evidence_file"): READERS,
    ("GET", "assessments:evidence_view"): READERS,
    ("GET", "assessments:evidence_piece"): READERS,
    ("POST", "assessments:evidence_piece"): ANSWERS,
    ("GET", "assessments:evidence_use"): ANSWERS,
    ("POST", "assessments:evidence_use"): ANSWERS,
    ("POST", "assessments:evidence_pages"): ANSWERS,
    ("POST", "assessments:evidence_remove"): ANSWERS,
    ("POST", "assessments:upload_start"): ANSWERS,
    ("GET", "assessments:upload_list"): ANSWERS,
    ("POST", "assessments:upload_chunk"): "+0-----0>",
    ("POST", "assessments:upload_give_up"): "+0-----0>",
    ("GET", "assessments:assignments"): COORDINATOR,
    ("POST", "assessments:assignments"): COORDINATOR,
    ("GET", "assessments:questions_find"): READERS,
    ("POST", "assessments:questions_seen"): READERS,
    ("POST", "assessments:thread_open"): READERS,
    ("POST", "assessments:thread_open of the checklist"): CHECKLIST,
    ("POST", "assessments:thread_reply"): READERS,
    ("POST", "assessments:thread_reply of the team"): TEAM,
    ("POST", "assessments:thread_reply of the experts"): "000+-++0>",
    ("POST", "assessments:thread_assign"): READERS,
    ("POST", "assessments:thread_resolve"): READERS,
    ("POST", "assessments:thread_reopen"): READERS,
    ("POST", "assessments:mark"): "+++----0>",
    ("POST", "assessments:unmark"): "+++----0>",
    ("GET", "assessments:sheet_document"): READERS,
    ("GET", "assessments:sheet_document of the checklist"): CHECKLIST,
    ("POST", "assessments:sheet_send"): COORDINATOR,
    ("GET", "assessments:sheet_missing"): READERS,
    ("GET", "assessments:sheet_sign_paper"): "+-+----0>",
    ("POST", "assessments:sheet_sign_paper"): "+-+----0>",
    ("GET", "assessments:submission_scan"): "+-++-++0>",
    ("GET", "assessments:sections_sign"): "--+----0>",
    ("POST", "assessments:sections_sign"): "--+----0>",
    ("POST", "assessments:sections_ask"): COORDINATOR,
    ("POST", "assessments:sheet_take_back"): "+-+----0>",
    ("POST", "assessments:sheet_sign"): "--+----0>",
    ("GET", "assessments:sheet_return"): EXPERTS,
    ("POST", "assessments:sheet_return"): EXPERTS,
    ("POST", "assessments:sheet_accept"): EXPERTS,
    ("GET", "accounts:profile"): ANYONE,
    ("POST", "accounts:profile"): ANYONE,
    ("GET", "projects:team"): READERS,
    ("GET", "projects:invite"): INVITES,
    ("POST", "projects:invite"): INVITES,
    ("POST", "projects:invitation_withdraw"): INVITES,
    ("POST", "projects:invitation_renew"): INVITES,
    ("GET", "projects:membership_until"): INVITES,
    ("POST", "projects:membership_until"): INVITES,
    ("POST", "projects:membership_end"): INVITES,
    ("POST", "projects:invitation_accept"): ANYONE,
    ("GET", "projects:requests"): BUREAU,
    ("GET", "projects:request_new"): BUREAU,
    ("POST", "projects:request_new"): BUREAU,
    ("POST", "projects:request_accept"): BUREAU,
    ("POST", "projects:request_decline"): BUREAU,
    ("GET", "projects:project_edit"): STAFF,
    ("POST", "projects:project_edit"): STAFF,
    ("GET", "projects:project_suspend"): STAFF,
    ("POST", "projects:project_suspend"): STAFF,
    ("POST", "projects:project_resume"): STAFF,
    ("GET", "projects:project_cancel"): STAFF,
    ("POST", "projects:project_cancel"): STAFF,
    ("POST", "projects:project_close"): STAFF,
    ("POST", "projects:project_reopen"): STAFF,
    ("POST", "projects:step_done"): STAFF,
    ("POST", "projects:step_undone"): STAFF,
    ("GET", "projects:history"): READERS,
    ("GET", "assessments:validation"): FINDINGS,
    ("GET", "assessments:validate"): FINDINGS,
    ("POST", "assessments:validate"): EXPERTS,
    ("GET", "assessments:observation_add"): FINDINGS,
    ("POST", "assessments:observation_add"): FINDINGS,
    ("GET", "assessments:observation_edit"): FINDINGS,
    ("POST", "assessments:observation_edit"): FINDINGS,
    ("POST", "assessments:observation_remove"): FINDINGS,
    ("GET", "assessments:recommendation_add"): FINDINGS,
    ("POST", "assessments:recommendation_add"): FINDINGS,
    ("GET", "assessments:recommendation_adopt"): FINDINGS,
    ("POST", "assessments:recommendation_adopt"): FINDINGS,
    ("GET", "assessments:recommendation_edit"): FINDINGS,
    ("POST", "assessments:recommendation_edit"): FINDINGS,
    ("POST", "assessments:recommendation_remove"): FINDINGS,
    ("GET", "assessments:strategy"): FINDINGS,
    ("POST", "assessments:strategy"): FINDINGS,
    ("GET", "assessments:aim_add"): FINDINGS,
    ("POST", "assessments:aim_add"): FINDINGS,
    ("GET", "assessments:aim_edit"): FINDINGS,
    ("POST", "assessments:aim_edit"): FINDINGS,
    ("POST", "assessments:aim_remove"): FINDINGS,
    ("GET", "assessments:source_add"): FINDINGS,
    ("POST", "assessments:source_add"): FINDINGS,
    ("POST", "assessments:source_remove"): FINDINGS,
    ("GET", "assessments:findings"): MEMBERS,
    ("GET", "assessments:respond"): RESPONDS,
    ("POST", "assessments:respond"): RESPONDS,
    ("GET", "reports:copies"): READERS,
    ("POST", "reports:copy_request"): READERS,
    ("GET", "reports:copy_progress"): OWN,
    ("GET", "reports:copy_file"): OWN,
    ("GET", "reports:receipt"): READERS,
    ("GET", "reports:receipt_progress"): READERS,
    ("POST", "reports:receipt_request"): READERS,
    ("GET", "reports:receipt_file"): READERS,
    ("POST", "reports:import_read"): ANSWERS,
    ("GET", "reports:import_review"): OWN_TYPED,
    ("POST", "reports:import_accept"): OWN_TYPED,
    ("GET", "reports:deliverables"): MEMBERS,
    ("POST", "reports:report_request"): FINDINGS,
    ("GET", "reports:report_progress"): (CHECKLIST, MEMBERS),
    ("GET", "reports:report_file"): (CHECKLIST, MEMBERS),
    ("POST", "reports:report_again"): (CHECKLIST, FINDINGS),
    ("POST", "reports:report_release"): ("000-0++0>", STAFF),
    ("GET", "reports:editorial"): FINDINGS,
    ("POST", "reports:editorial"): FINDINGS,
    ("GET", "reports:release"): STAFF,
    ("POST", "reports:release"): STAFF,
}


def arguments(name: str, here: World) -> list[object]:
    """The arguments of an address, for something that exists in this world."""
    project = here.project
    sheet = "checklist" if name.endswith("of the checklist") else "questionnaire"
    codes = project.framework.instruments.get(audience="experts" if sheet == "checklist" else "national")
    sections = {"checklist": "experts", "questionnaire": "national"}
    section = codes.sections.order_by("position").first()
    question = section.questions.order_by("position").first()
    base, _space, rest = name.partition(" of ")
    short = base.partition(":")[2]
    assert sections[sheet] == codes.audience
    return {
        "home": [], "portfolio": [], "project_new": [], "profile": [], "requests": [], "request_new": [],
        "request_accept": [here.request.public_id], "request_decline": [here.request.public_id],
        "invitation_accept": [here.invitation.token],
        "section": [project.public_id, codes.code, section.code],
        "question": [project.public_id, codes.code, question.code],
        "answer_restore": [project.public_id, codes.code, question.code],
        "proposal_add": [project.public_id, codes.code, question.code],
        "view_add": [project.public_id, codes.code, question.code],
        "proposal_confirm": [project.public_id, codes.code, here.proposal.question.code, here.proposal.public_id],
        "other_withdraw": [project.public_id, codes.code, here.proposal.question.code, here.proposal.public_id],
        "submissions_compare": [project.public_id, codes.code],
        "answers_take_over": [project.public_id, codes.code],
        "answer_save": [project.public_id, codes.code, question.code],
        "mark": [project.public_id, codes.code, question.code],
        "unmark": [project.public_id, codes.code, question.code],
        "thread_open": [project.public_id, codes.code, question.code],
        **{
            name: [project.public_id, codes.code, here.threads[rest].question.code, here.threads[rest].public_id]
            for name in ("thread_reply", "thread_assign", "thread_resolve", "thread_reopen")
            if rest in here.threads
        },
        "evidence_add": [project.public_id, codes.code, question.code],
        "evidence_file": [project.public_id, codes.code, here.evidence.public_id],
        "assignments": [project.public_id, codes.code], "sections_sign": [project.public_id, codes.code],
        "sections_ask": [project.public_id, codes.code],
        "upload_start": [project.public_id, codes.code, question.code],
        "upload_list": [project.public_id, codes.code],
        "upload_chunk": [project.public_id, codes.code, here.upload.public_id],
        "upload_give_up": [project.public_id, codes.code, here.upload.public_id],
        "evidence_register": [project.public_id, codes.code], "evidence_use": [project.public_id, codes.code],
        "evidence_view": [project.public_id, codes.code, here.evidence.public_id],
        "evidence_piece": [project.public_id, codes.code, here.evidence.public_id],
        "evidence_pages": [project.public_id, codes.code, here.evidence.public_id, here.criterion],
        "evidence_remove": [project.public_id, codes.code, here.evidence.public_id, here.criterion],
        "sheet_document": [project.public_id, codes.code], "sheet_send": [project.public_id, codes.code],
        "sheet_missing": [project.public_id, codes.code], "sheet_sign_paper": [project.public_id, codes.code],
        "submission_scan": [project.public_id, codes.code, here.submission.public_id],
        "sheet_take_back": [project.public_id, codes.code], "sheet_sign": [project.public_id, codes.code],
        "sheet_return": [project.public_id, codes.code], "sheet_accept": [project.public_id, codes.code],
        "invitation_withdraw": [project.public_id, here.invitation.public_id],
        "invitation_renew": [project.public_id, here.invitation.public_id],
        "membership_until": [project.public_id, here.membership.public_id],
        "membership_end": [project.public_id, here.membership.public_id],
        "step_done": [project.public_id, 1], "step_undone": [project.public_id, 1],
        "validate": [project.public_id, here.criterion], "respond": [project.public_id, here.criterion],
        "observation_add": [project.public_id, here.lever], "recommendation_add": [project.public_id, here.lever],
        "recommendation_adopt": [project.public_id, here.lever, 1],
        "observation_edit": [project.public_id, here.observation.public_id],
        "observation_remove": [project.public_id, here.observation.public_id],
        "recommendation_edit": [project.public_id, here.recommendation.public_id],
        "recommendation_remove": [project.public_id, here.recommendation.public_id],
        "aim_edit": [project.public_id, here.aim.public_id], "aim_remove": [project.public_id, here.aim.public_id],
        "source_remove": [project.public_id, here.source.public_id],
        "receipt": [project.public_id, 1], "receipt_progress": [project.public_id, 1],
        "receipt_request": [project.public_id, 1], "receipt_file": [project.public_id, here.receipt.public_id],
        "report_progress": [project.public_id, here.report.public_id],
        "report_file": [project.public_id, here.report.public_id],
        "report_again": [project.public_id, here.report.public_id],
        "report_release": [project.public_id, here.report.public_id],
        "copy_progress": [project.public_id, here.copy.public_id],
        "copy_file": [project.public_id, here.copy.public_id],
        "import_review": [project.public_id, here.brought.public_id],
        "import_accept": [project.public_id, here.brought.public_id],
        "editorial": [project.public_id, "capability"],
    }.get(short, [project.public_id])  # fmt: skip


def url_names(resolver=None, namespace=""):
    """Every named address of the site."""
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLPattern):
            yield f"{namespace}{entry.name}"
        else:
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            yield from url_names(entry, inner)


def test_no_two_addresses_have_one_name():
    """The second of them alone would be in the table."""
    assert [name for name, count in Counter(url_names()).items() if count > 1] == []


def test_every_address_is_in_the_table():
    in_the_table = {name.partition(" of ")[0] for _method, name in ACCESS}
    assert set(url_names()) - PUBLIC == in_the_table


def sign_of(response, person) -> str:
    if response.status_code == 302 and response["Location"].startswith(reverse("account_login")):
        return ">"
    return {403: "-", 404: "0", 405: "the method is not allowed"}.get(response.status_code, "+")


def signs(method: str, name: str, here: World) -> str:
    """What each role gets, each as if it were alone: what a request changed is rolled back."""
    url = reverse(name.partition(" of ")[0], args=arguments(name, here))
    found = []
    for role in (*ROLES, "visitor"):
        with transaction.atomic():
            client = Client()
            if role != "visitor":
                client.force_login(here.people[role])
            response = client.generic(method, url, "", "application/x-www-form-urlencoded")
            assert response.status_code < 500, (method, name, role)
            response.close()
            found.append(sign_of(response, role))
            transaction.set_rollback(True)
    return "".join(found)


@pytest.mark.parametrize("released", [False, True], ids=["before release", "released"])
@pytest.mark.parametrize(("method", "name"), ACCESS, ids=[" ".join(entry) for entry in ACCESS])
def test_address_gives_each_role_its_own(method, name, released):
    expected = ACCESS[method, name]
    here = world(released=released)
    assert signs(method, name, here) == (expected if isinstance(expected, str) else expected[released])
