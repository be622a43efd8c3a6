//! One alert after another finds its place.

use casemate_sdk::{Alert, AlertNumber, Link, Opening, Placement, Standing};

use crate::memory::{Memory, Rows};
use crate::method::{Method, Reason};
use crate::rate::Seen;
use crate::says::Says;
use crate::state::{Beginning, Group, OfFamily, Pivot, Pointer, RollUp};
use crate::table::{At, Table};

/// How many groups a key, and how many families a subject, keeps at hand.
const RECENT: usize = 4;
const FAMILIES: usize = 8;
/// How many groups a variant keeps that it opened.
const KEPT: usize = 2;

/// Places alerts and collects the answer.
pub(crate) struct Placer<'a> {
    method: &'a Method,
    /// What is remembered.
    pub(crate) memory: Memory,
    /// One per alert.
    pub(crate) placements: Vec<Placement>,
    /// One per new group.
    pub(crate) openings: Vec<Opening>,
    /// Proposals for cases.
    pub(crate) links: Vec<Link>,
}

/// A group that would take an alert.
#[derive(Clone, Copy)]
struct Candidate {
    pointer: Pointer,
    last: i64,
    reason: Reason,
    measured: i64,
    bound: i64,
}

impl<'a> Placer<'a> {
    /// Starts from what is remembered.
    pub(crate) fn new(method: &'a Method, memory: Memory, alerts: usize) -> Self {
        Self {
            method,
            memory,
            placements: Vec::with_capacity(alerts),
            openings: Vec::new(),
            links: Vec::new(),
        }
    }

    /// Places an alert that says this.
    pub(crate) fn place(&mut self, alert: &Alert<'_>, says: &Says, rows: &Rows) {
        let (time, number) = (alert.time(), alert.number());
        let variant = self.memory.variants.change(rows.variant);
        let known_since = variant.rate.time;
        variant.touched = variant.touched.max(time);
        let seen = variant.rate.count(time, self.method);
        let own = self.own(time, says, rows, &seen);
        let gap = own.map_or(self.method.gap_most, |c| c.bound.min(self.method.gap_most));
        let expected = seen.expected(gap);
        let usual = seen.before >= self.method.familiar && expected >= self.method.expected;
        if usual && seen.now < self.method.burst {
            return self.set_aside(time, number, rows, expected);
        }
        let found = if says.detailed {
            own
        } else {
            let others = [
                own,
                self.of_subject(time, says, rows),
                self.of_rule(time, rows),
            ];
            // On a tie the first, which is the alert's own.
            others.into_iter().flatten().rev().max_by_key(|c| c.last)
        };
        if let Some(candidate) = found {
            self.join(time, number, says, rows, candidate);
        } else {
            let (reason, measured, bound) = if usual {
                (
                    Reason::Burst,
                    i64::from(seen.now),
                    i64::from(self.method.burst),
                )
            } else if seen.before > 0 {
                (
                    Reason::Reopened,
                    time.saturating_sub(known_since),
                    self.stays_open(says),
                )
            } else {
                let key = self.memory.keys.get(rows.key);
                let known = !key.recent.is_empty() || key.routine.is_some();
                (if known { Reason::NewPeer } else { Reason::New }, 0, 1)
            };
            self.open(time, number, says, rows, &seen, (reason, measured, bound));
        }
    }

    /// How long a group waits for more of this at most.
    fn stays_open(&self, says: &Says) -> i64 {
        if says.detailed || says.around_known {
            self.method.again
        } else {
            self.method.gap_most
        }
    }

    /// The group of the same key that would take the alert: one it is like in everything before one
    /// that merely changes its circumstances, so that a storm goes on in its own group and leaves
    /// what is new beside it alone.
    fn own(&self, time: i64, says: &Says, rows: &Rows, seen: &Seen) -> Option<Candidate> {
        self.recent(time, rows, |group, gap| {
            (group.around == says.around).then_some((Reason::SameKey, gap))
        })
        .or_else(|| self.again(time, says, rows))
        .or_else(|| {
            if seen.before >= self.method.familiar {
                return None;
            }
            self.recent(time, rows, |group, gap| {
                let fresh = group.unusual && group.count < self.method.fresh;
                let bound = if group.fan {
                    gap
                } else {
                    gap.min(self.method.gap_fan)
                };
                (group.fan || fresh).then_some((Reason::Fan, bound))
            })
        })
    }

