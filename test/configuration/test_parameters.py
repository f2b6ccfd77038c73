# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The parameters without ROS: one place for every default, one validator, readable refusals."""

from __future__ import annotations

import array
import math
from dataclasses import FrozenInstanceError
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from lwrf_ros.backbones import BACKBONES, DECODERS
from lwrf_ros.configuration.parameter_file import parameter_file
from lwrf_ros.configuration.parameters import FIELDS, Alert, ParameterError, Parameters, coerce
from lwrf_ros.errors import LwrfError
from lwrf_ros.foreign_text import paragraph
from lwrf_ros.input_size import MIN_SIDE_PX
from lwrf_ros.package_data import class_tables, config_path
from lwrf_ros.segmentation import PRECISIONS
from lwrf_ros.weights.bundled import DEFAULT_CLASSES

# The names and defaults that users, launch files and parameter files rely on.
DEFAULTS = {
    "image_topics": ("image",),
    "camera_names": (),
    "camera_info_topics": (),
    "image_qos": "auto",
    "backbone": "mobilenet_v2",
    "decoder": "light_weight",
    "classes": "",
    "class_groups": "",
    "weights": "",
    "device": "auto",
    "precision": "auto",
    "input_width": 0,
    "input_height": 0,
    "label_size": "camera",
    "min_confidence": 0.0,
    "overlay_alpha": 0.5,
    "regions": "",
    "coverage_alerts": (),
    "max_rate": 0.0,
    "stale_after": 2.0,
    "min_image_rate": 0.0,
    "max_latency": 0.0,
    "max_dropped": 1.0,
    "max_lost": 0.1,
    "max_pixels": 33_554_432,
    "max_bytes": 268_435_456,
    "max_value_16bit": 65_535,
    "autostart": True,
}
LIMITS = {"stale_after", "min_image_rate", "max_latency", "max_dropped", "max_lost"}
LARGEST = {"max_pixels", "max_bytes", "max_value_16bit"}
LIVE = {"min_confidence", "overlay_alpha", "coverage_alerts", "max_rate", *LIMITS, *LARGEST}
LISTS = [name for name, default in DEFAULTS.items() if isinstance(default, tuple)]
FLOATS = [name for name, default in DEFAULTS.items() if isinstance(default, float)]
RANGES = {
    "max_rate": "0 to 1000 Hz",
    "min_image_rate": "0 to 1000 Hz",
    "stale_after": "0 to 3600 s",
    "max_latency": "0 to 3600 s",
}
SIZES = ["input_width", "input_height"]
# What YAML and rclpy can make of a parameter's text.
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary(), st.dates()
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(), inner, max_size=3)
    ),
    max_leaves=6,
) | st.sampled_from([array.array("q", [1, 2]), array.array("d"), array.array("B"), ()])


def from_values(values: dict[str, Any]) -> Parameters:
    """Build parameters as the node does: each value alone, then all together."""
    parameters = Parameters(**{name: coerce(name, value) for name, value in values.items()})
    parameters.check_together()
    return parameters


def refusal(name: str, value: Any) -> str:
    with pytest.raises(ParameterError) as caught:
        coerce(name, value)
    return str(caught.value)


def test_names_and_defaults() -> None:
    assert {name: getattr(Parameters(), name) for name in FIELDS} == DEFAULTS
    assert {type(getattr(Parameters(), name)) for name in FLOATS} == {float}


def test_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        Parameters().max_rate = 1.0  # type: ignore[misc]


@pytest.mark.parametrize("name", DEFAULTS)
def test_every_parameter_describes_itself(name: str) -> None:
    metadata = FIELDS[name].metadata
    assert metadata["description"].strip().endswith(".")
    assert metadata["allowed"].strip()
    assert coerce(name, DEFAULTS[name]) == DEFAULTS[name]
    assert type(coerce(name, DEFAULTS[name])) is type(DEFAULTS[name])
    assert metadata["live"] is (name in LIVE)
    for choice in metadata["choices"]:
        assert coerce(name, choice) == choice
        assert choice in metadata["allowed"]


def test_configuration_file_holds_every_parameter_with_its_default() -> None:
    content = yaml.safe_load(config_path("segmenter.yaml").read_text(encoding="utf-8"))
    assert list(content) == ["/**"]
    assert list(content["/**"]) == ["ros__parameters"]
    values = content["/**"]["ros__parameters"]
    assert list(values) == list(DEFAULTS)
    assert {name: coerce(name, value) for name, value in values.items()} == DEFAULTS
    # rclpy knows a double from an integer: the file must not teach the wrong type.
    assert {name for name, value in values.items() if type(value) is float} == set(FLOATS)


