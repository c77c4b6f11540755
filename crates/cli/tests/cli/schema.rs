//! `schema`: what editors read is what the program takes.

use std::fs;

use super::sandbox::{Sandbox, examples};

fn schema(format: &str) -> jsonschema::Validator {
    let printed = Sandbox::new().run(&["schema", format]);
    assert_eq!(printed.code, 0);
    jsonschema::validator_for(&printed.json()).unwrap()
}

fn check(validator: &jsonschema::Validator, value: &serde_json::Value) -> Vec<String> {
    validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

#[test]
fn the_example_fits_its_schemas() {
    let mut seen = 0;
    for (format, folder) in [("environment", "shop/environments"), ("service", "shop/services")] {
        let validator = schema(format);
        for entry in fs::read_dir(examples().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let path = if path.is_dir() { path.join("seaway.yaml") } else { path };
            let value: serde_json::Value = serde_saphyr::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
            assert_eq!(check(&validator, &value), [""; 0], "{}", path.display());
            seen += 1;
        }
    }
    assert_eq!(seen, 4);
}

#[test]
fn a_plan_fits_its_schema_and_a_changed_one_does_not() {
    let sandbox = Sandbox::initialised();
    assert_eq!(sandbox.run(&["plan", "-e", "dev", "--out", "plan.json"]).code, 2);
    let validator = schema("plan");
    let mut plan: serde_json::Value = serde_json::from_str(&sandbox.read("plan.json")).unwrap();
    assert_eq!(check(&validator, &plan), [""; 0]);
    plan["stages"][0]["maxConcurrent"] = "all".into();
    plan["surprise"] = true.into();
    assert_eq!(check(&validator, &plan).len(), 2);
}