    /// The latest of the key's groups that would take the alert, by a reason and a bound on the
    /// distance.
    fn recent(
        &self,
        time: i64,
        rows: &Rows,
        takes: impl Fn(&Group, i64) -> Option<(Reason, i64)>,
    ) -> Option<Candidate> {
        let recent = self.memory.keys.get(rows.key).recent.iter();
        let within = recent.filter_map(|pointer| {
            let group = self.memory.group(pointer)?;
            let (reason, bound) = takes(group, gap(group, self.method))?;
            let measured = distance(group, time);
            let candidate = Candidate {
                pointer: *pointer,
                last: group.last,
                reason,
                measured,
                bound,
            };
            (measured <= bound).then_some(candidate)
        });
        // On a tie the latest that was joined.
        within.max_by_key(|c| c.last)
    }

    /// The group that holds the very same, with all its details, since no more than a day.
    fn again(&self, time: i64, says: &Says, rows: &Rows) -> Option<Candidate> {
        if !says.detailed && !says.around_known {
            return None;
        }
        let pointer = self.memory.variants.get(rows.variant).last?;
        let group = self.memory.group(&pointer)?;
        let measured = time.saturating_sub(group.first);
        let bound = self.method.again;
        (measured.saturating_abs() <= bound).then_some(Candidate {
            pointer,
            last: group.last,
            reason: Reason::SameAgain,
            measured,
            bound,
        })
    }

    /// The latest group of another rule on the same subject.
    fn of_subject(&self, time: i64, says: &Says, rows: &Rows) -> Option<Candidate> {
        let subject = self.memory.subjects.get(rows.subject);
        let pointer = match says.family {
            Some(family) => subject.families.iter().find(|f| f.family == family)?.group,
            None => subject.any?,
        };
        let group = self.memory.group(&pointer)?;
        if group.around != says.around {
            return None;
        }
        self.other(time, pointer, group, Reason::SameHost, self.method.gap_host)
    }

    /// The latest group of the same rule, in the same circumstances, on another subject.
    fn of_rule(&self, time: i64, rows: &Rows) -> Option<Candidate> {
        let pointer = self.memory.rules.get(rows.rule).group?;
        let group = self.memory.group(&pointer)?;
        self.other(time, pointer, group, Reason::SameRule, self.method.gap_rule)
    }

    fn other(
        &self,
        time: i64,
        pointer: Pointer,
        group: &Group,
        reason: Reason,
        most: i64,
    ) -> Option<Candidate> {
        // Many of one kind are a storm, which must not swallow another kind.
        if !group.mixed && group.count >= self.method.settled {
            return None;
        }
        let measured = distance(group, time);
        let bound = gap(group, self.method).min(most);
        let candidate = Candidate {
            pointer,
            last: group.last,
            reason,
            measured,
            bound,
        };
        (measured <= bound).then_some(candidate)
    }

    fn set_aside(&mut self, time: i64, number: AlertNumber, rows: &Rows, expected: i64) {
        let key = self.memory.keys.change(rows.key);
        key.touched = key.touched.max(time);
        let open = |r: &RollUp| time.abs_diff(r.since) < self.method.routine.unsigned_abs();
        let group = key.routine.filter(open).map_or(number, |r| r.number);
        if group == number {
            key.routine = Some(RollUp {
                number,
                since: time,
            });
            self.openings.push(Opening {
                group,
                standing: Standing::Routine,
            });
        }
        self.put(
            number,
            group,
            (Reason::Routine, expected, self.method.expected),
        );
    }

    fn join(
        &mut self,
        time: i64,
        number: AlertNumber,
        says: &Says,
        rows: &Rows,
        candidate: Candidate,
    ) {
        let pointer = candidate.pointer;
        if let Some(home) = self.memory.variants.find(&pointer.home) {
            let home = self.memory.variants.change(home);
            home.touched = home.touched.max(time);
            if let Some(group) = home.groups.iter_mut().find(|g| g.number == pointer.number) {
                group.count = group.count.saturating_add(1);
                if time > group.last {
                    group.gaps = group.gaps.saturating_add(time.saturating_sub(group.last));
                    group.last = time;
                }
                group.first = group.first.min(time);
                group.fan |= candidate.reason == Reason::Fan;
                group.mixed |= matches!(candidate.reason, Reason::SameHost | Reason::SameRule);
            }
        }
        self.at_hand(time, says, rows, pointer);
        self.put(
            number,
            pointer.number,
            (candidate.reason, candidate.measured, candidate.bound),
        );
    }

    fn open(
        &mut self,
        time: i64,
        number: AlertNumber,
        says: &Says,
        rows: &Rows,
        seen: &Seen,
        why: (Reason, i64, i64),
    ) {
        let unusual = unusual(seen, self.method.link_host, self.method);
        let variant = self.memory.variants.change(rows.variant);
        if variant.groups.len() >= KEPT {
            variant.groups.remove(0);
        }
        variant.groups.push(Group {
            number,
            first: time,
            last: time,
            count: 1,
            gaps: 0,
            fan: false,
            mixed: false,
            unusual,
            around: says.around,
        });
        let home = self.memory.variants.digest(rows.variant);
        self.at_hand(time, says, rows, Pointer { home, number });
        self.openings.push(Opening {
            group: number,
            standing: Standing::Open,
        });
        self.put(number, number, why);
        if unusual {
            self.link(time, number, rows);
        }
    }