def test_configuration_file_says_what_the_parameters_say() -> None:
    assert config_path("segmenter.yaml").read_text(encoding="utf-8") == parameter_file(), (
        "run: python -m lwrf_ros.configuration.parameter_file > config/segmenter.yaml"
    )


def test_an_entry_of_the_file_by_hand() -> None:
    entry = """\
    # Images per second below which a camera is WARN on /diagnostics; 0: never. Wanted: a number
    # from 0 to 1000 Hz. Takes effect on the next frame when set on a running node.
    min_image_rate: 0.0
"""
    assert f"\n\n{entry}\n" in parameter_file()


def test_choices_are_those_of_the_engine_and_the_registry() -> None:
    assert FIELDS["precision"].metadata["choices"] == ("auto", *PRECISIONS)
    assert FIELDS["backbone"].metadata["choices"] == tuple(BACKBONES)
    assert FIELDS["decoder"].metadata["choices"] == tuple(DECODERS)
    assert FIELDS["image_qos"].metadata["choices"] == ("auto", "reliable", "best_effort")
    assert DEFAULT_CLASSES in class_tables()


@pytest.mark.parametrize("name", SIZES)
def test_the_least_size_is_the_networks(name: str) -> None:
    assert coerce(name, MIN_SIDE_PX) == 32
    assert coerce(name, 8192) == 8192
    assert (coerce(name, 0), coerce(name, -1)) == (0, -1)
    for value in (MIN_SIDE_PX - 1, 1, -2, 8193):
        assert refusal(name, value) == f"{name} is {value}; wanted 0, -1, or 32 to 8192 pixels"


@pytest.mark.parametrize("name", FLOATS)
def test_an_integer_is_taken_for_a_float(name: str) -> None:
    for value in (0, 1):
        assert coerce(name, value) == float(value)
        assert type(coerce(name, value)) is float


@pytest.mark.parametrize("name", FLOATS)
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -1e-9, 3600.1, -1, 10**400])
def test_numbers_out_of_bounds_are_refused(name: str, value: float) -> None:
    wanted = RANGES.get(name, "0 to 1")
    assert refusal(name, value) == f"{name} is {value!r}; wanted a number from {wanted}"


@pytest.mark.parametrize("name", ["min_confidence", "overlay_alpha"])
def test_fractions_end_at_one(name: str) -> None:
    assert coerce(name, 1.0) == 1.0
    assert "wanted a number from 0 to 1" in refusal(name, 1.0000001)


@pytest.mark.parametrize(
    ("name", "most"),
    [("max_pixels", 2**30), ("max_bytes", 2**32), ("max_value_16bit", 2**16 - 1)],
)
def test_limits_are_whole_numbers_from_one_up(name: str, most: int) -> None:
    assert [coerce(name, value) for value in (1, most)] == [1, most]
    for value in (0, -1, most + 1, 1.5, 2.0, True, "9"):
        assert f"{name} is {value!r}; wanted a whole number from 1 to {most}" in refusal(
            name, value
        )


def test_rates_end_at_a_thousand() -> None:
    assert coerce("max_rate", 1000) == 1000.0
    assert coerce("max_rate", 0.1) == 0.1


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize(
    "nothing", [None, [], (), array.array("B"), array.array("q"), b"", np.array([])]
)
def test_nothing_is_the_default_of_a_list(name: str, nothing: Any) -> None:
    assert coerce(name, nothing) == DEFAULTS[name]


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        (
            "image_topics",
            ["/front/image_raw", "a/compressed"],
            ("/front/image_raw", "a/compressed"),
        ),
        ("camera_names", ("front", "rear_2"), ("front", "rear_2")),
        ("coverage_alerts", ["car>0.5"], ("car>0.5",)),
    ],
)
def test_lists_become_tuples(name: str, value: Any, expected: tuple[str, ...]) -> None:
    assert coerce(name, value) == expected


@pytest.mark.parametrize("name", SIZES)
@pytest.mark.parametrize("value", [True, False, 64.0, "64", None, [64]])
def test_what_is_no_integer(name: str, value: Any) -> None:
    assert refusal(name, value).startswith(f"{name} is {value!r}; wanted 0, -1, or 32")


