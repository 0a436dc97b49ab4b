from itertools import chain
from typing import Any

from allauth.account import views
from allauth.core.internal import ratelimit
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts import actions
from accounts.forms import LoginForm, ProfileForm
from foundation import limits


@login_not_required
@sensitive_post_parameters("password")
def login(request: HttpRequest) -> HttpResponseBase:
    """allauth's page; how often one address may send it is counted here."""
    if request.method == "POST" and signs_in_too_often(request):
        return ratelimit.respond_429(request)
    return views.login(request)


class SignOutView(views.LogoutView):
    """Also tells the browser to forget what it kept of our pages; what was typed and not sent yet is not among that."""

    def post(self, *args: Any, **kwargs: Any) -> HttpResponse:
        response = super().post(*args, **kwargs)
        response["Clear-Site-Data"] = '"cache"'
        return response


def signs_in_too_often(request: HttpRequest) -> bool:
    return bool(limits.wait("sign-ins", ratelimit.get_ip(request), most=settings.SIGN_INS_PER_MINUTE, seconds=60))


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


@login_not_required
@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def session(request: HttpRequest) -> JsonResponse:
    """For scripts: who is signed in here, and the token for what is sent.

    A POST signs in again without leaving the page: `person`, whose page it is, and nobody else; `login`, `password`.
    """
    if request.method == "POST" and not request.user.is_authenticated:
        if signs_in_too_often(request):
            return JsonResponse(
                {"message": _("Too many wrong tries. Wait five minutes and try again, or set a new password.")},
                status=429,
            )
        form = LoginForm(request.POST, request=request)
        if not form.is_valid():
            return JsonResponse({"message": " ".join(chain.from_iterable(form.errors.values()))}, status=422)
        if str(form.user.public_id) != request.POST.get("person"):
            return JsonResponse({"message": _("Only the person whose page this is can sign in here.")}, status=422)
        form.login(request)
        if not request.user.is_authenticated:
            return JsonResponse({"message": _("This account is closed.")}, status=422)
    person = str(request.user.public_id) if request.user.is_authenticated else None
    return JsonResponse({"person": person, "token": get_token(request)})


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
