"""Planted strings: who may read one finds it on some page, and nobody else finds it on any."""

from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import reverse

from tests.access.test_matrix import ACCESS, arguments
from tests.access.world import READERS, SECRETS, World, world

pytestmark = pytest.mark.django_db


def addresses(here: World) -> Iterator[str]:
    """Every address of the matrix that is read, and each section and each question of both sheets."""
    for method, name in ACCESS:
        if method == "GET":
            yield reverse(name.partition(" of ")[0], args=arguments(name, here))
    for show in ("all", "changed", "discussed", "marked", "unproven"):
        yield reverse("assessments:questions_find", args=[here.project.public_id]) + f"?show={show}"
    for instrument in here.project.framework.instruments.order_by("code"):
        for section in instrument.sections.order_by("position"):
            yield reverse("assessments:section", args=[here.project.public_id, instrument.code, section.code])
            for question in section.questions.order_by("position"):
                yield reverse("assessments:question", args=[here.project.public_id, instrument.code, question.code])


def found_by(client: Client, here: World) -> set[str]:
    """The planted strings that this person reads somewhere."""
    found = set()
    for url in addresses(here):
        response = client.get(url, follow=True)
        content = b"".join(response.streaming_content) if response.streaming else response.content
        response.close()
        found |= {secret for secret in SECRETS if secret.encode() in content}
    return found


@pytest.mark.parametrize("released", [False, True], ids=["before release", "released"])
def test_a_secret_is_read_by_those_who_may_and_by_nobody_else(released):
    here = world(released=released)
    read: dict[str, set[str]] = {secret: set() for secret in SECRETS}
    for who in (*READERS, "visitor"):
        client = Client()
        if who != "visitor":
            client.force_login(here.people[who])
        for secret in found_by(client, here):
            read[secret].add(who)
    assert read == {secret: readers[released] for secret, readers in SECRETS.items()}