@pytest.mark.parametrize("value", [True, "0.5", None, [0.5], {}])
def test_what_is_no_number(value: Any) -> None:
    assert refusal("max_rate", value).startswith(f"max_rate is {value!r}; wanted a number")


@pytest.mark.parametrize("value", [0, 1, 0.0, "true", "yes", None, []])
def test_what_is_no_truth_value(value: Any) -> None:
    assert refusal("autostart", value) == f"autostart is {value!r}; wanted true or false"


@pytest.mark.parametrize("name", ["weights", "classes", "device", "backbone", "image_qos"])
@pytest.mark.parametrize("value", [1000.0, 640, True, None, [], ["cpu"]])
def test_what_is_no_text(name: str, value: Any) -> None:
    assert refusal(name, value).startswith(f"{name} is {value!r}; wanted ")


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("value", ["image", 3, 0.5, True, [1], ["a", None], {"a": 1}])
def test_what_is_no_list_of_texts(name: str, value: Any) -> None:
    assert refusal(name, value).startswith(f"{name} is {value!r}; wanted a list of ")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("image_topics", [""]),
        ("image_topics", ["a", "  "]),
        ("camera_names", ["front", "front"]),
        ("camera_names", ["2nd"]),
        ("camera_names", ["_front"]),
        ("camera_names", ["front-left"]),
        ("camera_names", ["front/left"]),
        ("camera_names", ["front\n"]),
        ("camera_names", [""]),
        ("image_qos", "Auto"),
        ("backbone", "resnet34"),
        ("decoder", ""),
        ("classes", "  "),
        ("device", "gpu"),
        ("device", "cuda:"),
        ("device", "cuda:-1"),
        ("device", "cuda:0 "),
        ("device", "CPU"),
        ("precision", "fp64"),
    ],
)
def test_values_that_are_not_allowed(name: str, value: Any) -> None:
    assert refusal(name, value) == f"{name} is {value!r}; wanted {FIELDS[name].metadata['allowed']}"


@pytest.mark.parametrize("value", ["auto", "cpu", "cuda", "cuda:0", "cuda:12"])
def test_devices(value: str) -> None:
    assert coerce("device", value) == value


@pytest.mark.parametrize("value", ["", "random", "/some where/a.pth.tar", "1e3", "yes", "nan"])
def test_weights_are_any_text(value: str) -> None:
    assert coerce("weights", value) == value


def test_a_refusal_is_an_error_written_for_the_user() -> None:
    assert issubclass(ParameterError, LwrfError)
    assert refusal("backbone", "resnet") == (
        f"backbone is 'resnet'; wanted one of {', '.join(BACKBONES)}"
    )


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("image_topic", "image_topics"),
        ("imput_width", "input_width"),
        ("min_confidense", "min_confidence"),
        ("Backbone", "backbone"),
    ],
)
def test_an_unknown_name_suggests_the_near_one(name: str, meant: str) -> None:
    assert refusal(name, 1) == f"there is no parameter {name}; did you mean {meant}?"


def test_an_unknown_name_lists_all_where_none_is_near() -> None:
    assert refusal("zzz", 1) == f"there is no parameter zzz; wanted one of {', '.join(DEFAULTS)}"


@pytest.mark.parametrize("name", DEFAULTS)
@given(value=VALUES)
def test_nothing_but_a_refusal_is_ever_raised(name: str, value: Any) -> None:
    try:
        result = coerce(name, value)
    except ParameterError as error:
        assert name in str(error)
    else:
        assert type(result) is type(DEFAULTS[name])
        assert coerce(name, result) == result


@given(name=st.text().filter(lambda name: name not in DEFAULTS))
def test_any_other_name_is_refused(name: str) -> None:
    # What cannot be printed is escaped, and what is long is cut.
    assert refusal(name, 1).startswith(paragraph(f"there is no parameter {name}; "))


@pytest.mark.parametrize(
    ("width", "height", "expected"),
    [(0, 0, None), (640, 480, (480, 640)), (-1, -1, "image"), (32, 8192, (8192, 32))],
)
def test_input_size(width: int, height: int, expected: Any) -> None:
    parameters = from_values({"input_width": width, "input_height": height})
    assert parameters.input_size == expected


