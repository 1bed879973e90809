"""What can go wrong in the store, as types. Every error says what happened and what to do next, and holds no secret.

=========================  =====================================================  ==========
error                      what became of the snapshot                            try again?
=========================  =====================================================  ==========
UnreachableError           nothing was written                                    yes
ServerBusyError            nothing was written                                    yes
ConflictError              nothing was written                                    yes
ServerRefusedError         nothing was written                                    once put right
DemotedError               nothing was written                                    yes
AccessRefusedError         nothing was written                                    once put right
WrongTypeError             nothing was written                                    once put right
OutsideRetentionError      nothing was written                                    no
ClockSkewError             nothing was written                                    once put right
InvalidSnapshotError       nothing was written                                    no
OccupiedError              nothing was written                                    elsewhere
OtherTermsError            nothing was written                                    once put right
NewerFormatError           nothing was written                                    no
OutcomeUnknownError        written whole, or not at all: nobody answered yet      yes
PartialCommitError         written in part (permissions changed under way)        once put right
MissingSnapshotError       (reading) there is none                                –
DamagedError               (reading) it does not verify                           –
DamagedInputError          (reading) what it was computed from is gone or changed –
=========================  =====================================================  ==========
"""

from __future__ import annotations

RECONCILE = "run `regional-snapshots reconcile` or materialize snapshot_reconciliation"
RECONCILE_DEEP = "run `regional-snapshots reconcile --deep`, or materialize snapshot_reconciliation with deep: true"
"""For what may lie below the head, where only a deep one looks."""


class StoreError(Exception):
    """Base of every error of the store: a problem, where it struck, and the next step."""

    default_next_step = "try again"
    repeat_helps = False
    """Whether it may pass by itself: the column *try again?* says yes."""

    def __init__(self, problem: str, *, region: str = "", key: str = "", next_step: str = "") -> None:
        self.problem, self.region, self.key = problem, region, key
        self.next_step = next_step or self.default_next_step
        where = ": ".join(part for part in (region, key) if part)
        super().__init__(f"{where + ': ' if where else ''}{problem}. Next: {self.next_step}.")


class UnreachableError(StoreError):
    """No answer from the server; nothing was written."""

    repeat_helps = True
    default_next_step = "check that the server runs and that REDIS_URL names it"


class ServerBusyError(StoreError):
    """The server is loading, or busy with a script, and stayed so; nothing was written."""

    repeat_helps = True
    default_next_step = "wait until the server has started or finished its script, then try again"


class ConflictError(StoreError):
    """Other writers got in between at every attempt; nothing was written."""

    repeat_helps = True
    default_next_step = "try again; if it lasts, look for a program that writes these keys without pause"


class ServerRefusedError(StoreError):
    """The server refuses writes (out of memory, read-only replica, too few replicas, failing disk)."""

    repeat_helps = True
    default_next_step = "put the server right, then try again"


class DemotedError(ServerRefusedError):
    """The server is a replica now, and stayed one; nothing was written."""

    default_next_step = "name the server that is written to in REDIS_URL, or name its sentinels"


class AccessRefusedError(StoreError):
    """Wrong password, or a permission is missing."""

    default_next_step = "check user and password in REDIS_URL, and the permissions in docs/operations.md"


class WrongTypeError(StoreError):
    """A key holds another type than ours; refused before any write, because Redis does not roll back."""

    default_next_step = (
        "run `regional-snapshots reconcile --fix-types`, or materialize snapshot_reconciliation with fix_types: true; "
        "either renames the key out of the way"
    )


class OutsideRetentionError(StoreError):
    """The snapshot is older than the retention and would expire at once."""

    default_next_step = "publish a current snapshot, or raise REGIONAL_SNAPSHOTS_RETENTION_DAYS"


class ClockSkewError(StoreError):
    """The snapshot lies in the server's future: it would hold back every snapshot with a right clock."""

    default_next_step = "set the clock of this machine, or of the server"


class HeldBackError(StoreError):
    """A stored snapshot lies in the server's future, and holds back every one of today. Refused before any write."""

    repeat_helps = True
    default_next_step = f"see that the clocks are right, then {RECONCILE}, which moves it out of the way"


class InvalidSnapshotError(StoreError):
    """The document is not what a snapshot may be; the problem names the place. Refused before anything is sent."""

    default_next_step = "report this line: the method that computed it has a fault; the snapshot before stays published"


class OutcomeUnknownError(StoreError):
    """The transaction may have been sent, and nobody could be asked what became of it."""

    repeat_helps = True
    default_next_step = "try again once the server answers: the claim will tell what became of this attempt"


class PartialCommitError(StoreError):
    """The server applied some commands of the transaction and refused others."""

    default_next_step = f"restore the permissions in docs/operations.md, then {RECONCILE}"


class MissingSnapshotError(StoreError):
    """There is no such snapshot."""

    default_next_step = "run `regional-snapshots refresh` or materialize regional_snapshot"


class DanglingPointerError(StoreError):
    """The latest pointer, or the index, names a snapshot that is not there."""

    default_next_step = RECONCILE


class DamagedError(StoreError):
    """A stored snapshot does not parse, does not verify or belongs elsewhere."""

    default_next_step = RECONCILE_DEEP


class OccupiedError(StoreError):
    """The store is not empty, and what was asked for needs one that is."""

    default_next_step = (
        "use another store, or a namespace of this one: set REGIONAL_SNAPSHOTS_NAMESPACE=replay for both this command "
        "and whatever reads it"
    )


class DamagedInputError(StoreError):
    """A feed document or a manifest that was kept is gone, or is not what its name says."""

    default_next_step = "nothing is lost: what was made of it is still served, but cannot be computed again"


class ConfigurationError(StoreError):
    """A setting cannot be used."""

    default_next_step = "correct the setting"


class OtherTermsError(ConfigurationError):
    """This writer cuts time into other buckets, or names keys otherwise, than the store's: refused before any write."""


class NewerFormatError(StoreError):
    """The store is written by a newer version, whose keys this one would misread. Reading goes on."""

    default_next_step = "install the newer version here, or give this one a namespace of its own"


class EmbeddedServerError(StoreError):
    """The embedded server cannot be started, stopped or found."""

    repeat_helps = True
    default_next_step = "see the end of its log, or set REDIS_URL to a server of your own"


class BackupError(StoreError):
    """A backup file cannot be written, or is not what it should be."""

    default_next_step = "name another file"
