"""Which message goes to whom, in whose language. When is decided by the actions."""

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from foundation import mails
from foundation.models import Mail
from projects.models import Invitation
from projects.permissions import Role
from projects.roles import MAY


def invitation_link(invitation: Invitation) -> str:
    """By the site's own address, never by the Host header of whoever invites."""
    return settings.SITE_URL + reverse("projects:invitation", args=[invitation.token])


def grouped_code(invitation: Invitation) -> str:
    """As it is read out: ABCD-EFGH."""
    return f"{invitation.code[:4]}-{invitation.code[4:]}"


def invite(invitation: Invitation) -> Mail:
    with translation.override(invitation.language):
        country = invitation.project.country.name.in_(invitation.language)
        return mails.write(
            to=invitation.email,
            language=invitation.language,
            subject=_("%(country)s: invitation to the digital readiness assessment") % {"country": country},
            body=render_to_string(
                "projects/invitation_mail.txt",
                {
                    "invitation": invitation,
                    "country": country,
                    "may": MAY[Role(invitation.role)],
                    "link": invitation_link(invitation),
                    "code": grouped_code(invitation),
                    "code_page": settings.SITE_URL + reverse("projects:invitation_code"),
                },
            ),
        )
