# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""YAML whose expansion is bounded, not only its size: nested merge keys double with every level."""

from __future__ import annotations

from typing import Any

import yaml

# The stubs of PyYAML, where they are installed, lack half of what a loader can do.
_SafeLoader: Any = yaml.SafeLoader

MERGE = "tag:yaml.org,2002:merge"
# What merge keys (<<) may put into mappings, all together.
MAX_MERGED = 100_000


class BoundedLoader(_SafeLoader):
    """A SafeLoader that refuses to merge without end; aliases alone share what they stand for."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._merged = 0

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Put in what merge keys name, counting."""
        for key, value in node.value:
            if key.tag != MERGE:
                continue
            for source in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                if isinstance(source, yaml.MappingNode):
                    # First, so that its size is known before anything is copied from it.
                    self.flatten_mapping(source)
                    self._merged += len(source.value)
                if self._merged > MAX_MERGED:
                    problem = f"merge keys (<<) put in more than {MAX_MERGED} entries"
                    raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
        super().flatten_mapping(node)


def load_bounded(text: str) -> Any:
    """Return what a YAML document says.

    Raises:
        yaml.YAMLError: If it is no YAML, or is nested or merged without end.
    """
    loader = BoundedLoader(text)
    try:
        return loader.get_single_data()
    except RecursionError:
        raise yaml.YAMLError("it is nested too deeply") from None
    finally:
        loader.dispose()
