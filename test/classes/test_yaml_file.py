# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Reading YAML that people write: what is no YAML, and the line of everything else."""

from __future__ import annotations

from pathlib import Path

import pytest

from lwrf_ros.classes import yaml_file
from lwrf_ros.classes.class_table import ClassTableError
from lwrf_ros.classes.yaml_file import MAX_BYTES, FileKind, Lines, YamlFile, read_yaml_file

KIND = FileKind("class table", "classes", ClassTableError)


def written(folder: Path, content: str | bytes) -> Path:
    path = folder / "table.yaml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def read(path: Path) -> YamlFile:
    return read_yaml_file(path, KIND)


def refusal(path: Path) -> str:
    with pytest.raises(ClassTableError) as caught:
        read(path)
    return str(caught.value)


def test_lines_are_counted_from_one(tmp_path: Path) -> None:
    text = (
        "# a comment\n"  # line 1
        "name: yard\n"
        "\n"
        "classes:\n"  # 4
        "  - {name: grass,\n"
        "     colour: [1, 2, 3]}\n"
        "  - name: path\n"
        "    colour:\n"  # 8
        "      - 4\n"
        "      - 5\n"
        "      - 6\n"
        "  -\n"
        "    7: sky\n"  # 13
        "  - sea\n"
    )
    file = read(written(tmp_path, text))
    assert file.top == Lines(2, {"name": 2, "classes": 4})
    assert file.entries == (
        Lines(5, {"name": 5, "colour": 6}),
        Lines(7, {"name": 7, "colour": 8}),
        Lines(13, {7: 13}),
        Lines(14, {}),
    )
    assert file.content == {
        "name": "yard",
        "classes": [
            {"name": "grass", "colour": [1, 2, 3]},
            {"name": "path", "colour": [4, 5, 6]},
            {7: "sky"},
            "sea",
        ],
    }


def test_a_key_without_a_line_has_that_of_its_mapping() -> None:
    lines = Lines(5, {"name": 6})
    assert (lines.of("name"), lines.of("colour")) == (6, 5)


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_newlines_of_every_system(tmp_path: Path, newline: str) -> None:
    text = newline.join(["\ufeffname: yard", "classes:", "  - {}", "  - {}"])
    file = read(written(tmp_path, text))
    assert [entry.start for entry in file.entries] == [3, 4]


@pytest.mark.parametrize(
    "text", ["", "# nothing\n", "3", "[]", "classes:", "classes: {a: 1}", "classes: none", "a: [b]"]
)
def test_without_a_list_of_classes_there_are_no_entries(tmp_path: Path, text: str) -> None:
    assert read(written(tmp_path, text)).entries == ()


def test_an_alias_is_where_it_stands_and_a_merged_key_where_it_is_merged(tmp_path: Path) -> None:
    text = (
        "classes:\n"
        "  - &grass {name: grass, colour: &green [0, 9, 0]}\n"
        "  - *grass\n"  # line 3
        "  - <<: *grass\n"
        "    name: lawn\n"  # 5
        "  - {name: moss,\n"
        "     colour: *green}\n"
    )
    file = read(written(tmp_path, text))
    grass = {"name": "grass", "colour": [0, 9, 0]}
    lawn_and_moss = [{**grass, "name": name} for name in ("lawn", "moss")]
    assert file.content["classes"] == [grass, grass, *lawn_and_moss]
    assert file.entries[1:] == (
        Lines(3, {}),
        Lines(4, {"name": 5}),
        Lines(6, {"name": 6, "colour": 7}),
    )


def test_a_table_that_contains_itself(tmp_path: Path) -> None:
    file = read(written(tmp_path, "classes: &all\n  - *all\n  - [*all]\n"))
    assert file.content["classes"][0] is file.content["classes"]
    assert [entry.start for entry in file.entries] == [2, 3]


def test_aliases_of_aliases_take_no_time(tmp_path: Path) -> None:
    # Written out it would be 10 to the power of 30 words.
    text = "classes:\n  - &a0 [x]\n"
    text += "".join(f"  - &a{k + 1} [{', '.join([f'*a{k}'] * 10)}]\n" for k in range(30))
    assert len(read(written(tmp_path, text)).entries) == 31


@pytest.mark.parametrize(
    ("content", "line", "complaint"),
    [
        ("name: x\nclasses: [", 2, "while parsing a flow node that begins in line 2, expected"),
        ("classes:\n  - {a: 1\n  - b\n", 3, "flow mapping that begins in line 2, expected ',' or"),
        ("name: x\nclasses:\n\t- {}\n", 3, "'\\t' that cannot start any token"),
        ("\na: b: c", 2, "mapping values are not allowed here"),
        ("name: x\n---\nname: y\n", 2, "expected a single document"),
        ("classes:\n  - *road\n", 2, "found undefined alias 'road'"),
        ("classes:\n  - {<<: 3}\n", 2, "expected a mapping or list of mappings for merging"),
        ("classes:\n  - {[a, b]: c}\n", 2, "found unhashable key"),
        ("name: x\nclasses: []\nname: y\n", 3, "the key 'name' is in line 1 already"),
        ("classes:\n  - name: x\n    colour: []\n    name: y\n", 4, "'name' is in line 2 already"),
        ("name: x\nday: 2026-13-45\n", 2, "cannot read '2026-13-45' as timestamp; quote it"),
        ("\nname: !!int ''\n", 2, "cannot read '' as int; quote it"),
        ("\nname: !!bool maybe\n", 2, "cannot read 'maybe' as bool"),
        ("\n!!python/none x", 2, "could not determine a constructor for the tag"),
        ("name: x\n\0", 2, "the character '\\x00' cannot be part of it"),
        (b"name: x\n# \xe9t\xe9\n", 2, "the byte 0xe9 is not UTF-8; save the file as UTF-8"),
        (b"\xff\xfe\xff", 1, "the byte 0xff is not UTF-8"),
    ],
)
def test_what_is_no_yaml(tmp_path: Path, content: str | bytes, line: int, complaint: str) -> None:
    path = written(tmp_path, content)
    message = refusal(path)
    assert message.startswith(f"the class table {path}, line {line}: not valid YAML: ")
    assert complaint in message
    assert "\n" not in message


def test_what_is_nested_too_deeply(tmp_path: Path) -> None:
    path = written(tmp_path, "[\n" * 2000)
    message = refusal(path)
    assert message.startswith(f"the class table {path}, line ")
    assert message.endswith(": not valid YAML: it is nested too deeply")


def test_yaml_that_would_run_code_does_not(tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    text = f"name: x\nclasses: !!python/object/apply:os.mkdir ['{marker}']\n"
    assert "line 2: not valid YAML" in refusal(written(tmp_path, text))
    assert not marker.exists()


def test_a_file_that_is_too_large_for_a_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert MAX_BYTES == 1024 * 1024
    monkeypatch.setattr(yaml_file, "MAX_BYTES", 10)
    assert read(written(tmp_path, "name: abcd")).content == {"name": "abcd"}
    path = written(tmp_path, "name: abcde")
    assert f"{path} has more than 10 bytes; wanted at most that" in refusal(path)


def test_an_error_names_file_and_line(tmp_path: Path) -> None:
    path = written(tmp_path, "classes: []")
    error = read(path).error(7, "so it is")
    assert isinstance(error, ClassTableError)
    assert str(error) == f"the class table {path}, line 7: so it is"
