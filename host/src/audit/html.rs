//! The audit as a page for people: no script, nothing loaded from elsewhere, readable on paper.

use super::{CapabilityAudit, Cell, OfModule, Row, clause};
use crate::model::Instant;
use crate::sandbox::inspect::Level;
use std::fmt::Write as _;

const STYLE: &str = include_str!("page.css");

pub(super) fn page(audit: &CapabilityAudit) -> String {
    let mut page = Page::default();
    let made = time(audit.as_of);
    page.raw("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    page.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    // Nothing runs and nothing is sent, also where a text in it should ever slip through.
    page.raw("<meta http-equiv=\"Content-Security-Policy\" content=\"script-src 'none'; img-src 'none'; font-src 'none'; connect-src 'none'; object-src 'none'; frame-src 'none'; base-uri 'none'; form-action 'none'\">\n");
    page.raw("<title>What modules can touch</title>\n<style>\n");
    page.raw(STYLE);
    page.raw("</style>\n</head>\n<body>\n<main>\n");
    page.raw("<header><h1>What modules can touch</h1>\n<p>As of <time>");
    page.text(&made);
    page.raw("</time>, by ");
    page.text(audit.host);
    page.raw(". Read from grants, boundaries, modules and trails; nothing was run.</p></header>\n");
    summary(&mut page, audit);
    findings(&mut page, audit);
    rows(&mut page, audit);
    modules(&mut page, &audit.modules);
    tenants(&mut page, audit);
    page.raw("<footer><p>grants.toml sha256:");
    page.text(&audit.grants.to_string());
    page.raw("<br>roster.toml sha256:");
    page.text(&audit.roster.to_string());
    page.raw("</p></footer>\n</main>\n</body>\n</html>\n");
    page.out
}

/// A page while it is written: what is not markup of ours is escaped.
#[derive(Default)]
struct Page {
    out: String,
}

impl Page {
    fn raw(&mut self, markup: &str) {
        self.out.push_str(markup);
    }

    fn text(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '&' => self.out.push_str("&amp;"),
                '<' => self.out.push_str("&lt;"),
                '>' => self.out.push_str("&gt;"),
                '"' => self.out.push_str("&quot;"),
                '\'' => self.out.push_str("&#39;"),
                c => self.out.push(c),
            }
        }
    }

    /// A table's head, with what it is about.
    fn table(&mut self, caption: &str, head: &[&str]) {
        self.raw("<div class=\"wide\"><table>\n<caption>");
        self.text(caption);
        self.raw("</caption>\n<thead><tr>");
        for cell in head {
            self.raw("<th scope=\"col\">");
            self.text(cell);
            self.raw("</th>");
        }
        self.raw("</tr></thead>\n");
    }

    fn end_table(&mut self) {
        self.raw("</table></div>\n");
    }

    fn cell(&mut self, text: &str) {
        self.raw("<td>");
        self.text(text);
        self.raw("</td>");
    }

    /// A cell whose class a colour goes by; the word says the same.
    fn marked(&mut self, class: &str, text: &str) {
        let _ = write!(self.out, "<td class=\"{class}\">");
        self.text(text);
        self.raw("</td>");
    }

    fn section(&mut self, id: &str, title: &str) {
        let _ = write!(
            self.out,
            "<section aria-labelledby=\"{id}\">\n<h2 id=\"{id}\">"
        );
        self.text(title);
        self.raw("</h2>\n");
    }
}

fn summary(page: &mut Page, audit: &CapabilityAudit) {
    let summary = &audit.summary;
    page.section("summary", "Summary");
    page.raw("<dl class=\"figures\">\n");
    let numbers = [
        ("tenants", summary.tenants),
        ("modules installed", summary.modules),
        ("capabilities given", summary.given),
        ("of these used", summary.used),
        ("asked for and refused", summary.refused),
        ("errors", summary.errors),
        ("warnings", summary.warnings),
    ];
    for (what, number) in numbers {
        page.raw("<div><dt>");
        page.text(what);
        let _ = writeln!(page.out, "</dt><dd>{number}</dd></div>");
    }
    page.raw("</dl>\n");
    let bad = audit.tenants.iter().filter(|tenant| !tenant.trail.verified);
    page.raw("<p>");
    match bad.count() {
        0 => {
            page.text("Every trail verifies to its end, so every use that was recorded is counted.")
        }
        bad => page.text(&format!(
            "{bad} of the trails do not verify: what was used may be more than is told here."
        )),
    }
    page.raw("</p>\n</section>\n");
}

