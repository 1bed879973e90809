"""Becomes the embedded server: takes the lifetime lock and execs the server. Run as a script, never imported.

Arguments: the lock file, then the server's command line. A POSIX record lock belongs to a process, is not inherited
by its children, survives ``exec`` and dies with the process: exactly the life of the server. It must be taken in a
process of its own because it is also lost as soon as the process closes *any* descriptor of the file.

Exit status 0: the server was started and holds the lock. 75: another one holds it. 71: the program does not run.
"""

import fcntl
import os
import sys

LOCK_TAKEN, CANNOT_RUN = 75, 71


def main(lock: str, command: list[str]) -> int:
    """Leave a detached child behind that is the server, and report what became of it."""
    news, report = os.pipe()  # closed by a successful exec: silence is good news
    if os.fork() == 0:
        os._exit(become_server(lock, command, report))
    os.close(report)
    failure = os.read(news, 8)
    return int(failure) if failure else 0


def become_server(lock: str, command: list[str], report: int) -> int:
    """Exec the server under the lifetime lock; returns an exit status only if that failed."""
    os.setsid()  # no terminal: Ctrl-C and a closed window concern whoever started us, not the server
    file = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.write(report, str(LOCK_TAKEN).encode())
        return LOCK_TAKEN
    os.set_inheritable(file, True)
    try:
        os.execv(command[0], command)  # noqa: S606 - no shell is wanted
    except OSError as error:
        print(f"{command[0]}: {error}", file=sys.stderr, flush=True)
        os.write(report, str(CANNOT_RUN).encode())
    return CANNOT_RUN


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
