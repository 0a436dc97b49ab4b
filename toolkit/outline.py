"""Reading a framework whole, in few queries: for its file, for documents, for comparison with other versions."""

from typing import Any

from django.db.models import Prefetch

from toolkit.framework_file import KnownQuestion, plain
from toolkit.models import (
    Axis,
    FrameworkVersion,
    Guidance,
    Instrument,
    Lever,
    Option,
    Pillar,
    Question,
    Section,
    Warning,
)

CONTENT = (
    Prefetch("levers", Lever.objects.order_by("position")),
    "levers__tools",
    Prefetch("levers__guidance", Guidance.objects.select_related("tool").order_by("from_level")),
)
QUESTIONS = (
    Prefetch("sections", Section.objects.select_related("lever").order_by("position")),
    Prefetch("sections__questions", Question.objects.select_related("requirement").order_by("position")),
    Prefetch("sections__questions__options", Option.objects.order_by("axis", "position")),
    Prefetch("warnings", Warning.objects.select_related("question").order_by("position")),
)


def pillars(framework: FrameworkVersion) -> list[Pillar]:
    """The pillars in order, with their levers, tools and guidance loaded. Four queries."""
    return list(framework.pillars.prefetch_related(*CONTENT).order_by("position"))


def instruments(framework: FrameworkVersion) -> list[Instrument]:
    """The instruments in order, with sections, questions, options and warnings loaded. Five queries."""
    found = framework.instruments.select_related("lever").prefetch_related(*QUESTIONS)
    return list(found.order_by("position"))


def known_questions(code: str, *, but: str) -> dict[str, dict[str, KnownQuestion]]:
    """The questions of the framework's other loaded versions, by version and code. One query."""
    known: dict[str, dict[str, KnownQuestion]] = {}
    questions = Question.objects.filter(section__instrument__framework__code=code).exclude(
        section__instrument__framework__version=but
    )
    for version, question, kind, unit, text in questions.order_by("pk").values_list(
        "section__instrument__framework__version", "code", "kind", "unit", "text"
    ):
        known.setdefault(version, {})[question] = KnownQuestion(kind=kind, unit=unit, text=text)
    return known


# ── As the file says it (docs/framework.md) ──────────────────────────────────


def document_of(framework: FrameworkVersion) -> dict[str, Any]:
    """The framework's rows as the file's document; `framework_file.canonical` puts its keys in order."""
    return {
        "code": framework.code,
        "version": framework.version,
        "languages": framework.languages,
        "name": framework.name,
        "notice": framework.notice,
        "levels": [
            {name: getattr(level, name) for name in ("number", "name", "text", "colour", "ink")}
            for level in framework.levels.order_by("number")
        ],
        "overall": _node(framework),
        "requirements": [
            {name: getattr(requirement, name) for name in ("code", "name", "text", "certainty")}
            for requirement in framework.requirements.order_by("position")
        ],
        "steps": [
            {name: getattr(step, name) for name in ("number", "phase", "name", "text", "owner", "output", "certainty")}
            for step in framework.steps.order_by("number")
        ],
        "pillars": [_pillar(pillar) for pillar in pillars(framework)],
        "instruments": [_instrument(instrument) for instrument in instruments(framework)],
    }


def _node(node: Any) -> dict[str, str]:
    return {"aggregation": node.aggregation, "minimum_share": node.minimum_share}


def _filled(**values: Any) -> dict[str, Any]:
    """Keys that are absent are empty: what is empty is not written."""
    return {key: value for key, value in values.items() if value not in ("", {}, [], None)}


def _pillar(pillar: Pillar) -> dict[str, Any]:
    return {
        "code": pillar.code,
        "name": pillar.name,
        **_filled(note=pillar.note),
        "certainty": pillar.certainty,
        **_node(pillar),
        "levers": [_lever(lever) for lever in pillar.levers.all()],
    }


def _lever(lever: Lever) -> dict[str, Any]:
    support = _filled(kind=lever.support_kind, text=lever.support_text, certainty=lever.support_certainty)
    return {
        "code": lever.code,
        "name": lever.name,
        "short": lever.short,
        "certainty": lever.certainty,
        "weight": plain(lever.weight),
        **_node(lever),
        "tools": [{"code": tool.code, "name": tool.name, "certainty": tool.certainty} for tool in lever.tools.all()],
        **_filled(support=support),
        "guidance": [
            {
                "from_level": guidance.from_level,
                "text": guidance.text,
                **_filled(tool=guidance.tool and guidance.tool.code),
                "who": guidance.who,
                "horizon": guidance.horizon,
            }
            for guidance in lever.guidance.all()
        ],
    }


def _instrument(instrument: Instrument) -> dict[str, Any]:
    warnings = [
        {
            "code": warning.code,
            "question": warning.question.code,
            "when": warning.when,
            **_filled(unless=warning.unless),
            "text": warning.text,
        }
        for warning in instrument.warnings.all()
    ]
    return {
        "code": instrument.code,
        "audience": instrument.audience,
        "name": instrument.name,
        **_filled(lever=instrument.lever and instrument.lever.code),
        **_node(instrument),
        "sections": [_section(section) for section in instrument.sections.all()],
        **_filled(warnings=warnings),
    }


def _section(section: Section) -> dict[str, Any]:
    return {
        "code": section.code,
        "name": section.name,
        **_filled(text=section.text, lever=section.lever and section.lever.code),
        "minutes": section.minutes,
        **_node(section),
        "questions": [_question(question) for question in section.questions.all()],
    }


def _question(question: Question) -> dict[str, Any]:
    return {
        "code": question.code,
        "kind": question.kind,
        "text": question.text,
        "help": question.help,
        "knows": question.knows,
        "core": question.is_core,
        "confidential": question.is_confidential,
        **_filled(
            short=question.short,
            evidence=question.evidence,
            example=question.example,
            weight="" if question.weight is None else plain(question.weight),
            requirement=question.requirement and question.requirement.code,
            unit=question.unit,
            replaces=question.replaces,
            condition=question.condition,
            options=_options(question, Axis.OPTION),
            rows=_options(question, Axis.ROW),
            columns=_options(question, Axis.COLUMN),
        ),
    }


def _options(question: Question, axis: Axis) -> list[dict[str, Any]]:
    return [{"code": option.code, "text": option.text} for option in question.options.all() if option.axis == axis]
