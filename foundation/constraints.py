"""Builders of the constraints that recur: what the database itself refuses."""

from django.db.models import CheckConstraint, Q


def all_or_none(*fields: str, name: str) -> CheckConstraint:
    """The fields are filled together or empty together: who and when are one fact."""
    filled = Q(**{f"{field}__isnull": False for field in fields})
    empty = Q(**{f"{field}__isnull": True for field in fields})
    return CheckConstraint(condition=filled | empty, name=name)


def one_of(field: str, values: list[str], name: str) -> CheckConstraint:
    """The field holds one of the values."""
    return CheckConstraint(condition=Q(**{f"{field}__in": values}), name=name)


def only_when(field: str, value: str, then: Q, name: str) -> CheckConstraint:
    """When `field` has `value`, `then` holds."""
    return CheckConstraint(condition=~Q(**{field: value}) | then, name=name)
