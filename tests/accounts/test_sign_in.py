"""Sign-in, sign-out, rate limits, password change and reset: what a person meets."""

import re

import pytest
import time_machine
from django.urls import reverse

from accounts.models import User
from foundation.models import Job, Mail
from tests.factories.accounts import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db
LOGIN = "/accounts/login/"
WRONG = "Wrong e-mail address or password."
NEW = "another-long-password"


@pytest.fixture
def visitor(client):
    client.cookies["language"] = "en"
    return client


@pytest.fixture
def user() -> User:
    return UserFactory(email="awa@valmara.example", name="Awa Diallo")


def sign_in(client, email: str = "awa@valmara.example", password: str = PASSWORD, **more: str):
    return client.post(LOGIN, {"login": email, "password": password, **more})


def without_names(response) -> str:
    return re.sub(r'awa@|who@|name="csrfmiddlewaretoken" value="\w+"', "", response.content.decode())


def signed_in_as(client) -> str | None:
    return client.session.get("_auth_user_id")


def test_sign_in_opens_the_first_page(visitor, user):
    response = sign_in(visitor)
    assert (response.status_code, response["Location"]) == (302, "/")
    assert signed_in_as(visitor) == str(user.pk)


def test_sign_in_ignores_the_case_of_the_address(visitor, user):
    sign_in(visitor, "AWA@Valmara.Example")
    assert signed_in_as(visitor) == str(user.pk)


def test_sign_in_goes_on_to_the_page_one_wanted(visitor, user):
    assert sign_in(visitor, next="/profile/")["Location"] == "/profile/"


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_sign_in_leads_to_no_other_site(visitor, user, elsewhere):
    assert sign_in(visitor, next=elsewhere)["Location"] == "/"


def test_wrong_password_keeps_the_address_and_says_what_to_do(visitor, user):
    response = sign_in(visitor, password="wrong")
    page = response.content.decode()
    assert response.status_code == 200
    assert WRONG in page
    assert 'value="awa@valmara.example"' in page
    assert signed_in_as(visitor) is None


def test_wrong_password_and_unknown_address_look_the_same(visitor, user):
    known, unknown = sign_in(visitor, password="wrong"), sign_in(visitor, "who@valmara.example", "wrong")
    assert without_names(known) == without_names(unknown)


def test_closed_account_is_told_so_only_with_its_password(visitor, user):
    user.is_active = False
    user.save()
    assert WRONG in sign_in(visitor, password="wrong").content.decode()
    response = visitor.post(LOGIN, {"login": user.email, "password": PASSWORD}, follow=True)
    assert "This account is closed." in response.content.decode()
    assert signed_in_as(visitor) is None


def test_five_wrong_tries_close_the_address_for_a_while_even_to_the_right_password(visitor, user):
    for _try in range(5):
        sign_in(visitor, password="wrong")
    response = sign_in(visitor)
    assert "Too many wrong tries." in response.content.decode()
    assert signed_in_as(visitor) is None


@pytest.mark.parametrize(("language", "heading"), [("en", "Too many tries"), ("fr", None)])
@time_machine.travel("2026-11-23T12:00:10Z", tick=False)
def test_too_many_requests_get_a_page_in_our_look(client, user, settings, language, heading):
    settings.SIGN_INS_PER_MINUTE = 3
    client.cookies["language"] = language
    for _try in range(3):
        assert client.post(LOGIN, {"login": "", "password": ""}).status_code == 200
    response = sign_in(client)
    assert response.status_code == 429
    page = response.content.decode()
    assert f'<html lang="{language}"' in page
    assert 'class="masthead"' in page
    if heading:
        assert heading in page


def test_every_other_page_asks_to_sign_in_first(client):
    response = client.get("/profile/")
    assert (response.status_code, response["Location"]) == (302, "/accounts/login/?next=/profile/")


def test_a_script_is_told_in_json_that_it_is_signed_out(client):
    response = client.get("/profile/", headers={"Accept": "application/json"})
    assert (response.status_code, response.json()) == (401, {"problem": "signed_out"})


def test_sign_up_and_other_sign_in_pages_do_not_exist(visitor):
    for path in ("signup/", "email/", "social/signup/", "inactive/", "password/set/"):
        assert visitor.get(f"/accounts/{path}").status_code == 404


