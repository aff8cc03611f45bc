//! Guarded changes: settings that can shut everybody out apply at once and are taken back unless somebody confirms them
//! over the new path within [`GUARD_S`] seconds. What is pending is a row, written with the change itself, so that a
//! panel that was killed meanwhile takes it back as well.

use super::doors::{Open, Way};
use super::events::Topic;
use super::settings::{CERTIFICATE, Resolved};
use super::{Actor, Core, Request, certificate};
use crate::base::clock::Time;
use crate::base::limits::{GUARD_LOOK_MS, GUARD_S};
use crate::base::{Error, Kind, Result};
use crate::config::options;
use crate::platform::clock::pause;
use crate::store::guard::{self as rows, Changed, Guard};
use crate::store::{Tx, audit, settings};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

/// What a change is audited as when its time runs out.
const REVERT: &str = "setting.revert";
/// Pause after a failure to take a change back.
const RETRY_MS: u64 = 5000;

/// Refuses a change of guarded settings while another one is pending. Error: `guard_pending`.
pub fn refuse_second(core: &Core, tx: &Tx, keys: &[&str]) -> Result<()> {
    let guarded = |key: &&str| **key == *CERTIFICATE || options::find(key).is_some_and(|opt| opt.guarded);
    match rows::current(tx)? {
        Some(guard) if keys.iter().any(guarded) => Err(Error::new(Kind::Conflict, "guard_pending")
            .with("by", &guard.by)
            .with("retry_s", seconds_left(&guard, core.now()))),
        _ => Ok(()),
    }
}

/// Seconds until `guard` is taken back.
pub fn seconds_left(guard: &Guard, now: Time) -> i64 {
    guard.expires_at.since_s(now).clamp(0, GUARD_S)
}

/// The values as they are stored, to be handed to [`begin`].
pub fn stored(tx: &Tx) -> Result<BTreeMap<String, String>> {
    let rows = settings::list(tx)?.into_iter();
    Ok(rows.filter_map(|row| Some((row.name, row.value?.as_str()?.to_owned()))).collect())
}

/// A change that is pending once it is on the disk.
pub struct Pending {
    guard: Guard,
    open: Open,
}

/// Makes a change pending where a guarded value that counts in this run is another one than before, and takes the new
/// address. `former` is what was stored before the change. What is returned is called once the change is on the disk.
/// Errors: those of [`super::doors::Doors::prepare`].
pub fn begin(
    core: &Core,
    tx: &Tx,
    actor: &Actor,
    former: &BTreeMap<String, String>,
    (before, after): (&Resolved, &Resolved),
) -> Result<Option<Pending>> {
    let differs = |key: &str| value(before, key) != value(after, key);
    let (from, to) = (Way::from(before), Way::from(after));
    if !from.differs(&to) && !options::ALL.iter().any(|opt| opt.guarded && differs(opt.key)) {
        return Ok(None);
    }
    let tried = stored(tx)?;
    let keys = options::ALL.iter().map(|opt| opt.key).chain([CERTIFICATE]);
    let changes = keys.filter_map(|key| {
        let (before, after) = (former.get(key).cloned(), tried.get(key).cloned());
        (before != after).then(|| Changed { key: key.into(), before, after })
    });
    let now = core.now();
    let guard =
        Guard { changes: changes.collect(), by: actor.shown(), started_at: now, expires_at: now.plus_s(GUARD_S) };
    rows::put(tx, &guard)?;
    let open: Open = match core.doors.get()? {
        Some(doors) if from.differs(&to) => doors.prepare(&to)?,
        _ => Box::new(|| {}),
    };
    Ok(Some(Pending { guard, open }))
}

fn value<'a>(resolved: &'a Resolved, key: &str) -> Option<&'a crate::config::value::Value> {
    resolved.all.iter().find(|setting| setting.opt.key == key).map(|setting| &setting.value)
}

/// A pending change has been written: the new address answers, everybody is told, and the time runs. Where somebody has
/// settled it in the meantime, what counts now stays.
pub fn begun(core: &Arc<Core>, Pending { guard, open }: Pending) {
    // Before the turn: whoever has the next one goes by what counts now.
    core.settings.changed(&core.store);
    let turn = core.doors.turn();
    if current(core).is_ok_and(|now| now.as_ref() != Some(&guard)) {
        drop((open, turn));
        return put_doors_in_order(core);
    }
    open();
    drop(turn);
    tell(core, "pending");
    if let Err(e) = resume(core) {
        log::error!(target: "manara::guard", "nobody watches over the pending change: {e}");
    }
}

/// The pending change.
pub fn current(core: &Core) -> Result<Option<Guard>> {
    core.store.read(rows::current)
}

/// Whether a request came over the path that `guard` leads to: by the new listener where address or TLS changed, over a
/// connection that was shown the new certificate where that changed, and from an address of the new list, which this
/// machine has to be in like any other.
pub fn came_the_new_way(guard: &Guard, now: &Resolved, request: &Request) -> bool {
    let (Some(door), Some(address)) = (&request.door, request.address) else { return false };
    let allowed = &now.panel.allowed_addresses;
    let through = (door.listen, door.tls) == (now.panel.listen, now.panel.tls);
    let shown = door.certificate.is_some() && door.certificate == now.certificate;
    (through || !changes_any(guard, &["panel.listen", "panel.tls"]))
        && (shown || !changes_any(guard, &[CERTIFICATE]))
        && (allowed.is_empty() || allowed.iter().any(|net| net.contains(address)))
}

/// Whether `guard` changes one of these.
fn changes_any(guard: &Guard, keys: &[&str]) -> bool {
    guard.changes.iter().any(|change| keys.contains(&change.key.as_str()))
}

