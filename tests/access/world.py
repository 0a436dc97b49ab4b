"""One project with something under every address, and one person for every role; strings that must not leak."""

import datetime
from dataclasses import dataclass

from django.utils import timezone

from accounts.models import User
from assessments.models import (
    Answer,
    AnswerRevision,
    Evidence,
    Observation,
    OtherAnswer,
    Recommendation,
    SignatureWay,
    Source,
    StrategyAim,
    Submission,
    Thread,
    Upload,
)
from foundation import files, jobs
from projects.events import BETWEEN_EXPERTS
from projects.models import CountryRequest, Invitation, Membership, Project
from projects.permissions import Role, StaffRole
from reports.models import Copy, Deliverable, EditorialText, Import, Receipt, Report, Snapshot
from tests.factories import assessments as work
from tests.factories.projects import (
    CountryRequestFactory,
    InvitationFactory,
    MembershipFactory,
    ProjectEventFactory,
    StepFactory,
    member,
    staff,
)
from tests.factories.reports import CopyFactory, ImportFactory, ReceiptFactory
from toolkit.models import Institution

ROLES = ("coordinator", "contributor", "signatory", "expert", "observer", "manager", "administrator", "stranger")

READERS = (*ROLES, "regulator")  # and a contributor of another institution

EXPERTS_AND_BUREAU = {"expert", "manager", "administrator"}
NATIONAL_TEAM = {"coordinator", "contributor", "signatory", "regulator"}
SIGNERS = {"coordinator", "signatory"}  # who may send a signed paper in
OWN_INSTITUTION = EXPERTS_AND_BUREAU | {"regulator"}
EVERYONE = EXPERTS_AND_BUREAU | NATIONAL_TEAM | {"observer"}  # in the project
SECRETS = {  # where it is planted → who may read it before release, after release
    "SECRET-private-note": (EXPERTS_AND_BUREAU, EXPERTS_AND_BUREAU),
    "SECRET-scan": (EXPERTS_AND_BUREAU | SIGNERS, EXPERTS_AND_BUREAU | SIGNERS),
    "SECRET-reason": (EXPERTS_AND_BUREAU, EVERYONE),
    "SECRET-checklist-note": (EXPERTS_AND_BUREAU, EXPERTS_AND_BUREAU),
    "SECRET-observation": (EXPERTS_AND_BUREAU, EVERYONE),
    "SECRET-recommendation": (EXPERTS_AND_BUREAU, EVERYONE),
    "SECRET-strategy-findings": (EXPERTS_AND_BUREAU, EVERYONE),
    "SECRET-editorial": (EXPERTS_AND_BUREAU, EXPERTS_AND_BUREAU),
    "SECRET-replaced": (EXPERTS_AND_BUREAU, EXPERTS_AND_BUREAU),
    "SECRET-brought-back": ({"coordinator"}, {"coordinator"}),
    "SECRET-confidential-answer": (OWN_INSTITUTION, OWN_INSTITUTION),
    "SECRET-entered-for": (OWN_INSTITUTION | {"coordinator"}, OWN_INSTITUTION | {"coordinator"}),
    "SECRET-confidential-view": (OWN_INSTITUTION, OWN_INSTITUTION),
    "SECRET-confidential-evidence": (OWN_INSTITUTION, OWN_INSTITUTION),
    "SECRET-supporting-evidence": (OWN_INSTITUTION, OWN_INSTITUTION),
    "SECRET-where-to-look": (OWN_INSTITUTION, OWN_INSTITUTION),
    "SECRET-thread-team": (NATIONAL_TEAM, NATIONAL_TEAM),
    "SECRET-thread-shared": (EXPERTS_AND_BUREAU | NATIONAL_TEAM, EXPERTS_AND_BUREAU | NATIONAL_TEAM),
    "SECRET-thread-experts": (EXPERTS_AND_BUREAU, EXPERTS_AND_BUREAU),
    "SECRET-thread-checklist": (EXPERTS_AND_BUREAU, EXPERTS_AND_BUREAU),
}


@dataclass
class World:
    project: Project
    people: dict[str, User]
    evidence: Evidence
    upload: Upload  # the coordinator's
    submission: Submission
    proposal: OtherAnswer
    observation: Observation
    recommendation: Recommendation
    aim: StrategyAim
    source: Source
    membership: Membership
    invitation: Invitation
    request: CountryRequest
    report: Report
    receipt: Receipt
    copy: Copy
    brought: Import
    criterion: str
    lever: str
    threads: dict[str, Thread]  # by their name in the matrix; "": shared with the experts


