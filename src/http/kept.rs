//! Answers that depend on the store alone, given again for as long as nothing is written to it: pages ask for the same
//! few things again and again, and this costs neither a query nor a thread.

use super::response::{self, Answer};
use super::visit::Visit;
use crate::engine::Actor;
use bytes::Bytes;
use hyper::StatusCode;
use hyper::header::{ETAG, HeaderValue};
use hyper::http::request::Parts;
use std::collections::HashMap;
use std::sync::Mutex;

/// Bytes of answers kept at once; when there are more, all are forgotten.
const BYTES_MAX: usize = 1024 * 1024;
/// What an answer costs besides its bytes.
const OVERHEAD_BYTES: usize = 256;

/// The answers that are kept.
#[derive(Default)]
pub(super) struct Kept(Mutex<Answers>);

#[derive(Default)]
struct Answers {
    /// [`crate::store::Store::changes`] when they were made.
    changes: u64,
    bytes: usize,
    by_question: HashMap<Question, Vec<(Actor, Whole)>>,
}

/// Path with query, and the language of texts.
type Question = (String, &'static str);

/// An answer without what belongs to one request only.
#[derive(Clone)]
pub(super) struct Whole {
    bytes: Bytes,
    etag: Option<HeaderValue>,
}

impl Whole {
    /// What can be kept of an answer to a reading call; `None` for one that is sent in pieces.
    pub(super) fn of(answer: &Answer) -> Option<Self> {
        let bytes = answer.body().whole()?.clone();
        (answer.status() == StatusCode::OK).then(|| Self { bytes, etag: answer.headers().get(ETAG).cloned() })
    }

    fn answer(self) -> Answer {
        let mut answer = response::whole(StatusCode::OK, "application/json", self.bytes);
        if let Some(etag) = self.etag {
            answer.headers_mut().insert(ETAG, etag);
        }
        answer
    }
}

/// The question that a request asks.
pub(super) fn question(visit: &Visit, parts: &Parts) -> Question {
    (parts.uri.path_and_query().map(|p| p.as_str().to_owned()).unwrap_or_default(), visit.request.lang.tag())
}

impl Kept {
    /// The answer for `actor`, while the store stands at `changes`.
    pub(super) fn find(&self, question: &Question, actor: &Actor, changes: u64) -> Option<Answer> {
        let kept = self.0.lock().ok()?;
        let answers = kept.by_question.get(question).filter(|_| kept.changes == changes)?;
        let (_, whole) = answers.iter().find(|(of, _)| of == actor)?;
        Some(whole.clone().answer())
    }

    /// Keeps an answer made as the store stood at `changes`, read *before* the store was asked.
    pub(super) fn keep(&self, question: Question, actor: &Actor, changes: u64, whole: Whole) {
        let Ok(mut kept) = self.0.lock() else { return };
        let bytes = whole.bytes.len() + question.0.len() + OVERHEAD_BYTES;
        if changes < kept.changes || bytes > BYTES_MAX {
            return;
        }
        if changes > kept.changes || kept.bytes + bytes > BYTES_MAX {
            *kept = Answers { changes, ..Answers::default() };
        }
        kept.bytes += bytes;
        let answers = kept.by_question.entry(question).or_default();
        answers.retain(|(of, _)| of != actor);
        answers.push((actor.clone(), whole));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(text: &'static str) -> Whole {
        Whole { bytes: Bytes::from_static(text.as_bytes()), etag: None }
    }

    #[test]
    fn an_answer_is_given_to_its_caller_in_its_language_until_something_is_written() {
        let kept = Kept::default();
        let question = || ("/api/v1/sites".to_owned(), "en");
        kept.keep(question(), &Actor::Console, 1, whole("a"));
        let found = |question: &Question, actor: &Actor, changes| kept.find(question, actor, changes).is_some();
        assert!(found(&question(), &Actor::Console, 1));
        assert!(!found(&question(), &Actor::Nobody, 1));
        assert!(!found(&("/api/v1/sites".to_owned(), "ar"), &Actor::Console, 1));
        assert!(!found(&question(), &Actor::Console, 2));
        kept.keep(question(), &Actor::Nobody, 2, whole("b"));
        kept.keep(question(), &Actor::Console, 1, whole("late"));
        assert!(!found(&question(), &Actor::Console, 2));
        assert!(found(&question(), &Actor::Nobody, 2));
    }

    #[test]
    fn there_is_an_end_to_what_is_kept() {
        let kept = Kept::default();
        let big: Bytes = vec![0; BYTES_MAX / 3].into();
        for n in 0..10 {
            kept.keep((n.to_string(), "en"), &Actor::Nobody, 0, Whole { bytes: big.clone(), etag: None });
            assert!(kept.0.lock().unwrap().bytes <= BYTES_MAX);
        }
        assert!(kept.find(&("9".to_owned(), "en"), &Actor::Nobody, 0).is_some());
        assert!(kept.find(&("0".to_owned(), "en"), &Actor::Nobody, 0).is_none());
    }
}
