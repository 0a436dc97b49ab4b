"""What the clock starts here, once an hour (foundation/management/commands/clock.py)."""

from assessments.actions.evidence import scan_what_was_not
from assessments.actions.uploads import empty_old_uploads


def run() -> None:
    empty_old_uploads()
    scan_what_was_not()
