# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""``lwrf label``: what a teacher makes of a recording or of photographs can be trained on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
pytest.importorskip("onnx", reason="onnx is not installed")

from small_teachers import pointwise, write
from tiny_dataset import COLOURS, TABLE_YAML, read_mask

from lwrf_ros.classes.class_table import ClassTable
from lwrf_ros.cli.main import main
from lwrf_ros.datasets.dataset import check_pairs, find_pairs
from lwrf_ros.package_data import class_tables

# Every colour against the others: the largest score is that of the class with this colour.
WEIGHTS = COLOURS / 255 * 20
BIAS = -(np.square(COLOURS / 255) * 10).sum(axis=1)


def label(*arguments: str | Path) -> int:
    return main(["label", *map(str, arguments)])


def files(folder: Path) -> list[str]:
    """Return every file below a folder, hidden ones too."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "set"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.yaml"
    path.write_text(TABLE_YAML)
    return path


@pytest.fixture
def asked(tmp_path: Path, table: Path) -> tuple[str | Path, ...]:
    """A teacher that knows red, green and blue, and all that has to be said of it."""
    path = pointwise(tmp_path / "teacher.onnx", WEIGHTS, BIAS, (16, 16))
    return ("--model", path, "--range", "0..1", "--classes", table, "--threads", "1")


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    """Three photographs: green above blue; red; red with a name of another kind."""
    folder = tmp_path / "photographs"
    folder.mkdir()
    pixels = np.empty((20, 30, 3), np.uint8)
    pixels[:10], pixels[10:] = COLOURS[1], COLOURS[2]
    Image.fromarray(pixels).save(folder / "lawn.jpg", quality=95)
    pixels[:] = COLOURS[0]
    Image.fromarray(pixels).save(folder / "wall at 5.JPG", quality=95)
    Image.fromarray(pixels[:9, :7]).save(folder / "brick.ppm")
    return folder


def test_photographs_become_a_data_set(
    photographs: Path,
    out: Path,
    table: Path,
    asked: Sequence[str | Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert label(photographs, "-o", out, "--probabilities", *asked) == 0
    names = ("brick", "lawn", "wall at 5")
    assert files(out) == sorted(
        [
            "classes.yaml",
            *("images/brick.png", "images/lawn.jpg", "images/wall at 5.jpg"),
            *(f"masks/{name}.png" for name in names),
            *(f"probabilities/{name}.npz" for name in names),
        ]
    )
    assert (out / "classes.yaml").read_bytes() == table.read_bytes()
    copied = (out / "images/wall at 5.jpg").read_bytes()
    assert copied == (photographs / "wall at 5.JPG").read_bytes()
    pairs = find_pairs(out)
    # 63 pixels of brick, 600 of the wall; half of the 600 of the lawn each.
    assert check_pairs(pairs, ClassTable.load(table)).pixels.tolist() == [663, 300, 300]
    mask = read_mask(out / "masks/lawn.png")
    assert (mask[:10] == 1).all()
    assert (mask[10:] == 2).all()
    with np.load(out / "probabilities/lawn.npz", allow_pickle=False) as stored:
        probabilities = stored["probabilities"]
    assert (probabilities.shape, probabilities.dtype) == ((3, 5, 8), np.uint8)
    assert (probabilities[1, :2] > 250).all()
    assert (probabilities[2, 3:] > 250).all()
    assert np.abs(probabilities.sum(axis=0, dtype=int) - 255).max() <= 2
    said = capsys.readouterr()
    first, *lines = said.out.splitlines()
    assert first == "teacher.onnx: 16x16 in, scores out, logits of 3 classes"
    assert lines[0] == f"{out}: 3 images written; of 3 frames 0 skipped, 0 refused"
    assert lines[1:3] == [
        "3 masks written, made with teacher.onnx: look at some before training",
        "3 files of probabilities written",
    ]
    # 663, 300 and 300 of 1263
    assert lines[3] == "pixels: red 52.5 %, green 23.8 %, blue 23.8 %"
    assert re.fullmatch(r"mean confidence of the labels: 0\.99\d|.*1\.000", lines[4])
    assert "3/3" in said.err, "no progress bar"


def test_a_recording_becomes_a_data_set(
    video: Path, out: Path, asked: Sequence[str | Path]
) -> None:
    assert label(video, "-o", out, "--every", "8", *asked) == 0
    names = ("small_000000", "small_000008", "small_000016")
    assert [pair.name for pair in find_pairs(out)] == list(names)
    for name in names:
        image = cv2.imread(str(out / f"images/{name}.png"))
        mask = read_mask(out / f"masks/{name}.png")
        assert mask.shape == image.shape[:2]
    assert not (out / "probabilities").exists()


def test_a_real_drive(shared_bags: Path, out: Path, asked: Sequence[str | Path]) -> None:
    assert label(shared_bags / "camvid_drive_mcap", "-o", out, "--every", "50", *asked) == 0
    pairs = find_pairs(out)
    assert len(pairs) == 3
    assert check_pairs(pairs, ClassTable.load(out / "classes.yaml")).pixels.sum() == 3 * 480 * 360


def test_a_grey_recording(raw_bag: Path, out: Path, asked: Sequence[str | Path]) -> None:
    assert label(raw_bag, "-o", out, "--max-frames", "1", *asked) == 0
    (pair,) = find_pairs(out)
    assert read_mask(pair.mask).shape == (2, 6)


def test_a_data_set_is_labelled_where_it_is(photographs: Path, asked: Sequence[str | Path]) -> None:
    data = photographs.parent / "data"
    data.mkdir()
    photographs.rename(data / "images")
    (data / "masks").mkdir()
    (data / "masks/lawn.png").write_bytes(b"painted by hand")
    assert label(data, "-o", data, *asked) == 0
    masks = [f"masks/{name}.png" for name in ("brick", "lawn", "wall at 5")]
    images = ["images/brick.ppm", "images/lawn.jpg", "images/wall at 5.JPG"]
    assert files(data) == ["classes.yaml", *images, *masks]
    assert (data / masks[1]).read_bytes() == b"painted by hand"
    assert (read_mask(data / masks[2]) == 0).all()


def test_the_same_command_goes_on_after_an_interruption(
    photographs: Path,
    out: Path,
    asked: Sequence[str | Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    replace = Path.replace

    def interrupted(self: Path, target: Path) -> Path:
        if target.name == "lawn.png":
            raise KeyboardInterrupt
        return replace(self, target)

    command = (photographs, "-o", out, "--probabilities", *asked)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", interrupted)
        assert label(*command) == 130
    whole = {"classes.yaml", "images/brick.png", "images/lawn.jpg", "masks/brick.png"}
    assert set(files(out)) == whole | {"probabilities/brick.npz", "probabilities/lawn.npz"}
    (out / "masks/brick.png").write_bytes((out / "masks/brick.png").read_bytes() + b"corrected")
    before = {name: (out / name).read_bytes() for name in files(out)}
    capsys.readouterr()
    assert label(*command) == 0
    after = {name: (out / name).read_bytes() for name in files(out)}
    assert after.items() >= before.items()
    assert len(after) == 10
    lines = capsys.readouterr().out.splitlines()
    assert "1 image written, 2 kept that were there; of 3 frames" in lines[1]
    assert lines[2].startswith("2 masks written, 1 kept that was there, made with")
    assert lines[3] == "1 file of probabilities written"


def test_probabilities_can_be_asked_for_later(
    photographs: Path, out: Path, asked: Sequence[str | Path]
) -> None:
    assert label(photographs, "-o", out, *asked) == 0
    masks = {name: (out / name).stat().st_mtime_ns for name in files(out)}
    assert label(photographs, "-o", out, "--probabilities", *asked) == 0
    assert {name: (out / name).stat().st_mtime_ns for name in masks} == masks
    assert len(list((out / "probabilities").iterdir())) == 3


def test_masks_stay_under_the_names_that_labelling_tools_give(
    photographs: Path, out: Path, asked: Sequence[str | Path]
) -> None:
    assert label(photographs, "-o", out, *asked) == 0
    masks = out / "masks"
    (masks / "lawn.png").rename(masks / "lawn.jpg.png")
    (masks / "brick.png").rename(masks / "brick_mask.png")
    before = {name: (out / name).stat().st_mtime_ns for name in files(out)}
    assert label(photographs, "-o", out, *asked) == 0
    assert label(out, "-o", out, *asked) == 0  # where it is
    assert {name: (out / name).stat().st_mtime_ns for name in files(out)} == before


def test_masks_of_images_that_exif_turns_can_be_trained_on(
    photographs: Path, out: Path, asked: Sequence[str | Path]
) -> None:
    """The teacher sees what is displayed, and the image keeps its bytes: the mask says so."""
    tags = Image.Exif()
    tags[0x0112] = 3
    with Image.open(photographs / "lawn.jpg") as image:
        image.save(photographs / "lawn.jpg", exif=tags, quality=95)
    assert label(photographs, "-o", out, *asked) == 0
    assert label(out, "-o", out, *asked) == 0  # where it is
    assert (out / "images/lawn.jpg").read_bytes() == (photographs / "lawn.jpg").read_bytes()
    mask = read_mask(out / "masks/lawn.png")
    assert (mask[:10] == 2).all()
    assert (mask[10:] == 1).all()
    check_pairs(find_pairs(out), ClassTable.load(out / "classes.yaml"))


def test_photographs_that_cannot_be_read_are_counted(
    photographs: Path, out: Path, asked: Sequence[str | Path], capsys: pytest.CaptureFixture[str]
) -> None:
    (photographs / "text.png").write_text("no picture")
    lawn = photographs / "lawn.jpg"
    lawn.write_bytes(lawn.read_bytes()[:-150])
    assert label(photographs, "-o", out, *asked) == 0
    assert [pair.name for pair in find_pairs(out)] == ["brick", "wall at 5"]
    assert "of 4 frames 0 skipped, 2 refused (decode 2)" in capsys.readouterr().out


def test_selected_photographs(photographs: Path, out: Path, asked: Sequence[str | Path]) -> None:
    # The mean of red, green and blue is 97 for brick, lawn and wall.
    Image.new("RGB", (30, 20)).save(photographs / "night.png")
    assert label(photographs, "-o", out, "--different", "5", *asked) == 0
    assert [pair.name for pair in find_pairs(out)] == ["brick", "night", "wall at 5"]


def test_several_teachers_with_options_of_their_own(
    photographs: Path, out: Path, tmp_path: Path, table: Path
) -> None:
    first = pointwise(tmp_path / "a.onnx", WEIGHTS, BIAS, (16, 16))
    # The same network, made for pixels to 255 in the order blue, green, red.
    second = pointwise(tmp_path / "b.onnx", WEIGHTS[:, ::-1] / 255, BIAS, ("h", "w"))
    options = ("--model", first, "--model", second, "--range", "0..1", "--range", "0..255")
    more = ("--order", "rgb", "--order", "bgr", "--size", "16x16", "--agree", "--mirror")
    assert label(photographs, "-o", out, "--classes", table, *options, *more) == 0
    assert check_pairs(find_pairs(out), ClassTable.load(table)).pixels.tolist() == [663, 300, 300]
    for name in ("brick", "wall at 5"):
        assert (read_mask(out / f"masks/{name}.png") == 0).all()


def test_a_published_teacher(shared: Path, out: Path, photographs: Path) -> None:
    pytest.importorskip("ai_edge_litert", reason="ai-edge-litert is not installed")
    model = shared / "models/mosaic_ade31_uint8.tflite"
    if not model.is_file():
        pytest.skip(f"{model} is missing: the published networks are only there for the developers")
    options = ("--classes", "ade31", "--mapping", "ade31", "--max-frames", "1", "--threads", "1")
    assert label(photographs, "-o", out, "--model", model, "--probabilities", *options) == 0
    assert (out / "classes.yaml").read_bytes() == class_tables()["ade31"].read_bytes()
    with np.load(out / "probabilities/brick.npz", allow_pickle=False) as stored:
        assert stored["probabilities"].shape == (31, 3, 2)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--model", "{tmp}/no.onnx"), "no.onnx is not there; give the file of a teacher"),
        (("--model", "{tmp}"), "is called neither .onnx nor .tflite"),
        (("--model", "{tmp}/text.onnx"), "text.onnx cannot be read as an ONNX file"),
        (
            ("--model", "{tmp}/flat.onnx"),
            r"flat.onnx gives no map of classes but flat float32 \(1,",
        ),
        (("--classes", "ade31"), r"has 3 classes, the table 'ade31' has 31; .* --mapping \(ade31"),
        (("--classes", "nothing"), "no class table 'nothing'"),
        (("--mapping", "{tmp}/street.yaml"), "the class 'street' is not one of the table 'tiny'"),
        (("--mapping", "{tmp}/index.yaml"), "class 7; wanted an index from 0 to 2"),
        (("--mapping", "{tmp}/no.yaml"), "no.yaml"),
        (("--size", "9x9"), r"takes \(1, 3, 16, 16\), which 9x9 is not; leave --size out"),
        (("--model-output", "4"), "has no output 4; it has 1, from 0: scores"),
        (("--order", "gbr"), "--order is 'gbr'; wanted one of rgb, bgr"),
        (("--range", "0..2"), "--range is there 2 times, --model 1 time; wanted once for all"),
        (("--agree",), "--agree wants teachers that can differ, and there is one"),
        (("--every-s", "1"), "have no times for --every-s"),
        (("--bag-topic", "/x"), "is no bag"),
        (("--jpeg", "90"), "copied as they are; leave --jpeg out"),
    ],
)
def test_mistakes_are_explained_before_the_first_image(
    photographs: Path,
    out: Path,
    tmp_path: Path,
    asked: Sequence[str | Path],
    capsys: pytest.CaptureFixture[str],
    options: Sequence[str],
    message: str,
) -> None:
    from onnx import TensorProto, helper

    (tmp_path / "text.onnx").write_text("no network")
    (tmp_path / "street.yaml").write_text("classes: {street: 0}")
    (tmp_path / "index.yaml").write_text("classes: {red: 7}")
    write(
        tmp_path / "flat.onnx",
        [helper.make_node("Flatten", ["image"], ["flat"])],
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, 8, 8])],
        [helper.make_tensor_value_info("flat", TensorProto.FLOAT, [1, 192])],
    )
    if options[0] == "--model":
        asked = asked[2:]
    said = [option.format(tmp=tmp_path) for option in options]
    assert label(photographs, "-o", out, *asked, *said) == 2
    error = capsys.readouterr().err
    assert error.startswith("lwrf label: error: ")
    assert re.search(message, error), error
    assert not out.exists()


def test_two_photographs_of_one_name(
    photographs: Path, out: Path, asked: Sequence[str | Path], capsys: pytest.CaptureFixture[str]
) -> None:
    (photographs / "lawn.png").write_bytes((photographs / "lawn.jpg").read_bytes())
    assert label(photographs, "-o", out, *asked) == 2
    assert "lawn.png is called like lawn.jpg" in capsys.readouterr().err
    assert not out.exists()


def test_masks_of_other_classes_are_not_mixed(
    photographs: Path, out: Path, asked: Sequence[str | Path], capsys: pytest.CaptureFixture[str]
) -> None:
    out.mkdir()
    (out / "classes.yaml").write_text("classes:\n  - {name: grass, colour: [0, 255, 0]}\n")
    assert label(photographs, "-o", out, *asked) == 2
    assert "have the classes grass (classes.yaml), those of tiny" in capsys.readouterr().err
    assert files(out) == ["classes.yaml"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--scales", "0"), "wanted a number from 0.25 to 8"),
        (("--scales", "1", "many"), "wanted a number from 0.25 to 8"),
        (("--min-confidence", "2"), "wanted a number from 0 to 1"),
        (("--weight", "0"), "wanted a number above 0"),
        (("--size", "16"), r"wanted WIDTHxHEIGHT"),
    ],
)
def test_wrong_values_are_refused(
    photographs: Path,
    out: Path,
    asked: Sequence[str | Path],
    capsys: pytest.CaptureFixture[str],
    options: Sequence[str],
    words: str,
) -> None:
    with pytest.raises(SystemExit) as ended:
        label(photographs, "-o", out, *asked, *options)
    assert ended.value.code == 2
    assert words in capsys.readouterr().err
