"""Reproducible bytecode. Lambda's file system is read-only: without it every cold start compiles every module again."""

from __future__ import annotations

import importlib.util
import marshal
import sys
from pathlib import PurePosixPath
from types import CodeType

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
    # marshal marks an object as shared when it has more than one reference, and strings that this process happens to
    # have interned have more. One reference more to each object marks them all, whatever else the process holds.
    held: list[object] = []
    _hold(code, held)
    return importlib.util.MAGIC_NUMBER + UNCHECKED_HASH + importlib.util.source_hash(source) + marshal.dumps(code)


def _hold(value: object, held: list[object]) -> None:
    """Keep a reference to everything that `value` is made of."""
    held.append(value)
    if isinstance(value, CodeType):
        for part in (value.co_consts, value.co_names, value.co_varnames, value.co_freevars, value.co_cellvars):
            _hold(part, held)
        held += (value.co_filename, value.co_name, value.co_qualname, value.co_linetable, value.co_exceptiontable)
    elif isinstance(value, tuple | frozenset):
        for part in value:
            _hold(part, held)
