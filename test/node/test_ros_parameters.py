# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The parameters on a real node: overrides, changes in every state, and what a refusal says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from harness import open_node
from rcl_interfaces.msg import ParameterDescriptor, SetParametersResult
from rclpy.exceptions import ParameterNotDeclaredException
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.serialization import deserialize_message, serialize_message

from lwrf_ros.configuration.parameters import FIELDS, ParameterError, Parameters
from lwrf_ros.node.ros_parameters import ParameterServer

Serve = Callable[..., ParameterServer]
CLASSES = ("road", "car")


@pytest.fixture
def serve(domain_id: int) -> Iterator[Serve]:
    """Make a node with overrides, by value or by command line, and its parameter server."""
    with ExitStack() as stack:

        def make(*arguments: str, **overrides: Any) -> ParameterServer:
            given = [Parameter(name, value=value) for name, value in overrides.items()]
            cli = ["--ros-args", *arguments] if arguments else None
            local = stack.enter_context(
                open_node(domain_id, parameter_overrides=given, cli_args=cli)
            )
            return ParameterServer(local.node)

        yield make


def node_of(server: ParameterServer) -> Node:
    return server._node


def change(server: ParameterServer, **values: Any) -> SetParametersResult:
    parameters = [Parameter(name, value=value) for name, value in values.items()]
    return node_of(server).set_parameters_atomically(parameters)


def shown(server: ParameterServer, name: str) -> Any:
    """Return what `ros2 param get` would show."""
    return node_of(server).get_parameter(name).value


def test_it_knows_what_somebody_has_set(serve: Serve) -> None:
    assert serve().given == set()
    server = serve("-p", "decoder:=light_weight", classes="camvid", backbone="no such one")
    assert server.given == {"classes", "decoder"}
    # To the default, but by somebody.
    assert change(server, backbone="mobilenet_v2").successful
    assert not change(server, precision="fp17").successful
    assert server.given == {"classes", "decoder", "backbone"}


def test_defaults(serve: Serve) -> None:
    server = serve()
    assert server.current == server.checked() == Parameters()
    for name, entry in FIELDS.items():
        value = list(entry.default) if isinstance(entry.default, tuple) else entry.default
        assert shown(server, name) == value
    types = {name: node_of(server).get_parameter(name).type_ for name in FIELDS}
    assert types["camera_names"] == Parameter.Type.STRING_ARRAY
    assert types["max_rate"] == Parameter.Type.DOUBLE
    assert types["input_width"] == Parameter.Type.INTEGER
    assert types["autostart"] == Parameter.Type.BOOL


def test_overrides_of_the_right_type(serve: Serve) -> None:
    server = serve(
        image_topics=["/a", "/b/compressed"],
        camera_names=["a", "b"],
        weights="random",
        input_width=640,
        input_height=480,
        min_confidence=0.25,
        autostart=False,
    )
    parameters = server.checked()
    assert parameters.image_topics == ("/a", "/b/compressed")
    assert (parameters.input_size, parameters.weights) == ((480, 640), "random")
    assert (parameters.min_confidence, parameters.autostart) == (0.25, False)
    assert shown(server, "image_topics") == ["/a", "/b/compressed"]
    assert shown(server, "input_width") == 640


def test_an_integer_override_of_a_float(serve: Serve) -> None:
    server = serve(max_rate=5, overlay_alpha=1)
    assert server.checked().max_rate == 5.0
    assert type(server.current.max_rate) is float
    assert node_of(server).get_parameter("overlay_alpha").type_ == Parameter.Type.DOUBLE


def test_a_parameter_file(serve: Serve, tmp_path: Path) -> None:
    path = tmp_path / "parameters.yaml"
    path.write_text(
        "/**:\n  ros__parameters:\n    image_topics: [front]\n    camera_names: []\n"
        "    coverage_alerts: []\n    max_rate: 3\n    weights: '1e3'\n"
        "segmenter:\n  ros__parameters:\n    max_rate: 7\n"
        "other_node:\n  ros__parameters:\n    max_rate: 9\n",
        encoding="utf-8",
    )
    server = serve("--params-file", str(path), "-p", "overlay_alpha:=1")
    parameters = server.checked()
    assert parameters.image_topics == ("front",)
    assert parameters.camera_names == parameters.coverage_alerts == ()
    assert (parameters.max_rate, parameters.weights, parameters.overlay_alpha) == (7.0, "1e3", 1.0)


@pytest.mark.parametrize("name", ["image_topics", "camera_names", "coverage_alerts"])
def test_an_empty_list_is_the_default(serve: Serve, name: str) -> None:
    server = serve("-p", f"{name}:=[]")
    assert server.checked() == Parameters()
    assert node_of(server).get_parameter(name).type_ == Parameter.Type.STRING_ARRAY


