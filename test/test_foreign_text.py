# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Text from files reaches logs and terminals escaped and bounded; names are refused instead."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from lwrf_ros.bounded_yaml import load_bounded
from lwrf_ros.classes.class_table import ClassTable
from lwrf_ros.classes.groups import ClassGroups
from lwrf_ros.classes.regions import load_regions
from lwrf_ros.errors import LwrfError
from lwrf_ros.foreign_text import line, paragraph
from lwrf_ros.names import LONGEST, fault_of_name
from lwrf_ros.weights.choice import _class_names
from lwrf_ros.weights.licence import terms_of


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("Straße, 道路, 🚗", "Straße, 道路, 🚗"),
        ("\x1b[2J", "\\x1b[2J"),
        ("a\ud800", "a\\ud800"),
        ("one\u2028two", "one two"),
        ("right\u202eleft", "right\\u202eleft"),
        ("  a\r\n b\tc ", "a b c"),
    ],
)
def test_a_line(text: str, safe: str) -> None:
    assert line(text) == safe
    safe.encode()


def test_what_is_long_ends_in_an_ellipsis() -> None:
    started_s = time.monotonic()
    assert line("\x1b" * 20_000_000, 9) == "\\x1b\\x1b…"
    assert paragraph("x" * 20_000_000) == "x" * 199_999 + "…"
    assert time.monotonic() - started_s < 1


def test_a_message_for_the_user_is_safe_wherever_it_goes() -> None:
    error = LwrfError("there is no \x1b]0;owned\x07\udcff;\n  give another")
    assert str(error) == "there is no \\x1b]0;owned\\x07\\udcff;\n  give another"
    assert len(str(LwrfError("x" * 10**6))) == 200_000


def test_a_licence_of_any_length() -> None:
    words = terms_of({"license": "free\x1b[0m " * 10**6, "data": "mine\n" * 10**6})
    assert words.isprintable()
    assert len(words) < 300


BAD_NAMES = {
    "a lone surrogate": ("\ud800", r"it has the character U\+D800; wanted printable text in one"),
    "a line break": ("a\nb", r"it has the character U\+000A; wanted printable text in one line"),
    "a line separator": ("a\u2028b", r"U\+2028; wanted"),
    "an escape": ("\x1b[2J", r"U\+001B; wanted"),
    "a direction mark": ("a\u202eb", r"U\+202E; wanted"),
    "its length": ("x" * (LONGEST + 1), "it has 129 characters; wanted at most 128"),
}


@pytest.mark.parametrize("kind", BAD_NAMES)
def test_names_that_not_every_reader_can_hold(tmp_path: Path, kind: str) -> None:
    name, words = BAD_NAMES[kind]
    quoted = json.dumps(name)
    path = tmp_path / "file.yaml"
    path.write_text(f"classes:\n  - {{name: {quoted}, colour: [1, 2, 3]}}\n")
    with pytest.raises(LwrfError, match=rf"line 2: class 0 has the name .*{words}"):
        ClassTable.load(path)
    path.write_text(f"name: {quoted}\nclasses:\n  - {{name: a, colour: [1, 2, 3]}}\n")
    with pytest.raises(LwrfError, match=words):
        ClassTable.load(path)
    path.write_text(f"groups:\n  - {{name: {quoted}, colour: [1, 2, 3], classes: [road]}}\n")
    with pytest.raises(LwrfError, match=words):
        ClassGroups.load(path, ClassTable.load("camvid"))
    path.write_text(f"regions:\n  - {{name: {quoted}, rectangle: [0, 0, 1, 1]}}\n")
    with pytest.raises(LwrfError, match=words):
        load_regions(path)
    with pytest.raises(LwrfError, match=f"card whose class 1 has the name .*{words}"):
        _class_names({"class_names": json.dumps(["road", name])}, Path("w.safetensors"))


@pytest.mark.parametrize("name", ["road", "Straße", "道路", "🚗", "a/b: #1", "x" * LONGEST])
def test_names_that_are_good(name: str) -> None:
    assert fault_of_name(name) is None


@pytest.mark.parametrize("values", ["{<<: [*a{0}, *a{0}]}", "{<<: [*a{0}, *a{0}], k{0}: 1}"])
def test_merge_keys_that_double_with_every_level(tmp_path: Path, values: str) -> None:
    levels = [f"a{n + 1}: &a{n + 1} {values.replace('{0}', str(n))}\n" for n in range(30)]
    text = "a0: &a0 {name: x}\n" + "".join(levels)
    assert len(text) < 1500
    started_s = time.monotonic()
    (tmp_path / "t.yaml").write_text(text)
    with pytest.raises(LwrfError, match=r"merge keys \(<<\) put in more than 100000 entries"):
        ClassTable.load(tmp_path / "t.yaml")
    with pytest.raises(Exception, match=r"merge keys \(<<\) put in more than 100000 entries"):
        load_bounded(text)
    assert time.monotonic() - started_s < 5


def test_merging_as_people_do() -> None:
    text = "base: &b {a: 1, b: 2}\nother: &o {b: 3, c: 4}\nboth: {<<: [*b, *o], c: 5}\n"
    assert load_bounded(text)["both"] == {"a": 1, "b": 2, "c": 5}
