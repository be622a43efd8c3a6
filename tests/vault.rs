//! What lies in a tenant's folder is sealed for it: moved or changed it does not open, and without its
//! key nothing does.

use crate::support::{Bench, NOW, PERSON, compiler, ndjson, runs, start, stream, tenant, trail};
use cap_std::fs::OpenOptions;
use casemate::custody::{Custody, CustodyError, VaultKey};
use casemate::model::TenantId;
use casemate::queue::Queue;
use casemate::store::{Below, Home, StoreError, View};
use casemate::trail::note::{MemorySigner, Signer as _};
use casemate::triage::intake::From;
use casemate::{Casemate, ErrorKind, Settings};
use redb::{ConcurrencyMode, Database, ReadableTable as _, TableDefinition};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

const GROUPS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("groups");
const CASES: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("cases");

fn filled() -> (Bench, Casemate) {
    let bench = Bench::ordinary(&["acme", "bolt"]);
    let casemate = bench.open();
    for id in ["acme", "bolt"] {
        let mut session = start(&casemate, &tenant(id));
        let input = ndjson(&stream(60, 5));
        session
            .submit(input.as_slice(), From::Auto, "test")
            .unwrap();
        session.draft().unwrap();
    }
    (bench, casemate)
}

/// A tenant's database, without its key.
fn raw(bench: &Bench, id: &str) -> Database {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    let path = format!("tenants/{id}/store.redb");
    let file = bench.folder().dir().open_with(path, &options).unwrap();
    let backend = redb::backends::FileBackend::new(file.into_std()).unwrap();
    Database::builder()
        .set_concurrency_mode(ConcurrencyMode::SingleWriter)
        .create_with_backend(backend)
        .unwrap()
}

/// The first row of a table, as it lies.
fn first(database: &Database, table: TableDefinition<'_, u64, &'static [u8]>) -> (u64, Vec<u8>) {
    let write = database.begin_write().unwrap();
    let table = write.open_table(table).unwrap();
    let (key, value) = table.first().unwrap().unwrap();
    (key.value(), value.value().to_vec())
}

fn put(
    database: &Database,
    table: TableDefinition<'_, u64, &'static [u8]>,
    key: u64,
    value: &[u8],
) {
    let write = database.begin_write().unwrap();
    write.open_table(table).unwrap().insert(key, value).unwrap();
    write.commit().unwrap();
}

fn refused(read: Result<impl Sized, StoreError>, kind: &str) {
    let Err(error) = read else {
        panic!("it opened");
    };
    assert_eq!(error.kind(), ErrorKind::Integrity);
    let text = error.to_string();
    assert!(text.contains("tenants/acme/store.redb"), "{text}");
    assert!(text.contains(&format!("`{kind}`")), "{text}");
}

#[test]
fn a_sealed_value_opens_in_its_row_of_its_table_of_its_tenant_only() {
    let (bench, casemate) = filled();
    let acme = tenant("acme");
    let view = |casemate: &Casemate| -> View { casemate.view(&acme).unwrap().unwrap() };
    let (own, theirs) = (raw(&bench, "acme"), raw(&bench, "bolt"));
    let (number, sound) = first(&own, GROUPS);
    let (case, other_table) = first(&own, CASES);
    let (same, of_bolt) = first(&theirs, GROUPS);
    assert_eq!((number, case), (same, number), "the same rows");
    let mut changed = sound.clone();
    *changed.last_mut().unwrap() ^= 1;
    drop((own, theirs));
    for (what, value) in [
        ("of another table", &other_table),
        ("of another tenant", &of_bolt),
        ("changed", &changed),
        ("cut", &sound[..20].to_vec()),
        ("plain", &b"a group that nobody sealed".to_vec()),
    ] {
        put(&raw(&bench, "acme"), GROUPS, number, value);
        refused(view(&casemate).group(number), "groups");
        refused(view(&casemate).groups(), "groups");
        let queue = Queue::of(&view(&casemate));
        assert!(queue.is_err(), "{what}");
    }
    // In another row of its own table.
    put(&raw(&bench, "acme"), GROUPS, number, &sound);
    assert!(view(&casemate).group(number).unwrap().is_some());
    put(&raw(&bench, "acme"), GROUPS, number + 1_000, &sound);
    refused(view(&casemate).group(number + 1_000), "groups");
}

