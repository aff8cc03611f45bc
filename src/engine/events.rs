//! What happens, told to whoever listens: browsers through one stream each, the command line while it waits.

use crate::base::access::Permission;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// What an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Topic {
    /// Jobs: state, progress, output.
    Jobs,
    /// Sites: created, updated, deleted.
    Sites,
    /// Live figures of the machine.
    Metrics,
    /// Settings: a guarded change began, was confirmed or taken back.
    Settings,
    /// The audit trail: something was done to the panel's own rows.
    Audit,
    /// What runs on the machine.
    Processes,
    /// Services of the machine and their states.
    Services,
}

impl Topic {
    /// Every topic.
    pub const ALL: [Topic; 7] =
        [Topic::Jobs, Topic::Sites, Topic::Metrics, Topic::Settings, Topic::Audit, Topic::Processes, Topic::Services];

    /// Who may listen.
    pub fn needs(self) -> Permission {
        match self {
            Topic::Jobs => Permission::JobsRead,
            Topic::Sites => Permission::SitesRead,
            Topic::Metrics | Topic::Settings | Topic::Processes | Topic::Services => Permission::SystemRead,
            Topic::Audit => Permission::AuditRead,
        }
    }
}

/// One thing that happened.
#[derive(Debug, Clone)]
pub struct Event {
    /// Counts up within one run of the panel, for every listener in the order in which it hears them.
    pub id: u64,
    /// `job`, `job-output`, `site`, `metrics`, `guard`, `audit`, `log`, `processes`, `services`.
    pub name: &'static str,
    /// Its data.
    pub data: Value,
}

/// Takes events; answers `false` when nobody reads them any more. Must not block.
pub type Sink = Box<dyn Fn(&Event) -> bool + Send + Sync>;

struct Listener {
    topics: Vec<Topic>,
    sink: Sink,
}

/// Hands every event to every listener of its topic.
#[derive(Clone, Default)]
pub struct Bus(Arc<Inner>);

#[derive(Default)]
struct Inner {
    next: AtomicU64,
    listeners: Mutex<HashMap<u64, Listener>>,
}

/// Listens until it is dropped.
pub struct Subscription {
    bus: Bus,
    id: u64,
}

impl Bus {
    /// Calls `sink` for every event of `topics` from now on.
    pub fn listen(&self, topics: Vec<Topic>, sink: Sink) -> Subscription {
        let id = self.0.next.fetch_add(1, Ordering::Relaxed);
        if let Ok(mut listeners) = self.0.listeners.lock() {
            listeners.insert(id, Listener { topics, sink });
        }
        Subscription { bus: self.clone(), id }
    }

    /// Tells everybody who listens to `topic`.
    pub fn tell(&self, topic: Topic, name: &'static str, data: Value) {
        if let Ok(mut listeners) = self.0.listeners.lock() {
            let event = self.event(name, data);
            listeners.retain(|_, l| !l.topics.contains(&topic) || (l.sink)(&event));
        }
    }

    /// Tells the listener of that number, when it still listens.
    pub fn tell_one(&self, listener: u64, name: &'static str, data: Value) {
        let Ok(mut listeners) = self.0.listeners.lock() else { return };
        let event = self.event(name, data);
        if listeners.get(&listener).is_some_and(|l| !(l.sink)(&event)) {
            listeners.remove(&listener);
        }
    }

    /// Whether the listener of that number still listens.
    pub fn is_listening(&self, listener: u64) -> bool {
        self.0.listeners.lock().is_ok_and(|l| l.contains_key(&listener))
    }

    fn event(&self, name: &'static str, data: Value) -> Event {
        Event { id: self.0.next.fetch_add(1, Ordering::Relaxed), name, data }
    }

    /// How many listen to `topic`; a source without listeners need not produce.
    pub fn listeners(&self, topic: Topic) -> usize {
        self.0.listeners.lock().map_or(0, |l| l.values().filter(|l| l.topics.contains(&topic)).count())
    }

    /// How many listen at all.
    pub fn streams(&self) -> usize {
        self.0.listeners.lock().map_or(0, |l| l.len())
    }
}

impl Subscription {
    /// Number of the listener.
    pub fn id(&self) -> u64 {
        self.id
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if let Ok(mut listeners) = self.bus.0.listeners.lock() {
            listeners.remove(&self.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn listeners_get_their_topics_until_they_leave() {
        let bus = Bus::default();
        let (send, receive) = mpsc::channel();
        let listening = bus.listen(vec![Topic::Jobs], Box::new(move |e| send.send(e.name).is_ok()));
        bus.tell(Topic::Sites, "site", Value::Null);
        bus.tell(Topic::Jobs, "job", Value::Null);
        assert_eq!(receive.try_iter().collect::<Vec<_>>(), ["job"]);
        drop(listening);
        assert_eq!(bus.listeners(Topic::Jobs), 0);
    }

    #[test]
    fn a_listener_that_went_away_is_forgotten() {
        let bus = Bus::default();
        let (send, receive) = mpsc::channel();
        let _listening = bus.listen(vec![Topic::Jobs], Box::new(move |e| send.send(e.id).is_ok()));
        drop(receive);
        bus.tell(Topic::Jobs, "job", Value::Null);
        assert_eq!(bus.listeners(Topic::Jobs), 0);
    }
}
