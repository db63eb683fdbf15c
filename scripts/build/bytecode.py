"""Reproducible bytecode. Lambda's file system is read-only: without it every cold start compiles every module again."""

from __future__ import annotations

import importlib.util
import marshal
import sys
from pathlib import PurePosixPath
from types import CodeType
from typing import Any

# PEP 552: the file is identified by the hash of its source, which the interpreter does not check again.
UNCHECKED_HASH = (0b01).to_bytes(4, "little")


def bytecode_name(source_name: str) -> str:
    """Return where Python looks for the bytecode of a module: "a/b.py" -> "a/__pycache__/b.cpython-313.pyc"."""
    path = PurePosixPath(source_name)
    return str(path.parent / "__pycache__" / f"{path.stem}.{sys.implementation.cache_tag}.pyc")


def compile_module(source: bytes, runtime_path: str) -> bytes:
    """Return the unchecked-hash .pyc of a module, the same bytes in every process.

    `runtime_path` is where the source lies on Lambda: tracebacks show it, and the place of the build leaves no trace.

    Raises:
        SyntaxError, ValueError: the source is not valid Python.
    """
    code = compile(source, runtime_path, "exec", dont_inherit=True, optimize=0)
    body = marshal.dumps(_canonical(code, {}))
    return importlib.util.MAGIC_NUMBER + UNCHECKED_HASH + importlib.util.source_hash(source) + body


def _canonical(value: Any, strings: dict[str, str]) -> Any:
    """Return a constant or code object whose strings owe nothing to the rest of the process.

    marshal writes down whether a string is interned and shared, and that depends on which modules this process has
    imported: a `__qualname__` is one object with the code's name or another one. Here every constant is a copy of its
    own, one for each value in `strings`; the interpreter itself interns those that look like names.
    """
    match value:
        case CodeType():
            return value.replace(co_consts=_canonical(value.co_consts, strings))
        case str():
            return strings.setdefault(value, value.encode("utf-8", "surrogatepass").decode("utf-8", "surrogatepass"))
        case tuple():
            return tuple(_canonical(part, strings) for part in value)
        case frozenset():
            return frozenset(_canonical(part, strings) for part in value)
        case _:
            return value
