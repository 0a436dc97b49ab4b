"""Countries, projects and who is in them."""

import datetime
from typing import Any

import factory
from django.utils import timezone

from accounts.models import User
from foundation.fields import Texts
from projects.models import (
    Country,
    CountryRequest,
    DesignatedOperator,
    Function,
    Invitation,
    Membership,
    Project,
    ProjectEvent,
    Region,
    RequestStatus,
    StaffGrant,
    Step,
    Visit,
)
from projects.permissions import Role, StaffRole
from tests.factories.accounts import UserFactory
from tests.factories.toolkit import published_framework
from toolkit.models import Institution


class CountryFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Country

    code = factory.Sequence(lambda n: f"valmara-{n}")
    name = factory.LazyAttributeSequence(
        lambda _country, n: Texts(fr=f"République de Valmara {n}", en=f"Republic of Valmara {n}")
    )
    region = Region.AFRICA
    languages = factory.LazyFunction(lambda: ["fr", "en"])
    is_fictitious = True


class DesignatedOperatorFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = DesignatedOperator

    country = factory.SubFactory(CountryFactory)
    name = factory.Sequence(lambda n: f"Poste de Valmara {n}")


class CountryRequestFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = CountryRequest

    class Params:
        accepted = factory.Trait(
            status=RequestStatus.ACCEPTED,
            decided_at=factory.LazyFunction(timezone.now),
            decided_by=factory.SelfAttribute("recorded_by"),
        )

    country = factory.SubFactory(CountryFactory)
    received_on = datetime.date(2026, 3, 2)
    sender = "Directrice générale, Poste de Valmara"
    recorded_by = factory.SubFactory(UserFactory)


class ProjectFactory(factory.django.DjangoModelFactory):
    """A running project of the small framework; `released=True` after the levels were given to the country."""

    class Meta:
        model = Project

    class Params:
        released = factory.Trait(
            released_at=factory.LazyFunction(timezone.now),
            released_by=factory.SelfAttribute("manager"),
            released_on=datetime.date(2026, 9, 10),
        )

    operator = factory.SubFactory(DesignatedOperatorFactory)
    country = factory.SelfAttribute("operator.country")
    framework = factory.LazyFunction(published_framework)
    cycle = "Dubai 2026–2029"
    language = "fr"
    manager = factory.SubFactory(UserFactory)
    created_by = factory.SelfAttribute("manager")


class VisitFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Visit

    project = factory.SubFactory(ProjectFactory)
    starts_on = datetime.date(2026, 6, 15)
    ends_on = datetime.date(2026, 6, 18)


class StepFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Step

    project = factory.SubFactory(ProjectFactory)
    step = factory.LazyAttribute(lambda step: step.project.framework.steps.order_by("number").first())


class MembershipFactory(factory.django.DjangoModelFactory):
    """A coordinator of the Post; the traits are the other roles, with the institution and function that suit them."""

    class Meta:
        model = Membership

    class Params:
        contributor = factory.Trait(role=Role.CONTRIBUTOR, function=Function.SPECIALIST)
        regulator = factory.Trait(role=Role.CONTRIBUTOR, function=Function.REGULATOR, institution=Institution.REGULATOR)
        signatory = factory.Trait(role=Role.SIGNATORY, function=Function.CHIEF_EXECUTIVE)
        expert = factory.Trait(role=Role.EXPERT, function=Function.EXPERT, institution=Institution.OTHER)
        observer = factory.Trait(role=Role.OBSERVER, function=Function.OBSERVER, institution=Institution.OTHER)

    project = factory.SubFactory(ProjectFactory)
    user = factory.SubFactory(UserFactory)
    role = Role.COORDINATOR
    institution = Institution.POST
    function = Function.COORDINATOR


class StaffGrantFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = StaffGrant

    class Params:
        administrator = factory.Trait(role=StaffRole.ADMINISTRATOR)

    user = factory.SubFactory(UserFactory)
    role = StaffRole.PROJECT_MANAGER
    regions = factory.LazyFunction(list)


class InvitationFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Invitation

    class Params:
        expired = factory.Trait(expires_at=factory.LazyFunction(lambda: timezone.now() - datetime.timedelta(days=1)))
        withdrawn = factory.Trait(
            withdrawn_at=factory.LazyFunction(timezone.now), withdrawn_by=factory.SelfAttribute("invited_by")
        )
        accepted = factory.Trait(
            accepted_at=factory.LazyFunction(timezone.now), accepted_by=factory.SubFactory(UserFactory)
        )

    project = factory.SubFactory(ProjectFactory)
    email = factory.Sequence(lambda n: f"guest{n}@valmara.example")
    name = factory.Sequence(lambda n: f"Guest {n}")
    role = Role.CONTRIBUTOR
    institution = Institution.POST
    function = Function.SPECIALIST
    language = "en"
    invited_by = factory.SelfAttribute("project.manager")


class ProjectEventFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ProjectEvent

    project = factory.SubFactory(ProjectFactory)
    kind = "member_joined"
    by = factory.SelfAttribute("project.manager")


def member(project: Project, role: str, **fields: Any) -> User:
    """A new person with that role in the project (see MembershipFactory's traits)."""
    trait = {role: True} if role != Role.COORDINATOR else {}
    return MembershipFactory(project=project, **trait, **fields).user


def staff(role: str = StaffRole.PROJECT_MANAGER, **fields: Any) -> User:
    """A new person of the International Bureau."""
    return StaffGrantFactory(role=role, **fields).user
