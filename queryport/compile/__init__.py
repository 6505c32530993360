"""The compiler: takes a folder of SQL files and a PostgreSQL, gives typed operations and problems."""

from queryport.compile.compiler import Compilation, compile_project
from queryport.compile.fingerprint import fingerprint, schema_fingerprint
from queryport.diagnostics.source import Problem

__all__ = ["Compilation", "Problem", "compile_project", "fingerprint", "schema_fingerprint"]
