# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""A fleet's archive: every recording through the engine, into a table that answers questions."""
