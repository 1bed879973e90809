"""What is held against us: error replies of the server as our errors, and why TLS cannot come about."""

from __future__ import annotations

import ssl
from collections.abc import Iterable

from redis.exceptions import AskError, AuthenticationError, RedisError, ResponseError

from regional_snapshots.store.errors import (
    AccessRefusedError,
    DemotedError,
    ServerBusyError,
    ServerRefusedError,
    StoreError,
    UnreachableError,
    WrongTypeError,
)

REFUSALS: dict[str, type[StoreError]] = {
    "OOM": ServerRefusedError,
    "NOREPLICAS": ServerRefusedError,
    "MISCONF": ServerRefusedError,
    "READONLY": DemotedError,
    "MASTERDOWN": DemotedError,
    "LOADING": ServerBusyError,
    "BUSY": ServerBusyError,
    "CLUSTERDOWN": ServerBusyError,
    "TRYAGAIN": ServerBusyError,
    "NOPERM": AccessRefusedError,
    "NOAUTH": AccessRefusedError,
    "WRONGPASS": AccessRefusedError,
    "WRONGTYPE": WrongTypeError,
}
PASSING = (UnreachableError, ServerBusyError, DemotedError)
"""Errors that may pass by themselves, and that have written nothing: worth another try within the patience."""
TURNED = frozenset(("READONLY", "MASTERDOWN", "LOADING", "CLUSTERDOWN"))
"""This node is not, or not yet, the one to speak to: whoever speaks next connects anew and looks who is."""
FULL = "max number of clients reached"
ABORTED = "Transaction discarded because of: "
QUOTED = ", with args beginning with"
"""From here on a reply quotes the command, which may hold a password."""

TLS = "see TLS in docs/operations.md"
SAYS = {
    "CERTIFICATE_VERIFY_FAILED": "the server's certificate is not trusted ({detail})",
    "WRONG_VERSION_NUMBER": "the server does not speak TLS there: write redis://, or name its TLS port",
    "CERTIFICATE_REQUIRED": "the server asks for a certificate of ours: name it in ssl_certfile and ssl_keyfile",
    "HANDSHAKE_FAILURE": "both sides found no common way of TLS ({detail})",
    "UNSUPPORTED_PROTOCOL": "both sides found no common version of TLS ({detail})",
    "PROTOCOL_VERSION": "both sides found no common version of TLS ({detail})",
    "NO_SHARED_CIPHER": "both sides found no common cipher ({detail})",
    "UNKNOWN_CA": "the server does not trust our certificate ({detail})",
    "BAD_CERTIFICATE": "the server does not trust our certificate ({detail})",
    "CERTIFICATE_EXPIRED": "the server does not trust our certificate ({detail})",
    "CERTIFICATE_UNKNOWN": "the server does not trust our certificate ({detail})",
}
"""End of the reason that OpenSSL gives -> our words. What is not here may pass by itself, as a broken link does."""


def word_of(error: BaseException) -> str:
    """The first word of an error reply, which says of what kind it is; of an aborted ``EXEC``, that of the reason."""
    text = str(error)
    if text.startswith(ABORTED):
        return text.removeprefix(ABORTED).split(" ", 1)[0]
    return getattr(error, "status_code", None) or text.split(" ", 1)[0]


def known(error: BaseException | None) -> type[StoreError] | None:
    """Our error for what the server said; None for anything else that went wrong."""
    if isinstance(error, AuthenticationError):
        return AccessRefusedError
    return REFUSALS.get(word_of(error)) if isinstance(error, RedisError) else None


def refusal(error: BaseException | None, *, region: str = "", key: str = "") -> StoreError:
    """An error reply of the server as our error; an error of ours, with the place where it struck."""
    if isinstance(error, StoreError):
        return type(error)(error.problem, region=region, key=key, next_step=error.next_step)
    if isinstance(error, AskError):  # or MovedError
        node = f"{error.host}:{error.port}"
        return UnreachableError(f"its slot is on, or on its way to, the node {node}", region=region, key=key)
    kind = known(error) or ServerRefusedError
    problem = "the key holds another type" if kind is WrongTypeError else f"the server refused ({words_of(error)})"
    return kind(problem, region=region, key=key)


def passing_among(replies: Iterable[object]) -> StoreError | None:
    """The error among the replies for which it is worth asking again."""
    for reply in replies:
        if isinstance(reply, ResponseError):
            found = refusal(reply)
            if isinstance(found, PASSING):
                return found
    return None


def words_of(error: BaseException | None) -> str:
    """What the server said, its first word included, and nothing of what was said to it."""
    text = str(error).removeprefix(ABORTED).partition(QUOTED)[0].rstrip(".")
    code = getattr(error, "status_code", None)
    return f"{code} {text}" if code and code != "ERR" and not str(error).startswith(ABORTED) else text


def misconfigured(error: BaseException | None) -> str | None:
    """What is wrong with the set-up of TLS; None when it is something else that went wrong."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, ssl.SSLError):
            reason = error.reason or ""
            detail = getattr(error, "verify_message", "") or reason.replace("_", " ").lower()
            return next((words.format(detail=detail) for end, words in SAYS.items() if reason.endswith(end)), None)
        error = error.__cause__ or error.__context__
    return None
