//! Tenants in parallel. Each is worked on by one thread at a time, so results do not depend on how
//! many there are.

use crate::model::TenantId;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

/// Calls `work` for each tenant, on as many threads, and gives the results in the order of the
/// tenants. A tenant whose thread could not be started or that panicked has none.
pub fn for_each_tenant<R: Send>(
    tenants: &[TenantId],
    threads: NonZeroUsize,
    work: impl Fn(&TenantId) -> R + Sync,
) -> Vec<(TenantId, Option<R>)> {
    let next = AtomicUsize::new(0);
    let (send, receive) = mpsc::channel();
    let mut results: Vec<(TenantId, Option<R>)> =
        tenants.iter().map(|t| (t.clone(), None)).collect();
    std::thread::scope(|scope| {
        let (next, work) = (&next, &work);
        let mut threads_started = Vec::new();
        for _ in 0..threads.get().min(tenants.len()) {
            let send = send.clone();
            let thread = std::thread::Builder::new().name("tenant".into());
            let started = thread.spawn_scoped(scope, move || {
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    let Some(tenant) = tenants.get(place) else {
                        break;
                    };
                    if send.send((place, work(tenant))).is_err() {
                        break;
                    }
                }
            });
            match started {
                Ok(thread) => threads_started.push(thread),
                Err(error) => {
                    tracing::warn!(%error, "a thread could not be started; the others do its work");
                }
            }
        }
        drop(send);
        for (place, result) in receive {
            if let Some(slot) = results.get_mut(place) {
                slot.1 = Some(result);
            }
        }
        for thread in threads_started {
            // What it was working on has no result; the panic itself was printed when it happened.
            let _ = thread.join();
        }
    });
    results
}
