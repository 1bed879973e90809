"""The sensor ``notify`` tells a webhook of everything once, in order, whatever the receiver does meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from regional_snapshots.defs.automation import notify, webhook
from regional_snapshots.defs.publishing.resources import Snapshots
from regional_snapshots.model.news import Delivery
from regional_snapshots.report.markup import safe_markdown
from regional_snapshots.settings import SettingError, Settings
from regional_snapshots.store.deliveries import put_on_record
from regional_snapshots.store.errors import WrongTypeError
from regional_snapshots.store.snapshots import SnapshotStore
from regional_snapshots_tests.defs.conftest import Project
from regional_snapshots_tests.support.commits import fresh
from regional_snapshots_tests.support.news import news
from regional_snapshots_tests.support.receiver import Receiver
from regional_snapshots_tests.support.server import RedisServer


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as made:
        yield made


class Sensor:
    """The sensor with its cursor, from tick to tick; the first tick has been: from now on it tells."""

    def __init__(self, project: Project, url: str, severity: str = "high") -> None:
        self.settings = replace(project.settings, webhook=url, webhook_severity=severity)
        self.instance = project.instance
        self.cursor: str | None = None
        self.said = self.tick()

    def tick(self) -> str:
        """One evaluation; what it said."""
        snapshots = Snapshots(self.settings)
        context = dg.build_sensor_context(
            self.instance, cursor=self.cursor, resources={"snapshots": snapshots}, sensor_name="notify"
        )
        try:
            with context:
                answer = notify.notify(self.settings)(context)
        finally:
            snapshots.close()
        assert isinstance(answer, dg.SkipReason)
        self.cursor, self.said = context.cursor, str(answer.skip_message)
        return self.said


@pytest.fixture(autouse=True)
def _no_region_is_looked_for(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Overdue regions are a test of their own: here nothing was ever published."""
    if "overdue" not in request.node.name:
        monkeypatch.setattr(notify, "OVERDUE_EVERY_S", float("inf"))


def publish(server: RedisServer, *kinds: str, plus_ms: int = 0, **members: Any) -> None:
    with SnapshotStore(server.url) as store:
        made = fresh(server.client(), region="mena", plus_ms=plus_ms)
        store.commit(made, news=news(made, *kinds, **members), force=True)


def test_events_are_posted_once_from_the_severity_that_is_set(
    bare_project: Project, server: RedisServer, receiver: Receiver
) -> None:
    publish(server, "corridor_break", subject="earlier")
    sensor = Sensor(bare_project, receiver.url)
    assert (sensor.said, receiver.messages) == ("From now on, the webhook is told.", [])
    publish(server, "trigger_activated", "data_loss", subject="oref_cluster", plus_ms=1)
    assert sensor.tick() == "1 message posted."
    [message] = receiver.messages
    assert message["text"] == "high: MENA: trigger oref cluster fired"
    assert message["event"]["event_id"].endswith(":trigger_activated:oref_cluster")
    assert sensor.tick() == "0 messages posted."
    assert len(receiver.messages) == 1


@pytest.mark.parametrize("status", [500, 404, 302, 429])
def test_while_the_receiver_answers_with_an_error_nothing_is_skipped(
    bare_project: Project, server: RedisServer, receiver: Receiver, status: int
) -> None:
    sensor = Sensor(bare_project, receiver.url)
    receiver.answers = status
    for number in range(3):
        publish(server, "trigger_activated", subject=f"t{number}", plus_ms=number)
    assert f"the receiver answered {status}" in sensor.tick()
    assert receiver.asked == 1
    receiver.answers = 200
    assert sensor.tick() == "3 messages posted."
    assert [message["event"]["subject"] for message in receiver.messages] == ["t0", "t1", "t2"]


def test_a_receiver_that_fails_half_way_gets_the_rest_later(
    bare_project: Project, server: RedisServer, receiver: Receiver
) -> None:
    sensor = Sensor(bare_project, receiver.url)
    for number in range(3):
        publish(server, "trigger_activated", subject=f"t{number}", plus_ms=number)
    receiver.takes = 1
    assert sensor.tick().startswith("1 posted, then the receiver answered 503")
    receiver.answers, receiver.takes = 200, 10
    assert sensor.tick() == "2 messages posted."
    assert [message["event"]["subject"] for message in receiver.messages] == ["t0", "t1", "t2"]


