"""The framework file: read with line numbers, checked whole, written in its one form (docs/framework.md).

Pure: text and plain values in, plain values out. `read` never raises; what is wrong with a file is a list of problems,
each with its line. The checks pass over what the schema already refuses, so that one run reports everything.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

import jsonschema
import yaml

SCHEMA: dict[str, Any] = json.loads(
    (Path(__file__).resolve().parents[1] / "fixtures/framework/framework.schema.json").read_text(encoding="utf-8")
)
LANGUAGES = {
    "fr": "French", "en": "English", "ar": "Arabic", "es": "Spanish",
    "pt": "Portuguese", "ru": "Russian", "zh": "Chinese",
}  # fmt: skip
SHARE: str = SCHEMA["$defs"]["share"]["pattern"]
EVIDENCE_OF_A_LEVER = 2  # pieces asked for, at most
LONGEST_SHORT = {"levers": 40, "questions": 60}  # characters
SAME_MEANING = 0.5  # share of words in common from which two wordings may be the same question

SCORED = {"criterion", "rating"}
WANTED = {  # what a question of the kind needs beside the keys of all; nothing else of these is possible
    "criterion": {"short", "weight", "options"},
    "rating": {"short", "weight"},
    "choice": {"options"},
    "choices": {"options"},
    "number": {"unit"},
    "table": {"rows", "columns"},
}
KEYS_OF_KINDS = ("short", "weight", "unit", "options", "rows", "columns")
OPERATORS = {
    "is": {"choice", "yes_partly_no", "criterion", "rating"},
    "is_not": {"choice", "yes_partly_no", "criterion", "rating"},
    "includes": {"choices", "table"},
    "at_least": {"criterion", "rating", "number", "percentage", "money"},
}

TYPES = {
    "object": "a mapping",
    "array": "a list",
    "string": "text, in quotes",
    "integer": "a whole number",
    "boolean": "true or false",
}

Steps = tuple[str | int, ...]  # the keys and numbers that lead to a place in the document
Finding = tuple[Steps, str]


@dataclass(frozen=True, order=True)
class Problem:
    line: int
    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.line}: {self.path}: {self.message}" if self.path else f"{self.line}: {self.message}"


@dataclass
class FrameworkFile:
    """A file as read: plain values, the line of each, and what is wrong with it as YAML."""

    document: Any = None
    lines: dict[Steps, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def problem(self, steps: Steps, message: str) -> Problem:
        known = steps
        while known and known not in self.lines:
            known = known[:-1]
        return Problem(self.lines.get(known, 1), "/".join(map(str, steps)), message)


@dataclass(frozen=True)
class KnownQuestion:
    """A question of another loaded version: what must not change under its code."""

    kind: str
    unit: Mapping[str, str]
    text: Mapping[str, str]


# ── Reading ──────────────────────────────────────────────────────────────────


def read(source: bytes) -> FrameworkFile:
    """Parse YAML into plain values with their lines. No anchors, no tags; keys are always text."""
    file = FrameworkFile()
    try:
        root = yaml.compose(source, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
        file.problems.append(Problem(mark.line + 1 if mark else 1, "", f"this is not YAML: {reason}"))
        return file
    if root is None:
        file.problems.append(Problem(1, "", "the file is empty"))
        return file
    file.document = _Reader(file).value(root, ())
    return file


class _Reader:
    """Walks the YAML nodes once, filling the file's lines and problems."""

    def __init__(self, file: FrameworkFile) -> None:
        self.file = file
        self.seen: set[int] = set()
        self.scalars = yaml.constructor.SafeConstructor()

    def value(self, node: yaml.Node, steps: Steps) -> Any:
        self.file.lines.setdefault(steps, node.start_mark.line + 1)
        if id(node) in self.seen:
            return self.refuse(steps, "a reference (*) to another place; write the value out")
        self.seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, steps)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(entry, (*steps, number)) for number, entry in enumerate(node.value)]
        return self.scalar(node, steps)

    def mapping(self, node: yaml.MappingNode, steps: Steps) -> dict[str, Any]:
        entries: dict[str, Any] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self.refuse(steps, "a key that is not a word")
            elif key.value in entries:
                line = key.start_mark.line + 1
                self.file.problems.append(
                    Problem(line, "/".join(map(str, (*steps, key.value))), "the key stands here twice")
                )
            else:
                self.file.lines[(*steps, key.value)] = key.start_mark.line + 1
                entries[key.value] = self.value(value, (*steps, key.value))
        return entries

    def scalar(self, node: yaml.Node, steps: Steps) -> Any:
        kind = node.tag.rpartition(":")[2]
        try:
            if kind in {"int", "float", "bool", "null"}:
                return getattr(self.scalars, f"construct_yaml_{kind}")(node)
        except ValueError:
            return self.refuse(steps, f"“{node.value}” cannot be read")
        if kind not in {"str", "timestamp", "value", "merge"}:
            return self.refuse(steps, f"the tag {node.tag} is not used in a framework file")
        if unkept := [character for character in node.value if _cannot_be_kept(character)]:
            return self.refuse(steps, f"the character U+{ord(unkept[0]):04X} cannot be kept")
        return node.value

    def refuse(self, steps: Steps, message: str) -> None:
        self.file.problems.append(self.file.problem(steps, message))


