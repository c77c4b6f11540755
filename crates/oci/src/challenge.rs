//! `WWW-Authenticate: Bearer realm="…",service="…",scope="…"`: where a token is to be had.

/// What a registry asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Challenge {
    pub(crate) realm: String,
    pub(crate) service: String,
}

impl Challenge {
    /// Reads the header; `None` when it asks for something else than a token.
    pub(crate) fn read(header: &str) -> Option<Self> {
        let (scheme, rest) = header.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let mut challenge = Self { realm: String::new(), service: String::new() };
        let mut rest = rest.trim();
        while let Some((key, value)) = rest.split_once('=') {
            let (value, after) = match value.strip_prefix('"') {
                Some(quoted) => quoted.split_once('"')?,
                None => value.split_once(',').map_or((value, ""), |(value, after)| (value, after)),
            };
            match key.trim().to_ascii_lowercase().as_str() {
                "realm" => value.clone_into(&mut challenge.realm),
                "service" => value.clone_into(&mut challenge.service),
                _ => {}
            }
            rest = after.trim_start_matches([',', ' ']);
        }
        (!challenge.realm.is_empty()).then_some(challenge)
    }

    /// The token's URL for reading one repository.
    pub(crate) fn url(&self, path: &str) -> String {
        let mark = if self.realm.contains('?') { '&' } else { '?' };
        let service: String = self.service.bytes().map(encoded).collect();
        // The path was checked: it has no character that needs an escape.
        format!("{}{mark}service={service}&scope=repository:{path}:pull", self.realm)
    }
}

fn encoded(byte: u8) -> String {
    let is_plain = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    if is_plain { char::from(byte).to_string() } else { format!("%{byte:02X}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_registries_send() {
        let header =
            r#"Bearer realm="https://auth.example/token",service="registry.example",scope="repository:a:pull""#;
        let challenge = Challenge::read(header).unwrap();
        assert_eq!(
            challenge.url("a/b"),
            "https://auth.example/token?service=registry.example&scope=repository:a/b:pull"
        );
        assert_eq!(Challenge::read("Basic realm=\"x\""), None);
        assert_eq!(Challenge::read("Bearer service=x"), None);
        assert_eq!(Challenge::read("Bearer realm=\"x"), None);
        assert_eq!(
            Challenge::read("Bearer realm=https://a?b=c, service=d e").unwrap().url("p"),
            "https://a?b=c&service=d%20e&scope=repository:p:pull"
        );
    }
}