def world(*, released: bool = False) -> World:
    """A submitted project, validated in part; with `released`, given to the country."""
    project = work.opened_project()
    StepFactory(project=project)
    people = {
        "coordinator": member(project, Role.COORDINATOR),
        "contributor": member(project, Role.CONTRIBUTOR),
        "signatory": member(project, Role.SIGNATORY),
        "expert": member(project, Role.EXPERT),
        "observer": member(project, Role.OBSERVER),
        "manager": staff(),
        "administrator": staff(StaffRole.ADMINISTRATOR),
        "stranger": MembershipFactory(role=Role.COORDINATOR).user,
    }
    regulator = people["regulator"] = member(project, Role.CONTRIBUTOR, institution=Institution.REGULATOR)
    sheet = work.national_sheet(project)
    whole = work.outline.structure(sheet.instrument)
    criteria = [question for question in whole.questions.values() if question.is_scored and not question.condition]
    text = next(question for question in whole.questions.values() if question.kind == "text")
    work.answer(project, criteria[0].code, 3, by=people["coordinator"])
    work.answer(
        project, text.code, "SECRET-confidential-answer", by=regulator, institution="regulator", is_confidential=True
    )  # fmt: skip
    entered = work.answer(
        project, "G-6", "https://port.example/SECRET-entered-for", by=people["coordinator"], institution="regulator",
        is_confidential=True,
    )  # fmt: skip
    for model in (Answer, AnswerRevision):
        model.objects.filter(sheet=sheet, question=entered.question_id).update(is_on_behalf=True)
    work.EvidenceFactory(
        sheet=sheet, use__question=criteria[0], title="SECRET-confidential-evidence", is_confidential=True,
        institution="regulator", added_by=regulator,
    )  # fmt: skip
    work.EvidenceFactory(
        sheet=sheet, title="SECRET-supporting-evidence", institution="regulator", added_by=regulator,
        use__question=text, use__pages="SECRET-where-to-look",
    )  # fmt: skip
    evidence = work.EvidenceFactory(sheet=sheet, as_file=True, use__question=criteria[0], use__is_late=True)
    proposal = work.ProposalFactory(sheet=sheet, question=criteria[0], saved_by=people["manager"])
    work.DifferingViewFactory(
        sheet=sheet, question=criteria[0], is_confidential=True, grounds="SECRET-confidential-view", saved_by=regulator,
    )  # fmt: skip
    work.submit(project)
    scan = files.store([b"SECRET-scan"], folder="signatures", name="signed.pdf", content_type="application/pdf")
    submission = work.SubmissionFactory(sheet=sheet, number=2, way=SignatureWay.PAPER, scan=scan)
    earlier = work.opened_project(
        operator=project.operator,
        country=project.country,
        cycle="Istanbul 2017–2020",
        created_at=project.created_at - datetime.timedelta(days=700),
    )
    work.SubmissionFactory(sheet=work.national_sheet(earlier))
    work.decide(
        project, criteria[0].code, 2, by=people["expert"], reason="SECRET-reason", private_note="SECRET-private-note"
    )
    rating = next(iter(work.outline.structure(work.checklist(project).instrument).questions.values()))
    work.answer(project, rating.code, 2, by=people["expert"], institution="ib", note="SECRET-checklist-note")
    observation = work.ObservationFactory(project=project, text="SECRET-observation")
    recommendation = work.RecommendationFactory(project=project, text="SECRET-recommendation")
    work.StrategyReviewFactory(project=project, findings="SECRET-strategy-findings")
    for kind in sorted(BETWEEN_EXPERTS):
        about = {"name": "Léa", "lever": "A.1", "number": 1, "question": "A.1-1", "level": 1, "kind": "toolkit"}
        ProjectEventFactory(
            project=project, kind=kind, about={**about, "language": "fr", "text": "SECRET-replaced"}, for_findings=True
        )
    for kind in Deliverable.values:
        EditorialText.objects.create(
            project=project,
            kind=kind,
            slot="message",
            text="SECRET-editorial",
            language=project.language,
            saved_by=people["expert"],
        )
    threads = {
        name: work.CommentFactory(
            thread__sheet=sheet, thread__question=criteria[0], thread__audience=audience, thread__opened_by=by,
            text=f"SECRET-thread-{audience}",
        ).thread
        for name, audience, by in (
            ("", "shared", people["coordinator"]), ("the team", "team", people["coordinator"]),
            ("the experts", "experts", people["expert"]),
        )
    }  # fmt: skip
    work.CommentFactory(
        thread__sheet=work.checklist(project), thread__question=rating, thread__audience="experts",
        thread__opened_by=people["expert"], text="SECRET-thread-checklist",
    )  # fmt: skip
    if released:
        work.release(project)
    return World(
        project=project,
        people=people,
        evidence=evidence,
        upload=work.UploadFactory(sheet=sheet, question=criteria[0], started_by=people["coordinator"]),
        submission=submission,
        proposal=proposal,
        observation=observation,
        recommendation=recommendation,
        aim=work.StrategyAimFactory(project=project),
        source=work.SourceFactory(project=project),
        membership=project.memberships.get(user=people["contributor"]),
        invitation=InvitationFactory(project=project),
        request=CountryRequestFactory(),
        report=finished_report(project, people["manager"], released=released),
        copy=CopyFactory(sheet=sheet, made=True, requested_by=people["coordinator"]),
        receipt=ReceiptFactory(
            submission=submission,
            file=files.store([b"%PDF-1.7"], folder="reports", name="r.pdf", content_type="application/pdf"),
        ),
        brought=ImportFactory(sheet=sheet, read_by=people["coordinator"], rows=secret_rows(criteria[0].code)),
        criterion=criteria[0].code,
        lever=criteria[0].section.lever.code,
        threads=threads,
    )


def secret_rows(code: str) -> list[dict[str, object]]:
    """What a spreadsheet says that was brought back and cannot be taken over."""
    return [{"question": code, "base": 1, "cell": "A.1!D4", "problem": "SECRET-brought-back"}]


def finished_report(project: Project, by: User, *, released: bool) -> Report:
    """A document that a worker has made: its row, its job and its file."""
    job = jobs.enqueue("reports.render_report")
    token = job.claim(60)
    assert token is not None
    assert job.finish(token)
    return Report.objects.create(
        project=project,
        kind=Deliverable.CAPABILITY,
        language="en",
        version=1,
        snapshot=Snapshot.objects.create(project=project, content="{}", sha256="0" * 64, taken_by=by),
        job=job,
        file=files.store([b"%PDF-1.7"], folder="reports", name="a.pdf", content_type="application/pdf"),
        requested_by=by,
        **({"released_at": timezone.now(), "released_by": by} if released else {}),
    )
