"""Everything that a document may say of a project, as plain canonical values: what a Snapshot freezes.

Framework texts stand in all their languages, so that one snapshot serves every document made from it. What a person
wrote stands as {"text", "language"}. What a document may not say is not in it: the values of confidential answers and
evidence, the experts' private notes, removed evidence and recommendations, answers hidden by a condition.
"""

import datetime
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from assessments import levels, outline, scoring
from assessments.desk import consent, decisions_on, differs
from assessments.models import (
    Answer,
    AnswerSheet,
    AnswerStatus,
    EvidenceUse,
    Observation,
    Recommendation,
    Source,
    StrategyAim,
    StrategyReview,
    Submission,
    ValidatedLevel,
)
from assessments.signatures import signatories
from projects.models import Membership, Project
from projects.permissions import Role
from reports.models import EditorialText
from toolkit.models import Audience, FrameworkVersion, Question

FORMAT = 1  # of the content's shape; documents.py reads the formats it knows


def gather(project: Project) -> dict[str, Any]:
    """The content of a snapshot of the project as it stands."""
    sheets = {
        sheet.instrument.audience: sheet
        for sheet in AnswerSheet.objects.filter(project=project)
        .select_related("instrument__framework", "instrument__lever")
        .order_by("pk")
    }
    national, experts = sheets[Audience.NATIONAL], sheets.get(Audience.EXPERTS)
    return {
        "format": FORMAT,
        "project": gather_project(project),
        "framework": _framework(project.framework),
        "questionnaire": {**_sheet(national), "signatories": _signatories(national)},
        "checklist": _checklist(experts) if experts else None,
        "levels": _levels(project),
        "observations": _observations(project),
        "recommendations": _recommendations(project),
        "strategy": _strategy(project),
        "aims": [
            {
                "national": _said(aim.national_aim, aim.language),
                "postal": _said(aim.postal_aim, aim.language),
                "gap": _said(aim.gap, aim.language),
            }
            for aim in StrategyAim.objects.filter(project=project).order_by("pk")
        ],
        "sources": [
            {
                "kind": source.kind,
                "title": _said(source.title, source.language),
                "detail": _said(source.detail, source.language),
                "dated_on": _day(source.dated_on),
            }
            for source in Source.objects.filter(project=project).order_by("pk")
        ],
        "editorial": _editorial(project),
    }


def _said(text: str, language: str) -> dict[str, str] | None:
    """What a person wrote, with its language; None for nothing."""
    return {"text": text, "language": language} if text.strip() else None


def _day(day: datetime.date | None) -> str | None:
    return day.isoformat() if day else None


def gather_project(project: Project) -> dict[str, Any]:
    members = (
        Membership.objects.filter(project=project).exclude(role=Role.OBSERVER).select_related("user").order_by("pk")
    )
    return {
        "country": dict(project.country.name),
        "is_fictitious": project.country.is_fictitious,
        "operator": project.operator.name,
        "cycle": project.cycle,
        "round": project.round,
        "language": project.language,
        "time_zone": project.time_zone,
        "manager": project.manager.name,
        "show_overall": project.show_overall,
        "released_on": _day(project.released_on),
        "visits": [
            {"starts_on": _day(visit.starts_on), "ends_on": _day(visit.ends_on), "place": visit.place}
            for visit in project.visits.order_by("starts_on", "pk")
        ],
        "team": [
            {
                "name": member.user.name,
                "role": member.role,
                "institution": member.institution,
                "function": member.function,
            }
            for member in members
        ],
    }


def _framework(framework: FrameworkVersion) -> dict[str, Any]:
    pillars = framework.pillars.order_by("position").prefetch_related("levers__tools", "levers__guidance__tool")
    return {
        "label": str(framework),
        "languages": framework.languages,
        "name": dict(framework.name),
        "notice": dict(framework.notice),
        "aggregation": framework.aggregation,
        "minimum_share": framework.minimum_share,
        "levels": [
            {
                "number": level.number, "name": dict(level.name), "text": dict(level.text),
                "colour": level.colour, "ink": level.ink,
            }
            for level in framework.levels.order_by("number")
        ],
        "requirements": [
            {
                "code": entry.code, "name": dict(entry.name), "text": dict(entry.text), "certainty": entry.certainty,
            }
            for entry in framework.requirements.order_by("position")
        ],
        "steps": [
            {
                "number": step.number, "phase": step.phase, "name": dict(step.name), "text": dict(step.text),
                "owner": dict(step.owner), "output": dict(step.output), "certainty": step.certainty,
            }
            for step in framework.steps.order_by("number")
        ],
        "pillars": [
            {
                "code": pillar.code, "name": dict(pillar.name), "note": dict(pillar.note),
                "certainty": pillar.certainty, "aggregation": pillar.aggregation,
                "minimum_share": pillar.minimum_share, "levers": [_lever(lever) for lever in pillar.levers.all()],
            }
            for pillar in pillars
        ],
    }  # fmt: skip


