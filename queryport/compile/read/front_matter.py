"""The keys that the front matter of a query file may have, and the values that each takes."""

from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field

from queryport.compile.read.entries import (
    SECONDS,
    BodyEntry,
    CacheEntry,
    EntityTagEntry,
    ErrorEntry,
    FrontMatterModel,
    PageEntry,
    ParameterEntry,
    body_of_name,
    cache_of_word,
    entity_tag_of_word,
)


class FrontMatter(FrontMatterModel):
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
    cache: Annotated[CacheEntry | None, BeforeValidator(cache_of_word)] = None
    etag: Annotated[EntityTagEntry | None, BeforeValidator(entity_tag_of_word)] = None
    format: Literal["bytes"] | None = None
    """The form of a value that is not answered as JSON."""
    type: str | None = None
    """The media type of `format: bytes`."""
    formulas: Literal["escape", "keep"] = "keep"
    """The treatment, in CSV, of texts that a spreadsheet would take for formulas."""
    big_numbers: Literal["number", "string"] = "number"
    """The JSON form of bigint and numeric."""
    body: Annotated[BodyEntry | None, BeforeValidator(body_of_name)] = None
    params: dict[str, ParameterEntry | None] = Field(default={})
    errors: dict[str, ErrorEntry | None] = Field(default={})
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
    silence: list[str] = Field(default=[])
    """Codes of warnings that are not shown."""
    allow: list[str] | None = None
    """The rules of handler.contract.rights, any of which lets a caller in."""
    hidden: bool = False
    rls: bool = False
    """Row-level security: policies see the caller's claims."""
    role: str | None = None
    """The database role to take, or `claims.NAME` for one of `roles`."""
    roles: list[str] = Field(default=[])

    @property
    def keep_seconds(self) -> int:
        return int(self.keep[:-1]) * SECONDS[self.keep[-1]]

    def parameter(self, name: str) -> ParameterEntry:
        return self.params.get(name) or ParameterEntry.model_construct()
