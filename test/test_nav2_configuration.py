# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The ready configuration for Nav2 fits the node, its topics and its bundled groups."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from lwrf_ros import package_data as data
from lwrf_ros.classes.class_table import ClassTable
from lwrf_ros.classes.groups import ClassGroups
from lwrf_ros.configuration.parameters import Parameters, coerce
from lwrf_ros.weights.choice import resolve

SOURCE = "front"


@pytest.fixture(scope="module")
def configuration() -> dict[str, Any]:
    path = data.config_path("nav2_segmentation_layer.yaml")
    return yaml.safe_load(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def layer(configuration: dict[str, Any]) -> dict[str, Any]:
    costmap = configuration["local_costmap"]["local_costmap"]["ros__parameters"]
    assert "segmentation_layer" in costmap["plugins"]
    layer = costmap["segmentation_layer"]
    assert layer["observation_sources"].split() == [SOURCE]
    return layer


def node_parameters(configuration: dict[str, Any]) -> Parameters:
    given = configuration["segmenter"]["ros__parameters"]
    return Parameters(**{name: coerce(name, value) for name, value in given.items()})


@pytest.mark.parametrize("name", data.class_groups())
def test_every_class_of_the_bundled_groups_has_its_costs(layer: dict[str, Any], name: str) -> None:
    groups = ClassGroups.load(name, ClassTable.load(name.partition("_")[0]))
    source = layer[SOURCE]
    types = [source[kind] for kind in source["class_types"]]
    classes = [one for kind in types for one in kind["classes"]]
    assert sorted(classes) == sorted(groups.table.names)
    for kind in types:
        assert set(kind) == {
            "classes",
            "base_cost",
            "max_cost",
            "mark_confidence",
            "samples_to_max_cost",
            "dominant_priority",
        }
        costs = [kind["base_cost"], kind["max_cost"], kind["mark_confidence"]]
        assert all(type(cost) is int and 0 <= cost <= 254 for cost in costs)
        assert kind["base_cost"] <= kind["max_cost"]


def test_the_layer_listens_to_what_the_node_publishes(layer: dict[str, Any]) -> None:
    source = layer[SOURCE]
    assert source["segmentation_topic"] == "/segmenter/labels"
    assert source["confidence_topic"] == "/segmenter/confidence"
    assert source["labels_topic"] == "/segmenter/label_info"
    # 255 is ranked by confidence otherwise, and could hide an obstacle.
    assert source["use_cost_selection"] is True


def test_the_nodes_part_is_one_that_it_takes(configuration: dict[str, Any]) -> None:
    parameters = node_parameters(configuration)
    parameters.check_together()
    classes = resolve(parameters.weights, parameters.classes).classes
    ClassGroups.load(parameters.class_groups, classes)
    # A cloud of the network's size is rare.
    assert parameters.label_size == "camera"


def test_the_manager_does_the_transitions_and_asks_for_no_bond(
    configuration: dict[str, Any],
) -> None:
    manager = configuration["lifecycle_manager_segmentation"]["ros__parameters"]
    assert manager == {"autostart": True, "node_names": ["segmenter"], "bond_timeout": 0.0}
    assert node_parameters(configuration).autostart is False


def test_the_documentation_goes_through_every_field(layer: dict[str, Any]) -> None:
    path = data.config_path("nav2_segmentation_layer.yaml").parents[1] / "docs" / "nav2.md"
    if not path.is_file():
        pytest.skip(f"{path} is missing: the documentation comes with the sources only")
    text = path.read_text(encoding="utf-8")
    source = layer[SOURCE]
    fields = {*layer, *source, *source["person"]} - {SOURCE, *source["class_types"]}
    assert [name for name in fields - {"plugin", "enabled"} if f"`{name}`" not in text] == []
