"""Zstandard compression (RFC 8878): Python's own module from 3.14 on, its backport before."""

from __future__ import annotations

import sys

if sys.version_info >= (3, 14):
    from compression.zstd import CompressionParameter, DecompressionParameter, ZstdError, ZstdFile
else:
    from backports.zstd import CompressionParameter, DecompressionParameter, ZstdError, ZstdFile

__all__ = ["CompressionParameter", "DecompressionParameter", "ZstdError", "ZstdFile"]
