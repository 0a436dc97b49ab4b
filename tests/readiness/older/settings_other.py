"""The settings of the release that lost a migration."""

from readiness.settings import *  # noqa: F403
from readiness.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.readiness.older"]
MIGRATION_MODULES = {"older": "tests.readiness.older.other"}
