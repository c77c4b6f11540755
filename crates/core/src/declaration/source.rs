//! What a service is made of: manifests, a Helm chart, a kustomization or a high level definition, and where it is: in
//! the workspace or elsewhere.

use std::borrow::Cow;

use crate::yaml::Node;

/// What is rendered. Paths are relative to the workspace. Texts that say so may hold placeholders such as
/// `${environment.name}`, which have a value on each target.
#[derive(Clone, PartialEq, Debug)]
pub enum Source {
    /// A folder of Kubernetes manifests.
    Manifests {
        /// The folder.
        path: String,
        /// The repository that holds it; `None` = the workspace.
        git: Option<Git>,
    },
    /// A Helm chart.
    Helm(Box<HelmSource>),
    /// A kustomization.
    Kustomize(KustomizeSource),
    /// A high level definition: a tree of components with layered configuration, as Fabrikate has it.
    Hld(HldSource),
}

/// A Git repository. What it holds is named by a path relative to its root.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Git {
    /// Any URL that Git can fetch from, without credentials.
    pub url: String,
    /// Branch, tag or commit; empty = the repository's own choice.
    pub reference: String,
    /// Environment variable that holds a token for it.
    pub token_variable: Option<String>,
}

/// Where a chart is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ChartOrigin {
    /// In the workspace: a folder or a `.tgz` file.
    Workspace {
        /// Its path.
        path: String,
    },
    /// In a chart repository, or in an OCI registry when the URL starts with `oci://`.
    Repository {
        /// The repository; for a registry everything before the chart's name.
        url: String,
        /// The chart's name.
        name: String,
        /// Version or constraint; empty = the newest release.
        version: String,
        /// Environment variable that holds a token for it.
        token_variable: Option<String>,
    },
    /// In a Git repository.
    Git {
        /// The repository.
        git: Git,
        /// The chart's folder in it; empty = its root.
        path: String,
    },
}

/// A Helm chart and its values.
#[derive(Clone, PartialEq, Debug)]
pub struct HelmSource {
    /// Where the chart is.
    pub chart: ChartOrigin,
    /// Name of the release; `None` = the service's.
    pub release_name: Option<String>,
    /// Files of values, the last one wins. With placeholders.
    pub value_files: Vec<String>,
    /// Values over all files. With placeholders; spans are those of the declaring file.
    pub values: Node,
    /// Whether the chart's definitions of kinds belong to the service.
    pub include_crds: bool,
    /// What becomes of the chart's hooks.
    pub hooks: HookPolicy,
    /// Version of Kubernetes that the chart sees; `None` = the renderer's default.
    pub kube_version: Option<String>,
    /// API versions that the chart sees beside those of Kubernetes.
    pub api_versions: Vec<String>,
}

/// What becomes of a chart's hooks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum HookPolicy {
    /// Hooks before an installation or upgrade run in phases before the rest of the service, those after it in
    /// phases after it. Hooks of tests, rollbacks and deletions are left out.
    #[default]
    Phases,
    /// All hooks are left out.
    Skip,
}

/// A kustomization.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KustomizeSource {
    /// The folder that is read. Nothing outside of it can be referred to.
    pub path: String,
    /// The repository that holds it; `None` = the workspace.
    pub git: Option<Git>,
    /// The folder of the kustomization, relative to `path`; empty = `path` itself. With placeholders.
    pub overlay: String,
}

/// A high level definition.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HldSource {
    /// The folder of the uppermost component.
    pub path: String,
    /// The repository that holds it; `None` = the workspace.
    pub git: Option<Git>,
    /// Configuration environments, the first one wins over the second; `common` is always last. With placeholders.
    pub environments: Vec<String>,
    /// Whether doubtful definitions are refused; `None` = as its own settings file says.
    pub profile: Option<HldProfile>,
}

/// How a high level definition is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HldProfile {
    /// Doubtful definitions are refused.
    Strict,
    /// As Fabrikate reads them.
    Compat,
}

impl HelmSource {
    /// Whether a file of the workspace is a file of values on some target.
    pub fn is_value_file(&self, path: &str) -> bool {
        self.value_files.iter().any(|pattern| matches_pattern(pattern, path))
    }
}

