//! Findings of one run, their gravity by profile, and the budget that bounds its work.

use seaway_core::diagnostic::{Diagnostic, Place, codes, has_errors};

use super::{Profile, Settings};

/// Values that may be read, merged or copied in one run. Ten thousand services need three million; the rest is
/// what a small file with aliases can ask for.
const FUEL: u64 = 5_000_000;
/// Findings that are kept; the rest say the same.
const FINDINGS_MAX: usize = 1_000;

/// Where findings go.
pub(super) struct Trouble<'a> {
    pub(super) settings: &'a Settings,
    pub(super) findings: Vec<Diagnostic>,
    /// Whether the kinds of the strict profile exist.
    pub(super) has_all_kinds: bool,
    fuel: u64,
    /// Whether the budget is used up, which has been said.
    is_spent: bool,
}

impl<'a> Trouble<'a> {
    pub(super) fn new(settings: &'a Settings) -> Self {
        let has_all_kinds = settings.profile == Profile::Strict;
        Self { settings, findings: Vec::new(), has_all_kinds, fuel: FUEL, is_spent: false }
    }

    /// Whether traps are errors.
    pub(super) fn is_strict(&self) -> bool {
        self.settings.profile == Profile::Strict
    }

    /// A finding as it is. The same finding at the same place is kept once.
    pub(super) fn add(&mut self, finding: Diagnostic) {
        let is_known = self.findings.contains(&finding);
        if is_known || (self.findings.len() >= FINDINGS_MAX && has_errors(&self.findings)) {
            return;
        }
        if self.findings.len() < FINDINGS_MAX * 2 {
            self.findings.push(finding);
        }
    }

    /// A trap of the original: an error in the strict profile, a warning otherwise.
    pub(super) fn trap(&mut self, code: &'static str, place: Option<Place>, message: impl Into<String>, help: &str) {
        let make = if self.is_strict() { Diagnostic::error } else { Diagnostic::warning };
        let mut finding = make(code, message.into());
        finding.place = place;
        finding.help = (!help.is_empty()).then(|| help.to_owned());
        self.add(finding);
    }

    /// An error in both profiles.
    pub(super) fn error(&mut self, code: &'static str, place: Option<Place>, message: impl Into<String>, help: &str) {
        let mut finding = Diagnostic::error(code, message);
        finding.place = place;
        finding.help = (!help.is_empty()).then(|| help.to_owned());
        self.add(finding);
    }

    /// A warning in both profiles.
    pub(super) fn warning(&mut self, code: &'static str, place: Option<Place>, message: impl Into<String>, help: &str) {
        let mut finding = Diagnostic::warning(code, message);
        finding.place = place;
        finding.help = (!help.is_empty()).then(|| help.to_owned());
        self.add(finding);
    }

    /// Takes from the budget. `false` = it is used up, and the caller stops what it does.
    pub(super) fn spend(&mut self, amount: u64) -> bool {
        self.fuel = self.fuel.saturating_sub(amount.max(1));
        if self.fuel > 0 {
            return true;
        }
        if !self.is_spent {
            self.is_spent = true;
            let message = format!("the definitions need more work than {FUEL} values");
            let finding = Diagnostic::error(codes::HLD_TOO_LARGE, message);
            self.findings
                .insert(0, finding.help("look for aliases that repeat large parts, or for a circle of components"));
        }
        false
    }

    /// Whether the budget is used up.
    pub(super) fn is_spent(&self) -> bool {
        self.is_spent
    }
}
