"""How allauth signs people in here: no self sign-up, mails through job rows, in the person's language."""

from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.internal.ratelimit import get_ip
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from foundation import limits, mails

# What allauth would say by itself, by its template; what is not here is not said.
SAID: dict[str, Promise] = {
    "account/messages/password_changed.txt": _("Your new password is saved."),
    "account/messages/logged_out.txt": _("You have signed out."),
}


class AccountAdapter(DefaultAccountAdapter):
    error_messages: ClassVar[dict[str, Any]] = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": _(
            "Wrong e-mail address or password. Check both and try again, or set a new password. "
            "After five wrong tries one has to wait five minutes."
        ),
        "too_many_login_attempts": _("Too many wrong tries. Wait five minutes and try again, or set a new password."),
        "enter_current_password": _("This is not your current password."),
    }

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Refuses unread what comes from an address of too many wrong passwords, as allauth does for an account."""
        most = settings.WRONG_PASSWORDS_PER_MINUTE
        if limits.is_reached("wrong-passwords", get_ip(request), most=most, seconds=60):
            raise self.validation_error("too_many_login_attempts")
        super().pre_authenticate(request, **credentials)

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        limits.wait("wrong-passwords", get_ip(request), most=settings.WRONG_PASSWORDS_PER_MINUTE, seconds=60)

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def is_safe_url(self, url: str) -> bool:
        """allauth's rule; an address that cannot even be read, such as `//[`, is none."""
        try:
            return bool(super().is_safe_url(url))
        except ValueError:
            return False

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        messages.error(request, gettext("This account is closed. Ask the International Bureau to open it again."))
        return redirect("account_login")

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        message_context: dict[str, Any] | None = None,
        extra_tags: str = "",
        message: str | None = None,
    ) -> None:
        said = message or SAID.get(message_template or "")
        if said:
            messages.add_message(request, level, str(said), extra_tags=extra_tags)

    def get_reset_password_from_key_url(self, key: str) -> str:
        """By the site's own address, never by the Host header of whoever asked."""
        uid, _dash, rest = key.partition("-")
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": uid, "key": rest})
        return f"{settings.SITE_URL}{path}"

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Queue the message as a job row, in the language of the person it goes to."""
        user: User = context["user"]
        with transaction.atomic(), translation.override(user.language):
            mails.write(
                to=user.email,
                language=user.language,
                subject=render_to_string(f"{template_prefix}_subject.txt", context).strip(),
                body=render_to_string(f"{template_prefix}_message.txt", context).strip() + "\n",
            )

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("accounts:profile")