fn findings(page: &mut Page, audit: &CapabilityAudit) {
    let told: Vec<_> = audit
        .findings
        .iter()
        .filter(|f| f.level > Level::Note)
        .collect();
    page.section("findings", "What to look at");
    if told.is_empty() {
        page.raw("<p>Nothing: no error and no warning.</p>\n");
    } else {
        page.table(
            "Errors and warnings, with their place",
            &["Level", "Rule", "What", "Where"],
        );
        page.raw("<tbody>\n");
        for found in &told {
            page.raw("<tr>");
            page.marked(found.level.word(), found.level.word());
            page.raw("<td><code>");
            page.text(found.rule.id());
            page.raw("</code></td>");
            page.cell(&found.message);
            let line = found.place.line.map(|line| format!(":{line}"));
            let line = line.or_else(|| found.place.byte.map(|byte| format!(" byte {byte}")));
            page.raw("<td class=\"path\">");
            page.text(&format!("{}{}", found.place.file, line.unwrap_or_default()));
            page.raw("</td></tr>\n");
        }
        page.raw("</tbody>\n");
        page.end_table();
    }
    let notes = audit.findings.len() - told.len();
    if notes > 0 {
        let _ = writeln!(
            page.out,
            "<p>{notes} notes are in the JSON and SARIF forms.</p>"
        );
    }
    page.raw("</section>\n");
}

fn rows(page: &mut Page, audit: &CapabilityAudit) {
    page.section("capabilities", "Tenants and modules");
    page.raw("<p>A run has a capability that the module asks for, the tenant's boundary allows and an operator granted. Uses are calls in the tenant's trail, of the module as it is now.</p>\n");
    let head = [
        "Tenant",
        "Module",
        "Standing",
        "Granted by",
        "Capability",
        "Asked",
        "Imported",
        "Boundary",
        "Granted",
        "Given",
        "Used",
        "Last use",
        "Refused",
    ];
    page.table("One line for each tenant, module and capability", &head);
    for tenant in &audit.tenants {
        let of_tenant: Vec<&Row> = audit
            .rows
            .iter()
            .filter(|r| r.tenant == tenant.tenant)
            .collect();
        let lines: usize = of_tenant
            .iter()
            .map(|row| row.capabilities.len().max(1))
            .sum();
        if of_tenant.is_empty() {
            continue;
        }
        page.raw("<tbody>\n");
        let mut first = true;
        for row in of_tenant {
            let mut cells: Vec<Option<&Cell>> = row.capabilities.iter().map(Some).collect();
            if cells.is_empty() {
                cells.push(None);
            }
            let span = cells.len();
            for (at, cell) in cells.into_iter().enumerate() {
                page.raw("<tr>");
                if first {
                    let _ = write!(page.out, "<th scope=\"rowgroup\" rowspan=\"{lines}\">");
                    page.text(tenant.tenant.as_str());
                    page.raw("</th>");
                    first = false;
                }
                if at == 0 {
                    of_module(page, row, span);
                }
                match cell {
                    Some(cell) => of_capability(page, cell),
                    None => page.raw("<td colspan=\"9\" class=\"none\">no capability</td>"),
                }
                page.raw("</tr>\n");
            }
        }
        page.raw("</tbody>\n");
    }
    page.end_table();
    page.raw("</section>\n");
}

fn of_module(page: &mut Page, row: &Row, span: usize) {
    let _ = write!(page.out, "<th scope=\"row\" rowspan=\"{span}\">");
    page.text(row.module.as_str());
    page.raw("</th>");
    let class = match row.standing {
        super::Standing::Runs | super::Standing::RunsBeside => "yes",
        super::Standing::Refused | super::Standing::NothingRuns => "no",
        super::Standing::NotGranted => "none",
    };
    let _ = write!(page.out, "<td rowspan=\"{span}\" class=\"{class}\">");
    page.text(row.standing.says());
    if let (super::Standing::NotGranted, Some(why)) = (row.standing, &row.why) {
        page.raw("<br><small>");
        page.text(why);
        page.raw("</small>");
    }
    let _ = write!(page.out, "</td><td rowspan=\"{span}\">");
    if let Some(grant) = &row.grant {
        page.text(grant.by.as_str());
        page.raw("<br><small>");
        page.text(&format!("{}, grants.toml:{}", time(grant.at), grant.line));
        page.raw("</small>");
    }
    page.raw("</td>");
}

