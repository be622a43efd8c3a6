//! The rest of a night: incidents, and what repeats until the tenant has all its alerts.

use super::night::{Happening, MINUTE, Night, SECOND};
use super::templates::{ALL, Machine, Role, SCRIPTS, Template};
use super::{BEGIN, END, Label};
use std::collections::{BTreeMap, BTreeSet};

/// At how many tenants each template occurs by now.
#[derive(Default)]
pub(super) struct Spread(BTreeMap<&'static str, BTreeSet<&'static str>>);

impl Spread {
    /// Notes what a night holds.
    fn note(&mut self, tenant: &'static str, happenings: &[Happening]) {
        for happening in happenings {
            let at = self.0.entry(happening.template.rule).or_default();
            at.insert(tenant);
        }
    }

    /// Whether a template still has to occur at another tenant.
    fn lacks(&self, template: &Template) -> bool {
        self.0.get(template.rule).is_none_or(|at| at.len() < 2)
    }
}

impl Night<'_> {
    /// Adds what the plan has left over after the gates.
    pub(super) fn fill(&mut self, spread: &mut Spread) {
        spread.note(self.plan.id, &self.happenings);
        while self.new_alerts() < self.plan.new {
            let left = self.plan.new - self.new_alerts();
            let steps = self.rng.count(1, 5).min(left);
            self.incident(steps, spread);
            spread.note(self.plan.id, &self.happenings);
        }
        let mut first = true;
        while self.alerts() < self.plan.size {
            let left = self.plan.size - self.alerts();
            if left == 1 {
                self.once_more();
            } else {
                self.repeat(left, first, spread);
            }
            spread.note(self.plan.id, &self.happenings);
            first = false;
        }
        if self.plan.expired() {
            self.expire();
        }
    }

    /// So many steps of one attack, minutes apart, on one machine of a kind.
    fn incident(&mut self, steps: usize, spread: &Spread) {
        self.incidents += 1;
        let incident = format!("i-{:02}", self.incidents);
        let mut time = self.rng.millis(BEGIN + 10 * MINUTE, END - 30 * MINUTE);
        let noisy: Vec<&'static Template> = of(Role::Noisy);
        if steps == 1
            && self.rng.chance(30)
            && let Some(template) = self.rng.pick(&noisy)
        {
            let odd = self.odd(template);
            return self.keep(new(odd, &incident, time));
        }
        let runs: Vec<&[&'static Template]> =
            SCRIPTS.iter().flat_map(|s| s.windows(steps)).collect();
        let most = |run: &&&[&'static Template]| run.iter().filter(|t| spread.lacks(t)).count();
        let wanted = runs.iter().map(|run| most(&run)).max().unwrap_or(0);
        let runs: Vec<_> = runs.iter().filter(|run| most(run) == wanted).collect();
        let Some(run) = self.rng.pick(&runs) else {
            return;
        };
        let user = self.site.person(&mut self.rng);
        let peer = self.outside();
        let machines = [Machine::Workstation, Machine::Server, Machine::Linux];
        let hosts = machines.map(|m| self.site.any(&mut self.rng, m).clone());
        for template in run.iter() {
            let host = hosts.iter().find(|h| h.machine == template.machine);
            let Some(host) = host.cloned() else { continue };
            let mut step = self.draw_for(template, host, &user, &peer);
            step.file = Some(format!("{} {incident}", self.plan.id));
            self.keep(new(step, &incident, time));
            time += self.rng.millis(40 * SECOND, 200 * SECOND);
        }
    }

    /// Something that repeats, of at most so many alerts.
    fn repeat(&mut self, left: usize, benign: bool, spread: &Spread) {
        let most = if self.plan.size > 60 { 16 } else { 9 };
        let mut many = self.rng.count(3, most).min(left);
        // One alert alone would repeat nothing.
        if left - many == 1 {
            many = left;
        }
        let drawn = if benign || self.rng.chance(65) {
            self.usual(spread)
        } else {
            self.noise(spread)
        };
        let Some(mut drawn) = drawn else { return };
        drawn.times = if self.rng.chance(55) {
            self.burst(many, 40)
        } else {
            self.beat(many)
        };
        self.keep(drawn);
    }

    /// What repeated last repeats once more: one alert alone would repeat nothing.
    fn once_more(&mut self) {
        let mut repeated = self.happenings.iter_mut().rev();
        if let Some(last) = repeated.find(|h| h.times.len() > 1)
            && let Some(time) = last.times.last().copied()
        {
            last.times.push(time + 5 * SECOND);
        }
    }

    fn noise(&mut self, spread: &Spread) -> Option<Happening> {
        let template = self.spreading(&of(Role::Noisy), spread)?;
        let host = self.site.any(&mut self.rng, template.machine).clone();
        Some(self.draw(template, host))
    }

    /// Normal work: of a fact there is, or of one that is written down now.
    fn usual(&mut self, spread: &Spread) -> Option<Happening> {
        let benign: Vec<&'static Template> = ALL
            .iter()
            .copied()
            .filter(|t| matches!(t.role, Role::Benign(_)))
            .collect();
        let known = self.rng.pick(&self.facts).cloned();
        let again = self.rng.chance(50) && !benign.iter().any(|t| spread.lacks(t));
        let (template, host) = match known.filter(|_| again) {
            Some(fact) => {
                let host = self.site.hosts.iter().find(|h| h.name == fact.host)?;
                (fact.template, host.clone())
            }
            None => {
                let template = self.spreading(&benign, spread)?;
                (
                    template,
                    self.site.any(&mut self.rng, template.machine).clone(),
                )
            }
        };
        let mut drawn = self.draw(template, host);
        self.cover(&mut drawn);
        Some(drawn)
    }

    /// Any of these; before all, one that still has to occur at another tenant.
    fn spreading(
        &mut self,
        of: &[&'static Template],
        spread: &Spread,
    ) -> Option<&'static Template> {
        let lacking: Vec<&'static Template> =
            of.iter().copied().filter(|t| spread.lacks(t)).collect();
        let of = if lacking.is_empty() { of } else { &lacking };
        self.rng.pick(of).copied()
    }

    /// Lets one fact have expired before the shift; not one behind which something new hides.
    fn expire(&mut self) {
        let hiding: BTreeSet<&str> = self
            .happenings
            .iter()
            .filter(|h| h.gate.is_some())
            .map(|h| h.template.rule)
            .collect();
        let fact = self
            .facts
            .iter_mut()
            .rev()
            .find(|f| !hiding.contains(f.template.rule));
        let Some(fact) = fact else { return };
        fact.expired = true;
        for happening in &mut self.happenings {
            if happening.fact.as_ref() == Some(&fact.id) {
                happening.fact = None;
            }
        }
    }
}

fn of(role: Role) -> Vec<&'static Template> {
    ALL.iter().copied().filter(|t| t.role == role).collect()
}

fn new(mut happening: Happening, incident: &str, time: i64) -> Happening {
    happening.label = Label::New;
    happening.incident = Some(incident.to_owned());
    happening.times = vec![time];
    happening
}
