"""Forms of people: sign-in, passwords, profile. allauth's, in our words and without placeholders."""

import zoneinfo
from typing import Any

from allauth.account import forms as allauth_forms
from django import forms
from django.conf import settings
from django.contrib.auth import password_validation
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User

# The zones' own first words, which the time-zone database has only in English.
AREAS = {
    "Africa": _("Africa"),
    "America": _("America"),
    "Antarctica": _("Antarctica"),
    "Arctic": _("Arctic"),
    "Asia": _("Asia"),
    "Atlantic": _("Atlantic Ocean"),
    "Australia": _("Australia"),
    "Europe": _("Europe"),
    "Indian": _("Indian Ocean"),
    "Pacific": _("Pacific Ocean"),
}
ZONES = sorted(zone for zone in zoneinfo.available_timezones() if zone.partition("/")[0] in AREAS)


def time_zone_choices(current: str = "UTC") -> list[tuple[Any, Any]]:
    """Every zone named by a place, grouped by area; the current one first when it is none of them (UTC)."""
    choices: list[tuple[Any, Any]] = [("UTC", "UTC")]
    if current != "UTC" and current not in ZONES:
        choices.append((current, current))
    for area, name in AREAS.items():
        places = [zone for zone in ZONES if zone.startswith(f"{area}/")]
        choices.append(
            (name, [(zone, zone.partition("/")[2].replace("_", " ").replace("/", " – ")) for zone in places])
        )
    return choices


class TimeZoneField(forms.ChoiceField):
    """A time zone of the list; its help is what the clock shows there now."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Time zone"))
        super().__init__(**kwargs)

    def show(self, zone: str) -> None:
        """Offer the zone, and say what time it is there."""
        self.choices = time_zone_choices(zone)
        self.initial = zone
        now = timezone.localtime(timezone.now(), zoneinfo.ZoneInfo(zone))
        self.help_text = gettext("All times are shown in this zone. In %(place)s it is now %(time)s.") % {
            "place": zone.replace("_", " "),
            "time": date_format(now, "TIME_FORMAT"),
        }


class LoginForm(allauth_forms.LoginForm):
    """Sign-in by e-mail and password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        email, password = self.fields["login"], self.fields["password"]
        email.label = _("E-mail address")
        email.widget = forms.EmailInput(attrs={"autocomplete": "username"})
        password.label, password.help_text = _("Password"), ""
        password.widget.attrs.pop("placeholder", None)


class PasswordsForm(forms.Form):
    """Labels and help of a new password typed twice."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password1"].label = _("New password")
        self.fields["password1"].help_text = " ".join(password_validation.password_validators_help_texts())
        self.fields["password2"].label = _("New password, once more")
        for name in ("oldpassword", "password1", "password2"):
            if name in self.fields:
                self.fields[name].widget.attrs.pop("placeholder", None)


class ChangePasswordForm(PasswordsForm, allauth_forms.ChangePasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["oldpassword"].label, self.fields["oldpassword"].help_text = _("Current password"), ""


class ResetPasswordKeyForm(PasswordsForm, allauth_forms.ResetPasswordKeyForm):
    """A new password by the link of a mail."""


class ResetPasswordForm(allauth_forms.ResetPasswordForm):
    """Asks for the mail with the link; an address without an account gets none, and the page says the same."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("E-mail address")
        self.fields["email"].widget = forms.EmailInput(attrs={"autocomplete": "username"})

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        return super().save(request, **kwargs) if self.users else self.cleaned_data["email"]


class ProfileForm(forms.Form):
    name = forms.CharField(
        label=_("Full name"), max_length=150, help_text=_("As it stands on documents."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )  # fmt: skip
    language = forms.ChoiceField(
        label=_("Language"), choices=settings.LANGUAGES, help_text=_("Of the pages and of the messages you receive.")
    )
    time_zone = TimeZoneField()

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = {"name": user.name, "language": user.language} | self.initial
        self.fields["time_zone"].show(user.time_zone)  # type: ignore[attr-defined]
