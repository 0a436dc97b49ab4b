"""The first administrator of an empty installation: from ADMIN_EMAIL and ADMIN_PASSWORD, or asked for on a terminal."""

import getpass
import os
import sys
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.db import transaction

from accounts.models import User
from projects.models import StaffGrant
from projects.permissions import StaffRole


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        if StaffGrant.objects.filter(role=StaffRole.ADMINISTRATOR, user__is_active=True).exists():
            if options["verbosity"]:
                self.stdout.write("There is an administrator already; nothing was changed.")
            return
        email, password = from_environment() if os.environ.get("ADMIN_EMAIL") else asked_for()
        with transaction.atomic():
            user = User.objects.filter(email__iexact=email).first()
            if user is None:
                user = User.objects.create_user(email, password, name=email.partition("@")[0])
            StaffGrant.objects.create(user=user, role=StaffRole.ADMINISTRATOR)
        self.stdout.write(f"{user.email} is the administrator.")


def from_environment() -> tuple[str, str]:
    email, password = os.environ["ADMIN_EMAIL"].strip(), os.environ.get("ADMIN_PASSWORD", "")
    try:
        validate_email(email)
    except ValidationError as error:
        raise CommandError(f"ADMIN_EMAIL is “{email}”, which is not an e-mail address.") from error
    try:
        validate_password(password, User(email=email))
    except ValidationError as error:
        raise CommandError(f"ADMIN_PASSWORD cannot be used. {' '.join(error.messages)}") from error
    return email, password


def asked_for() -> tuple[str, str]:
    if not sys.stdin.isatty():
        raise CommandError(
            "there is no administrator yet, and nobody to ask. Give ADMIN_EMAIL and ADMIN_PASSWORD, for the first "
            "start only."
        )
    print("There is no administrator yet. Who is the first?")  # noqa: T201
    return ask_email(), ask_password()


def ask_email() -> str:
    while True:
        email = input("E-mail address: ").strip()
        try:
            validate_email(email)
        except ValidationError as error:
            print(*error.messages)  # noqa: T201
        else:
            return email


def ask_password() -> str:
    while True:
        password = getpass.getpass("Password: ")
        try:
            validate_password(password)
        except ValidationError as error:
            print(*error.messages)  # noqa: T201
        else:
            if getpass.getpass("The same again: ") == password:
                return password
            print("The two are not the same.")  # noqa: T201
