# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Weights into a network: layouts, wrappers, formats, strictness, and nothing half done."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
import torch
from reference import filled, filling, mobile_shapes, resnet_shapes
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from lwrf_ros.network import RefineNet, build_network
from lwrf_ros.weights.checkpoint import count_classes, load_weights, save_weights
from lwrf_ros.weights.weights_file import CheckpointError

CLASSES = 3
State = dict[str, Any]


@pytest.fixture(scope="module")
def built() -> RefineNet:
    torch.manual_seed(0)
    return build_network("mobilenet_v2", CLASSES)


@pytest.fixture(scope="module")
def blank(built: RefineNet) -> dict[str, Tensor]:
    return {key: value.clone() for key, value in built.state_dict().items()}


@pytest.fixture
def network(built: RefineNet, blank: dict[str, Tensor]) -> Iterator[RefineNet]:
    """A network with the weights it was built with, whatever the test before did to it."""
    built.load_state_dict(blank)
    built.mean, built.std, built.input_size = (0.4, 0.5, 0.6), (0.1, 0.2, 0.3), None
    built.temperature = 1.5
    return built


@pytest.fixture(scope="module")
def published() -> dict[str, Tensor]:
    """The authors' layout."""
    return filled(mobile_shapes(CLASSES))


@pytest.fixture(scope="module")
def own(blank: dict[str, Tensor]) -> dict[str, Tensor]:
    """This project's layout."""
    return {
        key: torch.from_numpy(filling(key, value.shape))
        for key, value in blank.items()
        if not key.endswith("num_batches_tracked")
    }


def saved(path: Path, content: Any, zipped: bool = True) -> Path:
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    return path


def holds_own(network: RefineNet, own: dict[str, Tensor]) -> bool:
    state = network.state_dict()
    return all(torch.equal(state[key], value) for key, value in own.items())


def holds_published(network: RefineNet, published: dict[str, Tensor]) -> bool:
    """Look at one entry of every part: the complete mapping has tests of its own."""
    state = network.state_dict()
    pairs = {
        "layer1.0.weight": "encoder.stem.conv.weight",
        "layer5.2.output.1.1.running_var": "encoder.stages.3.2.depthwise.norm.running_var",
        "crp2.0.3_outvar_dimred.weight": "decoder.levels.2.crp.stages.2.weight",
        "segm.bias": "classifier.bias",
    }
    return all(torch.equal(state[own], published[name]) for name, own in pairs.items())


def described(network: RefineNet) -> tuple[Any, ...]:
    return network.mean, network.std, network.input_size, network.temperature


def refusal(network: RefineNet, source: Any) -> str:
    """Return the message of a failing load, after checking that the network stayed as it was."""
    before = {key: value.clone() for key, value in network.state_dict().items()}
    description = described(network)
    with pytest.raises(CheckpointError) as caught:
        load_weights(network, source)
    assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())
    assert described(network) == description
    assert ("mapping" if not isinstance(source, Path) else str(source)) in str(caught.value)
    return str(caught.value)


# ---- layouts and wrappers

