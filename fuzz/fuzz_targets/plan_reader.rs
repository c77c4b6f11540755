//! The plan reader: it answers, and a plan that it takes is hashed, linted and written back without change.

#![no_main]

use libfuzzer_sys::fuzz_target;
use seaway_core::{
    diagnostic::has_errors,
    plan::{lint, read},
};

fuzz_target!(|bytes: &[u8]| {
    match read("plan.json", bytes) {
        Err(findings) => assert!(has_errors(&findings)),
        Ok(plan) => {
            assert!(!has_errors(&lint(&plan)));
            let Ok(hash) = plan.hash() else { panic!("a plan that was read has a hash") };
            let Ok(json) = serde_json::to_vec(&plan) else { panic!("a plan that was read can be written") };
            let again = read("plan.json", &json);
            assert!(again.is_ok_and(|again| again.hash().is_ok_and(|other| other == hash)));
        }
    }
});
