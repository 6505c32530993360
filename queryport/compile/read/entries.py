"""The entries of front matter that are mappings: the keys of each, and the short forms that some have."""

import re
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
"""The units of a time that is written as a number and a unit, such as `24h`."""


class FrontMatterModel(BaseModel):
    """A mapping of front matter, which takes no other keys than its own."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, defer_build=True)


class CacheEntry(FrontMatterModel):
    """`cache:`, for how long caches may answer for the operation, and which."""

    store: bool = True
    """False where nothing may keep an answer: `cache: no-store`."""
    public: bool = False
    """Caches that many callers share may keep it."""
    max_age: int | None = Field(default=None, ge=0, le=31_536_000)
    """Seconds; without it a cache asks each time."""
    stale_while_revalidate: int | None = Field(default=None, ge=0, le=31_536_000)
    """Seconds after `max_age` in which a cache may still answer, and asks meanwhile."""


def cache_of_word(value: Any) -> Any:
    """Read the short forms of `cache:`, `60s` and `no-store`."""
    if value == "no-store":
        return {"store": False}
    if isinstance(value, str) and re.fullmatch("[0-9]{1,7}[smhd]", value):
        return {"max_age": int(value[:-1]) * SECONDS[value[-1]]}
    return value


class BodyEntry(FrontMatterModel):
    """`body:`, a request's body that is one parameter's value, as its bytes."""

    parameter: str
    types: list[str] = Field(default=["*/*"], min_length=1)


def body_of_name(value: Any) -> Any:
    """Read the short form of `body:`, the parameter's name."""
    return {"parameter": value} if isinstance(value, str) else value


class PageEntry(FrontMatterModel):
    """`page:`, keyset paging."""

    by: list[str] = Field(min_length=1)
    size: int = Field(default=50, ge=1)
    max: int = Field(default=500, ge=1)
    unique: bool = False
    """The author says that `by` tells all rows apart, where PostgreSQL does not show it."""


class EntityTagEntry(FrontMatterModel):
    """`etag:`, the column whose value tells one state of a row from the next."""

    column: str
    required: bool = False
    """Calls have to say which state they mean to change."""


def entity_tag_of_word(value: Any) -> Any:
    """Read the short form of `etag:`, a column's name."""
    return {"column": value} if isinstance(value, str) else value


class ParameterEntry(FrontMatterModel):
    """`params.<name>:`, all that an author may say about a parameter."""

    type: str | None = None
    optional: bool = False
    nullable: bool = False
    default: Any = None
    patch: bool = False
    """Absent, it leaves its assignment out, or its column has the DEFAULT."""
    description: str | None = None
    from_: str | None = Field(default=None, alias="from")
    """Where the value comes from, if not from the call."""

    # JSON Schema 2020-12: what narrows the value …
    enum: list[Any] | None = Field(default=None, min_length=1)
    const: Any = None
    minimum: float | int | None = None
    maximum: float | int | None = None
    exclusiveMinimum: float | int | None = None  # noqa: N815 (the standard's spelling, as all below)
    exclusiveMaximum: float | int | None = None  # noqa: N815
    multipleOf: float | int | None = None  # noqa: N815
    minLength: int | None = None  # noqa: N815
    maxLength: int | None = None  # noqa: N815
    pattern: str | None = None
    format: str | None = None
    items: dict[str, Any] | None = None
    prefixItems: list[Any] | None = None  # noqa: N815
    contains: dict[str, Any] | None = None
    minContains: int | None = None  # noqa: N815
    maxContains: int | None = None  # noqa: N815
    minItems: int | None = None  # noqa: N815
    maxItems: int | None = None  # noqa: N815
    uniqueItems: bool | None = None  # noqa: N815
    properties: dict[str, Any] | None = None
    patternProperties: dict[str, Any] | None = None  # noqa: N815
    additionalProperties: dict[str, Any] | bool | None = None  # noqa: N815
    propertyNames: dict[str, Any] | None = None  # noqa: N815
    required: list[str] | None = None
    minProperties: int | None = None  # noqa: N815
    maxProperties: int | None = None  # noqa: N815
    dependentRequired: dict[str, list[str]] | None = None  # noqa: N815
    allOf: list[Any] | None = None  # noqa: N815
    anyOf: list[Any] | None = None  # noqa: N815
    oneOf: list[Any] | None = None  # noqa: N815
    not_: dict[str, Any] | None = Field(default=None, alias="not")
    # … and what only describes it.
    title: str | None = None
    examples: list[Any] | None = None
    deprecated: bool | None = None

    _OURS: ClassVar[frozenset[str]] = frozenset(
        {"type", "optional", "nullable", "default", "patch", "description", "from_"}
    )

    @property
    def has_default(self) -> bool:
        return "default" in self.model_fields_set

    @property
    def takes_null(self) -> bool | None:
        """Whether null is NULL; of a parameter that patches, None leaves it to the column."""
        return None if self.patch and "nullable" not in self.model_fields_set else self.nullable

    def schema_keywords(self) -> dict[str, Any]:
        """The JSON Schema keywords that the author wrote, by their names in the standard."""
        written = self.model_dump(by_alias=True, include=self.model_fields_set - self._OURS)
        return {keyword: value for keyword, value in written.items() if keyword == "const" or value is not None}


class ErrorEntry(FrontMatterModel):
    """`errors.<constraint>:`, what a caller is told where the operation breaks it."""

    code: str | None = Field(default=None, pattern=r"^[A-Z][A-Za-z0-9]{0,63}$")
    """The name of the error, in place of UniqueViolation and so on."""
    detail: str | None = Field(default=None, min_length=1)
    pointer: str | None = Field(default=None, pattern=r"^/.+$")
    """JSON Pointer of the parameter at fault, where PostgreSQL's analysis does not show it."""
    status: int | None = Field(default=None, ge=400, le=499)
