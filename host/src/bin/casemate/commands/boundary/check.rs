//! `casemate boundary check`.

use super::super::{chosen, open, store};
use crate::args::{Format, Shared};
use crate::output::{self, Exit, Failure, Paint};
use casemate::Casemate;
use casemate::boundaries::HomeDefaults;
use casemate::boundary::{Defaults, Ineffective, Rollout};
use casemate::model::TenantId;
use casemate::triage::NotStarted;
use casemate::written::{Problem, Problems};
use serde::Serialize;

#[derive(Serialize)]
struct Checked {
    tenant: String,
    holds: bool,
    digest: Option<String>,
    accountable: Option<String>,
    /// The file of the defaults that it stands under.
    defaults: Option<&'static str>,
    problems: Vec<Problem>,
    error: Option<String>,
    ineffective: Vec<Ineffective>,
}

/// What there is of defaults; all of it absent where the home has none.
#[derive(Serialize)]
struct OfHome {
    present: bool,
    holds: bool,
    digest: Option<String>,
    problems: Vec<Problem>,
    rollout: Option<Rollout>,
    rollout_error: Option<String>,
    /// Tenants of the rollout that are not in the home.
    strangers: Vec<String>,
}

#[derive(Serialize)]
struct List {
    defaults: OfHome,
    boundaries: Vec<Checked>,
}

pub(super) fn check(shared: &Shared, tenant: Option<&TenantId>) -> Result<Exit, Failure> {
    let casemate = open(shared)?;
    let defaults = casemate.defaults().map_err(store)?;
    let mut text = String::new();
    let of_home = of_home(&casemate, &defaults, &mut text)?;
    let mut boundaries = Vec::new();
    for tenant in chosen(&casemate, tenant)? {
        boundaries.push(one(&casemate, &tenant, of_home.holds, &mut text)?);
    }
    let no_error = of_home.holds && of_home.rollout_error.is_none();
    let all_hold = no_error && boundaries.iter().all(|b| b.holds);
    match shared.format {
        Format::Json => {
            let list = List {
                defaults: of_home,
                boundaries,
            };
            output::json("casemate.boundaries/v1", &list)?;
        }
        Format::Ndjson => output::ndjson("casemate.boundary/v1", &boundaries)?,
        Format::Table | Format::Csv | Format::Sarif | Format::Html => output::text(&text)?,
    }
    Ok(if all_hold { Exit::Ok } else { Exit::Findings })
}

fn of_home(
    casemate: &Casemate,
    defaults: &HomeDefaults,
    text: &mut String,
) -> Result<OfHome, Failure> {
    let paint = Paint::stdout();
    let mut of_home = OfHome {
        present: false,
        holds: true,
        digest: None,
        problems: Vec::new(),
        rollout: None,
        rollout_error: defaults.next_error(),
        strangers: Vec::new(),
    };
    let wrong = |of_home: &mut OfHome, problems: &Problems, text: &mut String| {
        of_home.holds = false;
        of_home.problems.extend(problems.iter().cloned());
        let head = paint.red("does not hold");
        text.push_str(&format!(
            "{head} the defaults: no tenant starts before they do\n{problems}\n"
        ));
    };
    match defaults.current() {
        Ok(None) => (),
        Ok(Some(current)) => {
            of_home.present = true;
            of_home.digest = Some(format!("sha256:{}", current.digest()));
            let head = paint.green("holds        ");
            text.push_str(&format!("{head} the defaults, {}\n", Defaults::FILE));
        }
        Err(problems) => {
            of_home.present = true;
            wrong(&mut of_home, problems, text);
        }
    }
    match defaults.rollout() {
        Ok(None) => (),
        Ok(Some(rollout)) => {
            let tenants = casemate.tenants().map_err(store)?;
            let named: Vec<String> = rollout.tenants.iter().map(ToString::to_string).collect();
            let strangers = rollout.tenants.iter().filter(|t| !tenants.contains(t));
            of_home.strangers = strangers.map(ToString::to_string).collect();
            let (head, why) = match &of_home.rollout_error {
                None => (paint.green("holds        "), String::new()),
                Some(why) => (paint.red("does not hold"), format!("\n{why}")),
            };
            text.push_str(&format!(
                "{head} {}, first in effect for {}, by {} on {}{why}\n",
                Defaults::NEXT,
                named.join(", "),
                rollout.by,
                output::time(rollout.at),
            ));
            for stranger in &of_home.strangers {
                let note = format!("note: `{stranger}` is no tenant of this home");
                text.push_str(&format!("  {}\n", paint.dim(&note)));
            }
            of_home.rollout = Some(rollout.clone());
        }
        Err(problems) => wrong(&mut of_home, problems, text),
    }
    Ok(of_home)
}

fn one(
    casemate: &Casemate,
    tenant: &TenantId,
    defaults_hold: bool,
    text: &mut String,
) -> Result<Checked, Failure> {
    let paint = Paint::stdout();
    let scope = casemate.home().tenant(tenant).map_err(NotStarted::from);
    let mut checked = Checked {
        tenant: tenant.to_string(),
        holds: false,
        digest: None,
        accountable: None,
        defaults: None,
        problems: Vec::new(),
        error: None,
        ineffective: Vec::new(),
    };
    match scope.and_then(|scope| casemate.boundary(&scope)) {
        Ok(boundary) => {
            checked.holds = true;
            checked.digest = Some(format!("sha256:{}", boundary.digest()));
            checked.accountable = Some(boundary.accountable().to_owned());
            checked.defaults = boundary.defaults().map(Defaults::file);
            checked.ineffective = boundary.ineffective();
            let under = checked.defaults.map(|file| format!(", under {file}"));
            text.push_str(&format!(
                "{} {tenant}: {} is accountable{}\n",
                paint.green("holds        "),
                boundary.accountable(),
                under.unwrap_or_default(),
            ));
            for note in &checked.ineffective {
                text.push_str(&format!("  {}\n", paint.dim(&ineffective(note))));
            }
        }
        Err(error) => {
            text.push_str(&format!("{} {tenant}", paint.red("does not hold")));
            if let (NotStarted::Defaults(_), false) = (&error, defaults_hold) {
                // Told once, above.
                text.push_str(": see the defaults\n");
            } else if let NotStarted::Boundary { problems, .. } = &error {
                text.push_str(&format!("\n{problems}\n"));
                checked.problems = problems.iter().cloned().collect();
            } else {
                text.push_str(&format!("\n{error}\n"));
            }
            checked.error = Some(error.to_string());
        }
    }
    Ok(checked)
}

/// A line of a tenant's own file that the defaults leave without effect.
pub(super) fn ineffective(note: &Ineffective) -> String {
    let (mine, theirs) = (super::line(&note.line), super::line(&note.by));
    format!("note: {mine} has no effect: {} ({theirs})", note.what)
}
