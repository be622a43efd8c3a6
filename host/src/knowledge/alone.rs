//! The entries of a file that is no TOML, as far as its lines tell them apart.

/// What stands before the first entry, and each entry with the line it begins with.
pub(super) fn entries<'t>(text: &'t str, begin: &str) -> (&'t str, Vec<&'t str>) {
    let starts_line = |at: &usize| {
        let before = text.get(..*at).unwrap_or_default();
        let line = before.rsplit('\n').next().unwrap_or_default();
        line.trim_ascii().is_empty()
    };
    let found = text.match_indices(begin).map(|(at, _)| at);
    let begins: Vec<usize> = found.filter(starts_line).collect();
    let head = begins.first().copied().unwrap_or(text.len());
    let ends = begins.iter().skip(1).copied().chain([text.len()]);
    let each = begins.iter().zip(ends);
    let each = each.filter_map(|(at, end)| text.get(*at..end)).collect();
    (text.get(..head).unwrap_or_default(), each)
}
