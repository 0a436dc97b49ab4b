"""The levels of a project, both series and the checklist's, from its rows in a constant number of queries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

from assessments import outline, scoring
from assessments.desk import consent
from assessments.models import Answer, AnswerSheet, ValidatedLevel
from assessments.scoring import Criterion, Level, Node, Rule
from projects.models import Project
from toolkit.models import Audience, FrameworkVersion, Instrument, Lever, Pillar, Question
from toolkit.models import Node as FrameworkNode


@dataclass(frozen=True)
class Series:
    """One series, self-assessed or validated: overall, pillars and levers with how each came about."""

    overall: Level
    completeness: scoring.Completeness

    @property
    def pillars(self) -> Sequence[Level]:
        return self.overall.children

    @property
    def levers(self) -> list[Level]:
        return [lever for pillar in self.pillars for lever in pillar.children]

    def find(self, code: str) -> Level | None:
        return self.overall.find(code)


@dataclass(frozen=True)
class ProjectLevels:
    """Self-assessed and validated, side by side, never blended (5.7); the checklist's domains and strategy."""

    self_assessed: Series
    validated: Series
    checklist: Level | None  # its children are the domains; None when the framework has no checklist


@dataclass(frozen=True)
class Frame:
    """The scored skeleton of a framework; immutable, so kept in memory."""

    framework: FrameworkVersion
    pillars: Sequence[tuple[Pillar, Sequence[tuple[Lever, Sequence[Question]]]]]


@lru_cache(maxsize=32)
def _frame(framework_id: int, digest: str) -> Frame:
    framework = FrameworkVersion.objects.get(pk=framework_id)
    questions: dict[int, list[Question]] = {}
    scored = Question.objects.filter(
        section__instrument__framework=framework,
        section__instrument__audience=Audience.NATIONAL,
        section__lever__isnull=False,
        weight__isnull=False,
    ).select_related("section")
    for question in scored.order_by("section__position", "position"):
        questions.setdefault(question.section.lever_id, []).append(question)  # type: ignore[arg-type]
    pillars = framework.pillars.prefetch_related("levers").order_by("position")
    return Frame(
        framework,
        [
            (pillar, [(lever, questions.get(lever.pk, [])) for lever in pillar.levers.order_by("position")])
            for pillar in pillars
        ],
    )


def frame(framework: FrameworkVersion) -> Frame:
    return _frame(framework.pk, framework.digest)


def rule_of(node: FrameworkNode) -> Rule:
    return Rule(node.aggregation, node.minimum_fraction)


def project_levels(project: Project) -> ProjectLevels:
    """Both series and the checklist. Four queries once the framework is in memory."""
    sheets = {
        sheet.instrument.audience: sheet
        for sheet in AnswerSheet.objects.filter(project=project).select_related("instrument__framework").order_by("pk")
    }
    national = sheets[Audience.NATIONAL]
    answers, hidden = _answers(national)
    decisions = {row.question_id: row for row in ValidatedLevel.objects.filter(sheet=national).order_by("pk")}
    whole = frame(project.framework)
    experts = sheets.get(Audience.EXPERTS)
    return ProjectLevels(
        self_assessed=_series(whole, lambda question: _claim(question, answers, decisions, hidden)),
        validated=_series(whole, lambda question: _decision(question, answers, decisions, hidden)),
        checklist=_checklist(experts) if experts else None,
    )


def _answers(sheet: AnswerSheet) -> tuple[Mapping[int, Answer], set[str]]:
    """The sheet's answers by question id, and the codes that its conditions hide."""
    whole = outline.structure(sheet.instrument)
    answers = list(Answer.objects.filter(sheet=sheet).order_by("pk"))
    hidden = whole.hidden(outline.given(answers, whole.by_id))
    return {answer.question_id: answer for answer in answers}, hidden


def _claim(
    question: Question, answers: Mapping[int, Answer], decisions: Mapping[int, ValidatedLevel], hidden: set[str]
) -> Criterion | None:
    if question.code in hidden:
        return None
    answer, decision = answers.get(question.pk), decisions.get(question.pk)
    return scoring.self_assessed(
        question.code,
        Fraction(question.weight or 1),
        status=answer.status if answer else "blank",
        level=answer.value if answer else None,
        basis=answer.basis if answer else "",
        accepts_not_applicable=consent(answer, decision),
    )


def _decision(
    question: Question, answers: Mapping[int, Answer], decisions: Mapping[int, ValidatedLevel], hidden: set[str]
) -> Criterion | None:
    if question.code in hidden:
        return None
    decision = decisions.get(question.pk)
    return scoring.validated(
        question.code,
        Fraction(question.weight or 1),
        level=decision.level if decision else None,
        basis=decision.basis if decision else "",
        accepts_not_applicable=consent(answers.get(question.pk), decision),
    )


def _series(whole: Frame, criterion: Any) -> Series:
    pillars = [
        Node(
            pillar.code,
            Fraction(1),
            rule_of(pillar),
            [
                Node(
                    lever.code,
                    Fraction(lever.weight),
                    rule_of(lever),
                    [made for question in questions if (made := criterion(question)) is not None],
                )
                for lever, questions in levers
            ],
        )
        for pillar, levers in whole.pillars
    ]
    overall = scoring.level_of(Node("", Fraction(1), rule_of(whole.framework), pillars))
    return Series(overall, scoring.completeness(scoring.criteria_of(overall)))


def _checklist(sheet: AnswerSheet) -> Level:
    """Ratings → domains → the strategy as a whole, by the instrument's own rules."""
    whole = outline.structure(sheet.instrument)
    answers, hidden = _answers(sheet)
    domains = [
        Node(
            section.code,
            Fraction(1),
            rule_of(section),
            [
                made
                for question in whole.of_section(section)
                if question.is_scored and (made := _rating(question, answers, hidden)) is not None
            ],
        )
        for section in whole.sections
    ]
    instrument: Instrument = whole.instrument
    return scoring.level_of(Node(instrument.code, Fraction(1), rule_of(instrument), domains))


def _rating(question: Question, answers: Mapping[int, Answer], hidden: set[str]) -> Criterion | None:
    """An item of the checklist: the experts rate it themselves, so their "not applicable" needs nobody's consent."""
    return _claim_of_experts(question, answers.get(question.pk)) if question.code not in hidden else None


def _claim_of_experts(question: Question, answer: Answer | None) -> Criterion:
    return scoring.self_assessed(
        question.code,
        Fraction(question.weight or 1),
        status=answer.status if answer else "blank",
        level=answer.value if answer else None,
        basis=answer.basis if answer else "",
        accepts_not_applicable=True,
    )
