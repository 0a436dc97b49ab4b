"""Queries asked many times a second: the ORM writes their SQL once, then they are only given other values.

PostgreSQL plans each of them once for a connection too (PREPARE), since planning takes longer than finding the rows.
"""

import datetime
import uuid
from collections.abc import Callable
from copy import copy
from itertools import count
from types import SimpleNamespace
from typing import Any
from weakref import WeakKeyDictionary

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import DateField, DateTimeField, Expression, QuerySet, UUIDField
from django.db.models.query import ModelIterable
from psycopg2.extensions import AsIs  # type: ignore[import-untyped]

# How a value goes to a database that has no such type.
FIELDS: dict[type, Any] = {
    uuid.UUID: UUIDField(), datetime.date: DateField(), datetime.datetime: DateTimeField(),
}  # fmt: skip

PLANNED: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()  # the names of the statements, by connection
NUMBERS = count(1)


class Place(Expression):
    """Where a value of that name will stand in the SQL."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        return "%s", [self]


class Statement:
    """A query of model instances, whose SQL is the same whatever it is given.

    `build` makes the query from places by name, as it would from the values: `lambda pk: User.objects.filter(pk=pk)`.
    Calling the statement with the values gives the rows, as the query would. None is no value: it changes the SQL.
    """

    def __init__(self, build: Callable[..., QuerySet[Any]], *names: str) -> None:
        self.build, self.names, self.name = build, names, f"statement_{next(NUMBERS)}"
        self.written: dict[str, tuple[Any, str, tuple[Any, ...]]] = {}  # by kind of database

    def __call__(self, **values: Any) -> list[Any]:
        connection = connections[DEFAULT_DB_ALIAS]
        if connection.vendor not in self.written:
            self.written[connection.vendor] = self.write(connection)
        whole, sql, places = self.written[connection.vendor]
        if connection.vendor == "postgresql":
            sql = self.planned(connection, sql, places)
            places = tuple(place for place in places if isinstance(place, Place))
        parameters = tuple(
            prepared(values[place.name], connection) if isinstance(place, Place) else place for place in places
        )
        compiler = copy(whole)  # with the connection and the values of this call
        compiler.connection, compiler.as_sql = connection, lambda: (sql, parameters)
        asked: Any = SimpleNamespace(
            db=DEFAULT_DB_ALIAS, query=SimpleNamespace(get_compiler=lambda using: compiler), _known_related_objects={}
        )
        return list(ModelIterable(asked))

    def planned(self, connection: Any, sql: str, places: tuple[Any, ...]) -> str:
        """What asks the statement of this connection to PostgreSQL, where it is planned the first time."""
        connection.ensure_connection()
        given = sum(isinstance(place, Place) for place in places)
        if self.name not in (names := PLANNED.setdefault(connection.connection, set())):
            numbers = count(1)
            parts = tuple(AsIs(f"${next(numbers)}") if isinstance(place, Place) else place for place in places)
            with connection.wrap_database_errors, connection.connection.cursor() as cursor:
                cursor.execute(f"PREPARE {self.name} AS {sql}", parts)
            names.add(self.name)
        return f"EXECUTE {self.name} ({', '.join(['%s'] * given)})"

    def write(self, connection: Any) -> tuple[Any, str, tuple[Any, ...]]:
        """What reads the rows, the SQL, and its parameters: values, and places where one will stand."""
        query = self.build(**{name: Place(name) for name in self.names}).query
        compiler = query.get_compiler(connection=connection)
        sql, places = compiler.as_sql()
        compiler.connection = None  # each call brings its thread's own; this thread's ends with it
        return compiler, sql, tuple(places)


def prepared(value: Any, connection: Any) -> Any:
    """The value as the database takes it."""
    field = FIELDS.get(type(value))
    return field.get_db_prep_value(value, connection) if field else value
