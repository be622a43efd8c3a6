//! What somebody who embeds the host brings: disks, accounts, clocks that fail.

use crate::support::{Bench, Folder, NOW, PERSON, ndjson, start, state, stream, tenant};
use casemate::boundary::Role;
use casemate::model::TenantId;
use casemate::sandbox::GrantedTenants;
use casemate::store::{Below, Dir, Folders, Home, StoreError};
use casemate::triage::NotStarted;
use casemate::triage::intake::From;
use casemate::{Accounts, Casemate, NoCaller, Settings, setup};
use std::io;
use std::sync::Arc;

/// Two disks: tenants whose id ends in an even digit are on the second.
struct TwoDisks {
    first: Below,
    second: Dir,
}

impl TwoDisks {
    fn is_second(name: &str) -> bool {
        name.ends_with(['0', '2', '4', '6', '8'])
    }
}

impl Folders for TwoDisks {
    fn home(&self) -> io::Result<Dir> {
        self.first.home()
    }

    fn tenants(&self) -> io::Result<Vec<String>> {
        let mut names = self.first.tenants()?;
        for entry in self.second.entries()? {
            names.push(entry?.file_name().to_string_lossy().into_owned());
        }
        Ok(names)
    }

    fn tenant(&self, tenant: &TenantId) -> io::Result<Dir> {
        if Self::is_second(tenant.as_str()) {
            return self.second.open_dir(tenant.as_str());
        }
        self.first.tenant(tenant)
    }

    fn add_tenant(&self, tenant: &TenantId) -> io::Result<Dir> {
        if Self::is_second(tenant.as_str()) {
            self.second.create_dir(tenant.as_str())?;
            return self.tenant(tenant);
        }
        self.first.add_tenant(tenant)
    }
}

#[test]
fn an_embedder_keeps_tenants_on_several_disks() {
    let bench = Bench::new();
    bench.ours(&["grouper", "drafter"]);
    let second = Folder::new();
    let places = Arc::new(TwoDisks {
        first: Below::new(bench.folder().dir()),
        second: second.dir(),
    });
    let home = Home::open_in(places.clone()).unwrap();
    let ids = ["acme-1", "acme-2", "acme-3", "acme-4"];
    for id in ids {
        let scope = home.add_tenant(&tenant(id)).unwrap();
        scope.replace_boundary(&Bench::allowing()).unwrap();
        assert!(home.add_tenant(&tenant(id)).is_err());
    }
    let mut settings = Settings::new(Arc::new(|| NOW));
    settings.keep_compiled = false;
    let casemate = Casemate::open_in(places, settings).unwrap();
    assert_eq!(casemate.tenants().unwrap(), ids.map(tenant));
    let input = ndjson(&stream(40, 25));
    for id in ids {
        let mut session = start(&casemate, &tenant(id));
        session
            .submit(input.as_slice(), From::Auto, "test")
            .unwrap();
        session.draft().unwrap();
    }
    let one = state(&casemate, &tenant("acme-1"));
    assert_eq!(one.alerts, 40);
    assert_eq!(state(&casemate, &tenant("acme-2")), one);
    for (disk, here, not_here) in [
        (bench.path().join("tenants"), "acme-3", "acme-4"),
        (second.path().to_owned(), "acme-4", "acme-3"),
    ] {
        assert!(disk.join(here).join("store.redb").exists(), "{here}");
        assert!(!disk.join(not_here).exists(), "{not_here}");
    }
    match casemate.start(&tenant("acme-6"), NOW) {
        Err(NotStarted::Store(StoreError::NoTenant { .. })) => {}
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("a tenant that is on no disk was started"),
    }
}

/// The accounts of a SIEM: a domain before the name, and the roster's people behind it.
struct Directory;

impl Accounts for Directory {
    fn person(&self, account: &str) -> Option<String> {
        let name = account.strip_prefix("CORP\\")?;
        Some(format!("{name}@mssp.example"))
    }
}

#[test]
fn who_acts_is_somebody_of_the_roster_whatever_their_account_is_called() {
    let bench = Bench::new();
    bench.ours(&["grouper"]);
    let acme = bench.tenant("acme");
    let plain = bench.open();
    assert_eq!(plain.caller(PERSON).unwrap().id(), PERSON);
    assert!(matches!(
        plain.caller("CORP\\ada"),
        Err(NoCaller::NotInRoster(_))
    ));
    let casemate = bench.open_with(|settings| settings.accounts = Arc::new(Directory));
    assert!(matches!(casemate.caller(PERSON), Err(NoCaller::Unknown(_))));
    assert!(matches!(
        casemate.caller("CORP\\bea"),
        Err(NoCaller::NotInRoster(_))
    ));
    let ada = casemate.caller("CORP\\ada").unwrap();
    assert!(ada.is(Role::Operator) && !ada.is(Role::Auditor));
    let module = casemate.modules()[0].manifest().name();
    let these = GrantedTenants::These(vec![acme]);
    let grant = setup::grant_by(casemate.home(), module, these, &ada, NOW).unwrap();
    assert_eq!(grant.by.as_str(), PERSON);
}
