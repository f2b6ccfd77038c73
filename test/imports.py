# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Who imports whom in a package, read from its sources without importing anything."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple


class Import(NamedTuple):
    """One import.

    Attributes:
        importer: Dotted name of the module that imports.
        imported: Dotted name of what it imports; for `from a import b`, `a.b`.
        line: Line of the statement.
        at_start: Whether it runs when the module is imported: not within a function, and not only
            for type checkers.
        for_types: Whether only type checkers see it.
    """

    importer: str
    imported: str
    line: int
    at_start: bool
    for_types: bool = False


def module_name(path: Path, root: Path) -> str:
    """Return the dotted name of a source file below the folder that holds the package."""
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def modules_of(package: Path) -> dict[str, Path]:
    """Return the source files of a package by module name."""
    return {module_name(path, package.parent): path for path in sorted(package.rglob("*.py"))}


def imports_of(modules: Mapping[str, Path]) -> list[Import]:
    """Return every import in the modules, wherever it stands."""
    found: list[Import] = []
    for name, path in modules.items():
        tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
        package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        found += _imports(tree, name, package, at_start=True, for_types=False)
    return found


def _imports(
    node: ast.AST, name: str, package: str, at_start: bool, for_types: bool
) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            for alias in child.names:
                yield Import(name, alias.name, child.lineno, at_start, for_types)
        elif isinstance(child, ast.ImportFrom):
            base = child.module or ""
            if child.level:
                above = package.split(".")
                above = above[: len(above) - child.level + 1]
                base = ".".join([*above, base] if base else above)
            for alias in child.names:
                yield Import(name, f"{base}.{alias.name}", child.lineno, at_start, for_types)
        elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            yield from _imports(ast.Module(child.body, []), name, package, False, True)
            yield from _imports(ast.Module(child.orelse, []), name, package, at_start, for_types)
        else:
            function = isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
            yield from _imports(child, name, package, at_start and not function, for_types)


def is_within(module: str, package: str) -> bool:
    """Tell whether a dotted name is a package or something in it."""
    return module == package or module.startswith(package + ".")


def violations(
    imports: Iterable[Import], importers: Iterable[str], forbidden: Iterable[str]
) -> list[str]:
    """Return the imports of something forbidden by a module of some packages, for people.

    Args:
        imports: What `imports_of` returns.
        importers: Packages whose modules must not import.
        forbidden: Packages that they must not import; `*_msgs` stands for any ROS messages.
    """
    importers, forbidden = list(importers), list(forbidden)
    return [
        f"{one.importer}:{one.line} imports {one.imported}"
        for one in imports
        if any(is_within(one.importer, package) for package in importers)
        and any(
            is_within(one.imported, package)
            or (package == "*_msgs" and one.imported.split(".")[0].endswith("_msgs"))
            for package in forbidden
        )
    ]


def circles(modules: Iterable[str], imports: Iterable[Import]) -> list[list[str]]:
    """Return the circles among the parts of every package: late imports count as any other.

    In each package, the files and folders that lie directly in it are looked at, a folder with all
    that is in it as one: so a circle between files is found in the package that holds both, and
    one between folders, whichever of their files it goes through. Importing `a.b` also runs the
    `__init__` of `a`, but that is only a circle where this needs something of `a.b`, so only what
    a statement names counts. What only type checkers see makes no circle.

    Args:
        modules: Names of the modules.
        imports: What `imports_of` returns.

    Returns:
        Each circle as the names of its parts in order, the first again at the end; one for each
        part that lies on any.
    """
    modules = set(modules)
    edges: dict[str, dict[str, set[str]]] = {}
    for one in imports:
        target = one.imported
        while target and target not in modules:
            target = target.rpartition(".")[0]
        if one.for_types or not target or target == one.importer:
            continue
        # Two different modules part in exactly one package: the deepest that holds both.
        package = one.importer if is_within(target, one.importer) else target
        while not (is_within(one.importer, package) and is_within(target, package)):
            package = package.rpartition(".")[0]
        parts = edges.setdefault(package, {})
        parts.setdefault(_part(one.importer, package), set()).add(_part(target, package))
    found = []
    for parts in edges.values():
        known: set[str] = set()
        for part in sorted(parts):
            if part not in known and (way := _way_back(part, parts)):
                known.update(way)
                found.append(way)
    return found


def _part(module: str, package: str) -> str:
    """Return the file or folder right in a package that a module is or is in."""
    depth = package.count(".") + 2
    return ".".join(module.split(".")[:depth])


def _way_back(start: str, edges: Mapping[str, set[str]]) -> list[str]:
    """Return the shortest way from a part to itself; empty where there is none."""
    ways, seen = [[start]], {start}
    for way in ways:
        for target in sorted(edges.get(way[-1], ())):
            if target == start:
                return [*way, start]
            if target not in seen:
                seen.add(target)
                ways.append([*way, target])
    return []
