"""Countries' requests, as the International Bureau keeps them."""

import uuid

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from projects.actions import requests as actions
from projects.forms.requests import RequestForm
from projects.models import CountryRequest
from projects.permissions import require_portfolio

PER_PAGE = 20


@require_safe
def requests(request: HttpRequest) -> HttpResponse:
    require_portfolio(request.user)
    visible = CountryRequest.objects.visible_to(request.user).select_related("country", "decided_by", "project")
    page = Paginator(visible.in_working_order(), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "projects/requests.html", {"section": "requests", "page": page})


@require_http_methods(["GET", "HEAD", "POST"])
def request_new(request: HttpRequest) -> HttpResponse:
    require_portfolio(request.user)
    form = RequestForm(request.POST if request.method == "POST" else None, user=request.user)
    if not form.is_valid():
        status = 422 if form.is_bound else 200
        return render(request, "projects/request_new.html", {"section": "requests", "form": form}, status=status)
    actions.record_request(by=request.user, **form.cleaned_data)
    messages.success(request, gettext("The request is recorded. Accept it to create the project."))
    return redirect("projects:requests")


@require_POST
def request_accept(request: HttpRequest, request_id: uuid.UUID) -> HttpResponse:
    asked = _find(request, request_id)
    actions.accept_request(asked, by=request.user)
    messages.success(request, gettext("The request is accepted. Now create the project."))
    return redirect(f"{reverse('assessments:project_new')}?request={asked.public_id}")


@require_POST
def request_decline(request: HttpRequest, request_id: uuid.UUID) -> HttpResponse:
    actions.decline_request(_find(request, request_id), by=request.user)
    messages.success(request, gettext("The request is declined."))
    return redirect("projects:requests")


def _find(request: HttpRequest, request_id: uuid.UUID) -> CountryRequest:
    require_portfolio(request.user)
    return get_object_or_404(CountryRequest.objects.visible_to(request.user), public_id=request_id)
