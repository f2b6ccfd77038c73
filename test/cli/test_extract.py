# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""A recording becomes a folder that can be trained on, and nothing in that folder is replaced."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from rosbags.rosbag2 import Writer
from rosbags.typesys import Stores, get_typestore
from sample_picture import picture

pytest.importorskip("sensor_msgs.msg", reason="ROS messages are not installed")

from tiny_dataset import read_mask

from lwrf_ros.classes.class_table import ClassTable
from lwrf_ros.cli.main import main
from lwrf_ros.datasets.dataset import check_pairs, find_pairs
from lwrf_ros.extraction.frame_counts import Account
from lwrf_ros.extraction.selection import Selection
from lwrf_ros.network import build_network
from lwrf_ros.package_data import class_tables
from lwrf_ros.recordings import CompressedImage, open_frames
from lwrf_ros.weights.checkpoint import save_weights

S = 1_000_000_000
CAR = 8


@pytest.fixture(scope="module")
def car_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights that see cars everywhere, with a probability of e^2 / (e^2 + 10) = 0.425."""
    network = build_network("mobilenet_v2", 11)
    network.input_size = (32, 64)
    with torch.no_grad():
        network.classifier.weight.zero_()
        network.classifier.bias.zero_()
        network.classifier.bias[CAR] = 2.0
    path = tmp_path_factory.mktemp("weights") / "cars.safetensors"
    save_weights(network, path, {"classes": "camvid"})
    return path


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "set"


def extract(*arguments: str | Path) -> int:
    return main(["extract", *map(str, arguments)])


def files(folder: Path) -> list[str]:
    """Return every file below a folder, hidden ones too."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def images(*names: str, suffix: str = ".png") -> list[str]:
    return [f"images/{name}{suffix}" for name in names]


