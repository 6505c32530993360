"""The keys that the front matter of a query file may have, and the values that each takes."""

import re
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, create_model


class _Model(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, defer_build=True)


_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


class CacheEntry(_Model):
    """`cache:`, for how long caches may answer for the operation, and which."""

    store: bool = True
    """False where nothing may keep an answer: `cache: no-store`."""
    public: bool = False
    """Caches that many callers share may keep it."""
    max_age: int | None = Field(default=None, ge=0, le=31_536_000)
    """Seconds; without it a cache asks each time."""
    stale_while_revalidate: int | None = Field(default=None, ge=0, le=31_536_000)
    """Seconds after `max_age` in which a cache may still answer, and asks meanwhile."""


def _cache_of_word(value: Any) -> Any:
    """Read the short forms of `cache:`, `60s` and `no-store`."""
    if value == "no-store":
        return {"store": False}
    if isinstance(value, str) and re.fullmatch("[0-9]{1,7}[smhd]", value):
        return {"max_age": int(value[:-1]) * _SECONDS[value[-1]]}
    return value


class BodyEntry(_Model):
    """`body:`, a request's body that is one parameter's value, as its bytes."""

    parameter: str
    types: list[str] = Field(default=["*/*"], min_length=1)


def _body_of_name(value: Any) -> Any:
    """Read the short form of `body:`, the parameter's name."""
    return {"parameter": value} if isinstance(value, str) else value


class PageEntry(_Model):
    """`page:`, keyset paging."""

    by: list[str] = Field(min_length=1)
    size: int = Field(default=50, ge=1)
    max: int = Field(default=500, ge=1)
    unique: bool = False
    """The author says that `by` tells all rows apart, where PostgreSQL does not show it."""


class EntityTagEntry(_Model):
    """`etag:`, the column whose value tells one state of a row from the next."""

    column: str
    required: bool = False
    """Calls have to say which state they mean to change."""


def _entity_tag_of_word(value: Any) -> Any:
    """Read the short form of `etag:`, a column's name."""
    return {"column": value} if isinstance(value, str) else value


class ParameterEntry(_Model):
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


class ErrorEntry(_Model):
    """`errors.<constraint>:`, what a caller is told where the operation breaks it."""

    code: str | None = Field(default=None, pattern=r"^[A-Z][A-Za-z0-9]{0,63}$")
    """The name of the error, in place of UniqueViolation and so on."""
    detail: str | None = Field(default=None, min_length=1)
    pointer: str | None = Field(default=None, pattern=r"^/.+$")
    """JSON Pointer of the parameter at fault, where PostgreSQL's analysis does not show it."""
    status: int | None = Field(default=None, ge=400, le=499)


class FrontMatter(_Model):
    """Everything that may stand in front of a statement; every key is optional."""

    IN_FOLDERS: ClassVar[dict[str, bool]] = {
        "summary": False,
        "description": False,  # a folder's own describes the folder
        "result": False,
        "http": True,  # there only as `off`
        "status": False,
        "location": False,
        "cache": True,
        "etag": False,
        "format": False,
        "type": False,
        "formulas": True,
        "big_numbers": True,
        "body": False,
        "params": True,
        "errors": True,
        "page": False,
        "sort": False,
        "filter": False,
        "count": False,
        "idempotency": True,
        "keep": True,
        "answer": True,
        "isolation": False,
        "retry": True,
        "batch": False,
        "silence": True,
        "allow": True,
        "hidden": True,
        "rls": True,
        "role": True,
        "roles": True,
    }
    """Whether a key may stand in a `_folder.yaml` too, for all files below it."""

    summary: str = ""
    description: str = ""
    result: Literal["many", "one", "maybe", "value", "affected", "none"] | None = None
    http: str | None = None
    status: Literal[200, 201, 202, 204] | None = None
    """The HTTP status of an answer."""
    location: str | None = None
    """The path of what was made, with columns of the answered row in braces."""
    cache: Annotated[CacheEntry | None, BeforeValidator(_cache_of_word)] = None
    etag: Annotated[EntityTagEntry | None, BeforeValidator(_entity_tag_of_word)] = None
    format: Literal["bytes"] | None = None
    """The form of a value that is not answered as JSON."""
    type: str | None = None
    """The media type of `format: bytes`."""
    formulas: Literal["escape", "keep"] = "keep"
    """The treatment, in CSV, of texts that a spreadsheet would take for formulas."""
    big_numbers: Literal["number", "string"] = "number"
    """The JSON form of bigint and numeric."""
    body: Annotated[BodyEntry | None, BeforeValidator(_body_of_name)] = None
    params: dict[str, ParameterEntry | None] = Field(default_factory=dict)
    errors: dict[str, ErrorEntry | None] = Field(default_factory=dict)
    page: PageEntry | None = None
    sort: list[str] | None = Field(default=None, min_length=1)
    """The output columns that callers may sort by."""
    filter: list[str] | None = Field(default=None, min_length=1)
    """The output columns that callers may filter by."""
    count: bool = False
    """Callers may ask how many rows all pages have."""
    idempotency: Literal["required", "optional", "off"] | None = None
    keep: str = Field(default="24h", pattern=r"^[1-9][0-9]{0,6}[smhd]$")
    answer: Literal["kept", "none"] = "kept"
    """Whether an idempotency key is kept with its answer."""
    isolation: Literal["read committed", "repeatable read", "serializable"] | None = None
    retry: int = Field(default=3, ge=0, le=20)
    batch: bool = False
    silence: list[str] = Field(default_factory=list)
    """Codes of warnings that are not shown."""
    allow: list[str] | None = None
    """The rules of handler.contract.rights, any of which lets a caller in."""
    hidden: bool = False
    rls: bool = False
    """Row-level security: policies see the caller's claims."""
    role: str | None = None
    """The database role to take, or `claims.NAME` for one of `roles`."""
    roles: list[str] = Field(default_factory=list)

    @property
    def keep_seconds(self) -> int:
        return int(self.keep[:-1]) * _SECONDS[self.keep[-1]]

    def parameter(self, name: str) -> ParameterEntry:
        return self.params.get(name) or ParameterEntry()


def _folder_settings() -> type[BaseModel]:
    inherited: dict[str, Any] = {
        name: (field.annotation, field)
        for name, field in FrontMatter.model_fields.items()
        if FrontMatter.IN_FOLDERS[name] and name != "http"
    }
    own: dict[str, Any] = {
        "description": (str, ""),
        "tag": (str | None, None),
        "prefix": (str, Field(default="", pattern=r"^(?:/[^/\s]+)*$")),
        "http": (Literal["off"] | None, None),
    }
    return create_model("FolderSettings", __base__=_Model, **own, **inherited)


FolderSettings = _folder_settings()
"""The keys of a `_folder.yaml`: its own, and those of the front matter that all files below it inherit."""