fn of_capability(page: &mut Page, cell: &Cell) {
    let word = |is: bool| if is { "yes" } else { "no" };
    page.raw("<td><code>");
    page.text(cell.capability.name());
    page.raw("</code></td>");
    page.cell(word(cell.asked));
    page.cell(word(cell.imported));
    let line = cell.allowed_by.as_ref();
    page.raw("<td>");
    page.text(match cell.allowed {
        Some(true) => "allows",
        Some(false) => "denies",
        None => "does not hold",
    });
    if let Some(line) = line {
        page.raw("<br><small>");
        page.text(&format!("{}:{}{}", line.file, line.line, clause(line)));
        page.raw("</small>");
    }
    page.raw("</td>");
    page.cell(word(cell.granted));
    let refused = cell.asked && !cell.effective;
    page.marked(
        match (cell.effective, refused) {
            (true, _) => "yes",
            (false, true) => "no",
            (false, false) => "none",
        },
        word(cell.effective),
    );
    page.marked("number", &cell.used.to_string());
    page.marked("time", &cell.last_used.map(time).unwrap_or_default());
    page.raw("<td>");
    if let Some(last) = &cell.last_refused {
        page.text(&format!("{} times", cell.refused));
        page.raw("<br><small>");
        let line = last.line.map(|line| format!(":{line}")).unwrap_or_default();
        page.text(&format!("last {}, {}{line}", time(last.at), last.file));
        page.raw("</small>");
    }
    page.raw("</td>");
}

fn modules(page: &mut Page, modules: &[OfModule]) {
    page.section("modules", "Modules");
    for module in modules {
        page.raw("<article><h3>");
        page.text(module.module.as_str());
        if module.candidate {
            page.text(", a candidate");
        }
        page.raw("</h3>\n<dl>");
        let mut line = |what: &str, text: &str| {
            page.raw("<dt>");
            page.text(what);
            page.raw("</dt><dd>");
            page.text(text);
            page.raw("</dd>\n");
        };
        match (&module.inspection, module.digest) {
            (Some(inspection), Some(digest)) => {
                if let Some(stated) = &inspection.stated {
                    line("version", &format!("{}, {}", stated.version, stated.kind));
                    let fields: Vec<&str> = stated.fields.iter().map(|f| f.name()).collect();
                    line("fields read", &or_none(fields.join(", ")));
                    let limits = stated.limits;
                    line(
                        "limits",
                        &format!(
                            "{} MiB, {} ms, {} calls",
                            limits.memory_mib, limits.deadline_ms, limits.host_calls
                        ),
                    );
                }
                line("digest", &format!("sha256:{digest}"));
                line("size", &format!("{} bytes", inspection.bytes));
                let names = |list: &[crate::sandbox::inspect::Interface]| {
                    let names: Vec<&str> = list.iter().map(|i| i.name.as_str()).collect();
                    or_none(names.join(", "))
                };
                line("imports", &names(&inspection.imports));
                line("exports", &names(&inspection.exports));
                line("built with", &or_none(inspection.contents.built_with()));
            }
            (_, _) => line("cannot be read", "see what to look at, above"),
        }
        page.raw("</dl></article>\n");
    }
    page.raw("</section>\n");
}

fn tenants(page: &mut Page, audit: &CapabilityAudit) {
    page.section("tenants", "Boundaries and trails");
    let head = ["Tenant", "Accountable", "Boundary", "Trail", "Entries"];
    page.table("What was read of each tenant", &head);
    page.raw("<tbody>\n");
    for tenant in &audit.tenants {
        page.raw("<tr><th scope=\"row\">");
        page.text(tenant.tenant.as_str());
        page.raw("</th>");
        page.cell(tenant.accountable.as_deref().unwrap_or_default());
        match (&tenant.boundary, &tenant.problem) {
            (Some(digest), _) => {
                page.raw("<td class=\"path\">sha256:");
                page.text(&digest.to_string());
                page.raw("</td>");
            }
            (None, problem) => page.marked("no", problem.as_deref().unwrap_or("does not hold")),
        }
        match &tenant.trail.problem {
            Some(problem) => page.marked("no", problem),
            None if !tenant.trail.there => page.marked("none", "none yet"),
            None => page.marked("yes", "verifies"),
        }
        page.marked("number", &tenant.trail.entries.to_string());
        page.raw("</tr>\n");
    }
    page.raw("</tbody>\n");
    page.end_table();
    page.raw("</section>\n");
}

fn or_none(text: String) -> String {
    match text.is_empty() {
        true => "none".to_owned(),
        false => text,
    }
}

/// To the second, in UTC.
fn time(instant: Instant) -> String {
    let text = instant.to_string();
    match text.split_once('.') {
        Some((seconds, _)) => format!("{seconds}Z"),
        None => text,
    }
}
