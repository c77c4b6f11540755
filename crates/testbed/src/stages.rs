//! What simulated pods do, as configuration for kwok.
//!
//! The file `stages.yaml` describes it; this module fills in the parts that several stages share and that change when
//! images are repaired. The result must stay valid for the pinned kwok version.

/// Whether images that end in `-broken` and `-crash` fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Images {
    /// They fail, as their name says.
    AsNamed,
    /// They work, as if somebody had pushed good ones under the same name.
    Repaired,
}

const STAGES: &str = include_str!("stages.yaml");

const BEHAVIOUR_AS_NAMED: &str = r#"[.spec.containers[].image] | if any(endswith("-broken")) then "broken" elif any(endswith("-crash")) then "crash" elif any(endswith("-slow")) then "slow" else "ready" end"#;
const BEHAVIOUR_REPAIRED: &str =
    r#"[.spec.containers[].image] | if any(endswith("-slow")) then "slow" else "ready" end"#;

const NOT_READY_CONDITIONS: &str = r#"{{ $now := Now | Quote }}
startTime: {{ $now }}
conditions:
- {type: Initialized, status: "True", lastTransitionTime: {{ $now }}}
- {type: ContainersReady, status: "False", reason: ContainersNotReady, message: "containers with unready status", lastTransitionTime: {{ $now }}}
- {type: Ready, status: "False", reason: ContainersNotReady, message: "containers with unready status", lastTransitionTime: {{ $now }}}"#;

const READY_STATUS: &str = r#"{{ $now := Now | Quote }}
phase: Running
startTime: {{ $now }}
podIP: {{ PodIPWith .spec.nodeName ( or .spec.hostNetwork false ) ( or .metadata.uid "" ) ( or .metadata.name "" ) ( or .metadata.namespace "" ) | Quote }}
conditions:
- {type: Initialized, status: "True", lastTransitionTime: {{ $now }}}
- {type: ContainersReady, status: "True", lastTransitionTime: {{ $now }}}
- {type: Ready, status: "True", lastTransitionTime: {{ $now }}}
{{ range .spec.readinessGates }}
- {type: {{ .conditionType | Quote }}, status: "True", lastTransitionTime: {{ $now }}}
{{ end }}
containerStatuses:
{{ range .spec.containers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  imageID: ""
  ready: true
  started: true
  restartCount: 0
  state: {running: {startedAt: {{ $now }}}}
{{ end }}"#;

/// The text of kwok's configuration file.
pub(crate) fn stages(images: Images) -> String {
    let behaviour = match images {
        Images::AsNamed => BEHAVIOUR_AS_NAMED,
        Images::Repaired => BEHAVIOUR_REPAIRED,
    };
    STAGES
        .replace("@behaviour@", behaviour)
        .replace("@not-ready-conditions@", &indent(NOT_READY_CONDITIONS))
        .replace("@ready-status@", &indent(READY_STATUS))
}

/// Indents all lines but the first by the depth of a `statusTemplate` block.
fn indent(block: &str) -> String {
    block.replace('\n', "\n      ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_placeholder_is_filled() {
        for images in [Images::AsNamed, Images::Repaired] {
            let text = stages(images);
            let body: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
            assert!(body.iter().all(|line| !line.contains('@')), "{text}");
        }
    }

    #[test]
    fn repaired_images_know_no_failure() {
        assert!(stages(Images::AsNamed).contains("endswith(\"-broken\")"));
        assert!(!stages(Images::Repaired).contains("endswith(\"-broken\")"));
        assert!(!stages(Images::Repaired).contains("endswith(\"-crash\")"));
    }
}
