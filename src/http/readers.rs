//! Threads that carry out short reads one after the other. Under load a thread finds its next read waiting when it is done
//! with one, so that no thread has to be woken for it; waking costs more than a read from the cache.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex};

type Job = Box<dyn FnOnce() + Send>;

/// The threads; they end when this is dropped.
pub(super) struct Readers {
    queue: Arc<Queue>,
    threads: usize,
    waiting_max: usize,
}

#[derive(Default)]
struct Queue {
    state: Mutex<State>,
    arrived: Condvar,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    idle: usize,
    closed: bool,
}

impl Readers {
    /// Starts `threads` threads, behind which at most `waiting_max` reads wait.
    pub(super) fn start(threads: usize, waiting_max: usize) -> std::io::Result<Self> {
        let queue = Arc::new(Queue::default());
        for _ in 0..threads {
            let queue = queue.clone();
            std::thread::Builder::new().name("manara-read".into()).spawn(move || queue.work())?;
        }
        Ok(Self { queue, threads, waiting_max })
    }

    /// Queues a read; `false` when too many wait already.
    pub(super) fn submit(&self, job: Job) -> bool {
        let Ok(mut state) = self.queue.state.lock() else { return false };
        if state.jobs.len() >= self.waiting_max {
            return false;
        }
        state.jobs.push_back(job);
        if state.idle > 0 {
            self.queue.arrived.notify_one();
        }
        true
    }

    /// Threads at work.
    pub(super) fn busy(&self) -> usize {
        self.threads.saturating_sub(self.queue.state.lock().map_or(0, |state| state.idle))
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        if let Ok(mut state) = self.queue.state.lock() {
            state.closed = true;
            state.jobs.clear();
        }
        self.queue.arrived.notify_all();
    }
}

impl Queue {
    fn work(&self) {
        while let Some(job) = self.next() {
            // Whoever waits for the answer sees that there is none.
            let _ = catch_unwind(AssertUnwindSafe(job));
        }
    }

    /// The next read; `None` at the end.
    fn next(&self) -> Option<Job> {
        let mut state = self.state.lock().ok()?;
        loop {
            if state.closed {
                return None;
            }
            if let Some(job) = state.jobs.pop_front() {
                return Some(job);
            }
            state.idle += 1;
            state = self.arrived.wait(state).ok()?;
            state.idle -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn reads_are_bounded_and_survive_a_panic() {
        let readers = Readers::start(1, 2).unwrap();
        let (begun, is_begun) = mpsc::channel();
        let (go, wait) = mpsc::channel::<()>();
        assert!(readers.submit(Box::new(move || {
            begun.send(()).unwrap();
            wait.recv().unwrap();
            panic!("on purpose");
        })));
        is_begun.recv().unwrap();
        let (done, is_done) = mpsc::channel();
        for _ in 0..2 {
            let done = done.clone();
            assert!(readers.submit(Box::new(move || done.send(()).unwrap())));
        }
        assert!(!readers.submit(Box::new(|| {})), "one runs, two wait");
        assert_eq!(readers.busy(), 1);
        go.send(()).unwrap();
        is_done.recv().unwrap();
        is_done.recv().unwrap();
    }
}
