"""The keys that a `_folder.yaml` may have, and the values that each takes."""

from typing import Any, Literal

from pydantic import BaseModel, Field, create_model

from queryport.compile.read.entries import FrontMatterModel
from queryport.compile.read.front_matter import FrontMatter


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
    return create_model("FolderSettings", __base__=FrontMatterModel, **own, **inherited)


FolderSettings = _folder_settings()
"""The keys of a `_folder.yaml`: its own, and those of the front matter that all files below it inherit."""
