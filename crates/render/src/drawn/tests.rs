use std::collections::{BTreeMap, BTreeSet};

use seaway_core::{
    declaration::{SourceFile, load},
    ids::{EnvironmentName, RegionName, StageName, TargetName},
};

use super::*;

const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";

fn service(drawn: &str) -> Service {
    let text = format!(
        "apiVersion: seaway.dev/v1\nkind: Service\nmetadata: {{name: web}}\nspec:\n  source: {{helm: {{chart: c}}}}\n  \
         namespace: web\n  drawn: {drawn}\n"
    );
    let (workspace, findings) = load(&[SourceFile { path: "web.yaml".to_owned(), text }]);
    assert!(findings.is_empty(), "{findings:?}");
    workspace.services.into_values().next().unwrap()
}

fn target(environment: &str, cluster: &str) -> TargetContext {
    TargetContext {
        environment: EnvironmentName::new(environment),
        stage: StageName::new("one"),
        region: Some(RegionName::new("here")),
        cluster: TargetName::new(cluster),
        labels: BTreeMap::new(),
        values: BTreeMap::new(),
    }
}

/// What four clusters of two environments draw from.
fn seeds(drawn: &str, secret: &[u8]) -> Vec<[u8; 32]> {
    let draws = Draws::of(&service(drawn), Some(&Arc::new(Key::new(secret).unwrap())));
    let clusters = [("prod", "a"), ("prod", "b"), ("test", "a"), ("test", "b")];
    let seed = |(environment, cluster)| match draws.entropy(&draws.shared(&target(environment, cluster))) {
        Entropy::Drawn { seed, unix_seconds: 1_767_225_600 } => seed,
        other => panic!("{other:?}"),
    };
    clusters.map(seed).to_vec()
}

fn different(seeds: &[[u8; 32]]) -> usize {
    seeds.iter().collect::<BTreeSet<_>>().len()
}

#[test]
fn the_same_declaration_with_the_same_key_draws_the_same_and_anything_else_other_values() {
    let drawn = "{at: \"2026-01-01T00:00:00Z\", key: {env: KEY}}";
    let once = seeds(drawn, SECRET);
    assert_eq!(once, seeds(drawn, SECRET));
    assert_eq!(once, seeds(drawn, b"0123456789abcdef0123456789abcdef\r\n"), "editors add line ends");
    let later = Draws::of(
        &service("{at: \"2026-01-01T00:00:00.5Z\", key: {env: KEY}}"),
        Some(&Arc::new(Key::new(SECRET).unwrap())),
    );
    let later = later.entropy(&later.shared(&target("prod", "a")));
    assert!(matches!(later, Entropy::Drawn { seed, .. } if seed != once[0]), "another time draws again");
    let other = seeds(drawn, b"0123456789abcdef0123456789abcdeF");
    assert!(once.iter().zip(&other).all(|(one, other)| one != other));
}

#[test]
fn values_are_shared_as_declared() {
    let with = |per: &str| seeds(&format!("{{at: \"2026-01-01T00:00:00Z\", key: {{env: KEY}}{per}}}"), SECRET);
    assert_eq!(different(&with("")), 4);
    assert_eq!(different(&with(", per: target")), 4);
    let environments = with(", per: environment");
    assert_eq!((different(&environments), environments[0]), (2, environments[1]));
    assert_eq!(different(&with(", per: service")), 1);
}

#[test]
fn names_that_run_together_do_not_draw_the_same() {
    let draws = Draws::of(
        &service("{at: \"2026-01-01T00:00:00Z\", key: {env: KEY}}"),
        Some(&Arc::new(Key::new(SECRET).unwrap())),
    );
    let one = draws.entropy(&draws.shared(&target("a", "ab")));
    assert_ne!(one, draws.entropy(&draws.shared(&target("aa", "b"))));
}

#[test]
fn without_a_key_there_is_the_time_alone_and_targets_share() {
    let draws = Draws::of(&service("{at: \"2026-01-01T00:00:00Z\"}"), None);
    let shared = draws.shared(&target("prod", "a"));
    assert!(shared.is_empty());
    assert_eq!(draws.entropy(&shared), Entropy::Time { unix_seconds: 1_767_225_600 });
}

#[test]
fn what_is_no_secret_is_refused_and_a_key_is_never_printed() {
    assert_eq!(Key::new(b"short  \n").err(), Some(KeyError::Short(5)));
    assert_eq!(Key::new(&[0; 64]).err(), Some(KeyError::Uniform));
    assert_eq!(Key::new(&[b'x'; 5000]).err(), Some(KeyError::Long));
    assert_eq!(Key::new(&[SECRET, &[b' '; KEY_BYTES_MAX]].concat()).err(), Some(KeyError::Long));
    let key = Key::new(SECRET).unwrap();
    assert_eq!(format!("{key:?}"), format!("Key({})", key.id().short()));
    assert!(!format!("{key:?}").contains("0123456789abcdef"));
}
