"""Publishing a framework from its file, and writing it back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction

from toolkit import framework_file, outline
from toolkit.framework_file import Problem
from toolkit.models import (
    Axis,
    FrameworkVersion,
    Guidance,
    Instrument,
    Level,
    Lever,
    MethodStep,
    Option,
    Pillar,
    Question,
    Requirement,
    Section,
    Tool,
    Warning,
)


class FileRefused(Exception):
    """The file has problems; nothing was changed."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(f"{len(problems)} problems")
        self.problems = list(problems)


class VersionPublished(Exception):
    """The version is published with other content, which never changes."""

    def __init__(self, framework: FrameworkVersion) -> None:
        super().__init__(str(framework))
        self.framework = framework


@dataclass(frozen=True)
class Loaded:
    framework: FrameworkVersion
    is_new: bool  # False: it was there already, with the same content


def load(source: bytes) -> Loaded:
    """Check a framework file and publish it, whole or not at all.

    Raises FileRefused with every problem of the file, or VersionPublished when its number is taken.
    """
    same = FrameworkVersion.objects.filter(digest=framework_file.digest(source)).first()
    if same is not None:  # the canonical file of a loaded version, byte for byte: nothing to check
        return Loaded(same, is_new=False)
    file = framework_file.read(source)
    if problems := framework_file.check(file, _others(file.document)):
        raise FileRefused(problems)
    return publish(framework_file.canonical(file.document))


def _others(document: Any) -> dict[str, dict[str, framework_file.KnownQuestion]]:
    code, version = (document.get(key) if isinstance(document, Mapping) else None for key in ("code", "version"))
    if not isinstance(code, str) or not isinstance(version, str):
        return {}
    return outline.known_questions(code, but=version)


def publish(document: Mapping[str, Any]) -> Loaded:
    """Publish a checked canonical document; the version that is there already, when it says the same."""
    digest = framework_file.digest(framework_file.text_of(document).encode())
    try:
        with transaction.atomic():
            return Loaded(_write(document, digest), is_new=True)
    except IntegrityError:
        there = FrameworkVersion.objects.filter(code=document["code"], version=document["version"]).first()
        if there is None:
            raise
    if there.digest != digest:
        raise VersionPublished(there)
    return Loaded(there, is_new=False)


def dump(framework: FrameworkVersion) -> str:
    """The framework's file, from its rows: byte for byte the one that was committed."""
    return framework_file.text_of(framework_file.canonical(outline.document_of(framework)))


def _write(document: Mapping[str, Any], digest: str) -> FrameworkVersion:
    framework = FrameworkVersion.objects.create(
        **_chosen(document, "code", "version", "languages", "name", "notice"), **document["overall"], digest=digest
    )
    Level.objects.bulk_create(Level(framework=framework, **level) for level in document["levels"])
    MethodStep.objects.bulk_create(MethodStep(framework=framework, **step) for step in document["steps"])
    requirements = Requirement.objects.bulk_create(
        Requirement(framework=framework, position=position, **requirement)
        for position, requirement in _numbered(document["requirements"])
    )
    levers = _write_pillars(framework, document["pillars"])
    _write_instruments(framework, document["instruments"], levers, {row.code: row for row in requirements})
    return framework


def _write_pillars(framework: FrameworkVersion, parts: Sequence[Mapping[str, Any]]) -> dict[str, Lever]:
    """Pillars with levers, tools and guidance; the levers by code."""
    pillars = Pillar.objects.bulk_create(
        Pillar(framework=framework, position=position, **_without(part, "levers"))
        for position, part in _numbered(parts)
    )
    written = [
        (Lever(pillar=pillar, position=position, **_lever_fields(lever)), lever)
        for pillar, part in zip(pillars, parts, strict=True)
        for position, lever in _numbered(part["levers"])
    ]
    levers = Lever.objects.bulk_create(lever for lever, _part in written)
    tools = Tool.objects.bulk_create(
        Tool(lever=lever, position=position, **tool)
        for lever, part in written
        for position, tool in _numbered(part["tools"])
    )
    tool_of: dict[str | None, Tool | None] = {None: None, **{tool.code: tool for tool in tools}}
    Guidance.objects.bulk_create(
        Guidance(lever=lever, tool=tool_of[guidance.get("tool")], **_without(guidance, "tool"))
        for lever, part in written
        for guidance in part["guidance"]
    )
    return {lever.code: lever for lever in levers}


def _lever_fields(part: Mapping[str, Any]) -> dict[str, Any]:
    support = {f"support_{key}": value for key, value in part.get("support", {}).items()}
    weight = Decimal(part["weight"])
    return _without(part, "tools", "guidance", "support", "weight") | support | {"weight": weight}


def _write_instruments(
    framework: FrameworkVersion,
    parts: Sequence[Mapping[str, Any]],
    levers: Mapping[str, Lever],
    requirements: Mapping[str, Requirement],
) -> None:
    instruments = Instrument.objects.bulk_create(
        Instrument(
            framework=framework,
            position=position,
            lever=levers[part["lever"]] if "lever" in part else None,
            **_without(part, "sections", "warnings", "lever"),
        )
        for position, part in _numbered(parts)
    )
    sections = [
        (
            Section(
                instrument=instrument,
                position=position,
                lever=levers[section["lever"]] if "lever" in section else None,
                **_without(section, "questions", "lever"),
            ),
            section,
        )
        for instrument, part in zip(instruments, parts, strict=True)
        for position, section in _numbered(part["sections"])
    ]
    Section.objects.bulk_create(section for section, _part in sections)
    questions = [
        (Question(section=section, position=position, **_question_fields(question, requirements)), question)
        for section, part in sections
        for position, question in _numbered(part["questions"])
    ]
    Question.objects.bulk_create(question for question, _part in questions)
    Option.objects.bulk_create(
        Option(question=question, axis=axis, position=position, **option)
        for question, part in questions
        for key, axis in (("options", Axis.OPTION), ("rows", Axis.ROW), ("columns", Axis.COLUMN))
        for position, option in _numbered(part.get(key, []))
    )
    by_code = {question.code: question for question, _part in questions}
    Warning.objects.bulk_create(
        Warning(
            instrument=instrument,
            position=position,
            question=by_code[warning["question"]],
            **_without(warning, "question"),
        )
        for instrument, part in zip(instruments, parts, strict=True)
        for position, warning in _numbered(part.get("warnings", []))
    )


def _question_fields(part: Mapping[str, Any], requirements: Mapping[str, Requirement]) -> dict[str, Any]:
    special = {"core", "confidential", "weight", "requirement", "options", "rows", "columns"}
    return _without(part, *special) | {
        "is_core": part["core"],
        "is_confidential": part["confidential"],
        "weight": Decimal(part["weight"]) if "weight" in part else None,
        "requirement": requirements[part["requirement"]] if "requirement" in part else None,
    }


def _numbered(parts: Sequence[Mapping[str, Any]]) -> enumerate[Mapping[str, Any]]:
    return enumerate(parts, start=1)


def _chosen(part: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    return {key: part[key] for key in keys}


def _without(part: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in part.items() if key not in keys}
