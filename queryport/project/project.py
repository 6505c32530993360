"""A project: the folder with `sql_queries/`, `migrations/` and perhaps `seed/` that every command works on.

`queryport.toml` may give the folders other names. What the files in the folders say is not this module's matter.
"""

import os
from pathlib import Path
from typing import Any, NamedTuple, Self

from queryport.project.settings import SETTINGS_FILE, HttpSettings, ProjectError, read_settings


class Project(NamedTuple):
    """The folders of a project."""

    root: Path
    queries: Path
    migrations: Path
    seed: Path | None
    """None where nothing has its name."""
    role: str | None = None
    """The database role that operations run as in development; None for the one that owns everything."""
    http: HttpSettings = HttpSettings.model_construct()

    @property
    def query_defaults(self) -> dict[str, Any]:
        """The keys of query files that hold where neither a file nor a folder has them."""
        return {} if self.http.big_numbers == "number" else {"big_numbers": self.http.big_numbers}

    @classmethod
    def load(cls, root: Path) -> Self:
        """Read `root`'s queryport.toml, if there is one. Raises ProjectError."""
        if not root.is_dir():
            raise ProjectError(f"{root}: there is no such folder")
        root = root.resolve()
        settings = read_settings(root / SETTINGS_FILE)
        for key in (settings.model_fields_set - {"development", "http"}) | {"queries"}:
            folder = getattr(settings, key)
            if not os.path.isdir(root / folder):  # noqa: PTH112 (Path.is_dir raises where a folder above is closed)
                given = key in settings.model_fields_set
                why = f'{SETTINGS_FILE} says {key} = "{folder}"' if given else f"query files are kept in {folder}/"
                fault = "that is not a folder" if os.path.lexists(root / folder) else "there is no such folder"
                raise ProjectError(
                    f"{root}: {why}, and {fault}: make it, name another in {SETTINGS_FILE}, "
                    "or say with --project where the project is"
                )
        seed = root / settings.seed
        return cls(
            root,
            root / settings.queries,
            root / settings.migrations,
            seed if os.path.lexists(seed) else None,
            settings.development.role,
            settings.http,
        )
