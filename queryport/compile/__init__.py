"""The compiler: a folder of SQL files and a PostgreSQL in, typed operations and problems out."""

from queryport.compile.compiler import Compilation, compile_project, fingerprint, schema_fingerprint
from queryport.compile.source import Problem

__all__ = ["Compilation", "Problem", "compile_project", "fingerprint", "schema_fingerprint"]
