"""The compiler: a folder of SQL files and a PostgreSQL in, typed operations and problems out."""

from queryport.compile.compiler import Compilation, CompileCache, compile_project, fingerprint, schema_fingerprint
from queryport.diagnostics.source import Problem

__all__ = ["Compilation", "CompileCache", "Problem", "compile_project", "fingerprint", "schema_fingerprint"]
