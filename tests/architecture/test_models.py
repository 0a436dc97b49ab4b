"""What every model holds to: a factory, a text for people, pairs of when and who that the database keeps whole."""

import importlib
import pkgutil

import factory
from django.apps import apps
from django.conf import settings
from django.db import models
from django.db.models import CheckConstraint, Q

import tests.factories

OURS = [
    model
    for config in apps.get_app_configs()
    if (settings.BASE_DIR / config.name).is_dir()
    for model in config.get_models()
]


def label(model: type[models.Model]) -> str:
    return model._meta.label


def made_by_factories() -> set[type[models.Model]]:
    modules = [
        importlib.import_module(module.name)
        for module in pkgutil.iter_modules(tests.factories.__path__, "tests.factories.")
    ]
    found = (value for module in modules for value in vars(module).values())
    return {
        value._meta.model
        for value in found
        if isinstance(value, type) and issubclass(value, factory.django.DjangoModelFactory) and value._meta.model
    }


def test_every_model_says_what_it_is():
    assert [label(model) for model in OURS if model.__str__ is models.Model.__str__] == []


def test_a_time_and_its_person_are_one_fact():
    """Of each `x_at` beside an `x_by`: both always filled, or a constraint that refuses one without the other."""
    assert [pair for model in OURS for pair in pairs(model) if not is_kept_whole(model, *pair)] == []


def pairs(model: type[models.Model]) -> list[tuple[str, str]]:
    names = {field.name for field in model._meta.concrete_fields}
    return [(name, f"{name[:-3]}_by") for name in sorted(names) if name.endswith("_at") and f"{name[:-3]}_by" in names]


def is_kept_whole(model: type[models.Model], at: str, by: str) -> bool:
    optional = [name for name in (at, by) if model._meta.get_field(name).null]
    return not optional or refuses_half(model, at, by)


def refuses_half(model: type[models.Model], at: str, by: str) -> bool:
    return any(looks_at(condition) >= {f"{at}__isnull", f"{by}__isnull"} for condition in checked(model))


def checked(model: type[models.Model]) -> list[Q]:
    """What the database checks of each row."""
    return [constraint.condition for constraint in model._meta.constraints if isinstance(constraint, CheckConstraint)]


def looks_at(condition: Q) -> set[str]:
    """The look-ups anywhere in the condition: `field` or `field__isnull`."""
    found: set[str] = set()
    for child in condition.children:
        found |= looks_at(child) if isinstance(child, Q) else {child[0]} if isinstance(child, tuple) else set()
    return found


def test_a_choice_is_one_of_those_that_there_are():
    """What people's work writes, the database checks too. Languages are settings; the instrument comes checked."""
    left = [
        f"{label(model)}.{field.name}"
        for model in OURS
        if model._meta.app_label in {"projects", "assessments", "reports"}
        for field in model._meta.concrete_fields
        if field.choices and list(field.choices) != list(settings.LANGUAGES)
        if not any({field.name, f"{field.name}__in"} & looks_at(condition) for condition in checked(model))
    ]
    assert left == []


def test_every_model_has_a_factory():
    """The instrument's rows only ever come from a framework file: `published_framework()` and `dre()` make them all."""
    loaded = {model for model in OURS if model._meta.app_label == "toolkit"}
    assert sorted(label(model) for model in set(OURS) - loaded - made_by_factories()) == []
