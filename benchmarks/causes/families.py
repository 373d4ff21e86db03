"""The families of incidents: each with the distractor that misleads people and simple rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

import numpy as np

from afterlog.changes import Change
from benchmarks.causes.incident import Incident
from benchmarks.causes.world import GUILTY_KINDS, HOUR, MINUTE, ONSET, SECOND, SERVICES, World

Family = Callable[[Incident], None]


def begin(family: str, world: World, changes: int) -> Incident:
    """Begin an incident: a service, a length, and a day of ordinary changes with routines among them."""
    rng = world.rng
    incident = Incident(family, world, str(rng.choice(SERVICES)))
    incident.end_us = ONSET + int(rng.lognormal(3.9, 0.7) * MINUTE) + 5 * MINUTE
    for _ in range(changes):
        at = ONSET - int(rng.uniform(0, 24 * HOUR))
        incident.changes.append(world.ordinary(at))
    for _ in range(max(changes // 24, 1)):  # they go on in the outage, too
        incident.changes.append(world.ordinary(int(rng.uniform(ONSET, incident.end_us + HOUR))))
    incident.changes.append(world.routine("run", 1800, world.fleet))
    incident.changes.append(world.routine("cron", 600, world.hosts[incident.service]))
    return incident


def blame(incident: Incident, delay_us: int | None = None) -> Change:
    """Make the guilty change and what it leaves behind: failures, errors, looks, a way back; each only sometimes."""
    world, rng = incident.world, incident.world.rng
    own = world.hosts[incident.service]
    _share, tool, action = world.draw(GUILTY_KINDS)
    if delay_us is None:
        delay_us = int(min(rng.lognormal(np.log(60), 1.7), 2 * 3600) * SECOND)
    draw = rng.random()
    touched = own if draw < 0.7 else world.fleet if draw < 0.8 else own[: max(len(own) // 2, 1)]
    failing = own if draw < 0.85 else touched
    key = world.name()
    guilty = world.change(tool, action, incident.start_us - delay_us, touched, key=key)
    span = guilty.end_us - guilty.start_us
    if span and delay_us < 120 * SECOND:  # a rolling change fails host after host, from its first one on
        acts = {step.host: step.time_us + delay_us for step in guilty.steps}
        incident.fail(failing, {h: acts.get(h, incident.start_us) + int(rng.exponential(3 * SECOND)) for h in failing})
    else:
        guilty = replace(guilty, start_us=guilty.start_us - span, end_us=guilty.end_us - span, steps=tuple(
            replace(step, time_us=step.time_us - span) for step in guilty.steps))  # fmt: skip
        incident.fail(failing)
    incident.changes.append(guilty)
    incident.guilty = guilty.id
    _errors(incident, guilty, key)
    if world.chance(0.45):
        incident.look(f"grep -rn {key if world.chance(0.5) else world.word()} /srv")
    _ending(incident, guilty, key)
    return guilty


def _errors(incident: Incident, guilty: Change, key: str) -> None:
    world, rng = incident.world, incident.world.rng
    if not world.chance(0.75):
        return
    named = key if world.chance(0.6) and guilty.content else world.name()
    incident.say(f"undefined {named} in handler {world.word()}", incident.start_us + int(rng.normal(0, 2) * SECOND))
    if world.chance(0.4):
        incident.say(f"request aborted: {world.word()}", incident.start_us + int(rng.uniform(0, 30) * SECOND))
    if world.chance(0.15):
        incident.say("connect() failed (111: Connection refused) while connecting to upstream", incident.start_us)


def _ending(incident: Incident, guilty: Change, key: str) -> None:
    """End the incident: by a rollback, by a fix of the line, by something else, or by itself."""
    world = incident.world
    draw = world.rng.random()
    at = incident.end_us - int(world.rng.uniform(5, 90) * SECOND)
    if draw < 0.3:
        title, target = f"roll back {key}", guilty.targets[0]
        back = world.change("deploy", "rollback", at, guilty.hosts, key=key, target=target, title=title)
        incident.changes.append(back)
    elif draw < 0.55 and guilty.content:
        removed = ((guilty.content[0][0], guilty.places[0]),)
        fix = world.change("git", "commit", at - 60 * SECOND, (), key=key, target=guilty.targets[0], removed=removed)
        incident.changes += [fix, world.change("deploy", "deploy", at, guilty.hosts, key=key, target=guilty.targets[0])]
    elif draw < 0.8:
        incident.changes.append(world.change("service", "restart", at, incident.hosts))


# --- where a change is guilty -------------------------------------------------------------------------------


def plain(incident: Incident) -> None:
    """Only the day's ordinary changes."""
    blame(incident)