PREFIXED = "module."
WRAPPERS: dict[str, Callable[[State], State]] = {
    "bare": lambda state: state,
    "state_dict": lambda state: {"state_dict": state, "epoch": 3},
    "model": lambda state: {"model": state, "optimizer": {"lr": 0.1}},
    "segmenter": lambda state: {"segmenter": state, "best_val": 0.5, "epoch_start": 9},
    "nested": lambda state: {"epoch": 3, "model": {"state_dict": {"segmenter": state}}},
    "module.": lambda state: {f"module.{key}": value for key, value in state.items()},
    "module.module.": lambda state: {f"module.module.{key}": value for key, value in state.items()},
    "segmenter in prefixes": lambda state: {
        "state_dict": {f"segmenter.module.{key}": value for key, value in state.items()}
    },
    "state_dict and module.": lambda state: {
        "state_dict": OrderedDict((f"module.{key}", value) for key, value in state.items())
    },
    "model. as in Lightning": lambda state: {
        "state_dict": {f"model.{key}": value for key, value in state.items()},
        "pytorch-lightning_version": "2.0",
    },
    "read-only mapping": lambda state: MappingProxyType(state),
    "counters": lambda state: state | {"some.norm.num_batches_tracked": torch.tensor(5)},
    "numbers beside": lambda state: state | {"epoch": 3, "best": np.float64(0.5), "note": "good"},
}


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_wrappers_around_the_own_layout(
    network: RefineNet, own: dict[str, Tensor], wrapper: str
) -> None:
    info = load_weights(network, WRAPPERS[wrapper](own))
    assert holds_own(network, own)
    assert (info.source, info.layout, info.sha256, dict(info.card)) == ("mapping", "own", "", {})


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_wrappers_around_the_published_layout(
    network: RefineNet, published: dict[str, Tensor], wrapper: str
) -> None:
    info = load_weights(network, WRAPPERS[wrapper](published))
    assert holds_published(network, published)
    assert (info.source, info.layout) == ("mapping", "reference")


@pytest.mark.parametrize("name", ["w.pth", "w.pth.tar", "w.ckpt"])
@pytest.mark.parametrize("zipped", [True, False])
def test_pytorch_files(
    network: RefineNet, published: dict[str, Tensor], tmp_path: Path, name: str, zipped: bool
) -> None:
    content = {"segmenter": published, "epoch": 3, "best_val": np.float64(0.7), "args": [1, "a"]}
    path = saved(tmp_path / name, content, zipped)
    info = load_weights(network, str(path))
    assert holds_published(network, published)
    assert (info.source, info.layout) == (str(path), "reference")
    assert info.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_safetensors_of_either_layout(
    network: RefineNet, own: dict[str, Tensor], published: dict[str, Tensor], tmp_path: Path
) -> None:
    save_file(own, tmp_path / "own.safetensors")
    save_file(published, tmp_path / "published.safetensors", metadata={"trained": "on Mars"})
    assert load_weights(network, tmp_path / "own.safetensors").layout == "own"
    assert holds_own(network, own)
    info = load_weights(network, tmp_path / "published.safetensors")
    assert (info.layout, info.card) == ("reference", {"trained": "on Mars"})
    assert holds_published(network, published)


