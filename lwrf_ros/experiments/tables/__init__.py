# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The paper's Tables 1 to 3 beside what is measured here."""
