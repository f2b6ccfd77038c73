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
    """

    importer: str
    imported: str
    line: int
    at_start: bool


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
        found += _imports(tree, name, package, at_start=True)
    return found


def _imports(node: ast.AST, name: str, package: str, at_start: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            for alias in child.names:
                yield Import(name, alias.name, child.lineno, at_start)
        elif isinstance(child, ast.ImportFrom):
            base = child.module or ""
            if child.level:
                above = package.split(".")
                above = above[: len(above) - child.level + 1]
                base = ".".join([*above, base] if base else above)
            for alias in child.names:
                yield Import(name, f"{base}.{alias.name}", child.lineno, at_start)
        elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            yield from _imports(ast.Module(child.body, []), name, package, at_start=False)
            yield from _imports(ast.Module(child.orelse, []), name, package, at_start)
        else:
            function = isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
            yield from _imports(child, name, package, at_start and not function)


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


def cycle(modules: Iterable[str], imports: Iterable[Import]) -> list[str]:
    """Return the modules of an import cycle in order, the first again at the end; or nothing.

    Importing `a.b` also runs the `__init__` of `a`, but that is only a cycle where this needs
    something of `a.b`, so only what a statement names counts.
    """
    modules = set(modules)
    edges: dict[str, set[str]] = {module: set() for module in modules}
    for one in imports:
        if not one.at_start:
            continue
        target = one.imported
        while target and target not in modules:
            target = target.rpartition(".")[0]
        if target and target != one.importer:
            edges[one.importer].add(target)
    done: set[str] = set()

    def search(path: list[str]) -> list[str]:
        if path[-1] in path[:-1]:
            return path[path.index(path[-1]) :]
        if path[-1] in done:
            return []
        for target in sorted(edges[path[-1]]):
            if found := search([*path, target]):
                return found
        done.add(path[-1])
        return []

    return next((found for module in sorted(modules) if (found := search([module]))), [])
