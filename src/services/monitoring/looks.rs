//! Processes and services: for those who ask, and live for those who listen. One thread looks for all listeners, as long
//! as there are any.

use super::services as installed;
use crate::base::{Error, Result};
use crate::engine::Core;
use crate::engine::core::unexpected;
use crate::engine::events::Topic;
use crate::engine::looks::{Seen, Services};
use crate::platform::clock::pause;
use crate::platform::processes::Process;
use crate::platform::{HostOp, HostReply};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

/// Time between two looks for those who listen; whoever asks meanwhile gets the last one.
const EVERY: Duration = Duration::from_secs(5);
/// Where nobody listens, those who ask within this time share a look.
const SHARED: Duration = Duration::from_secs(1);
/// Pause of the thread between two turns.
const TURN: Duration = Duration::from_secs(1);
/// Processes that listeners are told of: the first by processor time, and the first by memory.
const TOLD_MAX: usize = 30;

/// Processes as they were seen within the last seconds, the busiest first.
pub fn processes(core: &Core) -> Result<Arc<Seen<Vec<Process>>>> {
    core.looks.processes.get(age(core, Topic::Processes), || match core.host.ask(&HostOp::Processes)? {
        HostReply::Processes { list } => Ok(list),
        other => Err(unexpected(&other)),
    })
}

/// Services as they were seen within the last seconds, and whether a service manager knows them.
pub fn services(core: &Core) -> Result<Arc<Seen<Services>>> {
    core.looks.services.get(age(core, Topic::Services), || installed::services(core))
}

fn age(core: &Core, topic: Topic) -> Duration {
    if core.bus.listeners(topic) > 0 { EVERY } else { SHARED }
}

/// Sees to it that whoever listens is told of processes and services.
pub fn tell_listeners(core: &Arc<Core>) -> Result<()> {
    let mut running = core.looks.running.lock().map_err(Error::fault)?;
    if !*running && is_heard(core) {
        let core = Arc::downgrade(core);
        let looking = std::thread::Builder::new().name("looks".into()).spawn(move || watch(&core));
        looking.map_err(Error::fault)?;
        *running = true;
    }
    Ok(())
}

fn is_heard(core: &Core) -> bool {
    [Topic::Processes, Topic::Services].iter().any(|topic| core.bus.listeners(*topic) > 0)
}

/// Looks until nobody listens any more, or the panel ends.
fn watch(core: &Weak<Core>) {
    let (mut processes_told, mut services_told) = (Told::Nothing, Told::Nothing);
    while let Some(core) = core.upgrade() {
        let Ok(mut running) = core.looks.running.lock() else { return };
        *running = is_heard(&core);
        if !*running {
            return;
        }
        drop(running);
        processes_told.turn(&core, Topic::Processes, "processes", processes, |list| first_of(list));
        services_told.turn(
            &core,
            Topic::Services,
            "services",
            services,
            |(items, managed)| json!({ "items": items, "managed": managed }),
        );
        drop(core);
        pause(TURN);
    }
}

/// What listeners of a topic were told last.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    Nothing,
    /// The look of that moment.
    Seen(Instant),
    /// That there is none.
    Failure,
}

impl Told {
    /// Tells the listeners of `topic` what is new: a look, or `null` where it failed, once, so that they ask for the reason.
    fn turn<T>(
        &mut self,
        core: &Core,
        topic: Topic,
        name: &'static str,
        look: impl FnOnce(&Core) -> Result<Arc<Seen<T>>>,
        form: impl FnOnce(&T) -> Value,
    ) {
        if core.bus.listeners(topic) == 0 {
            *self = Told::Nothing;
            return;
        }
        let seen = look(core);
        let now = seen.as_ref().map_or(Told::Failure, |seen| Told::Seen(seen.at));
        if now != *self {
            *self = now;
            core.bus.tell(topic, name, seen.map_or(Value::Null, |seen| form(&seen.what)));
        }
    }
}

/// The first of `all` by processor time and the first by memory, the busiest first.
fn first_of(all: &[Process]) -> Value {
    let mut by_memory: Vec<&Process> = all.iter().collect();
    by_memory.sort_by_key(|process| std::cmp::Reverse(process.memory));
    let large: HashSet<u32> = by_memory.iter().take(TOLD_MAX).map(|process| process.pid).collect();
    let first = all.iter().enumerate().filter(|(place, process)| *place < TOLD_MAX || large.contains(&process.pid));
    json!({ "items": first.map(|(_, process)| process).collect::<Vec<_>>(), "total": all.len() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::Time;
    use crate::platform::processes::ProcessState;

    #[test]
    fn listeners_hear_of_the_busiest_and_of_the_largest() {
        let process = |pid: u32| Process {
            pid,
            name: "a".into(),
            user: "root".into(),
            state: ProcessState::Sleeping,
            cpu_percent: 0.0,
            memory: pid.into(),
            threads: 1,
            started_at: Time(0),
            unit: None,
        };
        let all: Vec<Process> = (1..=200).map(process).collect();
        let told = first_of(&all);
        let pids: Vec<u64> = told["items"].as_array().unwrap().iter().map(|p| p["pid"].as_u64().unwrap()).collect();
        assert_eq!(pids, (1..=30).chain(171..=200).collect::<Vec<u64>>());
        assert_eq!(told["total"], 200);
        assert_eq!(first_of(&all[..2])["items"].as_array().unwrap().len(), 2);
    }
}
