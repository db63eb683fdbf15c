"""`make verify`: the same bytes from the build to what serves.

The manifest holds the digest of every ZIP, and its own digest travels apart from it. What Lambda runs is compared by
the digest that Lambda itself computed of what it was given.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING, Any

from scripts.build.builder import LAYER
from scripts.build.manifest import SCHEMA, Artifact
from scripts.console import fail, say, show_table, size
from scripts.environment import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from scripts.deployed import Deployed
    from scripts.environment import Environment

BUILD = ROOT / "build"
AWS_PLATFORMS = ("any", "linux_arm64")
REBUILD = "build it again with `make build`, or fetch what was built once more"


def verify(environment: Environment, *, manifest: str = "", serving: bool = False) -> None:
    """Check that build/ holds what its manifest says; with `manifest`, that the manifest has this SHA-256.

    With `serving`, also that every function of the environment serves its newest version, to all its traffic, and that
    this version is made of these ZIPs.

    Raises:
        Failure: something is not as it should be; each is named.
    """
    artifacts = check(BUILD, manifest, () if environment.is_local else AWS_PLATFORMS)
    rows = [(name, size(one.size), one.sha256, one.platform) for name, one in artifacts.items()]
    rows.append(("manifest", "", digest(BUILD / "manifest.json"), ""))
    show_table(["artifact", "size>", "sha256", "platform"], rows)
    if not serving:
        return
    from scripts.deployed import Deployed

    stack = Deployed.read(environment)
    flaws = [f"{key}: {flaw}" for key in sorted(stack.outputs["functions"]) for flaw in _flaws(stack, key, artifacts)]
    if flaws:
        fail(
            f"{environment.name} does not serve what was built:\n  " + "\n  ".join(flaws),
            f"what was released, and how it ended: make releases ENV={environment.name}",
        )
    say(f"{environment.name} serves these ZIPs, in every function", style="green")


def check(folder: Path, manifest: str = "", platforms: tuple[str, ...] = ()) -> dict[str, Artifact]:
    """Return the artifacts of a folder by name, each as its manifest says and, if given, for one of the platforms.

    Raises:
        Failure: a file is missing, changed or not in the manifest, or the manifest is another one.
    """
    path = folder / "manifest.json"
    if not path.is_file():
        fail(f"{path} does not exist", REBUILD)
    if manifest and digest(path) != manifest:
        fail(f"{path} is not the manifest that was asked for: it has {digest(path)}, not {manifest}", REBUILD)
    found = json.loads(path.read_text())
    if found.get("schema") != SCHEMA:
        fail(f"{path} has schema {found.get('schema')}, this is {SCHEMA}", "build and deploy from one commit")
    artifacts = {name: Artifact(**fields) for name, fields in found["artifacts"].items()}
    listed = {one.path for one in artifacts.values()}
    flaws = [f"{one.name} is not in the manifest" for one in sorted(folder.glob("*.zip")) if one.name not in listed]
    for artifact in artifacts.values():
        file = folder / artifact.path
        if not file.is_file():
            flaws.append(f"{artifact.path} is missing")
        elif digest(file) != artifact.sha256:
            flaws.append(f"{artifact.path} has {digest(file)}, the manifest says {artifact.sha256}")
        elif platforms and artifact.platform not in platforms:
            flaws.append(f"{artifact.path} is for {artifact.platform}, not for {' or '.join(platforms)}")
    if flaws:
        fail(f"{folder} does not hold what was built:\n  " + "\n  ".join(flaws), REBUILD)
    return artifacts


def digest(file: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _flaws(stack: Deployed, key: str, artifacts: dict[str, Artifact]) -> list[str]:
    """Return what is wrong with one function by <service>.<function>."""
    client, known = stack.environment.client("lambda"), stack.outputs["functions"][key]
    alias = client.get_alias(FunctionName=known["name"], Name=known["alias"])
    version, newest = str(alias["FunctionVersion"]), str(known["version"])
    flaws = [] if version == newest else [f"serves version {version}, the newest is {newest}"]
    if weights := (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights"):
        flaws.append(f"shares its traffic with version {', '.join(weights)}")
    configuration = client.get_function_configuration(FunctionName=known["name"], Qualifier=version)
    service = key.partition(".")[0]
    if configuration["CodeSha256"] != _base64(artifacts[service]):
        flaws.append(f"version {version} is not {artifacts[service].path}")
    layers = [_layer_digest(client, one["Arn"]) for one in configuration.get("Layers", [])]
    if LAYER in artifacts and _base64(artifacts[LAYER]) not in layers:
        flaws.append(f"version {version} is not with {artifacts[LAYER].path}")
    return flaws


def _layer_digest(client: Any, arn: str) -> str:
    return str(client.get_layer_version_by_arn(Arn=arn)["Content"]["CodeSha256"])


def _base64(artifact: Artifact) -> str:
    """Return a ZIP's digest as Lambda writes it."""
    return base64.b64encode(bytes.fromhex(artifact.sha256)).decode()
