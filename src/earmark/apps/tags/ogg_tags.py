"""Tags of Vorbis, Opus, Speex and FLAC in Ogg. Pages of comments are replaced, those behind numbered on.

mutagen makes the new pages. Its own replacement numbers the next link of a chained file, too, and gives up
where bytes stand between or behind pages.

References:
    RFC 3533, 6 (pages); RFC 7845, 5.2 (OpusTags).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from earmark.apps.tags.mpeg_tags import front_end, mapped, pairs_in_front
from earmark.apps.tags.splice import Edit, splice
from earmark.apps.tags.tag_kinds import New, Values, filled
from earmark.apps.tags.tail import pairs_at_end
from earmark.apps.tags.vorbis_comments import Comments, comments_of
from earmark.foundation.errors import PieceError

HEAD = 27  # bytes of a page, before the sizes of its segments
NUMBER, CHECKSUM_END = 18, 26  # where in a page its number begins, and where its checksum ends
FIRST = 2  # flag of the first page of a stream
# How the second packet of an Ogg stream begins whose first begins so; then follow the comments.
OGG_CODECS = {b"\x01vorbis": b"\x03vorbis", b"OpusHead": b"OpusTags", b"Speex   ": b"", b"\x7fFLAC": b"\x84"}


@dataclass(frozen=True)
class Page:
    """Where a page stands, and what its head says.

    Attributes:
        start: Where it begins.
        end: Where it ends.
        flags: Its flags.
        position: How much sound is over at its end; 0 for headers.
        serial: The stream that it belongs to.
        number: Its number in the stream.
    """

    start: int
    end: int
    flags: int
    position: int
    serial: int
    number: int

    @property
    def is_first(self) -> bool:
        """Whether a stream begins here."""
        return bool(self.flags & FIRST)


def pages_of(data: Any, start: int = 0) -> list[Page]:
    """The pages from a place on, up to bytes that are none or the end of the file."""
    pages = []
    while (page := _page_at(data, start)) is not None:
        pages.append(page)
        start = page.end
    return pages


def _page_at(data: Any, start: int) -> Page | None:
    head = data[start : start + HEAD]
    if head[:5] != b"OggS\0" or len(head) < HEAD:
        return None
    sizes = data[start + HEAD : start + HEAD + head[26]]
    end = start + HEAD + head[26] + sum(sizes)
    if end > len(data) or len(sizes) < head[26]:
        return None
    return Page(start, end, head[5], *struct.unpack("<qII", head[6:22]))


class OggTagging:
    """Tags in the second packet of the first stream whose first packet has a mark."""

    def __init__(self, mark: bytes) -> None:
        self.mark = mark

    def read(self, path: Path) -> Values:
        """Values of each kind that a file has."""
        with mapped(path) as data:
            pairs = self._of(self._packets(data)[1][0]).pairs()
            return filled(pairs + pairs_in_front(data) + pairs_at_end(data))

    def write(self, path: Path, new: New) -> None:
        """Set the tags of some kinds."""
        with mapped(path) as data:
            pages, packets = self._packets(data)
            packets[0] = self._packet(packets[0], self._of(packets[0]).with_values(new))
            content, count = _rendered(data, pages, packets)
            edits: list[Edit] = [(pages[0].start, pages[0].end, content)]
            edits += [(page.start, page.end, b"") for page in pages[1:]]
            if count != len(pages):
                edits += _numbered_on(data, pages[-1], count - len(pages))
        splice(path, edits)

    def others(self, path: Path, kinds: Sequence[str]) -> object:
        """All comments but those of some kinds, and the packets that share pages with them."""
        with mapped(path) as data:
            front = bytes(data[: front_end(data)])
            _, packets = self._packets(data)
        # A block of FLAC states its length after its first byte.
        head = packets[0][: 1 if self.mark == b"\x7fFLAC" else self._start]
        return front, head, self._of(packets[0]).others(kinds), packets[1:]

    @property
    def _start(self) -> int:
        """Where in the packet the comments begin."""
        return 4 if self.mark == b"\x7fFLAC" else len(OGG_CODECS[self.mark])

    def _of(self, packet: bytes) -> Comments:
        return comments_of(packet[self._start :])

    def _packet(self, old: bytes, comments: Comments) -> bytes:
        content = comments.rendered()
        if self.mark == b"\x7fFLAC":  # a block of FLAC states its length
            if len(content) >= 1 << 24:
                raise PieceError("not tagged: its comments are longer than a block of FLAC may be")
            return old[:1] + len(content).to_bytes(3, "big") + content
        return old[: self._start] + content

    def _packets(self, data: Any) -> tuple[list[Page], list[bytes]]:
        """The pages of the second packet, and all packets that end on them."""
        serial = None
        # Vorbis has a third packet of headers, which may begin on a page of the second.
        wanted = 2 if self.mark == b"\x01vorbis" else 1
        pages: list[Page] = []
        packets: list[bytes] = [b""]  # the last one goes on
        place = front_end(data)
        while (page := _page_at(data, place)) is not None:
            place = page.end
            begin = page.start + HEAD + data[page.start + 26]
            if serial is None:
                if page.is_first and data[begin : begin + len(self.mark)] == self.mark:
                    serial = page.serial
                continue
            if page.serial != serial:
                continue
            pages.append(page)
            for size in data[page.start + HEAD : begin]:
                packets[-1] += data[begin : begin + size]
                begin += size
                if size < 255:  # the packet ends
                    packets.append(b"")
            if len(packets) > wanted and not packets[-1]:
                packets.pop()
                if not packets[0].startswith(OGG_CODECS[self.mark]) and self.mark != b"\x7fFLAC":
                    raise PieceError("its second packet has no comments")
                return pages, packets
        raise PieceError("its pages with comments are cut short or damaged")


def _rendered(data: Any, old: Sequence[Page], packets: list[bytes]) -> tuple[bytes, int]:
    """New pages with packets in place of old ones, and how many."""
    from mutagen.ogg import OggPage

    first, last = (_parsed(data, page) for page in (old[0], old[-1]))
    pages = OggPage.from_packets(packets, first.sequence)
    for page in pages:
        page.serial = first.serial
    pages[0].first, pages[0].continued = first.first, first.continued
    pages[-1].last, pages[-1].position = last.last, last.position
    return b"".join(page.write() for page in pages), len(pages)


def _parsed(data: Any, page: Page) -> Any:
    from mutagen.ogg import OggPage

    return OggPage(BytesIO(bytes(data[page.start : page.end])))


def _numbered_on(data: Any, last: Page, more: int) -> list[Edit]:
    """Numbers and checksums of the later pages of a stream; those of the next link of a chain stay."""
    edits: list[Edit] = []
    for page in pages_of(data, last.end):
        if page.serial != last.serial:
            continue
        if page.is_first:
            break
        parsed = _parsed(data, page)
        parsed.sequence = page.number + more
        edits.append((page.start + NUMBER, page.start + CHECKSUM_END, parsed.write()[NUMBER:CHECKSUM_END]))
    return edits
