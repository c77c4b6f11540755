//! Where a source is: which keys go together, and what an address may be.

use crate::{
    declaration::{findings::Findings, load::Declared, path},
    diagnostic::{Diagnostic, codes, excerpt},
    yaml::{Node, Span},
};

/// Keys that say where a chart is; `chart` alone is a path, with `repository` a name.
const ORIGINS: [&str; 4] = ["oci", "git", "repository", "chart"];

pub(super) fn check(one: &Declared<'_>, findings: &mut Vec<Diagnostic>) {
    let Some(source) = one.spec("source") else { return };
    let mut rule = Rule { file: one.file, findings: Findings::new(one.file, findings), has_secret: false };
    for kind in ["manifests", "kustomize", "hld"] {
        if let Some(node) = source.get(kind) {
            rule.folder(node, kind);
        }
    }
    if let Some(entry) = source.entry("helm") {
        rule.chart(&entry.value, entry.key.span);
    }
    if rule.has_secret {
        // The lines around any finding in the file may show it.
        let is_here = |finding: &&mut Diagnostic| finding.place.as_ref().is_some_and(|place| place.file == one.file);
        findings.iter_mut().filter(is_here).for_each(|finding| finding.hides_source = true);
    }
}

struct Rule<'a> {
    file: &'a str,
    findings: Findings<'a>,
    /// Whether a secret stands where none may.
    has_secret: bool,
}

