//! The examples of the repository are valid and as rich as they say.

use super::sandbox::{Sandbox, examples};

#[test]
fn the_shop_validates_without_a_warning() {
    let folder = examples().join("shop");
    let ran = Sandbox::new().run(&["-C", folder.to_str().unwrap(), "validate", "--strict"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "1 environment and 3 services: valid\n"), "{}", ran.stderr);
}

#[test]
fn charts_and_kustomizations_validate_without_a_warning() {
    let folder = examples().join("sources");
    let ran = Sandbox::new().run(&["-C", folder.to_str().unwrap(), "validate", "--strict"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "2 environments and 2 services: valid\n"), "{}", ran.stderr);
}

#[test]
fn the_shop_has_objects_of_many_kinds() {
    let folder = examples().join("shop");
    let mut kinds = std::collections::BTreeMap::new();
    for service in ["platform", "database", "shop"] {
        let args = ["-C", folder.to_str().unwrap(), "render", service, "-e", "play", "--cluster", "c1", "-o", "json"];
        let rendered = Sandbox::new().run(&args).json();
        for object in rendered[0]["objects"].as_array().unwrap() {
            *kinds.entry(object["kind"].as_str().unwrap().to_owned()).or_insert(0) += 1;
        }
    }
    let workloads: i32 = ["Deployment", "StatefulSet", "Job", "CustomResourceDefinition"]
        .iter()
        .map(|kind| kinds.get(*kind).copied().unwrap_or_else(|| panic!("no {kind} in {kinds:?}")))
        .sum();
    assert_eq!((workloads, kinds.values().sum::<i32>()), (12, 34), "as examples/shop/README.md says: {kinds:?}");
}
