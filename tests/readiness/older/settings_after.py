"""The settings of a release whose last migration fails."""

from tests.readiness.older.settings_before import *  # noqa: F403

MIGRATION_MODULES = {"older": "tests.readiness.older.after"}
