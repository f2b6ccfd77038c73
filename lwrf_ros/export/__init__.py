# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Networks as files of other programs: ONNX and torch.export, checked before they count."""
