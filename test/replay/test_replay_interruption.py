# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Whatever ends a replay early, what it has written until then is a whole bag."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import Any

import pytest
from quick import QUICK_ARGUMENTS
from small_bags import frames, raw_image, stamp_ns, write_bag
from test_replay_run import read_bag

from lwrf_ros.errors import LwrfError
from lwrf_ros.recordings.bags.bag_writer import BagWriter
from lwrf_ros.replay.run_record import RECORD_FILE, RunRecord, read_frames

# Far more frames than are done in the time that these tests take.
MANY = 2500


@pytest.fixture(scope="module")
def long_bag(tmp_path_factory: pytest.TempPathFactory) -> Path:
    message = raw_image(0)
    messages = [(stamp_ns(number), message) for number in range(MANY)]
    return write_bag(tmp_path_factory.mktemp("long") / "bag", {"/image": messages})


def processed(out: Path) -> int:
    """Return the number of frames that are done for good."""
    if not (out / RECORD_FILE).exists():
        return 0
    return sum(account.processed for account in RunRecord.read(out).account.values())


# SIGINT is handled like SIGTERM, see test_interruption.py.
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_signals_leave_a_whole_bag(
    lwrf: Any, tmp_path: Path, long_bag: Path, number: signal.Signals
) -> None:
    out = tmp_path / "out"
    process = lwrf("replay", long_bag, "-o", out, *QUICK_ARGUMENTS)
    # The record is written after the bag's checkpoint.
    deadline_s = time.monotonic() + 240  # on a machine that does much else
    while not processed(out) and time.monotonic() < deadline_s:
        time.sleep(0.02)
    process.send_signal(number)
    _, error = process.communicate(timeout=60)
    wanted = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGKILL: -signal.SIGKILL}
    assert process.returncode == wanted[number], error
    record = RunRecord.read(out)
    assert not record.complete
    found = read_bag(out)
    labels = len(found["/segmenter/labels"])
    assert 0 < labels < MANY
    assert {len(of_topic) for of_topic in found.values()} == {labels}
    if number != signal.SIGKILL:
        assert record.account["/image"].processed == labels
        assert len(list(read_frames(out))) == labels


def test_a_checkpoint_is_a_whole_bag_and_the_next_one_goes_on(tmp_path: Path) -> None:
    from lwrf_ros.recordings.bags.definitions import definition_of

    folder = tmp_path / "bag"
    folder.mkdir()
    writer = BagWriter(folder)
    writer.add_topic("/text", definition_of("std_msgs/msg/String"))
    for count in range(1, 4):
        data = b"\x00\x01\x00\x00" + b"\x02\x00\x00\x00" + b"%d\x00" % count
        writer.write("/text", 10 - count, data)
        writer.checkpoint()
        # In the order of time, which here runs backwards.
        texts = [message.data for _, message in read_bag(folder)["/text"]]
        assert texts == [str(number) for number in range(count, 0, -1)]
    before = (folder / "bag.mcap").read_bytes()
    writer.close()
    assert (folder / "bag.mcap").read_bytes() == before


def test_output_folders_that_are_not_written_to(tmp_path: Path, quick_replay: Any) -> None:
    bag = write_bag(tmp_path / "bag", {"/image": frames(raw_image, 1)})
    with pytest.raises(LwrfError, match="is there and not a replay's output"):
        quick_replay(bag, bag)
    (tmp_path / "file").write_text("")
    with pytest.raises(LwrfError, match="is there and not a replay's output"):
        quick_replay(bag, tmp_path / "file")
    with pytest.raises(LwrfError, match="cannot write into"):
        quick_replay(bag, tmp_path / "file" / "out")
    quick_replay(bag)
    with pytest.raises(LwrfError, match="give --overwrite"):
        quick_replay(bag)
    out = next(path.parent for path in tmp_path.rglob("replay.json"))
    before = sorted(out.iterdir())
    (out / "notes.txt").write_text("what I saw")
    (out / "comparison").mkdir()
    (out / "comparison" / "mine.png").write_text("")
    assert quick_replay(bag, overwrite=True).complete
    # What the replay has not written is not its to remove.
    assert (out / "notes.txt").read_text() == "what I saw"
    assert sorted(out.iterdir()) == sorted([*before, out / "notes.txt", out / "comparison"])


def test_a_recording_without_a_frame_is_an_error(tmp_path: Path, quick_replay: Any) -> None:
    messages = frames(raw_image, 3)
    bag = write_bag(tmp_path / "bag", {"/image": messages}, mangle=lambda data: data[:30])
    with pytest.raises(LwrfError, match=r"no frame came out of bag:/image: .*cannot be read"):
        quick_replay(bag)
