"""Just enough of the Redis protocol (RESP2 and RESP3) to see where one request or reply ends and the next begins."""

from __future__ import annotations

SIZED, COUNTED, PAIRED, ATTRIBUTE, PUSH = b"$=!", b"*~>", b"%", b"|", b">"


class Splitter:
    """Cuts a stream into whole frames: requests of a client, or replies of a server."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """The frames that are complete now; what is left waits for the next call."""
        self._rest += data
        frames, start = [], 0
        while (end := frame_end(self._rest, start)) is not None:
            frames.append(self._rest[start:end])
            start = end
        self._rest = self._rest[start:]
        return frames


def frame_end(data: bytes, start: int) -> int | None:
    """Where the frame that begins at ``start`` ends; None while some of it is missing."""
    line_end = data.find(b"\r\n", start)
    if line_end < 0:
        return None
    kind, end = data[start : start + 1], line_end + 2
    if kind in SIZED:
        size = int(data[start + 1 : line_end])
        end += size + 2 if size >= 0 else 0  # a size of -1 is a null
        return end if end <= len(data) else None
    if kind in COUNTED + PAIRED + ATTRIBUTE:
        count = int(data[start + 1 : line_end]) * (1 if kind in COUNTED else 2)
        for _ in range(count + (kind == ATTRIBUTE)):  # an attribute is followed by the reply that it describes
            inner = frame_end(data, end)
            if inner is None:
                return None
            end = inner
    return end


def words(request: bytes) -> tuple[bytes, ...]:
    """Command and arguments of a whole request."""
    if not request.startswith(b"*"):
        return tuple(request.split())
    found, at = [], request.index(b"\r\n") + 2
    while at < len(request):
        line_end = request.index(b"\r\n", at)
        size = int(request[at + 1 : line_end])
        found.append(request[line_end + 2 : line_end + 2 + size])
        at = line_end + 2 + size + 2
    return tuple(found)
