//! Following logs: one thread looks for everybody, as long as there is anybody. Those who are at the same place of the
//! same log share a look.

use super::read;
use crate::base::limits::LOG_EVENT_BYTES_MAX;
use crate::base::{Error, Result};
use crate::engine::Core;
use crate::engine::events::{Sink, Subscription};
use crate::platform::clock::pause;
use crate::platform::logs::{LogEntry, LogQuery, LogSource, LogStart};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

/// Time between two looks at a file.
const EVERY: Duration = Duration::from_secs(1);
/// The journal is looked at in every n-th round: that takes a program.
const JOURNAL_EVERY: u32 = 2;

/// Everybody who follows a log.
#[derive(Default)]
pub struct Followers(Mutex<State>);

#[derive(Default)]
struct State {
    list: Vec<Follower>,
    /// Whether somebody looks.
    running: bool,
}

/// Somebody who follows a log: its number on the bus, what it is to hear, and how far it has heard.
#[derive(Clone)]
struct Follower {
    listener: u64,
    query: LogQuery,
}

/// Hands the entries that `query` finds from now on, or from its place on, to `sink`, as events `log`.
pub fn follow(core: &Arc<Core>, mut query: LogQuery, sink: Sink) -> Result<Subscription> {
    if query.start == LogStart::Newest {
        // Any entry shows the end: the ones that are wanted may be far from it.
        let any = LogQuery { limit: 1, site: None, text: None, level: None, from: None, until: None, ..query.clone() };
        let place = read(core, &any)?.newest;
        query.start = place.map_or(LogStart::Newest, LogStart::After);
    }
    let subscription = core.bus.listen(vec![], sink);
    let mut state = core.followers.0.lock().map_err(Error::fault)?;
    state.list.push(Follower { listener: subscription.id(), query });
    if !state.running {
        let core = Arc::downgrade(core);
        let looking = std::thread::Builder::new().name("logs".into()).spawn(move || look(&core));
        looking.map_err(Error::fault)?;
        state.running = true;
    }
    Ok(subscription)
}

/// Looks until nobody follows any more, or the panel ends.
fn look(core: &Weak<Core>) {
    for round in 0_u32.. {
        let Some(core) = core.upgrade() else { return };
        if !turn(&core, round) {
            return;
        }
        drop(core);
        pause(EVERY);
    }
}

/// One look for everybody; `false` when there is nobody.
fn turn(core: &Core, round: u32) -> bool {
    let mut waiting = {
        let Ok(mut state) = core.followers.0.lock() else { return false };
        state.list.retain(|follower| core.bus.is_listening(follower.listener));
        state.running = !state.list.is_empty();
        if !state.running {
            return false;
        }
        state.list.clone()
    };
    waiting.retain(|follower| is_file(&follower.query.source) || round.is_multiple_of(JOURNAL_EVERY));
    while let Some(first) = waiting.first().cloned() {
        let (same, others) = waiting.into_iter().partition(|other| is_same(&other.query, &first.query));
        waiting = others;
        serve(core, &first.query, same);
    }
    true
}

fn is_file(source: &LogSource) -> bool {
    matches!(source, LogSource::Access | LogSource::Error)
}

fn is_same(one: &LogQuery, other: &LogQuery) -> bool {
    (&one.source, &one.site, &one.start) == (&other.source, &other.site, &other.start)
}

/// Reads what is new at one place, and hands everybody there what they want of it.
fn serve(core: &Core, query: &LogQuery, followers: Vec<Follower>) {
    let everything = LogQuery { text: None, level: None, from: None, until: None, ..query.clone() };
    let (entries, place) = match read(core, &everything) {
        Ok(page) if query.start == LogStart::Newest => (vec![], page.newest),
        Ok(page) => (page.entries, page.newest),
        // The host may be starting again, or the place is gone: what comes then is followed.
        Err(e) => {
            log::debug!(target: "manara::logs", "a log could not be followed: {e}");
            (vec![], None)
        }
    };
    for follower in followers {
        let wanted: Vec<&LogEntry> = entries.iter().filter(|entry| entry.fits(&follower.query)).collect();
        for entries in shares(&wanted) {
            core.bus.tell_one(follower.listener, "log", serde_json::json!({ "entries": entries }));
        }
        let Ok(mut state) = core.followers.0.lock() else { return };
        if let Some(known) = state.list.iter_mut().find(|known| known.listener == follower.listener) {
            known.query.start = place.clone().map_or(LogStart::Newest, LogStart::After);
        }
    }
}

/// Entries in shares of a size for one event each.
fn shares<'e, 'a>(entries: &'a [&'e LogEntry]) -> impl Iterator<Item = &'a [&'e LogEntry]> {
    let mut rest = entries;
    std::iter::from_fn(move || {
        let mut weight = 0;
        let fits = |entry: &&&LogEntry| {
            weight += entry.weight();
            weight <= LOG_EVENT_BYTES_MAX
        };
        // One alone may be larger.
        let count = rest.iter().take_while(fits).count().max(1).min(rest.len());
        let (share, others) = rest.split_at(count);
        rest = others;
        (!share.is_empty()).then_some(share)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_look_found_is_told_in_shares() {
        let entry = |bytes| LogEntry { at: None, level: None, message: "x".repeat(bytes), fields: Default::default() };
        let half = LOG_EVENT_BYTES_MAX / 2;
        let entries = [10, half, half, LOG_EVENT_BYTES_MAX, 20, 30].map(entry);
        let entries: Vec<&LogEntry> = entries.iter().collect();
        assert_eq!(shares(&entries).map(<[_]>::len).collect::<Vec<_>>(), [2, 1, 1, 2]);
        assert_eq!(shares(&entries).flatten().copied().collect::<Vec<_>>(), entries);
        assert_eq!(shares(&[]).count(), 0);
    }
}