def _cannot_be_kept(character: str) -> bool:
    return (character < " " and character not in "\n\t") or 0xD800 <= ord(character) <= 0xDFFF


# ── Checking ─────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Place:
    """A mapping of the document and where it stands. Tolerant: what the schema refuses reads as empty."""

    steps: Steps
    content: Mapping[str, Any]

    def at(self, *steps: str | int) -> Steps:
        return (*self.steps, *steps)

    def word(self, key: str) -> str:
        value = self.content.get(key)
        return value if isinstance(value, str) else ""

    def texts(self, key: str) -> Mapping[str, str]:
        value = self.content.get(key)
        return {k: v for k, v in value.items() if isinstance(v, str)} if isinstance(value, Mapping) else {}

    def part(self, key: str) -> "Place | None":
        value = self.content.get(key)
        return Place(self.at(key), value) if isinstance(value, Mapping) else None

    def parts(self, key: str) -> list["Place"]:
        value = self.content.get(key)
        if not isinstance(value, list):
            return []
        return [Place(self.at(key, number), part) for number, part in enumerate(value) if isinstance(part, Mapping)]

    def codes(self, key: str) -> list[str]:
        return [part.word("code") for part in self.parts(key)]


@dataclass(frozen=True)
class Outline:
    """The places of a document that the checks look at again and again."""

    root: Place

    @cached_property
    def languages(self) -> list[str]:
        languages = self.root.content.get("languages")
        return (
            [code for code in languages if isinstance(code, str) and code in LANGUAGES]
            if isinstance(languages, list)
            else []
        )

    @cached_property
    def levels(self) -> list[str]:
        """The levels' codes: '1' to the number of levels."""
        return [str(number + 1) for number in range(len(self.root.parts("levels")))]

    @cached_property
    def levers(self) -> list[Place]:
        return [lever for pillar in self.root.parts("pillars") for lever in pillar.parts("levers")]

    @cached_property
    def tools(self) -> list[Place]:
        return [tool for lever in self.levers for tool in lever.parts("tools")]

    @cached_property
    def instruments(self) -> list[Place]:
        return self.root.parts("instruments")

    @cached_property
    def sections(self) -> list[Place]:
        return [section for instrument in self.instruments for section in instrument.parts("sections")]

    @cached_property
    def questions(self) -> list[Place]:
        return [question for instrument in self.instruments for question in questions_of(instrument)]


def questions_of(instrument: Place) -> list[Place]:
    return [question for section in instrument.parts("sections") for question in section.parts("questions")]


def check(file: FrameworkFile, others: Mapping[str, Mapping[str, KnownQuestion]] | None = None) -> list[Problem]:
    """Everything that is wrong with the file, in the order of its lines.

    `others` are the other loaded versions of the same framework: their questions by code.
    """
    if file.document is None:
        return sorted(file.problems)
    findings = list(_shape(file.document))
    if isinstance(file.document, dict):
        outline = Outline(Place((), file.document))
        for rule in RULES:
            findings += rule(outline)
        findings += _other_versions(outline, others or {})
    return sorted({*file.problems, *(file.problem(steps, message) for steps, message in findings)})