impl Rule<'_> {
    fn folder(&mut self, node: &Node, kind: &str) {
        if node.get("git").is_some() {
            self.git(node);
        } else {
            self.only_with(node, kind, &["ref", "tokenVariable"], "git");
        }
    }

    fn chart(&mut self, node: &Node, key: Span) {
        let Some(origin) = ORIGINS.into_iter().find(|key| node.get(key).is_some()) else {
            let message = "`helm` needs one of `chart`, `repository`, `oci`, `git`".to_owned();
            let help = Some("add `chart`: the folder of the chart".to_owned());
            self.findings.error(codes::MISSING_KEY, key, message, help);
            return;
        };
        let fitting: &[&str] = match origin {
            "oci" => &["oci", "version"],
            "git" => &["git", "ref", "path", "tokenVariable"],
            "repository" => &["repository", "chart", "version", "tokenVariable"],
            _ => &["chart"],
        };
        let all = ["chart", "repository", "oci", "version", "git", "ref", "path", "tokenVariable"];
        for entry in node.entries() {
            let key = entry.key.text.as_str();
            if all.contains(&key) && !fitting.contains(&key) {
                let message = format!("`{key}` does not go together with `{origin}`");
                let help = format!("with `{origin}` only {} say where the chart is", listed(fitting));
                self.findings.error(codes::SOURCE_KEYS, entry.key.span, message, Some(help));
            }
        }
        match origin {
            "git" => self.git(node),
            "oci" => self.registry(node),
            "repository" => self.repository(node, key),
            _ => {}
        }
    }

    fn only_with(&mut self, node: &Node, owner: &str, keys: &[&str], with: &str) {
        for entry in keys.iter().filter_map(|key| node.entry(key)) {
            let message = format!("`{}` of `{owner}` means nothing without `{with}`", entry.key.text);
            let help = format!("add `{with}`, or remove `{}`", entry.key.text);
            self.findings.error(codes::SOURCE_KEYS, entry.key.span, message, Some(help));
        }
    }

    fn git(&mut self, node: &Node) {
        if let Some(url) = node.get("git") {
            self.address(url, |_| Ok(()));
        }
        self.variable(node);
        let path = node.get("path").and_then(|path| Some((path, path.text()?)));
        if let Some((path, text)) = path
            && path::resolve(self.file, text).is_ok()
            && let Err(why) = path::resolve("", text)
        {
            let why = why.replace("the workspace", "the repository");
            let message = format!("the path `{}` {why}", excerpt(text));
            let help = "in a repository a path is relative to its root".to_owned();
            self.findings.error(codes::BAD_PATH, path.span, message, Some(help));
        }
    }

    fn repository(&mut self, node: &Node, key: Span) {
        if let Some(url) = node.get("repository") {
            self.address(url, |url| {
                let is_http = ["https://", "http://"].iter().any(|scheme| url.starts_with(scheme));
                if is_http { Ok(()) } else { Err("does not start with `https://`") }
            });
        }
        self.variable(node);
        match node.get("chart").map(|chart| (chart, chart.text().unwrap_or_default())) {
            None => {
                let message = "`helm` with `repository` needs the key `chart`".to_owned();
                let help = Some("add `chart`: the chart's name in the repository".to_owned());
                self.findings.error(codes::MISSING_KEY, key, message, help);
            }
            Some((chart, name)) if !is_chart_name(name) => self.bad_name(chart, name),
            Some(_) => {}
        }
    }

    fn registry(&mut self, node: &Node) {
        let Some(url) = node.get("oci") else { return };
        self.address(url, |url| {
            let rest = url.strip_prefix("oci://").ok_or("does not start with `oci://`")?;
            let (host, path) = rest.trim_end_matches('/').split_once('/').ok_or("names no chart in the registry")?;
            let name = path.rsplit('/').next().unwrap_or_default();
            match (host.is_empty(), is_chart_name(name)) {
                (true, _) => Err("names no registry"),
                (_, false) => Err("does not end in the name of a chart; the version has a key of its own"),
                (false, true) => Ok(()),
            }
        });
    }

    fn bad_name(&mut self, node: &Node, name: &str) {
        let message = format!("`{}` is no name of a chart", excerpt(name));
        let help = "with `repository` the key `chart` is the chart's name there, not a path".to_owned();
        self.findings.error(codes::SOURCE_ADDRESS, node.span, message, Some(help));
    }

    /// An address that can be written into a lock and a record: no credentials in it.
    fn address(&mut self, node: &Node, fits: impl Fn(&str) -> Result<(), &'static str>) {
        let Some(url) = node.text() else { return };
        let is_plain = !url.starts_with('-') && !url.chars().any(|c| c.is_control() || c.is_whitespace());
        let holds_secret = holds_secret(url);
        self.has_secret |= holds_secret;
        let (why, help) = match (is_plain, holds_secret, fits(url)) {
            (false, _, _) => ("has spaces or control characters in it, or starts with `-`", ""),
            (true, true, _) => (
                "has credentials in it",
                "name the variable that holds the token with `tokenVariable`, or let Git's own helpers give them",
            ),
            (true, false, Err(why)) => (why, ""),
            (true, false, Ok(())) => return,
        };
        // What is refused may be a secret.
        let message = format!("the address {why}");
        let help = (!help.is_empty()).then(|| help.to_owned());
        self.findings.error(codes::SOURCE_ADDRESS, node.span, message, help);
    }

    fn variable(&mut self, node: &Node) {
        let Some((node, name)) = node.get("tokenVariable").and_then(|node| Some((node, node.text()?))) else { return };
        let is_name = !name.is_empty()
            && name.len() <= 128
            && !name.starts_with(|c: char| c.is_ascii_digit())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !is_name {
            // Not shown: somebody may have put the token itself here.
            self.has_secret = true;
            let message = "`tokenVariable` is no name of an environment variable".to_owned();
            let help = "expected letters, digits and `_`; the token itself never stands in a declaration".to_owned();
            self.findings.error(codes::SOURCE_ADDRESS, node.span, message, Some(help));
        }
    }
}

fn listed(keys: &[&str]) -> String {
    keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ")
}

fn is_chart_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(['.', '-'])
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
}

/// Whether a URL has a password in it, or over HTTP a user, which may be a token. `git@host:path` has none.
fn holds_secret(url: &str) -> bool {
    let Some((scheme, rest)) = url.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let Some((user, _)) = authority.rsplit_once('@') else { return false };
    user.contains(':') || matches!(scheme.to_ascii_lowercase().as_str(), "http" | "https" | "oci")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials() {
        for (url, expected) in [
            ("https://host/a@b", false),
            ("https://token@host/a", true),
            ("ssh://git@host/a", false),
            ("ssh://git:secret@host/a", true),
            ("git@host:a/b", false),
            ("oci://user:secret@host/a", true),
        ] {
            assert_eq!(holds_secret(url), expected, "{url}");
        }
    }
}