def test_a_path_below_the_home_folder(
    network: RefineNet, own: dict[str, Tensor], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    save_file(own, tmp_path / "w.safetensors")
    assert load_weights(network, "~/w.safetensors").source == str(tmp_path / "w.safetensors")
    assert "~no_such_user/w" in str(refusal(network, Path("~no_such_user/w")))


# ---- kinds of values


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_floating_point_types(
    network: RefineNet, own: dict[str, Tensor], dtype: torch.dtype
) -> None:
    load_weights(network, {key: value.to(dtype) for key, value in own.items()})
    assert holds_own(network, {key: value.to(dtype).float() for key, value in own.items()})
    assert {value.dtype for value in network.parameters()} == {torch.float32}


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", ">f4"])
def test_numpy_arrays(network: RefineNet, own: dict[str, Tensor], dtype: str) -> None:
    load_weights(network, {key: value.numpy().astype(dtype) for key, value in own.items()})
    kept = {k: torch.from_numpy(v.numpy().astype(dtype).astype("f4")) for k, v in own.items()}
    assert holds_own(network, kept)


@pytest.mark.filterwarnings("error")
def test_numpy_arrays_as_they_come(network: RefineNet, own: dict[str, Tensor]) -> None:
    bias, weight = np.array([1.0, 2.0, 3.0], "f4"), own["classifier.weight"].numpy().copy()
    bias.flags.writeable = False
    state = own | {"classifier.bias": bias[::-1], "classifier.weight": np.asfortranarray(weight)}
    load_weights(network, state)
    assert network.classifier.bias.tolist() == [3.0, 2.0, 1.0]
    assert torch.equal(network.classifier.weight, own["classifier.weight"])


def test_the_network_does_not_share_memory_with_the_mapping(
    network: RefineNet, own: dict[str, Tensor]
) -> None:
    state = own | {"classifier.bias": torch.ones(CLASSES)}
    load_weights(network, state)
    state["classifier.bias"].zero_()
    assert network.classifier.bias.tolist() == [1.0] * CLASSES


def test_parameters_stay_trainable(network: RefineNet, own: dict[str, Tensor]) -> None:
    load_weights(network, {key: torch.nn.Parameter(value) for key, value in own.items()})
    assert all(parameter.requires_grad and parameter.is_leaf for parameter in network.parameters())


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_values_that_are_not_finite(
    network: RefineNet, own: dict[str, Tensor], value: float, dtype: torch.dtype
) -> None:
    weight = own["classifier.weight"].to(dtype, copy=True)
    weight[1, 2, 0, 0] = value
    message = refusal(network, own | {"classifier.weight": weight})
    assert "not finite" in message
    assert "classifier.weight" in message
    assert "earlier checkpoint" in message


@pytest.mark.parametrize("convert", [np.asarray, torch.from_numpy])
def test_values_beyond_float32(
    network: RefineNet, own: dict[str, Tensor], convert: Callable[..., Any]
) -> None:
    bias = convert(np.array([1e300, 0.0, 0.0]))
    assert bias.dtype in (np.float64, torch.float64)
    assert "not finite" in refusal(network, own | {"classifier.bias": bias})


@pytest.mark.parametrize(
    "value",
    [
        torch.arange(CLASSES),
        torch.ones(CLASSES, dtype=torch.bool),
        torch.ones(CLASSES, dtype=torch.complex64),
        torch.ones(CLASSES).to_sparse(),
        torch.empty(CLASSES, device="meta"),
    ],
    ids=["integers", "booleans", "complex", "sparse", "meta"],
)
def test_tensors_that_are_no_weights(
    network: RefineNet, own: dict[str, Tensor], value: Tensor
) -> None:
    message = refusal(network, own | {"classifier.bias": value})
    assert "not of dense floating-point numbers (classifier.bias is" in message


@pytest.mark.parametrize("value", [np.array(["a", "b", "c"]), [1.0, 2.0, 3.0], None])
def test_what_is_no_tensor_is_missing(
    network: RefineNet, own: dict[str, Tensor], value: Any
) -> None:
    assert "1 missing (classifier.bias)" in refusal(network, own | {"classifier.bias": value})


# ---- strictness


def test_missing_entries_are_named(network: RefineNet, own: dict[str, Tensor]) -> None:
    gone = ["classifier.bias", "encoder.stem.norm.running_var"]
    message = refusal(network, {key: value for key, value in own.items() if key not in gone})
    assert "2 missing (encoder.stem.norm.running_var, classifier.bias)" in message
    assert "unexpected" not in message
    assert "another shape" not in message


def test_missing_published_entries_are_named(
    network: RefineNet, published: dict[str, Tensor]
) -> None:
    state = {key: value for key, value in published.items() if key != "segm.weight"}
    assert "1 missing (classifier.weight)" in refusal(network, state)


def test_unexpected_entries_are_named(network: RefineNet, own: dict[str, Tensor]) -> None:
    message = refusal(network, own | {f"decoder.extra{k}.weight": torch.ones(1) for k in range(6)})
    assert "6 unexpected (decoder.extra0.weight" in message
    assert "and 2 more" in message
    assert "missing" not in message


def test_unexpected_published_entries_are_named_as_the_file_does(
    network: RefineNet, published: dict[str, Tensor]
) -> None:
    message = refusal(network, published | {"fc.weight": torch.ones(1)})
    assert "1 unexpected (fc.weight)" in message


def test_another_shape_is_named_with_both_shapes(
    network: RefineNet, own: dict[str, Tensor]
) -> None:
    message = refusal(network, own | {"encoder.stem.conv.weight": torch.ones(32, 3, 5, 5)})
    assert "1 of another shape" in message
    assert "encoder.stem.conv.weight is (32, 3, 5, 5), wanted (32, 3, 3, 3)" in message


def test_a_shape_that_would_broadcast_is_refused(
    network: RefineNet, own: dict[str, Tensor]
) -> None:
    for shape in ((), (1,), (32, 1)):
        message = refusal(network, own | {"encoder.stem.norm.weight": torch.ones(shape)})
        assert "encoder.stem.norm.weight is" in message


def test_all_problems_are_named_at_once(network: RefineNet, own: dict[str, Tensor]) -> None:
    state = own | {"decoder.new": torch.ones(1), "encoder.stem.norm.bias": torch.ones(3)}
    del state["classifier.weight"]
    message = refusal(network, state)
    assert "missing (classifier.weight)" in message
    assert "unexpected (decoder.new)" in message
    assert "another shape (encoder.stem.norm.bias is (3,), wanted (32,))" in message


@pytest.mark.parametrize("classes", [1, 21])
@pytest.mark.parametrize("prefix", ["", "module."])
def test_another_class_count_is_its_own_message(
    network: RefineNet, classes: int, prefix: str
) -> None:
    state = {prefix + key: value for key, value in filled(mobile_shapes(classes)).items()}
    message = refusal(network, {"state_dict": state})
    assert f"trained for {classes} classes" in message
    assert f"network has {CLASSES}" in message
    assert "class table" in message
    assert "another shape" not in message


@pytest.mark.parametrize("classes", [CLASSES, 21])
def test_weights_of_another_backbone_name_it(network: RefineNet, classes: int) -> None:
    message = refusal(network, filled_cheaply(resnet_shapes(50, classes)))
    assert "mobilenet_v2" in message
    assert "weights of resnet50 (light_weight): choose those" in message


def test_weights_of_a_deeper_resnet_name_it() -> None:
    with torch.device("meta"):
        network = build_network("resnet50", CLASSES)
    with pytest.raises(CheckpointError, match="weights of resnet101"):
        load_weights(network, filled_cheaply(resnet_shapes(101, CLASSES)))


def test_own_weights_of_another_backbone_name_it(
    network: RefineNet, own: dict[str, Tensor]
) -> None:
    with torch.device("meta"):
        other = build_network("resnet50", CLASSES)
    with pytest.raises(CheckpointError, match="weights of mobilenet_v2"):
        load_weights(other, own)


def test_weights_of_no_known_network(network: RefineNet) -> None:
    message = refusal(network, {"fc.weight": torch.ones(2, 2), "fc.bias": torch.ones(2)})
    assert "unexpected (fc.weight, fc.bias)" in message
    assert "choose the backbone and decoder that the weights were trained with" in message


def filled_cheaply(shapes: dict[str, tuple[int, ...]]) -> dict[str, Tensor]:
    """Return entries of the right shapes that take no memory."""
    return {name: torch.zeros(1).expand(shape) for name, shape in shapes.items()}


@pytest.mark.parametrize(
    "source",
    [{}, {"epoch": 3}, {"state_dict": {}}, {"state_dict": [torch.ones(1)]}, {3: torch.ones(1)}],
)
def test_mappings_without_named_tensors(network: RefineNet, source: State) -> None:
    assert "no named tensors" in refusal(network, source)


def test_a_mapping_that_holds_itself_ends(network: RefineNet, tmp_path: Path) -> None:
    endless: State = {}
    endless["state_dict"] = endless
    assert "no named tensors" in refusal(network, endless)
    assert "no named tensors" in refusal(network, saved(tmp_path / "endless.pth", endless))


# ---- files


@pytest.mark.parametrize("zipped", [True, False])
def test_code_hidden_behind_good_weights_does_not_run(
    network: RefineNet, own: dict[str, Tensor], tmp_path: Path, zipped: bool
) -> None:
    marker = tmp_path / "marker"

    class Bomb:
        def __reduce__(self) -> tuple[Any, ...]:
            return os.system, (f"touch '{marker}'",)

    path = saved(tmp_path / "w.pth", {"state_dict": own, "hparams": Bomb()}, zipped)
    assert "would run code" in refusal(network, path)
    assert not marker.exists()


@pytest.mark.parametrize("form", ["safetensors", "zip", "legacy"])
@pytest.mark.parametrize("part", [0.0005, 0.3, 0.999])
def test_truncated_weights(
    network: RefineNet, own: dict[str, Tensor], tmp_path: Path, form: str, part: float
) -> None:
    path = tmp_path / "w.pth"
    if form == "safetensors":
        save_file(own, path)
    else:
        saved(path, own, zipped=form == "zip")
    os.truncate(path, int(path.stat().st_size * part))
    message = refusal(network, path)
    assert "truncated" in message
    assert "copy or download it again" in message


def test_files_that_are_no_weights(network: RefineNet, tmp_path: Path) -> None:
    page = tmp_path / "page.pth"
    page.write_text("<!doctype html><title>Not found</title>")
    assert "web page" in refusal(network, page)
    assert "no weights file" in refusal(network, tmp_path / "none.pth")
    assert "folder" in refusal(network, tmp_path)
    with pytest.raises(CheckpointError, match="null"):
        load_weights(network, "a\0b")


# ---- saving and the card


def test_saved_weights_come_back_with_their_description(
    network: RefineNet, own: dict[str, Tensor], tmp_path: Path
) -> None:
    load_weights(network, own)
    network.mean, network.std, network.input_size = (0.1, 0.2, 1 / 3), (0.5, 0.6, 0.7), (360, 480)
    network.temperature = 4 / 3
    path = tmp_path / "w.safetensors"
    save_weights(network, path, {"licence": "CC BY-NC 4.0"})
    other = build_network("mobilenet_v2", CLASSES)
    info = load_weights(other, path)
    assert holds_own(other, own)
    assert other.mean == (0.1, 0.2, 1 / 3)
    assert other.std == (0.5, 0.6, 0.7)
    assert other.input_size == (360, 480)
    assert other.temperature == 4 / 3
    assert info.layout == "own"
    assert info.card["licence"] == "CC BY-NC 4.0"
    assert (info.card["backbone"], info.card["decoder"]) == ("mobilenet_v2", "light_weight")
    assert info.card["num_classes"] == str(CLASSES)


def test_a_saved_file_holds_the_weights_and_no_counters(
    network: RefineNet, own: dict[str, Tensor], tmp_path: Path
) -> None:
    load_weights(network, own)
    save_weights(network, tmp_path / "w.safetensors")
    with safe_open(tmp_path / "w.safetensors", framework="pt") as file:
        assert set(file.keys()) == set(own)
        assert torch.equal(file.get_tensor("classifier.bias"), own["classifier.bias"])
        assert "input_size" not in file.metadata()


def test_others_may_read_saved_weights(network: RefineNet, tmp_path: Path) -> None:
    plain, path = tmp_path / "plain", tmp_path / "w.safetensors"
    plain.touch()
    save_weights(network, path)
    assert path.stat().st_mode == plain.stat().st_mode


def test_what_the_network_says_of_itself_wins_over_the_card_of_earlier_weights(
    network: RefineNet, tmp_path: Path
) -> None:
    network.temperature = 1.0
    earlier = {"input_size": "[64, 96]", "temperature": "2.5", "std": "[1, 1, 1]", "data": "CamVid"}
    save_weights(network, tmp_path / "w.safetensors", earlier)
    other = build_network("mobilenet_v2", CLASSES)
    info = load_weights(other, tmp_path / "w.safetensors")
    assert described(other) == described(network)
    assert info.card["data"] == "CamVid"


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_weights_written_in_half_precision(
    network: RefineNet, own: dict[str, Tensor], tmp_path: Path, dtype: torch.dtype
) -> None:
    load_weights(network, own)
    full, half = tmp_path / "full.safetensors", tmp_path / "half.safetensors"
    save_weights(network, full, dtype=torch.float32)
    save_weights(network, half, {"data": "CamVid"}, dtype)
    assert half.stat().st_size / full.stat().st_size == pytest.approx(0.5, abs=0.01)
    assert holds_own(network, own)  # the network itself keeps its precision
    other = build_network("mobilenet_v2", CLASSES)
    assert load_weights(other, half).card["data"] == "CamVid"
    assert holds_own(other, {key: value.to(dtype).float() for key, value in own.items()})
    assert {value.dtype for value in other.parameters()} == {torch.float32}


# 65519 is the last number that rounds to 65504, the largest of fp16.
@pytest.mark.parametrize("value", [65520.0, -1e6, float("inf"), float("nan")])
def test_weights_beyond_half_precision_are_not_written(
    network: RefineNet, own: dict[str, Tensor], tmp_path: Path, value: float
) -> None:
    load_weights(network, own)
    path = tmp_path / "w.safetensors"
    with torch.no_grad():
        network.classifier.bias[1] = value
    message = r"w\.safetensors was not written.*ends at 65504.*1 in \(classifier\.bias\)"
    with pytest.raises(CheckpointError, match=message):
        save_weights(network, path, dtype=torch.float16)
    assert not path.exists()
    with torch.no_grad():
        network.classifier.bias[1] = 65519.0
    save_weights(network, path, dtype=torch.float16)
    load_weights(network, path)
    assert network.classifier.bias[1] == 65504.0


@pytest.mark.parametrize("dtype", [torch.int8, torch.float64, torch.complex64])
def test_types_that_weights_are_not_written_in(
    network: RefineNet, tmp_path: Path, dtype: torch.dtype
) -> None:
    with pytest.raises(CheckpointError, match=r"wanted one of torch\.float32, torch\.float16"):
        save_weights(network, tmp_path / "w.safetensors", dtype=dtype)
    assert not (tmp_path / "w.safetensors").exists()


def test_weights_without_a_card_bring_back_the_encoders_description(
    network: RefineNet, published: dict[str, Tensor]
) -> None:
    network.mean, network.std, network.input_size = (0.4, 0.5, 0.6), (0.1, 0.2, 0.3), (64, 96)
    load_weights(network, published)
    assert (network.mean, network.std) == ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    assert network.input_size is None
    assert network.temperature == 1.0


def test_a_card_without_a_temperature_brings_back_1(
    network: RefineNet, own: dict[str, Tensor], tmp_path: Path
) -> None:
    save_file(own, tmp_path / "w.safetensors", metadata={"input_size": "[32, 64]"})
    assert network.temperature != 1.0
    load_weights(network, tmp_path / "w.safetensors")
    assert (network.input_size, network.temperature) == ((32, 64), 1.0)


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("mean", "0.5"),
        ("mean", "[0.5, 0.5]"),
        ("mean", "[0.5, 0.5, Infinity]"),
        ("mean", "[0.5, 0.5, NaN]"),
        ("mean", '["a", "b", "c"]'),
        ("mean", "not JSON"),
        ("mean", "[" * 100_000),
        ("std", "[0.5, 0.5, 0]"),
        ("std", "[0.5, 0.5, -1]"),
        ("std", "[true, true, true]"),
        ("input_size", "[480]"),
        ("input_size", "[31, 480]"),
        ("input_size", "[360.5, 480]"),
        ("input_size", "[480, 8193]"),
        ("input_size", "[1000000, 1000000]"),
        ("input_size", "null"),
        ("mean", "[1000001, 0.5, 0.5]"),
        ("mean", "[0.5, 0.5, -10.1]"),
        ("std", "[0.5, 9e-7, 0.5]"),
        ("std", "[0.5, 1000001, 0.5]"),
        ("input_size", "[32, 1000001]"),
        ("temperature", "0"),
        ("temperature", "0.0099"),
        ("temperature", "100.1"),
        ("temperature", "-1.5"),
        ("temperature", "NaN"),
        ("temperature", "Infinity"),
        ("temperature", "true"),
        ("temperature", "[1.5]"),
        ("temperature", '"1.5"'),
        ("temperature", "null"),
        ("temperature", ""),
        ("temperature", "1,5"),
    ],
)
def test_a_card_that_cannot_be_used(
    network: RefineNet, own: dict[str, Tensor], tmp_path: Path, key: str, text: str
) -> None:
    path = tmp_path / "w.safetensors"
    save_file(own, path, metadata={key: text})
    message = refusal(network, path)
    assert re.search(f"card whose {key} is .*save_weights", message)
    assert len(message) < 500 + len(str(path))


