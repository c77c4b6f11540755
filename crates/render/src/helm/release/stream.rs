//! A release out of what `helm template` prints, for charts that another program rendered.

use super::{
    Document, Release, ReleaseError,
    hook::{Role, role},
    split::documents,
};
use crate::yaml::Limits;

/// What stands before the path of a template.
const SOURCE: &str = "# Source: ";

/// Reads the documents of `helm template --include-crds`, in the order in which they are printed.
///
/// # Errors
/// The first document that Helm could not have read either.
pub fn read_stream(text: &str) -> Result<Release, ReleaseError> {
    let mut release = Release::default();
    let mut limits = Limits::default();
    for text in documents(text) {
        let source = text.lines().find_map(|line| line.strip_prefix(SOURCE)).unwrap_or_default();
        let document = Document::read(source, text.to_owned(), &mut limits)?;
        if document.is_empty() {
            continue;
        }
        if source.split('/').any(|part| part == "crds") {
            release.definitions.push(document);
            continue;
        }
        match role(document) {
            Role::Plain(document) => release.documents.push(document),
            Role::Hook(hook) => release.hooks.push(hook),
            Role::Unknown(warning) => release.warnings.push(warning),
        }
    }
    Ok(release)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hooks_and_definitions_are_told_apart() {
        let text = "---\n# Source: a/crds/c.yaml\nkind: CustomResourceDefinition\n---\n# Source: a/templates/b.yaml\nkind: B\n\
                    ---\n# Source: a/templates/h.yaml\nkind: H\nmetadata: {annotations: {helm.sh/hook: pre-install}}\n---\n# only this\n";
        let release = read_stream(text).unwrap();
        assert_eq!((release.definitions.len(), release.documents.len(), release.hooks.len()), (1, 1, 1));
        assert_eq!(release.documents[0].source, "a/templates/b.yaml");
        assert!(read_stream("a: [\n").is_err());
    }
}
