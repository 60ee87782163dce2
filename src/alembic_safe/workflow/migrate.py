"""`upgrade` and `downgrade`: lock, heads, gate, backup, journal, steps, read-back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from alembic_safe.apply import Interrupts, clean_after, is_build, preflight, settle_unfinished, take_locks
from alembic_safe.bridge import Workers
from alembic_safe.bridge.probe import ProbedTarget
from alembic_safe.errors import AlembicSafeError, DirtyTargetError, GaveUpError, RefusedError, UsageError
from alembic_safe.journal import Journal, open_journal, require_possible
from alembic_safe.model.backups import Manifest
from alembic_safe.model.events import EventSink, Notice, ignore
from alembic_safe.model.losses import Loss
from alembic_safe.model.protocols import DeployLock
from alembic_safe.model.results import ApplyResult
from alembic_safe.model.revisions import Direction
from alembic_safe.settings import Settings
from alembic_safe.workflow import applying, asking, gating, losses, phasing, preflighting
from alembic_safe.workflow.asking import Site
from alembic_safe.workflow.backing import back_up
from alembic_safe.workflow.context import Phases
from alembic_safe.workflow.saved_plan import SavedPlan, read_plan, require_same, require_same_verdict
from alembic_safe.workflow.scratching_sites import read_sites

_PROBES = 3


def upgrade(settings: Settings, destination: str | None = None, *, sink: EventSink = ignore) -> ApplyResult:
    """Apply what is pending up to `destination` (heads) on every target that env.py configures.

    With a saved plan in the settings exactly that is applied, or the run is refused.
    """
    if settings.plan_file is None:
        return _migrate(settings, "upgrade", destination or "heads", sink)
    saved = read_plan(settings.plan_file)
    if destination not in (None, saved.destination):
        raise UsageError(
            f"the saved plan leads to {saved.destination}, not to {destination}",
            hint="Leave the revision out: the plan says how far.",
        )
    settings = replace(settings, allowances=(*settings.allowances, *saved.allowances))
    return _migrate(settings, "upgrade", saved.destination, sink, saved)


def downgrade(settings: Settings, destination: str, *, sink: EventSink = ignore) -> ApplyResult:
    """Take every target back to `destination`, with the same care."""
    return _migrate(settings, "downgrade", destination, sink)


def _migrate(
    settings: Settings,
    direction: Direction,
    destination: str,
    sink: EventSink,
    saved: SavedPlan | None = None,
) -> ApplyResult:
    phases = Phases(sink)
    with (
        Interrupts() as interrupts,
        Workers(sink, start_timeout=settings.project.start_timeout) as workers,
    ):
        migration = _Migration(settings, direction, destination, workers, interrupts, phases, sink, saved)
        try:
            return migration.run()
        except AlembicSafeError:
            if interrupts.also is not None:  # a query of ours failed for the signal
                interrupts.check()
            raise
        finally:
            interrupts.also = None
            migration.close()


class _Migration:
    """One command's way through its phases; holds what must be given back at its end."""

    def __init__(
        self,
        settings: Settings,
        direction: Direction,
        destination: str,
        workers: Workers,
        interrupts: Interrupts,
        phases: Phases,
        sink: EventSink,
        saved: SavedPlan | None,
    ) -> None:
        self._settings = settings
        self._direction: Direction = direction
        self._destination = destination
        self._workers = workers
        self._interrupts = interrupts
        self._phases = phases
        self._sink = sink
        self._sites: list[Site] = []
        self._locks: list[DeployLock] = []
        self._journals: dict[int, Journal] = {}
        self._notices: list[str] = []
        self._unless_empty = True
        self._saved = saved
        self._losses: list[Loss] = []
        # of each target, the index builds that runs without an end had begun
        self._left: list[tuple[Site, tuple[str, ...]]] = []
        interrupts.also = self._end_queries

    def run(self) -> ApplyResult:
        preflight.require_known(self._settings.preflight.levels)
        self._ask()
        preflighting.before_the_lock(self._settings, self._sites, self._say)
        self._lock()
        self._read_heads_again()
        self._settle_earlier_runs()
        if self._settings.check_drift:
            self._check_drift()
        context = applying.ApplyContext(
            self._settings,
            self._direction,
            self._destination,
            self._workers,
            self._interrupts,
            self._phases,
            self._sink,
            self._journals,
            self._notices,
        )
        gating.name_checkouts(self._settings, self._sites)
        if self._saved is not None:
            require_same(self._saved, self._sites)
        if not any(site.pending for site in self._sites):
            return self._nothing(context)
        self._judge()
        if not any(site.pending for site in self._sites):
            return self._nothing(context)
        context.losses += self._losses
        # with a rehearsal to come, the gate's word is of what is seen there
        if gating.stops(self._sites) and not self._settings.rehearse:
            return gating.refused(context, self._sites)
        gating.say_what_passes(context, self._sites)
        losses.refuse_losses(self._sites, context.losses, self._settings.allow_loss)
        runs = applying.new_runs(self._sites)
        preflighting.before_the_backup(
            self._settings, self._sites, self._journals, list(runs.values()), self._say
        )
        self._make_journals()
        self._clean_up()
        context.counters |= {
            id(database): database.change_counter() for database in asking.databases_of(self._sites)
        }
        backups = back_up(context, self._sites, runs)
        if self._settings.rehearse:
            refused = self._rehearse(context, backups)
            if refused is not None:
                return refused
        self._interrupts.check()
        for lock in self._locks:
            lock.check()
        self._interrupts.also = None  # from here on what we ask decides what is true of the target
        result = applying.apply(context, self._sites, runs, backups)
        if result.error is not None and len(context.alone) == 1:
            from alembic_safe.workflow.putting_back import put_back

            return put_back(self._settings, context, result, self._sites, self._let_go)
        if result.exit == 0 and self._settings.retention.prune:
            return self._pruned(result)
        return result

    def _rehearse(self, context: applying.ApplyContext, backups: dict[int, Manifest]) -> ApplyResult | None:
        """The result where what is seen on clones of the backups stops the run; None where it may go on."""
        from alembic_safe.workflow.rehearsed_upgrade import try_first

        tried = try_first(context, self._sites, backups)
        context.rehearsed, context.way_back_tried = tried.targets, tried.way_back
        if tried.error is not None:
            return gating.refused(context, self._sites, tried.error)
        return gating.refused(context, self._sites) if gating.stops(self._sites) else None

    def _end_queries(self) -> None:
        """A signal came, and nothing is applied yet: what we ask of a database is not waited for."""
        for database in asking.databases_of(self._sites):
            database.interrupt()

    def _nothing(self, context: applying.ApplyContext) -> ApplyResult:
        self._make_journals()
        return applying.nothing_to_do(context, self._sites)

    def _pruned(self, result: ApplyResult) -> ApplyResult:
        """What fails here is said and fails nothing: the change is made, and a backup too many does no harm."""
        from alembic_safe.workflow.pruning import prune_after

        with self._phases.phase("prune", "removing backups that need not be kept") as said:
            try:
                gone = prune_after(self._settings, self._sites, self._journals, self._interrupts.check)
                said.append(f"{len(gone)} removed")
            except AlembicSafeError as error:
                said.append("not done")
                # a signal's own sentence is about what comes before a change, and this comes after it
                why = f"interrupted by {self._interrupts.name}" if self._interrupts.count else error.message
                notice = f"the change is made, but the backups were not all pruned: {why}"
                self._sink(Notice(notice))
                return replace(result, notices=(*result.notices, notice))
        return result

    def close(self) -> None:
        """Give everything back, whatever happened. Never raises."""
        for lock in self._locks:
            lock.release()
        for journal in self._journals.values():
            journal.close()
        asking.close_sites(self._sites)

    def _let_go(self) -> None:
        """Give the deploy locks back: a restore takes them itself."""
        while self._locks:
            self._locks.pop().release()

    def _tick(self) -> None:
        self._interrupts.check()
        for database in asking.databases_of(self._sites):
            database.ping()

    def _ask(self) -> None:
        with self._phases.phase("probe", "looking at the project and its targets"):
            probed = asking.ask(
                self._settings,
                self._workers,
                self._destination,
                self._direction,
                listing=True,
                unless_empty=self._unless_empty,
                digest=self._settings.check_drift,
                sink=self._sink,
                tick=self._tick,
            )
            asking.refuse_unusable(probed)
            if self._sites:
                self._take_over([target for section in probed for target in section.targets])
            else:
                self._sites = asking.open_sites(probed, self._settings.control, read_only=False)

    def _take_over(self, probed: Sequence[ProbedTarget]) -> None:
        """A second look under the lock: the same targets, with what is pending now."""
        if [p.found.target.label for p in probed] != [site.target.label for site in self._sites]:
            raise RefusedError(
                "env.py configured other targets the second time it was asked",
                hint="Does env.py depend on time, chance, or on what another process writes?",
            )
        for site, found in zip(self._sites, probed, strict=True):
            site.probed = found

    def _lock(self) -> None:
        locks = [
            database.deploy_lock(
                [s.target.version_table for s in self._sites if s.database is database],
                lease_schema=self._settings.journal.schema,
            )
            for database in asking.databases_of(self._sites)
        ]
        with self._phases.phase("lock", "taking the deploy lock"):
            take_locks(locks, wait=self._settings.apply.wait, sink=self._sink, tick=self._interrupts.check)
        self._locks = locks

    def _read_heads_again(self) -> None:
        """The plan must be for what the target is at now that nobody else changes it."""
        for _ in range(_PROBES):
            if all(site.moved_to() is None for site in self._sites):
                return
            self._sink(Notice("the target moved while the lock was waited for; looking again"))
            self._ask()
        raise GaveUpError("the version table keeps changing although the deploy lock is held")

    def _say(self, sentence: str) -> None:
        self._notices.append(sentence)
        self._sink(Notice(sentence))

    def _check_drift(self) -> None:
        from alembic_safe.workflow.drift import refuse_drift

        with self._phases.phase("drift", "comparing the schema with the history"):
            refuse_drift(
                self._settings,
                self._workers,
                self._sites,
                sink=self._sink,
                tick=self._tick,
                say=self._say,
            )

    def _judge(self) -> None:
        if not gating.still_empty(self._sites, self._settings):
            self._sink(Notice("the database was filled while the lock was waited for; looking again"))
            self._unless_empty = False
            self._ask()
            self._read_heads_again()
        read_sites(
            self._settings,
            self._workers,
            self._sites,
            direction=self._direction,
            destination=self._destination,
            phases=self._phases,
            sink=self._sink,
            tick=self._tick,
            say=self._notices.append,
        )
        with self._phases.phase("gate", "judging what is pending") as result:
            gating.judge_sites(self._settings, self._sites, self._journals)
            if self._saved is not None:
                require_same_verdict(self._saved, gating.findings_of(self._sites))
            if self._settings.phase == "expand" and phasing.cut_before_contract(self._sites, self._say):
                # what is left is a plan of its own, and only that is counted
                gating.judge_sites(self._settings, self._sites, self._journals)
            if self._direction == "downgrade":
                self._losses = self._count_losses()
            pending = any(site.pending for site in self._sites)
            result.append(gating.summary(self._sites) if pending else "all of it is left for later")

    def _count_losses(self) -> list[Loss]:
        """What the downgrade takes away; said, and where a person let it go, the gate lets it go too."""
        found = [loss for site in self._sites for loss in losses.losses_of(site)]
        for loss in found:
            self._say(f"revision {loss.revision} takes away {loss.sentence}")
        reason = self._settings.allow_loss
        if reason is not None:
            gating.let_pass(self._settings, self._sites, losses.allowances_for(self._sites, reason))
        return found

    def _settle_earlier_runs(self) -> None:
        """What stands in a journal that is there; one that is not is made when the gate has let the plan pass."""
        for database in asking.databases_of(self._sites):
            there = open_journal(database, self._settings.journal, create=False)
            if there is None:
                require_possible(database, self._settings.journal)
            else:
                there.close()
                self._journals[id(database)] = open_journal(database, self._settings.journal, create=True)
        for site in self._sites:
            journal = self._journals.get(id(site.database))
            if journal is None:
                continue
            said, begun = _settled(self._settings, site, journal)
            self._left.append((site, begun))
            for sentence in said:
                self._say(sentence)

    def _clean_up(self) -> None:
        """An index that a dead run's build left INVALID stands in the way of the next one."""
        for site, begun in self._left:
            if stays := clean_after(site.database, begun, self._sink):
                raise GaveUpError(
                    f"{stays[0].name}, which a build of an earlier run left INVALID, stands in the way of the next one",
                    hint=f"Run `DROP INDEX CONCURRENTLY {stays[0].name}`, then the same command again.",
                )

    def _make_journals(self) -> None:
        for database in asking.databases_of(self._sites):
            if id(database) not in self._journals:
                self._journals[id(database)] = open_journal(database, self._settings.journal, create=True)


def _settled(settings: Settings, site: Site, journal: Journal) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What became of runs without an end, and the index builds that they had begun.

    Raises `DirtyTargetError` unless nothing of them is in effect.
    """
    heads, target = site.target.heads or (), str(site.target.version_table)
    try:
        reached = site.graph.reached(heads)
        return settle_unfinished(site.database, journal, target, heads, reached, repaired=None), ()
    except DirtyTargetError:
        from alembic_safe.workflow.examining import examine

        evidence, diagnosis = examine(settings, site, journal, ours=True)
        if diagnosis.state != "interrupted but clean":
            raise
        begun = evidence.half.statements if evidence.half is not None else ()
        return ("; ".join(diagnosis.sentences),), tuple(one.sql for one in begun if is_build(one.sql))
