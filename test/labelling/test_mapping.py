# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""A teacher's classes become one's own as a file says, and what it cannot say is explained."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from lwrf_ros.classes.class_table import ClassTable
from lwrf_ros.labelling.mapping import Mapping, MappingError
from lwrf_ros.package_data import class_mappings, class_tables

TABLE = ClassTable("mine", ("road", "person", "tree"), np.zeros((3, 3), np.uint8))


def load(folder: Path, text: str, teacher_classes: int = 5) -> Mapping:
    path = folder / "mapping.yaml"
    path.write_text(text, encoding="utf-8")
    return Mapping.load(str(path), TABLE, teacher_classes)


def test_several_make_one_and_the_rest_is_nothing(tmp_path: Path) -> None:
    mapping = load(tmp_path, "classes:\n  person: 4\n  road: [0, 2]\n")
    probabilities = np.array([0.1, 0.2, 0.3, 0.15, 0.25], np.float32).reshape(5, 1, 1)
    # road 0.1 + 0.3, person 0.25, tree never, else 0.2 + 0.15
    np.testing.assert_allclose(mapping.apply(probabilities).ravel(), [0.4, 0.25, 0, 0.35])


def test_by_name(tmp_path: Path) -> None:
    text = "names: [sky, lane, crowd, wood, kerb]\nclasses: {tree: wood, road: [lane, 4]}\n"
    assert load(tmp_path, text).members.argmax(axis=0).tolist() == [3, 0, 3, 2, 0]
    # Where the network's file does not tell their number, the names do, or the highest index.
    assert load(tmp_path, text, teacher_classes=0).teacher_classes == 5
    assert load(tmp_path, "classes: {tree: 6}", teacher_classes=0).teacher_classes == 7


def test_the_same_classes() -> None:
    mapping = Mapping.identity(3)
    seen = np.array([0.5, 0.2, 0.3], np.float32).reshape(3, 1, 1)
    np.testing.assert_allclose(mapping.apply(seen).ravel(), [0.5, 0.2, 0.3, 0], atol=1e-6)


def test_ade31_counts_from_1() -> None:
    mapping = Mapping.load("ade31", ClassTable.load("ade31"), 32)
    assert mapping.members.argmax(axis=0).tolist() == [31, *range(31)]


@pytest.mark.parametrize("name", class_mappings())
def test_bundled_mappings_are_for_the_table_of_their_name(name: str) -> None:
    assert name in class_tables()
    text = class_mappings()[name].read_text(encoding="utf-8")
    assert "A mapping of your own: copy this file" in text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("classes: {street: 0}", "line 1: the class 'street' is not one of the table 'mine'; it"),
        ("classes: {road: 5}", "road has the teacher's class 5; wanted an index from 0 to 4"),
        ("classes: {road: -1}", "wanted an index from 0 to 4"),
        ("classes: {road: true}", "wanted an index from 0 to 4"),
        ("classes: {road: lane}", "'lane', which is not in `names`; use its index"),
        ("names: [a, a, b, c, d]\nclasses: {road: a}", "is in `names` more than once"),
        ("names: [a, b]\nclasses: {road: a}", "there are 2 `names`, but the teacher has 5 classes"),
        ("names: sky\nclasses: {road: 0}", "`names` is no list of texts"),
        ("classes: {road: [0, 1], person: 1}", "class 1 belongs to road and to person"),
        ("classes: [road]", "there are no `classes`; wanted classes: {road"),
        ("road: 0", "there is the key 'road'; wanted `classes`, `names`"),
        ("classes: {", "not valid YAML"),
    ],
)
def test_mistakes(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(MappingError, match=re.escape(message)) as error:
        load(tmp_path, text)
    assert str(error.value).startswith(f"the class mapping {tmp_path / 'mapping.yaml'}, line ")


def test_no_such_mapping() -> None:
    with pytest.raises(MappingError, match="no mapping 'ade'; wanted one of ade31, or the path"):
        Mapping.load("ade", TABLE, 5)
    with pytest.raises(MappingError, match=r"no/such\.yaml"):
        Mapping.load("no/such.yaml", TABLE, 5)
