"""The compiler: takes a folder of SQL files and a PostgreSQL, gives typed operations and problems."""

from queryport.compile.compiler import Compilation, CompileCache, compile_project
from queryport.compile.fingerprint import fingerprint, schema_fingerprint
from queryport.diagnostics.source import Problem

__all__ = ["Compilation", "CompileCache", "Problem", "compile_project", "fingerprint", "schema_fingerprint"]
