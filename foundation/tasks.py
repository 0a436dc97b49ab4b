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
    message.send()

    def mark_sent() -> None:
        Mail.objects.filter(pk=mail.pk).update(sent_at=timezone.now())

    lease.finish(mark_sent)