@pytest.mark.parametrize(
    ("name", "text", "bad", "good"),
    [
        ("max_rate", "-1", -1, 4.0),
        ("max_rate", ".nan", None, 4.0),
        ("overlay_alpha", "much", "much", 0.25),
        ("input_width", "500.0", 500.0, 0),
        ("weights", "640", 640, "640"),
        ("autostart", "1", 1, False),
        ("backbone", "resnet34", "resnet34", "resnet50"),
        ("camera_names", "front", "front", ["front"]),
    ],
)
def test_a_bad_override_is_remembered_and_healed_by_setting(
    serve: Serve, name: str, text: str, bad: Any, good: Any
) -> None:
    server = serve("-p", f"{name}:={text}", "-p", "input_height:=0")
    with pytest.raises(ParameterError) as caught:
        server.checked()
    if bad is not None:
        assert str(caught.value) == f"{name} is {bad!r}; wanted {FIELDS[name].metadata['allowed']}"
    assert getattr(server.current, name) == getattr(Parameters(), name)
    assert not change(server, **{name: bad if bad is not None else float("nan")}).successful
    with pytest.raises(ParameterError, match=name):
        server.checked()
    assert change(server, **{name: good}).successful
    healed = getattr(server.checked(), name)
    assert (list(healed) if isinstance(healed, tuple) else healed) == good


def test_all_bad_overrides_are_named_at_once(serve: Serve) -> None:
    server = serve(max_rate=-1.0, backbone="resnet34", overlay_alpha=0.75)
    with pytest.raises(ParameterError) as caught:
        server.checked()
    assert str(caught.value).count("wanted") == 2
    assert "max_rate is -1.0" in str(caught.value)
    assert "backbone is 'resnet34'" in str(caught.value)
    assert server.current.overlay_alpha == 0.75


def test_an_unknown_name_in_a_file_is_an_error(serve: Serve, tmp_path: Path) -> None:
    path = tmp_path / "parameters.yaml"
    path.write_text("/**: {ros__parameters: {wieghts: random}}\n", encoding="utf-8")
    server = serve("--params-file", str(path))
    with pytest.raises(ParameterError, match="no parameter wieghts; did you mean weights"):
        server.checked()


def test_what_belongs_to_rclpy_is_left_alone(serve: Serve) -> None:
    server = serve(
        "-p",
        "use_sim_time:=true",
        "-p",
        "qos_overrides./image.subscription.reliability:=reliable",
        "-p",
        "start_type_description_service:=false",
    )
    assert server.checked() == Parameters()
    assert shown(server, "use_sim_time") is True
    assert node_of(server).set_parameters([Parameter("use_sim_time", value=False)])[0].successful


def test_contradicting_values_are_found_on_check(serve: Serve) -> None:
    server = serve(image_topics=["a", "b"])
    with pytest.raises(ParameterError, match="camera_names is empty"):
        server.checked()
    assert change(server, camera_names=["one", "two"]).successful
    assert server.checked().camera_names == ("one", "two")


def test_an_atomic_set_of_which_one_is_bad_changes_nothing(serve: Serve) -> None:
    server = serve()
    result = change(server, min_confidence=0.5, precision="fp64", overlay_alpha=0.25)
    assert not result.successful
    assert result.reason == "precision is 'fp64'; wanted one of auto, fp32, fp16, bf16"
    assert server.current == Parameters()
    assert (shown(server, "min_confidence"), shown(server, "overlay_alpha")) == (0.0, 0.5)


def test_values_that_go_together_are_set_together(serve: Serve) -> None:
    server = serve()
    assert change(server, image_topics=["a", "b"], camera_names=["one", "two"]).successful
    assert server.checked().image_topics == ("a", "b")


@pytest.mark.parametrize("value", [-0.5, 1.5, -1, float("nan"), float("inf"), "much", True])
def test_a_refused_change_says_name_and_what_is_allowed(serve: Serve, value: Any) -> None:
    server = serve()
    result = change(server, overlay_alpha=value)
    assert not result.successful
    # rclpy looks at the range of a double itself, in words of its own.
    assert "overlay_alpha" in result.reason
    assert "0" in result.reason and "1" in result.reason
    assert str(value) in result.reason
    assert server.current == Parameters()


def test_unknown_names_cannot_be_set(serve: Serve) -> None:
    server = serve()
    with pytest.raises(ParameterNotDeclaredException):
        change(server, wieghts="random")
    assert server.current == Parameters()


@pytest.mark.parametrize("name", ["image_topics", "max_rate", "weights"])
def test_no_parameter_can_be_deleted(serve: Serve, name: str) -> None:
    server = serve()
    result = node_of(server).set_parameters([Parameter(name, Parameter.Type.NOT_SET)])[0]
    assert not result.successful
    assert f"{name} cannot be deleted" in result.reason
    assert node_of(server).has_parameter(name)


