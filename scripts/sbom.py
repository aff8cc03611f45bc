#!/usr/bin/env python3
"""Prints the bill of materials of a release as CycloneDX 1.5 JSON: the crates that are linked into the binary and the
npm packages that are built into its pages.

    scripts/sbom.py VERSION TARGET SECONDS        SECONDS since 1970: the time of the commit

Our own few lines instead of a tool per ecosystem: the tools for Rust know nothing of the pages, and both sources are
lists already (`cargo metadata`, `package-lock.json`). The same input gives the same bytes."""

import datetime
import json
import pathlib
import re
import subprocess
import sys
import uuid

ROOT = pathlib.Path(__file__).resolve().parent.parent
NAMESPACE = uuid.UUID("9c2b1f6a-1d0c-5a53-8f0e-6d616e617261")


def crates(target):
    command = ["cargo", "metadata", "--locked", "--format-version=1", "--filter-platform", target]
    metadata = json.loads(subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout)
    packages = {package["id"]: package for package in metadata["packages"]}
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    # What is linked: everything reached without test dependencies. Build dependencies are in, since they write code.
    root = metadata["resolve"]["root"]
    linked, waiting = set(), [root]
    while waiting:
        node = nodes[waiting.pop()]
        for dependency in node["deps"]:
            kinds = {kind["kind"] for kind in dependency["dep_kinds"]}
            if kinds != {"dev"} and dependency["pkg"] not in linked:
                linked.add(dependency["pkg"])
                waiting.append(dependency["pkg"])
    return [crate(packages[package]) for package in linked]


def crate(package):
    name, version = package["name"], package["version"]
    return component(f"pkg:cargo/{name}@{version}", name, version, package.get("license"))


def npm_packages():
    """What the build put into the pages, as their list of licences has it; before a build, what it would take there."""
    listed = ROOT / "assets/dist/licences.txt"
    if listed.exists():
        lines = re.findall(r"^(@?[\w./-]+) (\d\S*) \((.+)\)$", listed.read_text(), re.MULTILINE)
        return [npm_package(*line) for line in lines]
    lock = json.loads((ROOT / "assets/ui/package-lock.json").read_text())
    found = []
    for path, package in lock["packages"].items():
        name = path.rpartition("node_modules/")[2]
        # The framework is a development dependency, and its runtime is in every page.
        if path and (not package.get("dev") or name == "svelte"):
            found.append(npm_package(name, package["version"], package.get("license")))
    return found


def npm_package(name, version, licence):
    return component(f"pkg:npm/{name.replace('@', '%40')}@{version}", name, version, licence)


def component(purl, name, version, licence):
    entry = {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}
    if licence:
        entry["licenses"] = [{"expression": licence.replace("/", " OR ")}]
    return entry


def main():
    version, target, seconds = sys.argv[1], sys.argv[2], int(sys.argv[3])
    components = sorted(crates(target) + npm_packages(), key=lambda entry: entry["bom-ref"])
    time = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    product = {"type": "application", "bom-ref": "manara", "name": "manara", "version": version}
    bom = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{uuid.uuid5(NAMESPACE, version + json.dumps(components))}",
        "version": 1,
        "metadata": {"timestamp": time, "component": product},
        "components": components,
    }
    json.dump(bom, sys.stdout, indent=1, ensure_ascii=False)
    print()


main()
