//! A tenant's night: what happens on its machines, before any sensor says so.

use super::rng::Rng;
use super::site::{Host, Site};
use super::templates::{
    ALL, Cover, Machine, NEW_ADMIN, Role, Template, WMI_QUERY, WRONG_RULE, Wire,
};
use super::tenants::Plan;
use super::{BEGIN, END, Gate, Label};

pub(super) const SECOND: i64 = 1_000;
pub(super) const MINUTE: i64 = 60 * SECOND;

/// The same thing, once or again and again.
#[derive(Clone, Debug)]
pub(super) struct Happening {
    pub(super) id: String,
    pub(super) template: &'static Template,
    pub(super) host: Host,
    pub(super) user: String,
    pub(super) command: String,
    /// What the process's hash is taken of.
    pub(super) binary: String,
    /// What the hash of a file the alert names is taken of.
    pub(super) file: Option<String>,
    pub(super) peer: Peer,
    /// When, in ms.
    pub(super) times: Vec<i64>,
    pub(super) label: Label,
    pub(super) incident: Option<String>,
    pub(super) fact: Option<String>,
    pub(super) gate: Option<Gate>,
}

/// The other side of the traffic an alert may name.
#[derive(Clone, Debug)]
pub(super) struct Peer {
    pub(super) ip: String,
    /// Its other address, where it has two: what repeats goes to either.
    pub(super) second: Option<String>,
    pub(super) domain: Option<String>,
}

/// One of the tenant's known-good facts.
#[derive(Clone, Debug)]
pub(super) struct Fact {
    pub(super) id: String,
    pub(super) template: &'static Template,
    pub(super) host: String,
    pub(super) owner: String,
    pub(super) change: u64,
    pub(super) expired: bool,
}

/// A night as it is put together.
pub(super) struct Night<'a> {
    pub(super) plan: &'a Plan,
    pub(super) rng: Rng,
    pub(super) site: Site,
    pub(super) happenings: Vec<Happening>,
    pub(super) facts: Vec<Fact>,
    pub(super) incidents: usize,
    number: u64,
}

impl<'a> Night<'a> {
    /// An empty one.
    pub(super) fn new(mut rng: Rng, plan: &'a Plan) -> Self {
        let site = Site::new(&mut rng, plan);
        Self {
            plan,
            number: rng.within(1_000, 5_000),
            rng,
            site,
            happenings: Vec::new(),
            facts: Vec::new(),
            incidents: 0,
        }
    }

    /// How many alerts there are by now.
    pub(super) fn alerts(&self) -> usize {
        self.happenings.iter().map(|h| h.times.len()).sum()
    }

    /// How many new ones.
    pub(super) fn new_alerts(&self) -> usize {
        let new = self.happenings.iter().filter(|h| h.label == Label::New);
        new.map(|h| h.times.len()).sum()
    }

    /// What this template would say on that machine, under a number of its own. It repeats, and when
    /// is still open.
    pub(super) fn draw(&mut self, template: &'static Template, host: Host) -> Happening {
        let user = self
            .site
            .user(&mut self.rng, template.who, template.machine);
        let peer = self.peer(template);
        self.draw_for(template, host, &user, &peer)
    }

    /// The same for a given account and machine outside.
    pub(super) fn draw_for(
        &mut self,
        template: &'static Template,
        host: Host,
        user: &str,
        outside: &Peer,
    ) -> Happening {
        self.number += self.rng.within(1, 9);
        let peer = match template.wire {
            Wire::Scanner | Wire::Across => self.peer(template),
            Wire::Quiet | Wire::Out | Wire::In => outside.clone(),
        };
        let mut drawn = Happening {
            id: String::new(),
            template,
            host,
            user: user.to_owned(),
            command: String::new(),
            binary: template.process.to_owned(),
            file: None,
            peer,
            times: Vec::new(),
            label: Label::Duplicate,
            incident: None,
            fact: None,
            gate: None,
        };
        drawn.command = self.filled(template.command, &drawn, self.number);
        drawn
    }

    /// Writes the names and the number into a command line.
    fn filled(&self, command: &str, of: &Happening, number: u64) -> String {
        let others = self.site.hosts.iter().filter(|h| h.name != of.host.name);
        let servers = others.filter(|h| h.machine == Machine::Server);
        let server = servers.map(|h| h.name.as_str()).next().unwrap_or("srv");
        command
            .replace("{n}", &number.to_string())
            .replace("{user}", &of.user)
            .replace("{peer}", server)
            .replace("{domain}", of.peer.domain.as_deref().unwrap_or("a.example"))
    }

