"""What is wrong with a framework file is said with line and path; each test breaks the small framework in one place."""

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.factories.toolkit import DRE, HARBOUR, document
from toolkit import framework_file
from toolkit.framework_file import KnownQuestion, Problem, canonical, check, likeness, read, text_of

GONE = object()
A1 = "instruments/0/sections/1/questions"  # A.1-1 criterion, A.1-2 criterion, A.1-3 date, A.1-4 table
G = "instruments/0/sections/0/questions"  # number, money, choices, percentage, yes_partly_no, link
WARNING = "instruments/0/warnings/0"
TEXT = {"fr": "Un texte", "en": "A text"}
OPTION = {"code": "north", "text": TEXT}


def changed(**edits: Any) -> dict[str, Any]:
    """The small framework's document with values put at paths, or taken away (GONE)."""
    edited = copy.deepcopy(document(HARBOUR))
    for path, value in edits.items():
        *steps, last = [int(step) if step.isdigit() else step for step in path.split("/")]
        place: Any = edited
        for step in steps:
            place = place[step]
        if value is GONE:
            del place[last]
        elif isinstance(place, list) and last == len(place):
            place.append(value)
        else:
            place[last] = value
    return edited


def problems(edited: Any, **others: dict[str, KnownQuestion]) -> list[Problem]:
    return check(read(text_of(edited).encode()), others)


