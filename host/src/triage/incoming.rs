//! Documents read ahead of whoever takes them in, on a thread of their own, in bounded memory.

use super::cancel::Cancel;
use super::intake::{Document, From, Wrapping, documents};
use super::submit::BATCH;
use crate::model::caught;
use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Documents that are read ahead at most.
const AHEAD: usize = 2 * BATCH;
/// Bytes of documents that are read ahead at most, beside one document of any size.
const AHEAD_BYTES: usize = 16 << 20;
/// What an alert takes beside its document's bytes.
const ALERT_BYTES: usize = 1024;
/// Bytes of documents after which a batch is not filled further.
const BATCH_BYTES: usize = 8 << 20;
/// How long a batch waits to be filled: long enough for a pipe, too short for a person to notice.
const FILLING: Duration = Duration::from_millis(20);
/// How often somebody who waits looks whether the wait was cancelled.
const LOOK: Duration = Duration::from_millis(50);

/// The documents of an input, as they come. Nothing is read further ahead than two batches: an input
/// that is a pipe is held back by whoever does not take.
pub struct Incoming {
    queue: Arc<Queue>,
}

/// What came.
#[derive(Debug)]
pub enum Came {
    /// Documents: at least one, at most [`BATCH`].
    Documents(Vec<Document>),
    /// Nothing, for as long as it was waited.
    Nothing,
    /// The input is at its end.
    End,
}

impl Incoming {
    /// Reads an input on a thread of its own, which ends with the input, with an error of it, or at
    /// its next document once this is dropped or cancelled.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub fn read(
        input: impl io::Read + Send + 'static,
        from: From,
        cancel: Cancel,
    ) -> io::Result<Self> {
        let queue = Arc::new(Queue::default());
        let filled = Arc::clone(&queue);
        let thread = std::thread::Builder::new().name("reader".into());
        thread.spawn(move || filled.fill(input, from, &cancel))?;
        Ok(Self { queue })
    }

    /// As [`Incoming::read`], on a thread that ends within a scope.
    pub(super) fn read_within<'scope, R: io::Read + Send + 'scope>(
        scope: &'scope std::thread::Scope<'scope, '_>,
        input: R,
        from: From,
        cancel: Cancel,
    ) -> io::Result<Self> {
        let queue = Arc::new(Queue::default());
        let filled = Arc::clone(&queue);
        let thread = std::thread::Builder::new().name("reader".into());
        thread.spawn_scoped(scope, move || filled.fill(input, from, &cancel))?;
        Ok(Self { queue })
    }

    /// The next documents: waits for the first at most so long, or until cancelled, and only briefly
    /// for more.
    ///
    /// # Errors
    /// An error of the input, once, after everything before it.
    pub fn next(&mut self, at_most: Duration, cancel: &Cancel) -> io::Result<Came> {
        let mut state = self.queue.lock();
        let begun = Instant::now();
        while state.documents.is_empty() && !state.ended {
            let left = at_most.saturating_sub(begun.elapsed());
            if left.is_zero() || cancel.is_cancelled() {
                return Ok(Came::Nothing);
            }
            state = self.queue.wait(state, left.min(LOOK));
        }
        let filling = Instant::now();
        let mut batch = Vec::new();
        let mut bytes = 0;
        loop {
            while batch.len() < BATCH && bytes < BATCH_BYTES {
                let Some(document) = state.documents.pop_front() else {
                    break;
                };
                bytes += length(&document);
                state.bytes = state.bytes.saturating_sub(length(&document));
                batch.push(document);
            }
            self.queue.changed.notify_all();
            let left = FILLING.saturating_sub(filling.elapsed());
            let full = batch.len() >= BATCH || bytes >= BATCH_BYTES;
            if full || left.is_zero() || state.ended {
                break;
            }
            state = self.queue.wait(state, left);
        }
        match (batch.is_empty(), state.error.take()) {
            (false, error) => {
                state.error = error;
                Ok(Came::Documents(batch))
            }
            (true, Some(error)) => Err(error),
            (true, None) => Ok(Came::End),
        }
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        self.queue.lock().gone = true;
        self.queue.changed.notify_all();
    }
}

#[derive(Default)]
struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    documents: VecDeque<Document>,
    bytes: usize,
    ended: bool,
    error: Option<io::Error>,
    /// Nobody takes any more.
    gone: bool,
}

