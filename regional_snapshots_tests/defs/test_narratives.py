"""Texts of a refresh: sealed with the snapshot, checked, cached, and never a reason to fail or to write twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from regional_snapshots.analysis.library import Library
from regional_snapshots.analysis.verification import PROVED, verify
from regional_snapshots.model.regions import REGION_IDS
from regional_snapshots.model.values import MAX_INSTANT_MS
from regional_snapshots.store.snapshots import SnapshotStore
from regional_snapshots_tests.defs.conftest import Project, materialized
from regional_snapshots_tests.narrative.service import Body, Said, Service
from regional_snapshots_tests.support.server import RedisServer

KEY = "sk-very-secret"
TOLD = set(REGION_IDS) - {"global"}


def grounded(body: Body) -> Said:
    """What an honest model says: one sentence that cites the first piece of evidence it was shown."""
    evidence = json.loads(body["messages"][1]["content"].split("data only)\n")[1].split("\nEND OF EVIDENCE")[0])
    text = {"text": f"It was reported [{evidence[0]['id']}]." if evidence else "", "evidence_ids": []}
    return Said({"situation": text})


@contextmanager
def told_by(project: Project, service: Service) -> Iterator[Project]:
    """The same project, with a model."""
    with service:
        settings = replace(project.settings, llm_url=service.url, llm_model="small", llm_key=KEY)
        yield Project(settings, project.instance)


def narratives(project: Project) -> dict[str, dict[str, Any]]:
    with SnapshotStore(project.settings.redis_url) as store:
        return {region: store.latest(region).document for region in REGION_IDS}


def test_a_text_is_sealed_with_its_snapshot_and_its_cost_is_shown(project: Project) -> None:
    with told_by(project, Service(grounded)) as telling:
        shown = materialized(telling.refresh())
    documents = narratives(project)
    with_text = {region for region, it in documents.items() if it["narrative"]["situation"]["text"]}
    assert with_text
    assert with_text <= TOLD
    for region in with_text:
        assert documents[region]["narrative"]["situation"]["text"].startswith("It was reported")
        assert documents[region]["meta"]["narrative_model"] == "small"
        assert shown[region]["narrative_provider"] == "llm"
        assert shown[region]["llm_calls"] == 1
        assert shown[region]["llm_prompt_tokens"] == 700
        assert shown[region]["snapshot_id"] == documents[region]["meta"]["snapshot_id"]
    assert KEY not in str(shown)


def test_news_name_the_snapshot_that_was_published(project: Project) -> None:
    with told_by(project, Service(grounded)) as telling:
        telling.refresh()
    with SnapshotStore(project.settings.redis_url) as store:
        for region in REGION_IDS:
            latest = store.latest(region).id
            assert {event.snapshot_id for event in store.events([region])[region]} <= {latest}
            assert list(store.series([region])[region].snapshot_id) == [latest]
        assert not store.reconcile(REGION_IDS, repair=False, deep=True, news=True).findings


def test_unchanged_facts_cost_nothing_and_a_text_makes_no_second_snapshot(project: Project) -> None:
    service = Service(grounded)
    with told_by(project, service) as telling:
        telling.refresh()
        asked = len(service.requests)
        again = materialized(telling.refresh())
        assert {metadata["outcome"] for metadata in again.values()} == {"DUPLICATE"}
        forced = materialized(telling.refresh(force=True))
        assert len(service.requests) == asked
    assert {forced[region].get("narrative_provider") for region in TOLD} <= {"cache", "none"}
    assert "cache" in {forced[region]["narrative_provider"] for region in TOLD}


def test_a_dead_service_costs_only_the_text(project: Project) -> None:
    service = Service(grounded)
    with told_by(project, service):
        pass
    result = Project(
        replace(project.settings, llm_url=service.url, llm_model="small", llm_key=KEY), project.instance
    ).refresh()
    assert result.success
    assert {metadata["outcome"] for metadata in materialized(result).values()} == {"COMMITTED"}
    assert all(document["meta"]["narrative_model"] == "" for document in narratives(project).values())
    logged = [event.user_message for event in project.instance.all_logs(result.run_id)]
    assert any("no text of mena" in line for line in logged)
    assert not any(KEY in line for line in logged)


def test_a_model_that_invents_is_not_published(project: Project) -> None:
    lie = {"situation": {"text": "Atlantis attacked with 912 ships [xss:none].", "evidence_ids": ["xss:none"]}}
    with told_by(project, Service(lambda _: Said(lie))) as telling:
        assert telling.refresh().success
    assert not any(document["narrative"]["situation"]["text"] for document in narratives(project).values())


def test_a_snapshot_with_a_text_is_proved_all_the_same(project: Project, server: RedisServer) -> None:
    with told_by(project, Service(grounded)) as telling:
        telling.refresh()
    with SnapshotStore(server.url) as store:
        library = Library(store)
        verdicts = list(verify(library, library.ids(REGION_IDS, 0, MAX_INSTANT_MS)))
    assert {verdict.state for verdict in verdicts} == {PROVED}
