# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The SROS 2 policy allows what the node does, as the live graph shows it, and nothing else."""

from __future__ import annotations

import time
from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import NamedTuple
from xml.etree import ElementTree

import pytest
from harness import PATIENCE_S, Peer, StartNode, open_node

from lwrf_ros.package_data import config_path

LOOK_S = 1.0
NODE, NAMESPACE = "segmenter", "/"
ONCE = (
    "/segmenter/legend",
    "/diagnostics",
    "/parameter_events",
    "/rosout",
    "/segmenter/transition_event",
)


@pytest.fixture(scope="module")
def profile() -> ElementTree.Element:
    """The only profile of the policy."""
    policy = ElementTree.parse(config_path("segmenter.policy.xml")).getroot()
    assert (policy.tag, policy.get("version")) == ("policy", "0.2.0")
    (context,) = policy.findall("contexts/context")
    assert context.get("path") == "/segmenter"
    (profile,) = context.findall("profiles/profile")
    assert (profile.get("ns"), profile.get("node")) == (NAMESPACE, NODE)
    return profile


def allowed(profile: ElementTree.Element, right: str) -> list[str]:
    """Return the expressions that have a right, expanded as sros2 does."""
    expressions = []
    for group in profile:
        if right in group.attrib:
            assert group.attrib == {right: "ALLOW"}
            expressions += [str(element.text) for element in group]
    assert len(set(expressions)) == len(expressions) > 0
    expanded = [one.replace("~", f"/{NODE}") for one in expressions]
    return [one if one.startswith("/") else f"/{one}" for one in expanded]


def named(topic: str) -> str:
    """Return the topic of a single camera as one of several has it."""
    return topic.replace(f"/{NODE}/", f"/{NODE}/*/")


def uncovered(names: Iterable[str], expressions: list[str]) -> list[str]:
    return [n for n in names if not any(fnmatchcase(n, expression) for expression in expressions)]


def unused(expressions: list[str], names: Iterable[str]) -> list[str]:
    return [e for e in expressions if not any(fnmatchcase(n, e) for n in names)]


def test_a_single_camera_and_several_have_the_same_topics(profile: ElementTree.Element) -> None:
    outputs = [t for t in allowed(profile, "publish") if t not in ONCE]
    single = [topic for topic in outputs if "*" not in topic]
    assert [topic for topic in outputs if "*" in topic] == [named(topic) for topic in single]


class Seen(NamedTuple):
    """What the graph says of the node."""

    publishes: list[str]
    subscribes: list[str]
    replies: list[str]
    requests: list[str]


def look(domain_id: int) -> Seen:
    """Look at the graph with new eyes: what an old participant has missed it never asks for."""
    with open_node(domain_id, "observer") as observer:
        names = observer.node.get_node_names_and_namespaces
        observer.spin_until(lambda: (NODE, NAMESPACE) in names(), "the node")
        until = time.monotonic() + LOOK_S
        observer.spin_until(lambda: time.monotonic() > until, "the rest of it")
        asked = (
            observer.node.get_publisher_names_and_types_by_node,
            observer.node.get_subscriber_names_and_types_by_node,
            observer.node.get_service_names_and_types_by_node,
            observer.node.get_client_names_and_types_by_node,
        )
        return Seen(*([name for name, _ in ask(NODE, NAMESPACE)] for ask in asked))


@pytest.mark.usefixtures("vision_msgs")
def test_what_the_node_does_is_allowed_and_nothing_else(
    profile: ElementTree.Element, domain_id: int, start_node: StartNode, peer: Peer
) -> None:
    start_node(camera_names="[front]")
    peer.wait_for_state("active")
    publish, subscribe = allowed(profile, "publish"), allowed(profile, "subscribe")
    reply = allowed(profile, "reply")
    # The others are those of a camera without a name.
    expected = [topic for topic in publish if "*" in topic or topic in ONCE]

    def missing(seen: Seen) -> list[str]:
        return [
            *unused(expected, seen.publishes),
            *unused(subscribe, seen.subscribes),
            *unused(reply, seen.replies),
        ]

    until = time.monotonic() + PATIENCE_S
    while missing(seen := look(domain_id)) and time.monotonic() < until:
        pass
    assert missing(seen) == []
    assert uncovered(seen.publishes, publish) == []
    assert uncovered(seen.subscribes, subscribe) == []
    assert uncovered(seen.replies, reply) == []
    assert seen.requests == []
