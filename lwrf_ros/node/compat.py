# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Differences between releases of ROS, and names that none of them makes public."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rclpy.lifecycle import LifecycleNode
    from rclpy.node import Node


def parameter_overrides(node: Node) -> dict[str, Any]:
    """Return the parameter values given to the node by YAML file or command line, by name.

    rclpy drops the ones that are never declared without a word, and has no public way to ask for
    them (Jazzy, Kilted).
    """
    return {name: parameter.value for name, parameter in node._parameter_overrides.items()}


def destroy_lifecycle_node(node: LifecycleNode) -> None:
    """Destroy a node with its state machine, which rclpy leaves to the garbage collector.

    Until that is gone, so are neither the DDS participant nor its shared memory, which outlives a
    process that ends without the interpreter's own clean-up.
    """
    node.destroy_node()
    node._state_machine.destroy_when_not_in_use()