impl Source {
    /// Its kind, as in files.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Manifests { .. } => "manifests",
            Self::Helm(_) => "helm",
            Self::Kustomize(_) => "kustomize",
            Self::Hld(_) => "hld",
        }
    }

    /// The repository that holds everything of it, with the path there; `None` = it is in the workspace, or it is a
    /// chart with values of the workspace.
    pub fn git(&self) -> Option<(&Git, &str)> {
        let (git, path) = match self {
            Self::Manifests { path, git } => (git, path),
            Self::Kustomize(source) => (&source.git, &source.path),
            Self::Hld(source) => (&source.git, &source.path),
            Self::Helm(_) => return None,
        };
        git.as_ref().map(|git| (git, path.as_str()))
    }

    /// The folder or file of the workspace that is read first; `None` = it is elsewhere.
    pub fn path(&self) -> Option<&str> {
        if self.git().is_some() {
            return None;
        }
        match self {
            Self::Manifests { path, .. } => Some(path),
            Self::Kustomize(kustomize) => Some(&kustomize.path),
            Self::Hld(hld) => Some(&hld.path),
            Self::Helm(helm) => match &helm.chart {
                ChartOrigin::Workspace { path } => Some(path),
                ChartOrigin::Repository { .. } | ChartOrigin::Git { .. } => None,
            },
        }
    }

    /// Where it is, for people.
    pub fn place(&self) -> Cow<'_, str> {
        let in_git = |git: &Git, path: &str| match path {
            "" => git.url.clone(),
            path => format!("{}, folder {path}", git.url),
        };
        if let Some((git, path)) = self.git() {
            return in_git(git, path).into();
        }
        match self {
            Self::Helm(helm) => match &helm.chart {
                ChartOrigin::Workspace { path } => path.into(),
                ChartOrigin::Git { git, path } => in_git(git, path).into(),
                ChartOrigin::Repository { url, name, .. } => format!("chart {name} of {url}").into(),
            },
            Self::Manifests { .. } | Self::Kustomize(_) | Self::Hld(_) => self.path().unwrap_or_default().into(),
        }
    }

    /// Whether a file of the workspace is a part of this source, and so no declaration. `declared_in` is the file
    /// that declares the service; a folder around it is no source as a whole.
    pub(super) fn has(&self, file: &str, declared_in: &str) -> bool {
        let is_in = |path: &str| {
            let in_folder = super::path::is_inside(file, path) && !super::path::is_inside(declared_in, path);
            in_folder || file == path
        };
        let is_value_file = match self {
            Self::Helm(helm) => helm.is_value_file(file),
            Self::Manifests { .. } | Self::Kustomize(_) | Self::Hld(_) => false,
        };
        self.path().is_some_and(is_in) || is_value_file
    }
}

/// Whether a path is one that a text with placeholders can become. A placeholder stands for a name, which has no `/`.
fn matches_pattern(pattern: &str, path: &str) -> bool {
    let Some((before, rest)) = pattern.split_once("${") else { return pattern == path };
    let (Some(path), Some((_, after))) = (path.strip_prefix(before), rest.split_once('}')) else { return false };
    let name_len = path.find('/').unwrap_or(path.len());
    // Without backtracking over long texts: names are short.
    path.char_indices()
        .map(|(at, _)| at)
        .chain([path.len()])
        .take_while(|at| *at <= name_len)
        .any(|at| path.get(at..).is_some_and(|path| matches_pattern(after, path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, path, expected) in [
            ("web/values.yaml", "web/values.yaml", true),
            ("web/values.yaml", "web/values.yml", false),
            ("web/${environment.name}.yaml", "web/prod.yaml", true),
            ("web/${environment.name}.yaml", "web/prod/x.yaml", false),
            ("web/${a}/${b}.yaml", "web/prod/x.yaml", true),
            ("web/${a}-${b}.yaml", "web/prod-x.yaml", true),
            ("web/${a}-${b}.yaml", "web/prod.yaml", false),
            ("web/${a", "web/x", false),
        ] {
            assert_eq!(matches_pattern(pattern, path), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn what_belongs_to_a_source() {
        let kustomize =
            |path: &str| Source::Kustomize(KustomizeSource { path: path.into(), git: None, overlay: String::new() });
        assert!(kustomize("web/deploy").has("web/deploy/base/a.yaml", "web/seaway.yaml"));
        assert!(!kustomize("web").has("web/other.yaml", "web/seaway.yaml"));
        let git = Git { url: "https://git.example/a".into(), reference: "v1".into(), token_variable: None };
        let elsewhere = Source::Manifests { path: "web".into(), git: Some(git) };
        assert!(!elsewhere.has("web/a.yaml", "seaway.yaml"), "a folder of another repository is none of the workspace");
        assert_eq!(elsewhere.place(), "https://git.example/a, folder web");
    }
}
