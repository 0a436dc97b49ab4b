from allauth.account import views
from allauth.core.internal import ratelimit
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts import actions
from accounts.forms import ProfileForm
from foundation import limits


@login_not_required
@sensitive_post_parameters("password")
def login(request: HttpRequest) -> HttpResponseBase:
    """allauth's page; how often one address may send it is counted here."""
    if request.method == "POST" and limits.wait(
        "sign-ins", ratelimit.get_ip(request), most=settings.SIGN_INS_PER_MINUTE, seconds=60
    ):
        return ratelimit.respond_429(request)
    return views.login(request)


@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    form = ProfileForm(request.POST if request.method == "POST" else None, user=request.user)
    if not form.is_valid():
        return render(request, "accounts/profile.html", {"form": form})
    actions.save_profile(by=request.user, **form.cleaned_data)
    with translation.override(request.user.language):
        messages.success(request, _("Your profile is saved."))
    return remember_language(redirect("accounts:profile"), request.user.language)


@login_not_required
@require_POST
def set_language(request: HttpRequest) -> HttpResponseBase:
    language = request.POST.get("language", "")
    if language not in dict(settings.LANGUAGES):
        raise BadRequest
    if request.user.is_authenticated:
        actions.choose_language(language, by=request.user)
    return remember_language(redirect(safe_path(request.POST.get("next", ""))), language)


def remember_language(response: HttpResponse, language: str) -> HttpResponse:
    """Also for a signed-in person: the sign-in page they come back to is then in their language."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME, language, max_age=60 * 60 * 24 * 365, httponly=True,
        secure=settings.LANGUAGE_COOKIE_SECURE, samesite=settings.LANGUAGE_COOKIE_SAMESITE,
    )  # fmt: skip
    return response


def safe_path(wanted: str) -> str:
    """A path of this site, or the first page."""
    return wanted if wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None) else "/"
