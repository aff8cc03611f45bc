//! Live events (server-sent events, WHATWG HTML §9.2).

use super::body::Body;
use super::pool::Lane;
use super::refusal::Refusal;
use super::response::Answer;
use super::server::{self, Panel};
use super::session::Credentials;
use super::visit::Visit;
use crate::base::limits::{STREAM_BYTES_QUEUED_MAX, STREAM_EVENTS_QUEUED_MAX};
use crate::base::{Error, Result};
use crate::engine::Request;
use crate::engine::events::{Event, Sink, Subscription};
use crate::ops::{Op, run};
use bytes::Bytes;
use hyper::Response;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::{mpsc, watch};

/// What a browser is told first: how long to wait before it connects again.
const BEGIN: &str = "retry: 3000\n\n";
/// A comment: nothing happened, the stream is alive.
const HEARTBEAT: &str = ":\n\n";

/// Opens a stream. It ends when its session or token ends, when its reader is too slow, and when the panel stops.
pub(super) async fn open(
    panel: &Arc<Panel>,
    visit: &mut Visit,
    op: &'static Op,
    credentials: Credentials,
    input: Value,
) -> Result<Answer, Refusal> {
    let (core, request) = (panel.core.clone(), visit.request.clone());
    let (sink, events) = queue();
    let opened = panel.pool.run(Lane::Read, move || {
        let actor = credentials.actor(&core, op.meta.need, &request)?;
        let subscription = run::listen(&core, &actor, &request, op, input, sink)?;
        Ok::<_, Error>((actor, credentials, subscription))
    });
    let (actor, credentials, subscription) = opened.await??;
    visit.actor = actor;
    let (to_client, pieces) = mpsc::channel(1);
    let stream = Stream {
        panel: panel.clone(),
        op,
        credentials: Arc::new(credentials),
        request: visit.request.clone(),
        subscription,
        to_client,
    };
    tokio::spawn(stream.run(events, panel.stopping.clone()));
    let mut answer = Response::new(Body::pieces(pieces));
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    // nginx would gather events before it passes them on.
    answer.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(answer)
}

/// The end of a queue at which events are taken out.
struct Queued {
    events: mpsc::Receiver<Bytes>,
    /// How many bytes of them there are.
    bytes: Arc<AtomicUsize>,
}

impl Queued {
    /// The next event; `None` when no more will come. Dropping the future loses nothing.
    async fn next(&mut self) -> Option<Bytes> {
        let event = self.events.recv().await?;
        self.bytes.fetch_sub(event.len(), Ordering::Relaxed);
        Some(event)
    }
}

/// A queue of events in their form on the wire, bounded in number and bytes. When it is full its reader is too slow: it
/// is dropped.
fn queue() -> (Sink, Queued) {
    let (send, events) = mpsc::channel(STREAM_EVENTS_QUEUED_MAX);
    let bytes = Arc::new(AtomicUsize::new(0));
    let queued = bytes.clone();
    let sink = move |event: &Event| {
        let event = form(event);
        let before = queued.fetch_add(event.len(), Ordering::Relaxed);
        before + event.len() <= STREAM_BYTES_QUEUED_MAX && send.try_send(event).is_ok()
    };
    (Box::new(sink), Queued { events, bytes })
}

fn form(event: &Event) -> Bytes {
    // JSON text has no line break outside of strings, and none unescaped inside.
    Bytes::from(format!("id: {}\nevent: {}\ndata: {}\n\n", event.id, event.name, event.data))
}

struct Stream {
    panel: Arc<Panel>,
    op: &'static Op,
    credentials: Arc<Credentials>,
    request: Request,
    subscription: Subscription,
    to_client: mpsc::Sender<Result<Bytes, super::body::Broken>>,
}

impl Stream {
    async fn run(self, mut events: Queued, mut stopping: watch::Receiver<bool>) {
        let mut heartbeat = tokio::time::interval(self.panel.patience.heartbeat);
        heartbeat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        heartbeat.tick().await;
        let mut next = Some(Bytes::from_static(BEGIN.as_bytes()));
        while let Some(piece) = next {
            // Over HTTP/2 a client that grants no window holds up its own stream only, which nothing else would end.
            let sent = tokio::time::timeout(self.panel.patience.write, self.to_client.send(Ok(piece))).await;
            if !matches!(sent, Ok(Ok(()))) {
                break;
            }
            next = tokio::select! {
                event = events.next() => event,
                _ = heartbeat.tick() => self.is_allowed().await.then(|| Bytes::from_static(HEARTBEAT.as_bytes())),
                () = server::stopped(&mut stopping) => None,
                () = self.to_client.closed() => None,
            };
        }
        drop(self.subscription);
    }

    /// Whether whoever opened the stream may still have it.
    async fn is_allowed(&self) -> bool {
        let (core, op, request) = (self.panel.core.clone(), self.op, self.request.clone());
        let credentials = self.credentials.clone();
        let asked = self.panel.pool.run(Lane::Read, move || {
            credentials.actor(&core, op.meta.need, &request).and_then(|actor| run::authorise(op, &actor))
        });
        matches!(asked.await, Ok(Ok(())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_event_is_one_block_of_lines() {
        let event = Event { id: 7, name: "job-output", data: json!({ "line": "a\nb\r\n" }) };
        assert_eq!(form(&event), "id: 7\nevent: job-output\ndata: {\"line\":\"a\\nb\\r\\n\"}\n\n");
    }

    #[test]
    fn a_reader_that_falls_behind_is_dropped() {
        let (sink, mut events) = queue();
        let event = Event { id: 1, name: "job", data: Value::Null };
        for _ in 0..STREAM_EVENTS_QUEUED_MAX {
            assert!(sink(&event));
        }
        assert!(!sink(&event));
        assert!(events.events.try_recv().is_ok());
    }

    #[tokio::test]
    async fn few_large_events_fill_the_queue_as_well() {
        let (sink, mut events) = queue();
        let event = Event { id: 1, name: "log", data: json!("x".repeat(STREAM_BYTES_QUEUED_MAX / 4)) };
        for _ in 0..16 {
            assert!(sink(&event), "a reader that keeps up gets any number");
            assert!(events.next().await.is_some());
        }
        for _ in 0..3 {
            assert!(sink(&event));
        }
        assert!(!sink(&event));
    }
}
