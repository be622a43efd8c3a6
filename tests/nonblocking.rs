//! The host for programs that await, polled by an executor of twenty lines: none is built in. Run
//! with `cargo test --release -p casemate --features async --test nonblocking`; the modules are built
//! first by `cargo modules`.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on says so by stopping"
)]

use casemate::ambient::{make_dir, open_dir};
use casemate::model::{Instant, TenantId};
use casemate::nonblocking::{open, start, with};
use casemate::sandbox::{Compiler, GrantedTenants};
use casemate::triage::intake::{Document, From, documents};
use casemate::triage::{Cancel, Ended, NotStarted, SessionError};
use casemate::{Casemate, ErrorKind, Settings, setup};
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

const NOW: Instant = Instant::from_millis(1_795_420_800_000);
const BY: &str = "ada@mssp.example";

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// The whole executor.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(value) => return value,
            Poll::Pending => std::thread::park(),
        }
    }
}

struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn compiler() -> Compiler {
    Compiler::program(env!("CARGO_BIN_EXE_casemate"), [Compiler::ARGUMENT])
}

/// A home with the modules that ship, and tenants `acme` and `bolt`.
fn home(name: &str) -> (Folder, Arc<Casemate>) {
    let path = std::env::temp_dir().join(format!("casemate-{name}-{}", std::process::id()));
    let folder = Folder(path.clone());
    let home = setup::create(make_dir(&path).unwrap(), BY).unwrap();
    let modules = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/modules");
    let modules = open_dir(modules).unwrap_or_else(|e| panic!("run `cargo modules`: {e}"));
    for module in setup::install_folder(&home, &modules).unwrap() {
        setup::grant(&home, &module, GrantedTenants::All, BY, NOW).unwrap();
    }
    for id in ["acme", "bolt"] {
        setup::add_tenant(&home, &tenant(id), BY).unwrap();
    }
    let opened = open(
        open_dir(&path).unwrap(),
        Settings::new(Arc::new(|| NOW), compiler()),
    );
    (folder, block_on(opened).unwrap())
}

fn tenant(id: &str) -> TenantId {
    TenantId::parse(id).unwrap()
}

fn alerts(count: usize) -> Vec<u8> {
    let one = |i: usize| {
        format!(
            "{{\"class_uid\":2004,\"time\":{},\"severity_id\":4,\"metadata\":{{\"version\":\"1.3.0\",\"product\":{{\"name\":\"EDR\"}}}},\"finding_info\":{{\"uid\":\"a{i}\",\"title\":\"T{}\",\"analytic\":{{\"uid\":\"r{}\"}}}},\"device\":{{\"hostname\":\"h{}\"}}}}\n",
            1_795_212_000_000_u64 + i as u64 * 1_000,
            i % 3,
            i % 3,
            i % 5
        )
    };
    (0..count).map(one).collect::<String>().into_bytes()
}

fn read(input: &[u8]) -> Vec<Document> {
    documents(input, From::Auto).map(Result::unwrap).collect()
}

#[test]
fn what_is_awaited_is_what_is_done_without_awaiting() {
    let (_folder, casemate) = home("awaited");
    let input = alerts(120);
    block_on(async {
        let mut session = start(casemate.clone(), tenant("acme"), NOW).await.unwrap();
        let (taken, changed) = session.take(read(&input), "siem".to_owned()).await.unwrap();
        assert_eq!((taken.new, taken.waiting), (120, 0));
        assert_eq!(changed.placements.len(), 120);
        let (drafted, changed) = session.draft().await.unwrap();
        assert_eq!(drafted.drafts, changed.drafts.len() as u64);
        let again = std::io::Cursor::new(input.clone());
        let again = session
            .submit(again, From::Auto, "siem".to_owned())
            .await
            .unwrap();
        assert_eq!((again.new, again.duplicates), (0, 120));
        // Another may not write meanwhile, and may as soon as it is closed.
        let second = start(casemate.clone(), tenant("acme"), NOW).await.map(drop);
        assert_eq!(second.unwrap_err().kind(), ErrorKind::TryAgain);
        session.close().await;
        start(casemate.clone(), tenant("acme"), NOW)
            .await
            .unwrap()
            .close()
            .await;
        let nobody = start(casemate.clone(), tenant("nobody"), NOW)
            .await
            .map(drop);
        assert!(matches!(nobody, Err(NotStarted::Store(_))));
    });
    let mut plain = casemate.start(&tenant("bolt"), NOW).unwrap();
    plain.submit(input.as_slice(), From::Auto, "siem").unwrap();
    plain.draft().unwrap();
    let placements = |casemate: &Casemate, id| {
        let view = casemate.view(&tenant(id)).unwrap().unwrap();
        view.placements(1, 120).unwrap()
    };
    let awaited = block_on(with(casemate.clone(), move |c| placements(c, "acme"))).unwrap();
    assert_eq!(awaited, placements(&casemate, "bolt"));
}

#[test]
fn a_future_that_is_dropped_loses_its_answer_and_not_the_work() {
    let (_folder, casemate) = home("dropped");
    let input = alerts(400);
    block_on(async {
        let mut session = start(casemate.clone(), tenant("acme"), NOW).await.unwrap();
        {
            let mut taking = pin!(session.take(read(&input), "siem".to_owned()));
            let waker = Waker::noop();
            assert!(
                taking
                    .as_mut()
                    .poll(&mut Context::from_waker(waker))
                    .is_pending()
            );
        }
        // Behind it.
        let (done, _) = session.take(Vec::new(), "siem".to_owned()).await.unwrap();
        assert_eq!(done.new, 0);
        let view = session
            .with(|s| s.view().map(|v| v.alert_count()))
            .await
            .unwrap();
        assert_eq!(view.unwrap().unwrap(), 400);
        let cancel = Cancel::new();
        cancel.cancel();
        session.with(move |s| s.listen_to(cancel)).await.unwrap();
        assert_eq!(session.draft().await.unwrap().0.ended, Ended::Cancelled);
        session.close().await;
    });
}

#[test]
fn what_panics_on_a_sessions_thread_is_an_error_where_it_is_awaited() {
    let (_folder, casemate) = home("panicked");
    block_on(async {
        for _ in 0..20 {
            let mut session = start(casemate.clone(), tenant("acme"), NOW).await.unwrap();
            let lost = session.with(|_| panic!("on purpose")).await;
            assert!(matches!(lost, Err::<(), _>(SessionError::Panicked(_))));
            let after = session.draft().await.map(drop);
            assert!(matches!(after, Err(SessionError::Panicked(_))));
            session.close().await;
        }
        let none = with(casemate.clone(), |_| -> u32 { panic!("on purpose") }).await;
        assert_eq!(none, None);
        start(casemate.clone(), tenant("acme"), NOW).await.unwrap();
    });
}
