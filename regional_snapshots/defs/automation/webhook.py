"""Posting to a webhook: one JSON object a message. The address is a secret, and no text of ours holds any of it."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

TIMEOUT_S = 5.0
"""How long the receiver may take to answer."""


class NotDeliveredError(Exception):
    """The receiver has not taken a message; the text says why, and not where."""


def post(url: str, message: Mapping[str, Any]) -> None:
    """Post one message. Raises :class:`NotDeliveredError` unless the receiver answers that all is well (2xx)."""
    request = urllib.request.Request(  # noqa: S310 - the setting takes http and https only
        url,
        data=json.dumps(message, ensure_ascii=False).encode(),
        headers={"Content-Type": "application/json; charset=utf-8", "User-Agent": "regional-snapshots"},
        method="POST",
    )
    try:
        with _OPENER.open(request, timeout=TIMEOUT_S) as answer:
            answer.read(1024)
    except urllib.error.HTTPError as error:
        raise NotDeliveredError(f"the receiver answered {error.code}") from None
    except urllib.error.URLError as error:
        raise NotDeliveredError(f"the receiver does not answer ({_reason(error.reason)})") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NotDeliveredError(f"the receiver does not answer ({_reason(error)})") from None


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A message that is led elsewhere would arrive there as a question, without its content."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """None: the redirection is an error like others."""


_OPENER = urllib.request.build_opener(_NoRedirects)


def _reason(error: object) -> str:
    """The kind of the error, without texts that might quote the address."""
    if isinstance(error, TimeoutError):
        return f"nothing within {TIMEOUT_S:g} s"
    return type(error).__name__ if isinstance(error, Exception) else "no such host"
