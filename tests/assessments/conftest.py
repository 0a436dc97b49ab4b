"""What most tests of the work begin with: an open questionnaire, and its coordinator."""

import pytest
from django.test import Client

from accounts.models import User
from assessments.models import AnswerSheet
from projects.models import Project
from projects.permissions import Role
from tests.clients import signed_in
from tests.factories.assessments import national_sheet, opened_project
from tests.factories.projects import member


@pytest.fixture
def project(db: None) -> Project:
    return opened_project()


@pytest.fixture
def sheet(project: Project) -> AnswerSheet:
    return national_sheet(project)


@pytest.fixture
def focal(project: Project) -> User:
    """The national coordinator (focal point)."""
    return member(project, Role.COORDINATOR)


@pytest.fixture
def as_focal(focal: User) -> Client:
    return signed_in(focal)
