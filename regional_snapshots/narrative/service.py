"""One request to an OpenAI-compatible service, with its retries. Keys go into the request's header and nowhere else."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from regional_snapshots.narrative.prompt import Prompt

if TYPE_CHECKING:
    import httpx

MAX_BYTES = 2_000_000
TEMPERATURE = 0.3
REPEATED = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
"""Answers after which the same request may succeed."""


@dataclass(frozen=True)
class Provider:
    """A service and one of its models. ``timeout_s`` bounds one attempt, ``retries`` follow it."""

    name: str
    url: str
    model: str
    key: str = field(default="", repr=False)
    timeout_s: float = 20.0
    retries: int = 2


@dataclass(frozen=True)
class Usage:
    """What requests cost: calls, tokens as the service counts them, seconds, and money if it says (else 0)."""

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0
    cost: float = 0.0

    def __add__(self, other: Usage) -> Usage:
        """Both together."""
        return Usage(
            self.calls + other.calls,
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            round(self.seconds + other.seconds, 3),
            self.cost + other.cost,
        )


@dataclass(frozen=True)
class Reply:
    """What came of asking one provider: its text, or the problem in words that hold no secret."""

    text: str
    problem: str
    usage: Usage


async def ask(client: httpx.AsyncClient, provider: Provider, prompt: Prompt, max_tokens: int) -> Reply:
    """Ask once, and again after a passing fault, heeding Retry-After. Never raises but for cancellation."""
    usage, problem = Usage(), ""
    for attempt in range(provider.retries + 1):
        started = time.monotonic()
        text, problem, wait_s, spent = await _attempt(client, provider, prompt, max_tokens)
        usage += Usage(calls=1, seconds=time.monotonic() - started) + spent
        if not problem or wait_s < 0 or attempt == provider.retries:
            return Reply(text, problem, usage)
        await asyncio.sleep(wait_s or 0.25 * 2**attempt)
    return Reply("", problem, usage)


async def _attempt(
    client: httpx.AsyncClient, provider: Provider, prompt: Prompt, max_tokens: int
) -> tuple[str, str, float, Usage]:
    """``(text, problem, seconds to wait before a repeat or -1 for none, usage)`` of one request."""
    import httpx

    body = {
        "model": provider.model,
        "messages": [{"role": "system", "content": prompt.system}, {"role": "user", "content": prompt.user}],
        "max_tokens": max_tokens,
        "temperature": TEMPERATURE,
        "response_format": {"type": "json_object"},
        "stream": False,
    }
    headers = {"Authorization": f"Bearer {provider.key}"} if provider.key else {}
    request = client.build_request("POST", f"{provider.url.rstrip('/')}/chat/completions", json=body, headers=headers)
    try:
        response, content = await asyncio.wait_for(_fetch(client, request), provider.timeout_s)
    except asyncio.TimeoutError:
        return "", f"no answer within {provider.timeout_s:g} s", -1, Usage()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return "", f"it cannot be reached ({type(error).__name__})", 0, Usage()
    if response.status_code != httpx.codes.OK:
        again = response.status_code in REPEATED
        return "", f"it answers {response.status_code}", _wait_s(response) if again else -1, Usage()
    if len(content) > MAX_BYTES:
        return "", f"its answer exceeds {MAX_BYTES} bytes", -1, Usage()
    return _read(content)


async def _fetch(client: httpx.AsyncClient, request: httpx.Request) -> tuple[httpx.Response, bytes]:
    """A response and its content, of which no more is read than can be used."""
    content = b""
    response = await client.send(request, stream=True)
    try:
        async for part in response.aiter_bytes():
            content += part
            if len(content) > MAX_BYTES:
                break
    finally:
        await response.aclose()
    return response, content


def _read(content: bytes) -> tuple[str, str, float, Usage]:

    try:
        answer: Any = json.loads(content)
        text = answer["choices"][0]["message"]["content"]
    except (ValueError, RecursionError, KeyError, IndexError, TypeError):
        return "", "its answer is not that of a chat completion", -1, Usage()
    spent = _usage(answer.get("usage"))
    if not isinstance(text, str) or not text.strip():
        return "", "its answer is empty", -1, spent
    return text, "", -1, spent


def _usage(said: Any) -> Usage:
    counts = said if isinstance(said, dict) else {}

    def number(name: str) -> float:
        value = counts.get(name)
        return float(value) if isinstance(value, (int, float)) and 0 <= value < 1e12 else 0.0

    return Usage(0, int(number("prompt_tokens")), int(number("completion_tokens")), 0.0, number("cost"))


def _wait_s(response: httpx.Response) -> float:
    """Seconds that the service asks us to wait; 0 when it does not say, or says it in another way."""
    text = response.headers.get("Retry-After", "")
    return min(float(text), 60.0) if text.isdigit() else 0.0


def problems_of(replies: Sequence[tuple[str, str]]) -> str:
    """Why nobody answered: ``(provider, problem)`` in one line."""
    return "; ".join(f"{name}: {problem}" for name, problem in replies)