    fn peer(&mut self, template: &Template) -> Peer {
        match template.wire {
            Wire::Scanner => Peer {
                ip: self.site.scanner.ip.clone(),
                second: None,
                domain: None,
            },
            Wire::Across => Peer {
                ip: self.site.any(&mut self.rng, Machine::Server).ip.clone(),
                second: None,
                domain: None,
            },
            Wire::Quiet | Wire::Out | Wire::In => self.outside(),
        }
    }

    /// A machine outside; its address is one of those set aside for documents (RFC 5737).
    pub(super) fn outside(&mut self) -> Peer {
        const WORDS: [&str; 8] = [
            "cdn",
            "static",
            "sync",
            "media",
            "update",
            "telemetry",
            "assets",
            "edge",
        ];
        let word = self.rng.pick(&WORDS).copied().unwrap_or("cdn");
        let net = if self.rng.chance(50) {
            "203.0.113"
        } else {
            "198.51.100"
        };
        Peer {
            ip: format!("{net}.{}", self.rng.within(1, 127)),
            second: Some(format!("{net}.{}", self.rng.within(128, 254))),
            domain: Some(format!("{word}-{}.example", self.rng.within(100, 9_999))),
        }
    }

    /// Keeps it.
    pub(super) fn keep(&mut self, mut happening: Happening) {
        happening.id = format!("h-{:03}", self.happenings.len() + 1);
        self.happenings.push(happening);
    }

    /// Keeps what is new, at that time, as an incident of its own.
    fn keep_new(&mut self, mut happening: Happening, gate: Gate, time: i64) {
        self.incidents += 1;
        happening.incident = Some(format!("i-{:02}", self.incidents));
        happening.label = Label::New;
        happening.fact = None;
        happening.gate = Some(gate);
        happening.times = vec![time];
        self.keep(happening);
    }

    /// The same with the attacker's command line.
    fn twisted(&mut self, happening: &Happening) -> Happening {
        self.number += 1;
        let mut twisted = happening.clone();
        twisted.command = self.filled(happening.template.twist, happening, self.number);
        twisted
    }

    /// A noisy template's single appearance with another command line, not hidden behind anything.
    pub(super) fn odd(&mut self, template: &'static Template) -> Happening {
        let host = self.site.any(&mut self.rng, template.machine).clone();
        let drawn = self.draw(template, host);
        self.twisted(&drawn)
    }

    /// The times of a burst: seconds apart.
    pub(super) fn burst(&mut self, many: usize, most_apart: i64) -> Vec<i64> {
        let longest = most_apart * SECOND * i64::try_from(many).unwrap_or(0);
        let mut time = self.rng.millis(BEGIN + MINUTE, END - MINUTE - longest);
        (0..many)
            .map(|_| {
                time += self.rng.millis(SECOND, most_apart * SECOND);
                time
            })
            .collect()
    }

    /// The times of a slow beat: minutes apart, with a little jitter.
    pub(super) fn beat(&mut self, many: usize) -> Vec<i64> {
        let many = i64::try_from(many).unwrap_or(1).max(1);
        let period = (self.rng.millis(5, 35) * MINUTE).min((END - BEGIN - 20 * MINUTE) / many);
        let latest = END - 5 * MINUTE - period * many;
        let begin = self.rng.millis(BEGIN + 5 * MINUTE, latest);
        (0..many)
            .map(|i| begin + i * period + self.rng.millis(0, period / 20))
            .collect()
    }

    /// What holds for a benign happening; written down if it is not yet.
    pub(super) fn cover(&mut self, happening: &mut Happening) {
        let (template, host) = (happening.template, &happening.host.name);
        happening.label = Label::Benign;
        let known = |f: &&Fact| f.template.rule == template.rule && f.host == *host;
        if let Some(fact) = self.facts.iter().find(known) {
            happening.fact = Some(fact.id.clone());
            return;
        }
        let id = format!(
            "{}-{}",
            template.category.replace(' ', "-"),
            self.facts.len() + 1
        );
        happening.fact = Some(id.clone());
        self.facts.push(Fact {
            id,
            template,
            host: host.clone(),
            owner: self
                .rng
                .pick(&self.site.people)
                .cloned()
                .unwrap_or_default(),
            change: self.rng.within(2_000, 9_000),
            expired: false,
        });
    }

