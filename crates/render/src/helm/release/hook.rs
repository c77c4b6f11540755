//! Hooks: documents that Helm runs at certain moments.

use super::Document;

const HOOK: &str = "helm.sh/hook";
const WEIGHT: &str = "helm.sh/hook-weight";
const DELETE_POLICY: &str = "helm.sh/hook-delete-policy";

/// A document with the moments at which it runs.
#[derive(Clone, PartialEq, Debug)]
pub struct Hook {
    /// The document.
    pub document: Document,
    /// When it runs.
    pub events: Vec<Event>,
    /// Lower runs first.
    pub weight: i64,
    /// When its object is deleted.
    pub delete_policies: Vec<DeletePolicy>,
}

/// A moment in the life of a release.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Event {
    /// Before anything is installed.
    PreInstall,
    /// After everything is installed.
    PostInstall,
    /// Before anything is deleted.
    PreDelete,
    /// After everything is deleted.
    PostDelete,
    /// Before anything is changed.
    PreUpgrade,
    /// After everything is changed.
    PostUpgrade,
    /// Before going back.
    PreRollback,
    /// After going back.
    PostRollback,
    /// When somebody asks for it.
    Test,
}

/// When a hook's object is deleted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DeletePolicy {
    /// Before the hook runs again; Helm's default.
    BeforeHookCreation,
    /// After it succeeded.
    HookSucceeded,
    /// After it failed.
    HookFailed,
}

/// What a document is to Helm.
pub(super) enum Role {
    Plain(Document),
    Hook(Hook),
    /// Asks for a moment that Helm does not know, so Helm leaves it out.
    Unknown(String),
}

/// Tells hooks from other documents.
pub(super) fn role(document: Document) -> Role {
    let Some(asked) = document.annotation(HOOK) else { return Role::Plain(document) };
    let Some(events) = asked.split(',').map(event).collect::<Option<Vec<_>>>() else {
        return Role::Unknown(format!("{}: unknown hook `{asked}`; the document is left out", document.source));
    };
    let weight = document.annotation(WEIGHT).and_then(|weight| weight.parse().ok()).unwrap_or(0);
    let policies = document.annotation(DELETE_POLICY).unwrap_or_default();
    let delete_policies = policies.split(',').filter_map(delete_policy).collect();
    Role::Hook(Hook { events, weight, delete_policies, document })
}

fn event(word: &str) -> Option<Event> {
    Some(match word.trim().to_lowercase().as_str() {
        "pre-install" => Event::PreInstall,
        "post-install" => Event::PostInstall,
        "pre-delete" => Event::PreDelete,
        "post-delete" => Event::PostDelete,
        "pre-upgrade" => Event::PreUpgrade,
        "post-upgrade" => Event::PostUpgrade,
        "pre-rollback" => Event::PreRollback,
        "post-rollback" => Event::PostRollback,
        "test" | "test-success" => Event::Test,
        _ => return None,
    })
}

fn delete_policy(word: &str) -> Option<DeletePolicy> {
    Some(match word.trim().to_lowercase().as_str() {
        "before-hook-creation" => DeletePolicy::BeforeHookCreation,
        "hook-succeeded" => DeletePolicy::HookSucceeded,
        "hook-failed" => DeletePolicy::HookFailed,
        _ => return None,
    })
}