#[test]
fn a_key_that_is_lost_or_another_is_named_with_its_place_and_put_back_opens_all() {
    let (bench, casemate) = filled();
    let acme = tenant("acme");
    let folder = bench.folder().dir();
    let place = "keys/acme/vault.key";
    let key = folder.read(place).unwrap();
    assert_eq!(key.len(), 32);
    let failed = || {
        let read = casemate.view(&acme).map(drop).unwrap_err();
        assert_eq!(read.kind(), ErrorKind::Environment);
        let started = casemate.start(&acme, NOW).map(drop).unwrap_err();
        assert_eq!(started.kind(), ErrorKind::Environment);
        for text in [read.to_string(), started.to_string()] {
            assert!(text.contains(&format!("`{place}`")), "{text}");
        }
        read
    };
    folder.remove_file(place).unwrap();
    assert!(matches!(
        failed(),
        StoreError::Custody(CustodyError::Missing { .. })
    ));
    assert!(!folder.exists(place), "no other is made in its place");
    folder.write(place, [7; 32]).unwrap();
    assert!(matches!(failed(), StoreError::OtherKey { .. }));
    folder.write(place, b"short").unwrap();
    assert!(matches!(
        failed(),
        StoreError::Custody(CustodyError::Unusable { .. })
    ));
    folder.write(place, key).unwrap();
    assert!(
        casemate
            .view(&acme)
            .unwrap()
            .unwrap()
            .alert_count()
            .unwrap()
            > 0
    );
    drop(start(&casemate, &acme));
    drop(start(&casemate, &tenant("bolt")));
}

#[cfg(unix)]
#[test]
fn keys_are_for_their_owner_alone_and_in_no_tenants_folder() {
    use std::os::unix::fs::PermissionsExt as _;
    let (bench, _casemate) = filled();
    let mode = |path: &str| {
        let found = std::fs::metadata(bench.path().join(path)).unwrap();
        found.permissions().mode() & 0o777
    };
    assert_eq!((mode("keys"), mode("keys/acme")), (0o700, 0o700));
    assert_eq!(mode("keys/acme/vault.key"), 0o600);
    assert_eq!(mode("keys/acme/trail.key"), 0o600);
    let folder = bench.folder().dir();
    for key in ["vault.key", "trail.key"] {
        let key = folder.read(format!("keys/acme/{key}")).unwrap();
        for file in [
            "store.redb",
            "trail/journal",
            "trail/checkpoint",
            "boundary.toml",
        ] {
            let bytes = folder.read(format!("tenants/acme/{file}")).unwrap();
            assert!(memchr::memmem::find(&bytes, &key).is_none(), "{file}");
        }
    }
}

#[test]
fn what_a_module_was_is_in_the_vault_of_each_tenant_it_ran_for() {
    let (bench, casemate) = filled();
    let acme = tenant("acme");
    let view = casemate.view(&acme).unwrap().unwrap();
    let all = runs(&trail(&casemate, &acme));
    let mut names = std::collections::BTreeSet::new();
    for run in &all {
        let (component, manifest) = view.module_bytes(&run.start.digest).unwrap().unwrap();
        let digest = casemate::sandbox::module_digest(&component, manifest.as_bytes());
        assert_eq!(digest, run.start.digest);
        names.insert(run.module().to_owned());
    }
    assert!(names.len() >= 2, "{names:?}");
    // Of what the vault has, nothing is kept twice: a second delivery adds no module.
    let size = || {
        bench
            .folder()
            .dir()
            .metadata("tenants/acme/store.redb")
            .unwrap()
            .len()
    };
    let before = size();
    for _ in 0..3 {
        drop(start(&casemate, &acme));
    }
    assert_eq!(size(), before);
    let none = casemate::model::Digest::of(b"no module");
    assert!(view.module_bytes(&none).unwrap().is_none());
}

