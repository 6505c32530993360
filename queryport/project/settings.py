"""The settings of a project, queryport.toml: its tables and keys, checked whole before anything else happens."""

import re
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from queryport.authored import SETTINGS, UnreadableError, read_authored
from queryport.console.failure import CommandError
from queryport.diagnostics.near_names import did_you_mean

SETTINGS_FILE = "queryport.toml"


class ProjectError(CommandError):
    """The folder is no project, or its queryport.toml is wrong; the message says where and how to mend it."""


def _below(value: str) -> str:
    if Path(value).is_absolute() or Path(value) == Path():
        raise ValueError("expected the name of a folder, relative to the project")
    return value


def _address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
        raise ValueError("expected an address such as https://api.example.com")
    return value.rstrip("/")


def _origin(value: str) -> str:
    if value != "*" and not re.fullmatch(r"https?://[^/?#\s*]+", value):
        raise ValueError("expected an origin such as https://shop.example.com, without a path, or *")
    return value


_Server = Annotated[str, AfterValidator(_address)]
_FolderName = Annotated[str, Field(min_length=1), AfterValidator(_below)]
_Origin = Annotated[str, AfterValidator(_origin)]


class DevelopmentSettings(BaseModel):
    """The table [development] of queryport.toml."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)

    role: str | None = Field(
        default=None,
        min_length=1,
        description="The database role that operations run as, as in production; made by a migration.",
    )


class CorsSettings(BaseModel):
    """The table [http.cors] of queryport.toml; template.yaml gives a deployed Function URL the same."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)

    allow_origins: list[_Origin] = Field(default=[], description="The pages that may call; `*` is every one.")
    allow_methods: list[str] = Field(
        default=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"], description="The methods that they may use."
    )
    allow_headers: list[str] = Field(
        default=[
            *("accept", "authorization", "content-type", "idempotency-key", "if-match", "if-none-match", "prefer"),
            *("x-amz-content-sha256", "x-amz-date", "x-amz-security-token", "x-api-key"),
        ],
        description="The headers that they may send.",
    )
    expose_headers: list[str] = Field(
        default=[
            *("etag", "idempotency-replayed", "link", "location", "preference-applied", "retry-after"),
            *("www-authenticate", "x-request-id", "x-total-count"),
        ],
        description="The headers that they may read.",
    )
    max_age: int = Field(default=3600, ge=0, le=86_400, description="Seconds for which a browser keeps the permission.")
    allow_credentials: bool = Field(default=False, description="Whether they may send cookies.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.allow_credentials and "*" in self.allow_origins:
            raise ValueError("allow_credentials needs the origins by name, and browsers refuse it with *")
        return self


class HttpSettings(BaseModel):
    """The table [http] of queryport.toml."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)

    title: str = Field(default="Operations", min_length=1, description="The title of the OpenAPI document.")
    description: str = Field(default="", description="What the OpenAPI document says of the whole, in Markdown.")
    servers: list[_Server] = Field(
        default=[],
        description="The addresses of the function, for the OpenAPI document. Without any: where the document is.",
    )
    openapi: Literal["callers", "public", "off"] | None = Field(
        default=None,
        description="`GET /openapi.json`: what its caller may call (`callers`), all (`public`), or nothing (`off`).",
    )
    docs: bool = Field(default=False, description="Whether a deployed function has the page `GET /docs`.")
    big_numbers: Literal["number", "string"] = Field(
        default="number",
        description="How `bigint` and `numeric` are answered: as JSON numbers, or as strings of digits.",
    )
    cors: CorsSettings = Field(
        default_factory=CorsSettings.model_construct,
        description="The web pages of other origins that may call, as `serve` has it.",
    )
    sql: bool | None = Field(default=None, description="Whether the OpenAPI document has the operations' SQL.")


class ProjectSettings(BaseModel):
    """The settings of queryport.toml."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)

    queries: _FolderName = Field(default="sql_queries", description="The folder of the query files.")
    migrations: _FolderName = Field(default="migrations", description="The folder of the migrations.")
    seed: _FolderName = Field(
        default="seed", description="The folder of the data that a development database starts with."
    )
    development: DevelopmentSettings = Field(
        default_factory=DevelopmentSettings.model_construct,
        description="How operations run on the developer's machine.",
    )
    http: HttpSettings = Field(default_factory=HttpSettings.model_construct, description="What HTTP callers are told.")


def read_settings(path: Path) -> ProjectSettings:
    """Read the file; without one, all is as usual. Raises ProjectError."""
    try:
        text = read_authored(path, SETTINGS).decode()
    except UnreadableError as error:
        raise ProjectError(f"{path}: {error}: {error.cure}") from None
    except FileNotFoundError:
        return ProjectSettings.model_construct()  # for defaults, pydantic need not make what validates
    except OSError as error:
        raise ProjectError(f"{path}: it cannot be read ({error.strerror})") from None
    except UnicodeDecodeError as error:
        raise ProjectError(f"{path}: not UTF-8 text (byte {error.start}): save it as UTF-8") from None
    import tomllib  # here, since most projects have no such file

    try:
        return ProjectSettings.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ProjectError(_toml_message(path, error)) from None
    except ValidationError as error:
        lines = [_setting_message(path, text, e["loc"], e["type"], e["msg"]) for e in error.errors()]
        raise ProjectError("\n".join(lines)) from None


def _toml_message(path: Path, error: ValueError) -> str:
    # Before Python 3.14 the place is only in the message.
    found = re.search(r" \(at line (\d+), column (\d+)\)", str(error))
    place = f"{path}:{found[1]}:{found[2]}" if found else str(path)
    message = str(error).replace(found[0], "") if found else str(error)
    return f"{place}: not valid TOML: {message}"


_TABLES: dict[tuple[int | str, ...], type[BaseModel]] = {
    (): ProjectSettings,
    ("development",): DevelopmentSettings,
    ("http",): HttpSettings,
    ("http", "cors"): CorsSettings,
}


def _setting_message(path: Path, text: str, loc: tuple[int | str, ...], kind: str, message: str) -> str:
    key = next(str(step) for step in reversed(loc) if isinstance(step, str))
    assignment = re.compile(rf"""\s*\[*\s*(?:\w+\.)*["']?{re.escape(key)}["']?\s*[=.\]]""")
    line = next((number for number, line in enumerate(text.splitlines(), 1) if assignment.match(line)), 1)
    if kind == "extra_forbidden":
        known = sorted(_TABLES[loc[:-1]].model_fields)
        hint = did_you_mean(key, known, f"known are {', '.join(known)}", "{}")
        return f"{path}:{line}: unknown key {key}: {hint}"
    return f"{path}:{line}: {key}: {message.removeprefix('Value error, ')}"
