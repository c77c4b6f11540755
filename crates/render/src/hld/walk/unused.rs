//! Configuration that reaches nothing.

use std::collections::BTreeSet;

use seaway_core::diagnostic::{codes, excerpt};

use super::{super::trouble::Trouble, COMMON, Visit, Walk};

impl Walk<'_> {
    pub(super) fn unused_config(&self, trouble: &mut Trouble<'_>, visit: &Visit) {
        let names: BTreeSet<&str> = visit.component.subcomponents.iter().map(|entry| &*entry.name.text).collect();
        for (key, config) in &visit.config.subcomponents {
            if names.contains(key.as_str()) {
                continue;
            }
            let help = match seaway_core::diagnostic::nearest(key, names.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "remove it, or add the component".to_owned(),
            };
            let who = if visit.entry.is_empty() { "the root".to_owned() } else { format!("`{}`", visit.entry) };
            let message = format!("configuration for `{}`, which is no subcomponent of {who}", excerpt(key));
            trouble.trap(codes::HLD_UNUSED, config.mentioned.clone(), message, &help);
        }
    }

    pub(super) fn unknown_environments(&self, trouble: &mut Trouble<'_>) {
        for environment in self.request.environments {
            if !self.seen.contains(environment) && environment != COMMON {
                let message = format!("no component has a file `config/{}.yaml`", excerpt(environment));
                trouble.trap(codes::HLD_UNUSED, None, message, "check the environment's name");
            }
        }
    }
}