def test_a_receiver_that_is_down_is_waited_for(bare_project: Project, server: RedisServer) -> None:
    with Receiver() as gone:
        url, port = gone.url, gone.port
    sensor = Sensor(bare_project, url)
    publish(server, "trigger_activated")
    assert "the receiver does not answer (ConnectionRefusedError)" in sensor.tick()
    with Receiver(port) as back:
        assert sensor.tick() == "1 message posted."
        assert len(back.messages) == 1


def test_a_receiver_that_is_slow_is_given_up_for_this_tick(
    bare_project: Project, server: RedisServer, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "TIMEOUT_S", 0.1)
    sensor = Sensor(bare_project, receiver.url)
    publish(server, "trigger_activated")
    receiver.held.clear()
    assert "nothing within 0.1 s" in sensor.tick()
    receiver.held.set()
    monkeypatch.setattr(webhook, "TIMEOUT_S", 5.0)
    assert sensor.tick() == "1 message posted."


def test_a_refresh_that_failed_is_told_once_with_its_reasons(
    project: Project, server: RedisServer, receiver: Receiver
) -> None:
    sensor = Sensor(project, receiver.url)
    server.client().set("snapshot:index:{latam}", "x")
    result = project.refresh()
    sensor.tick()
    [message] = [each for each in receiver.messages if "refresh" in each]
    assert message["text"].startswith("failed: 1 region(s) failed: latam.")
    assert message["refresh"]["run_id"] == result.dagster_run.run_id
    assert message["refresh"]["failed_regions"] == ["latam"]
    assert "snapshot:index:{latam}" in message["refresh"]["reasons"]["latam"]
    told = len(receiver.messages)
    sensor.tick()
    assert len(receiver.messages) == told


def test_withheld_regions_are_told(bare_project: Project, receiver: Receiver) -> None:
    sensor = Sensor(bare_project, receiver.url)
    bare_project.refresh()
    sensor.tick()
    assert [text.split(":")[0] for text in receiver.texts] == ["withheld"]


def test_a_reconciliation_that_failed_is_no_refresh(bare_project: Project, receiver: Receiver) -> None:
    sensor = Sensor(bare_project, receiver.url)
    bare_project.run("overview")
    sensor.tick()
    assert receiver.messages == []


def test_overdue_regions_are_told_when_they_become_so(
    bare_project: Project, server: RedisServer, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notify, "OVERDUE_EVERY_S", 0)
    monkeypatch.setattr(notify, "REGION_IDS", ("mena", "latam"))
    publish(server, "data_loss")
    sensor = Sensor(bare_project, receiver.url)
    sensor.tick()
    [message] = receiver.messages
    assert list(message["overdue"]) == ["latam"]
    sensor.tick()
    assert len(receiver.messages) == 1