impl Queue {
    /// A thread that stopped in the middle left nothing half done: each change is one push or pop.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(
        &'a self,
        state: MutexGuard<'a, State>,
        at_most: Duration,
    ) -> MutexGuard<'a, State> {
        let waited = self.changed.wait_timeout(state, at_most);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    /// Reads to the end. A fault in a reader is an error of the input: nothing of it may look like an
    /// end, and no panic may reach the embedder.
    fn fill(&self, input: impl io::Read, from: From, cancel: &Cancel) {
        let fault = caught(|| self.read(input, from, cancel)).is_err();
        let mut state = self.lock();
        if fault {
            state.error = Some(io::Error::other("the thread that reads it panicked"));
        }
        state.ended = true;
        drop(state);
        self.changed.notify_all();
    }

    fn read(&self, input: impl io::Read, from: From, cancel: &Cancel) {
        for document in documents(input, from) {
            let document = match document {
                Ok(document) => document,
                Err(error) => {
                    self.lock().error = Some(error);
                    return;
                }
            };
            let mut state = self.lock();
            while state.documents.len() >= AHEAD || state.bytes >= AHEAD_BYTES {
                if state.gone || cancel.is_cancelled() {
                    return;
                }
                state = self.wait(state, LOOK);
            }
            if state.gone || cancel.is_cancelled() {
                return;
            }
            state.bytes += length(&document);
            state.documents.push_back(document);
            drop(state);
            self.changed.notify_all();
        }
    }
}

/// What a document takes in memory, roughly: with what is read of it, and its part of what wrapped it.
fn length(document: &Document) -> usize {
    let (bytes, read, wrapping) = match document {
        Document::Alert(taken) => (taken.bytes.len(), ALERT_BYTES, &taken.wrapping),
        Document::Reject(reject) => (reject.bytes.len(), 0, &reject.wrapping),
    };
    bytes + read + wrapping.as_ref().map_or(0, Wrapping::share)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    const LONG: Duration = Duration::from_secs(20);

    /// Gives lines without end and counts what was read of them.
    struct Endless(Arc<AtomicU64>);

    impl io::Read for Endless {
        fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
            to.fill(b'{');
            if let Some(last) = to.last_mut() {
                *last = b'\n';
            }
            self.0.fetch_add(to.len() as u64, Ordering::SeqCst);
            Ok(to.len())
        }
    }

    #[test]
    fn an_input_is_read_no_further_ahead_than_the_bound() {
        let read = Arc::new(AtomicU64::new(0));
        let cancel = Cancel::new();
        let mut incoming =
            Incoming::read(Endless(read.clone()), From::Auto, cancel.clone()).unwrap();
        let Ok(Came::Documents(first)) = incoming.next(LONG, &cancel) else {
            panic!("nothing came");
        };
        assert!(first.iter().map(length).sum::<usize>() <= BATCH_BYTES + (1 << 20));
        let mut before = 0;
        for _ in 0..200 {
            std::thread::sleep(Duration::from_millis(20));
            let now = read.load(Ordering::SeqCst);
            if now == before {
                break;
            }
            before = now;
        }
        assert!(before < 80 << 20, "{before}");
        drop(incoming);
    }

    #[test]
    fn a_fault_while_reading_is_an_error_and_no_end() {
        struct Faulty;
        impl io::Read for Faulty {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                panic!("a fault of the embedder's reader")
            }
        }
        let cancel = Cancel::new();
        let mut incoming = Incoming::read(Faulty, From::Auto, cancel.clone()).unwrap();
        assert!(incoming.next(LONG, &cancel).is_err());
    }

    #[test]
    fn a_quiet_input_does_not_keep_back_what_it_gave() {
        let (reader, mut writer) = io::pipe().unwrap();
        let cancel = Cancel::new();
        let mut incoming = Incoming::read(reader, From::Auto, cancel.clone()).unwrap();
        assert!(matches!(
            incoming.next(Duration::from_millis(30), &cancel),
            Ok(Came::Nothing)
        ));
        io::Write::write_all(&mut writer, b"{\"a\":1}\n").unwrap();
        let Ok(Came::Documents(one)) = incoming.next(LONG, &cancel) else {
            panic!("nothing came");
        };
        assert_eq!(one.len(), 1);
        cancel.cancel();
        assert!(matches!(incoming.next(LONG, &cancel), Ok(Came::Nothing)));
        drop(writer);
        while !matches!(incoming.next(LONG, &Cancel::new()), Ok(Came::End)) {}
    }
}
