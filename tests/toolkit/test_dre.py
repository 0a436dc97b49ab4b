"""The real framework holds what the project asks of it (METHODOLOGY 2 to 7)."""

from collections import Counter
from typing import Any

import pytest

from tests.factories.toolkit import DRE, document
from toolkit.framework_file import SCHEMA

FRAMEWORK = document(DRE)
NATIONAL, EXPERTS = FRAMEWORK["instruments"]
LEVERS = [lever for pillar in FRAMEWORK["pillars"] for lever in pillar["levers"]]
LEVER_SECTIONS = [section for section in NATIONAL["sections"] if "lever" in section]
KINDS = set(SCHEMA["$defs"]["kind"]["enum"])


def questions(*sections: dict[str, Any]) -> list[dict[str, Any]]:
    return [question for section in sections for question in section["questions"]]


def section(code: str) -> dict[str, Any]:
    return next(section for section in NATIONAL["sections"] if section["code"] == code)


def test_it_has_five_levels_three_pillars_eleven_levers_and_seven_steps() -> None:
    assert [level["name"]["fr"] for level in FRAMEWORK["levels"]] == [
        "Non engagé", "Amorcé", "Établi", "Appliqué et mesuré", "Pérenne et partagé",
    ]  # fmt: skip
    assert [len(pillar["levers"]) for pillar in FRAMEWORK["pillars"]] == [3, 4, 4]
    assert [requirement["code"] for requirement in FRAMEWORK["requirements"]] == ["MR1", "MR2"]
    assert Counter(step["phase"] for step in FRAMEWORK["steps"]) == {"preparatory": 2, "on_site": 3, "follow_up": 2}


def test_every_lever_has_a_tool_support_and_guidance_from_each_level_to_the_next() -> None:
    assert [len(lever["tools"]) for lever in LEVERS] == [1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1]
    assert all(lever["support"]["text"]["fr"] for lever in LEVERS)
    assert sum(len(lever["guidance"]) for lever in LEVERS) == 44


def test_sections_stand_in_order() -> None:
    assert [section["code"] for section in NATIONAL["sections"]] == [
        "G", "MR", *(lever["code"] for lever in LEVERS),
    ]  # fmt: skip
    assert [section["lever"] for section in LEVER_SECTIONS] == [lever["code"] for lever in LEVERS]


def test_the_questionnaire_is_short_enough() -> None:
    """10 core questions of the general sheet, 4 on the requirements, 26 to 30 criteria, at most 18 core facts."""
    assert sum(question["core"] for question in questions(section("G"))) == 10
    assert len(questions(section("MR"))) == 4
    asked = questions(*LEVER_SECTIONS)
    assert 26 <= sum(question["kind"] == "criterion" for question in asked) <= 30
    assert sum(question["core"] and question["kind"] != "criterion" for question in asked) <= 18


@pytest.mark.parametrize("section", LEVER_SECTIONS, ids=lambda section: section["code"])
def test_every_lever_has_two_or_three_criteria_and_at_most_two_pieces_of_evidence(section: dict[str, Any]) -> None:
    criteria = [question for question in section["questions"] if question["kind"] == "criterion"]
    assert len(criteria) in {2, 3}
    assert [len(criterion["options"]) for criterion in criteria] == [5] * len(criteria)
    assert 1 <= sum("evidence" in question for question in section["questions"]) <= 2


def test_the_checklist_has_36_to_45_items_in_nine_domains() -> None:
    assert [section["code"] for section in EXPERTS["sections"]] == [f"D{number}" for number in range(1, 10)]
    assert 36 <= len(questions(*EXPERTS["sections"])) <= 45
    assert {question["kind"] for question in questions(*EXPERTS["sections"])} == {"rating"}


def test_every_kind_of_question_is_used() -> None:
    asked = questions(*NATIONAL["sections"], *EXPERTS["sections"])
    assert {question["kind"] for question in asked} == KINDS
    families = next(question for question in asked if len(question.get("rows", [])) == 6)
    assert [column["text"]["en"] for column in families["columns"]] == [
        "Directly", "With a partner", "Planned", "No",
    ]  # fmt: skip


def test_every_question_has_help_and_an_example_and_names_who_knows() -> None:
    asked = questions(*NATIONAL["sections"], *EXPERTS["sections"])
    assert [question["code"] for question in asked if not {"help", "example", "knows"} <= set(question)] == []


def test_money_and_obstacles_are_confidential_by_default_and_some_questions_are_conditional() -> None:
    asked = questions(*NATIONAL["sections"])
    assert [
        question["code"] for question in asked if question["kind"] == "money" and not question["confidential"]
    ] == []
    assert sum("condition" in question for question in asked) >= 10
    assert len(NATIONAL["warnings"]) == 10
