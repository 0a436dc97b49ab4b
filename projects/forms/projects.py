"""A new project, its later changes, and the reason of a suspension or cancellation."""

import datetime
from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import Max
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from foundation.languages import active_language
from projects.countries import folded
from projects.forms.requests import date_input, plausible
from projects.models import Country, DesignatedOperator, Project, ProjectStatus, StaffGrant, Step
from projects.plan import Guest, VisitDates
from toolkit.models import FrameworkStatus, FrameworkVersion

CYCLE = "Dubai 2026–2029"
EXPERTS = 3  # rows to invite experts at creation; more can be invited later


class DatesForm(forms.Form):
    """What a new project and an existing one have in common: language, manager, questionnaire's date, visit."""

    language = forms.ChoiceField(label=_("Language of the project"), choices=settings.LANGUAGES)
    manager = forms.ChoiceField(label=_("Project manager at the International Bureau"))
    questionnaire_due = forms.DateField(
        label=_("Questionnaire due on"), required=False, widget=date_input(), validators=[plausible],
        help_text=_("The day by which the signed questionnaire is expected."),
    )  # fmt: skip
    visit_starts_on = forms.DateField(
        label=_("Visit: first day"), required=False, widget=date_input(), validators=[plausible]
    )
    visit_ends_on = forms.DateField(
        label=_("Visit: last day"),
        required=False,
        widget=date_input(),
        validators=[plausible],
        help_text=_("The method has three to five days."),
    )
    visit_place = forms.CharField(label=_("Visit: place"), required=False, max_length=100)

    def __init__(self, *args: Any, country: Country, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.country = country
        grants = (
            StaffGrant.objects.filter(user__is_active=True).select_related("user").order_by("user__name", "user__pk")
        )
        self.managers = {str(grant.user.public_id): grant.user for grant in grants if grant.covers(country.region)}
        self._offer_managers()

    def _offer_managers(self) -> None:
        self.fields["manager"].choices = [(key, user.name) for key, user in self.managers.items()]  # type: ignore[attr-defined]

    def clean_manager(self) -> Any:
        return self.managers[self.cleaned_data["manager"]]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        starts_on, ends_on = cleaned.get("visit_starts_on"), cleaned.get("visit_ends_on")
        if starts_on and not ends_on and "visit_ends_on" not in self.errors:
            self.add_error("visit_ends_on", gettext("Give the visit’s last day too."))
        if ends_on and not starts_on and "visit_starts_on" not in self.errors:
            self.add_error("visit_starts_on", gettext("Give the visit’s first day too."))
        if starts_on and ends_on and ends_on < starts_on:
            self.add_error("visit_ends_on", gettext("The visit cannot end before it starts."))
        if cleaned.get("visit_place") and not (starts_on or ends_on or self.errors):
            self.add_error("visit_starts_on", gettext("Give the days of the visit, or leave its place empty."))
        return cleaned

    @property
    def visit(self) -> VisitDates | None:
        cleaned = self.cleaned_data
        if not cleaned["visit_starts_on"]:
            return None
        return VisitDates(cleaned["visit_starts_on"], cleaned["visit_ends_on"], cleaned["visit_place"])


class ProjectForm(DatesForm):
    operator = forms.CharField(
        label=_("Designated operator"), max_length=150,
        widget=forms.TextInput(attrs={"list": "operators", "autocomplete": "off"}),
        help_text=_("Choose one that is known here, or type a new name."),
    )  # fmt: skip
    framework = forms.ChoiceField(label=_("Framework version"))
    cycle = forms.CharField(label=_("Cycle"), max_length=60, initial=CYCLE)
    round = forms.IntegerField(
        label=_("Round"), min_value=1, max_value=99, help_text=_("1 for the first assessment of this operator.")
    )
    coordinator_name = forms.CharField(label=_("National coordinator: full name"), required=False, max_length=150)
    coordinator_email = forms.EmailField(
        label=_("National coordinator: e-mail address"),
        required=False,
        help_text=_("The invitation is for this address."),
    )

    def __init__(self, *args: Any, country: Country, user: Any, **kwargs: Any) -> None:
        operators = list(
            DesignatedOperator.objects.filter(country=country).annotate(rounds=Max("projects__round")).order_by("name")
        )
        proposed: dict[str, Any] = {
            "language": next(
                (code for code in country.languages if code in dict(settings.LANGUAGES)), settings.LANGUAGE_CODE
            ),
            "manager": str(user.public_id),
            "operator": operators[0].name if len(operators) == 1 else "",
            "round": max((operator.rounds or 0 for operator in operators), default=0) + 1,
        }
        super().__init__(*args, country=country, **{**kwargs, "initial": {**proposed, **kwargs.get("initial", {})}})
        self.operators = [operator.name for operator in operators]
        published = FrameworkVersion.objects.filter(status=FrameworkStatus.PUBLISHED).order_by("code", "-version")
        self.frameworks = {str(framework.public_id): framework for framework in published}
        self.fields["framework"].choices = [(key, str(framework)) for key, framework in self.frameworks.items()]  # type: ignore[attr-defined]
        for number in range(1, EXPERTS + 1):
            self.fields[f"expert{number}_name"] = forms.CharField(
                label=gettext("Expert %(number)s: full name") % {"number": number}, required=False, max_length=150
            )
            self.fields[f"expert{number}_email"] = forms.EmailField(
                label=gettext("Expert %(number)s: e-mail address") % {"number": number}, required=False
            )

    @property
    def guest_names(self) -> list[str]:
        return ["coordinator", *(f"expert{number}" for number in range(1, EXPERTS + 1))]

    @property
    def guest_rows(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """The experts' fields, name and address side by side."""
        return [(self[f"{guest}_name"], self[f"{guest}_email"]) for guest in self.guest_names[1:]]

    def clean_operator(self) -> str:
        """An operator that is known under this name, whatever its accents and capitals, keeps its spelling."""
        typed: str = self.cleaned_data["operator"]
        return next((name for name in self.operators if folded(name) == folded(typed)), typed)

    def clean_framework(self) -> FrameworkVersion:
        return self.frameworks[self.cleaned_data["framework"]]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        framework, language = cleaned.get("framework"), cleaned.get("language")
        if framework and language and language not in framework.languages:
            self.add_error("language", gettext("This framework version is not available in this language."))
        self._check_round(cleaned)
        self._check_guests(cleaned)
        return cleaned

    def _check_round(self, cleaned: dict[str, Any]) -> None:
        if not {"operator", "cycle", "round"} <= cleaned.keys():
            return
        rounds = Project.objects.filter(
            operator__country=self.country, operator__name=cleaned["operator"], cycle=cleaned["cycle"]
        ).exclude(status=ProjectStatus.CANCELLED)
        if rounds.filter(round=cleaned["round"]).exists():
            following = (rounds.aggregate(last=Max("round"))["last"] or 0) + 1
            self.add_error(
                "round",
                gettext("This operator already has round %(round)s in this cycle. The next one is %(next)s.")
                % {"round": cleaned["round"], "next": following},
            )

    def _check_guests(self, cleaned: dict[str, Any]) -> None:
        addresses: set[str] = set()
        for guest in self.guest_names:
            name, email = cleaned.get(f"{guest}_name"), cleaned.get(f"{guest}_email")
            if email and not name and f"{guest}_name" not in self.errors:
                self.add_error(f"{guest}_name", gettext("Give this person’s name too."))
            if name and not email and f"{guest}_email" not in self.errors:
                self.add_error(f"{guest}_email", gettext("Give this person’s e-mail address too."))
            if email and guest != "coordinator":
                if email.casefold() in addresses:
                    self.add_error(f"{guest}_email", gettext("This expert is already named above."))
                addresses.add(email.casefold())

    def _guest(self, guest: str) -> Guest | None:
        name, email = self.cleaned_data[f"{guest}_name"], self.cleaned_data[f"{guest}_email"]
        return Guest(name, email) if email else None

    @property
    def coordinator(self) -> Guest | None:
        return self._guest("coordinator")

    @property
    def experts(self) -> list[Guest]:
        guests = (self._guest(guest) for guest in self.guest_names[1:])
        return [guest for guest in guests if guest]

    @property
    def plan(self) -> dict[str, Any]:
        """Everything the project is created from."""
        names = ("operator", "framework", "language", "cycle", "round", "manager", "questionnaire_due")
        return {
            "country": self.country, "visit": self.visit, "coordinator": self.coordinator, "experts": self.experts,
            **{name: self.cleaned_data[name] for name in names},
        }  # fmt: skip


class ProjectEditForm(DatesForm):
    show_overall = forms.BooleanField(
        label=_("Show the overall level"), required=False,
        help_text=_("On results pages and in the reports; the levels by pillar and lever are always shown."),
    )  # fmt: skip

    def __init__(self, *args: Any, project: Project, steps: Sequence[Step], **kwargs: Any) -> None:
        visit = project.visit
        current = {
            "language": project.language,
            "manager": str(project.manager.public_id),
            "show_overall": project.show_overall,
            "questionnaire_due": project.questionnaire_due,
            "visit_starts_on": visit.starts_on if visit else None,
            "visit_ends_on": visit.ends_on if visit else None,
            "visit_place": visit.place if visit else "",
        }
        super().__init__(*args, country=project.country, initial=current, **kwargs)
        self.managers.setdefault(str(project.manager.public_id), project.manager)  # whose grant may have ended
        self._offer_managers()
        self.fields["language"].choices = [  # type: ignore[attr-defined]
            choice for choice in settings.LANGUAGES if choice[0] in project.framework.languages
        ]
        self.steps = list(steps[1:])  # the first one is due when the questionnaire is
        language = active_language()
        for step in self.steps:
            self.fields[self._name(step)] = forms.DateField(
                label=f"{step.step.number}. {step.step.name.in_(language)}",
                required=False, widget=date_input(), initial=step.due_on, validators=[plausible],
            )  # fmt: skip

    def _name(self, step: Step) -> str:
        return f"step{step.step.number}"

    @property
    def step_fields(self) -> list[forms.BoundField]:
        return [self[self._name(step)] for step in self.steps]

    @property
    def due_dates(self) -> dict[int, datetime.date | None]:
        return {step.step.number: self.cleaned_data[self._name(step)] for step in self.steps}


class ReasonForm(forms.Form):
    """Why a project is suspended or cancelled; its whole team reads it."""

    reason = forms.CharField(
        label=_("Reason"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Everyone on the project reads it."),
    )  # fmt: skip

    def clean_reason(self) -> str:
        reason: str = self.cleaned_data["reason"].strip()
        if not reason:
            raise ValidationError(_("Say why."))
        return reason