def test_a_card_at_its_limits(network: RefineNet, own: dict[str, Tensor], tmp_path: Path) -> None:
    card = {"mean": "[-10, 1000000, 0]", "std": "[1e-6, 1e6, 1]", "input_size": "[32, 8192]"}
    save_file(own, tmp_path / "w.safetensors", metadata=card)
    load_weights(network, tmp_path / "w.safetensors")
    assert described(network)[:3] == ((-10, 1e6, 0), (1e-6, 1e6, 1), (32, 8192))


@pytest.mark.parametrize("form", [json.dumps, lambda values: json.dumps(values, indent=2)])
def test_a_card_written_by_hand(
    network: RefineNet, own: dict[str, Tensor], tmp_path: Path, form: Callable[[Any], str]
) -> None:
    card = {"mean": form([0, 0, 1]), "std": form([1, 1, 2]), "input_size": form([32, 64])}
    card["temperature"] = " 2 "
    save_file(own, tmp_path / "w.safetensors", metadata=card)
    load_weights(network, tmp_path / "w.safetensors")
    assert described(network) == ((0, 0, 1), (1, 1, 2), (32, 64), 2.0)


def test_the_terms_of_use_stand_on_the_card(
    network: RefineNet, own: dict[str, Tensor], tmp_path: Path
) -> None:
    save_file(own, tmp_path / "w.safetensors", metadata={"license": "MIT", "data": "my yard"})
    assert load_weights(network, tmp_path / "w.safetensors").terms == "trained on my yard (MIT)"
    assert load_weights(network, own).terms == ""


