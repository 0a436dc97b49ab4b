"""What the frame of every page shows of the person who reads."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from foundation import mails
from projects.permissions import allows_portfolio


def reader(request: HttpRequest) -> dict[str, Any]:
    frame = {"upload_megabytes": settings.UPLOAD_MEGABYTES, "sends_mail": mails.are_sent()}
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {**frame, "is_staff_member": False}
    return {**frame, "is_staff_member": allows_portfolio(user)}