def _shape(document: Any) -> Iterator[Finding]:
    """The schema's errors, in plain words."""
    for error in jsonschema.Draft202012Validator(SCHEMA).iter_errors(document):
        steps: Steps = tuple(error.absolute_path)
        schema, value = error.schema, error.instance
        wanted = schema.get("description")
        if error.validator == "required":
            yield steps, f"“{error.message.split(chr(39))[1]}” is missing"
        elif error.validator == "additionalProperties":
            for key in value:
                if key not in schema["properties"]:
                    yield (*steps, key), f"“{key}” is not a key here"
        elif error.validator == "enum":
            yield steps, f"“{value}” is not {wanted}: {', '.join(error.validator_value)}"
        elif error.validator == "type":
            yield steps, f"must be {schema.get('description') or TYPES[schema['type']]}"
        elif error.validator in {"pattern", "minProperties"}:
            yield steps, f"must be {wanted}"
        elif error.validator == "minItems":
            yield steps, f"needs at least {error.validator_value}"
        elif error.validator == "maxLength":
            yield steps, f"is longer than {error.validator_value} characters"
        else:
            yield steps, error.message


def _languages(outline: Outline) -> Iterator[Finding]:
    """Every text in every language of the file, and in no other."""
    if not outline.languages:
        return
    for steps, text in _texts_of(outline.root.content, SCHEMA, ()):
        for language in outline.languages:
            if language not in text:
                yield steps, f"the {LANGUAGES[language]} text is missing"
        for language in text:
            if language not in outline.languages:
                yield (*steps, language), f"“{language}” is not among the languages of the file"


def _texts_of(value: Any, schema: Mapping[str, Any], steps: Steps) -> Iterator[tuple[Steps, Mapping[str, Any]]]:
    """The texts of the document: what the schema says is one."""
    resolved = _resolved(schema)
    if resolved is SCHEMA["$defs"]["text"]:
        if isinstance(value, Mapping):
            yield steps, value
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield from _texts_of(part, resolved.get("properties", {}).get(key, {}), (*steps, key))
    elif isinstance(value, list):
        for number, part in enumerate(value):
            yield from _texts_of(part, resolved.get("items", {}), (*steps, number))


