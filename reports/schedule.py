"""What the clock starts (`manage.py clock`)."""

from reports.actions.copies import forget_expired


def run() -> None:
    forget_expired()