def test_an_integer_for_a_float_is_taken_while_running(serve: Serve) -> None:
    server = serve()
    server.state = "active"
    assert change(server, max_rate=5).successful
    assert server.current.max_rate == 5.0
    assert type(server.current.max_rate) is float


@pytest.mark.parametrize(
    ("state", "path"), [("inactive", "; clean up"), ("active", "; deactivate and clean up")]
)
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("backbone", "resnet50"),
        ("image_topics", ["other"]),
        ("input_width", 640),
        ("weights", "random"),
        ("autostart", False),
        ("precision", "bf16"),
    ],
)
def test_what_the_network_is_built_from_cannot_change_while_it_is_there(
    serve: Serve, state: str, path: str, name: str, value: Any
) -> None:
    server = serve()
    server.state = state
    result = change(server, **{name: value})
    assert not result.successful
    assert f"{name} cannot change while the node is {state}{path} the node" in result.reason
    assert "ros2 lifecycle set" in result.reason
    assert server.current == Parameters()


@pytest.mark.parametrize("state", ["unconfigured", "inactive", "active"])
def test_the_same_value_is_always_accepted(serve: Serve, state: str) -> None:
    server = serve(input_width=640, input_height=480)
    server.state = state
    assert change(server, backbone="mobilenet_v2", image_topics=["image"]).successful
    assert change(server, input_width=640, camera_names=[]).successful
    assert server.checked().input_size == (480, 640)


@pytest.mark.parametrize("state", ["unconfigured", "inactive", "active"])
def test_live_parameters_change_in_every_state(serve: Serve, state: str) -> None:
    server = serve()
    server.state, server.class_names = state, CLASSES
    assert change(
        server,
        min_confidence=0.5,
        overlay_alpha=0.25,
        coverage_alerts=["car>0.5"],
        max_rate=2.0,
    ).successful
    assert server.current == Parameters(
        min_confidence=0.5, overlay_alpha=0.25, coverage_alerts=("car>0.5",), max_rate=2.0
    )


def test_a_parameter_that_may_not_change_holds_back_those_set_with_it(serve: Serve) -> None:
    server = serve()
    server.state = "active"
    assert not change(server, max_rate=2.0, decoder="light_weight", weights="random").successful
    assert server.current == Parameters()


def test_alerts_are_checked_against_the_classes_while_there_are_any(serve: Serve) -> None:
    server = serve()
    assert change(server, coverage_alerts=["lorry>0.5"]).successful
    server.state, server.class_names = "active", CLASSES
    result = change(server, coverage_alerts=["bus>0.5"])
    assert not result.successful
    assert result.reason == "coverage_alerts names the class 'bus'; wanted one of road, car"
    assert server.current.coverage_alerts == ("lorry>0.5",)
    assert change(server, coverage_alerts=["car>0.5"]).successful


def test_alerts_are_checked_against_the_regions_while_there_are_classes(serve: Serve) -> None:
    server = serve()
    server.state, server.class_names, server.region_names = "active", CLASSES, ("path", "left")
    assert change(server, coverage_alerts=["car@path>0.5 hold=3"]).successful
    result = change(server, coverage_alerts=["car@way>0.5"])
    assert result.reason == "coverage_alerts names the region 'way'; wanted one of path, left"
    assert server.current.coverage_alerts == ("car@path>0.5 hold=3",)


def test_descriptions(serve: Serve) -> None:
    server = serve()
    # As they arrive elsewhere: in a message an int in a float's place becomes another number.
    sent = [
        deserialize_message(serialize_message(descriptor), ParameterDescriptor)
        for descriptor in node_of(server).describe_parameters(list(FIELDS))
    ]
    descriptors = dict(zip(FIELDS, sent, strict=True))
    for name, descriptor in descriptors.items():
        assert descriptor.description == FIELDS[name].metadata["description"]
        assert descriptor.additional_constraints == f"wanted: {FIELDS[name].metadata['allowed']}"
        assert not descriptor.read_only
    ranges = {
        name: (descriptor.floating_point_range[0].from_value, d.to_value)
        for name, descriptor in descriptors.items()
        for d in descriptor.floating_point_range
    }
    assert ranges == {
        "min_confidence": (0.0, 1.0),
        "overlay_alpha": (0.0, 1.0),
        "max_rate": (0.0, 1000.0),
        "stale_after": (0.0, 3600.0),
        "min_image_rate": (0.0, 1000.0),
        "max_latency": (0.0, 3600.0),
        "max_dropped": (0.0, 1.0),
        "max_lost": (0.0, 1.0),
    }
