"""Observations and sources: written while the project runs, kept as they are once released."""

import datetime

import pytest

from assessments.actions.observations import add_observation, edit_observation, remove_observation
from assessments.actions.sources import add_source, remove_source
from assessments.models import Observation, ObservationKind, Source
from projects.models import MoveNotAllowed, ProjectStatus
from tests.factories.assessments import (
    ObservationFactory,
    SourceFactory,
    question,
    release,
    submit,
)
from tests.factories.projects import ProjectFactory, member


def test_an_observation_is_about_a_question_of_a_lever(project):
    expert, about = member(project, "expert"), question(project, "A.1-1")

    saved = add_observation(
        project, lever=about.section.lever, question=about, kind=ObservationKind.RISK, text="Un quai s’ensable.",
        by=expert, language="fr",
    )  # fmt: skip

    assert list(project.observations.all()) == [saved]
    assert (saved.lever.code, saved.question, saved.kind, saved.language, saved.by) == (
        "A.1", about, ObservationKind.RISK, "fr", expert,
    )  # fmt: skip


def test_an_observation_is_edited_by_whoever_writes_last(project):
    observation, other = ObservationFactory(project=project), member(project, "expert")
    edit_observation(
        observation, question=None, kind=ObservationKind.STRENGTH, text="The quay is dredged.", by=other, language="en"
    )
    observation.refresh_from_db()
    assert (observation.kind, observation.text, observation.by) == ("strength", "The quay is dredged.", other)


def test_a_removed_observation_is_gone(project):
    observation = ObservationFactory(project=project)
    remove_observation(observation, by=project.manager)
    assert not Observation.objects.exists()


def test_observations_stay_as_they_are_once_released(project):
    observation = ObservationFactory(project=project, text="As released")
    submit(project)
    release(project)
    with pytest.raises(MoveNotAllowed):
        add_observation(
            project, lever=observation.lever, question=None, kind="gap", text="Late", by=project.manager, language="en"
        )
    with pytest.raises(MoveNotAllowed):
        edit_observation(observation, question=None, kind="gap", text="Late", by=project.manager, language="en")
    with pytest.raises(MoveNotAllowed):
        remove_observation(observation, by=project.manager)
    assert [row.text for row in Observation.objects.all()] == ["As released"]


def test_nothing_is_written_in_a_suspended_project(db):
    project = ProjectFactory(status=ProjectStatus.SUSPENDED, reason="Floods")
    with pytest.raises(MoveNotAllowed):
        add_source(
            project, kind=Source.Kind.PERSON, title="Ana", detail="", dated_on=None, by=project.manager, language="en"
        )


def test_sources_are_added_and_removed(project):
    kept = SourceFactory(project=project)
    added = add_source(
        project, kind=Source.Kind.DOCUMENT, title="Annual report", detail="Valmara Post",
        dated_on=datetime.date(2025, 12, 31), by=project.manager, language="en",
    )  # fmt: skip
    assert list(project.sources.order_by("pk")) == [kept, added]
    remove_source(added, by=project.manager)
    assert list(project.sources.all()) == [kept]
