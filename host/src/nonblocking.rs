//! The host for programs that await: the same work on threads of its own, with futures that any
//! executor polls. There is no runtime here and none is needed.
//!
//! Each open session has one thread, which waits for the next call. A future that is dropped before
//! it is ready drops only the answer: the work was handed over and goes on to its end, and the next
//! call waits behind it. A [`crate::triage::Cancel`] is what stops work.

use crate::model::{Instant, TenantId, Text, caught};
use crate::store::Dir;
use crate::triage::intake::{Document, From};
use crate::triage::{Changed, Drafted, NotStarted, Session, SessionError, Submitted};
use crate::{Casemate, OpenError, Settings};
use async_channel::{Receiver, Sender, bounded};
use std::io;
use std::sync::Arc;

type Work = Box<dyn FnOnce(&mut Session) + Send>;

/// Opens a home, as [`Casemate::open`].
///
/// # Errors
/// As [`Casemate::open`]; [`OpenError::Panicked`] also where no thread could be started.
pub async fn open(root: Dir, settings: Settings) -> Result<Arc<Casemate>, OpenError> {
    let (send, receive) = bounded(1);
    let work = move || {
        // Whoever asked may have gone away.
        let _ = send.try_send(Casemate::open(root, settings).map(Arc::new));
    };
    spawn("open", work).map_err(OpenError::Panicked)?;
    let lost = |_| Err(OpenError::Panicked(stopped()));
    receive.recv().await.unwrap_or_else(lost)
}

/// Reads or does anything else with an opened home on a thread of its own, such as
/// [`Casemate::view`] and what follows from it. None where it panicked or no thread could be started.
pub async fn with<T: Send + 'static>(
    casemate: Arc<Casemate>,
    work: impl FnOnce(&Casemate) -> T + Send + 'static,
) -> Option<T> {
    let (send, receive) = bounded(1);
    let work = move || {
        let _ = send.try_send(work(&casemate));
    };
    spawn("with", work).ok()?;
    receive.recv().await.ok()
}

/// Opens a tenant for work, as [`Casemate::start`].
///
/// # Errors
/// As [`Casemate::start`]; [`NotStarted::Panicked`] also where no thread could be started.
pub async fn start(
    casemate: Arc<Casemate>,
    tenant: TenantId,
    as_of: Instant,
) -> Result<AwaitedSession, NotStarted> {
    let (send, receive) = bounded(1);
    let (work, works) = bounded::<Work>(1);
    let (ended, end) = bounded::<()>(1);
    let thread = move || {
        match casemate.start(&tenant, as_of) {
            Ok(mut session) => {
                if send.try_send(Ok(())).is_ok() {
                    while let Ok(work) = works.recv_blocking() {
                        if caught(|| work(&mut session)).is_err() {
                            break;
                        }
                    }
                    // What was handed over meanwhile is let go, so that nobody waits for it.
                    works.close();
                    while works.try_recv().is_ok() {}
                }
            }
            Err(error) => {
                let _ = send.try_send(Err(error));
            }
        }
        // The session is dropped: whoever waits for the end finds the tenant given back.
        drop(ended);
    };
    spawn("session", thread).map_err(NotStarted::Panicked)?;
    match receive.recv().await {
        Ok(Ok(())) => Ok(AwaitedSession { work, end }),
        Ok(Err(error)) => Err(error),
        Err(_) => Err(NotStarted::Panicked(stopped())),
    }
}

/// A [`Session`] on a thread of its own. Dropped, its thread ends after what it is at; to know that
/// the tenant is given back, await [`AwaitedSession::close`].
pub struct AwaitedSession {
    work: Sender<Work>,
    end: Receiver<()>,
}

impl AwaitedSession {
    /// As [`Session::take`]: ready when the documents are durable.
    ///
    /// # Errors
    /// As [`Session::take`].
    pub async fn take(
        &mut self,
        batch: Vec<Document>,
        name: String,
    ) -> Result<(Submitted, Changed), SessionError> {
        let work = move |session: &mut Session| {
            let (mut done, mut changed) = (Submitted::default(), Changed::default());
            session.take(batch, &name, &mut done, &mut changed)?;
            Ok((done, changed))
        };
        self.with(work).await?
    }

    /// As [`Session::submit`]. The input is read by a blocking thread.
    ///
    /// # Errors
    /// As [`Session::submit`].
    pub async fn submit(
        &mut self,
        input: impl io::Read + Send + 'static,
        from: From,
        name: String,
    ) -> Result<Submitted, SessionError> {
        let work = move |session: &mut Session| session.submit(input, from, &name);
        self.with(work).await?
    }

    /// As [`Session::draft_changed`].
    ///
    /// # Errors
    /// As [`Session::draft`].
    pub async fn draft(&mut self) -> Result<(Drafted, Changed), SessionError> {
        let work = |session: &mut Session| {
            let (mut done, mut changed) = (Drafted::default(), Changed::default());
            session.draft_changed(&mut done, &mut changed)?;
            Ok((done, changed))
        };
        self.with(work).await?
    }

    /// Does anything else with the session.
    ///
    /// # Errors
    /// [`SessionError::Panicked`] where this or an earlier call panicked; then the session has ended.
    pub async fn with<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut Session) -> T + Send + 'static,
    ) -> Result<T, SessionError> {
        let (send, receive) = bounded(1);
        let work: Work = Box::new(move |session| {
            let _ = send.try_send(work(session));
        });
        let lost = |_| SessionError::Panicked(stopped());
        self.work
            .send(work)
            .await
            .map_err(|_| SessionError::Panicked(stopped()))?;
        receive.recv().await.map_err(lost)
    }

    /// Ends the session, and is ready when the tenant is given back.
    pub async fn close(self) {
        let Self { work, end } = self;
        drop(work);
        // Nothing is ever sent: it ends when the thread has dropped the session.
        let _ = end.recv().await;
    }
}

fn stopped() -> Text {
    Text::capped("its thread ended without an answer", 100)
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), Text> {
    let thread = std::thread::Builder::new().name(name.to_owned());
    match thread.spawn(work) {
        Ok(_) => Ok(()),
        Err(error) => Err(Text::capped(&format!("no thread: {error}"), 200)),
    }
}