def test_the_address_is_a_secret(
    bare_project: Project, server: RedisServer, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    sensor = Sensor(bare_project, receiver.url)
    assert "s3cret" not in repr(sensor.settings)
    publish(server, "trigger_activated")
    receiver.answers = 500
    assert "s3cret" not in sensor.tick()
    with pytest.raises(SettingError) as refused:
        Settings.load({"REGIONAL_SNAPSHOTS_WEBHOOK": "ftp://host/s3cret"})
    assert "s3cret" not in str(refused.value)


def on_record(server: RedisServer) -> list[tuple[str, str, str]]:
    with SnapshotStore(server.url) as store:
        return [(delivery.to, delivery.text, delivery.problem) for delivery in store.deliveries(100)]


def test_who_was_told_is_on_record_and_that_somebody_was_not_once(
    bare_project: Project, server: RedisServer, receiver: Receiver
) -> None:
    sensor = Sensor(bare_project, receiver.url)
    sensor.settings = replace(sensor.settings, webhook_name="duty desk")
    receiver.answers = 503
    publish(server, "trigger_activated", subject="oref_cluster")
    for _ in range(3):
        sensor.tick()
    fired, down = "high: MENA: trigger oref cluster fired", "the receiver answered 503"
    assert on_record(server) == [("duty desk", fired, down)]
    receiver.answers = 200
    sensor.tick()
    assert on_record(server) == [("duty desk", fired, down), ("duty desk", fired, "")]
    with SnapshotStore(server.url) as store:
        [event] = store.events(["mena"])["mena"]
        delivery = store.deliveries(1)[0]
        assert (delivery.event_id, delivery.text) == (event.document()["event_id"], fired)
        assert abs(delivery.at - server.client().time()[0] * 1000) < 60_000
        assert store.deliveries(10, since_ms=delivery.at + 1) == []
    assert 0 < server.client().ttl("snapshot:deliveries") <= 90 * 86_400


def test_what_cannot_be_put_on_record_is_told_once_all_the_same(
    bare_project: Project, server: RedisServer, receiver: Receiver
) -> None:
    sensor = Sensor(bare_project, receiver.url)
    server.client().set("snapshot:deliveries", "x")
    publish(server, "trigger_activated")
    assert sensor.tick() == "1 message posted."
    assert sensor.tick() == "0 messages posted."
    assert len(receiver.messages) == 1
    with SnapshotStore(server.url) as store, pytest.raises(WrongTypeError, match="snapshot:deliveries") as refused:
        store.deliveries(10)
    assert "by hand" in refused.value.next_step  # no reconciliation moves it


@pytest.mark.parametrize("spoilt", ["before", "meanwhile"])
def test_a_region_whose_stream_is_none_silences_no_other(
    bare_project: Project, server: RedisServer, receiver: Receiver, spoilt: str
) -> None:
    client = server.client()
    if spoilt == "before":
        client.set("snapshot:events:{latam}", "x")
    sensor = Sensor(bare_project, receiver.url)
    client.set("snapshot:events:{latam}", "x")
    publish(server, "trigger_activated")
    assert sensor.tick() == "1 message posted."
    client.delete("snapshot:events:{latam}")
    publish(server, "trigger_activated", subject="another", plus_ms=1)
    assert sensor.tick() == "1 message posted."


def test_the_record_is_bounded_and_what_is_none_of_ours_is_passed_over(server: RedisServer) -> None:
    client = server.client()
    with SnapshotStore(server.url) as store:
        for number in range(1300):
            store.run(put_on_record(store.connections, store.layout, Delivery("desk", str(number))))
        assert 1000 <= client.xlen("snapshot:deliveries") < 1250
        for body in ("junk", "[]", "{}", '{"to": 1, "text": "x", "event_id": "", "problem": ""}'):
            client.xadd("snapshot:deliveries", {"body": body})
        client.xadd("snapshot:deliveries", {"other": "x"})
        assert [delivery.text for delivery in store.deliveries(7)] == ["1298", "1299"]


def test_the_overview_and_the_page_say_who_was_told(project: Project, receiver: Receiver) -> None:
    sensor = Sensor(project, receiver.url)
    project.refresh()
    assert "who_was_told" not in metadata_of(project.run("overview"))
    sensor.tick()
    said = metadata_of(project.run("overview"))
    header, _, *rows = str(said["who_was_told"].value).splitlines()
    fired = "high: MENA: trigger oref cluster fired (sample)"
    assert header == "| UTC | whom | what |"
    assert len(rows) == len(receiver.messages)
    assert [row for row in rows if row.endswith(f"| webhook | {safe_markdown(fired)} |")]
    page = (project.settings.home / "report.html").read_text()
    assert f"webhook</strong>: {fired}" in page


def metadata_of(result: dg.ExecuteInProcessResult) -> Any:
    [made] = [
        event.materialization
        for event in result.get_asset_materialization_events()
        if event.materialization.asset_key == dg.AssetKey("world_overview")
    ]
    return made.metadata


def test_it_is_off_unless_a_webhook_is_set(tmp_path: Path) -> None:
    off = Settings.load({"REGIONAL_SNAPSHOTS_HOME": str(tmp_path)})
    assert notify.notify(off).default_status == dg.DefaultSensorStatus.STOPPED
    on = replace(off, webhook="http://localhost/")
    assert notify.notify(on).default_status == dg.DefaultSensorStatus.RUNNING


def test_a_cursor_that_is_not_ours_begins_anew() -> None:
    assert [notify.Told.of(cursor) for cursor in (None, "", "junk", "[]", '{"other": 1}')] == [None] * 5