/// Whether `guard` changes where the panel listens, or how.
fn moves(guard: &Guard) -> bool {
    changes_any(guard, &["panel.listen", "panel.tls", CERTIFICATE])
}

/// Keeps the pending change. Error: `no_guard`, also when its time is over and it is just being taken back.
pub fn confirm(tx: &Tx, now: Time) -> Result<Guard> {
    let guard = take(tx)?;
    if now < guard.expires_at { Ok(guard) } else { Err(Error::new(Kind::Conflict, "no_guard")) }
}

/// Takes the pending change back: what was stored before is stored again, but for values that somebody has changed
/// since. Error: `no_guard`.
pub fn revert(tx: &Tx, by: &str, now: Time) -> Result<Guard> {
    let guard = take(tx)?;
    let stored = stored(tx)?;
    for change in guard.changes.iter().filter(|change| stored.get(&change.key) == change.after.as_ref()) {
        match &change.before {
            Some(value) => settings::put(tx, &change.key, &json!(value), by, now)?,
            None => drop(settings::delete(tx, &change.key)?),
        }
    }
    Ok(guard)
}

fn take(tx: &Tx) -> Result<Guard> {
    let guard = rows::current(tx)?.ok_or_else(|| Error::new(Kind::Conflict, "no_guard"))?;
    rows::delete(tx)?;
    Ok(guard)
}

/// The values of a guard before or after its change, for the audit trail.
pub fn shown(guard: &Guard, side: fn(&Changed) -> &Option<String>) -> Value {
    guard.changes.iter().map(|change| (change.key.clone(), json!(side(change)))).collect::<Map<_, _>>().into()
}

/// `guard` was confirmed or taken back: only the address that counts now stays open, with the certificate that counts, and
/// everybody is told.
pub fn settled(core: &Core, guard: &Guard, how: &str) {
    core.settings.changed(&core.store);
    if !moves(guard) {
        return tell(core, how);
    }
    put_doors_in_order(core);
    certificate::settle(core);
    tell(core, how);
}

fn put_doors_in_order(core: &Core) {
    if let Err(e) = settle_doors(core) {
        log::error!(target: "manara::guard", "the panel's address could not be put in order: {e}");
    }
}

fn settle_doors(core: &Core) -> Result<()> {
    let _turn = core.doors.turn();
    let (Some(doors), None) = (core.doors.get()?, current(core)?) else { return Ok(()) };
    let way = Way::from(&*core.settings.now(&core.store)?);
    doors.prepare(&way)?();
    doors.keep(&way);
    Ok(())
}

fn tell(core: &Core, state: &str) {
    core.bus.tell(Topic::Settings, "guard", json!({ "state": state }));
}

/// Takes the pending change back when its time is over, else the time runs (on). Called when a change has begun, and at
/// the start for what an earlier run left pending.
pub fn resume(core: &Arc<Core>) -> Result<()> {
    let Some(guard) = current(core)? else { return Ok(()) };
    if take_back_overdue(core, guard.started_at)? {
        return Ok(());
    }
    let weak = Arc::downgrade(core);
    let thread = std::thread::Builder::new().name("guard".into());
    thread.spawn(move || wait(&weak, guard.started_at)).map_err(Error::fault).map(drop)
}

/// Takes the pending change back at once, because it cannot be brought into effect in this run.
pub fn give_up(core: &Core, why: &Error) -> Result<()> {
    log::warn!(target: "manara::guard", "a pending change is taken back: {why}");
    take_back(core, why.code())
}

/// Takes the change that began then back when its time is over; whether it is pending no more.
fn take_back_overdue(core: &Core, started_at: Time) -> Result<bool> {
    match current(core)? {
        Some(guard) if guard.started_at != started_at => Ok(true),
        Some(guard) if core.now() < guard.expires_at => Ok(false),
        Some(_) => take_back(core, "guard_expired").map(|()| true),
        None => Ok(true),
    }
}

fn take_back(core: &Core, code: &str) -> Result<()> {
    let entry = |guard: &Guard| audit::Entry {
        at: core.now(),
        actor: "manara".into(),
        actor_kind: "system".into(),
        operation: REVERT.into(),
        target: "settings".into(),
        result: "done".into(),
        code: Some(code.to_owned()),
        before: Some(shown(guard, |change| &change.after)),
        after: Some(shown(guard, |change| &change.before)),
        ..audit::Entry::default()
    };
    let reverted = core.store.write(|tx| {
        let guard = revert(tx, "manara", core.now())?;
        audit::append(tx, core.store.keys(), &entry(&guard)).map(|_| guard)
    });
    let guard = match reverted {
        // It was confirmed in the same moment.
        Err(e) if e.code() == "no_guard" => return Ok(()),
        other => other?,
    };
    log::warn!(target: "manara::guard", "a change of the panel's settings was not confirmed and has been taken back");
    settled(core, &guard, "reverted");
    Ok(())
}

/// Waits for the end of the change that began then.
fn wait(core: &Weak<Core>, started_at: Time) {
    // Where the clock is put back, the time that passes here counts.
    let mut looks = GUARD_S.unsigned_abs() * 1000 / GUARD_LOOK_MS;
    loop {
        pause(Duration::from_millis(GUARD_LOOK_MS));
        let Some(core) = core.upgrade() else { return };
        looks = looks.saturating_sub(1);
        let ended = match take_back_overdue(&core, started_at) {
            Ok(false) if looks == 0 => take_back(&core, "guard_expired").map(|()| true),
            other => other,
        };
        match ended {
            Ok(true) => return,
            Ok(false) => {}
            Err(e) => {
                log::error!(target: "manara::guard", "the pending change could not be taken back yet: {e}");
                pause(Duration::from_millis(RETRY_MS));
            }
        }
    }
}