def test_sign_out_is_a_post(visitor, user):
    visitor.force_login(user)
    assert "You are signed in as Awa Diallo." in visitor.get("/accounts/logout/").content.decode()
    assert signed_in_as(visitor) == str(user.pk)
    response = visitor.post("/accounts/logout/")
    assert (response.status_code, response["Location"]) == (302, "/")
    assert signed_in_as(visitor) is None


# Password reset


def ask_for_link(client, email: str = "awa@valmara.example"):
    return client.post("/accounts/password/reset/", {"email": email}, follow=True)


def link_in(mail: Mail) -> str:
    return re.search(r"/accounts/password/reset/key/\S+", mail.body)[0]


def test_reset_mail_is_a_job_row_in_the_persons_language(visitor, user):
    user.language = "en"
    user.save()
    visitor.cookies["language"] = "fr"
    ask_for_link(visitor, "AWA@valmara.example")
    mail = Mail.objects.get()
    assert (mail.to, mail.language, mail.subject) == (user.email, "en", "Set a new password for Readiness")
    assert mail.body.startswith("Hello Awa Diallo,\n")
    assert (mail.job.task, mail.job.state) == ("foundation.send_mail", "queued")


def test_reset_link_is_of_the_sites_own_address(visitor, user, settings):
    settings.SITE_URL = "https://readiness.example"
    settings.ALLOWED_HOSTS = ["*"]
    visitor.post("/accounts/password/reset/", {"email": user.email}, headers={"Host": "evil.example"})
    assert "https://readiness.example/accounts/password/reset/key/" in Mail.objects.get().body


def test_reset_says_the_same_of_an_address_without_account(visitor, user):
    known = ask_for_link(visitor)
    unknown = ask_for_link(visitor, "who@valmara.example")
    assert (known.status_code, unknown.status_code) == (200, 200)
    assert known.redirect_chain == unknown.redirect_chain == [("/accounts/password/reset/done/", 302)]
    assert without_names(known) == without_names(unknown)
    assert list(Mail.objects.values_list("to", flat=True)) == [user.email]


def test_reset_of_a_closed_account_sends_nothing(visitor, user):
    User.objects.update(is_active=False)
    ask_for_link(visitor)
    assert (Mail.objects.count(), Job.objects.count()) == (0, 0)


def test_reset_link_sets_a_new_password_once(visitor, user):
    ask_for_link(visitor)
    link = link_in(Mail.objects.get())
    form_page = visitor.get(link, follow=True)
    action = form_page.redirect_chain[-1][0]
    refused = visitor.post(action, {"password1": "short", "password2": "short"})
    assert "at least 12 characters" in refused.content.decode()
    done = visitor.post(action, {"password1": NEW, "password2": NEW}, follow=True)
    assert "Your new password is saved" in done.content.decode()
    sign_in(visitor, password=NEW)
    assert signed_in_as(visitor) == str(user.pk)
    visitor.post("/accounts/logout/")
    assert "This link no longer works" in visitor.get(link, follow=True).content.decode()


@pytest.mark.parametrize("key", ["1-set-password", "zzzzzzzzzzzzz-abc-def", "x" * 40 + "-a"])
def test_made_up_reset_links_are_refused(visitor, key):
    response = visitor.get(f"/accounts/password/reset/key/{key}/", follow=True)
    assert "This link no longer works" in response.content.decode()


# Password change


def test_password_change_asks_for_the_current_one(visitor, user):
    visitor.force_login(user)
    page = visitor.post(
        reverse("account_change_password"), {"oldpassword": "wrong", "password1": NEW, "password2": NEW}
    ).content.decode()
    assert "This is not your current password." in page
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_password_change_keeps_this_session_and_returns_to_the_profile(visitor, user):
    visitor.force_login(user)
    response = visitor.post(
        reverse("account_change_password"), {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}, follow=True
    )
    assert response.redirect_chain == [("/profile/", 302)]
    assert "Your new password is saved." in response.content.decode()
    user.refresh_from_db()
    assert user.check_password(NEW)


def test_text_with_a_nul_byte_is_refused_at_the_field(visitor):
    response = sign_in(visitor, "a\x00@valmara.example")
    assert response.status_code == 200
    assert "Null characters are not allowed." in response.content.decode()
