"""Who and when: countries, operators, country projects, steps, teams, visits, requests (DESIGN, Project)."""

import datetime
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from foundation.constraints import all_or_none, one_of, only_when
from foundation.fields import TextsField, public_id
from projects.permissions import Role, StaffRole
from toolkit.models import FrameworkVersion, Institution, MethodStep


class Region(models.TextChoices):
    """Development-cooperation regions (METHODOLOGY 8)."""

    AFRICA = "africa", _("Africa")
    ARAB = "arab", _("Arab region")
    ASIA_PACIFIC = "asia_pacific", _("Asia-Pacific")
    CARIBBEAN = "caribbean", _("Caribbean")
    LATIN_AMERICA = "latin_america", _("Latin America")
    EUROPE_CIS = "europe_cis", _("Europe and CIS")
    INDUSTRIALISED = "industrialised", _("Industrialized countries")


class CountryQuerySet(models.QuerySet["Country"]):
    def covered_by(self, user: Any) -> "CountryQuerySet":
        """The countries of the regions for which the person is staff of the International Bureau."""
        grants = grants_of(user)
        if any(grant.covers_every_region for grant in grants):
            return self.all()
        return self.filter(region__in={region for grant in grants for region in grant.regions})


class Country(models.Model):
    """A UPU member country, by the UPU's official name; or a fictitious one, for demonstrations."""

    code = models.CharField(max_length=20, unique=True)
    iso2 = models.CharField(max_length=2, blank=True)
    name = TextsField()
    region = models.CharField(max_length=20, choices=Region.choices)
    languages = models.JSONField(default=list)  # working languages to offer, likeliest first
    is_fictitious = models.BooleanField(default=False)

    objects = CountryQuerySet.as_manager()

    class Meta:
        ordering = ["code"]
        constraints = [one_of("region", Region.values, name="country_region_known")]

    def __str__(self) -> str:
        return self.code


class DesignatedOperator(models.Model):
    country = models.ForeignKey(Country, on_delete=models.PROTECT, related_name="operators")
    name = models.CharField(max_length=150)

    class Meta:
        ordering = ["country", "name"]
        constraints = [models.UniqueConstraint(fields=["country", "name"], name="operator_once")]

    def __str__(self) -> str:
        return self.name


class RequestStatus(models.TextChoices):
    RECEIVED = "received", _("Received")
    ACCEPTED = "accepted", _("Accepted")
    DECLINED = "declined", _("Declined")


class CountryRequestQuerySet(models.QuerySet["CountryRequest"]):
    def visible_to(self, user: Any) -> "CountryRequestQuerySet":
        """The requests of the countries for which the person is staff; every look-up starts here."""
        return self.filter(country__in=Country.objects.covered_by(user))

    def received(self) -> "CountryRequestQuerySet":
        return self.filter(status=RequestStatus.RECEIVED)

    def in_working_order(self) -> "CountryRequestQuerySet":
        """Those to decide first, the one that waits longest on top; then the decided ones, newest first."""
        waiting = models.Case(models.When(status=RequestStatus.RECEIVED, then=models.F("received_on")))
        return self.order_by(waiting.asc(nulls_last=True), "-received_on", "-pk")