    /// Makes a group the one that later alerts of this kind look at.
    fn at_hand(&mut self, time: i64, says: &Says, rows: &Rows, pointer: Pointer) {
        self.memory.variants.change(rows.variant).last = Some(pointer);
        let key = self.memory.keys.change(rows.key);
        key.touched = key.touched.max(time);
        latest(&mut key.recent, pointer, RECENT, |p| *p == pointer);
        if says.detailed {
            return;
        }
        let subject = self.memory.subjects.change(rows.subject);
        subject.touched = subject.touched.max(time);
        subject.any = Some(pointer);
        if let Some(family) = says.family {
            let entry = OfFamily {
                family,
                group: pointer,
            };
            latest(&mut subject.families, entry, FAMILIES, |f| {
                f.family == family
            });
        }
        let rule = self.memory.rules.change(rows.rule);
        rule.touched = rule.touched.max(time);
        rule.group = Some(pointer);
    }

    fn put(&mut self, alert: AlertNumber, group: AlertNumber, why: (Reason, i64, i64)) {
        let (reason, measured, bound) = why;
        self.placements.push(Placement {
            alert,
            group,
            rule: reason as u32,
            measured,
            bound,
        });
    }

    /// Proposes links from a new unusual group to the latest unusual ones that share something.
    fn link(&mut self, time: i64, number: AlertNumber, rows: &Rows) {
        let method = self.method;
        let this = Beginning { number, time };
        let subject = self.memory.subjects.change(rows.subject);
        subject.touched = subject.touched.max(time);
        let mut found = Vec::with_capacity(4);
        let host = subject.unusual.replace(this);
        found.push((host, Reason::LinkHost, method.link_host));
        let Memory {
            users,
            hashes,
            peers,
            ..
        } = &mut self.memory;
        let mut pivot = |table: &mut Table<Pivot>, at: Option<At<Pivot>>, reason, bound| {
            if let Some(at) = at {
                found.push((follow(table.change(at), this, bound, method), reason, bound));
            }
        };
        pivot(users, rows.user, Reason::LinkUser, method.link_user);
        pivot(hashes, rows.hash, Reason::LinkHash, method.link_hash);
        pivot(peers, rows.peer, Reason::LinkPeer, method.link_user);
        let mut linked = Vec::with_capacity(4);
        for (other, reason, bound) in found {
            let Some(other) = other else { continue };
            let measured = time.saturating_sub(other.time).saturating_abs();
            if measured <= bound && !linked.contains(&other.number) {
                linked.push(other.number);
                let (a, b, rule) = (number, other.number, reason as u32);
                self.links.push(Link {
                    a,
                    b,
                    rule,
                    measured,
                    bound,
                });
            }
        }
    }
}

/// The unusual group that had this before, where that is rare.
fn follow(pivot: &mut Pivot, this: Beginning, window: i64, method: &Method) -> Option<Beginning> {
    pivot.touched = pivot.touched.max(this.time);
    let seen = pivot.rate.count(this.time, method);
    let before = pivot.unusual.replace(this);
    before.filter(|_| unusual(&seen, window, method))
}

/// Whether something was not to be expected within `window`.
fn unusual(seen: &Seen, window: i64, method: &Method) -> bool {
    seen.before < method.familiar || seen.expected(window) < method.expected
}

/// How far a time lies outside a group.
fn distance(group: &Group, time: i64) -> i64 {
    time.saturating_sub(group.last)
        .max(group.first.saturating_sub(time))
        .max(0)
}

/// How long a group waits: a slow trickle stays open for a minute, a dense scan ends with a second of
/// silence.
fn gap(group: &Group, method: &Method) -> i64 {
    let sum = (method.gap_most / method.patience).saturating_add(group.gaps);
    let mean = sum / i64::from(group.count.max(1));
    mean.saturating_mul(method.patience)
        .clamp(method.gap_least, method.gap_most)
}

/// Puts an entry last, in place of its like, and drops the first where there are too many.
fn latest<T: PartialEq>(list: &mut Vec<T>, entry: T, most: usize, like: impl Fn(&T) -> bool) {
    if list.last() == Some(&entry) {
        return;
    }
    list.retain(|e| !like(e));
    if list.len() >= most {
        list.remove(0);
    }
    list.push(entry);
}
