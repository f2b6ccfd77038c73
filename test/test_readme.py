# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""What the README and the documents point at is there; their pictures are small."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
DOCUMENTS = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]
LINK = re.compile(r"(!?)\[[^]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")
MOST_BYTES = 200_000


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_to_a_file(document: Path) -> None:
    targets = [target for _, target in LINK.findall(document.read_text(encoding="utf-8"))]
    local = [target for target in targets if "://" not in target]
    assert [target for target in local if not (document.parent / target).exists()] == []


def test_pictures_are_small_and_all_are_shown() -> None:
    shown = set()
    for document in DOCUMENTS:
        for mark, target in LINK.findall(document.read_text(encoding="utf-8")):
            if mark:
                shown.add((document.parent / target).resolve())
    pictures = {
        path
        for path in (REPOSITORY / "docs" / "images").iterdir()
        if path.suffix in (".jpg", ".png")
    }
    assert len(pictures) == 4
    assert pictures <= shown
    for picture in pictures:
        assert picture.stat().st_size < MOST_BYTES
