//! `casemate audit`.

use super::{module, tenant};
use casemate::model::{ModuleName, TenantId};
use casemate::sandbox::inspect::{Finding, Level, Rule};
use clap::Subcommand;

#[derive(Subcommand)]
pub(crate) enum Audit {
    /// What each module can touch, for which tenant, who allowed it, and what it used by the trails
    ///
    /// Exit codes: 0 whatever is found; 1 where `--fail-on` names something that is; 4 where a trail
    /// does not verify.
    Capabilities {
        /// Only this tenant
        #[arg(long, value_name = "TENANT", value_parser = tenant)]
        tenant: Option<TenantId>,
        /// Only this module
        #[arg(long, value_name = "MODULE", value_parser = module)]
        module: Option<ModuleName>,
        /// End with 1 where one of these is found: ids of rules, `error`, `warning` (or worse), `any`
        #[arg(long, value_name = "WHAT", value_delimiter = ',', value_parser = fail_on)]
        fail_on: Vec<FailOn>,
    },
}

/// What ends a command with 1.
#[derive(Clone, Copy, Debug)]
pub(crate) enum FailOn {
    /// A finding of this rule.
    Rule(Rule),
    /// A finding that weighs at least so much.
    AtLeast(Level),
}

impl FailOn {
    pub(crate) fn is_met_by(self, finding: &Finding) -> bool {
        match self {
            Self::Rule(rule) => finding.rule == rule,
            Self::AtLeast(level) => finding.level >= level,
        }
    }
}

pub(super) fn fail_on(text: &str) -> Result<FailOn, String> {
    for (word, level) in [
        ("any", Level::Note),
        ("note", Level::Note),
        ("warning", Level::Warning),
        ("error", Level::Error),
    ] {
        if text == word {
            return Ok(FailOn::AtLeast(level));
        }
    }
    Rule::parse(text).map(FailOn::Rule).ok_or_else(|| {
        let near = Rule::nearest(text).map(|near| format!("did you mean `{near}`? "));
        let ids: Vec<&str> = Rule::ALL.iter().map(|rule| rule.id()).collect();
        format!(
            "{}one of: any, warning, error, {}",
            near.unwrap_or_default(),
            ids.join(", ")
        )
    })
}
