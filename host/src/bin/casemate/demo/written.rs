//! What a tenant wrote down: its boundary, its assets and what is known good there.

use super::night::{Fact, Night};
use super::site::{Listed, Site, account};
use super::templates::{Cover, Role};
use super::tenants::Plan;
use casemate::boundary::{Boundary, TemplateExclusion};

/// Who is accountable for every tenant's output.
pub(crate) const ACCOUNTABLE: &str = "iris.maddern@nightdesk.example";

/// The people of the home: `roster.toml`.
pub(super) fn roster() -> String {
    let people = [
        (ACCOUNTABLE, "Iris Maddern", r#""operator", "analyst""#),
        (
            "tomas.reyle@nightdesk.example",
            "Tomas Reyle",
            r#""analyst""#,
        ),
        (
            "nadia.corwen@nightdesk.example",
            "Nadia Corwen",
            r#""analyst""#,
        ),
        (
            "pieter.aldous@nightdesk.example",
            "Pieter Aldous",
            r#""auditor""#,
        ),
    ];
    let mut text = "version = 1\n".to_owned();
    for (id, name, roles) in people {
        text.push_str(&format!(
            "\n[[people]]\nid = {}\nname = {}\nroles = [{roles}]\n",
            quote(id),
            quote(name)
        ));
    }
    text
}

/// `boundary.toml`.
pub(super) fn boundary(plan: &Plan) -> String {
    let exclusions: Vec<TemplateExclusion<'_>> = plan
        .exclusion
        .iter()
        .map(|e| TemplateExclusion {
            clause: e.clause,
            deny: e.deny,
            until: e.until,
        })
        .collect();
    Boundary::template(ACCOUNTABLE, &exclusions)
}

/// `knowledge/assets.csv`.
pub(super) fn assets(site: &Site) -> String {
    let mut text = "name,kind,owner,criticality,address,aliases\n".to_owned();
    let fixed = [&site.management, &site.scanner, &site.database];
    for host in site.hosts.iter().chain(fixed) {
        let Some(listed) = &host.listed else { continue };
        let Listed {
            kind,
            owner,
            criticality,
        } = listed;
        let (name, ip) = (&host.name, &host.ip);
        let alias = format!("{}.internal", name.to_lowercase());
        text.push_str(&format!(
            "{name},{kind},{owner},{criticality},{ip},{alias}\n"
        ));
    }
    for person in &site.people {
        text.push_str(&format!("{},account,{person},low,,\n", account(person)));
    }
    let lead = site.people.first().map_or("", String::as_str);
    for (name, criticality) in [(&site.admin, "critical"), (&site.service, "high")] {
        text.push_str(&format!("{name},account,{lead},{criticality},,\n"));
    }
    text
}

/// `knowledge/known-good.toml`.
pub(super) fn known_good(night: &Night<'_>) -> String {
    let mut text =
        "# What is normal here. Every fact has an owner and an end.\nversion = 1\n".to_owned();
    for fact in &night.facts {
        let expires = if fact.expired {
            "2026-11-15"
        } else {
            "2027-03-31"
        };
        let reason = format!(
            "{}: planned work, change CHG-{}",
            fact.template.category, fact.change
        );
        text.push_str(&format!(
            "\n[[facts]]\nid = {}\nrule = {}\nowner = {}\nreason = {}\nexpires = {expires}\n",
            quote(&fact.id),
            quote(fact.template.rule),
            quote(&fact.owner),
            quote(&reason),
        ));
        for (field, compare, value) in conditions(fact, &night.site) {
            text.push_str(&format!(
                "[[facts.when]]\nfield = \"{field}\"\n{compare} = {}\n",
                quote(&value)
            ));
        }
    }
    text
}

fn conditions(fact: &Fact, site: &Site) -> Vec<(&'static str, &'static str, String)> {
    let template = fact.template;
    let mut conditions = vec![("host.name", "equals", fact.host.clone())];
    match template.role {
        Role::Benign(Cover::Command) => conditions.push((
            "process.command-line",
            "begins-with",
            template.prefix().to_owned(),
        )),
        Role::Benign(Cover::Parent) => {
            let parent = template.parent.rsplit(['/', '\\']).next();
            let parent = parent.unwrap_or(template.parent).to_owned();
            conditions.push(("process.parent", "equals", parent));
        }
        Role::Benign(Cover::Source) => {
            conditions.push(("source.ip", "equals", site.scanner.ip.clone()));
        }
        Role::Attack | Role::Noisy | Role::Misconfigured | Role::Alone => {}
    }
    conditions
}

fn quote(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
