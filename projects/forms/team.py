import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.forms import TimeZoneField
from accounts.models import User
from projects.models import Function, Invitation, Membership, Project
from projects.permissions import Role
from projects.plan import ACCESS_AFTER_VISIT
from projects.roles import MAY
from toolkit.models import Institution

NATIONAL_ROLES = {Role.COORDINATOR, Role.CONTRIBUTOR, Role.SIGNATORY}
NATIONAL_INSTITUTIONS = [Institution.POST, Institution.REGULATOR, Institution.MINISTRY, Institution.OTHER]
CHOOSE = ("", _("Choose…"))


class DayField(forms.DateField):
    """A day as the browser's own date field gives it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}), **kwargs)


def not_over(day: datetime.date) -> None:
    if day < datetime.date.today():
        raise ValidationError(_("This day is over. Give today or a later day."))


class InviteForm(forms.Form):
    name = forms.CharField(label=_("Full name"), max_length=150)
    email = forms.EmailField(
        label=_("E-mail address"),
        help_text=_("Several people may share an address: each then gives another one, or uses their one-time code."),
    )
    role = forms.ChoiceField(label=_("Role"), widget=forms.RadioSelect)
    institution = forms.ChoiceField(label=_("Institution"))
    function = forms.ChoiceField(label=_("Function"), choices=[CHOOSE, *Function.choices])
    language = forms.ChoiceField(label=_("Language of the invitation"), choices=settings.LANGUAGES)
    until = DayField(label=_("Last day of access"), required=False, validators=[not_over])

    def __init__(self, *args: Any, project: Project, roles: tuple[Role, ...], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.project = project
        self.initial.setdefault("language", project.language)
        self.fields["role"].choices = [(role.value, f"{role.label}: {MAY[role]}") for role in roles]
        only_national = set(roles) <= NATIONAL_ROLES
        institutions = NATIONAL_INSTITUTIONS if only_national else list(Institution)
        self.fields["institution"].choices = [CHOOSE, *((place.value, place.label) for place in institutions)]
        self.fields["until"].help_text = self._help_on_until(roles)

    def clean_email(self) -> str:
        return self.cleaned_data["email"].lower()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        role, institution = cleaned.get("role"), cleaned.get("institution")
        if role in NATIONAL_ROLES and institution == Institution.IB:
            self.add_error("institution", _("The national team does not include the International Bureau."))
        if role == Role.EXPERT and institution not in {None, Institution.IB, Institution.OTHER}:
            self.add_error("institution", _("An expert comes from the International Bureau or another institution."))
        if role == Role.EXPERT and not cleaned.get("until") and "until" not in self.errors:
            cleaned["until"] = self._end_for_experts()
            if cleaned["until"] is None:
                self.add_error("until", _("Give the last day of the expert’s access: no visit is planned yet."))
        self._refuse_twice(cleaned)
        return cleaned

    def _end_for_experts(self) -> datetime.date | None:
        """So long after the visit; None when no visit is set, or when that day is over."""
        visit = self.project.visit
        end = visit.ends_on + ACCESS_AFTER_VISIT if visit else None
        return end if end and end >= datetime.date.today() else None

    def _help_on_until(self, roles: tuple[Role, ...]) -> str:
        if Role.EXPERT not in roles:
            return gettext("Leave it empty if the access has no end.")
        end = self._end_for_experts()
        if end is None:
            return gettext("Needed for an expert. Leave it empty for others if the access has no end.")
        return gettext(
            "Leave it empty if the access has no end. For an expert, empty means 60 days after the visit: %(day)s."
        ) % {"day": date_format(end, "DATE_FORMAT")}

    def _refuse_twice(self, cleaned: dict[str, Any]) -> None:
        """The same person to the same place; another person with the same address is welcome."""
        same = {"project": self.project, "role": cleaned.get("role")}
        name, email = cleaned.get("name", ""), cleaned.get("email", "")
        if Invitation.objects.unanswered().filter(**same, name__iexact=name, email__iexact=email).exists():
            self.add_error(None, _("This person has an invitation to this role already. Renew it on the team page."))
        elif Membership.objects.current().filter(**same, user__name__iexact=name, user__email__iexact=email).exists():
            self.add_error(None, _("This person has this role already."))


class UntilForm(forms.Form):
    until = DayField(label=_("Last day of access"), required=False, validators=[not_over])

    def __init__(self, *args: Any, membership: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("until", membership.until)
        self.fields["until"].required = membership.role == Role.EXPERT
        if not self.fields["until"].required:
            self.fields["until"].help_text = _("Leave it empty if the access has no end.")


class JoinForm(forms.Form):
    """A new person's account, opened by their invitation."""

    name = forms.CharField(
        label=_("Full name"), max_length=150, help_text=_("As it stands on documents."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )  # fmt: skip
    email = forms.EmailField(
        label=_("E-mail address"), help_text=_("You sign in with it."),
        widget=forms.EmailInput(attrs={"autocomplete": "username"}),
    )  # fmt: skip
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    time_zone = TimeZoneField(required=False)
    password = forms.CharField(
        label=_("Password"), strip=False, max_length=1000,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )  # fmt: skip

    def __init__(self, *args: Any, invitation: Invitation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.invitation = invitation
        self.initial = {"name": invitation.name, "email": invitation.email, "language": invitation.language}
        self.fields["time_zone"].show(invitation.project.time_zone)  # type: ignore[attr-defined]
        self.fields["password"].help_text = " ".join(password_validation.password_validators_help_texts())

    def clean_email(self) -> str:
        email = self.cleaned_data["email"].lower()
        if User.objects.filter(email__iexact=email).exists():
            raise ValidationError(self.taken())
        return email

    def clean_time_zone(self) -> str:
        return self.cleaned_data["time_zone"] or self.invitation.project.time_zone

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "password" in cleaned:
            person = User(email=cleaned.get("email", ""), name=cleaned.get("name", ""))
            try:
                password_validation.validate_password(cleaned["password"], person)
            except ValidationError as error:
                self.add_error("password", error)
        return cleaned

    @staticmethod
    def taken() -> str:
        return gettext(
            "An account has this address already. If it is yours, sign in and open the invitation again. "
            "If not, give another address."
        )


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("One-time code"), max_length=20, help_text=_("Eight letters and figures, such as ABCD-2345."),
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "autocapitalize": "characters"}),
    )  # fmt: skip

    def clean_code(self) -> str:
        """As it is stored: without dash and spaces, in capitals."""
        return "".join(character for character in self.cleaned_data["code"].upper() if character.isalnum())