def _resolved(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    return SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


def _numbers(outline: Outline) -> Iterator[Finding]:
    """Levels and steps are numbered from 1 on, in order."""
    for key in ("levels", "steps"):
        for number, part in enumerate(outline.root.parts(key), start=1):
            if isinstance(part.content.get("number"), int) and part.content["number"] != number:
                yield part.at("number"), f"the {key} are numbered from 1 on, in order: this one is {number}"


def _codes(outline: Outline) -> Iterator[Finding]:
    """No code stands twice where it must be found again."""
    root = outline.root
    yield from _repeated([*root.parts("pillars"), *outline.levers])
    yield from _repeated(root.parts("requirements"))
    yield from _repeated(outline.tools)
    yield from _repeated(outline.instruments)
    yield from _repeated(outline.questions)
    for instrument in outline.instruments:
        yield from _repeated(instrument.parts("sections"))
        yield from _repeated(instrument.parts("warnings"))
    for question in outline.questions:
        for axis in ("options", "rows", "columns"):
            yield from _repeated(question.parts(axis))


def _repeated(places: Sequence[Place], key: str = "code") -> Iterator[Finding]:
    first: dict[str, Place] = {}
    for place in places:
        if code := place.word(key):
            if code in first:
                there = "/".join(map(str, first[code].steps))
                yield place.at(key), f"“{code}” stands already at {there}"
            first.setdefault(code, place)


def _weights(outline: Outline) -> Iterator[Finding]:
    for place in [*outline.levers, *outline.questions]:
        weight = _decimal(place.word("weight"))
        if weight is not None and weight <= 0:
            yield place.at("weight"), "the weight must be above 0"


def _shares(outline: Outline) -> Iterator[Finding]:
    root = outline.root
    overall = root.part("overall")
    nodes = [*root.parts("pillars"), *outline.levers, *outline.instruments, *outline.sections]
    for place in [*([overall] if overall else []), *nodes]:
        text = place.word("minimum_share")
        if re.fullmatch(SHARE, text) and not 0 <= Fraction(text) <= 1:
            yield place.at("minimum_share"), "a share lies between 0 and 1"


def _decimal(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _short_names(outline: Outline) -> Iterator[Finding]:
    for key, places in (("levers", outline.levers), ("questions", outline.questions)):
        for place in places:
            for language, text in place.texts("short").items():
                if len(text) > LONGEST_SHORT[key]:
                    yield (
                        place.at("short", language),
                        f"{len(text)} characters; at most {LONGEST_SHORT[key]} fit in tables",
                    )


def _references(outline: Outline) -> Iterator[Finding]:
    tools = {tool.word("code") for tool in outline.tools}
    levers = {lever.word("code") for lever in outline.levers}
    requirements = set(outline.root.codes("requirements"))
    guidance = [step for lever in outline.levers for step in lever.parts("guidance")]
    yield from _unknown(guidance, "tool", tools, "a tool")
    yield from _unknown([*outline.instruments, *outline.sections], "lever", levers, "a lever")
    yield from _unknown(outline.questions, "requirement", requirements, "a minimum requirement")


def _unknown(places: Iterable[Place], key: str, known: set[str], what: str) -> Iterator[Finding]:
    for place in places:
        if place.word(key) and place.word(key) not in known:
            yield place.at(key), f"“{place.word(key)}” is not {what} of this file"


def _guidance(outline: Outline) -> Iterator[Finding]:
    """None at all, or one for each step from a level to the next, in order."""
    steps = list(range(1, len(outline.levels)))
    for lever in outline.levers:
        found = [part.content.get("from_level") for part in lever.parts("guidance")]
        if found and found != steps:
            yield lever.at("guidance"), f"one for each step from a level to the next, in order: {steps}, not {found}"


def _audiences(outline: Outline) -> Iterator[Finding]:
    count = Counter(instrument.word("audience") for instrument in outline.instruments)
    if outline.instruments and count["national"] != 1:
        yield ("instruments",), f"one instrument has the audience national, not {count['national']}"
    if count["experts"] > 1:
        yield ("instruments",), f"at most one instrument has the audience experts, not {count['experts']}"


def _evidence(outline: Outline) -> Iterator[Finding]:
    """At most two pieces of evidence are asked for a lever, within an instrument."""
    for instrument in outline.instruments:
        pieces: Counter[str] = Counter()
        for section in instrument.parts("sections"):
            for question in section.parts("questions"):
                lever = section.word("lever")
                if lever and "evidence" in question.content:
                    pieces[lever] += 1
                    if pieces[lever] > EVIDENCE_OF_A_LEVER:
                        yield (
                            question.at("evidence"),
                            f"piece {pieces[lever]} for {lever}; at most {EVIDENCE_OF_A_LEVER} a lever",
                        )


def _scored(outline: Outline) -> Iterator[Finding]:
    """What is scored counts somewhere, and every lever that has a level has something to count."""
    counted = set()
    for section in outline.sections:
        for question in section.parts("questions"):
            if question.word("kind") in SCORED:
                counted.add(section.word("lever"))
                if not section.word("lever") and section.word("aggregation") == "none":
                    yield question.steps, "counts nowhere: its section has neither a lever nor an aggregation"
    for lever in outline.levers:
        if lever.word("aggregation") not in {"", "none"} and lever.word("code") not in counted:
            yield lever.steps, "no criterion counts for this lever"


def _kinds(outline: Outline) -> Iterator[Finding]:
    """A question has what its kind needs, and nothing that means nothing to it."""
    for question in outline.questions:
        kind = question.word("kind")
        if kind not in _resolved(SCHEMA["$defs"]["kind"])["enum"]:
            continue
        for key in KEYS_OF_KINDS:
            is_wanted, is_there = key in WANTED.get(kind, set()), key in question.content
            if is_wanted and not is_there:
                yield question.steps, f"a question of kind {kind} needs “{key}”"
            if is_there and not is_wanted:
                yield question.at(key), f"a question of kind {kind} has no “{key}”"
        if question.word("requirement") and kind != "yes_partly_no":
            yield question.at("requirement"), "only a question of kind yes_partly_no answers a minimum requirement"
        if kind == "criterion" and "options" in question.content and question.codes("options") != outline.levels:
            yield question.at("options"), f"one descriptor for each level, in order: {', '.join(outline.levels)}"
        if kind in {"choice", "choices"} and len(question.parts("options")) == 1:
            yield question.at("options"), "a choice needs at least two options"


def _conditions(outline: Outline) -> Iterator[Finding]:
    """A condition looks at an earlier question of the same instrument, with an operator and a value that fit it."""
    for instrument in outline.instruments:
        questions = questions_of(instrument)
        order = {question.word("code"): number for number, question in reversed(list(enumerate(questions)))}
        looks_at = {question.word("code"): _looked_at(question) for question in reversed(questions)}
        for number, question in enumerate(questions):
            condition, target = question.part("condition"), _looked_at(question)
            if condition is None or not target:
                continue
            if target not in order:
                yield condition.at("question"), _not_in_instrument(target, outline)
            elif order[target] < number:
                yield from _operator(condition, questions[order[target]], outline)
            elif circle := _circle(question.word("code"), looks_at):
                yield condition.at("question"), f"circular condition: {' → '.join(circle)}"
            else:
                yield condition.at("question"), f"“{target}” comes later; a condition looks at an earlier question"


def _looked_at(question: Place) -> str:
    condition = question.part("condition")
    return condition.word("question") if condition else ""


def _circle(start: str, looks_at: Mapping[str, str]) -> list[str]:
    """The codes from `start` back to itself; [] when its conditions end somewhere."""
    circle = [start]
    while (target := looks_at.get(circle[-1], "")) and target not in circle[1:]:
        circle.append(target)
        if target == start:
            return circle
    return []


def _not_in_instrument(code: str, outline: Outline) -> str:
    if any(question.word("code") == code for question in outline.questions):
        return f"“{code}” is a question of another instrument"
    return f"“{code}” is not a question of this file"


def _warnings(outline: Outline) -> Iterator[Finding]:
    for instrument in outline.instruments:
        questions = {question.word("code"): question for question in questions_of(instrument)}
        for warning in instrument.parts("warnings"):
            if warning.word("question") and warning.word("question") not in questions:
                yield warning.at("question"), _not_in_instrument(warning.word("question"), outline)
            for key in ("when", "unless"):
                condition = warning.part(key)
                target = condition.word("question") if condition else ""
                if condition and target in questions:
                    yield from _operator(condition, questions[target], outline)
                elif condition and target:
                    yield condition.at("question"), _not_in_instrument(target, outline)


def _operator(condition: Place, question: Place, outline: Outline) -> Iterator[Finding]:
    operator, kind, value = condition.word("operator"), question.word("kind"), condition.content.get("value")
    if operator == "answered":
        if value is not None:
            yield condition.at("value"), "“answered” takes no value"
        return
    if not kind or operator not in OPERATORS:
        return
    if kind not in OPERATORS[operator]:
        yield condition.at("operator"), f"“{operator}” does not fit {question.word('code')}, a question of kind {kind}"
    elif value is None:
        yield condition.steps, f"“{operator}” needs a value"
    elif isinstance(value, str):
        possible = _possible(question, outline)
        if possible is None:
            if _decimal(value) is None:
                yield condition.at("value"), f"“{value}” is not a number"
        elif value not in possible:
            yield condition.at("value"), f"“{value}” is not a possible answer of {question.word('code')}"


def _possible(question: Place, outline: Outline) -> list[str] | None:
    """The values a condition may look for in the answer; None: any number."""
    kind = question.word("kind")
    if kind in SCORED:
        return outline.levels
    if kind in {"choice", "choices"}:
        return question.codes("options")
    if kind == "yes_partly_no":
        return ["yes", "partly", "no"]
    if kind == "table":
        return [f"{row}:{column}" for row in question.codes("rows") for column in question.codes("columns")]
    return None


def _replaced(outline: Outline) -> Iterator[Finding]:
    """A code is replaced once, and not while another question still has it."""
    yield from _repeated(outline.questions, "replaces")
    codes = {question.word("code") for question in outline.questions}
    for question in outline.questions:
        replaced = question.word("replaces")
        if replaced in codes and replaced != question.word("code"):
            yield question.at("replaces"), f"“{replaced}” is still the code of another question of this file"


RULES = (
    _languages, _numbers, _codes, _weights, _shares, _short_names, _references, _guidance, _audiences, _evidence,
    _scored, _kinds, _conditions, _warnings, _replaced,
)  # fmt: skip


def _other_versions(outline: Outline, others: Mapping[str, Mapping[str, KnownQuestion]]) -> Iterator[Finding]:
    """A code keeps its meaning, kind and unit in all versions of a framework; so does a question under a new code."""
    for question in outline.questions:
        code, replaced = question.word("code"), question.word("replaces")
        for version, known in others.items():
            if code in known:
                yield from _changed(question, known, version, outline)
            if replaced != code and replaced in known and known[replaced].kind != question.word("kind"):
                yield question.at("replaces"), f"“{replaced}” is of kind {known[replaced].kind} in {version}"
        if replaced and others and not any(replaced in known for known in others.values()):
            yield question.at("replaces"), f"“{replaced}” is not a question of another loaded version"


def _changed(question: Place, known: Mapping[str, KnownQuestion], version: str, outline: Outline) -> Iterator[Finding]:
    """What a code of another version must not change: its kind, its unit, what it asks.

    It asks something else when under half of the words are the same, or when the words are nearer to another question
    of that version; `replaces` with the question's own code says that it asks the same all the same.
    """
    code = question.word("code")
    there = known[code]
    if question.word("kind") != there.kind:
        yield question.at("kind"), f"{code} is of kind {there.kind} in {version}: give this question a new code"
        return
    language = next((language for language in outline.languages if language in there.text), "")
    unit, text = question.texts("unit").get(language, ""), question.texts("text").get(language, "")
    old_unit, old_text = there.unit.get(language, ""), there.text.get(language, "")
    if _words(unit) != _words(old_unit):
        yield question.at("unit"), f"{code} is in “{old_unit}” in {version}: give this question a new code"
    if question.word("replaces") == code or text == old_text:
        return
    own = likeness(text, old_text)
    nearest = max(likeness(text, other.text.get(language, "")) for other in known.values())
    if own < SAME_MEANING or nearest > own:
        yield (
            question.at("text"),
            f"{code} asks “{old_text}” in {version}: give this question a new code, "
            f"or say “replaces: {code}” if only the words have changed",
        )


def likeness(one: str, other: str) -> float:
    """The share of words of two texts that stand in both, in any order, from 0 to 1; short words do not count."""
    here, there = _long_words(one), _long_words(other)
    total = here.total() + there.total()
    return 2 * (here & there).total() / total if total else float(one == other)


def _long_words(text: str) -> Counter[str]:
    words = _words(text)
    return Counter([word for word in words if len(word) > 3] or words)


def _words(text: str) -> list[str]:
    return "".join(character if character.isalnum() else " " for character in text.casefold()).split()


# ── Writing ──────────────────────────────────────────────────────────────────


def canonical(document: Any, schema: Mapping[str, Any] = SCHEMA, languages: Sequence[str] = ()) -> Any:
    """The document in its one form: keys in the schema's order, texts in the file's, weights without needless zeros.

    Only for a document without problems.
    """
    resolved, languages = _resolved(schema), languages or document["languages"]
    if resolved is SCHEMA["$defs"]["text"]:
        return {language: document[language] for language in languages}
    if resolved is SCHEMA["$defs"]["weight"]:
        return plain(Decimal(document))
    if isinstance(document, Mapping):
        return {
            key: canonical(document[key], part, languages)
            for key, part in resolved["properties"].items()
            if key in document and (document[key] != [] or key in resolved["required"])
        }
    if isinstance(document, list):
        return [canonical(part, resolved["items"], languages) for part in document]
    return document


def plain(number: Decimal) -> str:
    """Decimal text without exponent or trailing zeros."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def text_of(document: Mapping[str, Any]) -> str:
    """The canonical document as a file."""
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)


def digest(source: bytes) -> str:
    return hashlib.sha256(source).hexdigest()
