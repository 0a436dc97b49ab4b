"""A mail is a job row too: written with what it is about, sent by a worker, never lost (DESIGN, Jobs)."""

from foundation import jobs
from foundation.models import Mail


def write(*, to: str, language: str, subject: str, body: str) -> Mail:
    """Queue a message; call inside the transaction of what it tells."""
    return Mail.objects.create(
        job=jobs.enqueue("foundation.send_mail"), to=to, language=language, subject=subject, body=body
    )
