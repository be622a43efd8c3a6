//! A tenant's machines and accounts.

use super::rng::Rng;
use super::templates::{Machine, Who};
use super::tenants::Plan;

/// One machine.
#[derive(Clone, Debug)]
pub(crate) struct Host {
    pub(crate) name: String,
    pub(crate) ip: String,
    pub(crate) machine: Machine,
    /// What the list of assets says; none where the list lacks it.
    pub(crate) listed: Option<Listed>,
}

/// What the list of assets says of a machine.
#[derive(Clone, Debug)]
pub(crate) struct Listed {
    pub(crate) kind: &'static str,
    pub(crate) owner: String,
    pub(crate) criticality: &'static str,
}

/// A tenant's machines and accounts.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) hosts: Vec<Host>,
    /// Employees, as `First Last`.
    pub(crate) people: Vec<String>,
    pub(crate) admin: String,
    pub(crate) service: String,
    /// The machine that every tenant has under the same name.
    pub(crate) management: Host,
    /// The vulnerability scanner.
    pub(crate) scanner: Host,
    /// The database server that two tenants have under the same name.
    pub(crate) database: Host,
}

const FIRST: [&str; 24] = [
    "Ada", "Bram", "Celia", "Dario", "Edda", "Farid", "Greta", "Hamid", "Ines", "Jonas", "Katya",
    "Lars", "Mina", "Noor", "Otto", "Petra", "Quentin", "Rosa", "Samir", "Tilda", "Ulf", "Vera",
    "Wanda", "Yusuf",
];
const LAST: [&str; 24] = [
    "Abbott", "Brandt", "Castell", "Dunn", "Eriksen", "Fallow", "Garner", "Holm", "Ivers",
    "Jansen", "Keller", "Lowe", "Marsh", "Novak", "Okafor", "Perrin", "Quist", "Rossi", "Sand",
    "Thorne", "Ueda", "Vance", "Wirth", "Zeller",
];
const ROLES: [(Machine, &[&str]); 3] = [
    (Machine::Workstation, &["ws", "lt"]),
    (Machine::Server, &["dc", "fs", "app", "sql", "mail"]),
    (Machine::Linux, &["web", "git", "log", "api"]),
];

impl Site {
    /// The machines and accounts of a tenant: the more it sends, the more it has.
    pub(crate) fn new(rng: &mut Rng, plan: &Plan) -> Self {
        let mut people = Vec::new();
        let wanted = 5 + plan.size / 12;
        let offset = rng.count(0, 575);
        // 24 and 24 names make 576 people; a step without a common divisor meets none twice.
        for step in 0..wanted {
            let at = (offset + step * 115) % 576;
            if let (Some(first), Some(last)) = (FIRST.get(at / 24), LAST.get(at % 24)) {
                people.push(format!("{first} {last}"));
            }
        }
        let net = format!("10.{}.{}", plan.rank + 20, rng.within(1, 200));
        let mut hosts = Vec::new();
        for (machine, roles) in ROLES {
            let many = match machine {
                Machine::Workstation => 4 + plan.size / 12,
                Machine::Server => 3 + plan.size / 30,
                Machine::Linux => 2 + plan.size / 40,
            };
            for number in 0..many {
                let role = roles.get(number % roles.len()).copied().unwrap_or("pc");
                let name = match machine {
                    Machine::Workstation => {
                        format!("{}-{role}{:03}", plan.code, number * 7 + 3).to_uppercase()
                    }
                    Machine::Server | Machine::Linux => {
                        format!("{}-{role}-{:02}", plan.code, number / roles.len() + 1)
                    }
                };
                hosts.push(Host {
                    name,
                    ip: format!("{net}.{}", hosts.len() + 10),
                    machine,
                    listed: None,
                });
            }
        }
        let fixed = |name: &str, last: u8, machine| Host {
            name: name.to_owned(),
            ip: format!("{net}.{last}"),
            machine,
            listed: None,
        };
        let mut site = Self {
            management: fixed("mgmt-01", 5, Machine::Workstation),
            scanner: fixed("scan-01", 6, Machine::Linux),
            database: fixed("db-01", 7, Machine::Server),
            hosts,
            admin: format!("adm-{}", plan.code),
            service: "svc-ops".to_owned(),
            people,
        };
        site.list(rng);
        site
    }

    /// Lists the machines, but not every ninth, nor the one before last, so that some are missing at
    /// every tenant.
    fn list(&mut self, rng: &mut Rng) {
        let missing = self.hosts.len().saturating_sub(2);
        let people = &self.people;
        let fixed = [&mut self.management, &mut self.scanner, &mut self.database];
        for (at, host) in self.hosts.iter_mut().chain(fixed).enumerate() {
            let owner = rng.pick(people).cloned().unwrap_or_default();
            if at % 9 == 8 || at == missing {
                continue;
            }
            let (kind, criticality) = match host.machine {
                Machine::Workstation => ("workstation", "low"),
                Machine::Server if host.name.contains("-dc-") => ("domain-controller", "critical"),
                Machine::Server => ("server", "high"),
                Machine::Linux => ("server", "medium"),
            };
            host.listed = Some(Listed {
                kind,
                owner,
                criticality,
            });
        }
    }

    /// Any machine of the kind.
    pub(crate) fn any(&self, rng: &mut Rng, machine: Machine) -> &Host {
        let of_kind: Vec<&Host> = self.hosts.iter().filter(|h| h.machine == machine).collect();
        rng.pick(&of_kind).copied().unwrap_or(&self.management)
    }

    /// Any account, as it logs on.
    pub(crate) fn person(&self, rng: &mut Rng) -> String {
        rng.pick(&self.people).map_or_else(String::new, account)
    }

    /// The account something runs under.
    pub(crate) fn user(&self, rng: &mut Rng, who: Who, machine: Machine) -> String {
        match (who, machine) {
            (Who::Person, _) => self.person(rng),
            (Who::System, Machine::Linux) => "root".to_owned(),
            (Who::System, Machine::Workstation | Machine::Server) => "SYSTEM".to_owned(),
            (Who::Service, _) => self.service.clone(),
            (Who::Admin, _) => self.admin.clone(),
        }
    }
}

/// How a person logs on.
pub(crate) fn account(name: impl AsRef<str>) -> String {
    name.as_ref().to_lowercase().replace(' ', ".")
}
