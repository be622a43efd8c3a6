use crate::knowledge::{Asset, Assets};
use crate::model::TenantId;
use crate::sandbox::inspect::{Word, WordKind, Words};
use crate::store::{Home, StoreError};
use crate::triage::Owners;
use std::net::IpAddr;

/// A file whose words could not be looked for.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct NotSearched {
    /// The tenant; none where it is a file of the home.
    pub tenant: Option<TenantId>,
    /// The file.
    pub file: String,
    /// Why.
    pub why: String,
}

/// Columns of a list of assets, beside the name, that name something.
const NAMING: [&str; 4] = ["aliases", "domain", "fqdn", "hostname"];

/// The words of all tenants of a home: ids, the values of `owners.toml` that stand for them, the names
/// and aliases of their assets, and the domains in these. With the files that could not be read.
///
/// # Errors
/// When the home itself cannot be read.
pub fn words_of(home: &Home) -> Result<(Words, Vec<NotSearched>), StoreError> {
    let (mut words, mut not_searched) = (Words::default(), Vec::new());
    let owners = home.text(Owners::FILE)?.map(|text| Owners::parse(&text));
    let owners = match owners {
        None => None,
        Some(Ok(owners)) => Some(owners),
        Some(Err(problems)) => {
            not_searched.push(NotSearched {
                tenant: None,
                file: Owners::FILE.to_owned(),
                why: problems.to_string(),
            });
            None
        }
    };
    let (tenants, _) = home.tenants()?;
    for tenant in &tenants {
        let mut of_tenant = OfTenant {
            tenant,
            words: &mut words,
        };
        of_tenant.add(WordKind::Id, tenant.as_str());
        for value in owners.iter().flat_map(|owners| owners.values_of(tenant)) {
            of_tenant.add(WordKind::Name, value);
            of_tenant.domains(value);
        }
        let assets = home
            .tenant(tenant)
            .and_then(|scope| scope.knowledge(Assets::FILE));
        let failed = |why: String| NotSearched {
            tenant: Some(tenant.clone()),
            file: format!("tenants/{tenant}/knowledge/{}", Assets::FILE),
            why,
        };
        match assets.map(|bytes| bytes.map(|bytes| Assets::usable(&bytes))) {
            Ok(None) => {}
            Ok(Some(usable)) => {
                let assets = usable.value.unwrap_or_default();
                assets.iter().for_each(|asset| of_tenant.asset(asset));
                not_searched.extend(usable.problems.map(|problems| failed(problems.to_string())));
            }
            Err(error) => not_searched.push(failed(error.to_string())),
        }
    }
    Ok((words, not_searched))
}

struct OfTenant<'a> {
    tenant: &'a TenantId,
    words: &'a mut Words,
}

impl OfTenant<'_> {
    fn add(&mut self, kind: WordKind, text: &str) {
        self.words.add(Word {
            tenant: self.tenant.clone(),
            kind,
            text: text.to_owned(),
        });
    }

    fn asset(&mut self, asset: &Asset) {
        self.add(WordKind::Asset, asset.name.as_str());
        self.domains(asset.name.as_str());
        self.domains(asset.owner.as_str());
        for (column, cell) in &asset.attributes {
            if NAMING.contains(&column.as_str()) {
                for name in cell.as_str().split(';') {
                    self.add(WordKind::Asset, name);
                    self.domains(name);
                }
            }
        }
    }

    /// The domains of a name: of `ws-1.corp.acme.example` and of `kim@corp.acme.example` these are
    /// `corp.acme.example` and `acme.example`.
    fn domains(&mut self, name: &str) {
        let name = name.trim();
        let (host, is_mail) = match name.rsplit_once('@') {
            Some((_, host)) => (host, true),
            None => (name, false),
        };
        let is_label = |label: &str| {
            !label.is_empty()
                && label
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        if host.parse::<IpAddr>().is_ok() || !host.split('.').all(is_label) {
            return;
        }
        if is_mail && host.contains('.') {
            self.add(WordKind::Domain, host);
        }
        let mut rest = host;
        while let Some((_, parent)) = rest.split_once('.') {
            if !parent.contains('.') {
                // A name of two labels is a domain itself; what is above it is nobody's.
                self.add(WordKind::Domain, rest);
                break;
            }
            self.add(WordKind::Domain, parent);
            rest = parent;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(names: &[&str], text: &str) -> Vec<(WordKind, String)> {
        let tenant = TenantId::parse("acme").unwrap();
        let mut words = Words::default();
        let mut of_tenant = OfTenant {
            tenant: &tenant,
            words: &mut words,
        };
        names.iter().for_each(|name| of_tenant.domains(name));
        let hits = words.search(text.as_bytes(), "");
        hits.into_iter()
            .map(|hit| (hit.kind, hit.word.to_string()))
            .collect()
    }

    #[test]
    fn the_domains_of_a_name_are_looked_for_and_no_suffix_of_everybody() {
        let text = "x.corp.acme.example acme.co 10.20.30.40 kim@north.example";
        let domain = |name: &str| (WordKind::Domain, name.to_owned());
        assert_eq!(
            found(&["ws-1.corp.acme.example"], text),
            [domain("acme.example"), domain("corp.acme.example")]
        );
        assert_eq!(
            found(&["kim@north.example"], text),
            [domain("north.example")]
        );
        assert_eq!(found(&["acme.co"], text), [domain("acme.co")]);
        assert_eq!(
            found(&["10.20.30.40", "web", "a b.c d", "x.example"], text),
            []
        );
    }
}