def louder_deploy(incident: Incident) -> None:
    """Add an innocent deploy to the failing hosts minutes before; sometimes it is rolled back first, in vain."""
    world = incident.world
    blame(incident, int(world.rng.uniform(2, 40) * MINUTE))
    at = incident.start_us - int(world.rng.uniform(0.5, 5) * MINUTE)
    hosts = world.hosts[incident.service] if world.chance(0.6) else world.some_hosts(str(world.rng.choice(SERVICES)))
    loud = world.change("deploy", "deploy", at, hosts)
    incident.changes.append(loud)
    if world.chance(0.4):
        middle = (incident.start_us + incident.end_us) // 2
        back = world.change("deploy", "rollback", middle, hosts, target=loud.targets[0], title="roll back")
        incident.changes.append(back)


def warning_flood(incident: Incident) -> None:
    """Add a harmless warning that begins with the outage, names an innocent change and goes on after it."""
    world = incident.world
    blame(incident)
    key = world.name()
    at = incident.start_us - int(world.rng.uniform(0.2, 8) * MINUTE)
    incident.changes.append(world.change("deploy", "deploy", at, world.some_hosts(incident.service), key=key))
    level = float(world.rng.uniform(-0.1, 0.45))
    said = f"deprecated {key} is used"
    incident.say(said, at + 20 * SECOND, during=900, after=900, correlation=level, severity=13)


def constant_exceptions(incident: Incident) -> None:
    """Exceptions that name an innocent change, as often before as during."""
    world = incident.world
    key = world.name()
    at = incident.start_us - int(world.rng.uniform(1, 30) * MINUTE)
    incident.changes.append(world.change("ansible", "playbook", at, world.hosts[incident.service], key=key))
    blame(incident)
    incident.say(f"exception in {key}", incident.start_us + 10 * SECOND, before=2400, during=100, correlation=0.05)


def paused_canary(incident: Incident) -> None:
    """Add a canary on one of the failing hosts, begun before and paused."""
    world = incident.world
    blame(incident)
    at = incident.start_us - int(world.rng.uniform(3, 60) * MINUTE)
    incident.changes.append(world.change("deploy", "deploy", at, world.hosts[incident.service][:1]))


def old_rollout(incident: Incident) -> None:
    """Add a large rollout to exactly the failing hosts, hours ago."""
    world = incident.world
    blame(incident)
    at = incident.start_us - int(world.rng.uniform(2, 8) * HOUR)
    incident.changes.append(world.change("deploy", "deploy", at, world.hosts[incident.service]))


def slow_cause(incident: Incident) -> None:
    """Let the guilty change be hours old: it filled something up, or waited to be used."""
    blame(incident, int(incident.world.rng.uniform(1, 6) * HOUR))


def same_hosts(incident: Incident) -> None:
    """Three to six innocent changes to the failing hosts within the hour before."""
    world = incident.world
    blame(incident)
    for _ in range(int(world.rng.integers(3, 7))):
        at = incident.start_us - int(world.rng.uniform(1, 60) * MINUTE)
        _share, tool, action = world.draw(GUILTY_KINDS)
        incident.changes.append(world.change(tool, action, at, world.hosts[incident.service]))


def failed_rollback(incident: Incident) -> None:
    """Let a rollback of the guilty change be tried, and fail."""
    world = incident.world
    guilty = blame(incident)
    at = (incident.start_us + incident.end_us) // 2
    target = guilty.targets[0]
    tried = world.change("ansible", "playbook", at, guilty.hosts, target=target, title="Roll back", outcome="failed")
    incident.changes.append(tried)


def package_runs(incident: Incident) -> None:
    """Upgrade packages on all hosts shortly before, and start cron jobs at the onset."""
    world = incident.world
    blame(incident)
    for service in SERVICES[:4]:
        at = incident.start_us - int(world.rng.uniform(1, 20) * MINUTE)
        incident.changes.append(world.change("package", "package", at, world.hosts[service]))
    at = incident.start_us - int(world.rng.integers(60)) * SECOND
    incident.changes.append(world.change("cron", "cron", at, world.hosts[incident.service]))


