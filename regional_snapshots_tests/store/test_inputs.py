"""Kept inputs: each document once, by the digest of its bytes, for as long as a snapshot needs it."""

from __future__ import annotations

import pytest

from regional_snapshots.store.errors import DamagedInputError
from regional_snapshots.store.records.inputs import SLACK_MS, Manifest, RunInputs, digest_of, keep, kept, kept_for

DAY_MS = 86_400_000
DOCUMENTS = [b'{"signals":[]}' * 100, b"not even JSON \xff"]


@pytest.fixture
def store(client, direct):
    client.flushall()
    return direct


def hold(store, documents, lasts_ms=90 * DAY_MS):
    """Keep a run's documents, having looked for them first."""
    run = RunInputs.of(dict(enumerate(documents)), {}, ())
    left = store.run(kept_for(store.connections, store.layout, run.manifest.documents.values()))
    store.run(keep(store.connections, store.layout, run, lasts_ms, left))


def found(store, documents):
    return store.run(kept(store.connections, store.layout, [digest_of(document) for document in documents]))


def writes(client):
    return client.info("commandstats").get("cmdstat_set", {}).get("calls", 0)


def test_what_is_kept_comes_back_to_the_byte(store):
    hold(store, DOCUMENTS)
    assert found(store, DOCUMENTS) == {digest_of(document): document for document in DOCUMENTS}


def test_what_did_not_change_is_neither_sent_nor_stored_again(store, client):
    hold(store, DOCUMENTS)
    client.config_resetstat()
    hold(store, [*DOCUMENTS, b"new"])
    assert writes(client) == 2  # the new document, and the manifest
    assert client.dbsize() == len(DOCUMENTS) + 1 + 2


def test_it_is_stored_compressed(store, client):
    hold(store, DOCUMENTS)
    assert client.strlen(store.layout.inputs_key(digest_of(DOCUMENTS[0]))) < len(DOCUMENTS[0]) / 10


def test_it_lasts_as_long_as_the_youngest_that_needs_it(store, client):
    key = store.layout.inputs_key(digest_of(DOCUMENTS[0]))
    hold(store, DOCUMENTS, lasts_ms=DAY_MS)
    hold(store, DOCUMENTS, lasts_ms=90 * DAY_MS)
    assert client.pttl(key) > 90 * DAY_MS
    hold(store, DOCUMENTS, lasts_ms=DAY_MS)  # an older run, or a shorter retention, takes nothing away
    assert 90 * DAY_MS < client.pttl(key) <= 90 * DAY_MS + SLACK_MS


def test_a_document_that_never_expires_gets_an_end(store, client):
    key = store.layout.inputs_key(digest_of(DOCUMENTS[0]))
    hold(store, DOCUMENTS)
    client.persist(key)
    hold(store, DOCUMENTS)
    assert client.pttl(key) > 0


@pytest.mark.parametrize("damage", [b"", b"x\x9c\x03\x00", b"plain"])
def test_a_changed_document_is_named_and_the_others_are_found(store, client, damage):
    hold(store, DOCUMENTS)
    key = store.layout.inputs_key(digest_of(DOCUMENTS[0]))
    client.set(key, damage)
    answers = found(store, DOCUMENTS)
    assert isinstance(answers[digest_of(DOCUMENTS[0])], DamagedInputError)
    assert answers[digest_of(DOCUMENTS[0])].key == key
    assert answers[digest_of(DOCUMENTS[1])] == DOCUMENTS[1]


def test_one_flipped_byte_is_seen(store, client):
    hold(store, DOCUMENTS)
    key = store.layout.inputs_key(digest_of(DOCUMENTS[0]))
    packed = client.get(key)
    for at in range(len(packed)):
        client.set(key, packed[:at] + bytes([packed[at] ^ 1]) + packed[at + 1 :])
        answer = found(store, DOCUMENTS[:1])[digest_of(DOCUMENTS[0])]
        assert isinstance(answer, DamagedInputError) or answer == DOCUMENTS[0]
        if at > 2:  # the first two bytes only say how it was packed
            assert isinstance(answer, DamagedInputError)


def test_a_document_that_is_gone_is_named(store):
    [answer] = found(store, DOCUMENTS[:1]).values()
    assert isinstance(answer, DamagedInputError)
    assert "gone" in str(answer)


def test_a_manifest_is_the_same_bytes_whatever_the_order():
    one = Manifest({"b": "2", "a": "1"}, {"mena": "x"}, ("mena", "europe"))
    other = Manifest({"a": "1", "b": "2"}, {"mena": "x"}, ("europe", "mena"))
    assert one.encode() == other.encode()
    assert Manifest.decode(one.encode()).encode() == one.encode()


@pytest.mark.parametrize("junk", [b"", b"[]", b"{}", b'{"documents":[],"previous":{},"regions":[]}', b"\xff"])
def test_what_is_no_manifest_is_refused(junk):
    with pytest.raises(ValueError, match=r".*"):
        Manifest.decode(junk)
