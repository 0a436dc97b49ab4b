"""People. The password of every one is PASSWORD, hashed once (Argon2 is slow on purpose)."""

from functools import cache

import factory
from django.contrib.auth.hashers import make_password

from accounts.models import User

PASSWORD = "a-long-enough-password"


@cache
def hashed_password() -> str:
    return make_password(PASSWORD)


class UserFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = User

    email = factory.Sequence(lambda n: f"person{n}@valmara.example")
    name = factory.Sequence(lambda n: f"Person {n}")
    language = "en"
    time_zone = "UTC"
    password = factory.LazyFunction(hashed_password)
