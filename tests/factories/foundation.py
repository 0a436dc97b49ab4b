"""Job rows, mails, stored files."""

import factory

from foundation.models import Job, Mail, StoredFile


class JobFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Job

    task = "foundation.send_mail"


class MailFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Mail

    job = factory.SubFactory(JobFactory)
    to = factory.Sequence(lambda n: f"person{n}@valmara.example")
    language = "fr"
    subject = "Invitation"
    body = "Bonjour"


class StoredFileFactory(factory.django.DjangoModelFactory):
    """The row alone; `foundation.files.store` writes a file with it."""

    class Meta:
        model = StoredFile

    path = factory.Sequence(lambda n: f"evidence/{n}")
    name = "decree.pdf"
    content_type = "application/pdf"
    size = 12
    sha256 = "0" * 64
