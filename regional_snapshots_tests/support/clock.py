"""A clock for a real server that a test can set, forwards and back, while the server runs."""

from __future__ import annotations

import mmap
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from regional_snapshots_tests.support.server import RedisServer

CAN_SET_CLOCKS = bool(shutil.which("cc")) and sys.platform == "linux"
SHIM = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
static volatile long *off;
static long ahead(void) {
    if (!off) {
        int fd = open(getenv("CLOCK_FILE"), O_RDONLY);
        off = mmap(0, sizeof(long), PROT_READ, MAP_SHARED, fd, 0);
    }
    return *off;
}
int clock_gettime(clockid_t which, struct timespec *at) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
    int answer = real(which, at);
    if (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE) at->tv_sec += ahead();
    return answer;
}
int gettimeofday(struct timeval *at, void *zone) {
    (void)zone;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    at->tv_sec = now.tv_sec; at->tv_usec = now.tv_nsec / 1000;
    return 0;
}
time_t time(time_t *at) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (at) *at = now.tv_sec;
    return now.tv_sec;
}
"""


@contextmanager
def clocked_server(clock: SettableClock) -> Iterator[RedisServer]:
    """A server that goes by this clock."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in clock.environment.items():
            patch.setenv(name, value)
        made = RedisServer()
    with made:
        yield made


class SettableClock:
    """A library that a program loads, and a file that says by how many seconds its clock is ahead. Linux only."""

    def __init__(self, directory: Path) -> None:
        shim, offset = directory / "clock.so", directory / "clock"
        command = ["cc", "-shared", "-fPIC", "-xc", "-", "-o", shim, "-ldl"]
        subprocess.run(command, input=SHIM, text=True, check=True)
        offset.write_bytes(struct.pack("q", 0))
        with offset.open("r+b") as file:
            self._offset = mmap.mmap(file.fileno(), 8)
        self.environment = {"LD_PRELOAD": str(shim), "CLOCK_FILE": str(offset)}

    def ahead(self, seconds: int) -> None:
        """Set the clock so many seconds ahead of the right time; behind it, if negative."""
        self._offset[:] = struct.pack("q", seconds)