    /// What every queue has to hold at this tenant, and what the gates are about.
    pub(super) fn gates(&mut self) {
        self.misconfigured();
        if self.plan.drip() {
            self.drip();
        }
        if self.plan.storm() {
            self.storm();
        }
        if self.plan.other_user() {
            self.look_alike(Gate::OtherUser);
        }
        if self.plan.other_hash() {
            self.look_alike(Gate::OtherHash);
        }
        if self.plan.twin() {
            self.twin();
        }
        if let Some(template) = self.plan.alone {
            let host = self.site.any(&mut self.rng, template.machine).clone();
            let mut drawn = self.draw(template, host);
            let many = self.rng.count(3, 6);
            drawn.times = self.beat(many);
            self.keep(drawn);
        }
    }

    /// Somebody's change at half past one, everywhere within five minutes.
    fn misconfigured(&mut self) {
        let mut drawn = self.draw(&WRONG_RULE, self.site.management.clone());
        let mut time = BEGIN + 210 * MINUTE + self.rng.millis(0, 3 * MINUTE);
        for _ in 0..self.rng.count(2, 4) {
            drawn.times.push(time);
            time += self.rng.millis(SECOND, 30 * SECOND);
        }
        self.keep(drawn);
    }

    fn drip(&mut self) {
        let Some(template) = self.any(|t| t.role == Role::Noisy) else {
            return;
        };
        let host = self.site.any(&mut self.rng, template.machine).clone();
        let mut drawn = self.draw(template, host);
        let begin = BEGIN + self.rng.millis(MINUTE, 10 * MINUTE);
        drawn.times = (0..24)
            .map(|i| begin + i * 20 * MINUTE + self.rng.millis(0, 20 * SECOND))
            .collect();
        let twisted = self.twisted(&drawn);
        self.keep(drawn);
        let after = begin + (self.rng.millis(18, 22) * 20 + 7) * MINUTE;
        self.keep_new(twisted, Gate::AfterDrip, after);
    }

    fn storm(&mut self) {
        let covered = Role::Benign(Cover::Command);
        let Some(template) = self.any(|t| t.role == covered) else {
            return;
        };
        let host = self.site.any(&mut self.rng, template.machine).clone();
        let mut drawn = self.draw(template, host);
        self.cover(&mut drawn);
        let many = self.rng.count(12, 18);
        drawn.times = self.burst(many, 15);
        let middle = drawn.times.get(many / 2).copied().unwrap_or(BEGIN);
        let twisted = self.twisted(&drawn);
        self.keep(drawn);
        self.keep_new(twisted, Gate::InStorm, middle + 400);
    }

    fn look_alike(&mut self, gate: Gate) {
        let Some(template) = self.any(|t| t.role == Role::Noisy) else {
            return;
        };
        let host = self.site.any(&mut self.rng, template.machine).clone();
        let mut drawn = self.draw(template, host);
        let many = self.rng.count(4, 7);
        drawn.times = self.burst(many, 40);
        let mut alike = drawn.clone();
        if gate == Gate::OtherUser {
            while alike.user == drawn.user {
                alike.user = self.site.person(&mut self.rng);
            }
        } else {
            alike.binary = format!("{} of nobody's making", template.process);
        }
        let after = drawn.times.last().copied().unwrap_or(BEGIN) + self.rng.millis(1, 30) * SECOND;
        self.keep(drawn);
        self.keep_new(alike, gate, after);
    }

    /// The same machine, account, commands and minutes at two tenants.
    fn twin(&mut self) {
        let host = self.site.database.clone();
        let administrator = "administrator";
        let mut repeated = self.draw(&WMI_QUERY, host.clone());
        administrator.clone_into(&mut repeated.user);
        repeated.command = self.filled(WMI_QUERY.command, &repeated, 300);
        repeated.times = (0..4).map(|i| BEGIN + (250 + 5 * i) * MINUTE).collect();
        self.keep(repeated);
        let mut new = self.draw(&NEW_ADMIN, host);
        administrator.clone_into(&mut new.user);
        new.command = self.filled(NEW_ADMIN.command, &new, 301);
        self.keep_new(new, Gate::SameNames, BEGIN + 263 * MINUTE);
    }

    fn any(&mut self, which: impl Fn(&Template) -> bool) -> Option<&'static Template> {
        let found: Vec<&'static Template> = ALL.iter().copied().filter(|t| which(t)).collect();
        self.rng.pick(&found).copied()
    }
}