/// Keys in memory, as a key service has them.
#[derive(Default)]
struct InMemory {
    keys: Mutex<BTreeMap<TenantId, Option<[u8; 32]>>>,
}

impl InMemory {
    fn signer(&self, tenant: &TenantId) -> Result<MemorySigner, CustodyError> {
        match self.keys.lock().unwrap().contains_key(tenant) {
            true => Ok(MemorySigner::from_seed("service", [9; 32]).unwrap()),
            false => Err(self.missing(tenant)),
        }
    }

    fn missing(&self, tenant: &TenantId) -> CustodyError {
        CustodyError::Missing {
            tenant: tenant.clone(),
            place: self.place(tenant),
        }
    }
}

impl Custody for InMemory {
    fn public_key(&self, tenant: &TenantId) -> Result<[u8; 32], CustodyError> {
        Ok(*self.signer(tenant)?.key().public_key())
    }

    fn sign(&self, tenant: &TenantId, message: &[u8]) -> Result<[u8; 64], CustodyError> {
        Ok(self.signer(tenant)?.sign(message).unwrap())
    }

    fn vault_key(&self, tenant: &TenantId) -> Result<VaultKey, CustodyError> {
        match self.keys.lock().unwrap().get(tenant) {
            Some(Some(key)) => Ok(VaultKey::from_bytes(*key)),
            Some(None) => Err(CustodyError::Destroyed {
                tenant: tenant.clone(),
            }),
            None => Err(self.missing(tenant)),
        }
    }

    fn make(&self, tenant: &TenantId) -> Result<(), CustodyError> {
        let mut keys = self.keys.lock().unwrap();
        let next = keys.len() as u8 + 1;
        keys.entry(tenant.clone()).or_insert(Some([next; 32]));
        Ok(())
    }

    fn destroy_vault_key(&self, tenant: &TenantId) -> Result<(), CustodyError> {
        self.keys.lock().unwrap().insert(tenant.clone(), None);
        Ok(())
    }

    fn place(&self, _: &TenantId) -> String {
        "the key service".to_owned()
    }
}

#[test]
fn whoever_embeds_the_host_keeps_the_keys_elsewhere() {
    let bench = Bench::ordinary(&[]);
    std::fs::remove_file(bench.path().join("home.toml")).unwrap();
    let custody = Arc::new(InMemory::default());
    let places = || Arc::new(Below::new(bench.folder().dir()));
    let home = Home::create_with(places(), custody.clone()).unwrap();
    let acme = tenant("acme");
    let scope = home.add_tenant(&acme).unwrap();
    scope.replace_boundary(&Bench::allowing()).unwrap();
    let settings = || Settings::new(Arc::new(|| NOW), compiler());
    let casemate = Casemate::open_with(places(), custody.clone(), settings()).unwrap();
    let mut session = start(&casemate, &acme);
    let input = ndjson(&stream(20, 5));
    session
        .submit(input.as_slice(), From::Auto, "test")
        .unwrap();
    drop(session);
    assert!(!bench.path().join("keys").exists());
    let report = casemate.trail_verify(&acme, None).unwrap().unwrap();
    assert!(
        report.bad.is_none() && report.checkpoint.is_some(),
        "{report:?}"
    );
    // With the usual custody there is no key of it.
    let usual = bench.open();
    let missing = usual.view(&acme).map(drop).unwrap_err();
    assert!(matches!(
        missing,
        StoreError::Custody(CustodyError::Missing { .. })
    ));
    casemate.suspend(&acme, PERSON, "over").unwrap();
    casemate.erase(&acme, PERSON, "over").unwrap();
    let key = custody.vault_key(&acme);
    assert!(matches!(key, Err(CustodyError::Destroyed { .. })));
}
