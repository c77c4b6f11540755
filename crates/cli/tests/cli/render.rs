//! `render`: the objects, without a cluster.

use super::sandbox::{Sandbox, examples};

fn shop(args: &[&str]) -> super::sandbox::Ran {
    let folder = examples().join("shop");
    let mut all = vec!["-C", folder.to_str().unwrap()];
    all.extend(args);
    Sandbox::new().run(&all)
}

#[test]
fn layers_of_values_reach_the_clusters_that_they_are_for() {
    let all = shop(&["render", "shop", "-e", "play", "-o", "json"]).json();
    let groups: Vec<String> = all.as_array().unwrap().iter().map(|group| group["clusters"].to_string()).collect();
    assert_eq!(groups, [r#"["c1","c2"]"#, r#"["c3"]"#]);
    let c3 = shop(&["render", "shop", "-e", "play", "--cluster", "c3"]).stdout;
    assert!(c3.contains("currency: EUR") && c3.contains("replicas: 3") && c3.contains("memory: 256Mi"), "{c3}");
    let c1 = shop(&["render", "shop", "-e", "play", "--cluster", "c1"]).stdout;
    assert!(c1.contains("currency: USD") && c1.contains("replicas: 2") && !c1.contains("memory: 256Mi"), "{c1}");
}

#[test]
fn secrets_are_withheld_unless_asked_for() {
    for form in ["table", "json", "yaml"] {
        let shown = shop(&["render", "database", "-e", "play", "-o", form]).stdout;
        assert!(shown.contains("(sensitive)") && !shown.contains("only-for-playing"), "{shown}");
    }
    assert!(shop(&["render", "database", "-e", "play", "--show-secrets"]).stdout.contains("only-for-playing"));
}

#[test]
fn unknown_names_are_errors_with_the_nearest_one() {
    for (args, hint) in [
        (vec!["render", "shopp", "-e", "play"], "`shop`"),
        (vec!["render", "shop", "-e", "plai"], "`play`"),
        (vec!["render", "shop", "-e", "play", "--cluster", "c9"], "c1, c2, c3"),
    ] {
        let ran = shop(&args);
        assert_eq!(ran.code, 1, "{args:?}");
        assert!(ran.stderr.contains(hint), "{args:?}: {}", ran.stderr);
    }
}
