"""The page `GET /docs`: one HTML file out of the modules, styles and libraries in this folder.

It holds no data. In the browser it fetches `openapi.json` from where it came, and shows and calls what it finds there.
"""

from queryport.generate.docs_page.assemble import docs_page

__all__ = ["CHANGES", "docs_page"]

CHANGES = "docs/changes"
"""The address, relative to the page, at which `queryport serve` tells of changes; no project's route can take it."""