class CountryRequest(models.Model):
    """A country asks for a project; the IB accepts it or not."""

    public_id = public_id()
    country = models.ForeignKey(Country, on_delete=models.PROTECT, related_name="requests")
    received_on = models.DateField()
    sender = models.CharField(max_length=200)  # who wrote, in which function
    note = models.TextField(blank=True)
    status = models.CharField(max_length=10, choices=RequestStatus.choices, default=RequestStatus.RECEIVED)
    recorded_at = models.DateTimeField(default=timezone.now)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    objects = CountryRequestQuerySet.as_manager()

    class Meta:
        ordering = ["-received_on", "-pk"]
        constraints = [
            one_of("status", RequestStatus.values, name="country_request_status_known"),
            all_or_none("decided_at", "decided_by", name="country_request_decided_at_with_by"),
            models.CheckConstraint(
                condition=Q(status="received", decided_at__isnull=True)
                | (~Q(status="received") & Q(decided_at__isnull=False)),
                name="country_request_decided_when_not_received",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.country} {self.received_on}"

    def decide(self, status: RequestStatus, *, by: Any) -> None:
        """Accept or decline, by one guarded UPDATE; the loser of two clicks is told."""
        if (
            not CountryRequest.objects.received()
            .filter(pk=self.pk)
            .update(  # type: ignore[attr-defined]
                status=status, decided_at=timezone.now(), decided_by=by
            )
        ):
            raise MoveNotAllowed(_("The request was decided meanwhile. Look at the page again."))
        self.refresh_from_db()


class StaffGrantQuerySet(models.QuerySet["StaffGrant"]):
    def of(self, user: Any) -> "StaffGrantQuerySet":
        return self.filter(user=user, user__is_active=True)


class StaffGrant(models.Model):
    """A role at the International Bureau; a project manager's may be limited to regions (empty: all)."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="grants")
    role = models.CharField(max_length=20, choices=StaffRole.choices)
    regions = models.JSONField(default=list, blank=True)

    objects = StaffGrantQuerySet.as_manager()

    class Meta:
        ordering = ["user", "role"]
        constraints = [
            models.UniqueConstraint(fields=["user", "role"], name="staff_grant_once"),
            one_of("role", StaffRole.values, name="staff_grant_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.role}"

    @property
    def covers_every_region(self) -> bool:
        return self.role == StaffRole.ADMINISTRATOR or not self.regions

    def covers(self, region: str) -> bool:
        return self.covers_every_region or region in self.regions


def grants_of(user: Any) -> list[StaffGrant]:
    """The person's grants, kept on the instance: a request asks for them several times."""
    kept: list[StaffGrant] | None = getattr(user, "_grants", None)
    if kept is None:
        kept = user._grants = list(StaffGrant.objects.of(user))
    return kept


class ProjectStatus(models.TextChoices):
    RUNNING = "running", _("Running")
    SUSPENDED = "suspended", _("Suspended")
    CANCELLED = "cancelled", _("Cancelled")
    CLOSED = "closed", _("Closed")


OVER = {ProjectStatus.CANCELLED, ProjectStatus.CLOSED}
MOVES = {
    ProjectStatus.RUNNING: {ProjectStatus.SUSPENDED, ProjectStatus.CANCELLED, ProjectStatus.CLOSED},
    ProjectStatus.SUSPENDED: {ProjectStatus.RUNNING, ProjectStatus.CANCELLED},
    ProjectStatus.CANCELLED: set(),
    ProjectStatus.CLOSED: {ProjectStatus.RUNNING},
}


class MoveNotAllowed(Exception):
    """The state does not allow it (any more); `str()` is a sentence for the person."""


@dataclass(frozen=True)
class Places:
    """A person's roles in a project, and the institutions they stand for."""

    roles: frozenset[str]
    institutions: frozenset[str]


class ProjectQuerySet(models.QuerySet["Project"]):
    def visible_to(self, user: Any) -> "ProjectQuerySet":
        """The projects in which the person has a role today; every look-up starts here."""
        if not getattr(user, "is_authenticated", False) or not user.is_active:
            return self.none()
        grants = grants_of(user)
        if any(grant.covers_every_region for grant in grants):
            return self.all()
        regions = {region for grant in grants for region in grant.regions}
        member = Membership.objects.current().filter(user=user).values("project")
        return self.filter(Q(pk__in=member) | Q(country__region__in=regions))


class Project(models.Model):
    """One country's assessment: one round, by one framework version."""

    public_id = public_id()
    country = models.ForeignKey(Country, on_delete=models.PROTECT, related_name="projects")
    operator = models.ForeignKey(DesignatedOperator, on_delete=models.PROTECT, related_name="projects")
    framework = models.ForeignKey(FrameworkVersion, on_delete=models.PROTECT, related_name="projects")
    request = models.OneToOneField(CountryRequest, on_delete=models.PROTECT, null=True, blank=True)
    cycle = models.CharField(max_length=60)  # the UPU's: "Dubai 2026–2029"
    round = models.PositiveSmallIntegerField(default=1)
    language = models.CharField(max_length=5, choices=settings.LANGUAGES)
    time_zone = models.CharField(max_length=60, default="UTC")
    manager = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="managed_projects")
    status = models.CharField(max_length=10, choices=ProjectStatus.choices, default=ProjectStatus.RUNNING)
    reason = models.TextField(blank=True)  # of a suspension or cancellation
    show_overall = models.BooleanField(default=False)  # chosen by the manager (5.8)
    questionnaire_due = models.DateField(null=True, blank=True)
    released_at = models.DateTimeField(null=True, blank=True)  # levels released to the country
    released_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    released_on = models.DateField(null=True, blank=True)  # the date of the "remise au pays"
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    objects = ProjectQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            one_of("status", ProjectStatus.values, name="project_status_known"),
            all_or_none("released_at", "released_by", "released_on", name="project_released_at_with_by"),
            only_when("status", "cancelled", ~Q(reason=""), name="project_cancelled_with_reason"),
            models.UniqueConstraint(
                fields=["operator", "cycle", "round"], condition=~Q(status="cancelled"), name="project_round_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.country} {self.round}"

    def get_absolute_url(self) -> str:
        return reverse("assessments:project_detail", args=[self.public_id])

    @property
    def is_released(self) -> bool:
        return self.released_at is not None

    @property
    def is_running(self) -> bool:
        return self.status == ProjectStatus.RUNNING

    def require_running(self) -> None:
        """Raises MoveNotAllowed, with the reason, where the project is not running."""
        if not self.is_running:
            raise MoveNotAllowed(_("The project is not running, so nothing can be changed in it."))

    @property
    def is_over(self) -> bool:
        return self.status in OVER

    def places_of(self, user: Any) -> "Places":
        """What the person is in this project today, memberships and grants together (cached on the instance)."""
        cache: dict[int, Places] = self.__dict__.setdefault("_places", {})
        if user.pk not in cache:
            cache[user.pk] = self.places(Membership.objects.current().filter(project=self, user=user), user)
        return cache[user.pk]

    def places(self, members: "Iterable[Membership]", user: Any) -> "Places":
        """The places that these memberships of the person give here, with those of their grants."""
        found = [(member.role, member.institution) for member in members]
        found += [(grant.role, Institution.IB) for grant in grants_of(user) if grant.covers(self.country.region)]
        return Places(frozenset(role for role, _place in found), frozenset(place for _role, place in found))

    def know_places_of(self, user: Any, places: "Places") -> None:
        """Keep what was read together with the project."""
        self.__dict__.setdefault("_places", {})[user.pk] = places

    def roles_of(self, user: Any) -> frozenset[str]:
        return self.places_of(user).roles

    def move(self, to: ProjectStatus, *, reason: str = "") -> None:
        """One guarded UPDATE: of two people who click at once, the database chooses."""
        if to not in MOVES[ProjectStatus(self.status)] or not Project.objects.filter(
            pk=self.pk, status=self.status
        ).update(status=to, reason=reason):
            raise MoveNotAllowed(_("The project’s state has changed meanwhile. Look at the page again."))
        self.refresh_from_db()

    @cached_property
    def visit(self) -> "Visit | None":
        return self.visits.order_by("starts_on").first()


def know_places(projects: Iterable[Project], user: Any) -> None:
    """Read the person's places in all of them at once: one query instead of one each."""
    places: dict[int, list[Membership]] = {}
    for member in Membership.objects.current().filter(user=user, project__in=projects).order_by("pk"):
        places.setdefault(member.project_id, []).append(member)
    for project in projects:
        project.know_places_of(user, project.places(places.get(project.pk, []), user))


class Visit(models.Model):
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="visits")
    starts_on = models.DateField()
    ends_on = models.DateField()
    place = models.CharField(max_length=100, blank=True)

    class Meta:
        ordering = ["project", "starts_on"]
        constraints = [models.CheckConstraint(condition=Q(ends_on__gte=models.F("starts_on")), name="visit_ends_after")]

    def __str__(self) -> str:
        return f"{self.starts_on} – {self.ends_on}"

    @property
    def days(self) -> int:
        return (self.ends_on - self.starts_on).days + 1


