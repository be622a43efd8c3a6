use super::Boundary;

/// An exclusion to be written into a new file.
#[derive(Clone, Copy, Debug)]
pub struct TemplateExclusion<'a> {
    /// The contract's clause.
    pub clause: &'a str,
    /// What it denies: sources, fields, groups of fields, `model` or `memory`.
    pub deny: &'a [&'a str],
    /// The last day on which it holds, as `2027-03-31`; for ever where there is none.
    pub until: Option<&'a str>,
}

impl Boundary {
    /// A complete file with comments: modules may see all fields but the source's own message, may
    /// use assets and known-good facts and may remember; no model.
    pub fn template(accountable: &str, exclusions: &[TemplateExclusion<'_>]) -> String {
        let mut text = HEAD.replace("{accountable}", &quote(accountable));
        if exclusions.is_empty() {
            text.push_str(NO_EXCLUSIONS);
        }
        text.push_str(BODY);
        for exclusion in exclusions {
            let deny: Vec<String> = exclusion.deny.iter().map(|d| quote(d)).collect();
            text.push_str(&format!(
                "\n[[exclusions]]                   # 5. contractual exclusions: deny always wins\nclause = {}\ndeny   = [{}]\n",
                quote(exclusion.clause),
                deny.join(", ")
            ));
            if let Some(until) = exclusion.until {
                text.push_str(&format!(
                    "until  = {until}               # the last day, in UTC\n"
                ));
            }
        }
        text
    }
}

fn quote(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

const HEAD: &str = r#"# What may be done with this tenant's data. All five statements are required; "none" is
# written out. What is not named here is withheld.
version = 1
fields = 1                       # the field list that names and groups below refer to
accountable = {accountable}   # a person of the roster
"#;

const NO_EXCLUSIONS: &str = r#"exclusions = []                  # 5. contractual exclusions: none. Each one would be
                                 # [[exclusions]] with `clause`, `deny` and perhaps `until`
"#;

const BODY: &str = r#"
[data]                           # 1. what may be seen, by alert field
modules = [                      # everything but `message`, the source's own log line
    "product", "severity", "rule", "host", "user", "process",
    "network", "url", "domain", "file", "observables",
]
model = []                       # what a model may see
memory = true                    # may a granted module keep notes on this tenant between runs?
pseudonymise = []                # what a model sees as a token

[model]                          # 2. where the model boundary sits
endpoint = "none"
location = "none"

[enrichment]                     # 3. sanctioned sources
sources = ["assets", "known-good"]

[review]                         # 4. what must be reviewed before sign-off
required = ["severity", "affected-assets", "every-citation"]
signers = "allowed_signers"      # OpenSSH allowed_signers file in this folder
downgrade_needs = 2              # people needed to lower a severity
packet_needs = ["timeline", "assets", "gaps", "receipts"]
replay_bundle = ["internal"]     # who may get module binaries and whole batches

# How long things are kept after they were taken in; what is not stated is kept for ever.
# [retention]
# raw_days = 400                 # the source's documents
# derived_days = 400             # what was added to groups, drafts, notes, material of runs
# packet_days = 3650             # packets do not exist yet
"#;