def dependency(incident: Incident) -> None:
    """Change the database, and let the service's hosts say that it does not answer."""
    world = incident.world
    delay = int(min(world.rng.lognormal(np.log(20), 1), 600) * SECOND)
    _share, tool, action = world.draw(GUILTY_KINDS)
    guilty = world.change(tool, action, incident.start_us - delay, ("db-1",))
    incident.changes.append(guilty)
    incident.guilty = guilty.id
    incident.fail(world.hosts[incident.service])
    incident.say("could not connect to server db-1: Connection refused", incident.start_us)
    _ending(incident, guilty, world.name())


def second_fault(incident: Incident) -> None:
    """Add another outage of another service an hour before, with its own guilty change, fixed meanwhile."""
    other = replace(incident, changes=[], looks=[], messages=[], first_failures={})
    other.service = next(service for service in SERVICES if service != incident.service)
    other.start_us, other.end_us = incident.start_us - HOUR, incident.start_us - 5 * MINUTE
    blame(other)
    blame(incident)
    incident.changes += other.changes
    for message in other.messages:
        incident.messages.append(replace(message, before=200, during=0, correlation=-0.1, after=0))


# --- where none is ------------------------------------------------------------------------------------------

_SIGNS: Final = {
    "disk-full": "write failed: No space left on device",
    "out-of-memory": "Out of memory: Killed process 4242 (java) total-vm:1234kB",
    "certificate": "SSL_do_handshake() failed: certificate has expired",
    "connection-limit": "FATAL: remaining connection slots are reserved for superuser",
    "dns": "could not resolve host: api.partner.example",
    "open-files": "accept4() failed (24: Too many open files)",
    "dependency": "upstream timed out (110: Connection timed out) while connecting to partner-api",
    "hardware": "blk_update_request: I/O error, dev sda, sector 12345",
}


def sign(incident: Incident) -> None:
    """Nobody did anything: something ran out or broke, and says so."""
    world = incident.world
    name = str(world.rng.choice(list(_SIGNS)))
    incident.fail(world.hosts[incident.service])
    incident.guilty = name
    early = int(world.rng.exponential(60) * SECOND) if world.chance(0.5) else 0
    incident.say(_SIGNS[name], incident.start_us - early, during=int(world.rng.integers(3, 400)))
    _noise(incident)


def nobody(incident: Incident) -> None:
    """Nobody did anything, and nothing says why: traffic, a neighbour, a bug that waited."""
    world = incident.world
    incident.fail(world.hosts[incident.service])
    if world.chance(0.6):
        early = int(world.rng.exponential(30) * SECOND) if world.chance(0.3) else 0
        incident.say(f"timeout in {world.name()}", incident.start_us - early)
    _noise(incident)


def missing_source(incident: Incident) -> None:
    """Let a change be guilty whose logs and commit were not collected."""
    guilty = blame(incident)
    incident.changes = [change for change in incident.changes if change.targets != guilty.targets]
    incident.guilty = ""


def constant_sign(incident: Incident) -> None:
    """Complain of a full disk all day; the outage is another matter, and a change's."""
    blame(incident)
    incident.say(_SIGNS["disk-full"], incident.start_us + 5 * SECOND, before=2000, during=90, correlation=0.0)


def _noise(incident: Incident) -> None:
    if incident.world.chance(0.4):
        incident.look(f"grep -rn {incident.world.word()} /srv")
    if incident.world.chance(0.4):
        hosts = incident.hosts
        incident.changes.append(incident.world.change("service", "restart", incident.end_us - 30 * SECOND, hosts))


FAMILIES: Final[dict[str, Family]] = {
    "plain": plain, "louder deploy": louder_deploy, "warning flood": warning_flood,
    "constant exceptions": constant_exceptions, "paused canary": paused_canary, "old rollout": old_rollout,
    "slow cause": slow_cause, "changes on the same hosts": same_hosts, "failed rollback": failed_rollback,
    "package runs": package_runs, "changed dependency": dependency, "two faults": second_fault,
    "constant sign": constant_sign, "its own sign": sign, "nobody changed anything": nobody,
    "missing source": missing_source,
}  # fmt: skip
NEGATIVE: Final = ("its own sign", "nobody changed anything", "missing source")


def incidents(seeds: range, sizes: tuple[int, ...], names: tuple[str, ...]) -> Iterator[Incident]:
    """Simulate one incident for each seed, family and number of ordinary changes."""
    for seed in seeds:
        for size in sizes:
            for number, (name, family) in enumerate(FAMILIES.items()):
                if name in names:
                    world = World(np.random.default_rng((seed, size, number)))
                    incident = begin(name, world, size)
                    family(incident)
                    yield incident
