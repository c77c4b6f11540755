//! `diff`: exit codes as of diff tools, and what is shown.

use super::sandbox::Sandbox;

fn two_checkouts() -> (Sandbox, Sandbox) {
    let (old, new) = (Sandbox::initialised(), Sandbox::initialised());
    let file = new.files().into_iter().find(|file| file.contains("/manifests/")).unwrap();
    let text = new.read(&file);
    let changed = text.replacen("replicas: ", "minReadySeconds: 7\n  replicas: ", 1);
    assert_ne!(text, changed, "{file} has no replicas");
    new.write(&file, &changed);
    (old, new)
}

#[test]
fn two_checkouts_are_compared_object_by_object() {
    let (old, new) = two_checkouts();
    let against = old.path().to_str().unwrap();
    let ran = new.run(&["diff", "hello", "-e", "dev", "--against", against]);
    assert_eq!(ran.code, 1, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("spec.minReadySeconds  (absent) → 7"), "{}", ran.stdout);
    assert!(ran.stdout.starts_with("first-1, second-1\n"), "clusters with equal differences are one: {}", ran.stdout);

    let ran = new.run(&["diff", "hello", "-e", "dev", "--against", against, "-o", "json"]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let json = ran.json();
    assert_eq!(json[0]["changes"][0]["change"], "modify", "{json:#}");
    assert_eq!(json[0]["changes"][0]["fields"][0]["after"], 7, "{json:#}");

    let same = old.run(&["diff", "hello", "-e", "dev", "--against", against]);
    assert_eq!(same.code, 0, "{}{}", same.stdout, same.stderr);
}

#[test]
fn environments_are_compared_cluster_by_cluster() {
    let sandbox = Sandbox::initialised();
    let text = sandbox.read("environments/dev.yaml").replace("name: dev", "name: int");
    sandbox.write("environments/int.yaml", &text);
    let args = ["diff", "hello", "-e", "dev", "--cluster", "second-1", "--to", "int", "--to-cluster", "first-1"];
    let ran = sandbox.run(&args);
    assert_eq!(ran.code, 1, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.starts_with("dev/second-1 → int/first-1\n"), "{}", ran.stdout);
    assert!(ran.stdout.contains("seaway.dev/environment"), "{}", ran.stdout);
}

/// The hash of a plan that is made now.
fn plan(sandbox: &Sandbox) -> String {
    let ran = sandbox.run(&["plan", "hello", "-e", "dev", "-o", "json"]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    ran.json()["hash"].as_str().unwrap().trim_start_matches("sha256:").to_owned()
}

#[test]
fn releases_of_kept_plans_are_compared_even_when_their_sources_are_gone() {
    let sandbox = Sandbox::initialised();
    let file = sandbox.files().into_iter().find(|file| file.contains("/manifests/")).unwrap();
    let folder = file.rsplit_once('/').unwrap().0;
    let secret = |value: &str| {
        let text =
            format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: hidden}}\nstringData: {{a: canary-{value}}}\n");
        sandbox.write(&format!("{folder}/hidden.yaml"), &text);
    };
    secret("one");
    let old = plan(&sandbox);
    sandbox.edit(&file, "replicas: ", "minReadySeconds: 7\n  replicas: ");
    secret("two");
    let new = plan(&sandbox);

    let since = sandbox.run(&["diff", "hello", "-e", "dev", "--plan", &old]);
    assert_eq!(since.code, 1, "{}{}", since.stdout, since.stderr);
    let between = sandbox.run(&["diff", "hello", "-e", "dev", "--plan", &old[..12], "--to-plan", &new[..12]]);
    assert_eq!((between.code, &between.stdout), (1, &since.stdout), "{}", between.stderr);
    assert!(between.stdout.contains("spec.minReadySeconds  (absent) → 7"), "{}", between.stdout);
    assert!(between.stdout.contains("hidden") && !between.stdout.contains("canary"), "{}", between.stdout);
    let same = sandbox.run(&["diff", "hello", "-e", "dev", "--plan", &new]);
    assert_eq!(same.code, 0, "{}{}", same.stdout, same.stderr);

    // Nothing is rendered to compare what is kept.
    sandbox.write(&file, "no: [manifest");
    let again = sandbox.run(&["diff", "hello", "-e", "dev", "--plan", &old, "--to-plan", &new]);
    assert_eq!((again.code, again.stdout), (1, since.stdout), "{}", again.stderr);
}

#[test]
fn what_cannot_be_compared_is_an_error() {
    let sandbox = Sandbox::initialised();
    for (args, message) in [
        (vec!["diff", "hello", "-e", "dev", "--against", "/nowhere"], "is not a folder"),
        (vec!["diff", "hello", "-e", "dev", "--to", "nix"], "nix"),
        (vec!["diff", "hello", "-e", "dev", "--to", "dev", "--to-cluster", "x"], "does not go to cluster `x`"),
        (vec!["diff", "hello", "-e", "dev", "--plan", "0123"], "plan `0123` is not known"),
        (vec!["diff", "hello", "-e", "dev", "--to-plan", "0123"], "--plan <HASH>"),
        (vec!["diff", "hello", "-e", "dev"], "cannot be read"),
        (vec!["diff", "hello", "-e", "dev", "--live", "--to", "dev"], "cannot be used with"),
    ] {
        let ran = sandbox.run(&args);
        assert_eq!(ran.code, 2, "{args:?}: {}{}", ran.stdout, ran.stderr);
        assert!(ran.stderr.contains(message), "{args:?}: {}", ran.stderr);
    }
}
