"""The counters of a sheet are rows, written by whatever changes them; `recount` proves and mends them."""

import importlib
import random

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command

from assessments.actions.submissions import return_sheet
from assessments.desk import criteria_without_level
from assessments.models import Answer, AnswerSheet, AnswerStatus, SheetSection
from assessments.outline import structure
from assessments.progress import mend
from assessments.situations import needs, situation, with_needs, with_situation
from projects.models import Project
from reports.world import Size, World
from tests.factories.assessments import (
    answer,
    checklist,
    decide,
    national_sheet,
    question,
    section,
    submit,
)

NOT_APPLICABLE = {"status": AnswerStatus.NOT_APPLICABLE, "reason": "There is no harbour office."}


def undecided(project):
    """The counter, once it was seen to be what the release page lists, and what both readers of it say."""
    sheet = national_sheet(project)
    every = Project.objects.select_related("country")
    assert sheet.undecided == len(criteria_without_level(sheet))
    assert mend(sheet.pk, write=False) == []
    shown = {needs(with_needs(every).get(pk=project.pk)).to_validate}
    shown.add(situation(with_situation(every).get(pk=project.pk)).to_validate)
    assert shown == {0 if sheet.is_open else sheet.undecided}
    return sheet.undecided


def test_what_experts_have_not_decided_is_counted_as_they_decide(project):
    assert undecided(project) == 4
    answer(project, "A.1-1", 3)
    answer(project, "A.2-1", **NOT_APPLICABLE)
    submit(project)
    assert undecided(project) == 4

    decide(project, "A.1-1", private_note="To ask again")
    assert undecided(project) == 4
    decide(project, "A.1-1", 3)
    assert undecided(project) == 3
    decide(project, "A.2-1", accepts_not_applicable=False, reason="It opened in May.")
    assert undecided(project) == 3
    decide(project, "A.2-1", accepts_not_applicable=True)
    assert undecided(project) == 2
    decide(project, "A.1-1", private_note="Taken back")
    assert undecided(project) == 3


def test_what_experts_have_not_decided_is_counted_when_the_country_answers_otherwise_after_a_return(project):
    answer(project, "A.2-1", **NOT_APPLICABLE)
    submit(project)
    decide(project, "A.2-1", accepts_not_applicable=True)
    assert undecided(project) == 3
    comments = {section(project, "A.2"): "Since when?"}
    return_sheet(national_sheet(project), whole="", sections=comments, by=project.manager)
    answer(project, "A.2-1", 2)
    assert undecided(project) == 4
    answer(project, "A.2-1", 3)
    assert undecided(project) == 4
    answer(project, "A.2-1", **NOT_APPLICABLE)
    assert undecided(project) == 3


def test_experts_have_nothing_to_decide_on_their_own_checklist(project):
    answer(project, "D1-1", 2, institution="ib")
    assert (checklist(project).answered, checklist(project).undecided) == (1, 0)


def test_recount_finds_what_differs_and_mends_it(project, capsys):
    answer(project, "A.1-1", 3)
    answer(project, "A.1-3", "2026-05-01")
    sheet = national_sheet(project)
    call_command("recount", "--check")
    SheetSection.objects.filter(sheet=sheet, section=section(project, "A.1")).update(answered=0)
    AnswerSheet.objects.filter(pk=sheet.pk).update(undecided=1)
    Answer.objects.filter(sheet=sheet, question=question(project, "A.1-3")).update(is_counted=False)
    capsys.readouterr()

    with pytest.raises(CommandError, match="1 of 2 sheets"):
        call_command("recount", "--check")
    assert capsys.readouterr().out.splitlines() == [
        f"{project} questionnaire: section A.1: Count(answered=0, applicable=4), "
        "computed Count(answered=2, applicable=4)",
        f"{project} questionnaire: undecided: 1, computed 4",
        f"{project} questionnaire: answer A.1-3 is counted: False, computed True",
    ]
    with pytest.raises(CommandError):
        call_command("recount", "--check")  # it changed nothing
    call_command("recount")
    call_command("recount", "--check")
    assert capsys.readouterr().out.splitlines()[-2:] == ["2 sheets, 1 mended.", "2 sheets, 0 to mend."]


def test_counters_are_those_of_a_fresh_count_whatever_is_saved(project):
    """Saves that hide and show questions, take answers back, and change nothing that counts."""
    chance = random.Random(20)
    sheet, made_up = national_sheet(project), World(project.framework, Size(1, 1, 3), chance)
    whole = structure(sheet.instrument)
    hidden = set()
    for _turn in range(150):
        asked = chance.choice(list(whole.questions.values()))
        status = chance.choice([*["answered"] * 3, "blank", "dont_know", "not_applicable"])
        said = {
            "answered": {"value": made_up.value(asked, whole), "status": "answered"},
            "not_applicable": NOT_APPLICABLE,
        }.get(status, {"status": status})
        answer(project, asked.code, **said)
        assert mend(sheet.pk, write=False) == []
        hidden.add(Answer.objects.filter(sheet=sheet, is_counted=False).count())
    assert len(hidden) > 2  # conditions had their say


def test_the_migration_counts_what_was_undecided_before_there_was_a_counter(project):
    answer(project, "A.1-1", 3)
    answer(project, "A.2-1", **NOT_APPLICABLE)
    submit(project)
    decide(project, "A.1-1", 3)
    decide(project, "A.2-1", accepts_not_applicable=True)
    AnswerSheet.objects.update(undecided=0)

    importlib.import_module("assessments.migrations.0003_count_undecided").count_undecided(apps, None)

    assert undecided(project) == 2
    assert checklist(project).undecided == 0
