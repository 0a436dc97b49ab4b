"""The operating manual names only what there is, and its pieces of Python run."""

import re
import shlex
from pathlib import Path

import pytest
from django.core.management import call_command, get_commands, load_command_class

from accounts.models import User
from foundation.models import Job, JobState, Mail
from projects.models import StaffGrant
from tests.factories.accounts import UserFactory
from tests.factories.foundation import JobFactory, MailFactory
from tests.factories.projects import MembershipFactory

ROOT = Path(__file__).resolve().parents[2]
MANUAL = (ROOT / "docs" / "operations.md").read_text()
PIECES = re.findall(r"--command '(.*?)'\n", MANUAL, re.DOTALL)
OF_COMPOSE = {"COMPOSE_PROJECT_NAME", "POSTGRES_PASSWORD", "TLS_CERTIFICATE", "TLS_KEY"}
OF_CRON = {"MAILTO"}


def piece(words: str) -> str:
    """The one piece of Python in the manual that holds these words."""
    [found] = [code for code in PIECES if words in code]
    return found


def run(words: str) -> None:
    call_command("shell", command=piece(words), verbosity=0)


def test_every_piece_of_python_is_run_here():
    run_below = {
        "create_user", "select_related", "is_active=False", '.fail("', ".queue_anew()", "job.problem", "send_mail(",
        "last_login",
    }  # fmt: skip
    assert {piece(words) for words in run_below} == set(PIECES)


@pytest.mark.django_db
def test_someone_of_the_bureau_comes_and_goes(capsys):
    run("create_user")
    assert list(StaffGrant.objects.values_list("user__email", "role", "regions")) == [
        ("ann@example.org", "project_manager", ["africa"])
    ]
    run("select_related")
    assert capsys.readouterr().out == "ann@example.org project_manager ['africa'] True\n"
    run("is_active=False")
    assert User.objects.get(email="ann@example.org").is_active is False


@pytest.mark.django_db
def test_what_became_of_an_account_is_printed(capsys):
    member = MembershipFactory(user=UserFactory(email="ann@valmara.example"))
    run("last_login")
    line = f"ann@valmara.example active None [({str(member.project)!r}, {str(member.role)!r}, None)]\n"
    assert capsys.readouterr().out == line


@pytest.mark.django_db
def test_mails_are_called_off_and_failed_ones_sent_again(capsys):
    mail, document = MailFactory(), JobFactory(task="reports.render_report")
    run('.fail("')
    assert Job.objects.get(pk=mail.job_id).state == JobState.FAILED
    run("job.problem")
    assert f"foundation.send_mail {mail.job.public_id} called_off" in capsys.readouterr().out
    run(".queue_anew()")
    assert set(Job.objects.values_list("pk", "state")) == {(mail.job_id, "queued"), (document.pk, "queued")}
    assert Mail.objects.get().sent_at is None


@pytest.mark.django_db
def test_a_test_mail_is_sent(mailoutbox):
    run("send_mail(")
    assert [message.to for message in mailoutbox] == [["you@example.org"]]


def test_every_command_and_option_exists():
    known = get_commands()
    named = set(re.findall(r"manage\.py ([a-z_]+)", MANUAL))
    assert named - known.keys() - {"help"} == set()
    for line in re.findall(r"manage\.py ((?:backup|restore|recount) [^`\n]*)", MANUAL):
        command, *words = shlex.split(line, comments=True)
        parser = load_command_class(known[command], command).create_parser("manage.py", command)
        parser.parse_args([word for word in words if word not in {"&&", "…"}])


def test_every_setting_exists():
    listed = set(re.findall(r"^#([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    named = set(re.findall(r"`([A-Z]+(?:_[A-Z]+)+)[`=]", MANUAL)) | set(
        re.findall(r"^ *([A-Z_]+)=", MANUAL, re.MULTILINE)
    )
    assert named - listed - OF_COMPOSE - OF_CRON == set()


def test_every_figure_exists():
    counted = (ROOT / "readiness" / "metrics.py").read_text()
    named = {name.removesuffix("_total") for name in re.findall(r"readiness_[a-z_]+", MANUAL)}
    assert [name for name in sorted(named) if f'"{name}"' not in counted] == []
