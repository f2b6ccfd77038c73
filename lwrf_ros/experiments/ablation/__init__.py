# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""``lwrf train --ablation``: what RCU and CRP are good for (paper, Table 4)."""
