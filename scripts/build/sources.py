"""Which files of the repository belong to which artifact."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NoReturn

from scripts.console import fail

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Beside the code, but not part of it: grants are Terraform's, locks are the builder's, the rest is for people.
NOT_SHIPPED_FOLDERS = frozenset({"__pycache__", "policies", "tests"})
NOT_SHIPPED_SUFFIXES = frozenset({".in", ".md", ".pyc", ".pyi"})
NOT_SHIPPED_NAMES = frozenset({"requirements.txt", "py.typed"})


def find_services(root: Path) -> list[str]:
    """Return the names of the services in services/, sorted.

    Raises:
        Failure: a service has no handler.
    """
    folders = sorted(path for path in (root / "services").glob("[a-z]*") if path.is_dir())
    services = [path for path in folders if (path / "__init__.py").exists() or (path / "handlers").is_dir()]
    for folder in services:
        _check_handlers(folder, root)
    return [folder.name for folder in services]


def _check_handlers(folder: Path, root: Path) -> None:
    modules = [path for path in sorted((folder / "handlers").glob("*.py")) if path.name != "__init__.py"]
    if not any(_defines_handler(path, root) for path in modules):
        fail(
            f"service {folder.name} has no handler: no file in {(folder / 'handlers').relative_to(root)}/ defines it",
            f"add {folder.relative_to(root)}/handlers/<function>.py with `def handler(event, context)`",
        )


def _defines_handler(path: Path, root: Path) -> bool:
    for node in parse(path.read_bytes(), str(path.relative_to(root))).body:
        if isinstance(node, ast.FunctionDef) and node.name == "handler":
            return True
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        if any(isinstance(target, ast.Name) and target.id == "handler" for target in targets):
            return True
        if isinstance(node, ast.ImportFrom) and any("handler" in (name.asname, name.name) for name in node.names):
            return True
    return False


def parse(source: bytes, name: str) -> ast.Module:
    """Return the syntax tree of a file.

    Raises:
        Failure: it is not valid Python; the message names file and line.
    """
    try:
        return ast.parse(source, name)
    except (SyntaxError, ValueError) as error:
        fail_syntax(error, name)


def fail_syntax(error: SyntaxError | ValueError, name: str) -> NoReturn:
    """End the build with the place of a syntax error.

    Raises:
        Failure: always.
    """
    line = f":{error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
    reason = error.msg if isinstance(error, SyntaxError) else str(error)
    fail(f"{name}{line}: {reason}", "correct the source and build again")


def package_files(package: Path) -> Iterator[tuple[str, Path]]:
    """Yield what ships of a package: its path from the package's parent, with slashes, and the file; sorted."""
    for path in sorted(package.rglob("*")):
        inside = path.relative_to(package)
        hidden = any(part.startswith(".") or part in NOT_SHIPPED_FOLDERS for part in inside.parts)
        skipped = path.suffix in NOT_SHIPPED_SUFFIXES or path.name in NOT_SHIPPED_NAMES
        if not hidden and not skipped and path.is_file():
            yield f"{package.name}/{inside.as_posix()}", path