@pytest.mark.parametrize("backbone", ["mobilenet_v2", "resnet50"])
def test_a_file_tells_its_number_of_classes(backbone: str, tmp_path: Path) -> None:
    save_weights(build_network(backbone, 7), tmp_path / "own.safetensors")
    assert count_classes(tmp_path / "own.safetensors") == 7


def test_the_authors_files_tell_their_number_of_classes(tmp_path: Path) -> None:
    for name in ("clf_conv.bias", "segm.bias"):
        torch.save({"state_dict": {name: torch.zeros(21)}}, tmp_path / "theirs.pth.tar")
        assert count_classes(tmp_path / "theirs.pth.tar") == 21
    torch.save({"weight": torch.zeros(3)}, tmp_path / "other.pth")
    assert count_classes(tmp_path / "other.pth") is None


def test_a_mapping_within_itself_is_no_weights(network: RefineNet) -> None:
    content: dict[str, Any] = {}
    content["model"] = content
    with pytest.raises(CheckpointError):
        load_weights(network, content)


def test_of_many_missing_entries_four_are_named(network: RefineNet, own: dict[str, Tensor]) -> None:
    missing = [name for name in network.state_dict() if name in own][:6]
    rest = {name: value for name, value in own.items() if name not in missing}
    named = ", ".join(missing[:4])
    with pytest.raises(CheckpointError, match=re.escape(f"6 missing ({named} and 2 more)")):
        load_weights(network, rest)
