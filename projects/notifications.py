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
                    "code_page": settings.SITE_URL + reverse("projects:invitation_code"),
                },
            ),
        )