class Step(models.Model):
    """A step of the method in a project: when it is due, when and by whom it was done."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="steps")
    step = models.ForeignKey(MethodStep, on_delete=models.PROTECT, related_name="+")
    due_on = models.DateField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["project", "step__number"]
        constraints = [
            models.UniqueConstraint(fields=["project", "step"], name="step_once"),
            all_or_none("done_at", "done_by", name="step_done_at_with_by"),
        ]

    def __str__(self) -> str:
        return f"{self.project} {self.step}"


class Function(models.TextChoices):
    """What a member does in the team (METHODOLOGY 2, MR1, and 8)."""

    CHIEF_EXECUTIVE = "chief_executive", _("Chief executive")
    MONITORING_OFFICER = "monitoring_officer", _("Monitoring officer")
    COORDINATOR = "coordinator", _("Coordinator")
    SPECIALIST = "specialist", _("Specialist")
    REGULATOR = "regulator", _("Regulator’s representative")
    MINISTRY = "ministry", _("Ministry’s representative")
    EXPERT = "expert", _("Expert")
    OBSERVER = "observer", _("Observer")
    OTHER = "other", _("Other function")


class MembershipQuerySet(models.QuerySet["Membership"]):
    def current(self) -> "MembershipQuerySet":
        return self.filter(Q(until__isnull=True) | Q(until__gte=datetime.date.today()), user__is_active=True)


class Membership(models.Model):
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="memberships")
    public_id = public_id()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role.choices)
    institution = models.CharField(max_length=10, choices=Institution.choices)
    function = models.CharField(max_length=20, choices=Function.choices)
    until = models.DateField(null=True, blank=True)  # last day of access; experts' end by themselves
    added_at = models.DateTimeField(default=timezone.now)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        ordering = ["project", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["project", "user", "role"], name="membership_once"),
            one_of("role", Role.values, name="membership_role_known"),
            one_of("institution", Institution.values, name="membership_institution_known"),
            one_of("function", Function.values, name="membership_function_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.role}"

    @property
    def is_current(self) -> bool:
        """The same rule as `MembershipQuerySet.current`, for a row at hand with its person."""
        return self.user.is_active and (self.until is None or self.until >= datetime.date.today())


def invitation_token() -> str:
    return secrets.token_urlsafe(24)


def invitation_code() -> str:
    """Eight characters to read out on the telephone: no 0, O, 1, I, L."""
    return "".join(secrets.choice("ABCDEFGHJKMNPQRSTUVWXYZ23456789") for _position in range(8))


def invitation_end() -> datetime.datetime:
    return timezone.now() + datetime.timedelta(days=14)


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def unanswered(self) -> "InvitationQuerySet":
        """Neither accepted nor withdrawn; those that ran out too, which can be renewed."""
        return self.filter(accepted_at__isnull=True, withdrawn_at__isnull=True)

    def open(self) -> "InvitationQuerySet":
        """Those that can still be accepted. A project that is over takes nobody."""
        return self.unanswered().filter(expires_at__gt=timezone.now()).exclude(project__status__in=OVER)


class Invitation(models.Model):
    """A place in a team offered to a person, by link or by a one-time code."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="invitations")
    public_id = public_id()
    email = models.EmailField()
    name = models.CharField(max_length=150)
    role = models.CharField(max_length=20, choices=Role.choices)
    institution = models.CharField(max_length=10, choices=Institution.choices)
    function = models.CharField(max_length=20, choices=Function.choices)
    language = models.CharField(max_length=5, choices=settings.LANGUAGES)
    until = models.DateField(null=True, blank=True)
    token = models.CharField(max_length=64, unique=True, default=invitation_token)
    code = models.CharField(max_length=8, unique=True, default=invitation_code)
    expires_at = models.DateTimeField(default=invitation_end)
    invited_at = models.DateTimeField(default=timezone.now)
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ["project", "-invited_at"]
        constraints = [
            one_of("role", Role.values, name="invitation_role_known"),
            one_of("institution", Institution.values, name="invitation_institution_known"),
            one_of("function", Function.values, name="invitation_function_known"),
            all_or_none("accepted_at", "accepted_by", name="invitation_accepted_at_with_by"),
            all_or_none("withdrawn_at", "withdrawn_by", name="invitation_withdrawn_at_with_by"),
        ]

    def __str__(self) -> str:
        return f"{self.email}: {self.role}"

    @property
    def link(self) -> str:
        """By the site's own address, never by the Host header of whoever invites."""
        return settings.SITE_URL + reverse("projects:invitation", args=[self.token])

    @property
    def grouped_code(self) -> str:
        """As it is read out: ABCD-EFGH."""
        return f"{self.code[:4]}-{self.code[4:]}"

    @property
    def is_open(self) -> bool:
        """The same rule as `InvitationQuerySet.open`, for a row at hand."""
        is_answered = bool(self.accepted_at or self.withdrawn_at)
        return not is_answered and self.expires_at > timezone.now() and not self.project.is_over


class ProjectEvent(models.Model):
    """What happened in a project: append-only. `kind` has its sentence in projects/events.py."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="events")
    kind = models.CharField(max_length=40)
    about = models.JSONField(default=dict, blank=True)  # plain values the sentence uses
    for_findings = models.BooleanField(default=False)  # shown only to those who may read findings
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["project", "-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.project} {self.kind}"


def log(project: Project, kind: str, /, *, by: Any, for_findings: bool = False, **about: Any) -> None:
    """Append to the project's history; call in the transaction of what happened."""
    ProjectEvent.objects.create(project=project, kind=kind, by=by, about=about, for_findings=for_findings)
