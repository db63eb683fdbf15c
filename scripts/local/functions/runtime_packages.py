"""What Lambda's Python runtime brings by itself: boto3 and what it needs, behind the function's ZIP and its layers."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

PACKAGES = ("boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six", "urllib3")


def make_folder(folder: Path) -> Path:
    """Make the runtime's folder anew, with links to these packages of the installed ones, and to nothing else."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in PACKAGES:
        found = importlib.util.find_spec(name)
        if found is None or found.origin is None:
            raise ModuleNotFoundError(f"The local Lambda runtime needs {name}: run `make setup`.")
        origin = Path(found.origin)
        source = origin.parent if origin.name == "__init__.py" else origin
        (folder / source.name).symlink_to(source)
    return folder
