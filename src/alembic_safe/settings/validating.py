"""The layers merged and validated by pydantic-settings, with fields made from the table of options.

Nobody imports this module before a command runs: pydantic takes longer to load than `--help` may take.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any

from pydantic import BeforeValidator, ValidationError, create_model
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from alembic_safe.errors import SettingsError
from alembic_safe.settings.layers import Given, Layer
from alembic_safe.settings.options import BY_NAME, OPTIONS, Option
from alembic_safe.settings.values import parse

_NAMES = {option.field: option.name for option in OPTIONS}
_TYPES: dict[str, Any] = {"duration": float, "integer": int, "size": int, "switch": bool}


class _Source(PydanticBaseSettingsSource):
    """One layer, as pydantic-settings takes it."""

    def __init__(self, settings_class: type[BaseSettings], layer: Layer) -> None:
        super().__init__(settings_class)
        self._layer = layer

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        return {BY_NAME[name].field: given.raw for name, given in self._layer.items()}


def validate(layers: Sequence[Layer]) -> dict[str, Any]:
    """Checked values by option name; an earlier layer wins over a later one.

    Raises `SettingsError` that names where each wrong value was given.
    """
    try:
        values = _model(layers)()
    except ValidationError as error:
        raise _as_settings_error(error, layers) from None
    return {option.name: getattr(values, option.field) for option in OPTIONS}


def winning(name: str, layers: Sequence[Layer]) -> Given | None:
    """What was given for an option by the layer that wins; None where nobody said anything."""
    return next((layer[name] for layer in layers if name in layer), None)


def _model(layers: Sequence[Layer]) -> type[BaseSettings]:
    class Layered(BaseSettings):
        model_config = SettingsConfigDict(extra="forbid", hide_input_in_errors=True, validate_default=True)

        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return tuple(_Source(settings_cls, layer) for layer in layers)

    fields: dict[str, Any] = {option.field: _field(option) for option in OPTIONS}
    return create_model("Values", __base__=Layered, **fields)


def _field(option: Option) -> tuple[Any, Any]:
    kind: Any = _TYPES.get(option.kind, str)
    if option.repeatable:
        kind = tuple[kind, ...]
    if option.kind == "switch":
        return Annotated[bool, BeforeValidator(partial(parse, option=option))], False
    if option.default is None:
        empty: Any = () if option.repeatable else None
        return Annotated[kind | None, BeforeValidator(partial(_optional, option=option))], empty
    return Annotated[kind, BeforeValidator(partial(parse, option=option))], option.default


def _optional(raw: object, option: Option) -> object:
    return raw if raw is None or raw == () else parse(raw, option)


def _as_settings_error(error: ValidationError, layers: Sequence[Layer]) -> SettingsError:
    faults = []
    for item in error.errors(include_url=False):
        name = _NAMES.get(str(item["loc"][0]), str(item["loc"][0]))
        given = winning(name, layers)
        phrase = str(item.get("ctx", {}).get("error", item["msg"]))
        faults.append(f"{given.origin if given else name}: {phrase}")
    return SettingsError(faults[0], detail="\n".join(faults[1:]) or None)