def _lever(lever: Any) -> dict[str, Any]:
    return {
        "code": lever.code,
        "name": dict(lever.name),
        "short": dict(lever.short),
        "certainty": lever.certainty,
        "aggregation": lever.aggregation,
        "tools": [
            {"code": tool.code, "name": dict(tool.name), "certainty": tool.certainty} for tool in lever.tools.all()
        ],
        "support": {
            "kind": lever.support_kind, "text": dict(lever.support_text), "certainty": lever.support_certainty,
        },
        "guidance": {
            str(step.from_level): {
                "text": dict(step.text), "tool": step.tool.code if step.tool else "", "who": step.who,
                "horizon": step.horizon,
            }
            for step in lever.guidance.all()
        },
    }  # fmt: skip


def _checklist(sheet: AnswerSheet) -> dict[str, Any]:
    """As any sheet, with the lever that the checklist looks into; "" for none."""
    lever = sheet.instrument.lever
    return {**_sheet(sheet), "lever": lever.code if lever else ""}


def _sheet(sheet: AnswerSheet) -> dict[str, Any]:
    whole = outline.structure(sheet.instrument)
    answers = {answer.question_id: answer for answer in Answer.objects.filter(sheet=sheet)}
    hidden = whole.hidden(outline.given(answers.values(), whole.by_id))
    uses = list(
        EvidenceUse.objects.filter(piece__sheet=sheet).kept().select_related("piece__file").order_by("added_at", "pk")
    )
    withheld = _withheld(uses, answers)
    evidence: dict[int, list[EvidenceUse]] = {}
    for use in uses:
        evidence.setdefault(use.question_id, []).append(use)
    decisions = decisions_on(sheet)
    submission = sheet.submissions.order_by("-number").first()
    return {
        "code": sheet.instrument.code,
        "name": dict(sheet.instrument.name),
        "state": sheet.state,
        "aggregation": sheet.instrument.aggregation,
        "minimum_share": sheet.instrument.minimum_share,
        "submission": _submission(submission) if submission else None,
        "sections": [
            {
                "code": section.code,
                "name": dict(section.name),
                "text": dict(section.text),
                "lever": section.lever.code if section.lever else "",
                "aggregation": section.aggregation,
                "minimum_share": section.minimum_share,
                "not_asked": [question.code for question in whole.of_section(section) if question.code in hidden],
                "questions": [
                    _question(
                        question,
                        answers.get(question.pk),
                        evidence.get(question.pk, ()),
                        withheld,
                        decisions.get(question.pk),
                    )
                    for question in whole.of_section(section)
                    if question.code not in hidden
                ],
            }
            for section in whole.sections
        ],
    }


def _signatories(sheet: AnswerSheet) -> list[dict[str, Any]]:
    """What the institutions besides the Post signed of their sections, and what they did not."""
    return [
        {
            "institution": str(signatory.institution),
            "signed": [section.entry.section.code for section in signatory.signed],
            "changed": [section.entry.section.code for section in signatory.void],
            "unsigned": [section.entry.section.code for section in signatory.unsigned],
        }
        for signatory in signatories(sheet, outline.section_entries(sheet))
    ]


def _submission(submission: Submission) -> dict[str, Any]:
    return {
        "number": submission.number, "name": submission.name, "function": submission.function,
        "language": submission.language,
        "signed_on": _day(submission.signed_on), "statement": _said(submission.statement, submission.language),
        "sha256": submission.sha256,
    }  # fmt: skip


def _question(
    question: Question,
    answer: Answer | None,
    evidence: Iterable[EvidenceUse],
    withheld: Collection[int],
    decision: ValidatedLevel | None,
) -> dict[str, Any]:
    return {
        "code": question.code,
        "kind": question.kind,
        "text": dict(question.text),
        "short": dict(question.short),
        "unit": dict(question.unit),
        "weight": str(question.weight.normalize()) if question.weight is not None else None,
        "is_core": question.is_core,
        "requirement": question.requirement.code if question.requirement else "",
        "options": [
            {"axis": option.axis, "code": option.code, "text": dict(option.text)} for option in question.options.all()
        ],
        "answer": _answer(answer),
        "evidence": [_piece(use) for use in evidence if use.piece_id not in withheld],
        "withheld_evidence": sum(use.piece_id in withheld for use in evidence),
        "validated": _decision(answer, decision),
        "differs": differs(answer, decision),
    }


def _withheld(uses: Iterable[EvidenceUse], answers: Mapping[int, Answer]) -> set[int]:
    """The pieces that are confidential by their own tick, or by that of any answer that they support."""
    confidential = {number for number, answer in answers.items() if answer.is_confidential}
    return {use.piece_id for use in uses if use.piece.is_confidential or use.question_id in confidential}


