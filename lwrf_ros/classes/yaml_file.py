# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""YAML files that people write for us, read with the line of all that an error can be about."""

from __future__ import annotations

import reprlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from lwrf_ros.bounded_yaml import BoundedLoader
from lwrf_ros.errors import LwrfError
from lwrf_ros.input_file import read_bounded

# 255 classes take some 15 kB. PyYAML reads about 0.2 MB in a second, and a node that was given the
# wrong file is to say so at once.
MAX_BYTES = 1 << 20


@dataclass(frozen=True)
class FileKind:
    """The kind of a file: its purpose and what its errors call it.

    Attributes:
        name: What messages call it, "class table" for example.
        entries: The key of the list that makes it up.
        error: What is raised about it.
    """

    name: str
    entries: str
    error: type[LwrfError]


@dataclass(frozen=True)
class Lines:
    """Where a mapping is in the file; lines count from 1.

    Attributes:
        start: Its first line.
        keys: The line of each key that is written in the mapping itself, not merged into it.
    """

    start: int
    keys: dict[Any, int]

    def of(self, key: Any) -> int:
        """Return the line to look at when something is wrong with a key."""
        return self.keys.get(key, self.start)


@dataclass(frozen=True)
class YamlFile:
    """The content of a YAML file with the line of each entry; nothing is validated.

    Attributes:
        kind: What it is meant to be.
        path: The file.
        content: What the YAML says.
        top: Lines of the outermost mapping.
        entries: Lines of each element of the list that makes it up; empty if that is no list.
    """

    kind: FileKind
    path: Path
    content: Any
    top: Lines
    entries: tuple[Lines, ...]

    def error(self, line: int, complaint: str) -> LwrfError:
        """Return an error to raise about a line of the file."""
        return _error(self.kind, self.path, line, complaint)


def read_yaml_file(path: Path, kind: FileKind) -> YamlFile:
    """Read a file; tags that would make Python objects are refused, not run.

    Raises:
        LwrfError: The kind's own, if the file cannot be read or is not YAML.
    """
    text = _text(path, kind)
    try:
        loader = _Loader(text)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        what = f"the character {chr(error.character)!r} cannot be part of it; remove it"
        raise _error(kind, path, line, f"not valid YAML: {what}") from error
    try:
        root = loader.get_single_node()
        content = None if root is None else loader.construct_document(root)
        return YamlFile(kind, path, content, *loader.lines(root, kind.entries))
    except yaml.MarkedYAMLError as error:
        # What is missing is missed at the end of the file, which may be after its last line.
        last = text.rstrip().count("\n") + 1
        line = min(_line(error.problem_mark or error.context_mark), last)
        context = ""
        if error.context and error.context_mark:
            context = f"{error.context} that begins in line {_line(error.context_mark)}, "
        raise _error(kind, path, line, f"not valid YAML: {context}{error.problem}") from error
    except RecursionError as error:
        line = _line(loader.get_mark())
        raise _error(kind, path, line, "not valid YAML: it is nested too deeply") from error


def _text(path: Path, kind: FileKind) -> str:
    try:
        data = read_bounded(path.expanduser(), MAX_BYTES, f"the {kind.name}", kind.error)
    except FileNotFoundError:
        raise kind.error(f"there is no {kind.name} {path}; check the path") from None
    except OSError as error:
        raise kind.error(f"cannot read the {kind.name} {path}: {error}") from error
    except (ValueError, RuntimeError) as error:  # a null character; a ~ without a home folder
        raise kind.error(f"cannot open the {kind.name} {path}: {error}") from error
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        what = f"the byte {data[error.start]:#04x} is not UTF-8; save the file as UTF-8"
        raise _error(kind, path, line, f"not valid YAML: {what}") from error


def _error(kind: FileKind, path: Path, line: int, complaint: str) -> LwrfError:
    return kind.error(f"the {kind.name} {path}, line {line}: {complaint}")


def _line(mark: Any) -> int:
    """Return the line of a mark, counted from 1 as editors do."""
    return mark.line + 1


class _Loader(BoundedLoader):
    """A loader that knows lines, and that refuses a key that is in a mapping twice."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        # An alias has no node: the composer hands out the anchor's, which knows its own line only.
        self._aliases: dict[tuple[int, Any], int] = {}

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node:
        event = self.peek_event()
        node = super().compose_node(parent, index)
        if isinstance(event, yaml.AliasEvent):
            self._aliases[id(parent), index] = _line(event.start_mark)
        return node

    def compose_mapping_node(self, anchor: str | None) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        # Here and not later: the constructor puts the keys that are merged in into this very node.
        lines: dict[tuple[str, str], int] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            if (key.tag, key.value) in lines:
                problem = f"the key {key.value!r} is in line {lines[key.tag, key.value]} already"
                raise yaml.composer.ComposerError(None, None, problem, key.start_mark)
            lines[key.tag, key.value] = _line(key.start_mark)
        return node

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep=deep)
        except (yaml.YAMLError, RecursionError):
            raise
        except Exception as error:  # PyYAML lets through what int(), dates and look-ups raise
            kind = node.tag.rpartition(":")[2]
            problem = f"cannot read {node.value!r} as {kind}; quote it if it is text"
            raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark) from error

    def lines(self, root: yaml.Node | None, entries: str) -> tuple[Lines, tuple[Lines, ...]]:
        """Return the lines of a document that has been constructed, and of a list in it."""
        if root is None:
            return Lines(1, {}), ()
        found = None
        for key, value in _pairs(root):
            if self.construct_object(key, deep=True) == entries:
                found = value
        if not isinstance(found, yaml.SequenceNode):
            return self._lines_of(root), ()
        return self._lines_of(root), tuple(
            self._lines_of(entry, self._aliases.get((id(found), index)))
            for index, entry in enumerate(found.value)
        )

    def _lines_of(self, node: yaml.Node, alias: int | None = None) -> Lines:
        if alias is not None:
            return Lines(alias, {})
        start = _line(node.start_mark)
        keys = {self.construct_object(key, deep=True): key.start_mark for key, _ in _pairs(node)}
        # What is merged in has been written further up.
        own = {key: _line(mark) for key, mark in keys.items() if _line(mark) >= start}
        return Lines(start, own)


def _pairs(node: yaml.Node) -> list[tuple[yaml.Node, yaml.Node]]:
    return node.value if isinstance(node, yaml.MappingNode) else []


def shown(value: Any) -> str:
    """Return a value as an error shows it: cut short, whatever a file has there."""
    short = reprlib.Repr()
    short.maxlevel, short.maxstring, short.maxother = 3, 60, 60
    return short.repr(value)