@pytest.mark.parametrize(("width", "height"), [(0, 480), (640, 0), (-1, 480), (640, -1), (0, -1)])
def test_half_an_input_size_is_refused(width: int, height: int) -> None:
    with pytest.raises(ParameterError) as caught:
        from_values({"input_width": width, "input_height": height})
    assert str(caught.value) == (
        f"input_width is {width} and input_height is {height}; "
        "wanted two sizes in pixels, both 0 or both -1"
    )


def test_several_topics_need_names() -> None:
    with pytest.raises(ParameterError, match="2 topics and camera_names is empty"):
        from_values({"image_topics": ["a", "b"]})


@pytest.mark.parametrize(
    ("topics", "names"), [(["a", "b"], ["one"]), (["a"], ["one", "two"]), ([], ["one", "two"])]
)
def test_as_many_names_as_topics(topics: list[str], names: list[str]) -> None:
    message = f"camera_names has {len(names)} names and image_topics has {len(topics) or 1} topics"
    with pytest.raises(ParameterError, match=message):
        from_values({"image_topics": topics, "camera_names": names})


@pytest.mark.parametrize(
    ("topics", "infos"), [(["a"], ["one", "two"]), (["a", "b"], ["one"]), ([], ["one", "two"])]
)
def test_as_many_camera_infos_as_topics(topics: list[str], infos: list[str]) -> None:
    names = ["one", "two"][: len(topics)]
    message = f"camera_info_topics has {len(infos)} topics and image_topics has {len(topics) or 1}"
    with pytest.raises(ParameterError, match=message):
        from_values({"image_topics": topics, "camera_names": names, "camera_info_topics": infos})


def test_names_that_fit_their_topics() -> None:
    values = {"image_topics": ["a", "b"], "camera_names": ["one", "two"]}
    assert from_values(values).camera_names == ("one", "two")
    assert from_values({"camera_names": ["one"]}).image_topics == ("image",)
    assert from_values({}) == Parameters()


@pytest.mark.parametrize(
    ("text", "name", "fraction"),
    [
        ("pedestrian>0.05", "pedestrian", 0.05),
        ("  car  >  1e-3 ", "car", 0.001),
        ("traffic light>0", "traffic light", 0.0),
        ("a>b>0.25", "a>b", 0.25),
        ("3>.5", "3", 0.5),
        ("road>0.999", "road", 0.999),
        ("pûle>5E-1", "pûle", 0.5),
    ],
)
def test_alerts(text: str, name: str, fraction: float) -> None:
    parameters = from_values({"coverage_alerts": [text]})
    assert parameters.alerts == (Alert(name, fraction),)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "car",
        "car>",
        ">0.5",
        "car>1",
        "car>1.5",
        "car>-0.1",
        "car>5%",
        "car<0.5",
        "car>nan",
        "car>e",
        "car>--1",
        "car>0.5 m",
        "car=0.5",
        "car>1e999",
    ],
)
def test_what_is_no_alert(text: str) -> None:
    assert refusal("coverage_alerts", ["car>0.5", text]) == (
        f"coverage_alerts is {['car>0.5', text]!r}; "
        'wanted a list of texts like "person>0.05" or "person@path>0.05 clear<0.03 hold=3" '
        "with fractions from 0 up to 1"
    )


def test_alerts_are_about_classes_that_there_are() -> None:
    parameters = from_values({"coverage_alerts": ["car>0.5", "traffic light>0.1"]})
    parameters.check_alerts(["traffic light", "road", "car"], [])
    with pytest.raises(ParameterError) as caught:
        parameters.check_alerts(["road", "car"], [])
    assert str(caught.value) == (
        "coverage_alerts names the class 'traffic light'; wanted one of road, car"
    )
    Parameters().check_alerts([], [])


@pytest.mark.parametrize(
    ("regions", "wanted"),
    [
        (["path", "left"], "one of path, left"),
        ([], "a file with it as the parameter regions, which is empty"),
    ],
)
def test_alerts_are_about_regions_that_there_are(regions: list[str], wanted: str) -> None:
    parameters = from_values({"coverage_alerts": ["car>0.5", "car@way>0.1"]})
    parameters.check_alerts(["car"], ["way"])
    with pytest.raises(ParameterError) as caught:
        parameters.check_alerts(["car"], regions)
    assert str(caught.value) == f"coverage_alerts names the region 'way'; wanted {wanted}"