def camera_bag(path: Path, stamps_ns: Sequence[int], damaged: Sequence[int] = ()) -> Path:
    """Write PNGs of pictures 0, 1, … on /image_raw/compressed, received from 50 s on at 10 Hz."""
    types = get_typestore(Stores.ROS2_HUMBLE)
    header, time = types.types["std_msgs/msg/Header"], types.types["builtin_interfaces/msg/Time"]
    image = types.types["sensor_msgs/msg/CompressedImage"]
    with Writer(path, version=9) as writer:
        connection = writer.add_connection(
            "/image_raw/compressed", image.__msgtype__, typestore=types
        )
        for number, stamp_ns in enumerate(stamps_ns):
            data = cv2.imencode(".png", picture(number))[1].reshape(-1)
            if number in damaged:
                data = data[:20]
            message = image(header(time(*divmod(stamp_ns, S)), "camera"), "png", data)
            raw = types.serialize_cdr(message, image.__msgtype__)
            writer.write(connection, 50 * S + number * S // 10, raw)
    return path


# ---- images


def test_each_tenth_frame_of_a_real_drive_without_loss(
    shared_bags: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bag = shared_bags / "camvid_drive_mcap"
    assert extract(bag, "-o", out, "--every", "10") == 0
    # 101 frames from 1,700,000,000 s on, 0.1 s apart.
    assert files(out) == images(*(f"{(1_700_000_000 + second) * S}" for second in range(11)))
    with open_frames(bag) as source:
        frame = list(source)[30]
    assert isinstance(frame.image, CompressedImage)
    recorded = cv2.imdecode(frame.image.data, cv2.IMREAD_COLOR)
    written = cv2.imread(str(out / "images/1700000003000000000.png"), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(written, recorded)
    said = capsys.readouterr()
    assert said.out == f"{out}: 11 images written; of 101 frames 90 skipped, 0 refused\n"
    assert "101/101" in said.err, "no progress bar"


def test_by_time_up_to_a_number(shared_bags: Path, out: Path) -> None:
    bag = shared_bags / "camvid_drive_mcap"
    assert extract(bag, "-o", out, "--every-s", "2.5", "--max-frames", "3") == 0
    stamps = ["1700000000000000000", "1700000002500000000", "1700000005000000000"]
    assert files(out) == images(*stamps)


def test_raw_messages_of_a_real_bag(shared_bags: Path, out: Path) -> None:
    bag = shared_bags / "soccer_goal_ros2_db3"
    assert extract(bag, "-o", out) == 0
    assert files(out) == images("0000000008297777777", "0000000008331088888")
    with open_frames(bag) as source:
        rgb = next(iter(source)).image.data.reshape(480, 640, 3)
    np.testing.assert_array_equal(
        cv2.imread(str(out / "images/0000000008297777777.png")), rgb[..., ::-1]
    )


def test_padded_16_bit_grey_becomes_8_bit_grey(raw_bag: Path, out: Path) -> None:
    assert extract(raw_bag, "-o", out, "--max-frames", "1") == 0
    # Byte k is k: the pixels are 0x0001, 0x0203, …, and 0x1011, … in the row that begins at 16.
    np.testing.assert_array_equal(
        cv2.imread(str(out / "images/0000000100000000000.png"), cv2.IMREAD_UNCHANGED),
        [[0, 2, 4, 6, 8, 10], [16, 18, 20, 22, 24, 26]],
    )


def test_what_has_no_stamps_is_called_like_the_recording(
    video: Path, image_folder: Path, out: Path
) -> None:
    assert extract(video, "-o", out, "--every", "8") == 0
    assert extract(image_folder, "-o", out, "--max-frames", "2") == 0
    names = ("images_000000", "images_000001", "small_000000", "small_000008", "small_000016")
    assert files(out) == images(*names)
    np.testing.assert_array_equal(cv2.imread(str(out / "images/images_000001.png")), picture(1))


def test_jpeg(image_folder: Path, out: Path) -> None:
    assert extract(image_folder, "-o", out, "--jpeg", "90") == 0
    assert files(out) == images(*(f"images_{n:06d}" for n in range(3)), suffix=".jpg")
    first = out / "images/images_000000.jpg"
    assert first.read_bytes() == cv2.imencode(".jpg", picture(0), [1, 90])[1].tobytes()


def test_frames_like_the_last_one_taken_are_left_out(
    image_folder: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # From one picture to the next blue grows by 10: 3.3 grey levels on average.
    assert extract(image_folder, "-o", out, "--different", "5") == 0
    assert files(out) == images("images_000000", "images_000002")
    assert "2 images written; of 3 frames 0 skipped, 1 like the one" in capsys.readouterr().out


def test_equal_and_empty_stamps_give_different_names(tmp_path: Path, out: Path) -> None:
    bag = camera_bag(tmp_path / "bag", [7 * S, 7 * S, 0, 7 * S])
    assert extract(bag, "-o", out) == 0
    # The third was received 50.2 s after zero.
    seven = f"{7 * S:019d}"
    assert files(out) == images(seven, f"{seven}_1", f"{seven}_2", f"{50_200_000_000:019d}")
    np.testing.assert_array_equal(cv2.imread(str(out / f"images/{seven}_2.png")), picture(3))


def test_damaged_frames_are_counted_by_reason(
    tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bag = camera_bag(tmp_path / "bag", [S, 2 * S, 3 * S, 4 * S], damaged=(1, 3))
    assert extract(bag, "-o", out) == 0
    assert files(out) == images(f"{S:019d}", f"{3 * S:019d}")
    assert capsys.readouterr().out.endswith("0 skipped, 2 refused (decode 2)\n")


@pytest.mark.parametrize(
    ("topic", "reason"),
    [("rgb8_short_data", "data"), ("empty_data", "empty"), ("unknown_encoding", "encoding")],
)
def test_a_real_recording_without_one_sound_picture(
    shared_bags: Path, out: Path, capsys: pytest.CaptureFixture[str], topic: str, reason: str
) -> None:
    bag = shared_bags / "odd_encodings_ros2_db3"
    assert extract(bag, "-o", out, "--bag-topic", f"/enc/{topic}") == 2
    error = capsys.readouterr().err
    assert "no image came out of" in error
    assert f"of 1 frames 1 cannot be decoded ({reason} 1); give a recording" in error
    assert not out.exists()


# ---- masks


def test_masks_can_be_trained_on(
    shared_bags: Path, out: Path, car_weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bag = shared_bags / "camvid_drive_mcap"
    assert extract(bag, "-o", out, "--every", "50", "--labels", car_weights) == 0
    pairs = find_pairs(out)
    assert [pair.name for pair in pairs] == [f"{(1_700_000_000 + s) * S}" for s in (0, 5, 10)]
    counts = check_pairs(pairs, ClassTable.load(out / "classes.yaml")).pixels
    assert counts.tolist() == [3 * 480 * 360 if index == CAR else 0 for index in range(11)]
    assert (out / "classes.yaml").read_bytes() == class_tables()["camvid"].read_bytes()
    second = capsys.readouterr().out.splitlines()[1]
    assert second == f"3 masks written, made with {car_weights}: correct them before training"


@pytest.mark.parametrize(("least", "index"), [("0.40", CAR), ("0.45", 255)])
def test_what_the_network_is_not_sure_of_stays_unlabelled(
    image_folder: Path, out: Path, car_weights: Path, least: str, index: int
) -> None:
    assert 0.40 < math.e**2 / (math.e**2 + 10) < 0.45
    options = ("--labels", car_weights, "--min-confidence", least, "--device", "cpu")
    assert extract(image_folder, "-o", out, *options, "--precision", "fp32") == 0
    assert set(np.unique(read_mask(out / "masks/images_000002.png"))) == {index}


def test_grey_images_get_masks_too(tmp_path: Path, out: Path, car_weights: Path) -> None:
    types = get_typestore(Stores.ROS2_HUMBLE)
    header, time = types.types["std_msgs/msg/Header"], types.types["builtin_interfaces/msg/Time"]
    image = types.types["sensor_msgs/msg/Image"]
    with Writer(tmp_path / "grey", version=9) as writer:
        connection = writer.add_connection("/image", image.__msgtype__, typestore=types)
        data = np.arange(40 * 48, dtype=np.uint8)
        message = image(header(time(3, 0), "c"), 40, 44, "mono8", 0, 48, data)
        writer.write(connection, 3 * S, types.serialize_cdr(message, image.__msgtype__))
    assert extract(tmp_path / "grey", "-o", out, "--labels", car_weights) == 0
    (pair,) = find_pairs(out)
    assert cv2.imread(str(pair.image), cv2.IMREAD_UNCHANGED).shape == (40, 44)
    assert read_mask(pair.mask).shape == (40, 44)


def test_masks_of_classes_that_only_the_weights_know(
    image_folder: Path, out: Path, tmp_path: Path
) -> None:
    card = {
        "classes": "corridor",
        "class_names": '["floor", "wall"]',
        "class_colours": "[[0, 255, 0], [120, 120, 120]]",
    }
    network = build_network("mobilenet_v2", 2)
    network.input_size = (32, 64)
    save_weights(network, tmp_path / "w.safetensors", card)
    options = ("--labels", tmp_path / "w.safetensors", "--max-frames", "1")
    assert extract(image_folder, "-o", out, *options) == 0
    table = ClassTable.load(out / "classes.yaml")
    assert (table.name, table.names) == ("corridor", ("floor", "wall"))
    assert table.colours.tolist() == [[0, 255, 0], [120, 120, 120]]


def test_nothing_that_is_there_is_replaced(
    image_folder: Path, out: Path, car_weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert extract(image_folder, "-o", out, "--max-frames", "2", "--labels", car_weights) == 0
    (out / "masks/images_000001.png").write_bytes(b"corrected by hand")
    (out / "images/images_000000.png").write_bytes(b"retouched")
    table = out / "classes.yaml"
    table.write_text("# mine\n" + table.read_text())
    before = {name: (out / name).read_bytes() for name in files(out)}
    capsys.readouterr()
    assert extract(image_folder, "-o", out, "--labels", car_weights) == 0
    after = {name: (out / name).read_bytes() for name in files(out)}
    assert after.items() >= before.items()
    assert after.keys() - before.keys() == {"images/images_000002.png", "masks/images_000002.png"}
    first, second = capsys.readouterr().out.splitlines()
    assert "1 image written, 2 kept that were there" in first
    assert second.startswith("1 mask written, 2 kept that were there, made with ")


def test_a_mask_belongs_to_the_image_that_is_there(
    image_folder: Path, out: Path, car_weights: Path
) -> None:
    """Also where that has another format or came from another recording."""
    assert extract(image_folder, "-o", out, "--jpeg", "80") == 0
    other = cv2.imencode(".jpg", picture(0, width=50, height=40))[1]
    (out / "images/images_000001.jpg").write_bytes(other.tobytes())
    assert extract(image_folder, "-o", out, "--labels", car_weights) == 0
    assert [pair.image.suffix for pair in find_pairs(out)] == [".jpg"] * 3
    assert read_mask(out / "masks/images_000001.png").shape == (40, 50)
    check_pairs(find_pairs(out), ClassTable.load("camvid"))


def test_masks_of_other_classes_are_not_mixed(
    image_folder: Path, out: Path, car_weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out.mkdir()
    (out / "classes.yaml").write_text("classes:\n  - {name: grass, colour: [0, 255, 0]}\n")
    assert extract(image_folder, "-o", out, "--labels", car_weights) == 2
    assert "have the classes grass (classes.yaml), those of camvid" in capsys.readouterr().err
    assert files(out) == ["classes.yaml"]


def test_without_bundled_weights_the_way_out_is_named(
    image_folder: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--labels", "--backbone", "resnet152", "--classes", class_tables()["camvid"])
    assert extract(image_folder, "-o", out, *options) == 2
    error = capsys.readouterr().err
    assert "no weights come with lwrf_ros for backbone resnet152" in error
    assert "name one of these as weights, or the path of a file" in error
    assert not out.exists()


# ---- mistakes and interruptions


def test_interruption_leaves_whole_files_only(
    image_folder: Path,
    out: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    replace = Path.replace

    def interrupted_at_the_third(self: Path, target: Path) -> Path:
        if target.name == "images_000002.png":
            raise KeyboardInterrupt
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", interrupted_at_the_third)
    assert extract(image_folder, "-o", out) == 130
    assert files(out) == images("images_000000", "images_000001")
    assert "2 images written; of 3 frames" in capsys.readouterr().out


def test_a_damaged_image_is_counted_and_no_end(
    image_folder: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (image_folder / "001.png").write_bytes(b"no image")
    assert extract(image_folder, "-o", out) == 0
    said = "2 images written; of 3 frames 0 skipped, 1 refused (decode 1)"
    assert said in capsys.readouterr().out
    assert files(out) == images("images_000000", "images_000002")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("{folder}/nothing", "-o", "{out}"), "there is no .*nothing; give a ROS bag"),
        (("{folder}", "-o", "{folder}/000.png"), "000.png: File exists; give a folder"),
        (
            ("{folder}", "-o", "{folder}/000.png/set"),
            "cannot write .*: Not a directory; give a folder",
        ),
        (("{folder}", "-o", "{folder}/.."), "is the folder that the images would be written into"),
        (("{folder}", "-o", "{out}", "--every-s", "1"), "have no times for --every-s.*--every N"),
        (("{folder}", "-o", "{out}", "--bag-topic", "/x"), "is no bag"),
        (("{folder}", "-o", "{out}", "--min-confidence", "0.5"), "add --labels, or leave it out"),
        (("{folder}", "-o", "{out}", "--labels", "{folder}/none.pth"), "no weights file .*none"),
        (("{folder}", "-o", "{out}", "--labels", "--classes", "x"), "no class table 'x'; wanted"),
        (("{folder}", "-o", "{out}", "--labels", "{cars}", "--device", "tpu"), "device is 'tpu'"),
    ],
)
def test_mistakes_are_explained(
    image_folder: Path,
    out: Path,
    car_weights: Path,
    capsys: pytest.CaptureFixture[str],
    options: Sequence[str],
    message: str,
) -> None:
    paths = {"folder": image_folder, "out": out, "cars": car_weights}
    assert extract(*(option.format(**paths) for option in options)) == 2
    error = capsys.readouterr().err
    assert "lwrf extract: error: " in error
    assert re.search(message, error), error
    assert not out.exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--every", "2", "--every-s", "1"), "not allowed with argument --every"),
        (("--every", "0"), "wanted a whole number above 0"),
        (("--every-s", "-1"), "wanted a number above 0"),
        (("--jpeg", "0"), "wanted a whole number from 1 to 100"),
        (("--jpeg", "101"), "wanted a whole number from 1 to 100"),
        (("--labels", "--min-confidence", "1.1"), "wanted a number from 0 to 1"),
        (("--labels", "--min-confidence", "nan"), "wanted a number from 0 to 1"),
        (("--labels", "--backbone", "vgg"), "choose from"),
    ],
)
def test_wrong_values_are_refused(
    image_folder: Path, out: Path, capsys: pytest.CaptureFixture[str], options: str, words: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        extract(image_folder, "-o", out, *options)
    assert ended.value.code == 2
    assert words in capsys.readouterr().err


# ---- parts


def due(selection: Selection, times_s: Sequence[float]) -> list[float]:
    return [
        time_s
        for index, time_s in enumerate(times_s)
        if selection.is_due(index, round(time_s * 1e9))
    ]


def test_selection_by_time_keeps_its_grid_under_jitter() -> None:
    # Of a camera at 4 Hz; each frame may be 0.01 s late, and the next second is still met.
    times_s = [100.00, 100.26, 100.50, 100.76, 101.01, 101.25, 101.51, 101.75, 102.00, 102.26]
    assert due(Selection(every_s=1.0), times_s) == [100.00, 101.01, 102.00]


def test_selection_by_time_over_gaps_and_backwards() -> None:
    times_s = [10.0, 10.9, 17.5, 17.9, 18.0, 3.2, 3.5, 4.1]
    assert due(Selection(every_s=1.0), times_s) == [10.0, 17.5, 18.0, 3.2, 4.1]


def test_selection_by_number() -> None:
    assert due(Selection(every=3), [5, 4, 3, 2, 1, 0, 9]) == [5, 2, 9]
    assert due(Selection(), [1, 1]) == [1, 1]


def test_selection_by_content_compares_with_the_last_one_taken() -> None:
    selection = Selection(different=3.0)
    levels = [100, 102, 104, 105, 107, 90]
    frames = [np.full((60, 80, 3), level, np.uint8) for level in levels]
    taken = [selection.is_new(frame) for frame in frames]
    assert taken == [True, False, True, False, True, True]
    # Another size and grey: the picture counts.
    assert not selection.is_new(np.full((48, 64), 91, np.uint8))


def test_account_says_what_became_of_every_frame() -> None:
    account = Account(read=10, skipped=5, alike=1, images_written=1, images_kept=1)
    account.refused.update({"data": 1, "decode": 2})
    assert str(account) == (
        "1 image written, 1 kept that was there; of 10 frames 5 skipped, 1 like the one before, "
        "3 refused (decode 2, data 1)"
    )