BROKEN = {
    # name: (edits, the problems as (path, message))
    "duplicate question code": (
        {f"{A1}/1/code": "G-6"},
        [(f"{A1}/1/code", "“G-6” stands already at instruments/0/sections/0/questions/5")],
    ),
    "duplicate lever code": (
        {"pillars/0/levers/1/code": "B", "instruments/0/sections/2/lever": "B"},
        [("pillars/0/levers/1/code", "“B” stands already at pillars/1")],
    ),
    "duplicate section code": (
        {"instruments/0/sections/3/code": "G"},
        [("instruments/0/sections/3/code", "“G” stands already at instruments/0/sections/0")],
    ),
    "duplicate tool code": (
        {"pillars/0/levers/0/tools/1/code": "A.1-T1", "pillars/0/levers/0/guidance/2/tool": GONE},
        [("pillars/0/levers/0/tools/1/code", "“A.1-T1” stands already at pillars/0/levers/0/tools/0")],
    ),
    "duplicate option": (
        {f"{G}/2/options/1/code": "sail"},
        [(f"{G}/2/options/1/code", f"“sail” stands already at {G}/2/options/0")],
    ),
    "missing language": (
        {"pillars/0/levers/1/name/en": GONE},
        [("pillars/0/levers/1/name", "the English text is missing")],
    ),
    "language of another file": (
        {"notice/es": "Una escala"},
        [("notice/es", "“es” is not among the languages of the file")],
    ),
    "blank text": ({"notice/en": "  "}, [("notice/en", "must be a text that is not empty")]),
    "text without languages": (
        {"notice": "A scale"},
        [("notice", "must be a text in every language of the file: {fr: …, en: …}")],
    ),
    "condition on an unknown question": (
        {f"{A1}/2/condition/question": "A.9"},
        [(f"{A1}/2/condition/question", "“A.9” is not a question of this file")],
    ),
    "condition on a later question": (
        {f"{A1}/2/condition": {"question": "B.1-1", "operator": "answered"}},
        [(f"{A1}/2/condition/question", "“B.1-1” comes later; a condition looks at an earlier question")],
    ),
    "condition on another instrument": (
        {f"{A1}/2/condition/question": "D1-1"},
        [(f"{A1}/2/condition/question", "“D1-1” is a question of another instrument")],
    ),
    "circular condition": (
        {
            f"{G}/2/condition": {"question": "A.1-3", "operator": "answered"},
            f"{A1}/2/condition": {"question": "G-4", "operator": "answered"},
        },
        [(f"{G}/2/condition/question", "circular condition: G-3 → A.1-3 → G-4 → G-3")],
    ),
    "condition on itself": (
        {
            f"{A1}/2/condition/question": "A.1-3",
            f"{A1}/2/condition/operator": "answered",
            f"{A1}/2/condition/value": GONE,
        },
        [(f"{A1}/2/condition/question", "circular condition: A.1-3 → A.1-3")],
    ),
    "warning beside an unknown question": (
        {f"{WARNING}/question": "A.9"},
        [(f"{WARNING}/question", "“A.9” is not a question of this file")],
    ),
    "warning that looks at another instrument": (
        {f"{WARNING}/unless/question": "D1-1"},
        [(f"{WARNING}/unless/question", "“D1-1” is a question of another instrument")],
    ),
    "criterion without one descriptor": (
        {f"{A1}/0/options/3": GONE},
        [(f"{A1}/0/options", "one descriptor for each level, in order: 1, 2, 3, 4")],
    ),
    "criterion with descriptors out of order": (
        {f"{A1}/0/options/0/code": "2", f"{A1}/0/options/1/code": "1"},
        [(f"{A1}/0/options", "one descriptor for each level, in order: 1, 2, 3, 4")],
    ),
    "criterion without descriptors": (
        {f"{A1}/1/options": GONE},
        [(f"{A1}/1", "a question of kind criterion needs “options”")],
    ),
    "criterion without weight": (
        {f"{A1}/1/weight": GONE},
        [(f"{A1}/1", "a question of kind criterion needs “weight”")],
    ),
    "weight 0": ({f"{A1}/1/weight": "0"}, [(f"{A1}/1/weight", "the weight must be above 0")]),
    "weight below 0": (
        {"pillars/0/levers/0/weight": "-1.5"},
        [("pillars/0/levers/0/weight", "the weight must be above 0")],
    ),
    "weight that is a number": (
        {f"{A1}/1/weight": 2},
        [
            (
                f"{A1}/1/weight",
                "must be a weight above 0 with at most three decimals, as quoted text: '1', '2', '0.5'",
            )
        ],
    ),
    "unknown aggregation": (
        {"pillars/0/aggregation": "median"},
        [("pillars/0/aggregation", "“median” is not an aggregation: mean, weighted_mean, weakest_link, none")],
    ),
    "unknown kind": (
        {f"{A1}/2/kind": "time"},
        [
            (
                f"{A1}/2/kind",
                "“time” is not a kind of question: criterion, rating, choice, choices, yes_partly_no, number, "
                "percentage, money, date, text, link, table",
            )
        ],
    ),
    "choice without options": (
        {f"{G}/2/options": GONE, f"{G}/3/condition": GONE},
        [(f"{G}/2", "a question of kind choices needs “options”")],
    ),
    "choice with one option": (
        {f"{G}/2/options": [{"code": "sail", "text": TEXT}]},
        [(f"{G}/2/options", "a choice needs at least two options")],
    ),
    "number without unit": ({f"{G}/0/unit": GONE}, [(f"{G}/0", "a question of kind number needs “unit”")]),
    "date with unit": ({f"{A1}/2/unit": TEXT}, [(f"{A1}/2/unit", "a question of kind date has no “unit”")]),
    "date with options": (
        {f"{A1}/2/options": [OPTION]},
        [(f"{A1}/2/options", "a question of kind date has no “options”")],
    ),
    "table without rows": ({f"{A1}/3/rows": GONE}, [(f"{A1}/3", "a question of kind table needs “rows”")]),
    "table without columns": ({f"{A1}/3/columns": GONE}, [(f"{A1}/3", "a question of kind table needs “columns”")]),
    "criterion with rows": (
        {f"{A1}/0/rows": [OPTION]},
        [(f"{A1}/0/rows", "a question of kind criterion has no “rows”")],
    ),
    "fact with weight": ({f"{A1}/2/weight": "1"}, [(f"{A1}/2/weight", "a question of kind date has no “weight”")]),
    "operator that does not fit": (
        {f"{A1}/2/condition/operator": "includes"},
        [(f"{A1}/2/condition/operator", "“includes” does not fit A.1-1, a question of kind criterion")],
    ),
    "unknown operator": (
        {f"{A1}/2/condition/operator": "above"},
        [(f"{A1}/2/condition/operator", "“above” is not an operator: answered, is, is_not, includes, at_least")],
    ),
    "level that does not exist": (
        {f"{A1}/2/condition/value": "5"},
        [(f"{A1}/2/condition/value", "“5” is not a possible answer of A.1-1")],
    ),
    "option that does not exist": (
        {f"{G}/3/condition/value": "raft"},
        [(f"{G}/3/condition/value", "“raft” is not a possible answer of G-3")],
    ),
    "cell that does not exist": (
        {f"{WARNING}/unless": {"question": "A.1-4", "operator": "includes", "value": "crane:north"}},
        [(f"{WARNING}/unless/value", "“crane:north” is not a possible answer of A.1-4")],
    ),
    "value that is not a number": (
        {f"{WARNING}/unless": {"question": "G-1", "operator": "at_least", "value": "many"}},
        [(f"{WARNING}/unless/value", "“many” is not a number")],
    ),
    "operator without value": (
        {f"{A1}/2/condition/value": GONE},
        [(f"{A1}/2/condition", "“at_least” needs a value")],
    ),
    "answered with a value": (
        {f"{WARNING}/unless/value": "yes"},
        [(f"{WARNING}/unless/value", "“answered” takes no value")],
    ),
    "share above 1": (
        {"overall/minimum_share": "3/2"},
        [("overall/minimum_share", "a share lies between 0 and 1")],
    ),
    "share below 0": (
        {"pillars/1/minimum_share": "-1/2"},
        [("pillars/1/minimum_share", "must be a share from 0 to 1, as quoted text: '0', '2/3', '1'")],
    ),
    "levels not from 1 on": (
        {"levels/2/number": 4, "levels/3/number": 3},
        [
            ("levels/2/number", "the levels are numbered from 1 on, in order: this one is 3"),
            ("levels/3/number", "the levels are numbered from 1 on, in order: this one is 4"),
        ],
    ),
    "unknown tool": (
        {"pillars/0/levers/0/guidance/0/tool": "A.9-T1"},
        [("pillars/0/levers/0/guidance/0/tool", "“A.9-T1” is not a tool of this file")],
    ),
    "unknown lever": (
        {"instruments/1/sections/0/lever": "A.9"},
        [("instruments/1/sections/0/lever", "“A.9” is not a lever of this file")],
    ),
    "unknown requirement": (
        {f"{G}/4/requirement": "R9"},
        [(f"{G}/4/requirement", "“R9” is not a minimum requirement of this file")],
    ),
    "requirement answered by a date": (
        {f"{A1}/2/requirement": "R1"},
        [(f"{A1}/2/requirement", "only a question of kind yes_partly_no answers a minimum requirement")],
    ),
    "unknown institution": (
        {f"{A1}/0/knows": "navy"},
        [(f"{A1}/0/knows", "“navy” is not an institution: post, regulator, ministry, ib, other")],
    ),
    "three pieces of evidence": (
        {f"{A1}/1/evidence": TEXT},
        [(f"{A1}/2/evidence", "piece 3 for A.1; at most 2 a lever")],
    ),
    "guidance for some steps only": (
        {"pillars/0/levers/0/guidance/1": GONE},
        [
            (
                "pillars/0/levers/0/guidance",
                "one for each step from a level to the next, in order: [1, 2, 3], not [1, 3]",
            )
        ],
    ),
    "lever without a criterion": (
        {"instruments/0/sections/3/lever": "A.2"},
        [("pillars/1/levers/0", "no criterion counts for this lever")],
    ),
    "criterion that counts nowhere": (
        {"instruments/1/sections/1/aggregation": "none"},
        [
            (
                "instruments/1/sections/1/questions/0",
                "counts nowhere: its section has neither a lever nor an aggregation",
            )
        ],
    ),
    "two national instruments": (
        {"instruments/1/audience": "national"},
        [("instruments", "one instrument has the audience national, not 2")],
    ),
    "no national instrument": (
        {"instruments/0/audience": "experts"},
        [
            ("instruments", "at most one instrument has the audience experts, not 2"),
            ("instruments", "one instrument has the audience national, not 0"),
        ],
    ),
    "short name too long": (
        {"pillars/0/levers/0/short/en": "x" * 41},
        [("pillars/0/levers/0/short/en", "41 characters; at most 40 fit in tables")],
    ),
    "replaced and still there": (
        {f"{A1}/1/replaces": "A.1-1"},
        [(f"{A1}/1/replaces", "“A.1-1” is still the code of another question of this file")],
    ),
    "replaced twice": (
        {f"{A1}/1/replaces": "A.1-9", f"{A1}/2/replaces": "A.1-9"},
        [(f"{A1}/2/replaces", f"“A.1-9” stands already at {A1}/1")],
    ),
    "missing key": ({f"{A1}/0/help": GONE}, [(f"{A1}/0", "“help” is missing")]),
    "unknown key": ({f"{A1}/0/hint": TEXT}, [(f"{A1}/0/hint", "“hint” is not a key here")]),
    "version that is a number": (
        {"version": 1.0},
        [("version", "must be a version in quotes, like '2026.1'")],
    ),
    "list where a mapping belongs": ({"overall": ["mean"]}, [("overall", "must be a mapping")]),
}


