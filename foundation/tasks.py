import smtplib

from celery import shared_task
from django.core.mail import EmailMessage
from django.utils import timezone

from foundation import jobs
from foundation.models import Job, Mail


@shared_task(name="foundation.send_mail")
def send_mail(job_id: int) -> None:
    jobs.run(job_id, _send)


def _send(job: Job, lease: jobs.Lease) -> None:
    mail = Mail.objects.get(job=job)
    # The Message-ID is the row's, so that a mail sent twice (a worker killed after sending) shows once.
    message = EmailMessage(
        mail.subject, mail.body, to=[mail.to], headers={"Message-ID": f"<{mail.public_id}@readiness>"}
    )
    try:
        message.send()
    except (smtplib.SMTPException, OSError) as error:
        raise refused_for(error) from error

    def mark_sent() -> None:
        Mail.objects.filter(pk=mail.pk).update(sent_at=timezone.now())

    lease.finish(mark_sent)


def refused_for(error: Exception) -> Exception:
    """An address or a text that is refused for good (5xx) stays refused; a server that is away comes back."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _words in error.recipients.values()]
    else:
        codes = [error.smtp_code] if isinstance(error, smtplib.SMTPDataError) else []
    if codes and min(codes) >= 500:
        return jobs.JobRefused("mail_refused", repr(error))
    return jobs.JobPostponed(repr(error))