def _answer(answer: Answer | None) -> dict[str, Any] | None:
    """What the country (or the expert) answered. Of a confidential answer only that there is one."""
    if answer is None or answer.status == AnswerStatus.BLANK:
        return None
    if answer.is_confidential:
        return {"status": answer.status, "is_confidential": True}
    return {
        "status": answer.status,
        "is_confidential": False,
        "value": answer.value,
        "basis": answer.basis,
        "reason": _said(answer.reason, answer.language),
        "note": _said(answer.note, answer.language),
        "language": answer.language,
    }


def _piece(use: EvidenceUse) -> dict[str, Any]:
    piece = use.piece
    return {
        "title": piece.title,
        "url": piece.url,
        "sha256": piece.file.sha256 if piece.file else "",
        "is_late": use.is_late,
    }


def _decision(answer: Answer | None, decision: ValidatedLevel | None) -> dict[str, Any] | None:
    """What the experts decided and still stands; None of a mere private note, which is not part of any document."""
    accepts_not_applicable = consent(answer, decision)
    if decision is None or (decision.level is None and accepts_not_applicable is None):
        return None
    reservation = getattr(decision, "reservation", None)
    return {
        "level": decision.level,
        "accepts_not_applicable": accepts_not_applicable,
        "basis": decision.basis,
        "reason": _said(decision.reason, decision.language),
        "response": {
            "kind": reservation.kind,
            "text": _said(reservation.text, reservation.language),
            "name": reservation.by.name,
            "on": _day(reservation.at.date()),
        }
        if reservation
        else None,
    }


def _levels(project: Project) -> dict[str, Any]:
    """Both series, never blended, and the checklist's; each level as an exact fraction."""
    found = levels.project_levels(project)
    checklist = found.checklist
    return {
        "self": _series(found.self_assessed),
        "validated": _series(found.validated),
        "strategy": _level(checklist) if checklist else None,
        "domains": {domain.code: _level(domain) for domain in checklist.children} if checklist else {},
    }


def _series(series: levels.Series) -> dict[str, Any]:
    count = series.completeness
    return {
        "overall": _level(series.overall),
        "pillars": {pillar.code: _level(pillar) for pillar in series.pillars},
        "levers": {lever.code: _level(lever) for lever in series.levers},
        "completeness": {
            "answered": count.answered,
            "applicable": count.applicable,
            "percent": count.percent,
            "unsupported": count.unsupported,
            "claims": count.claims_above_1,
            "unsupported_percent": count.unsupported_percent,
        },
    }


def _level(level: scoring.Level) -> dict[str, Any]:
    lowest = min((part.level for part in level.parts if part.level is not None), default=None)
    return {
        "value": str(level.level) if level.level is not None else None,
        "scored": level.scored,
        "applicable": level.applicable,
        "is_provisional": level.is_provisional,
        "is_unsupported": level.is_unsupported,
        "weakest": [part.code for part in level.parts if part.level is not None and part.level == lowest],
    }


def _observations(project: Project) -> list[dict[str, Any]]:
    rows = Observation.objects.filter(project=project).select_related("lever", "question")
    return [
        {
            "kind": row.kind, "lever": row.lever.code, "question": row.question.code if row.question else "",
            "said": _said(row.text, row.language),
        }
        for row in rows.order_by("lever__pillar__position", "lever__position", "pk")
    ]  # fmt: skip


def _recommendations(project: Project) -> list[dict[str, Any]]:
    rows = Recommendation.objects.filter(project=project, removed_at__isnull=True).select_related(
        "lever", "tool", "guidance"
    )
    return [
        {
            "number": row.number, "lever": row.lever.code, "said": _said(row.text, row.language),
            "priority": row.priority, "horizon": row.horizon, "owner": row.owner,
            "owner_detail": _said(row.owner_detail, row.language), "resources": _said(row.resources, row.language),
            "tags": row.tags, "tool": row.tool.code if row.tool else "",
            "guidance": row.guidance.from_level if row.guidance else None,
            "needs": sorted(need.number for need in row.needs.all() if need.removed_at is None),
        }
        for row in rows.prefetch_related("needs").order_by("number")
    ]  # fmt: skip


def _strategy(project: Project) -> dict[str, Any] | None:
    review = StrategyReview.objects.filter(project=project).first()
    if review is None:
        return None
    return {
        "has_text": review.has_text,
        "title": _said(review.title, review.language),
        "dated_on": _day(review.dated_on),
        "status": _said(review.status, review.language),
        "conclusion": review.conclusion,
        "findings": _said(review.findings, review.language),
        "outline": _said(review.outline, review.language),
    }


def _editorial(project: Project) -> dict[str, dict[str, list[dict[str, str]]]]:
    """What experts wrote for each kind of document: by slot, one text a language."""
    texts: dict[str, dict[str, list[dict[str, str]]]] = {}
    for row in EditorialText.objects.filter(project=project).order_by("kind", "slot", "language"):
        said = _said(row.text, row.language)
        if said:
            texts.setdefault(row.kind, {}).setdefault(row.slot, []).append(said)
    return texts