@pytest.mark.parametrize(("edits", "found"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_file_is_refused_with_its_place(edits: dict[str, Any], found: list[tuple[str, str]]) -> None:
    edited = changed(**edits)
    lines = text_of(edited).split("\n")
    reported = problems(edited)
    assert [(problem.path, problem.message) for problem in reported] == found
    for problem in reported:  # the line is that of the key, or of the list's entry
        key = problem.path.rpartition("/")[2]
        assert lines[problem.line - 1].lstrip().startswith("- " if key.isdigit() else (f"{key}:", f"- {key}:"))


def test_every_problem_is_reported_at_once_in_the_order_of_the_lines() -> None:
    found = problems(changed(**{f"{A1}/1/weight": "0", "version": "first", "pillars/0/name/fr": GONE}))
    assert [problem.path for problem in found] == ["version", "pillars/0/name", f"{A1}/1/weight"]
    assert [problem.line for problem in found] == sorted(problem.line for problem in found)


def test_a_problem_reads_as_line_path_and_message() -> None:
    assert str(Problem(12, "pillars/0/name", "the English text is missing")) == (
        "12: pillars/0/name: the English text is missing"
    )


@pytest.mark.parametrize(
    ("source", "found"),
    [
        (b"", ["1: the file is empty"]),
        (b"code: [dre\n", ["2: this is not YAML: did not find expected ',' or ']'"]),
        (b"code: dre\ncode: sail\n", ["2: code: the key stands here twice"]),
        (b"name: &x {fr: a}\nnotice: *x\n", ["2: notice: a reference (*) to another place; write the value out"]),
        (
            b"name: !!python/name:os.system x\n",
            ["1: name: the tag tag:yaml.org,2002:python/name:os.system is not used"],
        ),
        (b'name: "a\\0b"\n', ["1: name: the character U+0000 cannot be kept"]),
        (b"? [a]\n: b\n", ["1: a key that is not a word"]),
        (b"name: \xff\n", ["1: this is not YAML: invalid"]),
    ],
)
def test_what_is_not_a_framework_in_yaml_is_refused(source: bytes, found: list[str]) -> None:
    reported = [str(problem) for problem in read(source).problems]
    assert [line[: len(start)] for line, start in zip(reported, found, strict=True)] == found


def test_a_file_that_is_no_mapping_is_refused() -> None:
    assert [str(problem) for problem in check(read(b"- dre"))] == ["1: must be a mapping"]


# ── Other versions ───────────────────────────────────────────────────────────

KNOWN = {
    "A.1-3": KnownQuestion(kind="date", unit={}, text={"fr": "Quand la décision a-t-elle été prise?"}),
    "A.1-2": KnownQuestion(kind="criterion", unit={}, text={"fr": "Comment le quai réservé est-il équipé?"}),
    "G-1": KnownQuestion(kind="number", unit={"fr": "quais"}, text={"fr": "Combien de quais le port a-t-il?"}),
    "G-9": KnownQuestion(kind="text", unit={}, text={"fr": "Quels voiliers entrent au port?"}),
}


@pytest.mark.parametrize(
    ("edits", "found"),
    [
        ({}, []),
        ({f"{A1}/2/text/fr": "À quelle date la décision a-t-elle été prise?"}, []),
        (
            {f"{A1}/2/text/fr": "Quel jour les voiles sont-elles hissées?"},
            [
                "A.1-3 asks “Quand la décision a-t-elle été prise?” in 0.9: give this question a new code, "
                "or say “replaces: A.1-3” if only the words have changed"
            ],
        ),
        ({f"{A1}/2/text/fr": "Quel jour les voiles sont-elles hissées?", f"{A1}/2/replaces": "A.1-3"}, []),
        (
            {f"{A1}/1/text/fr": "Combien de quais le port a-t-il équipé?"},
            [
                "A.1-2 asks “Comment le quai réservé est-il équipé?” in 0.9: give this question a new code, "
                "or say “replaces: A.1-2” if only the words have changed"
            ],
        ),
        ({f"{A1}/2/kind": "text"}, ["A.1-3 is of kind date in 0.9: give this question a new code"]),
        ({f"{G}/0/unit/fr": "mètres de quai"}, ["G-1 is in “quais” in 0.9: give this question a new code"]),
        ({f"{A1}/2/replaces": "G-9"}, ["“G-9” is of kind text in 0.9"]),
        ({f"{A1}/2/replaces": "G-8"}, ["“G-8” is not a question of another loaded version"]),
    ],
)
def test_a_code_keeps_meaning_kind_and_unit_in_other_versions(edits: dict[str, Any], found: list[str]) -> None:
    reported = [problem.message for problem in problems(changed(**edits), **{"0.9": KNOWN})]
    assert reported == found


@pytest.mark.parametrize(
    ("one", "other", "share"),
    [
        ("Le port a-t-il un quai?", "Le port a-t-il un quai?", 1),
        ("Combien de quais le port a-t-il?", "Combien de quais ont ces ports?", 4 / 6),
        ("Quand la décision a-t-elle été prise?", "Qui pilote?", 0),
        ("", "", 1),
    ],
)
def test_likeness_is_the_share_of_long_words_in_common(one: str, other: str, share: float) -> None:
    assert likeness(one, other) == share


# ── The one form ─────────────────────────────────────────────────────────────


def shuffled(value: Any) -> Any:
    """The same content with the keys of every mapping in the reverse order."""
    if isinstance(value, dict):
        return {key: shuffled(value[key]) for key in reversed(value)}
    return [shuffled(part) for part in value] if isinstance(value, list) else value


@pytest.mark.parametrize("path", [HARBOUR, DRE], ids=["harbour", "dre"])
def test_the_committed_file_is_its_own_one_form(path: Any) -> None:
    assert text_of(document(path)) == path.read_text(encoding="utf-8")


def test_order_of_keys_and_needless_zeros_make_no_difference() -> None:
    other = shuffled(changed(**{f"{A1}/1/weight": "2.000", "instruments/1/warnings": []}))
    file = read(text_of(other).encode())
    assert check(file) == []
    assert text_of(canonical(file.document)) == HARBOUR.read_text(encoding="utf-8")


def places(value: Any, path: str = "") -> list[str]:
    """The paths of everything in the document."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = [f"{path}/{key}".removeprefix("/") for key, _part in parts]
    return found + [deeper for key, part in parts for deeper in places(part, f"{path}/{key}")]


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 6)
    | st.sampled_from(["", "A.1-1", "none", "1", "2/0", "9/8", "é: x\n\n y"]),
    lambda parts: (
        st.lists(parts, max_size=2) | st.dictionaries(st.sampled_from(["code", "fr", "x"]), parts, max_size=2)
    ),
    max_leaves=4,
)


@settings(max_examples=60, deadline=None)
@given(
    edits=st.dictionaries(st.sampled_from(places(document(HARBOUR))), ANYTHING | st.just(GONE), min_size=1, max_size=1)
)
def test_whatever_stands_in_a_place_is_refused_or_kept(edits: dict[str, Any]) -> None:
    file = read(text_of(changed(**edits)).encode())
    if not check(file):
        written = text_of(canonical(file.document))
        assert canonical(read(written.encode()).document) == canonical(file.document)


@given(text=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1))
def test_any_text_survives_the_file(text: str) -> None:
    assert read(text_of({"fr": text}).encode()).document == {"fr": text}


def test_the_digest_is_that_of_the_file() -> None:
    assert framework_file.digest(b"code: dre\n") == "db03e68fce5d9ff7a9055218886b0314cb28d7255261297fc192bf235b5aa859"
