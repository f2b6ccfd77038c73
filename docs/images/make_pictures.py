# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Make the pictures of README and docs/ with the package's own tools: `make pictures`.

It needs Chromium. They show vtest.avi of Debian's package opencv-doc (Apache-2.0 AND BSD-3-Clause,
as OpenCV).
"""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from lwrf_ros.classes.class_table import ClassTable
from lwrf_ros.cli import main as cli
from lwrf_ros.drawing.coverage_plot import plot_coverage
from lwrf_ros.drawing.legend import PAPER, draw_legend, share_texts
from lwrf_ros.drawing.pictures import class_colours
from lwrf_ros.recordings.sample_video import sample_video
from lwrf_ros.replay.report.reading import CameraRun, overlays, read_run

HERE = Path(__file__).resolve().parent
FRAMES, SHOWN = 500, 252
FIELDS_AT = ("0.45,0.35", "0.8,0.7")
WIDTH_PX, GAP_PX = 1280, 8
MOST_BYTES = 200_000


def main() -> int:
    """Replay, report, and take the pictures out of both; or out of the replay that is given."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        print("make pictures needs Chromium: apt install chromium", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(prefix="lwrf_ros_") as folder:
        out, page, video = Path(folder, "out"), Path(folder, "report.html"), sample_video()
        replay = ["replay", str(video), "-o", str(out), "--max-frames", str(FRAMES)]
        if len(sys.argv) > 1:
            out = Path(sys.argv[1])
        elif code := cli.main(replay):
            return code
        if code := cli.main(["report", str(out), "-o", str(page)]):
            return code
        record, (run,) = read_run(out)
        classes = ClassTable.load(str(record.settings["classes"]))
        _save(_frame(video, out, run, classes), HERE / "frame.jpg")
        _save(_screenshot(chromium, page, Path(folder)), HERE / "report.jpg")
        _save(_coverage(run, classes, Path(folder)), HERE / "coverage.png")
        _save(_receptive_fields(video, Path(folder)), HERE / "receptive_field.jpg")
    return 0


def _save(picture: Image.Image, path: Path) -> None:
    options = {"quality": 80} if path.suffix == ".jpg" else {}
    picture.save(path, optimize=True, **options)
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise SystemExit(f"{path} has {size} bytes, wanted at most {MOST_BYTES}; make it smaller")
    print(f"{path.relative_to(HERE.parents[1])}: {picture.width}x{picture.height}, {size} bytes")


def _shown(video: Path) -> np.ndarray:
    """Read the frame that all pictures show, ``(H, W, 3) uint8`` BGR."""
    capture = cv2.VideoCapture(str(video))
    capture.set(cv2.CAP_PROP_POS_FRAMES, SHOWN)
    _, camera = capture.read()
    return camera


def _frame(video: Path, out: Path, run: CameraRun, classes: ClassTable) -> Image.Image:
    """Show one frame as the camera gives it and with the classes' colours, over a legend."""
    camera = _shown(video)
    jpeg = next(jpeg for place, jpeg in enumerate(overlays(out, run.topics)) if place == SHOWN)
    pair = np.hstack([camera, cv2.imdecode(jpeg, cv2.IMREAD_COLOR)])
    photos = Image.fromarray(cv2.cvtColor(pair, cv2.COLOR_BGR2RGB))
    photos = photos.resize((WIDTH_PX, photos.height * WIDTH_PX // photos.width))
    shares = share_texts(dict(zip(classes.names, run.coverage[SHOWN], strict=False)))
    legend = draw_legend(WIDTH_PX - 2 * GAP_PX, class_colours(list(shares), classes), shares)
    page = Image.new("RGB", (WIDTH_PX, photos.height + legend.height + 2 * GAP_PX), PAPER)
    page.paste(photos, (0, 0))
    page.paste(legend, (GAP_PX, photos.height + GAP_PX))
    return page


def _screenshot(chromium: str, page: Path, folder: Path) -> Image.Image:
    """Show the report as a browser does, with the same frame chosen."""
    picture = folder / "report.png"
    subprocess.run(
        [
            chromium,
            *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"),
            *("--disable-quic", "--disable-background-networking", "--disable-component-update"),
            f"--user-data-dir={folder / 'profile'}",
            "--hide-scrollbars",
            "--virtual-time-budget=10000",
            "--window-size=1280,1290",
            f"--screenshot={picture}",
            f"{page.as_uri()}#frame={SHOWN}",
        ],
        check=True,
        capture_output=True,
        timeout=120,
    )
    return Image.open(picture).convert("RGB")


def _coverage(run: CameraRun, classes: ClassTable, folder: Path) -> Image.Image:
    """Draw the coverage over time as `lwrf record` does."""
    names = [*classes.names, "unlabelled"]
    with (folder / "coverage.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["stamp_s", *names])
        for time_s, shares in zip(run.times[run.processed], run.coverage, strict=True):
            table.writerow([time_s, *shares])
    details = share_texts(dict(zip(names, run.coverage.mean(0), strict=True)))
    plot_coverage(
        folder / "coverage.csv",
        folder / "coverage.png",
        "coverage by class, vtest.avi",
        None,
        class_colours(names, classes),
        details,
    )
    return Image.open(folder / "coverage.png").convert("RGB").quantize(64)


def _receptive_fields(video: Path, folder: Path) -> Image.Image:
    """Show what the decoder sees of the frame from two places: a person, and the ground."""
    cv2.imwrite(str(folder / "vtest.png"), _shown(video))
    places = [argument for place in FIELDS_AT for argument in ("--at", place)]
    out = ["-o", str(folder / "fields"), "--weights", "camvid"]
    cli.main(["receptive-field", str(folder / "vtest.png"), *places, *out])
    page = Image.open(folder / "fields/receptive_field.png").convert("RGB")
    return page.resize((WIDTH_PX, page.height * WIDTH_PX // page.width), Image.Resampling.LANCZOS)


if __name__ == "__main__":
    sys.exit(main())
