"""The places of the repository that tests read."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
QUERIES = ROOT / "sql_queries"
MIGRATIONS = ROOT / "migrations"
SEED = ROOT / "seed"
